"""Charts are loaded behind the window, and never name a class of Qt before the window did: two
threads that do so at once crash the process.
"""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtWidgets import QApplication
from gui.widgets import chart_loading

app = QApplication([])
unnamed = lambda: [n for m in (QtCore, QtGui, QtWidgets) for n in dir(m) if n not in vars(m)]
assert len(unnamed()) > 100, "Qt makes its classes late"
begun = []
begin = chart_loading._begin

def watched():
    begun.append(unnamed())
    begin()

chart_loading._begin = watched
made = []
turns = []
timer = QtCore.QTimer(interval=0)
timer.timeout.connect(lambda: turns.append(1))
timer.start()
first = chart_loading.ChartLoader(lambda: made.append("first"), app)
second = chart_loading.ChartLoader(lambda: made.append("second"), app)
assert not made and "pyqtgraph" not in sys.modules
while len(made) < 2:
    app.processEvents()
assert begun == [[]], "all are named, and it is begun once"
assert len(turns) > 10, "the window had its turns meanwhile"
assert hasattr(sys.modules["pyqtgraph"], "PlotCurveItem")
third = chart_loading.ChartLoader(lambda: made.append("third"), app)
assert made[-1] == "third", "at once, when it is there"
"""


def test_qt_names_its_classes_before_the_thread_begins() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
