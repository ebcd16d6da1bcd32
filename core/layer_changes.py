"""What has to change in the layers of a partial result once it is more complete; other features stay untouched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Callable

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFields,
    QgsVectorDataProvider,
    QgsVectorLayer,
)
from qgis.PyQt import sip

from .errors import CancelledError, RefusedFeaturesError
from .layers import BATCH, TILES, features_of, fields_of
from .result import CoverageResult

_KEY_COUNTS = {TILES: 2}
"""A tile is one of a tileset; all else has an id."""


@dataclass(frozen=True)
class LayerChanges:
    """Features to add, new states of features that are there, and the keys (the first `key_count` fields) of those to
    remove.

    `names` are the fields of all these features.
    """

    names: list[str]
    added: list[QgsFeature]
    changed: dict[str, QgsFeature]
    removed: set[str]
    key_count: int = 1

    def apply(self, layer: QgsVectorLayer) -> Iterator[None]:
        """Make the changes, a batch at each step, so that QGIS can draw in between. On the main thread.

        Fields are found by name: a layer that was made permanent has one more, and a person may have removed some.
        Raises RefusedFeaturesError where the layer does not take a change, and where it was made permanent meanwhile:
        then its features are numbered anew, and the last changes may have come too late for the copy.
        """
        shown = layer.subsetString()
        if shown:
            layer.setSubsetString("")
        provider = layer.dataProvider()
        try:
            for _ in self._apply(provider):
                yield
                if layer.dataProvider() is not provider:
                    raise RefusedFeaturesError()
        finally:
            if shown and not sip.isdeleted(layer):
                layer.setSubsetString(shown)
        layer.updateExtents()
        layer.triggerRepaint()

    def _apply(self, provider: QgsVectorDataProvider) -> Iterator[None]:
        indexes = [provider.fields().lookupField(name) for name in self.names]
        key_indexes = indexes[: self.key_count]
        if min(key_indexes) < 0:
            raise RefusedFeaturesError()
        fids: dict[str, int] = {}
        if self.changed or self.removed:
            keys_only = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
            for number, feature in enumerate(provider.getFeatures(keys_only.setSubsetOfAttributes(key_indexes))):
                key = _key(feature[index] for index in key_indexes)
                if key in self.changed or key in self.removed:
                    fids[key] = feature.id()
                if number % BATCH == 0:
                    yield
        items = [(fids[key], feature) for key, feature in self.changed.items() if key in fids]
        for start in range(0, len(items), BATCH):
            new = dict(items[start : start + BATCH])
            done = provider.changeGeometryValues({fid: f.geometry() for fid, f in new.items()})
            done = provider.changeAttributeValues({fid: _by_index(f, indexes) for fid, f in new.items()}) and done
            if not done:
                raise RefusedFeaturesError()
            yield
        provider.deleteFeatures([fids[key] for key in self.removed if key in fids])
        for start in range(0, len(self.added), BATCH):
            batch = [_fitted(f, provider.fields(), indexes) for f in self.added[start : start + BATCH]]
            if not provider.addFeatures(batch, QgsFeatureSink.Flag.FastInsert)[0]:
                raise RefusedFeaturesError()
            yield


def _key(values: Iterable[object]) -> str:
    return " ".join(str(value) for value in values if value)


def _by_index(feature: QgsFeature, indexes: list[int]) -> dict[int, object]:
    return {index: value for index, value in zip(indexes, feature.attributes()) if index >= 0}


def _fitted(feature: QgsFeature, fields: QgsFields, indexes: list[int]) -> QgsFeature:
    fitted = QgsFeature(fields)
    fitted.setGeometry(feature.geometry())
    for index, value in _by_index(feature, indexes).items():
        fitted.setAttribute(index, value)
    return fitted


def changes_between(
    kind: str, before: CoverageResult, after: CoverageResult, is_cancelled: Callable[[], bool]
) -> LayerChanges:
    """What the layer of this kind of one result lacks of the other's. Raises CancelledError."""
    old = _by_key(kind, before, is_cancelled)
    new = _by_key(kind, after, is_cancelled)
    changed = {
        key: feature
        for key, feature in new.items()
        if key in old
        and (feature.attributes() != old[key].attributes() or not feature.geometry().equals(old[key].geometry()))
    }
    added = [feature for key, feature in new.items() if key not in old]
    return LayerChanges(fields_of(kind).names(), added, changed, set(old) - set(new), _KEY_COUNTS.get(kind, 1))


def _by_key(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> dict[str, QgsFeature]:
    """Features by their key; those without an id, which nothing tells apart, by place and number."""
    found: dict[str, QgsFeature] = {}
    for number, feature in enumerate(features_of(kind, result)):
        if number % BATCH == 0 and is_cancelled():
            raise CancelledError()
        key = _key(feature.attributes()[: _KEY_COUNTS.get(kind, 1)])
        if not key:
            key = place = f"without id at {feature.geometry().asWkt(9)}"
            count = 1
            while key in found:
                count += 1
                key = f"{place}, number {count}"
        found[key] = feature
    return found
