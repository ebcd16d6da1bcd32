"""`mapillary:downloadthumbnails`: the pictures of images as files in a folder, with a table of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFolderDestination,
)
from qgis.PyQt.QtCore import QVariant

from ..errors import InvalidRequestError, UnknownObjectError
from ..layers.times import qgis_time
from ..mapillary.licence import LICENCE_WITH_LINK
from ..pictures.picture_folder import SIZES, PictureFolder, check_picture_folder
from ..wording import counted, listed
from .download_algorithm import GROUP, GROUP_ID
from .graph_algorithm import OUTPUT, GraphAlgorithm, distinct_ids
from .parameters import choice, read_word

if TYPE_CHECKING:
    from ..pictures.thumbnails import Thumbnail

SIZE, FOLDER = "SIZE", "FOLDER"
DEFAULT_SIZE = "1024"

_FIELDS = ("id", "path", "creator", "licence", "link", "captured_at", "status", "reason")

HELP = """Downloads the pictures of images into a folder, one file for each id, such as 1045225492773348.jpg, and \
makes a table of them.

SIZE is the width in pixels, or original for the largest that there is; an image that is narrower comes as it is. JPEG \
files tell position, direction, time and credit, as photo software and QGIS' “Import geotagged photos” read them; the \
position is the original one, or the computed one where there is no other. Other types of files are kept as they came.

The pictures are under CC BY-SA 4.0. ATTRIBUTION.txt in the folder names the creators, and has to go along with the \
pictures, as does the licence.

A picture that is in the folder in this size is not downloaded again, so that a run which was cancelled goes on where \
it was; one that was asked for in another size is replaced. 50 ids go in one request, besides one for each picture. \
status in the table is downloaded, present or missing, and reason says why a picture is missing, or why its creator is \
unknown.

Example: qgis_process run mapillary:downloadthumbnails -- INPUT=images.gpkg SIZE=2048 FOLDER=pictures \
OUTPUT=pictures.gpkg"""


class DownloadThumbnailsAlgorithm(GraphAlgorithm):
    """Thin over `download_thumbnails`."""

    counts: ClassVar = {
        "DOWNLOADED_COUNT": "Number of pictures downloaded",
        "PRESENT_COUNT": "Number of pictures that were there",
        "MISSING_COUNT": "Number of images without a picture",
    }
    output_label: ClassVar = "Pictures"
    has_entity: ClassVar = False

    def name(self) -> str:
        return "downloadthumbnails"

    def displayName(self) -> str:  # noqa: N802
        return "Download pictures"

    def shortDescription(self) -> str:  # noqa: N802
        return "The pictures of images as files, with position, direction, time and credit"

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP

    def tags(self) -> list[str]:
        return ["thumbnails", "photos", "images", "jpeg", "exif", "geotagged", "street view"]

    def group(self) -> str:
        return GROUP

    def groupId(self) -> str:  # noqa: N802
        return GROUP_ID

    def add_options(self) -> None:
        self.addParameter(choice(SIZE, "Width of the pictures", SIZES, DEFAULT_SIZE))
        self.addParameter(QgsProcessingParameterFolderDestination(FOLDER, "Folder for the pictures"))

    def check_options(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        read_word(parameters, SIZE, SIZES, DEFAULT_SIZE)
        if parameters.get(FOLDER) != QgsProcessing.TEMPORARY_OUTPUT:
            check_picture_folder(self._folder(parameters, context))

    def do(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ..pictures.thumbnails import DOWNLOADED, MISSING, PRESENT, download_thumbnails

        ids = distinct_ids(self.read_rows(parameters, context, feedback))
        folder = self._folder(parameters, context)
        feedback.pushInfo(f"{counted(len(ids), 'picture')} into {folder}.")
        thumbnails = download_thumbnails(
            ids,
            read_word(parameters, SIZE, SIZES, DEFAULT_SIZE),
            PictureFolder(folder),
            self.access,
            is_cancelled=feedback.isCanceled,
            on_progress=lambda done, total: feedback.setProgress(100 * done / total),
        )
        _tell(feedback, thumbnails)
        statuses = [thumbnail.status for thumbnail in thumbnails]
        return {
            OUTPUT: self.write(parameters, context, _fields(), [_feature(thumbnail) for thumbnail in thumbnails]),
            FOLDER: str(folder),
            "DOWNLOADED_COUNT": statuses.count(DOWNLOADED),
            "PRESENT_COUNT": statuses.count(PRESENT),
            "MISSING_COUNT": statuses.count(MISSING),
        }

    def _folder(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Path:
        """Raises InvalidRequestError."""
        text = self.parameterAsString(parameters, FOLDER, context)
        if not text:
            raise InvalidRequestError("FOLDER is missing. Name the folder that the pictures go to.")
        return Path(text).absolute()


def _tell(feedback: QgsProcessingFeedback, thumbnails: Sequence[Thumbnail]) -> None:
    """Raises the first error where not one picture is there."""
    gone = [thumbnail.image_id for thumbnail in thumbnails if isinstance(thumbnail.error, UnknownObjectError)]
    failed = [t for t in thumbnails if t.error is not None and not isinstance(t.error, UnknownObjectError)]
    if failed and failed[0].error and not any(thumbnail.path for thumbnail in thumbnails):
        raise failed[0].error
    unknown = [thumbnail for thumbnail in failed if thumbnail.path]
    missing = len(failed) - len(unknown)
    if missing:
        feedback.pushWarning(
            f"The result is partial: {counted(missing, 'picture')} could not be had. Run again for the rest. The first"
            f" reason: {next(thumbnail.error for thumbnail in failed if not thumbnail.path)}"
        )
    if unknown:
        feedback.pushWarning(
            f"Mapillary could not be asked for the creators of {counted(len(unknown), 'picture')} in the folder."
            f" {unknown[0].error}"
        )
    if gone:
        shown = listed(gone, rest=" …")
        feedback.pushWarning(f"Mapillary does not know {counted(len(gone), 'id')}: deleted, or private: {shown}")


def _fields() -> QgsFields:
    fields = QgsFields()
    for name in _FIELDS:
        fields.append(QgsField(name, QVariant.DateTime if name == "captured_at" else QVariant.String))
    return fields


def _feature(thumbnail: Thumbnail) -> QgsFeature:
    facts = thumbnail.facts
    values = {
        "id": thumbnail.image_id,
        "path": str(thumbnail.path) if thumbnail.path else None,
        "creator": facts.username if facts else None,
        "licence": LICENCE_WITH_LINK if thumbnail.path else None,
        "link": facts.link if facts else None,
        "captured_at": qgis_time(facts.captured_at) if facts else None,
        "status": thumbnail.status,
        "reason": str(thumbnail.error) if thumbnail.error else None,
    }
    feature = QgsFeature()
    feature.setAttributes([values[name] for name in _FIELDS])
    return feature
