"""The sheet of shortcuts (?, or Help): every key that does something, by menu, read off the menus
themselves so that it is never out of date, and what the keys do where no menu says it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.commands import Command
from gui.shortcut_lines import hand_written
from gui.theme import Theme
from gui.widgets.kinds import button, caps, label


class ShortcutSheet(QDialog):
    """All keys in two columns, with a field that filters them. Not modal."""

    def __init__(
        self, theme: Theme, commands: Callable[[], list[Command]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands = [one for one in commands() if one.keys] + hand_written()
        self.filter = QLineEdit(self)
        self._scroll = QScrollArea(self)
        self._lay_out()
        self.filter.textChanged.connect(self._show)
        self._show("")

    def rows(self) -> list[tuple[str, str]]:
        """What is shown now: words and keys."""
        return [(one.text, one.keys) for one in self._shown]

    def _lay_out(self) -> None:
        px = self._theme.px
        self.filter.setPlaceholderText(self.tr("Filter: a word, or keys such as Ctrl+R"))
        self.filter.setAccessibleName(self.tr("Filter shortcuts"))
        self.filter.setClearButtonEnabled(True)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Keyboard shortcuts"))
        close = button(self.tr("Close"), "primary")
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.addWidget(label(self.tr("Ctrl+K finds everything by its name."), "faint"), 1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(20), px(20), px(20), px(16))
        layout.setSpacing(px(12))
        layout.addWidget(self.filter)
        layout.addWidget(self._scroll, 1)
        layout.addLayout(bottom)
        self.resize(px(640), px(620))

    def _show(self, query: str) -> None:
        words = query.casefold().split()
        self._shown = [
            one
            for one in self._commands
            if all(word in f"{one.text} {one.keys} {one.note}".casefold() for word in words)
        ]
        page = QWidget()
        page.setProperty("kind", "page")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, self._theme.px(10), 0)
        grid.setColumnStretch(0, 1)
        grid.setVerticalSpacing(self._theme.px(7))
        row, group = 0, ""
        for one in self._shown:
            if one.note != group:
                group = one.note
                grid.setRowMinimumHeight(row, self._theme.px(12 if row else 0))
                grid.addWidget(caps(group), row + 1, 0, 1, 2)
                row += 2
            grid.addWidget(label(one.text, wrap=True), row, 0)
            grid.addWidget(label(one.keys, "mono"), row, 1, Qt.AlignmentFlag.AlignRight)
            row += 1
        if not self._shown:
            grid.addWidget(label(self.tr("No key does that."), "faint"), 0, 0)
        grid.setRowStretch(row + 1, 1)
        self._scroll.setWidget(page)
