"""What was attached to a sent message, to read: the very text that the model was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTabBar, QVBoxLayout, QWidget

from gui.chat.attach_page_text import PageText
from gui.chat.attach_words import sent_line, short_name
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.escape import claim_escape
from gui.widgets.kinds import button, label


class AttachedView(QFrame):
    """One tab per attachment, its text below, and the way back."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: list[dict[str, Any]] = []
        self.back = button(tr("Back to the chat"), "quiet", tr("Back to the conversation (Esc)"))
        self.tabs = QTabBar(self)
        self.facts = label("", "dim", wrap=True)
        self.page = PageText(theme, self)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.tabs, 1)
        layout = self._column = QVBoxLayout(self)
        for part in (row, self.facts, self.page):
            layout.addLayout(part) if isinstance(part, QHBoxLayout) else layout.addWidget(part)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName(tr("Attached to the message"))
        self.back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("kind", "work")
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.back.clicked.connect(self.closed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def open(self, attachments: Sequence[dict[str, Any]]) -> None:
        """Show a message's attachments, the first in front."""
        self._shown = []
        while self.tabs.count():
            self.tabs.removeTab(0)
        self._shown = list(attachments)
        for one in self._shown:
            self.tabs.addTab(short_name(str(one.get("name", ""))).replace("&", "&&"))
        self._on_tab_changed(0)

    @Slot(int)
    def _on_tab_changed(self, index: int) -> None:
        if not 0 <= index < len(self._shown):
            return
        attachment = self._shown[index]
        note = str(attachment.get("note", ""))
        facts = [sent_line([attachment]), f"{note[:1].upper()}{note[1:]}." if note else ""]
        self.facts.setText("\n".join(fact for fact in facts if fact))
        self.page.show_page(str(attachment.get("text", "")))

    @Slot()
    def _on_theme_changed(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(10), px(16), px(14))
        self.back.setIcon(icon("chevron-left", self._theme.palette.text_dim))

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
