"""What has to change in a layer so that it holds what a newer result has; other features stay untouched."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Callable

from qgis.core import (
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsGeometry,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt import sip

from ..area.extent import degrees_crs
from ..download.result import CoverageResult
from ..errors import CancelledError, RefusedFeaturesError
from .features import FEATURES_PER_BATCH, features_of
from .kinds import fields_of, key_fields
from .times import reads_utc

_STEP = 1_000
"""To look at a feature, or to change one, takes longer than to add one."""


@dataclass
class Edits:
    """What is done to a layer: features to add, and by the layer's own numbers new states and removals."""

    added: list[QgsFeature] = field(default_factory=list)
    changed: list[tuple[int, QgsFeature]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)


class Target:
    """A layer that is being changed: where its provider has the fields of our features, and their places in its CRS.

    Fields are found by name: a layer that was made permanent has one more, and a person may have removed some.
    Raises RefusedFeaturesError where the fields that tell its features apart are missing.
    """

    def __init__(self, layer: QgsVectorLayer, kind: str) -> None:
        self.provider = layer.dataProvider()
        self.indexes = [self.provider.fields().lookupField(name) for name in fields_of(kind).names()]
        self.key_indexes = self.indexes[: len(key_fields(kind))]
        self.reads_utc = reads_utc(layer)
        self.from_degrees = QgsCoordinateTransform(degrees_crs(), layer.crs(), QgsCoordinateTransformContext())
        if min(self.key_indexes) < 0:
            raise RefusedFeaturesError()

    def placed(self, geometry: QgsGeometry) -> QgsGeometry:
        """One of our geometries, in the layer's CRS. Raises RefusedFeaturesError where it has no place there."""
        if self.from_degrees.isShortCircuited():
            return geometry
        moved = QgsGeometry(geometry)
        try:
            moved.transform(self.from_degrees)
        except QgsCsException:
            raise RefusedFeaturesError() from None
        return moved

    def key(self, feature: QgsFeature) -> str:
        """What tells one of the layer's features apart, nothing for one without an id."""
        return _key(feature.attribute(index) for index in self.key_indexes)

    def make(self, edits: Edits) -> Iterator[None]:
        """A batch at each step. Raises RefusedFeaturesError where the layer does not take a change."""
        for start in range(0, len(edits.changed), _STEP):
            new = dict(edits.changed[start : start + _STEP])
            places = {fid: self.placed(feature.geometry()) for fid, feature in new.items()}
            done = self.provider.changeGeometryValues(places)
            values = {fid: self._by_index(feature) for fid, feature in new.items()}
            if not (self.provider.changeAttributeValues(values) and done):
                raise RefusedFeaturesError()
            yield
        if edits.removed and not self.provider.deleteFeatures(edits.removed):
            raise RefusedFeaturesError()
        for start in range(0, len(edits.added), FEATURES_PER_BATCH):
            batch = [_fitted(feature, self) for feature in edits.added[start : start + FEATURES_PER_BATCH]]
            if not self.provider.addFeatures(batch, QgsFeatureSink.Flag.FastInsert)[0]:
                raise RefusedFeaturesError()
            yield

    def _by_index(self, feature: QgsFeature) -> dict[int, object]:
        return {index: value for index, value in zip(self.indexes, feature.attributes()) if index >= 0}


def _fitted(feature: QgsFeature, target: Target) -> QgsFeature:
    fitted = QgsFeature(target.provider.fields())
    fitted.setGeometry(target.placed(feature.geometry()))
    for index, value in target._by_index(feature).items():
        fitted.setAttribute(index, value)
    return fitted


