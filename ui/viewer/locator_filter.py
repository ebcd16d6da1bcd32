"""QGIS' locator bar opens an image: `mly`, then an image id or the link of an image."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import QgsFeedback, QgsLocatorContext, QgsLocatorFilter, QgsLocatorResult
from qgis.PyQt.QtGui import QIcon

from ...core.about import PLUGIN_FOLDER
from ...core.errors import InvalidRequestError
from ...core.mapillary.image_link import NoImageError, image_id_in


class MapillaryLocatorFilter(QgsLocatorFilter):
    """Offers the image that the text names, and calls `open_image` with its id when that is chosen, on the main thread.

    QGIS searches in clones and deletes the filter when it is deregistered; until then a reference has to be kept.
    """

    def __init__(self, open_image: Callable[[str], None]) -> None:
        super().__init__()
        self._open_image = open_image
        self.setUseWithoutPrefix(False)

    def clone(self) -> MapillaryLocatorFilter:
        return MapillaryLocatorFilter(self._open_image)

    def name(self) -> str:
        return "mapillary_images"

    def displayName(self) -> str:  # noqa: N802
        return "Mapillary images"

    def prefix(self) -> str:
        """QGIS leaves prefixes of fewer than three characters to its own filters."""
        return "mly"

    def flags(self) -> QgsLocatorFilter.Flag:
        return QgsLocatorFilter.Flag.FlagFast

    def fetchResults(self, text: str, context: QgsLocatorContext, feedback: QgsFeedback) -> None:  # noqa: N802
        """One result for an image, one that says why for what is Mapillary's but no image, none for other texts."""
        try:
            image_id = image_id_in(text)
        except NoImageError as error:
            self._offer("No image", description=str(error))
        except InvalidRequestError:
            return
        else:
            self._offer(f"Open Mapillary image {image_id}", image_id)

    def triggerResult(self, result: QgsLocatorResult) -> None:  # noqa: N802
        if result.userData:
            self._open_image(result.userData)

    def _offer(self, title: str, image_id: str = "", description: str = "") -> None:
        """The id is never None: QGIS 3.22 crashes when it is read again."""
        result = QgsLocatorResult(self, title, image_id)
        result.description = description
        result.icon = QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg"))
        self.resultFetched.emit(result)
