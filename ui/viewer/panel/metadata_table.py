"""What is known of an image or a map feature as a table that can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Optional

from qgis.PyQt.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import (
    QContextMenuEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPalette,
    QResizeEvent,
)
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ....core.viewing.facts import Fact, as_json

_TITLE, _TEXT = range(2)
_ROOM = 6
"""Pixels."""

_OPEN_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class FactsModel(QAbstractTableModel):
    """A row for each fact: its title, and its text; links in QGIS' colour for them, which style sheets keep from the
    palettes of widgets.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.facts: tuple[Fact, ...] = ()

    def show(self, facts: Sequence[Fact]) -> None:
        """Have these rows in place of the others."""
        self.beginResetModel()
        self.facts = tuple(facts)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.facts)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 2

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        fact = self.facts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return fact.title if index.column() == _TITLE else fact.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tool_tip(fact, index.column())
        if fact.link is not None and index.column() == _TEXT:
            return _look_of_link(role)
        return None


class _RoomBetweenRows(QStyledItemDelegate):
    """In place of a grid, so that one sees where a row of several lines ends."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        """Called by Qt."""
        return super().sizeHint(option, index) + QSize(0, _ROOM)


class MetadataTable(QTableView):
    """Texts come from a server and are shown as they are, never read as markup.

    `link_activated` gives the address behind a text that was clicked, or on which Enter was pressed.
    """

    link_activated = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._model = FactsModel(self)
        self.setModel(self._model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setItemDelegate(_RoomBetweenRows(self))
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(1)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Metadata")
        self.entered.connect(self._point_at)
        self.viewportEntered.connect(self._point_at_nothing)
        self.clicked.connect(self._click)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these; the row of the same name stays the current one, and the view where it was scrolled to."""
        current, scrolled = self._current(), self.verticalScrollBar().value()
        self._model.show(facts)
        self._fit()
        names = [fact.name for fact in facts]
        if current is not None and current.name in names:
            self.setCurrentIndex(self._model.index(names.index(current.name), _TEXT))
        self.verticalScrollBar().setValue(scrolled)

    def copy_value(self) -> None:
        """Take the text of the current row to the clipboard; nothing where no row is the current one."""
        current = self._current()
        if current is not None:
            QGuiApplication.clipboard().setText(current.text)

    def copy_row(self) -> None:
        """Take title, tabulator and text of the selected rows, or else of the current one, to the clipboard."""
        facts = self._selected() or [fact for fact in [self._current()] if fact is not None]
        if facts:
            QGuiApplication.clipboard().setText("\n".join(f"{fact.title}\t{fact.text}" for fact in facts))

    def copy_json(self) -> None:
        """Take all facts to the clipboard as JSON."""
        QGuiApplication.clipboard().setText(as_json(self._model.facts))

    def event(self, event: QEvent) -> bool:
        """Copying is done here while the table has the focus, whatever else QGIS has on the same keys."""
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Copy):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Called by Qt."""
        current = self._current()
        if event.matches(QKeySequence.StandardKey.Copy):
            if len(self._selected()) > 1:
                self.copy_row()
            else:
                self.copy_value()
        elif event.key() in _OPEN_KEYS and current is not None and current.link is not None:
            self.link_activated.emit(current.link)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Called by Qt, for the mouse and for the menu key."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        current = self._current()
        if current is not None and current.link is not None:
            link = current.link
            menu.addAction("Open in the browser").triggered.connect(lambda: self.link_activated.emit(link))
            menu.addSeparator()
        if current is not None:
            menu.addAction("Copy value").triggered.connect(self.copy_value)
            menu.addAction("Copy rows" if len(self._selected()) > 1 else "Copy row").triggered.connect(self.copy_row)
        menu.addAction("Copy all as JSON").triggered.connect(self.copy_json)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Called by Qt."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The titles as wide as they are, but no wider than half; what does not fit goes on in the next line."""
        width = self.viewport().width()
        titles = min(self.sizeHintForColumn(_TITLE), width // 2)
        self.setColumnWidth(_TITLE, titles)
        self.setColumnWidth(_TEXT, width - titles)
        self.resizeRowsToContents()

    def _current(self) -> Optional[Fact]:
        index = self.currentIndex()
        return self._model.facts[index.row()] if index.isValid() else None

    def _selected(self) -> list[Fact]:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._model.facts[row] for row in rows]

    def _link_at(self, index: QModelIndex) -> Optional[str]:
        return self._model.facts[index.row()].link if index.column() == _TEXT else None

    def _click(self, index: QModelIndex) -> None:
        link = self._link_at(index)
        if link is not None and len(self._selected()) == 1:
            self.link_activated.emit(link)

    def _point_at(self, index: QModelIndex) -> None:
        if self._link_at(index) is None:
            self._point_at_nothing()
        else:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def _point_at_nothing(self) -> None:
        self.viewport().unsetCursor()


def _tool_tip(fact: Fact, column: int) -> str:
    """Rich text, as only that is broken into lines; what was written as markup is escaped."""
    shown = fact.title if column == _TITLE else fact.text
    lines = [shown, fact.link] if column == _TEXT and fact.link is not None else [shown]
    return f"<qt>{'<br>'.join(escape(line) for line in lines)}</qt>"


def _look_of_link(role: int) -> Any:
    if role == Qt.ItemDataRole.ForegroundRole:
        return QGuiApplication.palette().brush(QPalette.ColorRole.Link)
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setUnderline(True)
        return font
    return None
