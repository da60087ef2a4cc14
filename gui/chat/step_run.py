"""One reply that a person writes token by token: what is picked so far, and what could come next.

Asks the engine for one token at a time and shows what it would have drawn from; what the sampler
drew is only its suggestion. Every pick goes through the session, which saves it at once. Draws
nothing.
"""

import math

import msgspec
from PySide6.QtCore import QObject, Signal

from engine.process.messages import (
    AnyEvent,
    Candidate,
    Done,
    Failed,
    Generate,
    Generated,
    Token,
    Tokens,
    Top,
)
from gui.chat.conversation import N_ALTERNATIVES, Beginning
from gui.chat.features import ChatParts
from gui.chat.made_with import answered, asked
from gui.widgets.token_marks import TokenMarks

N_CANDIDATES = 20


class StepRun(QObject):
    """A reply by hand.

    Args:
        turn_id: as session.begin_own_reply gave it.
        given: words before the first token, which no token stands for.
    """

    choices_came = Signal()  # what could come next is known, or a pick was taken back
    pick_made = Signal()  # a token was added; its choices come later
    failed = Signal(object)  # Failed; ask() tries once more
    ended = Signal(bool)  # the reply is over; whether the model is to go on with it

    def __init__(self, parts: ChatParts, turn_id: str, parent: QObject, given: str = "") -> None:
        super().__init__(parent)
        self.turn_id = turn_id
        self.picked: list[Token] = []
        self.is_over = False
        self._parts, self._given = parts, given
        # What could stand at each place so far, with what the sampler drew there.
        self._choices: list[Token] = []
        self._conversation = parts.session.conversation
        self._job = 0
        self._first: Generate | None = None  # the first request, and how the engine read it
        self._read: Generated | None = None

    # ---- looking ----

    @property
    def text(self) -> str:
        return self._given + "".join(token.text for token in self.picked)

    @property
    def top(self) -> Top | None:
        """What could come next; None until it is known."""
        drawn = self.drawn
        return drawn.top if drawn is not None else None

    @property
    def drawn(self) -> Token | None:
        """What the sampler would pick next."""
        place = len(self.picked)
        return self._choices[place] if place < len(self._choices) else None

    def is_end(self, token_id: int) -> bool:
        model = self._parts.loader.model
        return model is not None and token_id in model.end_ids

    # ---- asking ----

    def go_on_from(self, given: str, tokens: list[Token]) -> None:
        """Begin with words, and tokens behind them, that are there already."""
        self._given += given
        self.picked = list(tokens)
        # Their places' alternatives, where they were kept; else asked for when one comes back.
        self._choices = list(tokens)
        self._append(given + "".join(token.text for token in tokens), tokens)

    def ask(self) -> None:
        """Ask what could come next, unless it is known."""
        drawn = self.drawn
        if self._job or self.is_over or (drawn is not None and _is_wide(drawn)):
            return
        del self._choices[len(self.picked) :]
        self._job = self._parts.context.engine.submit(self._request, self._hear)
        self._first = self._first or self._request(self._job)

    def _request(self, job: int) -> Generate:
        session, model = self._parts.session, self._parts.loader.model
        ids = tuple(token.id for token in self.picked)
        request = self._conversation.request_for(
            self.turn_id,
            job,
            session.settings,
            is_base=model is not None and model.template == "none",
            beginning=Beginning(self._given, ids),
            is_private=session.is_temporary,
        )
        return msgspec.structs.replace(
            request, max_tokens=1, top_logprobs=N_CANDIDATES, stop=[], reasoning_budget=-1
        )

    def _hear(self, event: AnyEvent) -> None:
        if self.is_over:
            return
        if isinstance(event, Tokens) and event.items:
            self._choices.append(event.items[0])
            self.choices_came.emit()
        elif isinstance(event, Failed):
            self._job = 0
            self.failed.emit(event)
        elif isinstance(event, Done):
            self._job = 0
            if self._read is None and isinstance(event.result, Generated):
                self._read = event.result

    # ---- picking ----

    def pick(self, candidate: Candidate) -> None:
        """Put a token at the end; one that ends the reply ends it."""
        top = self.top
        if self.is_over or top is None:
            return
        text = self._text_of(candidate)
        kept = Top(
            top.before[:N_ALTERNATIVES],
            _rest(top.before[N_ALTERNATIVES:], top.rest_before),
            top.after[:N_ALTERNATIVES],
            _rest(top.after[N_ALTERNATIVES:], top.rest_after),
        )
        token = Token(candidate.id, candidate.piece, text, candidate.logprob, 0, kept)
        self.picked.append(token)
        self._append(text, [token])
        if self.is_end(candidate.id):
            self.end()
            return
        self.pick_made.emit()
        self._job = 0  # what is still under way told its token already
        self.ask()

    def pick_drawn(self) -> None:
        """Let the sampler pick: the token that it drew."""
        drawn = self.drawn
        if drawn is not None:
            self.pick(Candidate(drawn.id, drawn.piece, drawn.logprob or 0.0))

    def take_back(self) -> bool:
        """The last pick is none any more; False where there is nothing to take back."""
        if self.is_over or not self.picked:
            return False
        self.picked.pop()
        self._parts.session.replace_own(self.turn_id, self.text, list(self.picked))
        self.choices_came.emit()
        self.ask()
        return True

    # ---- the end ----

    def end(self) -> None:
        """The reply is whole as it is."""
        self._finish("stop", goes_on=False)

    def leave(self) -> None:
        """The reply stays as it is, to be gone on with later."""
        self._finish("cancelled", goes_on=False)

    def let_go_on(self) -> None:
        """The model writes the rest."""
        self._finish("cancelled", goes_on=True)

    def _finish(self, finish: str, *, goes_on: bool) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self._job:
            self._parts.context.engine.cancel(self._job)
        details = {"finish": finish, "n_by_hand": len(self.picked), "made_with": self._made_with()}
        self._parts.session.finish_own(self.turn_id, details)
        self.ended.emit(goes_on)

    def _made_with(self) -> dict[str, object]:
        """Which model was asked, through which samplers, and what it received before the first
        pick. It cannot be replayed: a person picked."""
        request = self._first or self._request(0)
        made = asked(request, self._parts.loader.model)
        return {**made, **answered(self._read)} if self._read is not None else made

    def _append(self, text: str, tokens: list[Token]) -> None:
        self._parts.session.append_own(self.turn_id, text, tokens)

    def _text_of(self, candidate: Candidate) -> str:
        """The characters that are whole with this token."""
        if self.is_end(candidate.id):
            return ""
        marks = TokenMarks(self.picked)
        whole = marks.text_with(len(self.picked), candidate.piece)
        return whole[marks.n_chars :]


def _is_wide(token: Token) -> bool:
    """Whether a token brings as many alternatives as a person is to choose from."""
    return token.top is not None and len(token.top.before) > N_ALTERNATIVES


def _rest(cut: list[Candidate], rest: float) -> float:
    """What those not shown share, when these are not shown either."""
    return rest + math.fsum(math.exp(one.logprob) for one in cut)
