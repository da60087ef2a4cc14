"""The chat page: messages at the left, what the template of the tokenizer in use makes of them at
the right, while they are typed.

Asks the worker a moment after the last key; an answer that is overtaken is not shown. What a
temporary chat brought here is never written to the disk.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from engine.process.messages import ChatMessage, Failed, Rendered
from engine.process.token_messages import RenderChat
from gui.tokens.chat_draft import ChatDraft
from gui.tokens.chat_result import chat_tokens
from gui.tokens.chat_view import ChatView
from gui.tokens.from_chat import ChatPrompt
from gui.tokens.kept_file import KeptFile
from gui.tokens.message_list import MessageList
from gui.tokens.no_template import NoTemplate
from gui.tokens.parts import TokensPage, TokensParts
from gui.tokens.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, frame, label

RENDER_DELAY_MS = 150
SPLITTER = "tokens-chat"


class KeptChat(Struct, frozen=True):
    """What is on the page next time."""

    messages: list[ChatMessage] = []
    begins_answer: bool = True


def first_messages() -> list[ChatMessage]:
    """What is there for who was never here."""
    return [
        ChatMessage("system", tr("You are a helpful assistant.")),
        ChatMessage("user", tr("How deep is the sea?")),
    ]


class ChatPage(TokensPage):
    """messages | tokens."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        context = parts.context
        theme = context.theme
        self._job = self._run = 0
        self._wanted = ""  # the tokenizer that came with a chat and is not there yet
        path, tell = context.paths.home / "tokens_chat.json", context.notices.show_failure
        self.kept = KeptFile(path, KeptChat(), tell, self)
        self.draft = ChatDraft(self)
        self.list = MessageList(theme, self.draft, self)
        self.view = ChatView(theme, self)
        self.template = label("", "dim", wrap=True)
        self.begin_box = QCheckBox(tr("Add the words that begin the answer"), self)
        self.clear_button = button(
            tr("Begin anew"), "chip", tr("Other messages in place of these; it can be undone")
        )
        self.none = NoTemplate(parts, self)
        self._timer = QTimer(self, singleShot=True, interval=RENDER_DELAY_MS)
        self._timer.timeout.connect(self._render)
        self._explain()
        self._lay_out()
        self._connect()
        self.begin_box.setChecked(self.kept.value.begins_answer)
        self.draft.begin_with(self.kept.value.messages or first_messages())

    # ---- from outside ----

    def take(self, prompt: ChatPrompt) -> None:
        """Show a chat's messages under its model; those that were here can be brought back."""
        self._wanted = prompt.source if prompt.source != self.parts.state.source else ""
        self.draft.replace(prompt.messages, is_private=prompt.origin.is_private)
        if self._wanted:
            self.parts.state.open(prompt.source)

    def on_shown(self) -> None:
        if self.list.cards:
            self.list.cards[-1].edit.setFocus()
        self._show_template()

    def undo(self) -> bool:
        can = self.draft.stack.canUndo()
        self.draft.stack.undo()
        return can

    def redo(self) -> bool:
        can = self.draft.stack.canRedo()
        self.draft.stack.redo()
        return can

    def undo_words(self) -> tuple[str, str]:
        return self.draft.stack.undoText(), self.draft.stack.redoText()

    def save_state(self) -> None:
        settings = self.parts.context.settings
        splitters = {**settings.value.splitters, SPLITTER: self.splitter.sizes()}
        settings.change(splitters=splitters)
        self._timer.stop()
        self._keep()
        self.kept.flush()

    # ---- rendering ----

    @Slot()
    def _on_changed(self) -> None:
        self._timer.start()

    @Slot()
    def _render(self) -> None:
        """Ask what the messages become; what was asked before is not waited for any more."""
        self._keep()
        info, messages = self.parts.state.info, self.draft.messages()
        self.parts.worker.cancel(self._job)
        self._job, self._run = 0, self._run + 1
        if info is None or not info.template or self._wanted:
            return
        if (words := _unsendable(messages)) or not messages:
            self._show_unsent(words)
            return
        begins, run = self.begin_box.isChecked(), self._run

        def show(rendered: Rendered) -> None:
            if run == self._run:
                self._show(rendered, messages, begins)

        def fail(failed: Failed) -> None:
            if run == self._run:
                self._show_failure(failed)

        self._job = self.parts.worker.ask(
            lambda job: RenderChat(
                job=job, source=info.source, messages=messages, add_generation_prompt=begins
            ),
            show,
            fail,
        )

    def _show(self, rendered: Rendered, messages: Sequence[ChatMessage], begins: bool) -> None:
        chat = chat_tokens(rendered, messages, begins_answer=begins)
        self.view.show_chat(chat, messages)
        self.list.show_counts(chat.counts)

    def _show_unsent(self, words: str) -> None:
        self.list.show_counts([])
        if words:
            self.view.show_problem(words)
        else:
            self.view.show_nothing(tr("There is no message. Add one to see what it becomes."))

    def _show_failure(self, failed: Failed) -> None:
        self.list.show_counts([])
        words = [failed.message, failed.hint]
        if failed.detail and failed.detail not in failed.message:
            words.insert(1, failed.detail.strip().splitlines()[-1])
        self.view.show_problem(" ".join(word for word in words if word))

    @Slot()
    def _on_tokenizer_changed(self) -> None:
        self._wanted = ""
        self._show_template()
        self._timer.start(0)

    @Slot(object)
    def _on_opening_failed(self, failed: Failed) -> None:
        """The chat's own tokenizer cannot be opened (its file is gone): the one in use goes on."""
        if self._wanted:
            self._wanted = ""
            self._timer.start(0)

    def _show_template(self) -> None:
        """Whose template it is, or that there is none and who has one."""
        info = self.parts.state.info
        has_one = info is None or info.template
        name = info.name if info is not None else ""
        self.template.setText(
            tr("Through the template of {name}").format(name=name) if name else ""
        )
        self.view.setVisible(has_one)
        self.none.setVisible(not has_one)
        if not has_one:
            self.list.show_counts([])
            self.none.show_for(name)

    # ---- what is remembered ----

    def _keep(self) -> None:
        if not self.draft.is_private:
            messages = self.draft.messages()
            if not _unsendable(messages):
                self.kept.keep(KeptChat(messages, self.begin_box.isChecked()))

    @Slot()
    def _on_clear(self) -> None:
        self.draft.replace(first_messages())

    # ---- building ----

    def _explain(self) -> None:
        self.template.setToolTip(
            tr(
                "A chat template is a small program in the model’s file that writes messages as "
                "the one text the model was trained on"
            )
        )
        self.begin_box.setToolTip(
            tr(
                "The template’s own words that say: now the model speaks. Without them the model "
                "might go on with your message"
            )
        )

    def _lay_out(self) -> None:
        left = frame("side", self)
        tools = FlowLayout()
        tools.addWidget(self.begin_box)
        tools.addWidget(self.clear_button)
        column = QVBoxLayout(left)
        column.addWidget(self.template)
        column.addWidget(self.list, 1)
        column.addLayout(tools)
        column.setContentsMargins(0, 0, 0, 0)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        for part in (left, self.view, self.none):
            self.splitter.addWidget(part)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        sizes = self.parts.context.settings.value.splitters.get(SPLITTER, [])
        self.splitter.setSizes(sizes if len(sizes) == 3 else [380, 620, 620])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.splitter)
        self.none.hide()
        px = self.parts.context.theme.px
        self.template.setContentsMargins(px(14), px(10), px(12), 0)
        tools.setContentsMargins(px(14), px(4), px(12), px(10))
        left.setMinimumWidth(px(300))

    def _connect(self) -> None:
        state = self.parts.state
        self.draft.listed.connect(self._on_changed)
        self.draft.edited.connect(self._on_changed)
        self.begin_box.toggled.connect(self._on_changed)
        self.clear_button.clicked.connect(self._on_clear)
        state.tokenizer_changed.connect(self._on_tokenizer_changed)
        state.opening_failed.connect(self._on_opening_failed)


def _unsendable(messages: Sequence[ChatMessage]) -> str:
    """Why these cannot be sent, "" where they can."""
    for number, message in enumerate(messages, 1):
        try:
            message.content.encode()
        except UnicodeEncodeError:
            words = tr(
                "Message {n} holds half of a character (an unpaired surrogate), which is no text. "
                "Delete it there to go on."
            )
            return words.format(n=number)
    return ""
