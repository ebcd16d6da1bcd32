"""What is known of a map feature or traffic sign, and the images that it was seen in, to be opened from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontInfo
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ....core.moments import moment
from ....core.viewing.detection import Detection
from ....core.viewing.facts import Fact, compass_point
from ....core.viewing.map_feature import MapFeature, SeenIn
from ...symbol_icon import symbol_icon
from .metadata_table import MetadataTable

_SYMBOL_SIZE = 32
"""Pixels."""

_MOST_ROWS = 500
_SMALL = 0.9
_NARROWEST_COLUMN = 20
_LOWEST_LIST = 80
_DISTANCE, _DATE, _PANORAMA, _OUTLINE = range(4)
_MEANINGS = (
    "Metres from the object",
    "Day on which the image was taken (UTC)",
    "Whether it is a panorama",
    "Whether the object's outline in it is known",
)
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_IMAGE_ID = Qt.ItemDataRole.UserRole
_LEAST_FACTS = 110
"""Pixels in height; the panel scrolls where there is no room."""


class FeaturePanel(QScrollArea):
    """`image_chosen` gives the id of the image to open, by a click or Enter in the list. What does not fit is scrolled
    to, so that long texts do not make QGIS' window grow.
    """

    image_chosen = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.symbolLabel = QLabel()
        self.nameLabel = _line()
        self.valueLabel = _line()
        self.seenLabel = _line()
        self.directionLabel = _line()
        self.countLabel = _line()
        self.imageList = _image_list()
        self.noteLabel = _line()
        self.factsTable = MetadataTable()
        self.factsTable.setMinimumHeight(_LEAST_FACTS)
        _make_bold(self.nameLabel)
        _make_small(self.valueLabel)
        _make_selectable(self.valueLabel)
        _make_small(self.imageList)
        self.imageList.itemClicked.connect(self._choose)
        self.imageList.installEventFilter(self)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._current = ""
        self._lay_out()
        self.say("")

    def show_feature(self, feature: MapFeature) -> None:
        """Show this one instead of what was there before."""
        symbol = symbol_icon(feature.value, _SYMBOL_SIZE)
        self.symbolLabel.setPixmap(symbol.pixmap(_SYMBOL_SIZE))
        self.symbolLabel.setVisible(not symbol.isNull())
        self.nameLabel.setText(feature.label)
        self.valueLabel.setText(feature.value)
        self.seenLabel.setText(_seen_text(feature.first_seen_at, feature.last_seen_at))
        _show_text(self.directionLabel, _direction_text(feature.direction))
        self.countLabel.setText(_count_text(len(feature.images)))
        self._show_images(feature.images[:_MOST_ROWS])
        self.say("")

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """All that the graph says of it, below the list, to be copied."""
        self.factsTable.show_facts(facts)

    def show_detections(self, detections: Mapping[str, Sequence[Detection]]) -> None:
        """Mark which images have an outline of the feature, by the ids of the images."""
        for image_id, row in self._rows.items():
            row.setText(_OUTLINE, "yes" if detections.get(image_id) else "no outline")

    def mark_current(self, image_id: str) -> None:
        """Mark the image that is open now; none where it is not in the list.

        The row that the keyboard is on stays while one moves in the list.
        """
        self._current = image_id
        for row_id, row in self._rows.items():
            font = row.font(_DISTANCE)
            font.setBold(row_id == image_id)
            for column in range(row.columnCount()):
                row.setFont(column, font)
        current = self._rows.get(image_id)
        if not self.imageList.hasFocus():
            self.imageList.setCurrentItem(current)
        if current is not None:
            self.imageList.scrollToItem(current)

    def say(self, text: str) -> None:
        """A sentence below the list, until another feature is shown; an empty one takes it away."""
        _show_text(self.noteLabel, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Called by Qt. Enter opens the row that the keyboard is on, at first the best, whatever the platform's style
        takes for activating a row.
        """
        if event.type() == QEvent.Type.KeyPress and event.key() in _ENTER:
            row = self.imageList.currentItem() or self.imageList.topLevelItem(0)
            self.imageList.setCurrentItem(row)
            self._choose(row)
            return True
        return super().eventFilter(watched, event)

    def _choose(self, row: QTreeWidgetItem) -> None:
        self.image_chosen.emit(row.data(_DISTANCE, _IMAGE_ID))

    def _show_images(self, images: Sequence[SeenIn]) -> None:
        self.imageList.clear()
        self._rows = {image.image_id: _row(image) for image in images}
        self.imageList.addTopLevelItems(list(self._rows.values()))
        self.imageList.setColumnHidden(_PANORAMA, not any(image.is_pano for image in images))
        self.imageList.setVisible(bool(images))
        self.mark_current(self._current)

    def _lay_out(self) -> None:
        title = QHBoxLayout()
        title.addWidget(self.symbolLabel)
        title.addWidget(self.nameLabel, 1)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(title)
        for label in (self.valueLabel, self.seenLabel, self.directionLabel, self.countLabel):
            layout.addWidget(label)
        layout.addWidget(self.imageList, 1)
        layout.addWidget(self.noteLabel)
        layout.addWidget(self.factsTable, 1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


def _line() -> QLabel:
    """For text of any length, shown as it is."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _make_bold(label: QLabel) -> None:
    font = label.font()
    font.setBold(True)
    label.setFont(font)


def _make_small(widget: QWidget) -> None:
    font = widget.font()
    font.setPointSizeF(QFontInfo(font).pointSizeF() * _SMALL)
    widget.setFont(font)


def _make_selectable(label: QLabel) -> None:
    """By mouse and keyboard."""
    flags = Qt.TextInteractionFlag
    label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
    label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    label.setToolTip("Mapillary's name for it")


def _image_list() -> QTreeWidget:
    images = QTreeWidget()
    images.setAccessibleName("Images that it was seen in")
    images.setHeaderLabels(["m", "Date", "360°", "Outline"])
    for column, meaning in enumerate(_MEANINGS):
        images.headerItem().setToolTip(column, meaning)
    images.setRootIsDecorated(False)
    images.setUniformRowHeights(True)
    images.setAllColumnsShowFocus(True)
    images.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    images.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    images.setMinimumHeight(_LOWEST_LIST)
    header = images.header()
    header.setSectionsMovable(False)
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(_NARROWEST_COLUMN)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(_OUTLINE, QHeaderView.ResizeMode.Stretch)
    return images


def _row(image: SeenIn) -> QTreeWidgetItem:
    row = QTreeWidgetItem()
    row.setData(_DISTANCE, _IMAGE_ID, image.image_id)
    row.setText(_DISTANCE, "?" if image.distance is None else f"{image.distance:,.0f}")
    row.setTextAlignment(_DISTANCE, Qt.AlignmentFlag.AlignRight)
    row.setText(_DATE, "unknown" if image.captured_at is None else _day(image.captured_at))
    row.setText(_PANORAMA, "360°" if image.is_pano else "")
    for column in range(_OUTLINE + 1):
        row.setToolTip(column, f"Image {image.image_id}")
    return row


def _show_text(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def _count_text(count: int) -> str:
    if not count:
        return "Mapillary names no image for it."
    images = "1 image" if count == 1 else f"{count:,} images"
    return f"Seen in {images}" if count <= _MOST_ROWS else f"Seen in {images}, the best {_MOST_ROWS} of which are:"


def _seen_text(first: Optional[int], last: Optional[int]) -> str:
    if first is not None and last is not None:
        days = dict.fromkeys((_day(first), _day(last)))
        return f"Seen {' – '.join(days)} (UTC)"
    if first is not None:
        return f"First seen {_day(first)} (UTC)"
    return "When it was seen is unknown." if last is None else f"Last seen {_day(last)} (UTC)"


def _day(milliseconds: int) -> str:
    return f"{moment(milliseconds):%Y-%m-%d}"


def _direction_text(direction: Optional[float]) -> str:
    if direction is None:
        return ""
    return f"Faces {round(direction) % 360}° ({compass_point(direction)})"
