"""Takes a token that was copied from Mapillary."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.PyQt import uic
from qgis.PyQt.QtWidgets import QDialog, QWidget

from ...core.errors import MapillaryError, MissingCredentialError
from ...core.settings import CredentialState, Settings


class TokenDialog(QDialog):
    """Open it with `open()`. It closes once the token is kept; until then it says what is wrong."""

    def __init__(self, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._settings = settings
        self.noteLabel.setVisible(False)
        if settings.credentials.state() is CredentialState.ENVIRONMENT:
            self._note("MAPILLARY_ACCESS_TOKEN is set and wins over a stored token, but not over one for this session.")
        self.buttons.accepted.connect(self._keep)
        self.buttons.rejected.connect(self.reject)

    def _keep(self) -> None:
        text = self.tokenEdit.text()
        try:
            if self.storeRadio.isChecked():
                self._settings.credentials.store(text)
            else:
                self._settings.credentials.enter(text)
        except MissingCredentialError:
            self._note("Paste the client token first.")
            self.tokenEdit.setFocus()
            return
        except MapillaryError as error:
            self._note(str(error))
            self.tokenEdit.setFocus()
            return
        self.tokenEdit.clear()
        self.accept()

    def _note(self, text: str) -> None:
        self.noteLabel.setText(text)
        self.noteLabel.setVisible(True)
        self.adjustSize()
