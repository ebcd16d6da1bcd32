"""The plugin's page in Settings > Options."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt import uic
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ..core.about import PLUGIN_FOLDER
from ..core.errors import UnsafeEndpointError
from ..core.network.endpoint import check_endpoint
from ..core.settings import Settings, preferences
from ..core.tiles.cache_folder import clear, used_bytes
from ..core.wording import counted
from .token.token_panel import TokenPanel

PAGE_NAME = "Mapillary"


class OptionsFactory(QgsOptionsWidgetFactory):
    """Registers the page."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(PAGE_NAME, QIcon(str(PLUGIN_FOLDER / "resources" / "icons" / "mapillary_coverage.svg")))
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
            (preferences.FRESH_HOURS, page.freshSpin),
            (preferences.CACHE_MEGABYTES, page.sizeSpin),
            (preferences.QUESTION_TILES, page.questionSpin),
            (preferences.BURST, page.burstSpin),
            (preferences.PER_SECOND, page.rateSpin),
            (preferences.CALLBACK_PORT, page.portSpin),
        )
        for number, spin in self._spins:
            kind = float if number is preferences.PER_SECOND else int
            spin.setRange(kind(number.low), kind(number.high))
            spin.setClearValue(kind(number.default))
            spin.setValue(kind(number.read()))
        page.folderWidget.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self._texts = {
            preferences.CACHE_FOLDER: page.folderWidget.lineEdit(),
            preferences.TILES_URL: page.tilesEdit,
            preferences.GRAPH_URL: page.graphEdit,
        }
        self._show_texts()
        page.tilesEdit.textChanged.connect(self._check_addresses)
        page.graphEdit.textChanged.connect(self._check_addresses)
        page.clearButton.clicked.connect(self._clear)
        self._show_use()
        self._check_addresses()

    def apply(self) -> None:
        """Keep what was changed. QGIS calls it; an address that is refused stays as it was."""
        for number, spin in self._spins:
            number.write(spin.value())
        for text, edit in self._texts.items():
            if text is preferences.CACHE_FOLDER or not _problem(edit.text()):
                text.write(edit.text().strip())
        self._settings.changed.emit()

    def _show_texts(self) -> None:
        """What a variable of the environment overrides is shown as it is, and left alone."""
        page, settings = self.page, self._settings
        for text, edit in self._texts.items():
            edit.setText(text.read())
            edit.setDisabled(text.is_overridden())
        page.folderWidget.setDisabled(preferences.CACHE_FOLDER.is_overridden())
        page.folderWidget.lineEdit().setPlaceholderText(str(settings.cache().folder))
        page.tilesEdit.setPlaceholderText(settings.tiles_url())
        page.graphEdit.setPlaceholderText(settings.graph_url())
        page.folderNote.setText(_override(preferences.CACHE_FOLDER))
        page.folderNote.setVisible(preferences.CACHE_FOLDER.is_overridden())

    def _check_addresses(self) -> None:
        """Say what is wrong with the addresses, and which cannot be changed here."""
        edits = (self.page.tilesEdit, self.page.graphEdit)
        sentences = [
            next(filter(None, (_problem(edit.text()) for edit in edits)), ""),
            _override(preferences.TILES_URL),
            _override(preferences.GRAPH_URL),
        ]
        self.page.addressNote.setText("\n".join(filter(None, sentences)))

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
        else:
            self._show_use()
        self._settings.changed.emit()


def _problem(text: str) -> str:
    try:
        if text.strip():
            check_endpoint(text.strip())
    except UnsafeEndpointError as error:
        return str(error)
    return ""


def _override(text: preferences.Text) -> str:
    if not text.is_overridden():
        return ""
    return f"{text.variable} is set in the environment, and it wins. To choose here, start QGIS without it."
