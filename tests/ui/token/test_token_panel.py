"""Setting, testing and forgetting the token, and signing in, through the widgets."""

import socket
import threading

import pytest
import requests
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt

from mapillary_coverage.core.settings import CredentialState, Settings
from mapillary_coverage.ui.token import sign_in_dialog
from mapillary_coverage.ui.token.token_panel import TokenPanel
from tests.emulator.server import made_up_token

pytestmark = pytest.mark.qgis


@pytest.fixture
def server(emulator, monkeypatch):
    running = emulator()
    monkeypatch.setenv("MAPILLARY_TILES_URL", running.tiles_url)
    monkeypatch.setenv("MAPILLARY_GRAPH_URL", running.graph_url)
    return running


@pytest.fixture
def panel(qgis_parent, database):
    panel = TokenPanel(Settings(), qgis_parent)
    yield panel
    panel.close_down()
    panel.deleteLater()


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def ok(dialog):
    return dialog.buttons.button(dialog.buttons.StandardButton.Ok)


def test_a_token_is_set_replaced_and_forgotten(panel, qtbot):
    assert panel.stateLabel.text() == "No token is set."
    assert not panel.testAction.isEnabled()
    panel.setAction.trigger()
    dialog = panel._dialog
    dialog.tokenEdit.setText(made_up_token())
    press(qtbot, ok(dialog))
    assert panel.stateLabel.text() == "Token stored, encrypted by QGIS."
    panel.setAction.trigger()
    panel._dialog.tokenEdit.setText(made_up_token(2))
    panel._dialog.sessionRadio.setChecked(True)
    press(qtbot, ok(panel._dialog))
    assert panel.stateLabel.text() == "Token set, for this session only."
    panel.forgetAction.trigger()
    assert panel.stateLabel.text() == "No token is set."


def test_a_dialog_stays_open_until_what_was_pasted_can_be_a_token(panel, qtbot):
    panel.setAction.trigger()
    dialog = panel._dialog
    for pasted, sentence in (("", "Paste the client token first."), ("4273218932723445", "This is the client id")):
        dialog.tokenEdit.setText(pasted)
        press(qtbot, ok(dialog))
        assert dialog.isVisible()
        assert dialog.noteLabel.text().startswith(sentence)
    dialog.reject()
    assert panel.stateLabel.text() == "No token is set."


def test_a_token_of_the_environment_is_named(panel, monkeypatch):
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", made_up_token())
    panel.show_state()
    assert panel.stateLabel.text() == "Token from MAPILLARY_ACCESS_TOKEN."
    assert not panel.forgetAction.isEnabled()


def test_two_panels_show_the_same(panel, qgis_parent):
    other = TokenPanel(panel._settings, qgis_parent)
    panel._settings.credentials.enter(made_up_token())
    assert other.stateLabel.text() == panel.stateLabel.text() == "Token set, for this session only."
    other.close_down()


def answer_of_test(panel, qtbot):
    panel.testAction.trigger()
    qtbot.waitUntil(lambda: panel.answerLabel.text() not in ("", "Asking Mapillary…"), timeout=20_000)
    return panel.answerLabel.text()


def test_a_test_asks_both_servers_once(panel, server, qtbot):
    panel._settings.credentials.enter(server.credential)
    assert answer_of_test(panel, qtbot) == "The token works: the tile server and the graph accept it."
    assert len(server.requests) == 2


def test_a_test_of_a_wrong_token_says_what_to_do(panel, server, qtbot):
    panel._settings.credentials.enter(made_up_token(9))
    assert answer_of_test(panel, qtbot).startswith("Mapillary refused the token. Copy the client token again")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "surface", "sentence"),
    [
        ("login-redirect", "tiles", "Tile server: Mapillary is blocking this internet address."),
        ("quota", "graph", "Graph: Mapillary says that the quota is used up."),
        ("unavailable", "graph", "Tile server: accepts the token. Graph: Mapillary could not answer for the moment"),
        ("html", "graph", "Graph: The server sent something else than Mapillary's graph does."),
    ],
)
def test_a_test_tells_the_servers_apart(panel, server, qtbot, fault, surface, sentence):
    panel._settings.credentials.enter(server.credential)
    server.fail(fault, surface=surface)
    assert sentence in answer_of_test(panel, qtbot)


def test_a_missing_image_is_no_fault_of_the_token(panel, server, qtbot):
    panel._settings.credentials.enter(server.credential)
    server.fail("no-such-object", surface="graph")
    assert answer_of_test(panel, qtbot).startswith("The token works")


def test_a_test_without_a_network_says_so(panel, qtbot, monkeypatch):
    monkeypatch.setenv("MAPILLARY_TILES_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MAPILLARY_GRAPH_URL", "http://127.0.0.1:9")
    panel._settings.credentials.enter(made_up_token())
    assert answer_of_test(panel, qtbot) == "No connection to 127.0.0.1. Check the network connection, then try again."


def test_a_test_of_the_environments_placeholder_needs_no_network(panel, server, qtbot, monkeypatch):
    monkeypatch.setenv("MAPILLARY_ACCESS_TOKEN", "YOUR_ACCESS_TOKEN")
    panel.show_state()
    assert answer_of_test(panel, qtbot).startswith("This is a placeholder, not a token.")
    assert server.requests == []


