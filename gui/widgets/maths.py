"""Formulas as the transcript draws them: asked for as a block is laid out, drawn elsewhere, kept.

A formula that is not drawn yet, that is malformed or that takes too long shows its source. The
drawing itself is done by a process beside the window (maths_process.py), which begins with the
first formula and ends when the transcript is hidden.
"""

import re
from collections import OrderedDict
from typing import Any, Literal

from msgspec import Struct, field
from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.widgets.maths_child import INK
from gui.widgets.maths_process import MathsProcess

MAX_FORMULAS = 4_000
MAX_BYTES = 24 * 1024 * 1024
# Deeper ones are shown as written: each level may double the work.
MAX_DEPTH = 8
GATHER_MS = 30
# After so many that took too long no more are tried until the transcript is shown anew.
MAX_DEATHS = 4

_LEVELS = re.compile(r"(\\\\|\\[{}])|(\{|\\left\b|\\begin\b)|(\}|\\right\b|\\end\b)")

Key = tuple[str, float, bool]


class Formula(Struct, eq=False):
    """One formula at one size. width, ascent, depth: in pixels, once it is drawn."""

    latex: str
    state: Literal["waiting", "drawn", "failed"] = "waiting"
    width: float = 0.0
    ascent: float = 0.0
    depth: float = 0.0
    svg: str = ""
    _pixmaps: dict[tuple[str, float, float], QPixmap] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        pixels = sum(one.width() * one.height() for one in self._pixmaps.values())
        return len(self.svg) + 4 * pixels + 500

    def pixmap(self, colour: str, scale: float, ratio: float) -> QPixmap:
        """The drawing in a colour, for a screen of so many pixels a pixel."""
        key = (colour, scale, ratio)
        if key not in self._pixmaps:
            self._pixmaps.clear()
            self._pixmaps[key] = self._painted(colour, scale, ratio)
        return self._pixmaps[key]

    def _painted(self, colour: str, scale: float, ratio: float) -> QPixmap:
        size = QRectF(0, 0, self.width * scale, (self.ascent + self.depth) * scale)
        result = QPixmap(int(size.width() * ratio) + 2, int(size.height() * ratio) + 2)
        result.setDevicePixelRatio(ratio)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer = QSvgRenderer(QByteArray(self.svg.replace(INK, colour).encode()))
        renderer.render(painter, size)
        painter.end()
        return result


class Maths(QObject):
    """All formulas that are known. `formula` never waits."""

    drawn = Signal()  # some of those that were waiting are drawn, or failed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formulas: OrderedDict[Key, Formula] = OrderedDict()
        self._waiting: list[Key] = []
        self._n_deaths = 0
        self._is_running = False
        self._ink: tuple[str, float] | None = None
        self._process = MathsProcess(self)
        self._process.answered.connect(self._on_answered)
        self._process.died.connect(self._on_died)
        # One layout for all that came in a moment.
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self.drawn)

    def formula(self, latex: str, size_px: float, *, is_display: bool) -> Formula:
        """A formula; one that is not known yet is waiting, and will be drawn."""
        key = (latex, size_px, is_display)
        found = self._formulas.get(key)
        if found is not None:
            self._formulas.move_to_end(key)
            return found
        found = self._formulas[key] = Formula(latex)
        if _depth(latex) > MAX_DEPTH:
            found.state = "failed"
        else:
            self._waiting.append(key)
            self._ask(key)
        self._forget_oldest()
        return found

    def set_ink(self, colour: str, ratio: float) -> None:
        """What most formulas will be painted with: their pictures are made as they are drawn, not
        all at once when they are first seen."""
        self._ink = (colour, ratio)

    def resume(self) -> None:
        """Go on with what waits, if anything does: the formulas are looked at again."""
        self._n_deaths = 0
        self._is_running = True
        for key in self._waiting:
            self._ask(key)

    def stop(self) -> None:
        """End the process beside; what waits goes on waiting."""
        self._is_running = False
        self._gather.stop()
        self._process.stop()

    def _ask(self, key: Key) -> None:
        if self._is_running:
            latex, size_px, is_display = key
            self._process.ask({"latex": latex, "size": size_px, "display": is_display})

    def _forget_oldest(self) -> None:
        while len(self._formulas) > MAX_FORMULAS:
            self._formulas.popitem(last=False)

    def _take(self, answer: dict[str, Any]) -> None:
        """The answer for the formula that has waited longest."""
        found = self._formulas.get(self._waiting.pop(0))
        if found is None:
            return  # forgotten meanwhile
        if "error" in answer:
            found.state = "failed"
        else:
            found.svg, found.width = answer["svg"], answer["width"]
            found.ascent, found.depth = answer["ascent"], answer["depth"]
            found.state = "drawn"
            if self._ink is not None:
                found.pixmap(self._ink[0], 1.0, self._ink[1])
        if not self._gather.isActive():
            self._gather.start()

    def _keep_small(self) -> None:
        n_bytes = sum(one.n_bytes for one in self._formulas.values())
        while n_bytes > MAX_BYTES and len(self._formulas) > 1:
            _, oldest = self._formulas.popitem(last=False)
            n_bytes -= oldest.n_bytes

    @Slot(dict)
    def _on_answered(self, answer: dict[str, Any]) -> None:
        if self._waiting:
            self._take(answer)
            if len(self._formulas) % 64 == 0:
                self._keep_small()

    @Slot()
    def _on_died(self) -> None:
        """The formula at work took too long, or more memory than there is."""
        self._n_deaths += 1
        if self._waiting:
            self._take({"error": "took too long"})
        if self._n_deaths >= MAX_DEATHS:
            while self._waiting:
                self._take({"error": "others took too long"})
        for key in self._waiting:
            self._ask(key)


def _depth(latex: str) -> int:
    """How deep braces, brackets and environments are nested."""
    depth = deepest = 0
    for escaped, opens, _closes in _LEVELS.findall(latex):
        if not escaped:
            depth += 1 if opens else -1
            deepest = max(deepest, depth)
    return deepest