class Revision:
    """Changes a layer of one kind; a subclass finds out how."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def edits(self, target: Target) -> Generator[None, None, Edits]:
        """Look at the layer, a batch at each step."""
        raise NotImplementedError

    def apply(self, layer: QgsVectorLayer) -> Iterator[None]:
        """Make the changes, a batch at each step, so that QGIS can draw in between. On the main thread.

        Raises RefusedFeaturesError where the layer does not take a change, and where it was made permanent meanwhile:
        then its features are numbered anew, and the last changes may have come too late for the copy.
        """
        shown = layer.subsetString()
        if shown:
            layer.setSubsetString("")
        try:
            target = Target(layer, self.kind)
            for _ in self._steps(target):
                yield
                if layer.dataProvider() is not target.provider:
                    raise RefusedFeaturesError()
        finally:
            if shown and not sip.isdeleted(layer):
                layer.setSubsetString(shown)
        layer.updateExtents()
        layer.triggerRepaint()

    def _steps(self, target: Target) -> Iterator[None]:
        edits = yield from self.edits(target)
        yield from target.make(edits)


class LayerChanges(Revision):
    """By their keys, features to add, new states of features that are there, and those to remove.

    What is there already is not added again but gets the new state. With `merges` lines keep the parts that they have.
    """

    def __init__(
        self,
        kind: str,
        added: dict[str, QgsFeature],
        changed: dict[str, QgsFeature],
        removed: set[str],
        merges: bool = False,
    ) -> None:
        super().__init__(kind)
        self._added = added
        self._changed = changed
        self._removed = removed
        self._merges = merges

    def edits(self, target: Target) -> Generator[None, None, Edits]:
        """Look for what is there already."""
        edits, found = Edits(), set()
        request = QgsFeatureRequest().setSubsetOfAttributes(target.key_indexes)
        if not self._merges:
            request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
        for number, old in enumerate(target.provider.getFeatures(request)):
            key = target.key(old)
            new = self._changed.get(key) or self._added.get(key)
            if key in self._removed:
                edits.removed.append(old.id())
            elif new is not None:
                found.add(key)
                edits.changed.append((old.id(), _merged(new, old) if self._merges else new))
            if number % _STEP == 0:
                yield
        edits.added = [feature for key, feature in self._added.items() if key not in found]
        return edits


def changes_between(
    kind: str,
    before: CoverageResult,
    after: CoverageResult,
    is_cancelled: Callable[[], bool],
    merges: bool = False,
) -> LayerChanges:
    """What the layer of this kind of one result lacks of the other's. Raises CancelledError."""
    old = by_key(kind, before, is_cancelled)
    new = by_key(kind, after, is_cancelled)
    changed = {
        key: feature
        for key, feature in new.items()
        if key in old
        and (feature.attributes() != old[key].attributes() or not feature.geometry().equals(old[key].geometry()))
    }
    added = {key: feature for key, feature in new.items() if key not in old}
    return LayerChanges(kind, added, changed, set(old) - set(new), merges)


def additions(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> LayerChanges:
    """All that a result has, for a layer that keeps what it has. Raises CancelledError."""
    return LayerChanges(kind, by_key(kind, result, is_cancelled), {}, set(), merges=True)


def by_key(kind: str, result: CoverageResult, is_cancelled: Callable[[], bool]) -> dict[str, QgsFeature]:
    """Features by their key; those without an id, which nothing tells apart, by place and number."""
    found: dict[str, QgsFeature] = {}
    for number, feature in enumerate(features_of(kind, result)):
        if number % FEATURES_PER_BATCH == 0 and is_cancelled():
            raise CancelledError()
        found[numbered(_key_of(kind, feature), feature.geometry(), found)] = feature
    return found


def numbered(key: str, geometry: QgsGeometry, known: Iterable[str]) -> str:
    """The key, or for a feature without one its place, and where several are there its number."""
    if key:
        return key
    place = f"without id at {geometry.asWkt(9)}"
    count, found = 1, place
    while found in known:
        count += 1
        found = f"{place}, number {count}"
    return found


def merged_lines(first: QgsGeometry, second: QgsGeometry) -> QgsGeometry:
    """The parts of the first, and those of the second that the first lacks."""
    parts = {bytes(part.asWkb()): part for line in (first, second) for part in line.asGeometryCollection()}
    return QgsGeometry.collectGeometry(list(parts.values()))


def _merged(new: QgsFeature, old: QgsFeature) -> QgsFeature:
    if new.geometry().type() != QgsWkbTypes.GeometryType.LineGeometry:
        return new
    merged = QgsFeature(new)
    merged.setGeometry(merged_lines(new.geometry(), old.geometry()))
    return merged


def _key_of(kind: str, feature: QgsFeature) -> str:
    return _key(feature.attributes()[: len(key_fields(kind))])


def _key(values: Iterable[object]) -> str:
    return " ".join(str(value) for value in values if value)
