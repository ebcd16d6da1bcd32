"""A real QGIS desktop on a virtual screen of its own, driven by mouse, keyboard and Python in its main thread."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from tests.emulator import Emulator
from tools.qgis_runtime import desktop_command, environment, make_profile

STARTUP = Path(__file__).with_name("startup.py")
START_SECONDS = 120
ANSWER_SECONDS = 60


class DesktopSession:
    """Use it as a context manager. `profile` survives it, so that a second session shows what was kept."""

    def __init__(self, folder: Path, screen: str = "1440x900", **variables: Optional[str]) -> None:
        self._folder = folder
        self._commands = folder / "commands"
        self._screen = screen
        self._variables = variables
        self._display: Optional[str] = None
        self._xvfb: Optional[subprocess.Popen[bytes]] = None
        self._qgis: Optional[subprocess.Popen[bytes]] = None
        self.log = folder / "qgis.log"

    @classmethod
    def on(cls, server: Emulator, folder: Path) -> DesktopSession:
        """On an emulator, with the token that it takes."""
        return cls(
            folder,
            MAPILLARY_TILES_URL=server.tiles_url,
            MAPILLARY_GRAPH_URL=server.graph_url,
            MAPILLARY_ACCESS_TOKEN=server.credential,
        )

    def __enter__(self) -> DesktopSession:
        self._commands.mkdir(parents=True, exist_ok=True)
        profile = make_profile(self._folder / "profile")
        self._start_screen()
        variables = {**self._variables, "DISPLAY": self._display, "QT_QPA_PLATFORM": None}
        variables |= {"DESKTOP_COMMANDS": str(self._commands)}
        command = [desktop_command(), "--profiles-path", str(profile), "--profile", "default", "--noversioncheck"]
        with self.log.open("wb") as log:
            self._qgis = subprocess.Popen(
                [*command, "--nologo", "--code", str(STARTUP)],
                env=environment(profile, variables),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_for(self._commands / "ready", START_SECONDS)
        return self

    def _start_screen(self) -> None:
        read, write = os.pipe()
        self._xvfb = subprocess.Popen(
            # At 96 dots per inch Qt's coordinates are the screen's.
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{self._screen}x24", "-dpi", "96", "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as display:
            self._display = f":{display.readline().strip()}"

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        for process in (self._qgis, self._xvfb):
            if process is not None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        (self._commands / "ready").unlink(missing_ok=True)

    def quit(self) -> None:
        """Leave QGIS as a person does, so that it saves its settings."""
        self.run("QTimer.singleShot(0, iface.actionExit().trigger)")
        if self._qgis is not None:
            self._qgis.wait(ANSWER_SECONDS)

    def run(self, code: str) -> Any:
        """Run Python in QGIS' main thread; `answer` there, if set, comes back through JSON.

        `iface`, `plugin`, `dock`, `panel` and `QgsProject` are there.
        """
        base = self._commands / str(time.monotonic_ns())
        written = base.with_suffix(".new")
        written.write_text(code)
        written.rename(base.with_suffix(".py"))
        answer = base.with_suffix(".json")
        self._wait_for(answer, ANSWER_SECONDS)
        reply = json.loads(answer.read_text())
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["answer"]

    def wait_until(self, expression: str, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the expression is true in QGIS."""
        deadline = time.monotonic() + seconds
        while not self.run(f"answer = bool({expression})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{expression} did not come true in {seconds} s\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def click(self, widget: str) -> None:
        """A real mouse click in the middle of a widget, once that stands still."""
        self._xdotool("mousemove", *map(str, self._middle_of(widget)), "click", "1")

    def hover(self, widget: str) -> None:
        """Move the mouse to the middle of a widget and leave it there."""
        self._xdotool("mousemove", *map(str, self._middle_of(widget)))

    def drag(self, widget: str, right: int, down: int) -> None:
        """Drag with the mouse from the middle of a widget, in steps, as a hand does."""
        x, y = self._middle_of(widget)
        self._xdotool("mousemove", str(x), str(y), "mousedown", "1")
        for share in (0.3, 0.6, 1.0):
            self._xdotool("mousemove", "--sync", str(x + round(right * share)), str(y + round(down * share)))
        self._xdotool("mouseup", "1")

    def _middle_of(self, widget: str) -> list[int]:
        find = f"w = {widget}; p = w.mapToGlobal(QPoint(w.width() // 2, w.height() // 2)); answer = [p.x(), p.y()]"
        place, before = self.run(find), None
        while place != before:
            time.sleep(0.4)
            place, before = self.run(find), place
        return place

    def press(self, key: str) -> None:
        """A real key press, such as Tab."""
        self._xdotool("key", key)

    def type(self, text: str) -> None:
        """Real key presses, into what has the focus."""
        self._xdotool("type", "--delay", "5", text)

    def screenshot(self, path: Path, widget: str = "") -> None:
        """The screen, or the part of it that shows a widget, as a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        area = "0, 0, -1, -1"
        if widget:
            area = (
                f"*(lambda w, p: (p.x(), p.y(), w.width(), w.height()))({widget}, {widget}.mapToGlobal(QPoint(0, 0)))"
            )
        saved = self.run(f"answer = QgsApplication.primaryScreen().grabWindow(0, {area}).save({str(path)!r})")
        if not saved:
            raise RuntimeError(f"no screenshot at {path}")

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": str(self._display)}, check=True)

    def _wait_for(self, path: Path, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not path.exists():
            ended = self._qgis is not None and self._qgis.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"QGIS {'ended' if ended else 'gave no answer'}\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)
