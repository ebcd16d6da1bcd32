"""The panel's widgets: the picture or what stands in its place, the credit, and the tabs below."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.gui import QgsMapCanvas
from qgis.PyQt import uic
from qgis.PyQt.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QImage, QKeySequence, QPalette, QResizeEvent
from qgis.PyQt.QtWidgets import QAction, QApplication, QMenu, QToolButton, QWidget

from ....core.mapillary.image_link import profile_link
from ....core.mapillary.licence import LICENCE, LICENCE_LINK
from ....core.moments import moment
from ....core.viewing import panorama
from ....core.viewing.street_image import StreetImage
from ...picture import Picture
from .detections_list import DetectionsList
from .feature_panel import FeaturePanel
from .flat_view import FlatView
from .metadata_table import MetadataTable
from .panorama_view import PanoramaView
from .picture_view import PictureView
from .states import State

_UNKNOWN_CAMERA = "Camera type “{}” is not known here, so the picture is shown as an ordinary photo."
_FLAT_PANORAMA = "This panorama is shown flat: looking around in it needs the Python package numpy."
_ICON_PIXELS = 18
_PICTURE_SHARE = (3, 2)
_WIDE = 1.3
"""Times as wide as high."""

_FEATURE_TAB = "Map feature"


class ImagePanel(QWidget):
    """`resized` fires when the picture has another width; `state_action` when the button of a state is pressed."""

    resized = pyqtSignal()
    state_action = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._credited: Optional[StreetImage] = None
        uic.loadUi(str(Path(__file__).with_suffix(".ui")), self)
        self.flatView, self.panoramaView = FlatView(), PanoramaView()
        for view in self.views:
            self.stack.addWidget(view)
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.metadataTable, self.detectionsList, self.featurePanel = MetadataTable(), DetectionsList(), FeaturePanel()
        self.action = ""
        """Of the state that is shown."""
        self._captured = self._position = self._problem = ""
        self.tabs.addTab(self.metadataTable, "Metadata")
        self.tabs.addTab(self.detectionsList, "Detections")
        self.tabs.addTab(self.featurePanel, _FEATURE_TAB)
        for index, share in enumerate(_PICTURE_SHARE):
            self.splitter.setStretchFactor(index, share)
        self._add_actions()
        self._order_by_tab()
        self.show_feature_tab(False)
        self.stateButton.clicked.connect(lambda: self.state_action.emit(self.action))
        for view in self.views:
            view.hovered.connect(self.detectionsList.highlight)
            self.detectionsList.hovered.connect(view.highlight)
            self.detectionsList.shown_changed.connect(view.show_detections)

    @property
    def views(self) -> tuple[PictureView, PictureView]:
        """The one for photos and the one for panoramas."""
        return self.flatView, self.panoramaView

    def show_state(self, state: State) -> None:
        """Show this in place of the picture."""
        self.titleLabel.setText(state.title)
        self.textLabel.setText(state.text)
        self.busyBar.setVisible(state.is_busy)
        self.action = state.action
        self.stateButton.setText(state.button)
        self.stateButton.setVisible(bool(state.action))
        self.stack.setCurrentWidget(self.statePage)
        self.say("")

    def show_image(self, image: Optional[StreetImage]) -> None:
        """Credit the image that is shown, None where none is; pictures of others are let go of."""
        self.empty_picture()
        self.creditLabel.setVisible(image is not None)
        self._credited = image
        self._show_credit()
        for action in self._actions_of_image:
            action.setEnabled(image is not None)
        self._captured = _captured(image) if image else ""
        self._show_when()

    def empty_picture(self) -> None:
        """Draw no picture, and let go of it."""
        self.flatView.set_picture(QImage())
        self.panoramaView.set_picture(QImage(), None)

    def show_position(self, text: str, problem: str) -> None:
        """Where in its sequence the image is, such as `12 of 240`, or why nobody knows."""
        self._position, self._problem = text, problem
        self._show_when()

    def show_picture(self, image: StreetImage, picture: Picture, is_same: bool) -> None:
        """`is_same`: it is another size of the picture that is shown."""
        self.action = ""
        if image.is_pano and panorama.is_available():
            self.panoramaView.set_picture(picture.image, image.heading)
            self.stack.setCurrentWidget(self.panoramaView)
            self.say("")
            return
        self.flatView.set_picture(picture.image, is_same)
        self.stack.setCurrentWidget(self.flatView)
        if image.is_pano:
            self.say(_FLAT_PANORAMA)
        else:
            self.say("" if image.has_known_camera else _UNKNOWN_CAMERA.format(image.camera_type))

    def show_feature_tab(self, is_shown: bool) -> None:
        """The tab of the map feature is there while somebody looks at one, and then in front."""
        index = self.tabs.indexOf(self.featurePanel)
        if is_shown and index < 0:
            self.tabs.addTab(self.featurePanel, _FEATURE_TAB)
        if is_shown:
            self.tabs.setCurrentWidget(self.featurePanel)
        elif index >= 0:
            # Qt hides single tabs from 5.15 on only.
            self.tabs.removeTab(index)

    def say(self, text: str) -> None:
        """A sentence below the picture; without one its line goes away."""
        self.noteLabel.setText(text)
        self.noteLabel.setVisible(bool(text))

    def focus_picture(self) -> None:
        """So that the arrow keys walk; it is not taken from whom is busy elsewhere than on the map."""
        focused, tab = QApplication.focusWidget(), self.tabs.currentWidget()
        is_in_tab = focused is tab or tab.isAncestorOf(focused)
        if focused is None or isinstance(focused, QgsMapCanvas) or (self.isAncestorOf(focused) and not is_in_tab):
            self.stack.currentWidget().setFocus()

    def shows_panorama(self) -> bool:
        """Whether somebody looks into a panorama."""
        return bool(self.stack.currentWidget() is self.panoramaView)

    def has_picture(self) -> bool:
        """Whether a picture is shown, and no state."""
        return bool(self.stack.currentWidget() is not self.statePage)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Called by Qt. Where the panel is wide, what is known of the image stands beside the picture."""
        super().resizeEvent(event)
        is_wide = self.width() > _WIDE * self.height()
        orientation = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if orientation != self.splitter.orientation():
            self.splitter.setOrientation(orientation)
            self.splitter.setSizes([share * max(self.width(), self.height()) for share in _PICTURE_SHARE])
        self.resized.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Called by Qt. Of two actions on the same key, as QGIS has them on those to copy, paste and save, neither is
        done; so while the focus is in the picture these keys are its own.
        """
        if event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            action = next((action for key, action in self._shared_keys if event.matches(key)), None)
            if action is not None and action.isEnabled():
                event.accept()
                if event.type() == QEvent.Type.KeyPress:
                    action.trigger()
                return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Called by Qt; after a change of QGIS' theme too."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and self._credited is not None:
            self._show_credit()

    def _show_credit(self) -> None:
        self.creditLabel.setText(self._credit(self._credited) if self._credited else "")

    def _credit(self, image: StreetImage) -> str:
        """Creator, licence and Mapillary, each with its link; names are from the server, and labels read markup."""
        facts = image.facts
        creator = escape(facts.creator)
        if facts.username:
            creator = self._link(profile_link(facts.username), creator)
        return f"© {creator}, {self._link(facts.link, 'Mapillary')}, {self._link(LICENCE_LINK, LICENCE)}"

    def _link(self, address: str, text: str) -> str:
        """In the colour of other text: themes of QGIS do not all have one for links."""
        colour = self.creditLabel.palette().color(QPalette.ColorRole.WindowText).name()
        return f'<a href="{escape(address)}" style="color: {colour}">{text}</a>'

    def _show_when(self) -> None:
        position = f"{self._position} in its sequence" if self._position else self._problem
        text = " · ".join(filter(None, (self._captured, position)))
        self.whenLabel.setText(text if self._captured else "")
        self.whenLabel.setVisible(bool(self._captured))

    def _add_actions(self) -> None:
        self.toolBar.setIconSize(QSize(_ICON_PIXELS, _ICON_PIXELS))
        keys, standard = Qt.Key, QKeySequence.StandardKey
        self.firstAction = self._action_of("mActionAtlasFirst.svg", "First image of the sequence", keys.Key_Home)
        self.previousAction = self._action_of("mActionAtlasPrev.svg", "Previous image", keys.Key_Left)
        self.playAction = self._action_of("mActionPlay.svg", "Play the sequence", keys.Key_Space, True)
        self.nextAction = self._action_of("mActionAtlasNext.svg", "Next image", keys.Key_Right)
        self.lastAction = self._action_of("mActionAtlasLast.svg", "Last image of the sequence", keys.Key_End)
        self.detectionsAction = self._action_of(
            "mActionCapturePolygon.svg", "Draw what was recognised", keys.Key_R, True
        )
        self.pasteAction = self._action_of("mActionEditPaste.svg", "Open the image in the clipboard", standard.Paste)
        self.originalAction = self._action_of("mActionZoomActual.svg", "Load the original picture", keys.Key_O)
        self.copyAction = self._action_of("mActionEditCopy.svg", "Copy the picture", standard.Copy)
        self.saveAction = self._action_of("mActionFileSave.svg", "Save the picture with its credit…", standard.Save)
        self.copyIdAction = self._action_of("mIconFieldText.svg", "Copy the id of the image")
        self.copyJsonAction = self._action_of("mActionOpenTableVisible.svg", "Copy all metadata as JSON")
        self.browseAction = self._action_of("mActionAddWmsLayer.svg", "Open in Mapillary")
        walk = (self.firstAction, self.previousAction, self.playAction, self.nextAction, self.lastAction)
        of_picture = (self.originalAction, self.copyAction, self.saveAction)
        of_image = (self.pasteAction, self.copyIdAction, self.copyJsonAction, self.browseAction)
        self.toolBar.addActions(walk)
        self.toolBar.addSeparator()
        self.toolBar.addAction(self.detectionsAction)
        menu = QMenu(self)
        menu.addActions(of_picture)
        menu.addSeparator()
        menu.addActions(of_image)
        self.moreButton = QToolButton(self.toolBar)
        self.moreButton.setText("More")
        self.moreButton.setMenu(menu)
        self.moreButton.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.toolBar.addWidget(self.moreButton)
        self._shared_keys = (
            (standard.Paste, self.pasteAction),
            (standard.Copy, self.copyAction),
            (standard.Save, self.saveAction),
        )
        self.pictureBox.installEventFilter(self)
        self._actions_of_image = (*of_picture, self.copyIdAction, self.copyJsonAction, self.browseAction)
        for view in self.views:
            view.addActions([*walk, self._line(), self.detectionsAction, *of_picture, self._line(), *of_image])

    def _line(self) -> QAction:
        """Between groups of a menu."""
        line = QAction(self)
        line.setSeparator(True)
        return line

    def _order_by_tab(self) -> None:
        """As one sees them, from the top."""
        above = (self.moreButton, self.textLabel, self.stateButton, *self.views, self.creditLabel, self.tabs)
        for before, after in zip(above, above[1:]):
            self.setTabOrder(before, after)

    def _action_of(self, icon: str, text: str, key: Optional[Any] = None, is_checkable: bool = False) -> QAction:
        """Its key works where the focus is in the picture."""
        action = QAction(QgsApplication.getThemeIcon(f"/{icon}"), text, self)
        action.setCheckable(is_checkable)
        if key is not None:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setToolTip(f"{text} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
            self.pictureBox.addAction(action)
        return action


def _captured(image: StreetImage) -> str:
    captured_at = image.facts.captured_at
    if captured_at is None:
        return "Date not known"
    return f"{moment(captured_at):%Y-%m-%d %H:%M} UTC"
