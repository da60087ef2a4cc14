"""A worker beside the room's own, for columns of another model: loads what is asked for next,
writes its replies, then the next. Ends with the columns.
"""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from engine.paths import Paths
from engine.process.messages import Load
from gui.chat.model_loader import ModelLoader
from gui.chat.replies import Replies
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply
from gui.process import EngineProcess

Begin = Callable[[Replies], None]


class SideEngine(QObject):
    """One more worker. Work is done model by model: what waits for the one that is loaded comes
    first.
    """

    text_arrived = Signal(str, str)  # reply id, new text
    ended = Signal(object)  # StreamingReply
    failed = Signal(object)  # Failed
    load_progressed = Signal(str, float)  # path, fraction

    def __init__(
        self,
        paths: Paths,
        store: StoreThread,
        make_load: Callable[[int, str], Load],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.engine = EngineProcess(paths, parent=self)
        self.loader = ModelLoader(self.engine, make_load, self)
        self.replies = Replies(self.engine, store, self.loader, self)
        self._waiting: deque[tuple[str, Begin]] = deque()
        self._n_writing = 0
        self.replies.text_arrived.connect(self.text_arrived)
        self.replies.ended.connect(self._on_ended)
        self.replies.failed.connect(self.failed)
        self.loader.load_progressed.connect(self._on_load_progressed)
        self.engine.start()

    def ask(self, path: str, begin: Begin) -> None:
        """Have replies written by a model; `begin` is called with what writes them, when it is this
        model's turn."""
        self._waiting.append((path, begin))
        self._go_on()

    def stop(self) -> None:
        """Stop what is written, and forget what waits."""
        self._waiting.clear()
        self.replies.interrupt_all()

    def close(self) -> None:
        """End the worker."""
        self.stop()
        self.engine.stop_and_wait()

    def _go_on(self) -> None:
        if self._n_writing or not self._waiting:
            return
        path = self._next_path()
        if self.loader.wanted_path != path:
            self.loader.load(path)
        mine = [one for one in self._waiting if one[0] == path]
        self._waiting = deque(one for one in self._waiting if one[0] != path)
        self._n_writing = len(mine)
        for _, begin in mine:
            begin(self.replies)

    def _next_path(self) -> str:
        loaded = self.loader.wanted_path
        paths = [path for path, _ in self._waiting]
        return loaded if loaded in paths else paths[0]

    @Slot(object)
    def _on_ended(self, reply: StreamingReply) -> None:
        self._n_writing -= 1
        self.ended.emit(reply)
        self._go_on()

    @Slot(float, str)
    def _on_load_progressed(self, fraction: float, _what: str) -> None:
        self.load_progressed.emit(self.loader.wanted_path, fraction)
