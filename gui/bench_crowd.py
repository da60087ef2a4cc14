"""Opening and searching in a full store: from the wish to the end of the first painting."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from engine.chats.imported import ImportedChat
from engine.chats.records import Message
from engine.chats.store import ChatStore
from engine.figures import Figure, figure
from engine.paths import Paths
from engine.process.messages import Role
from gui.bench_stream import WAIT_MS, wait_for
from gui.chat.room import ChatRoom

N_CHATS = 2_000
N_MESSAGES = 10_000
N_OPENED = 15
TYPED = ("lantern fish", "water 77", "the deep sea keeps", "anglerfish")
TYPING_MS = 250
_WORDS = (
    "the deep sea keeps its light for those who carry a lantern and wait while cold water moves "
    "over sand and stone and a fish with teeth of glass goes by without a word"
)


def fill_store(folder: Path) -> str:
    """A store of 2,000 chats, one of them long.

    Returns:
        The long one's id.
    """
    paths = Paths(folder).ensure()
    chats = [_chat(number, 4) for number in range(N_CHATS - 1)]
    with ChatStore(paths.chats) as store:
        for start in range(0, len(chats), 200):
            store.insert_chats(chats[start : start + 200])
        (long_id,) = store.insert_chats([_chat(N_CHATS, N_MESSAGES)])
    return long_id


def _chat(number: int, n_messages: int) -> ImportedChat:
    now_s = time.time() - 60.0 * number
    messages = []
    for at in range(n_messages):
        role: Role = "assistant" if at % 2 else "user"
        text = _text(number * 31 + at, 12 if role == "user" else 90)
        parent = f"m{at - 1}" if at else None
        messages.append(Message(f"m{at}", parent, role, text, now_s))
    return ImportedChat(
        title=f"Water {number}: " + _text(number, 4),
        messages=messages,
        head_id=f"m{n_messages - 1}",
        created_s=now_s,
        updated_s=now_s,
    )


def _text(seed: int, n_words: int) -> str:
    """Words that are others from message to message, without chance."""
    known = _WORDS.split()
    words = [known[(seed * 7 + at * (at + 3)) % len(known)] for at in range(n_words)]
    return " ".join(words) + ". "


def crowd_figures(room: ChatRoom, long_id: str) -> dict[str, Figure]:
    """How soon the long chat is painted, and how soon each letter of a search has its results."""
    wait_for(lambda: room.list.model.n_chats == N_CHATS)
    other_id = next(one.id for one in room.list.model.chats if one.id != long_id)
    opened_ms = []
    for _ in range(N_OPENED):
        _open(room, other_id)
        opened_ms.append(_open(room, long_id))
    searched_ms = [ms for text in TYPED for ms in _search(room, text)]
    median = sorted(opened_ms)[len(opened_ms) // 2]
    worst = max(searched_ms)
    return {
        "open a chat of 10,000 messages": figure(median, 150.0, "ms", opened_ms),
        "search as you type, slowest letter": figure(worst, 50.0, "ms", searched_ms),
    }


def _open(room: ChatRoom, chat_id: str) -> float:
    """Milliseconds until the chat's end is on the screen."""
    view = room.work.transcript.viewport()
    moment = Moment(view)
    start_s = time.perf_counter()
    room.session.open(chat_id)
    # The transcript has its messages when this is heard: it was connected before.
    room.session.chat_opened.connect(moment.expect)
    end_s = moment.wait()
    room.session.chat_opened.disconnect(moment.expect)
    assert room.session.chat_id == chat_id
    return 1e3 * (end_s - start_s)


def _search(room: ChatRoom, text: str) -> Iterator[float]:
    """Milliseconds from each letter until its results are on the screen."""
    search, results = room.list.search, room.list.results
    for end in range(1, len(text) + 1):
        moment = Moment(results.viewport())
        results.hits.modelReset.connect(moment.expect)
        start_s = time.perf_counter()
        search.setText(text[:end])
        yield 1e3 * (moment.wait() - start_s)
        results.hits.modelReset.disconnect(moment.expect)
    search.clear()


class Moment(QObject):
    """The end of the first painting of a widget after something happened."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._is_expected = False
        self._end_s = 0.0
        self._loop = QEventLoop()
        widget.installEventFilter(self)

    @Slot()
    def expect(self) -> None:
        self._is_expected = True
        self._widget.update()

    def wait(self) -> float:
        """The time of it.

        Raises:
            RuntimeError: it did not come in three minutes.
        """
        limit = QTimer(singleShot=True)
        limit.timeout.connect(self._loop.quit)
        limit.start(WAIT_MS)
        if not self._end_s:
            self._loop.exec()
        self._widget.removeEventFilter(self)
        if not self._end_s:
            raise RuntimeError("nothing was painted in three minutes")
        return self._end_s

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._is_expected and not self._end_s:
            # Behind the painting, which is still to be done.
            QTimer.singleShot(0, self, self._note)
        return False

    @Slot()
    def _note(self) -> None:
        if not self._end_s:
            self._end_s = time.perf_counter()
            self._loop.quit()


@contextmanager
def searching_hand(room: ChatRoom) -> Iterator[None]:
    """Somebody who types into the search field, letter by letter, and clears it."""
    texts, at = list(TYPED), [0, 0]

    def type_one() -> None:
        text = texts[at[0] % len(texts)]
        at[1] += 1
        if at[1] > len(text):
            at[0], at[1] = at[0] + 1, 0
        room.list.search.setText(text[: at[1]])

    timer = QTimer(interval=TYPING_MS)
    timer.timeout.connect(type_one)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        room.list.search.clear()
