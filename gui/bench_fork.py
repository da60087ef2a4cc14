"""How soon a fork goes on: from the wish for another token at place 500 of a reply whose KV is
still held, to the first new token in the window, in decode steps of that reply."""

import time

from PySide6.QtCore import QEventLoop, QTimer

from engine.figures import Figure, figure
from engine.process.messages import Token
from gui.bench_stream import WAIT_MS, wait_for
from gui.chat.chat_settings import ChatSettings
from gui.chat.room import ChatRoom

PLACE = 500
N_TOKENS = 520
N_FORKS = 15
QUESTION = "Write a very long story about a lighthouse keeper, with many chapters."


def fork_figures(room: ChatRoom) -> dict[str, Figure]:
    """Steps until the first new token of a fork."""
    room.session.new_chat()
    settings = ChatSettings(temperature=0.7, max_tokens=N_TOKENS, seed=11)
    room.session.set_settings(settings)
    room.session.send(QUESTION)
    wait_for(lambda: room.replies.is_writing_in(room.session.conversation))
    wait_for(lambda: not room.session.is_busy)
    reply = room.session.conversation.last_reply()
    assert reply is not None
    tokens = _tokens(room, reply.id)
    if len(tokens) <= PLACE:
        raise RuntimeError(f"the reply ended after {len(tokens)} tokens; {PLACE} are needed")
    step_ms = 1e3 / float(reply.details["tokens_per_s"])
    kept = tokens[:PLACE]
    steps = [_fork(room, reply.id, kept, one) / step_ms for one in tokens[:N_FORKS]]
    median = sorted(steps)[len(steps) // 2]
    return {"fork at token 500, until it goes on": figure(median, 2.0, "decode steps", steps)}


def _tokens(room: ChatRoom, reply_id: str) -> list[Token]:
    found: list[list[Token]] = []
    room.store.call(lambda store: store.tokens(reply_id), found.append)
    wait_for(lambda: bool(found))
    return found[0]


def _fork(room: ChatRoom, reply_id: str, kept: list[Token], other: Token) -> float:
    """Milliseconds from the wish to the first new token."""
    ids = [token.id for token in kept] + [other.id]
    text = "".join(token.text for token in kept) + other.text
    loop, limit, came_s = QEventLoop(), QTimer(singleShot=True), [0.0]

    def note(_reply_id: str, _text: str) -> None:
        if not came_s[0]:
            came_s[0] = time.perf_counter()
            loop.quit()

    room.replies.text_arrived.connect(note)
    limit.timeout.connect(loop.quit)
    limit.start(WAIT_MS)
    start_s = time.perf_counter()
    room.session.fork(reply_id, ids, text)
    loop.exec()
    room.replies.text_arrived.disconnect(note)
    if not came_s[0]:
        raise RuntimeError("the fork did not go on in three minutes")
    room.session.stop()
    wait_for(lambda: not room.session.is_busy)
    return 1e3 * (came_s[0] - start_s)
