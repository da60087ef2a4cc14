"""kill -9 of the real window, or of its worker, at random moments of a busy chat: what is lost.

The window is opened on one user folder again and again, each time with what the last kill left
there. A person in a hurry sits at it (bench_busy.py); what was confirmed to them is looked for in
the file (bench_ledger.py).
"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psutil

import gui
from engine.figures import Figure, figure
from engine.paths import Paths
from gui.bench_ledger import Ledger, read_line

N_MOMENTS = 10
FIRST_SEED = 20
BUSY_S = 2.0  # a moment lies within so long after the one before
# A window that dies of itself as often as that stays off, which is not what is tested.
MOST_WORKERS = 2
WAIT_S = 60.0
END_S = 10.0


@dataclass
class Kills:
    """What came of it. lost: in words; n_left: processes that outlived their window; children: the
    modules of those that a window had when it was killed."""

    n_windows: int = 0
    n_workers: int = 0
    n_confirmed: int = 0
    n_left: int = 0
    slowest_draft_s: float = 0.0
    lost: list[str] = field(default_factory=list)
    children: set[str] = field(default_factory=set)


class BusyWindow:
    """One window with somebody in a hurry, in a process of its own.

    Raises:
        RuntimeError: it ended by itself, or said nothing for a minute.
    """

    def __init__(self, folder: Path, seed: int, hear: Callable[[list[Any]], None]) -> None:
        self._hear = hear
        self._errors = folder / "complaints.txt"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gui.bench_busy", str(seed)],
                cwd=Path(gui.__path__[0]).parent,
                env={**_environment(), "BATHYSPHERE_HOME": str(folder)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._family: set[psutil.Process] = set()
        self.children: set[str] = set()
        self.n_chats = -1
        self.worker_pid = 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def live(self, until_s: float) -> None:
        """Hear what it says until this moment (time.monotonic)."""
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                self._take(self._lines.get(timeout=left_s))
            except Empty:
                return

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Hear what it says until it is so."""
        give_up_s = time.monotonic() + WAIT_S
        while not is_so():
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"the window did not get there:\n{self._complaints()}")
            self.live(min(give_up_s, time.monotonic() + 0.1))

    def _take(self, text: str) -> None:
        if not text:
            raise RuntimeError(f"the window ended by itself:\n{self._complaints()}")
        self._understand(text)

    def _understand(self, text: str) -> None:
        line = read_line(text)
        if line is None:
            return
        if line[0] == "worker":
            self.worker_pid = line[2]
        elif line[0] == "opened":
            self.n_chats = line[2]
        else:
            self._hear(line)

    def _complaints(self) -> str:
        return self._errors.read_text("utf-8", "replace")[-4_000:]

    # ---- kills ----

    def kill_worker(self) -> None:
        """End the engine's worker, which takes the model with it."""
        self._note_family()
        pid, self.worker_pid = self.worker_pid, 0
        psutil.Process(pid).kill()

    def kill(self) -> int:
        """End the window, hear its last words.

        Returns:
            How many of the processes that it had started were left after ten seconds.
        """
        self._note_family()
        self._process.kill()
        self._process.wait()
        self._reader.join(END_S)
        while text := self._lines.get():
            self._understand(text)
        assert self._process.stdout is not None
        self._process.stdout.close()
        _, left = psutil.wait_procs(self._family, timeout=END_S)
        left = [one for one in left if _is_alive(one)]
        for one in left:
            one.kill()
        return len(left)

    def _note_family(self) -> None:
        if self._process.poll() is None:
            children = psutil.Process(self._process.pid).children(recursive=True)
            self._family.update(children)
            self.children.update(map(_module_of, children))


def _environment() -> dict[str, str]:
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONUTF8": "1"}


def _module_of(process: psutil.Process) -> str:
    """What a Python child runs; "" where it is gone already."""
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return ""
    return line[line.index("-m") + 1] if "-m" in line else ""


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def _window(
    folder: Path, seed: int, ledger: Ledger, kills: Kills, n_chats: int
) -> Iterator[BusyWindow]:
    """A window that is killed in the end, come what may, and looked after."""
    window = BusyWindow(folder, seed, ledger.hear)
    try:
        window.wait_for(lambda: window.worker_pid > 0)
        yield window
    finally:
        kills.n_left += window.kill()
        kills.children |= window.children
    if window.n_chats != n_chats:
        kills.lost.append(f"the list had {window.n_chats} chats instead of {n_chats}")
    kills.n_confirmed = ledger.n_confirmed
    kills.lost += ledger.lost(Paths(folder).chats)
    kills.slowest_draft_s = ledger.slowest_draft_s


def run_kills(folder: Path, n_moments: int, seed: int = FIRST_SEED) -> Kills:
    """Kill so many times, window and worker about equally often, and open the folder once more.

    Args:
        folder: a user folder; what is in it stays.
    """
    chance, kills, ledger = random.Random(seed), Kills(), Ledger()
    n_done = number = 0
    while n_done < n_moments:
        number += 1
        n_workers = min(chance.randint(0, MOST_WORKERS), n_moments - n_done - 1)
        with _window(folder, seed + number, ledger, kills, len(ledger.chats)) as window:
            for _ in range(n_workers):
                window.wait_for(lambda: window.worker_pid > 0)
                window.live(time.monotonic() + chance.uniform(0, BUSY_S))
                window.kill_worker()
            # The next moment may find the worker gone, starting again or at work.
            window.live(time.monotonic() + chance.uniform(0, BUSY_S))
        n_done += n_workers + 1
        kills.n_workers += n_workers
        kills.n_windows += 1
    with _window(folder, seed, ledger, kills, len(ledger.chats)):
        pass
    return kills


def kill_figures() -> dict[str, Figure]:
    """How many messages, versions, drafts and branches were lost, faults of the file and processes
    left behind among them."""
    with tempfile.TemporaryDirectory() as folder:
        kills = run_kills(Path(folder), N_MOMENTS)
    n_lost = len(kills.lost) + kills.n_left
    name = f"kill -9 at {N_MOMENTS} moments of a busy chat: lost"
    return {name: figure(n_lost, 0, "losses")}