@pytest.fixture
def browser(monkeypatch):
    """Follows the page as a browser would, in a thread of its own; `seen` holds what it was shown at the end."""
    seen = []

    def open_page(url):
        def browse():
            answer = requests.get(url.toString(url.FullyEncoded), timeout=20)
            seen.append(answer.text)

        def quietly():
            try:
                browse()
            except requests.RequestException as error:
                seen.append(type(error).__name__)

        threading.Thread(target=quietly).start()
        return True

    services = type("Services", (), {"openUrl": staticmethod(open_page)})
    monkeypatch.setattr(sign_in_dialog, "QDesktopServices", services)
    return seen


@pytest.fixture
def dialog(panel, server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        QgsSettings().setValue("mapillary_coverage/callback_port", str(free.getsockname()[1]))
    panel.signInAction.trigger()
    panel._dialog.idEdit.setText(server.client_id)
    panel._dialog.secretEdit.setText(server.client_secret)
    return panel._dialog


def test_a_sign_in_through_the_browser(panel, dialog, server, browser, qtbot):
    press(qtbot, dialog.signInButton)
    qtbot.waitUntil(lambda: panel.stateLabel.text().startswith("Signed in to Mapillary until"), timeout=20_000)
    qtbot.waitUntil(lambda: bool(browser), timeout=20_000)
    assert "You can close this page and go back to QGIS." in browser[0]
    assert panel._settings.credentials.state() is CredentialState.SIGNED_IN
    assert answer_of_test(panel, qtbot).startswith("The token works")
    asked = len(server.requests)
    server.revoke(panel._settings.credentials.current().current())
    assert "no longer allowed to use your account" in answer_of_test(panel, qtbot)
    assert panel.stateLabel.text() == "No token is set."
    assert len(server.requests) == asked + 2


def test_a_second_sign_in_needs_no_secret_again(panel, dialog, server, browser, qtbot):
    press(qtbot, dialog.signInButton)
    qtbot.waitUntil(lambda: panel._dialog is None, timeout=20_000)
    panel.signInAction.trigger()
    assert panel._dialog.idEdit.text() == server.client_id
    assert panel._dialog.secretEdit.text() == ""
    press(qtbot, panel._dialog.signInButton)
    qtbot.waitUntil(lambda: panel._dialog is None, timeout=20_000)
    assert panel._settings.credentials.state() is CredentialState.SIGNED_IN


@pytest.mark.parametrize(
    ("knob", "value", "sentence"),
    [
        ("consent", "user_denied", "You did not allow your application to use your account."),
        ("returned_state", "another", "The answer in the browser does not belong to this attempt"),
        ("client_secret", "MLY", "Mapillary refused the client id or the client secret."),
    ],
)
def test_what_goes_wrong_is_said_and_can_be_tried_again(panel, dialog, server, browser, qtbot, knob, value, sentence):
    before = getattr(server, knob)
    setattr(server, knob, value)
    press(qtbot, dialog.signInButton)
    qtbot.waitUntil(lambda: dialog.noteLabel.text().startswith(sentence), timeout=20_000)
    assert dialog.isVisible()
    setattr(server, knob, before)
    press(qtbot, dialog.signInButton)
    qtbot.waitUntil(lambda: panel._dialog is None, timeout=20_000)


def test_a_busy_port_is_said(dialog, browser, qtbot):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(QgsSettings().value("mapillary_coverage/callback_port"))))
        other.listen()
        press(qtbot, dialog.signInButton)
        assert "of this computer is in use" in dialog.noteLabel.text()
    assert browser == []


def test_cancel_stops_listening(panel, dialog, qtbot, monkeypatch):
    monkeypatch.setattr(sign_in_dialog.QDesktopServices, "openUrl", lambda url: True)
    press(qtbot, dialog.signInButton)
    assert dialog.noteLabel.text().startswith("Waiting for your answer in the browser.")
    port = int(QgsSettings().value("mapillary_coverage/callback_port"))
    press(qtbot, dialog.buttons.button(dialog.buttons.StandardButton.Cancel))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert panel._settings.credentials.state() is CredentialState.NONE


def test_no_answer_in_ten_minutes_is_said(dialog, qtbot, monkeypatch):
    monkeypatch.setattr(sign_in_dialog.QDesktopServices, "openUrl", lambda url: False)
    press(qtbot, dialog.signInButton)
    assert dialog.noteLabel.text().startswith("No browser could be opened.")
    dialog._callback._timer.timeout.emit()
    assert dialog.noteLabel.text().startswith("No answer came from the browser in 10 minutes.")


def test_a_client_id_that_is_none_is_said(dialog, qtbot):
    dialog.idEdit.setText("my app")
    press(qtbot, dialog.signInButton)
    assert dialog.noteLabel.text().startswith("The client id is a number.")


def test_waste_on_the_callback_port_is_no_answer(dialog, server, qtbot, monkeypatch):
    monkeypatch.setattr(sign_in_dialog.QDesktopServices, "openUrl", lambda url: True)
    press(qtbot, dialog.signInButton)
    port = int(QgsSettings().value("mapillary_coverage/callback_port"))
    done = []

    def disturb():
        for waste in (
            b"\r\n\r\n",
            b"GET /favicon.ico HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01" * 9000,
            b"POST /?code=1 x\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(waste)
        done.append(True)

    thread = threading.Thread(target=disturb)
    thread.start()
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    qtbot.wait(50)
    assert dialog.noteLabel.text().startswith("Waiting for your answer in the browser.")
