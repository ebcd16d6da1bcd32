"""What was recognised in an image, by class, with boxes that say what is drawn on the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon
from qgis.PyQt.QtWidgets import QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ....core.moments import moment
from ....core.viewing.detection import Detection, colour
from ...symbol_icon import symbol_pixmap

_ID = Qt.ItemDataRole.UserRole
_LEAVING = {QEvent.Type.Leave, QEvent.Type.FocusOut}
_LONGEST_LINE = 200
_SYMBOL_SIZE = 18


class DetectionsList(QWidget):
    """A class that a person switches off, or folds up, stays so in the images that follow.

    `shown_changed` gives the detections whose boxes are ticked, when they change and for each new image. `hovered`
    gives the id of the detection that the mouse or the keyboard is on, empty where there is none.
    """

    shown_changed = pyqtSignal(list)
    hovered = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._detections: list[Detection] = []
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._switched_off: set[str] = set()
        self._folded: set[str] = set()
        self._hovered = ""
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.tree = _tree()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.note)
        layout.addWidget(self.tree, 1)
        layout.addStretch()
        self.setFocusProxy(self.tree)
        self.tree.itemChanged.connect(self._on_ticked)
        self.tree.itemCollapsed.connect(self._on_folded)
        self.tree.itemExpanded.connect(self._on_unfolded)
        self.tree.itemEntered.connect(self._on_entered)
        self.tree.viewportEntered.connect(self._on_left)
        self.tree.currentItemChanged.connect(self._on_entered)
        self.tree.installEventFilter(self)
        self.tree.viewport().installEventFilter(self)
        self.say("")

    def show_detections(self, detections: Sequence[Detection]) -> None:
        """List these, and no others; without any, say so."""
        self._detections = list(detections)
        self._rows = {}
        by_value: dict[str, list[Detection]] = {}
        for detection in self._detections:
            by_value.setdefault(detection.value, []).append(detection)
        with QSignalBlocker(self.tree):
            self.tree.clear()
            for value in sorted(by_value, key=lambda value: (by_value[value][0].label, value)):
                self._add_group(value, by_value[value])
        self.say("" if self._detections else "Nothing was recognised in this image.")
        self._hover("")
        self.shown_changed.emit(self.shown())

    def say(self, text: str) -> None:
        """A sentence above the list; an empty one takes no room."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.tree.setVisible(bool(self._detections) or not text)

    def shown(self) -> list[Detection]:
        """Those whose boxes are ticked, in the order in which they came."""
        ticked = Qt.CheckState.Checked
        return [one for one in self._detections if self._rows[one.detection_id].checkState(0) == ticked]

    def highlight(self, detection_id: str) -> None:
        """Select the row of a detection, or of its class where that is folded up; an empty or unknown id: none."""
        row = self._rows.get(detection_id)
        with QSignalBlocker(self.tree):
            if row is None:
                self.tree.clearSelection()
                return
            if not row.parent().isExpanded():
                row = row.parent()
            self.tree.setCurrentItem(row)
            self.tree.scrollToItem(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Called by Qt."""
        if event.type() in _LEAVING:
            self._hover("")
        return super().eventFilter(watched, event)

    def _add_group(self, value: str, detections: list[Detection]) -> None:
        label, count = detections[0].label, len(detections)
        group = _row(label, value, [label, value])
        group.setData(0, Qt.ItemDataRole.DecorationRole, QColor(*colour(value)))
        group.setText(1, f"{count:,}")
        symbol = symbol_pixmap(value, _SYMBOL_SIZE)
        if symbol is not None:
            group.setIcon(1, QIcon(symbol))
        self.tree.addTopLevelItem(group)
        is_ticked = value not in self._switched_off
        for number, detection in enumerate(detections, 1):
            row = _row(f"{number:,} of {count:,}", detection.detection_id, [label, value, *_origin(detection)])
            row.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{label}, {row.text(0)}")
            self._rows[detection.detection_id] = row
            row.setCheckState(0, Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
            group.addChild(row)
        group.setCheckState(0, _common_state(group))
        if count == 1:
            group.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator)
            group.setToolTip(0, group.child(0).toolTip(0))
        group.setExpanded(count > 1 and value not in self._folded)

    def _on_ticked(self, changed: QTreeWidgetItem) -> None:
        group = changed.parent() or changed
        with QSignalBlocker(self.tree):
            if changed is group:
                for row in _children(group):
                    row.setCheckState(0, group.checkState(0))
            group.setCheckState(0, _common_state(group))
        if group.checkState(0) == Qt.CheckState.Unchecked:
            self._switched_off.add(group.data(0, _ID))
        else:
            self._switched_off.discard(group.data(0, _ID))
        self.shown_changed.emit(self.shown())

    def _on_folded(self, group: QTreeWidgetItem) -> None:
        self._folded.add(group.data(0, _ID))

    def _on_unfolded(self, group: QTreeWidgetItem) -> None:
        self._folded.discard(group.data(0, _ID))

    def _on_entered(self, row: Optional[QTreeWidgetItem]) -> None:
        """A class with only one detection stands for it."""
        if row is not None and row.childCount() == 1:
            row = row.child(0)
        self._hover(row.data(0, _ID) if row is not None and row.parent() is not None else "")

    def _on_left(self) -> None:
        self._hover("")

    def _hover(self, detection_id: str) -> None:
        if detection_id != self._hovered:
            self._hovered = detection_id
            self.hovered.emit(detection_id)


def _tree() -> QTreeWidget:
    """Two columns, class and count, of which the first gives way."""
    tree = QTreeWidget()
    tree.setAccessibleName("Detections")
    tree.setAccessibleDescription("Ticked detections are drawn on the picture.")
    tree.setColumnCount(2)
    tree.setHeaderHidden(True)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(1)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    tree.setUniformRowHeights(True)
    tree.setIndentation(16)
    tree.setIconSize(QSize(_SYMBOL_SIZE, _SYMBOL_SIZE))
    tree.setMouseTracking(True)
    return tree


def _row(text: str, row_id: str, tip: list[str]) -> QTreeWidgetItem:
    row = QTreeWidgetItem([text])
    row.setData(0, _ID, row_id)
    row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
    row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    row.setToolTip(0, "<qt>" + "<br>".join(escape(line[:_LONGEST_LINE]) for line in tip) + "</qt>")
    return row


def _origin(detection: Detection) -> list[str]:
    """Its id, and the day on which it was recognised."""
    lines = [f"Detection {detection.detection_id}"]
    if detection.created_at is not None:
        lines.append(f"Recognised on {moment(detection.created_at):%Y-%m-%d}")
    return lines


def _children(group: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
    return (group.child(number) for number in range(group.childCount()))


def _common_state(group: QTreeWidgetItem) -> Qt.CheckState:
    states = {row.checkState(0) for row in _children(group)}
    return states.pop() if len(states) == 1 else Qt.CheckState.PartiallyChecked
