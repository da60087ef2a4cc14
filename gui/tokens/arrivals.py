"""Texts and prompts that come from other rooms, and the line that leads back to where they came
from: “from chat … — back”, above the page that shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.icons import icon
from gui.tokens.from_chat import (
    OPEN_MESSAGE,
    OPEN_PROMPT,
    OPEN_TEXT,
    OPEN_TOKENIZER,
    ChatPrompt,
    Origin,
)
from gui.tokens.words import tr
from gui.widgets.kinds import button, icon_button, label

if TYPE_CHECKING:
    from gui.context import AppContext
    from gui.tokens.room import TokensRoom

LONGEST_TITLE = 60


class Arrivals(QObject):
    """Made by the room. Remembers for each page what it shows came from."""

    def __init__(self, context: AppContext, room: TokensRoom) -> None:
        super().__init__(room)
        self._context, self._room = context, room
        self._origins: dict[str, Origin] = {}
        self._page = ""
        self.line = OriginLine(context, room)
        self.line.back.clicked.connect(self._on_back)
        self.line.forget.clicked.connect(self._on_forget)
        context.openers[OPEN_TEXT] = self.open_text
        context.openers[OPEN_PROMPT] = self.open_prompt
        context.openers[OPEN_TOKENIZER] = self.open_tokenizer
        room.state.text_changed.connect(self._on_text_changed)

    def open_text(self, text: str, origin: Origin) -> None:
        """Look at a message's text."""
        self._origins["text"] = origin
        state = self._room.state
        if origin.is_private:
            state.is_private = True
        else:
            state.end_private()
        self._room.parts.show_text(text)
        self.show_for("text")

    def open_tokenizer(self, path: str) -> None:
        """Look at the text with another tokenizer."""
        self._room.chooser.use(path)

    def open_prompt(self, prompt: ChatPrompt) -> None:
        """Look at a whole chat through its model's template."""
        from gui.tokens.chat_page import ChatPage

        self._origins["chat"] = prompt.origin
        self._room.show_page("chat")
        page = self._room.page_of("chat")
        assert isinstance(page, ChatPage), page
        page.take(prompt)
        self.show_for("chat")

    def show_for(self, page: str) -> None:
        """Another page is looked at."""
        self._page = page
        self.line.show_origin(self._origins.get(page))

    @Slot()
    def _on_back(self) -> None:
        origin = self._origins.get(self._page)
        if origin is not None:
            self._context.rooms[origin.room]()
            if origin.room == "chat":
                self._context.openers[OPEN_MESSAGE](origin.chat_id, origin.message_id)

    @Slot()
    def _on_forget(self) -> None:
        self._origins.pop(self._page, None)
        self.line.show_origin(None)

    @Slot()
    def _on_text_changed(self) -> None:
        """A field that was emptied holds nothing private any more."""
        state = self._room.state
        if state.is_private and not state.document.n_bytes:
            state.end_private()


class OriginLine(QFrame):
    """The words, a button back, one to take the line away."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setProperty("kind", "header")
        self.words = label("", "dim")
        self.back = button(tr("Back"), "link", tr("Back to where it came from"))
        self.forget = icon_button(tr("Take this line away"))
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.words)
        self._row.addWidget(self.back)
        self._row.addStretch(1)
        self._row.addWidget(self.forget)
        context.theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def show_origin(self, origin: Origin | None) -> None:
        self.setVisible(origin is not None)
        if origin is not None:
            title = origin.title or tr("New chat")
            cut = title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE] + "…"
            whence = tr("from chat “{title}” —") if origin.room == "chat" else tr("from {title} —")
            words = whence.format(title=cut)
            private = tr("from a temporary chat (nothing of it is written to the disk) —")
            self.words.setText(private if origin.is_private else words)

    @Slot()
    def _dress(self) -> None:
        px = self._context.theme.px
        self._row.setContentsMargins(px(16), px(2), px(8), px(2))
        self._row.setSpacing(px(4))
        self.forget.setIcon(icon("close", self._context.theme.palette.text_dim))
