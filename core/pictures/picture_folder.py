"""A folder of pictures, each named by the id of its image, with a text that credits their creators.

A file is written beside its place and renamed, so that it is there whole or not at all, for several runs at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Optional
from uuid import uuid4

from ..errors import InvalidRequestError, PictureFolderError
from ..mapillary.licence import LICENCE_WITH_LINK
from .jpeg import picture_kind, picture_size
from .picture_facts import PictureFacts
from .picture_metadata import ORIGINAL, asked_size

ATTRIBUTION = "ATTRIBUTION.txt"
THUMBNAIL_WIDTHS = (256, 1024, 2048)
"""In pixels."""

SIZES = (*map(str, THUMBNAIL_WIDTHS), ORIGINAL)
"""What a picture can be asked for in: its width in pixels, or as it is."""

_KINDS = ("jpg", "png", "webp")
_PREFIX, _SUFFIX = ".mapillary-", ".part"
_HEAD_BYTES = 2**18
_END_OF_JPEG = b"\xff\xd9"
_TRIES = 20
_LINE = re.compile(r"(?P<name>\d{1,20}\.(?:jpg|png|webp))\t(?P<creator>[^\t]+)\t(?P<link>https://\S+)")
_TEXT = """Source: Mapillary, https://www.mapillary.com
Licence: {licence}
Whoever passes these pictures on names Mapillary, the creators and the licence, and keeps the licence.

Creators and the number of their pictures:
{creators}

Pictures, their creators and where they come from:
{pictures}
"""


@dataclass(frozen=True)
class PictureFolder:
    """Pictures as `<id>.jpg`, `.png` or `.webp`. Each method raises PictureFolderError where the folder fails."""

    path: Path

    def prepare(self) -> None:
        """Make the folder, and remove what a killed run left half-written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=self.path):
                leftovers = list(self.path.glob(f"{_PREFIX}*{_SUFFIX}"))
        except OSError as error:
            raise self._failure(error) from None
        for leftover in leftovers:
            _remove(leftover)

    def find(self, image_id: str, size: str) -> Optional[Path]:
        """The file of a whole picture that was asked for in this one of SIZES. Where another program took that note
        out, an original has any width but those of thumbnails.

        Only JPEGs are found; pictures of other types, which Mapillary hardly has, are fetched again.
        """
        path = self.path / f"{image_id}.jpg"
        return path if _size(path) == size else None

    def keep(self, image_id: str, picture: bytes) -> Path:
        """Write a picture, in place of any other of the image."""
        path = self.path / f"{image_id}.{picture_kind(picture)}"
        self._replace(path, picture)
        for kind in _KINDS:
            other = path.with_suffix(f".{kind}")
            if other != path:
                _remove(other)
        return path

    def credit(self, pictures: Mapping[str, PictureFacts]) -> None:
        """Note in ATTRIBUTION.txt who made these pictures, by the name of their file. Lines of earlier runs stay as
        long as their pictures are there; should another run write at the same time, its lines do as well.
        """
        own = {name: (facts.creator, facts.link) for name, facts in pictures.items()}
        path = self.path / ATTRIBUTION
        for _ in range(_TRIES):
            before = self._read(path)
            lines = {**_lines(before), **own}
            if not lines and not before:
                return
            text = _attribution({name: lines[name] for name in lines if (self.path / name).exists()})
            if text == before:
                return
            if self._read(path) == before:
                self._replace(path, text.encode())
        raise PictureFolderError(self.path, "another program keeps changing ATTRIBUTION.txt")

    def _replace(self, path: Path, content: bytes) -> None:
        """Another run that starts in this folder takes the temporary file for a leftover; it is then written anew."""
        for _ in range(_TRIES):
            part = self.path / f"{_PREFIX}{uuid4().hex}{_SUFFIX}"
            try:
                part.write_bytes(content)
                part.replace(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                _remove(part)
                raise self._failure(error) from None
            return
        raise PictureFolderError(self.path, "it is not there any more")

    def _read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> PictureFolderError:
        return PictureFolderError(self.path, error.strerror)


def _remove(path: Path) -> None:
    """On Windows what another run has open stays."""
    with suppress(OSError):
        path.unlink()


def check_picture_folder(path: Path) -> None:
    """Raises InvalidRequestError for what cannot become a folder of pictures, without making it."""
    there = next(place for place in (path, *path.parents) if place.exists())
    if not there.is_dir():
        raise InvalidRequestError(f"FOLDER is to be a folder, but {there} is a file. Choose another folder.")
    try:
        with TemporaryFile(dir=there):
            return
    except OSError as error:
        raise InvalidRequestError(
            f"FOLDER cannot be written to: {there}: {error.strerror}. Choose another folder."
        ) from None


def _size(path: Path) -> Optional[str]:
    """Which of SIZES a JPEG is of; None for what is not there or no whole picture."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(-min(len(_END_OF_JPEG), len(head)), 2)
            end = file.read()
    except OSError:
        return None
    size = picture_size(head) if end == _END_OF_JPEG else None
    if size is None:
        return None
    return asked_size(head) or (str(size[0]) if size[0] in THUMBNAIL_WIDTHS else ORIGINAL)


def _attribution(lines: Mapping[str, tuple[str, str]]) -> str:
    counts = Counter(creator for creator, _ in lines.values())
    creators = (f"{creator}: {count:,}" for creator, count in sorted(counts.items()))
    pictures = (f"{name}\t{creator}\t{link}" for name, (creator, link) in sorted(lines.items()))
    return _TEXT.format(licence=LICENCE_WITH_LINK, creators="\n".join(creators), pictures="\n".join(pictures))


def _lines(text: str) -> dict[str, tuple[str, str]]:
    found: Iterable[Optional[re.Match[str]]] = map(_LINE.fullmatch, text.splitlines())
    return {match["name"]: (match["creator"], match["link"]) for match in found if match}
