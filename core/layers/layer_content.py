"""What a layer shall hold, compared with what it holds: only what differs is touched, and can be told."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from qgis.core import NULL, Qgis, QgsFeature, QgsFeatureRequest, QgsGeometry
from qgis.PyQt.QtCore import QDateTime

from ..area.tiling import TileId, tile_at
from ..download.ledger import FAILED, SKIPPED
from ..download.result import CoverageResult
from ..mapillary.schema import SEQUENCES, TILES
from ..wording import listed
from .layer_changes import Edits, Revision, Target, by_key, merged_lines, numbered
from .times import qgis_milliseconds

_STEP = 1_000
_SECOND_MS = 1_000
"""QGIS 3.22 cuts times to whole seconds when it writes them to a file."""


@dataclass
class Difference:
    """The ids of what is new, of what changed and of what is gone."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [
            f"{len(ids):,} {what} ({listed(ids)})"
            for ids, what in ((self.new, "new"), (self.changed, "changed"), (self.gone, "gone"))
            if ids
        ]
        return ", ".join(parts) or "nothing has changed"


class LayerContent(Revision):
    """The features that a layer of a kind shall hold, by their key.

    Features that lie in `unread` tiles stay as they are, and with `keeps` no other is removed either. `difference`
    tells what `apply` found.
    """

    def __init__(
        self, kind: str, features: dict[str, QgsFeature], unread: Collection[TileId] = (), keeps: bool = False
    ) -> None:
        super().__init__(kind)
        self.difference = Difference()
        self._features = features
        self._unread = unread
        self._keeps = keeps

    def edits(self, target: Target) -> Generator[None, None, Edits]:
        """Compare each feature of the layer."""
        difference, edits = Difference(), Edits()
        seen: set[str] = set()
        wanted = [index for index in target.indexes if index >= 0]
        request = QgsFeatureRequest().setSubsetOfAttributes(wanted)
        for number, old in enumerate(target.provider.getFeatures(request)):
            if number % _STEP == 0:
                yield
            place = old.geometry()
            key = numbered(target.key(old), place, seen)
            seen.add(key)
            new = self._features.get(key)
            if self._stays(place, target) or (new is None and self._keeps):
                continue
            if new is None:
                edits.removed.append(old.id())
                difference.gone.append(key)
            elif _differ(old, new, target):
                edits.changed.append((old.id(), new))
                difference.changed.append(key)
        for number, (key, feature) in enumerate(self._features.items()):
            if number % _STEP == 0:
                yield
            if key not in seen:
                edits.added.append(feature)
                difference.new.append(key)
        self.difference = difference
        return edits

    def _stays(self, place: QgsGeometry, target: Target) -> bool:
        if not self._unread:
            return False
        if not target.from_degrees.isShortCircuited():
            place = QgsGeometry(place)
            place.transform(target.from_degrees, Qgis.TransformDirection.Reverse)
        return any(tile_at(vertex.x(), vertex.y()) in self._unread for vertex in place.vertices())


def content_of(
    kind: str, results: Sequence[CoverageResult], is_cancelled: Callable[[], bool], is_whole: bool = False
) -> LayerContent:
    """What the results have together, for a layer that was made from the same requests; with `is_whole` for any layer,
    which then holds nothing else, whatever is missing. Raises CancelledError.
    """
    features: dict[str, QgsFeature] = {}
    for result in results:
        for key, feature in by_key(kind, result, is_cancelled).items():
            if kind == SEQUENCES and key in features:
                feature.setGeometry(merged_lines(features[key].geometry(), feature.geometry()))
            features[key] = feature
    if kind == TILES or is_whole:
        return LayerContent(kind, features)
    unread = {record.tile for result in results for record in result.ledger if record.status in (FAILED, SKIPPED)}
    # Which sequences are kept is told by their images, and those may be in tiles far from a part of the line.
    keeps = kind == SEQUENCES and any(r.is_partial and r.request.filter.names_sequences for r in results)
    return LayerContent(kind, features, unread, keeps)


def _differ(old: QgsFeature, new: QgsFeature, target: Target) -> bool:
    values = [(old.attribute(index), value) for index, value in zip(target.indexes, new.attributes()) if index >= 0]
    if not all(_same(before, after, target.reads_utc) for before, after in values):
        return True
    place = target.placed(new.geometry())
    return not (place.equals(old.geometry()) or _parts(place) == _parts(old.geometry()))


def _same(before: Any, after: Any, reads_utc: bool) -> bool:
    if isinstance(before, QDateTime) and isinstance(after, QDateTime):
        milliseconds = qgis_milliseconds(before, reads_utc)
        return milliseconds is not None and abs(milliseconds - after.toMSecsSinceEpoch()) < _SECOND_MS
    return _plain(before) == _plain(after)


def _plain(value: Any) -> Optional[Any]:
    return None if value is None or value == NULL else value


def _parts(geometry: QgsGeometry) -> set[bytes]:
    return {bytes(part.asWkb()) for part in geometry.asGeometryCollection()}
