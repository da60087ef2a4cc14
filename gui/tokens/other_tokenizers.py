"""A section of the details pane: the same text in other tokenizers. Counted in the background a
moment after the text stands still; a newer text overtakes what is on its way.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.token_messages import Counts, CountTokens
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.tokenizer_menu import BUILT_IN, source_name
from gui.tokens.words import tr
from gui.widgets.kinds import frame, label

DELAY_MS = 300
MOST_RECENT = 3


class _Known(Struct, frozen=True):
    """What is known of the text with one tokenizer; n_tokens -1: not yet, or why not."""

    n_tokens: int = -1
    problem: str = ""


class OtherTokenizers(TokensPanel):
    """A row for the tokenizer in use, o200k, cl100k and those used before."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self._job = self._run = 0
        self._names: dict[str, str] = {}
        self._recent: list[str] = []
        self._known: dict[str, _Known] = {}
        self._waiting: list[str] = []
        self._n_bytes = 0
        self._text = ""
        self.cells: list[tuple[str, QLabel, QLabel, QLabel]] = []
        self.note = label("", "faint", wrap=True)
        self.grid = QGridLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.grid)
        column.addWidget(self.note)
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._count)
        self.setToolTip(
            tr("The same text costs each model another number of tokens: each has its vocabulary")
        )
        self.on_tokenizer_changed()

    @property
    def title(self) -> str:
        return tr("Same text, other tokenizers")

    @property
    def is_settled(self) -> bool:
        return not self._timer.isActive() and not self._waiting and not self._job

    # ---- what happens ----

    def on_tokenizer_changed(self) -> None:
        info = self.parts.state.info
        if info is not None:
            self._names[info.source] = info.name
            kept = [one for one in self._recent if one != info.source]
            self._recent = [info.source, *kept][: MOST_RECENT + 1]
        self._lay_rows()
        self._timer.start()

    def on_text_changed(self) -> None:
        self._timer.start()

    def on_hidden(self) -> None:
        self._stop()

    def on_shown(self) -> None:
        self._timer.start()

    def save_state(self) -> None:
        self._stop()

    # ---- counting ----

    def sources(self) -> list[str]:
        """Whose counts are shown, the one in use first."""
        in_use = self.parts.state.source
        first = [in_use] if in_use else []
        kept = self.parts.context.settings.value.tokens_recent
        recent = list(dict.fromkeys([*self._recent, *kept]))
        others = [one for one in (*BUILT_IN, *recent) if one != in_use]
        return first + list(dict.fromkeys(others))[: len(BUILT_IN) + MOST_RECENT]

    def _stop(self) -> None:
        self._timer.stop()
        self._run += 1
        self._waiting = []
        self.parts.worker.cancel(self._job)
        self._job = 0

    def _count(self) -> None:
        self._stop()
        document = self.parts.state.document
        self._n_bytes = document.n_bytes
        self._text = document.text.text()
        self._waiting = self.sources()
        self._next()

    def _next(self) -> None:
        self._job = 0
        if not self._waiting:
            return
        source, run, text = self._waiting.pop(0), self._run, self._text

        def on_counted(counts: Counts) -> None:
            self._take(run, source, _Known(counts.n_tokens[0]))

        def on_failed(failed: Failed) -> None:
            self._take(run, source, _Known(problem=failed.message))

        self._job = self.parts.worker.ask(
            lambda job: CountTokens(job=job, source=source, texts=[text]), on_counted, on_failed
        )

    def _take(self, run: int, source: str, known: _Known) -> None:
        if run == self._run:
            self._known[source] = known
            self._show()
            self._next()

    # ---- showing ----

    def _lay_rows(self) -> None:
        """A row for each tokenizer, with lines between."""
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        heads = (tr("tokenizer"), tr("tokens"), tr("bytes/token"))
        self._put_row(0, [label(words, "dim") for words in heads])
        self.cells = []
        for row, source in enumerate(self.sources(), 1):
            self.grid.addWidget(frame("rule"), 2 * row - 1, 0, 1, 3)
            name = label(self._names.get(source) or source_name(source), wrap=True)
            name.setToolTip(source)
            cells = (name, label("–"), label("–"))
            self._put_row(2 * row, cells)
            self.cells.append((source, *cells))
        self.grid.setColumnStretch(0, 1)
        self._show()

    def _put_row(self, row: int, cells: Sequence[QLabel]) -> None:
        for column, cell in enumerate(cells):
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            if not column:
                cell.setMinimumWidth(40)
            self.grid.addWidget(cell, row, column)

    def _show(self) -> None:
        problems = []
        for source, _, n_tokens, per_token in self.cells:
            known = self._known.get(source, _Known())
            n = known.n_tokens
            n_tokens.setText(f"{n:,}" if n >= 0 else "–")
            per_token.setText(f"{self._n_bytes / n:.2f}" if n > 0 else "–")
            if known.problem:
                problems.append(
                    f"{self._names.get(source) or source_name(source)}: {known.problem}"
                )
        self.note.setText("\n".join(problems))
        self.note.setVisible(bool(problems))
