"""QGIS' date widget, made to take days as people type them."""

from __future__ import annotations

from datetime import date
from typing import Optional

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import QDate, QEvent
from qgis.PyQt.QtGui import QFocusEvent, QKeyEvent
from qgis.PyQt.QtWidgets import QDateTimeEdit, QWidget


class DayEdit(QgsDateEdit):
    """A day or none, as `2024-05-31`.

    Qt goes on to the month by itself after four digits of a year, and then takes the hyphen as one more step; QGIS
    shows today where no day is set, and ignores what is typed over it.
    """

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setDisplayFormat("yyyy-MM-dd")
        self.setNullRepresentation("any day")
        self.setAllowNull(True)
        self.clear()

    def day(self) -> Optional[date]:
        """The day, None where none is set."""
        day = self.date()
        return None if self.isNull() or not day.isValid() else date(day.year(), day.month(), day.day())

    def set_day(self, day: Optional[date]) -> None:
        """Set a day, or none."""
        if day is None:
            self.clear()
        else:
            self.setDate(QDate(day.year, day.month, day.day))

    def clear(self) -> None:
        """Set no day, and show that: QGIS would leave today's date standing until the focus goes."""
        super().clear()
        if not self.hasFocus():
            self.focusOutEvent(QFocusEvent(QEvent.Type.FocusOut))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.text() == "-" and self.lineEdit().hasSelectedText():
            return
        if event.text().isdigit() and self.isNull():
            self.setDate(QDate.currentDate())
            self.setSelectedSection(QDateTimeEdit.Section.YearSection)
        super().keyPressEvent(event)
