"""What the model received and Replay, with the starter model: exact to the token."""

import re
import time
from typing import TypeVar

from PySide6.QtCore import QObject, Qt

from engine.process.messages import ChatMessage
from gui.chat.received import Received
from gui.chat.replay import Replay
from tests.gui.real_window import RealWindow, open_window, real

__all__ = ["open_window", "real"]
F = TypeVar("F", bound=QObject)


def feature(real: RealWindow, kind: type[F]) -> F:
    return next(one for one in real.room.features if isinstance(one, kind))


def test_the_prompt_is_exact_and_the_reply_can_be_replayed(real: RealWindow) -> None:
    real.room.details.change("temperature", 0.9)
    real.room.details.change("max_tokens", 24)
    real.ask("Why is it dark below 1,000 metres?")
    real.ask("Write that as a haiku.")
    view = feature(real, Received).view
    real.click(feature(real, Received).button)
    real.until(lambda: bool(view.tokens.bands) and view.tokens.isVisible())
    assert view.verdict.text() == "Exactly what the model received, to the last token."
    titles = [band.title for band in view.tokens.bands]
    assert titles == ["Template", "You", "Model", "You", "Reply begins"]
    assert view.tokens.tokens.text().startswith("<|im_start|>system\nYou are a helpful AI")
    reused = view.tokens.marks.n_reused
    assert 20 < reused < len(view.tokens.tokens)
    real.until(view.new_toggle.isEnabled)
    real.key(Qt.Key.Key_Escape)
    assert real.work.pages.currentWidget() is real.transcript

    before = real.kept_texts()
    strip = feature(real, Replay).strip
    feature(real, Replay).replay_last()
    # How many they are is the draw's affair: the model may end its turn early.
    real.until(lambda: re.fullmatch(r"The same \d+ tokens again\.", strip.words.text()) is not None)
    assert real.kept_texts() == before and real.texts() == before


def test_8_000_tokens_come_from_the_engine_to_the_screen_at_once(real: RealWindow) -> None:
    """The issue allows 100 ms on a quiet machine; ten times as much where tests run."""
    words = "Water absorbs light, and takes the long wavelengths first. " * 320
    room = real.room
    real.ask("Hello.")
    reply = room.session.conversation.path()[-1]
    question = room.session.conversation.path()[0]
    room.session.conversation.change(question.id, content=words * 2)
    assert isinstance(room.session.conversation.messages_before(reply.id, "")[0], ChatMessage)
    received = feature(real, Received)
    view = received.view
    n_before = view.tokens.n_paints  # hidden until the tokens are there, so the next one shows them
    began_s = time.perf_counter()
    received.open(reply.id)
    real.until(lambda: len(view.tokens.tokens) > 7_000 and view.tokens.n_paints > n_before)
    assert time.perf_counter() - began_s < 1.0
    print(f"{len(view.tokens.tokens)} tokens: {1e3 * (time.perf_counter() - began_s):.0f} ms")
