"""Where the token comes from, and one button to set, test and forget it: in the dock and on the Options page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt import uic
from qgis.PyQt.QtWidgets import QAction, QDialog, QMenu, QWidget

from ...core.errors import MapillaryError, RevokedCredentialError
from ...core.settings import CredentialState, Settings
from ...core.tasks.credential_check import check_credential
from ...core.tasks.request_task import RequestTask
from .sign_in_dialog import SignInDialog
from .token_dialog import TokenDialog

_STATES = {
    CredentialState.NONE: "No token is set.",
    CredentialState.SESSION: "Token set, for this session only.",
    CredentialState.ENVIRONMENT: "Token from MAPILLARY_ACCESS_TOKEN.",
    CredentialState.STORED: "Token stored, encrypted by QGIS.",
    CredentialState.SIGNED_IN: "Signed in to Mapillary until {until}.",
}


class TokenPanel(QWidget):
    """`close_down` ends what runs, before the widget is deleted."""

    def __init__(self, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._settings = settings
        self._task: Optional[RequestTask] = None
        self._dialog: Optional[QDialog] = None
        menu = QMenu(self.tokenButton)
        self.setAction = self._add(menu, "Set token…", self.set_token)
        self.signInAction = self._add(menu, "Sign in with your application…", self.sign_in)
        self.testAction = self._add(menu, "Test", self.test)
        self.forgetAction = self._add(menu, "Forget", self.forget)
        self.tokenButton.setMenu(menu)
        settings.credentials.changed.connect(self.show_state)
        self.show_state()

    def _add(self, menu: QMenu, text: str, slot: object) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    def show_state(self) -> None:
        """Say where the token comes from; the database stays closed."""
        state = self._settings.credentials.state()
        self.stateLabel.setText(_STATES[state].format(until=_day(self._settings.credentials.signed_in_until())))
        self.setAction.setText("Set token…" if state is CredentialState.NONE else "Replace token…")
        self.testAction.setEnabled(state is not CredentialState.NONE)
        is_ours = state is CredentialState.SESSION or self._settings.credentials.is_stored()
        self.forgetAction.setEnabled(is_ours)
        self._answer("")

    def set_token(self) -> None:
        """Ask for a token."""
        self._open(TokenDialog(self._settings, self.window()))

    def sign_in(self) -> None:
        """Sign in through the browser."""
        self._open(SignInDialog(self._settings, self.window()))

    def forget(self) -> None:
        """Forget token and sign-in."""
        if not self._settings.credentials.forget():
            self._answer("QGIS did not remove it from its database. Remove it in Settings > Options > Authentication.")

    def test(self) -> None:
        """Ask Mapillary whether it accepts the token."""
        if self._settings.is_offline():
            self._answer("“Work offline” is ticked, so Mapillary was not asked.")
            return
        try:
            access = self._settings.tile_access(offline=False)
            graph = self._settings.graph_server()
        except MapillaryError as error:
            self._answer(str(error))
            return
        self._end_task()
        self._answer("Asking Mapillary…")
        self._task = RequestTask(
            "Mapillary: testing the token", access.network, lambda session: check_credential(access, graph, session)
        )
        self._task.ended.connect(self._on_tested)
        QgsApplication.taskManager().addTask(self._task)

    def clear_answer(self) -> None:
        """The answer of a test is over once something else has happened."""
        self._answer("")

    def close_down(self) -> None:
        """Before the widget is deleted."""
        self._end_task()
        if self._dialog is not None:
            self._dialog.reject()

    def _on_tested(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        if task.result is not None:
            if any(isinstance(error, RevokedCredentialError) for error in (task.result.tiles, task.result.graph)):
                self._settings.credentials.sign_out()
            self._answer(str(task.result))
        else:
            self._answer(str(task.error))

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.ended.disconnect(self._on_tested)
            self._task.cancel()
            self._task = None

    def _open(self, dialog: QDialog) -> None:
        if self._dialog is not None:
            self._dialog.reject()
        self._dialog = dialog
        dialog.finished.connect(self._on_dialog_closed)
        dialog.open()

    def _on_dialog_closed(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _answer(self, text: str) -> None:
        self.answerLabel.setText(text)
        self.answerLabel.setVisible(bool(text))


def _day(seconds: float) -> str:
    """The day in local time."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}" if seconds else ""
