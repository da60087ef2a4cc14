"""The right half of the chat page: what the messages become, as bands of tokens, with the figures
and what can be copied. Shows; asks nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.process.messages import ChatMessage
from gui.theme import Theme
from gui.tokens.chat_result import ChatTokens, as_json
from gui.tokens.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind
from gui.widgets.token_text import token_text
from gui.widgets.token_tools import TokenTools
from gui.widgets.token_view import TokenView


class ChatView(QFrame):
    """Tokens in bands. While there is an error the last tokens stay, under its sentence."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: ChatTokens | None = None
        self._messages: tuple[ChatMessage, ...] = ()
        self.setProperty("kind", "work")
        self.problem = label("", "warn", wrap=True)
        self.problem.hide()
        self.facts = label("", "dim", wrap=True)
        self.facts.setToolTip(
            tr("A special token is one sign of the vocabulary that no text can write")
        )
        self.tokens = TokenView(theme, self)
        self.tools = TokenTools(self.tokens, self)
        self.json_button = button(
            tr("Copy JSON"), "chip", tr("Copy ids, bytes, places, bands and messages as JSON")
        )
        self.json_button.clicked.connect(self._on_json_asked)
        self._lay_out()
        self._set_usable(False)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def shown(self) -> ChatTokens | None:
        return self._shown

    def show_chat(self, chat: ChatTokens, messages: Sequence[ChatMessage]) -> None:
        """These are the tokens."""
        self._shown, self._messages = chat, tuple(messages)
        self.problem.hide()
        scrolled = self.tokens.first_in_view() if len(self.tokens.tokens) else 0
        self.tokens.set_tokens(chat.prompt.tokens, chat.prompt.bands)
        if 0 < scrolled < len(chat.prompt.tokens):
            self.tokens.go_to(scrolled)
        self.facts.setText(_facts(chat))
        self._set_usable(True)
        if not self.tools.info.text():
            self.tools.invite()

    def show_problem(self, words: str, kind: str = "warn") -> None:
        """There are no tokens of what is there now, and why."""
        self.problem.setText(words)
        set_kind(self.problem, kind)
        self.problem.show()
        self.facts.setText(tr("Below: as it was before.") if self._shown is not None else "")

    def show_nothing(self, words: str) -> None:
        """There is nothing to show, and what would change that."""
        self._shown = None
        self.tokens.set_tokens(token_text([], b"", []))
        self._set_usable(False)
        self.tools.info.clear()
        self.show_problem(words, "dim")

    @Slot()
    def _on_json_asked(self) -> None:
        if self._shown is not None:
            self.tokens.copy(as_json(self._shown.prompt, self._messages))

    def _set_usable(self, is_usable: bool) -> None:
        self.tools.set_usable(is_usable)
        self.json_button.setEnabled(is_usable)

    def _lay_out(self) -> None:
        self._flow = FlowLayout()
        for part in (*self.tools.all[:-1], self.json_button, self.tools.search):
            self._flow.addWidget(part)
        self._head = QVBoxLayout()
        self._head.addWidget(self.problem)
        self._head.addWidget(self.facts)
        self._head.addLayout(self._flow)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._head)
        self._column.addWidget(self.tokens, 1)
        self._column.addWidget(self.tools.info)
        self.tools.search.returnPressed.connect(lambda: self.tools.find_next(1))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._head.setContentsMargins(px(16), px(10), px(16), px(6))
        self._head.setSpacing(px(6))
        self._flow.setSpacing(px(6))
        self.tools.info.setContentsMargins(px(16), px(6), px(16), px(8))
        self.tools.info.setMinimumWidth(px(40))


def _facts(chat: ChatTokens) -> str:
    """The figures above the tokens."""
    n, n_template = len(chat.prompt.tokens), chat.n_template
    share = n_template / n if n else 0.0
    parts = [
        tr("{n} tokens").format(n=f"{n:,}"),
        tr("{n} of the messages’ own words").format(n=f"{n - n_template:,}"),
        tr("{n} of the template ({share})").format(n=f"{n_template:,}", share=f"{share:.0%}"),
        tr("{n} special").format(n=f"{chat.prompt.tokens.special.count(1):,}"),
    ]
    if chat.n_begun:
        parts.append(tr("{n} begin the answer").format(n=f"{chat.n_begun:,}"))
    return " · ".join(parts)
