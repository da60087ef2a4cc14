"""How soon a fork goes on: from the click on an alternative, at some place behind token 500 of a
reply whose KV is still held, to the first new token in the window, in decode steps of that reply.

Certainty is on, as for everyone who can click there.
"""

import time

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from engine.figures import Figure, figure
from gui.bench_stream import WAIT_MS, wait_for
from gui.chat.certainty import CertaintyFeature
from gui.chat.chat_settings import ChatSettings
from gui.chat.room import ChatRoom

PLACE = 500
N_FORKS = 15
N_MORE = 5  # tokens behind the last place
WRITE_MS = 1_200_000  # the longest that the reply may take, which is not measured
QUESTION = "Write a very long story about a lighthouse keeper, with many chapters."
# The reply has to reach that place, on whichever machine its words are drawn.
NO_END = {"<|im_end|>": -100.0, "<|endoftext|>": -100.0}


def fork_figures(room: ChatRoom) -> dict[str, Figure]:
    """Steps until the first new token of a fork."""
    reply_id, step_ms = _write(room)
    steps = [_fork(room, reply_id, PLACE + number) / step_ms for number in range(N_FORKS)]
    median = sorted(steps)[len(steps) // 2]
    return {f"fork at token {PLACE}, until it goes on": figure(median, 2.0, "decode steps", steps)}


def _write(room: ChatRoom) -> tuple[str, float]:
    """A reply with its alternatives; its id, and the milliseconds of one decode step."""
    room.session.new_chat()
    settings = ChatSettings(
        temperature=0.7,
        seed=11,
        max_tokens=PLACE + N_FORKS + N_MORE,
        logit_bias=NO_END,
        certainty=True,
    )
    room.details.set_settings(settings)
    room.session.set_settings(settings)
    room.session.send(QUESTION)
    wait_for(lambda: room.replies.is_writing_in(room.session.conversation))
    wait_for(lambda: not room.session.is_busy, WRITE_MS)
    reply = room.session.conversation.last_reply()
    assert reply is not None
    if reply.details.get("finish") != "length":
        raise RuntimeError(f"the reply ended before token {settings.max_tokens}: {reply.details}")
    return reply.id, 1e3 / float(reply.details["tokens_per_s"])


def _fork(room: ChatRoom, reply_id: str, place: int) -> float:
    """Milliseconds from the click to the first new token."""
    _open_popup(room, reply_id, place)
    loop, limit, came_s = QEventLoop(), QTimer(singleShot=True), [0.0]

    def note(_reply_id: str, _text: str) -> None:
        if not came_s[0]:
            came_s[0] = time.perf_counter()
            loop.quit()

    spot = _alternative(room, reply_id, place)
    room.replies.text_arrived.connect(note)
    limit.timeout.connect(loop.quit)
    limit.start(WAIT_MS)
    start_s = time.perf_counter()
    _click(room, spot)
    loop.exec()
    room.replies.text_arrived.disconnect(note)
    if not came_s[0]:
        raise RuntimeError("the fork did not go on in three minutes")
    room.session.stop()
    wait_for(lambda: not room.session.is_busy)
    return 1e3 * (came_s[0] - start_s)


# ---- the hand ----


def _certainty(room: ChatRoom) -> CertaintyFeature:
    return next(one for one in room.features if isinstance(one, CertaintyFeature))


def _open_popup(room: ChatRoom, reply_id: str, place: int) -> None:
    """Rest the mouse on a token of the reply."""
    transcript, popup = room.work.transcript, _certainty(room).popup.popup
    room.session.show_branch(reply_id)
    transcript.scroll_to_end()
    wait_for(lambda: transcript.is_settled and transcript.token_rect(reply_id, place) is not None)
    rect = transcript.token_rect(reply_id, place)
    assert rect is not None
    QTest.mouseMove(transcript.viewport(), QPoint(2, 2))
    QTest.mouseMove(transcript.viewport(), rect.center().toPoint())
    wait_for(lambda: popup.isVisible() and bool(popup.candidates()))


def _alternative(room: ChatRoom, reply_id: str, place: int) -> QPoint:
    """Where the likeliest other token stands that does not end the reply."""
    popup, model = _certainty(room).popup.popup, room.loader.model
    marks = room.work.transcript.marks_of(reply_id)
    assert marks is not None and model is not None
    taken = {marks.tokens[place].id, *model.end_ids}
    row = next(i for i, one in enumerate(popup.candidates()) if one.id not in taken)
    return popup.list.row_rect(row).center().toPoint()


def _click(room: ChatRoom, spot: QPoint) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(_certainty(room).popup.popup.list, left, none, spot)
