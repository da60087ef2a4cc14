"""The few-shot helper's tables: filled, read, and how they look."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QTableWidget, QTableWidgetItem

from gui.theme import Theme


def fill(table: QTableWidget, fields: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show rows under these headings; short rows are filled up."""
    table.setColumnCount(len(fields))
    table.setRowCount(len(rows))
    table.setHorizontalHeaderLabels(list(fields))
    for at, row in enumerate(rows):
        for column in range(len(fields)):
            table.setItem(at, column, QTableWidgetItem(row[column] if column < len(row) else ""))


def cells(table: QTableWidget) -> list[list[str]]:
    """What stands in a table, row by row."""

    def text(row: int, column: int) -> str:
        item = table.item(row, column)
        return item.text() if item is not None else ""

    columns = range(table.columnCount())
    return [[text(row, column) for column in columns] for row in range(table.rowCount())]


def add_row(table: QTableWidget) -> QTableWidgetItem:
    """One more empty row; its first cell."""
    row = table.rowCount()
    table.insertRow(row)
    items = [QTableWidgetItem("") for _ in range(table.columnCount())]
    for column, item in enumerate(items):
        table.setItem(row, column, item)
    return items[0]


def table_look(theme: Theme) -> str:
    """The style sheet of such a table."""
    palette, px = theme.palette, theme.px
    return (
        f"QTableWidget {{ background: {palette.pane}; border: 1px solid {palette.line};"
        f" border-radius: {px(8)}px; gridline-color: {palette.line}; }}"
        f"QTableWidget::item {{ padding: 0 {px(5)}px; }}"
        f"QTableWidget QLineEdit {{ border-radius: 0; padding: 0 {px(5)}px; min-height: 0; }}"
    )
