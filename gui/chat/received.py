"""What the model really received: asks the engine for a reply's exact prompt and shows it in the
transcript's place; says whether it is the very same, and what is different where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from engine.process.messages import AnyEvent, Done, Failed, Rendered, Token
from gui.chat.conversation import Turn, first_words
from gui.chat.features import ChatParts, Feature
from gui.chat.receipt import (
    Given,
    Receipt,
    begun_tokens,
    given_to,
    is_its_model,
    needs_tokens,
    previous_reply,
    read_receipt,
)
from gui.chat.tokens_link import send_prompt
from gui.chat.words import dropped_later_text, tokens_text, tr
from gui.icons import icon
from gui.widgets.shy_button import ShyButton
from gui.widgets.transcript import MessageAction, MessageView

if TYPE_CHECKING:
    from gui.chat.received_prompt import Prompt
    from gui.chat.received_view import ReceivedView

KEY = "received"
SHORTCUT = "Ctrl+I"
NAMED_LETTERS = 32


class Received(Feature):
    """The menu line, the button and the view."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._view: ReceivedView | None = None
        self._reply: Turn | None = None
        self._job = 0
        self._prompt: Prompt | None = None
        self._given_now: Given | None = None
        self.button = ShyButton(
            tr("Tokens received"),
            tr("See the exact tokens that the model received for the last reply (%s)") % SHORTCUT,
        )
        parts.work.header.add_tool(self.button)
        self.button.clicked.connect(self.open_last)
        parts.work.transcript.add_message_action(
            MessageAction(KEY, tr("What the model received"), "tokens", _is_reply, SHORTCUT)
        )
        parts.work.transcript.action_requested.connect(self._on_action_requested)
        parts.add_action(tr("&What the model received"), self.open_last, SHORTCUT)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.session.branch_changed.connect(self._on_branch_changed)
        parts.replies.ended.connect(self._on_branch_changed)
        parts.loader.model_loaded.connect(self._on_model_loaded)
        parts.context.theme.changed.connect(self._dress)
        self._dress()
        self._on_branch_changed()

    @property
    def view(self) -> ReceivedView:
        """The view, made when it is first asked for."""
        if self._view is None:
            from gui.chat.received_view import ReceivedView

            view = self._view = ReceivedView(self.parts.context.theme, self.parts.work)
            view.left.connect(self.leave)
            view.load_requested.connect(self._on_load_requested)
            view.take_requested.connect(self._on_take_requested)
            self.parts.work.add_view(view)
        return self._view

    @property
    def is_open(self) -> bool:
        return self._reply is not None

    # ---- opening and leaving ----

    @Slot()
    def open_last(self) -> None:
        """What the current message's reply was given, else the last finished reply of the
        branch."""
        transcript = self.parts.work.transcript
        if 0 <= transcript.current_message < len(transcript.column.items):
            view = transcript.column.items[transcript.current_message].view
            if _is_reply(view):
                self.open(view.id)
                return
        reply = self._last_finished()
        if reply is not None:
            self.open(reply.id)

    def open(self, reply_id: str) -> None:
        """Show what one reply was given."""
        conversation = self.parts.session.conversation
        if reply_id not in conversation or self.parts.replies.streaming(reply_id) is not None:
            return
        self._reply, self._prompt = conversation.turn(reply_id), None
        self.view.show_waiting()
        self.parts.work.show_view(self.view)
        self._ask(self._reply)

    @Slot()
    def leave(self) -> None:
        """Back to the conversation."""
        if self._reply is not None:
            self._reply = None
            self.parts.work.show_chat()
            self.parts.work.focus_page()

    # ---- asking ----

    def _ask(self, reply: Turn) -> None:
        if self.parts.loader.model is None:
            words = tr("Load a model first: only it knows how its tokens are made.")
            self.view.show_failure(words, can_load=self._can_load(read_receipt(reply.details)))
            return
        self._with_tokens(reply, lambda kept: self._render(reply, kept))

    def _with_tokens(self, reply: Turn, go_on: Callable[[list[Token]], None]) -> None:
        """Go on with a reply's tokens, or without where its prompt can be told without them."""
        if needs_tokens(read_receipt(reply.details)):
            self.parts.session.store.call(lambda store: store.tokens(reply.id), go_on)
        else:
            go_on([])

    def _render(self, reply: Turn, kept: list[Token]) -> None:
        if self._reply is not reply:
            return
        given = self._given(reply, kept)
        begun = begun_tokens(reply, given, kept)

        def show(rendered: Rendered) -> None:
            from gui.chat.received_prompt import prompt_of

            n_dropped = int(reply.details.get("n_dropped_tokens", 0))
            self._show(reply, given, prompt_of(rendered, given, begun, n_dropped))

        self._submit(reply, given, show)

    def _submit(self, reply: Turn, given: Given, show: Callable[[Rendered], None]) -> None:
        def hear(event: AnyEvent) -> None:
            if self._reply is not reply:
                return  # left, or another reply is asked for
            if isinstance(event, Done) and isinstance(event.result, Rendered):
                show(event.result)
            elif isinstance(event, Failed):
                self.view.show_failure(f"{event.message} {event.hint}".strip())

        self.parts.context.engine.submit(given.render, hear)

    def _given(self, reply: Turn, kept: list[Token]) -> Given:
        session = self.parts.session
        prompt = session.settings.system_prompt
        return given_to(session.conversation, reply, prompt, kept, is_base=session.is_base)

    # ---- showing ----

    def _show(self, reply: Turn, given: Given, prompt: Prompt) -> None:
        receipt = read_receipt(reply.details)
        is_exact = receipt is not None and receipt.prompt_hash == prompt.hash
        n_reused = int(reply.details.get("n_reused", -1)) if is_exact else -1
        self._prompt, self._given_now = prompt, given
        self.view.show_prompt(prompt, n_reused)
        words = [self._verdict(receipt, is_exact=is_exact)]
        words += self._since(reply, receipt, given) if receipt is not None else []
        self.view.show_verdict(
            " ".join(words),
            _facts(prompt, n_reused),
            is_exact=is_exact,
            can_load=not is_exact and self._can_load(receipt),
        )
        before = previous_reply(self.parts.session.conversation, reply)
        if before is not None:
            self._with_tokens(before, lambda kept: self._render_before(reply, before, kept))

    def _render_before(self, reply: Turn, before: Turn, kept: list[Token]) -> None:
        """Ask for the prompt of the turn before too: what of this one is new?"""
        if self._reply is reply:
            given = self._given(before, kept)
            self._submit(reply, given, lambda rendered: self._compare(rendered, given))

    def _compare(self, rendered: Rendered, before: Given) -> None:
        from gui.chat.received_prompt import ids_of, kept_since

        if self._prompt is not None:
            ids = [*ids_of(rendered), *before.prefill_ids]
            self.view.set_kept(kept_since(ids, self._prompt.tokens.ids))

    def _verdict(self, receipt: Receipt | None, *, is_exact: bool) -> str:
        model = self.parts.loader.model
        if is_exact:
            return tr("Exactly what the model received, to the last token.")
        if receipt is None:
            return tr("What this reply received was not noted. This is what it would receive now.")
        if model is not None and not is_its_model(receipt, model):
            name = receipt.model_file or receipt.model_path
            words = tr(
                "Not what was received: the reply was made with {name}, and another model "
                "is loaded. These are its tokens for the same messages."
            )
            return words.format(name=name)
        if receipt.system_prompt is None:
            return tr(
                "Not quite what was received: a message before this reply, the system prompt or "
                "the template was changed since. This is what it would receive now."
            )
        return tr(
            "Not quite what was received: a message before this reply or the template was changed "
            "since. This is what it would receive now."
        )

    def _since(self, reply: Turn, receipt: Receipt, given: Given) -> list[str]:
        """What is to be said beside: what made room later, and a system prompt of its own."""
        found = []
        if receipt.dropped_later:
            places = [place for place in receipt.dropped_later if place < len(given.sources)]
            words = [first_words(given.sources[place].content, NAMED_LETTERS) for place in places]
            n_tokens = int(reply.details.get("n_dropped_later_tokens", 0))
            found.append(dropped_later_text(words, n_tokens))
        own, now = receipt.system_prompt, self.parts.session.settings.system_prompt
        if own is not None and receipt.template_hash and own.strip() != now.strip():
            found.append(tr("The chat’s system prompt is another by now; this is the one of then."))
        return found

    def _can_load(self, receipt: Receipt | None) -> bool:
        model = self.parts.loader.model
        if receipt is None or not receipt.model_path:
            return False
        return model is None or not is_its_model(receipt, model)

    def _last_finished(self) -> Turn | None:
        path = self.parts.session.conversation.path()
        writing = self.parts.replies.streaming
        turns = (turn for turn in reversed(path) if turn.role == "assistant")
        return next((turn for turn in turns if writing(turn.id) is None), None)

    # ---- slots ----

    @Slot(str, str)
    def _on_action_requested(self, key: str, message_id: str) -> None:
        if key == KEY:
            self.open(message_id)

    @Slot()
    def _on_chat_opened(self) -> None:
        self.leave()
        self._on_branch_changed()

    @Slot()
    def _on_branch_changed(self) -> None:
        self.button.setEnabled(self._last_finished() is not None)
        if self._reply is not None and not self._is_on_branch(self._reply):
            self.leave()

    @Slot()
    def _dress(self) -> None:
        self.button.setIcon(icon("tokens", self.parts.context.theme.palette.text_dim))

    def _is_on_branch(self, reply: Turn) -> bool:
        return any(turn.id == reply.id for turn in self.parts.session.conversation.path())

    @Slot()
    def _on_load_requested(self) -> None:
        receipt = read_receipt(self._reply.details) if self._reply is not None else None
        if receipt is not None:
            self.parts.loader.load(receipt.model_path)

    @Slot()
    def _on_take_requested(self) -> None:
        if self._given_now is not None and self._reply is not None:
            send_prompt(self.parts, self._given_now, self._reply.id)

    @Slot(object)
    def _on_model_loaded(self, _model: object) -> None:
        if self._reply is not None:
            self.open(self._reply.id)


def _is_reply(view: MessageView) -> bool:
    return view.role == "assistant" and not view.streaming


def _facts(prompt: Prompt, n_reused: int) -> str:
    """The figures under the verdict."""
    n_special = prompt.tokens.special.count(1)
    parts = [tokens_text(len(prompt.tokens))]
    parts.append(tr("{n} special").format(n=f"{n_special:,}"))
    if n_reused >= 0:
        n_decoded = len(prompt.tokens) - n_reused
        parts.append(tr("{n} from the cache (hatched below)").format(n=f"{n_reused:,}"))
        parts.append(tr("{n} computed for this reply (solid)").format(n=f"{n_decoded:,}"))
    return " · ".join(parts)
