"""The buttons and keys that walk along the sequence."""

from __future__ import annotations

from functools import partial
from typing import Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ....core.viewing.street_image import StreetImage
from ...background import Background
from ..loading.image_load import ImageLoad
from ..loading.sequence_walk import SequenceWalk
from .image_panel import ImagePanel

PLAY_MS = 1200
"""How long an image stands while the sequence is played."""


class WalkButtons(QObject):
    """`wanted` gives the id of the image to go to, `changed` fires when other neighbours can be loaded ahead."""

    wanted = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(self, panel: ImagePanel, background: Background) -> None:
        super().__init__(panel)
        self._panel = panel
        self._walk = SequenceWalk(background, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PLAY_MS)
        self._timer.timeout.connect(partial(self._step, 1))
        self._pixels = 0
        self._painted = QTimer(self)
        self._painted.setSingleShot(True)
        self._painted.timeout.connect(lambda: self._walk.load_ahead(self._pixels))
        self._walk.changed.connect(self._show)
        panel.previousAction.triggered.connect(lambda: self._step(-1))
        panel.nextAction.triggered.connect(lambda: self._step(1))
        panel.firstAction.triggered.connect(lambda: self._go(self._walk.end_id(is_last=False)))
        panel.lastAction.triggered.connect(lambda: self._go(self._walk.end_id(is_last=True)))
        panel.playAction.toggled.connect(self._on_play)
        self._show()

    def be_at(self, image: StreetImage) -> None:
        """This image is shown now."""
        self._walk.be_at(image)

    def take(self, image_id: str) -> Optional[ImageLoad]:
        """What was loaded ahead of an image."""
        return self._walk.take(image_id)

    def left(self, load: ImageLoad) -> None:
        """Another image is about to be shown than this one, which may be next to it."""
        self._walk.left(load)

    def go_on(self, pixels: int) -> None:
        """The shown image is complete: load its neighbours, once it is painted, and play on."""
        self._pixels = pixels
        self._painted.start(0)
        if self._panel.playAction.isChecked() and not self._timer.isActive():
            self._timer.start()

    def rest(self, is_step: bool) -> None:
        """Another image was asked for; playing goes on from there. Unless it `is_step`, what is loaded ahead would only
        be in its way.
        """
        self._timer.stop()
        self._painted.stop()
        if not is_step:
            self._walk.drop_ahead()

    def pass_over(self, image_id: str) -> bool:
        """Go on behind an image that was deleted; whether that can be."""
        following = self._walk.pass_over(image_id)
        self._go(following)
        return following is not None

    def pause(self) -> None:
        """Play no further."""
        self._panel.playAction.setChecked(False)

    def stop(self) -> None:
        """No image is shown."""
        self.pause()
        self._painted.stop()
        self._walk.stop()
        self._show()

    def _step(self, step: int) -> None:
        self._go(self._walk.next_id(step))

    def _go(self, image_id: Optional[str]) -> None:
        if image_id is None:
            self.pause()
        else:
            self.wanted.emit(image_id)

    def _on_play(self, is_on: bool) -> None:
        self._timer.stop()
        if is_on:
            self._step(1)

    def _show(self) -> None:
        walk, panel = self._walk, self._panel
        for actions, image_id in (
            ((panel.previousAction,), walk.next_id(-1)),
            ((panel.nextAction, panel.playAction), walk.next_id(1)),
            ((panel.firstAction,), walk.end_id(is_last=False)),
            ((panel.lastAction,), walk.end_id(is_last=True)),
        ):
            for action in actions:
                action.setEnabled(image_id is not None)
        panel.show_position(walk.position(), walk.problem)
        self.changed.emit()
