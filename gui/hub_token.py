"""The token for the hub as the window knows it: where it comes from and its last characters.

The keyring may make its caller wait for as long as nobody unlocks it, so it is asked on a thread
that holds nothing up, not even the end of the window. Whose a token is, a worker asks.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.errors import AppError
from engine.models import hub_token

LOOK_MS = 30
WAIT_S = 1.0  # how long the end of the window waits for a keyring


class TokenState(Struct, frozen=True):
    """What may be shown. source: of the token in use: "keyring", "HF_TOKEN" or "" for none;
    ending: its last characters; in_environment: HF_TOKEN is set, used or not; trouble: why the
    keyring cannot be used, None where it can."""

    source: str = ""
    ending: str = ""
    in_environment: bool = False
    trouble: AppError | None = None


Work = Callable[[], TokenState]


class TokenKeeper(QObject):
    """Asks the keyring one thing at a time."""

    found = Signal(object)  # TokenState: what there is now
    failed = Signal(object)  # AppError: the keyring refused what was asked for

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends: queue.SimpleQueue[TokenState | AppError] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        # Looked at, not told by the thread: that one may outlive this.
        self._looking = QTimer(self, interval=LOOK_MS)
        self._looking.timeout.connect(self._on_looked)
        self.destroyed.connect(partial(_wait, self._threads))

    @property
    def is_busy(self) -> bool:
        return self._looking.isActive()

    def look(self) -> None:
        """Find out what there is."""
        self._begin(_looked)

    def keep(self, token: str) -> None:
        """Put a token, as hub_token.checked gave it, into the keyring."""
        self._begin(partial(_kept, token))

    def remove(self) -> None:
        """Take the token out of the keyring."""
        self._begin(_removed)

    def _begin(self, work: Work) -> None:
        if self.is_busy:
            return
        thread = threading.Thread(target=_run, args=(work, self._ends), name="keyring", daemon=True)
        self._threads[:] = [thread]
        self._looking.start()
        thread.start()

    @Slot()
    def _on_looked(self) -> None:
        try:
            end = self._ends.get_nowait()
        except queue.Empty:
            return  # the keyring waits for its owner
        self._looking.stop()
        (self.failed if isinstance(end, AppError) else self.found).emit(end)


def _run(work: Work, ends: queue.SimpleQueue[TokenState | AppError]) -> None:
    try:
        ends.put(work())
    except AppError as error:
        ends.put(error)


def _wait(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(WAIT_S)


# ---- on the keyring's thread ----


def _looked() -> TokenState:
    environment = hub_token.environment_token()
    in_environment = bool(environment.value)
    try:
        kept = hub_token.kept_token()
    except AppError as error:
        return TokenState(environment.source, environment.ending, in_environment, error)
    used = kept if kept.value else environment
    return TokenState(used.source, used.ending, in_environment)


def _kept(token: str) -> TokenState:
    hub_token.keep_token(token)
    return _looked()


def _removed() -> TokenState:
    hub_token.forget_token()
    return _looked()
