"""Pictures of images into a folder. Plain Python, no qgis.

The graph is asked for 50 images at once, by the thread that comes to the first of them; so the signed addresses, which
expire, are used within moments. None is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

from ..errors import CancelledError, ExpiredPictureError, MapillaryError, UnexpectedReplyError, UnknownObjectError
from ..graph.graph_client import IDS_PER_REQUEST, GraphClient
from ..graph.graph_run import in_batches, run_jobs
from ..network.access import Access
from ..threads import without_frames
from .jpeg import picture_kind
from .picture_client import fetch_picture
from .picture_facts import FACT_FIELDS, PictureFacts, picture_facts
from .picture_folder import PictureFolder
from .picture_metadata import with_metadata

DOWNLOADED, PRESENT, MISSING = "downloaded", "present", "missing"


@dataclass(frozen=True)
class Thumbnail:
    """What became of one image. `path` is that of its file, `facts` what the graph says of it, and `error` what kept
    the run from having either.
    """

    image_id: str
    status: str
    path: Optional[Path] = None
    facts: Optional[PictureFacts] = None
    error: Optional[MapillaryError] = None


def download_thumbnails(
    ids: Sequence[str],
    size: str,
    folder: PictureFolder,
    access: Access,
    *,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Thumbnail]:
    """One Thumbnail for each of the distinct ids, in their order. `size` is one of SIZES; what is there in this size
    is not fetched.

    Raises CancelledError within a second of `is_cancelled`, PictureFolderError where the folder cannot be written to at
    all, and the errors of `run_jobs`. Pictures that are complete by then stay, and are credited.
    """
    folder.prepare()
    run = _Run(size, folder, access)
    for image_id in ids:
        if is_cancelled():
            raise CancelledError()
        run.look_for(image_id)
    run.make_batches(ids)
    try:
        outcomes = run_jobs(ids, run.get, access, is_cancelled, on_progress)
    finally:
        folder.credit(dict(run.credits))
    return [outcome.value or run.without(outcome.job, outcome.error) for outcome in outcomes]


class _Run:
    """What the threads share. `credits` are the facts of the pictures in the folder, by the name of their file."""

    def __init__(self, size: str, folder: PictureFolder, access: Access) -> None:
        self.credits: dict[str, PictureFacts] = {}
        self._size = size
        self._url_field = f"thumb_{size}_url"
        self._folder = folder
        self._access = access
        self._present: dict[str, Path] = {}
        self._batches: dict[str, _Batch] = {}

    def look_for(self, image_id: str) -> None:
        """Whether the picture is in the folder."""
        path = self._folder.find(image_id, self._size)
        if path is not None:
            self._present[image_id] = path

    def make_batches(self, ids: Sequence[str]) -> None:
        """Pictures that are there need no URL, but their facts: they may be those of a run that was cut off."""
        absent = [image_id for image_id in ids if image_id not in self._present]
        for chosen, fields in ((absent, (*FACT_FIELDS, self._url_field)), (list(self._present), FACT_FIELDS)):
            for batch_ids in in_batches(chosen, IDS_PER_REQUEST):
                batch = _Batch(batch_ids, fields)
                self._batches.update(dict.fromkeys(batch_ids, batch))

    def get(self, client: GraphClient, image_id: str) -> Thumbnail:
        """One picture into the folder, unless it is there. Raises MapillaryError."""
        entity = self._batches[image_id].entity(client, image_id)
        facts = picture_facts(image_id, entity)
        path = self._present.get(image_id)
        status = PRESENT if path else DOWNLOADED
        if path is None:
            picture = self._fetch(client, image_id, entity)
            if picture_kind(picture) == "jpg":
                picture = with_metadata(picture, facts, self._size)
            path = self._folder.keep(image_id, picture)
        self.credits[path.name] = facts
        return Thumbnail(image_id, status, path, facts)

    def without(self, image_id: str, error: Optional[MapillaryError]) -> Thumbnail:
        """The outcome of an image for which `get` failed."""
        path = self._present.get(image_id)
        return Thumbnail(image_id, PRESENT if path else MISSING, path, error=error)

    def _fetch(self, client: GraphClient, image_id: str, entity: Mapping[str, Any]) -> bytes:
        try:
            return fetch_picture(client.session, self._url(entity), self._access.pauses)
        except ExpiredPictureError:
            anew = client.entity(image_id, (self._url_field,))
            return fetch_picture(client.session, self._url(anew), self._access.pauses)

    def _url(self, entity: Mapping[str, Any]) -> str:
        url = entity.get(self._url_field)
        if not isinstance(url, str):
            raise UnexpectedReplyError("Mapillary has no picture of this size for the image.")
        return url


class _Batch:
    """Images that the graph is asked for at once, when the first of them is needed."""

    def __init__(self, ids: Sequence[str], fields: Sequence[str]) -> None:
        self._ids = ids
        self._fields = fields
        self._lock = threading.Lock()
        self._found: Optional[dict[str, dict[str, Any]]] = None
        self._error: Optional[MapillaryError] = None

    def entity(self, client: GraphClient, image_id: str) -> dict[str, Any]:
        """What the graph says of one of the images. Raises UnknownObjectError, and the error of the whole batch."""
        with self._lock:
            if self._found is None and self._error is None:
                self._ask(client)
        if self._error is not None:
            raise self._error
        if not self._found or image_id not in self._found:
            raise UnknownObjectError()
        return self._found[image_id]

    def _ask(self, client: GraphClient) -> None:
        try:
            self._found = client.entities(self._ids, self._fields).found
        except MapillaryError as error:
            self._error = without_frames(error)
