"""Recorded replies of the graph: a folder laid out like image/ID.json, map_feature/ID.json, image_ids/KEY.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from tests.emulator.fields import no_such_object

FOLDERS = {"image": "Image", "map_feature": "MapFeature"}
NOTHING = b'{"data":[]}'


@dataclass(frozen=True)
class RecordedGraph:
    """The replies in a folder, byte for byte, whatever fields are asked for.

    An object's detections are in detections/image_ID.json or detections/map_feature_ID.json. A list that is not there
    is empty, and there are no searches.
    """

    folder: Path

    def kind(self, node_id: str) -> Optional[str]:
        path = self._file(node_id)
        return FOLDERS[path.parent.name] if path else None

    def entity(self, node_id: str, fields: Optional[str]) -> bytes:
        path = self._file(node_id)
        if path is None:
            raise no_such_object(node_id)
        return path.read_bytes()

    def collection(self, name: str, query: Mapping[str, str]) -> Optional[bytes]:
        if name == "image_ids":
            key = query.get("sequence_id", "")
            return self._list(f"image_ids/{key}.json") if re.fullmatch(r"[\w-]+", key) else NOTHING
        node_id, _, collection = name.partition("/")
        path = self._file(node_id)
        return self._list(f"{collection}/{path.parent.name}_{node_id}.json") if path and collection else None

    def _file(self, node_id: str) -> Optional[Path]:
        paths = (self.folder / name / f"{node_id}.json" for name in FOLDERS)
        return next((path for path in paths if path.is_file()), None)

    def _list(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else NOTHING
