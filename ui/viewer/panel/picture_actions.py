"""What can be done with the shown image: copy it, save it with its credit, open its page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Optional

from qgis.PyQt.QtCore import QBuffer, QIODevice, QObject, QSaveFile, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QGuiApplication
from qgis.PyQt.QtWidgets import QFileDialog

from ....core.errors import DamagedPictureError
from ....core.mapillary.image_link import image_link
from ....core.pictures.jpeg import picture_kind
from ....core.pictures.picture_metadata import with_metadata
from ....core.viewing.street_image import StreetImage
from ...messages import Messages
from ...picture import Picture
from ..loading.image_load import ImageLoad
from .image_panel import ImagePanel

_QUALITY = 95


class PictureActions(QObject):
    """`shown` gives the load that the panel shows, None where it shows none."""

    def __init__(self, panel: ImagePanel, messages: Messages, shown: Callable[[], Optional[ImageLoad]]) -> None:
        super().__init__(panel)
        self._panel = panel
        self._messages = messages
        self._shown = shown
        self._dialog: Optional[QFileDialog] = None
        panel.copyAction.triggered.connect(self._copy)
        panel.saveAction.triggered.connect(self._save)
        panel.copyIdAction.triggered.connect(self._copy_id)
        panel.copyJsonAction.triggered.connect(panel.metadataTable.copy_json)
        panel.browseAction.triggered.connect(self._browse)
        panel.metadataTable.link_activated.connect(_open)

    def close_down(self) -> None:
        """Before the panel is deleted."""
        if self._dialog is not None:
            self._dialog.reject()

    def browse(self, image_id: str) -> None:
        """Open an image's page on Mapillary's own site."""
        _open(image_link(image_id))

    def _copy(self) -> None:
        load = self._shown()
        if load is not None and load.picture is not None:
            QGuiApplication.clipboard().setImage(load.picture.image)

    def _copy_id(self) -> None:
        load = self._shown()
        if load is not None and load.image is not None:
            QGuiApplication.clipboard().setText(load.image.image_id)

    def _browse(self) -> None:
        load = self._shown()
        if load is not None and load.image is not None:
            self.browse(load.image.image_id)

    def _save(self) -> None:
        load = self._shown()
        if load is None or load.image is None or load.picture is None:
            return
        self.close_down()
        dialog = QFileDialog(self._panel, "Save picture", f"mapillary_{load.image.image_id}.jpg", "JPEG (*.jpg)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("jpg")
        dialog.fileSelected.connect(partial(self._write, load.image, load.picture))
        dialog.finished.connect(self._on_dialog_closed)
        self._dialog = dialog
        dialog.open()

    def _on_dialog_closed(self, *_: Any) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _write(self, image: StreetImage, picture: Picture, path: str) -> None:
        """The file is there whole, or as it was before."""
        file = QSaveFile(path)
        try:
            content = with_metadata(_as_jpeg(picture), image.facts, picture.size)
        except DamagedPictureError as error:
            self._messages.fail(str(error))
            return
        is_open = file.open(QIODevice.OpenModeFlag.WriteOnly)
        if is_open and file.write(content) == len(content) and file.commit():
            self._messages.tell(f"The picture was saved as {path}. Its credit is in the file: {image.facts.credit}.")
        else:
            self._messages.fail(
                f"The picture could not be saved as {path}: {file.errorString()}. Choose another folder or name."
            )


def _as_jpeg(picture: Picture) -> bytes:
    """As it came where it is one already: only JPEG files take the credit."""
    if picture_kind(picture.content) == "jpg":
        return picture.content
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.image.save(buffer, "JPEG", _QUALITY)
    return bytes(buffer.data())


def _open(link: str) -> None:
    QDesktopServices.openUrl(QUrl(link))
