"""Signs in through the browser with the person's own application."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt import uic
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QWidget

from ...core.errors import MapillaryError
from ...core.network.credential import tidied
from ...core.network.oauth import Application, Consent
from ...core.settings import Settings
from ...core.tasks.request_task import RequestTask
from .callback import WAIT_MINUTES, Callback


class SignInDialog(QDialog):
    """Open it with `open()`. Client id and secret, and the token that they bring, go to the authentication database."""

    def __init__(self, settings: Settings, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self._settings = settings
        self._consent: Optional[Consent] = None
        self._callback: Optional[Callback] = None
        self._task: Optional[RequestTask] = None
        self.callbackEdit.setText(settings.callback_url())
        self.idEdit.setText(settings.credentials.client_id())
        if settings.credentials.has_application():
            self.secretEdit.setPlaceholderText("Stored; fill in only to replace it")
        self.signInButton = self.buttons.addButton("&Sign in…", QDialogButtonBox.ButtonRole.ActionRole)
        self.signInButton.clicked.connect(self.sign_in)
        self.signInButton.setDefault(True)
        self.idEdit.setFocus()
        self.buttons.rejected.connect(self.reject)
        self.noteLabel.setVisible(False)

    def sign_in(self) -> None:
        """Open Mapillary's consent page and wait for the browser to come back."""
        self._stop()
        try:
            application = self._application()
            self._consent = Consent(application, self._settings.callback_url(), self._settings.connect_url())
            page = self._consent.page
            self._callback = Callback(self._settings.callback_port(), self._consent.is_answer, self)
        except MapillaryError as error:
            self._note(str(error))
            return
        self._callback.answered.connect(self._on_answered)
        self._callback.strayed.connect(self._on_strayed)
        self._callback.expired.connect(self._on_expired)
        opened = QDesktopServices.openUrl(QUrl(page))
        self._show(
            ("Waiting for your answer in the browser." if opened else "No browser could be opened.")
            + f' If the page did not open, <a href="{escape(page)}">open it here</a>.'
        )

    def reject(self) -> None:
        """Cancel: stop listening, drop what is under way."""
        self._stop()
        super().reject()

    def _application(self) -> Application:
        typed = tidied(self.secretEdit.text())
        credentials = self._settings.credentials
        stored = credentials.application() if credentials.has_application() and not typed else None
        application = Application(self.idEdit.text().strip(), typed or (stored.client_secret if stored else ""))
        if application != stored:
            credentials.store_application(application)
        return application

    def _on_answered(self, target: str) -> None:
        consent = self._consent
        if consent is None:
            return
        try:
            code = consent.code_in(target)
        except MapillaryError as error:
            self._stop()
            self._note(str(error))
            return
        url = self._settings.graph_url()
        self._note("Asking Mapillary for the token…")
        self._task = RequestTask(
            "Mapillary: signing in",
            self._settings.network(url),
            lambda session: consent.exchange(code, session, url),
        )
        self._task.ended.connect(self._on_exchanged)
        QgsApplication.taskManager().addTask(self._task)

    def _on_exchanged(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        try:
            if task.result is None:
                self._note(str(task.error))
                return
            self._settings.credentials.sign_in(task.result)
        except MapillaryError as error:
            self._note(str(error))
            return
        self.secretEdit.clear()
        self.accept()

    def _on_strayed(self) -> None:
        self._note(
            "The answer in the browser does not belong to this attempt to sign in, so it was not used. Use the page"
            " that was opened last, or press Sign in again."
        )

    def _on_expired(self) -> None:
        self._stop()
        self._note(f"No answer came from the browser in {WAIT_MINUTES} minutes. Press Sign in again.")

    def _stop(self) -> None:
        self._consent = None
        if self._callback is not None:
            self._callback.close()
            self._callback.deleteLater()
            self._callback = None
        if self._task is not None:
            self._task.ended.disconnect(self._on_exchanged)
            self._task.cancel()
            self._task = None

    def _note(self, text: str) -> None:
        """Some of it can come from a server, so it is no markup."""
        self._show(escape(text))

    def _show(self, text: str) -> None:
        self.noteLabel.setText(text)
        self.noteLabel.setVisible(True)
        self.adjustSize()
