"""The known values as a tree of groups with check boxes, and the search in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Optional

from qgis.PyQt.QtCore import QModelIndex, QObject, QSortFilterProxyModel, Qt, pyqtSignal
from qgis.PyQt.QtGui import QStandardItem, QStandardItemModel

from ...core.mapillary.map_feature_values import Entry, catalogue
from ...core.mapillary.schema import MAP_FEATURE_LAYERS, TRAFFIC_SIGN, SourceLayer
from ..symbol_icon import group_icon, symbol_icon

SYMBOL_SIZE = 24
"""Pixels."""

_VALUE, _LAYER, _TEXT = (Qt.ItemDataRole.UserRole + number for number in range(3))


class ValueModel(QStandardItemModel):
    """Groups, and in them the values. A group shows whether all, some or none of its values are checked."""

    checks_changed = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._values: dict[str, QStandardItem] = {}
        for layer in MAP_FEATURE_LAYERS:
            groups: dict[str, QStandardItem] = {}
            for entry in catalogue(layer):
                if entry.group not in groups:
                    groups[entry.group] = _group_item(layer, entry)
                item = self._values[entry.value] = _value_item(layer, entry)
                groups[entry.group].appendRow(item)
            for group in groups.values():
                self.appendRow(group)

    def checked(self, layers: Collection[SourceLayer]) -> list[str]:
        """The checked values of these source layers, in the order of the list."""
        return [
            value
            for value, item in self._values.items()
            if item.data(_LAYER) in layers and item.checkState() == Qt.CheckState.Checked
        ]

    def patterns(self, layers: Collection[SourceLayer]) -> list[str]:
        """As `checked`, but a group of signs that is checked as a whole is one pattern, `regulatory--*`."""
        patterns: list[str] = []
        for group in self._groups():
            values = [item.data(_VALUE) for item in _children(group) if item.checkState() == Qt.CheckState.Checked]
            if group.data(_LAYER) not in layers:
                continue
            whole = group.data(_VALUE)
            patterns += [whole] if whole and len(values) == group.rowCount() else values
        return patterns

    def values_of(self, pattern: str) -> list[str]:
        """What a pattern that `patterns` gives stands for; nothing for any other."""
        for group in self._groups():
            if pattern and pattern == group.data(_VALUE):
                return [item.data(_VALUE) for item in _children(group)]
        return [pattern] if pattern in self._values else []

    def check(self, values: Collection[str], is_checked: bool) -> None:
        """Check these values, or take their checks away, and leave the others."""
        state = Qt.CheckState.Checked if is_checked else Qt.CheckState.Unchecked
        for value in values:
            self._values[value].setCheckState(state)
        for group in self._groups():
            states = {item.checkState() for item in _children(group)}
            group.setCheckState(states.pop() if len(states) == 1 else Qt.CheckState.PartiallyChecked)
        self.checks_changed.emit()

    def _groups(self) -> Iterator[QStandardItem]:
        return _children(self.invisibleRootItem())


class ValueFilter(QSortFilterProxyModel):
    """Shows the values of some source layers whose name, label or group has all words that are searched for."""

    def __init__(self, model: ValueModel, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._model = model
        self._words: list[str] = []
        self._layers: Collection[SourceLayer] = MAP_FEATURE_LAYERS
        self.setRecursiveFilteringEnabled(True)
        self.setDynamicSortFilter(False)
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        """Show what has these words, in any order."""
        self._words = text.casefold().split()
        self.invalidateFilter()

    def set_layers(self, layers: Collection[SourceLayer]) -> None:
        """Show the values of these only."""
        self._layers = layers
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:  # noqa: N802
        index = self._model.index(row, 0, parent)
        if not parent.isValid() or index.data(_LAYER) not in self._layers:
            return False
        text = index.data(_TEXT)
        return all(word in text for word in self._words)

    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Turn a check box over. That of a group stands for those of its values that are shown."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        shown = [self.index(row, 0, index) for row in range(self.rowCount(index))] or [index]
        checked = Qt.CheckState.Checked
        is_checked = all(Qt.CheckState(one.data(Qt.ItemDataRole.CheckStateRole)) == checked for one in shown)
        self._model.check([one.data(_VALUE) for one in shown], not is_checked)
        return True


class _ValueItem(QStandardItem):
    """Its symbol is drawn when it comes into view, since most of the list never does."""

    def data(self, role: int = Qt.ItemDataRole.UserRole + 1) -> Any:
        if role == Qt.ItemDataRole.DecorationRole:
            return symbol_icon(super().data(_VALUE), SYMBOL_SIZE)
        return super().data(role)


def _children(item: QStandardItem) -> Iterator[QStandardItem]:
    return (item.child(row) for row in range(item.rowCount()))


def _group_item(layer: SourceLayer, entry: Entry) -> QStandardItem:
    is_sign = layer is TRAFFIC_SIGN
    item = _checkable(QStandardItem(f"{entry.group} signs" if is_sign else entry.group))
    item.setIcon(group_icon(entry.group))
    item.setData(layer, _LAYER)
    item.setData(f"{entry.value.split('--')[0]}--*" if is_sign else "", _VALUE)
    return item


def _value_item(layer: SourceLayer, entry: Entry) -> QStandardItem:
    item = _checkable(_ValueItem(entry.label))
    item.setToolTip(entry.value)
    item.setData(layer, _LAYER)
    item.setData(entry.value, _VALUE)
    item.setData(f"{entry.label} {entry.value} {entry.group}".casefold(), _TEXT)
    return item


def _checkable(item: QStandardItem) -> QStandardItem:
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Unchecked)
    return item
