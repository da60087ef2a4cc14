"""What hostile replies reach beyond the window's process: sockets opened, files read.

Python tells what it does itself. What Qt does in C++ it does not tell, so there are also a server
on this machine and a file (bench_traps.py), which a last reply names in every way it can.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from engine.figures import Figure, figure
from gui.bench_hostile import HOSTILE, start_frozen, stream
from gui.bench_traps import Traps, sockets_of, traps_in, watch
from gui.theme import Theme
from gui.widgets.transcript import Transcript

N_STEPS = 16
STEP_MS = 4
_FIRST = "# A *first* reply\n\n```python\nx = 1\n```\n\n$x^2$\n"
_OPENED = ("open ", "the file ")


def reach_figures() -> dict[str, Figure]:
    """Sockets and files of all hostile replies together; both are to be none."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    with (
        tempfile.TemporaryDirectory() as folder,
        traps_in(Path(folder)) as traps,
        _page(Theme(app)) as page,
    ):
        # What is imported and started with the first reply is no reply's fault.
        stream(page, _FIRST, 1, STEP_MS)
        texts = [*(make() for make in HOSTILE.values()), traps.bait()]
        with start_frozen():
            reached = [one for text in texts for one in _reached(page, text, traps)]
    files = [one for one in reached if one.startswith(_OPENED)]
    return {
        "hostile replies: sockets opened": figure(len(reached) - len(files), 0, "sockets"),
        "hostile replies: files read": figure(len(files), 0, "files"),
    }


def _reached(page: Transcript, text: str, traps: Traps) -> list[str]:
    """Stream a reply, look at it, copy it; what was reached meanwhile, in words."""
    before = sockets_of(os.getpid())
    watch.begin()
    stream(page, text, N_STEPS, STEP_MS)
    page.viewport().grab()
    page.select_all()
    page.copy_selection()
    watch.is_on = False
    held = [one for one in sockets_of(os.getpid()) if one not in before]
    return [*watch.seen, *traps.caught(), *held]


@contextmanager
def _page(theme: Theme) -> Iterator[Transcript]:
    page = Transcript(theme)
    page.resize(860, 700)
    page.show()
    try:
        yield page
    finally:
        # Without a screen Qt gives the clipboard up when there is no Python left to do it.
        QGuiApplication.clipboard().clear()
        page.close()
        page.deleteLater()
