"""A room's own worker beside the engine that chats: tokenizers and vocabularies, datasets, what is
made of runs. Started when it is first asked, ended with the window, or when its room has no more
use for what it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.paths import Paths
from engine.process.messages import AnyEvent, AnyRequest, Cancelled, Done, Failed
from gui.process import EngineProcess

OnResult = Callable[[Any], None]
OnFailed = Callable[[Failed], None]


class SideWorker(QObject):
    """Asks, and hears the answers on the window's thread. A worker that dies is started again and
    opens anew by itself what it needs: every request names that.

    Args:
        engine: its process, not started; None for an engine worker without a model.
    """

    failed = Signal(object)  # the Failed of a request whose asker does not listen to failures

    def __init__(
        self, paths: Paths, engine: EngineProcess | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.engine = engine or EngineProcess(paths)
        self.engine.setParent(self)

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: OnResult,
        on_failed: OnFailed | None = None,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> int:
        """Send a request; on_event hears what comes before its end, on_result what its Done
        carries. A cancelled request is heard of no more.

        Returns:
            The job's number, for `cancel`.
        """
        if not self.engine.is_running and not self.engine.has_given_up:
            self.engine.start()

        def hear(event: AnyEvent) -> None:
            if isinstance(event, Done):
                on_result(event.result)
            elif isinstance(event, Failed):
                (on_failed or self.failed.emit)(event)
            elif not isinstance(event, Cancelled) and on_event is not None:
                on_event(event)

        return self.engine.submit(make_request, hear)

    def cancel(self, job: int) -> None:
        """Ask a job to end; 0 and one that is over are fine."""
        if job:
            self.engine.cancel(job)

    def close(self) -> None:
        """The window is closing."""
        self.engine.stop_and_wait()
