"""What has to change in the layers of a partial result once it is more complete; other features stay untouched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

from qgis.core import QgsExpression, QgsFeature, QgsFeatureRequest, QgsFeatureSink, QgsVectorLayer

from .errors import CancelledError
from .layers import BATCH, features_of
from .result import CoverageResult


@dataclass(frozen=True)
class LayerChanges:
    """Features to add, new states of features that are there, and the keys (the first field) of those to remove."""

    added: list[QgsFeature]
    changed: dict[str, QgsFeature]
    removed: set[str]

    def apply(self, layer: QgsVectorLayer) -> Iterator[None]:
        """Make the changes, a batch at each step, so that QGIS can draw in between. On the main thread."""
        provider = layer.dataProvider()
        keys = [QgsExpression.quotedValue(key) for key in (*self.changed, *self.removed)]
        for start in range(0, len(keys), BATCH):
            name = QgsExpression.quotedColumnRef(layer.fields()[0].name())
            wanted = QgsFeatureRequest().setFilterExpression(f"{name} IN ({','.join(keys[start : start + BATCH])})")
            present = {feature.id(): feature[0] for feature in provider.getFeatures(wanted)}
            new = {fid: self.changed[key] for fid, key in present.items() if key in self.changed}
            provider.changeGeometryValues({fid: feature.geometry() for fid, feature in new.items()})
            provider.changeAttributeValues({fid: dict(enumerate(f.attributes())) for fid, f in new.items()})
            provider.deleteFeatures([fid for fid, key in present.items() if key in self.removed])
            yield
        for start in range(0, len(self.added), BATCH):
            provider.addFeatures(self.added[start : start + BATCH], QgsFeatureSink.Flag.FastInsert)
            yield
        layer.updateExtents()
        layer.triggerRepaint()


def changes_between(
    kind: str, before: CoverageResult, after: CoverageResult, is_cancelled: Callable[[], bool]
) -> LayerChanges:
    """What the layer `images`, `sequences` or `tiles` of one result lacks of the other's. Raises CancelledError."""
    old = _by_key(kind, before, is_cancelled)
    new = _by_key(kind, after, is_cancelled)
    changed = {
        key: feature
        for key, feature in new.items()
        if key in old
        and (feature.attributes() != old[key].attributes() or not feature.geometry().equals(old[key].geometry()))
    }
    return LayerChanges([feature for key, feature in new.items() if key not in old], changed, set(old) - set(new))


def _by_key(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> dict[str, QgsFeature]:
    """Features by their first field; those without an id, which nothing tells apart, by place and number."""
    found: dict[str, QgsFeature] = {}
    for number, feature in enumerate(features_of(kind, result)):
        if number % BATCH == 0 and is_cancelled():
            raise CancelledError()
        key = feature[0]
        if not key:
            key = place = f"without id at {feature.geometry().asWkt(9)}"
            count = 1
            while key in found:
                count += 1
                key = f"{place}, number {count}"
        found[key] = feature
    return found
