"""How soon the exact prompt of a reply is on the screen: from the click on the button to the end of
painting, with a prompt as long as the starter takes."""

import time

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.figures import Figure, figure
from gui.bench_crowd import Moment
from gui.bench_stream import wait_for
from gui.chat.chat_settings import ChatSettings
from gui.chat.received import Received
from gui.chat.room import ChatRoom

N_TOKENS = 8_000
N_CTX = 8_192  # what the window has to be opened with
N_OPENED = 15
READ_MS = 1_200_000  # the longest that the model may read the prompt, which is not measured
_SENTENCE = "Water absorbs light, and takes the long wavelengths first. "
_SENTENCE_TOKENS = 11


def received_figures(room: ChatRoom) -> dict[str, Figure]:
    """Milliseconds from the click to the painted tokens, the worker's answer among them."""
    n_prompt = _ask(room)
    received = next(one for one in room.features if isinstance(one, Received))
    opened_ms = [_open(received, n_prompt) for _ in range(N_OPENED)]
    median = sorted(opened_ms)[len(opened_ms) // 2]
    name = f"what the model received, {N_TOKENS:,} tokens to the screen"
    return {name: figure(median, 100.0, "ms", opened_ms)}


def _ask(room: ChatRoom) -> int:
    """A turn with a long question; the tokens of its prompt."""
    room.session.new_chat()
    room.session.set_settings(ChatSettings(temperature=0.0, max_tokens=4))
    room.session.send(_SENTENCE * (1 + N_TOKENS // _SENTENCE_TOKENS))
    wait_for(lambda: room.replies.is_writing_in(room.session.conversation))
    wait_for(lambda: not room.session.is_busy, READ_MS)
    reply = room.session.conversation.last_reply()
    n_prompt = int(reply.details.get("n_prompt", 0)) if reply is not None else 0
    if n_prompt < N_TOKENS:
        raise RuntimeError(f"the prompt had {n_prompt} tokens; {N_TOKENS} are needed")
    return n_prompt


def _open(received: Received, n_prompt: int) -> float:
    """One click, and back to the conversation."""
    tokens = received.view.tokens
    # Hidden until they are there: what is painted first has them.
    moment = Moment(tokens.viewport())
    moment.expect()
    start_s = time.perf_counter()
    QTest.mouseClick(received.button, Qt.MouseButton.LeftButton)
    end_s = moment.wait()
    if len(tokens.tokens) < n_prompt:
        raise RuntimeError(f"{len(tokens.tokens)} tokens were shown of {n_prompt}")
    QTest.keyClick(received.view, Qt.Key.Key_Escape)
    return 1e3 * (end_s - start_s)
