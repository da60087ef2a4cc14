"""What the tests of certainty and step mode share: tokens with probabilities, and where they are on
the screen."""

import math
import re
from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from engine.process.messages import Candidate, Token, Tokens, Top
from gui.chat.certainty import CertaintyFeature
from gui.chat.room import ChatRoom
from gui.chat.step import StepFeature
from gui.widgets.transcript import Transcript
from tests.gui.chat_room_helpers import Bench

# Alternatives of every token: their ids, words and probabilities.
OTHERS = ((71, " living", 0.31), (72, " the", 0.18), (73, " creatures", 0.14))
END = Candidate(2, b"<|im_end|>", math.log(0.05))
_PIECES = re.compile(r" ?\w+| ?\*\*|#+|`+|\n+|\|| ?[^\w\s]| ")


def top() -> Top:
    before = [Candidate(id_, word.encode(), math.log(p)) for id_, word, p in OTHERS] + [END]
    after = [Candidate(71, b" living", math.log(0.7)), Candidate(72, b" the", math.log(0.3))]
    return Top(before, 0.32, after, 0.0)


def token(index: int, text: str, share: float | None = 0.9, *, has_top: bool = True) -> Token:
    logprob = None if share is None else math.log(share)
    return Token(100 + index, text.encode(), text, logprob, 0, top() if has_top else None)


def tokens_of(text: str, shares: dict[str, float] | None = None, **more: bool) -> list[Token]:
    """A text cut into tokens; those named have this probability, the others 90 %."""
    pieces = _PIECES.findall(text)
    assert "".join(pieces) == text
    known = shares or {}
    return [token(i, piece, known.get(piece, 0.9), **more) for i, piece in enumerate(pieces)]


def certainty(room: ChatRoom) -> CertaintyFeature:
    return next(one for one in room.features if isinstance(one, CertaintyFeature))


def step(room: ChatRoom) -> StepFeature:
    return next(one for one in room.features if isinstance(one, StepFeature))


def answer(bench: Bench, tokens: Sequence[Token], finish: str = "stop") -> str:
    """The model says these tokens and ends; the reply's id."""
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=list(tokens)))
    bench.engine.finish(finish)
    bench.settle()
    reply_id = bench.room.work.transcript.message_ids()[-1]
    bench.qtbot.waitUntil(lambda: bench.room.work.transcript.is_settled)
    return reply_id


def point_of(transcript: Transcript, message_id: str, index: int) -> QPoint:
    """The middle of a token on the viewport."""
    rect = transcript.token_rect(message_id, index)
    assert rect is not None
    return rect.center().toPoint()


def rest_on(transcript: Transcript, message_id: str, index: int) -> None:
    """Move the mouse onto a token."""
    QTest.mouseMove(transcript.viewport(), QPoint(2, 2))
    QTest.mouseMove(transcript.viewport(), point_of(transcript, message_id, index))
