"""The plugin's page in Settings > Options."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt import uic
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ..core.about import PLUGIN_FOLDER
from ..core.cache_folder import clear, used_bytes
from ..core.endpoint import check_endpoint
from ..core.errors import UnsafeEndpointError
from ..core.report import counted
from ..core.settings import Settings
from ..core.settings import preferences as numbers
from .token_panel import TokenPanel

NAME = "Mapillary"


class OptionsFactory(QgsOptionsWidgetFactory):
    """Registers the page."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(NAME, QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg")))
        self._settings = settings

    def createWidget(self, parent: QWidget) -> OptionsPage:  # noqa: N802
        return OptionsPage(self._settings, parent)


class OptionsPage(QgsOptionsPageWidget):
    """Shows the settings; `apply` keeps them when the dialog is left with OK. The token is kept at once."""

    def __init__(self, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.page = QWidget()
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.page)
        page = self.page
        self.token_panel = TokenPanel(settings)
        page.tokenBox.layout().addWidget(self.token_panel)
        self._spins = (
            (numbers.FRESH_HOURS, page.freshSpin),
            (numbers.CACHE_MEGABYTES, page.sizeSpin),
            (numbers.QUESTION_TILES, page.questionSpin),
            (numbers.BURST, page.burstSpin),
            (numbers.PER_SECOND, page.rateSpin),
            (numbers.CALLBACK_PORT, page.portSpin),
        )
        for number, spin in self._spins:
            kind = float if number is numbers.PER_SECOND else int
            spin.setRange(kind(number.low), kind(number.high))
            spin.setClearValue(kind(number.default))
            spin.setValue(kind(number.read()))
        page.folderWidget.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        page.folderWidget.setFilePath(numbers.read_text("cache_folder"))
        page.folderWidget.lineEdit().setPlaceholderText(str(settings.cache().folder))
        for edit, key, in_force in (
            (page.tilesEdit, "tiles_url", settings.tiles_url()),
            (page.graphEdit, "graph_url", settings.graph_url()),
        ):
            edit.setText(numbers.read_text(key))
            edit.setPlaceholderText(in_force)
            edit.textChanged.connect(self._check_addresses)
        page.clearButton.clicked.connect(self._clear)
        self._show_use()
        self._check_addresses()

    def apply(self) -> None:
        """Keep what was changed. QGIS calls it; an address that is refused stays as it was."""
        for number, spin in self._spins:
            number.write(spin.value())
        numbers.write("cache_folder", self.page.folderWidget.filePath().strip())
        for edit, key in ((self.page.tilesEdit, "tiles_url"), (self.page.graphEdit, "graph_url")):
            if not _problem(edit.text()):
                numbers.write(key, edit.text().strip())

    def _check_addresses(self) -> None:
        problems = filter(None, (_problem(edit.text()) for edit in (self.page.tilesEdit, self.page.graphEdit)))
        self.page.addressNote.setText(next(problems, ""))

    def _show_use(self) -> None:
        megabytes = used_bytes(self._settings.cache().folder) / 2**20
        self.page.usedLabel.setText(f"In use: {megabytes:,.1f} MB")
        usage, fingerprint = self._settings.traffic().usage, self._settings.credentials.known_fingerprint()
        used = usage.used_today(fingerprint) if fingerprint else 0
        self.page.quotaLabel.setText(
            f"Asked for today (UTC) through your application: {counted(used, 'tile')} of the {usage.pace.quota:,} that"
            " Mapillary allows it in a day. What other programs ask for through it is not counted here."
        )

    def _clear(self) -> None:
        try:
            clear(self._settings.cache().folder)
        except OSError as error:
            self.page.usedLabel.setText(f"Not removed: {error.strerror}")
            return
        self._show_use()


def _problem(text: str) -> str:
    try:
        if text.strip():
            check_endpoint(text.strip())
    except UnsafeEndpointError as error:
        return str(error)
    return ""
