"""Replay: a reply is written again from an empty sequence, alone in the cache, with all that is
noted of how it was made; and compared with what is kept. Never changes the chat.
"""

from __future__ import annotations

from msgspec import Struct, field
from PySide6.QtCore import Slot

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Failed,
    Generate,
    Generated,
    PromptProgress,
    Token,
    Tokens,
)
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts, Feature
from gui.chat.receipt import Receipt, can_be_replayed, given_to, is_its_model, read_receipt
from gui.chat.replay_strip import ReplayStrip
from gui.chat.words import reading_text, tr
from gui.widgets.transcript import MessageAction, MessageView

KEY = "replay"


class _Run(Struct):
    """One replay under way."""

    reply: Turn
    receipt: Receipt
    kept: list[Token]  # of the last writing, which is what is written again
    kept_all: list[Token] = field(default_factory=list)
    job: int = 0
    again: list[Token] = field(default_factory=list)
    was_disturbed: bool = False


class Replay(Feature):
    """The menu line, the footer's word and the panel."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._run: _Run | None = None
        self._asked: Turn | None = None  # waits for a model, or for an answer
        self.strip = ReplayStrip(parts.context.theme, parts.work)
        parts.work.add_strip(self.strip)
        parts.work.transcript.add_message_action(
            MessageAction(KEY, tr("Replay"), "refresh", self._applies)
        )
        parts.work.transcript.action_requested.connect(self._on_action_requested)
        parts.add_action(tr("Repla&y the last reply"), self.replay_last, None)
        self.strip.cancel_requested.connect(self.cancel)
        self.strip.load_requested.connect(self._on_load_requested)
        self.strip.anyway_requested.connect(self._on_anyway_requested)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.loader.model_loaded.connect(self._on_model_loaded)
        parts.context.engine.job_began.connect(self._on_job_began)

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def save_state(self) -> None:
        self.cancel()

    # ---- beginning ----

    def replay_last(self) -> None:
        """Replay the last reply of the branch that can be."""
        for turn in reversed(self.parts.session.conversation.path()):
            if turn.role == "assistant" and can_be_replayed(turn.details):
                self.replay(turn.id)
                return
        self.strip.show_failure(tr("No reply here can be replayed: none was noted in full."))

    def replay(self, reply_id: str, *, with_any_model: bool = False) -> None:
        """Write one reply again; first say what stands in the way."""
        reply = self.parts.session.conversation.turn(reply_id)
        receipt = read_receipt(reply.details)
        n_generated = int(reply.details.get("n_generated", 0))
        if receipt is None or not n_generated:
            self.strip.show_failure(tr("How this reply was made was not noted in full."))
        elif self.is_running or self.parts.session.is_busy:
            self.strip.show_failure(
                tr("Wait until the reply that is being written has ended, then replay.")
            )
        elif self._has_its_model(reply, receipt) or (
            with_any_model and self.parts.loader.model is not None
        ):
            self._read_kept(reply, receipt, n_generated)

    def _has_its_model(self, reply: Turn, receipt: Receipt) -> bool:
        """Whether the reply's model is the one loaded; asks where it is not."""
        model = self.parts.loader.model
        if model is not None and is_its_model(receipt, model):
            return True
        self._asked = reply
        words = tr("This reply was made with {name}, which is not loaded.")
        self.strip.ask(
            words.format(name=receipt.model_file or tr("another model")),
            can_load=bool(receipt.model_path),
            can_replay=model is not None,
        )
        return False

    def _read_kept(self, reply: Turn, receipt: Receipt, n_generated: int) -> None:
        """The tokens to compare with: those of the last writing, all of which the store has."""
        run = self._run = _Run(reply, receipt, [])
        self.strip.show_progress(tr("Replaying…"), 0, n_generated)

        def begin(tokens: list[Token]) -> None:
            if self._run is not run:
                return  # another chat was opened meanwhile
            run.kept, run.kept_all = tokens[-n_generated:], tokens
            if len(run.kept) < n_generated:
                self._end()
                self.strip.show_failure(
                    tr("The tokens of this reply are not kept any more: it was edited since.")
                )
                return
            self._submit(run)

        self.parts.session.store.call(lambda store: store.tokens(reply.id), begin)

    def _submit(self, run: _Run) -> None:
        session = self.parts.session
        given = given_to(
            session.conversation,
            run.reply,
            session.settings.system_prompt,
            run.kept_all,
            is_base=session.is_base,
        )
        limit = _limit(run)
        run.job = self.parts.context.engine.submit(
            lambda job: given.generate(job, run.receipt, limit),
            lambda event: self._hear(run, event),
        )

    # ---- hearing ----

    def _hear(self, run: _Run, event: AnyEvent) -> None:
        if self._run is not run:
            return
        if isinstance(event, Tokens):
            run.again.extend(event.items)
            self._show_progress(run)
        elif isinstance(event, PromptProgress):
            words = reading_text(event.n_done, event.n_total)
            self.strip.show_progress(words, event.n_done, event.n_total)
        elif isinstance(event, Done) and isinstance(event.result, Generated):
            self._end()
            self._show_outcome(run, event.result)
        elif isinstance(event, Failed):
            self._end()
            self.strip.show_failure(f"{event.message} {event.hint}".strip())
        elif isinstance(event, Cancelled):
            self._end()
            self.strip.hide()

    def _show_progress(self, run: _Run) -> None:
        n_again, n_kept = len(run.again), len(run.kept)
        words = tr("Replaying: {n} of {all} tokens")
        self.strip.show_progress(words.format(n=f"{n_again:,}", all=f"{n_kept:,}"), n_again, n_kept)

    def _show_outcome(self, run: _Run, result: Generated) -> None:
        from gui.chat.replay_reasons import reasons_of
        from gui.chat.replay_result import compare

        reasons = reasons_of(
            run.receipt, result, self.parts.loader.model, was_disturbed=run.was_disturbed
        )
        written = "".join(token.text for token in run.kept_all)
        was_edited = not run.reply.content.endswith(written)
        self.strip.show_outcome(compare(run.kept, run.again, reasons, was_edited=was_edited))

    def _end(self) -> None:
        self._run = self._asked = None

    # ---- slots ----

    @Slot()
    def cancel(self) -> None:
        """Stop the replay under way."""
        run = self._run
        self._end()
        self.strip.hide()
        if run is not None and run.job:
            self.parts.context.engine.cancel(run.job)

    def _applies(self, view: MessageView) -> bool:
        return not view.streaming and any(key == KEY for key, _ in view.footer_actions)

    @Slot(str, str)
    def _on_action_requested(self, key: str, message_id: str) -> None:
        if key == KEY and message_id in self.parts.session.conversation:
            self.replay(message_id)

    @Slot()
    def _on_chat_opened(self) -> None:
        self.cancel()

    @Slot()
    def _on_load_requested(self) -> None:
        receipt = read_receipt(self._asked.details) if self._asked is not None else None
        if receipt is not None:
            self.parts.loader.load(receipt.model_path)
            self.strip.show_progress(tr("Loading the model of this reply…"), 0, 0)

    @Slot()
    def _on_anyway_requested(self) -> None:
        if self._asked is not None:
            self.replay(self._asked.id, with_any_model=True)

    @Slot(object)
    def _on_model_loaded(self, _model: object) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked.id in self.parts.session.conversation:
            self.replay(asked.id)

    @Slot(object)
    def _on_job_began(self, request: AnyRequest) -> None:
        if self._run is not None and isinstance(request, Generate) and not request.alone:
            self._run.was_disturbed = True


def _limit(run: _Run) -> int:
    """How many tokens to write again: as many as there are where the model had not ended the reply
    itself, else one more: that is enough to see that it goes on."""
    n_kept, n_most = len(run.kept), run.receipt.max_tokens
    if run.reply.details.get("finish") == "cancelled":
        return n_kept
    return n_kept + 1 if n_most < 0 else min(n_most, n_kept + 1)
