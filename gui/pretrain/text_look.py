"""What sources are before anything is taken: a line for each, how their first texts begin, and
whether they can be used. Asked a moment after the sources stand still.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.pretrain_messages import CorpusSource, LookAtSource, SourceLook
from finetune.corpus.enough import warnings_of
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.kinds import label

LOOK_MS = 250
TEXT_PX = 130
BETWEEN = "\n\n───\n\n"


class LookPanel(QWidget):
    """Args:
    empty_words: said while there is nothing to look at.

    Attributes: looks (what is known, by source).
    """

    looked = Signal()  # what is known is another

    def __init__(
        self,
        theme: Theme,
        desk: CorpusDesk,
        empty_words: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._desk, self._empty_words = theme, desk, empty_words
        self.looks: dict[CorpusSource, SourceLook] = {}
        self._sources: list[CorpusSource] = []
        self._waiting: list[CorpusSource] = []
        self._job = 0
        self.words = label("", "", wrap=True)
        self.problem = label("", "bad", wrap=True)
        self.warning = label("", "warn", wrap=True)
        self.texts = QPlainTextEdit()
        self.texts.setReadOnly(True)
        self.texts.setTabChangesFocus(True)
        self.texts.setAccessibleName(tr("How the first texts begin"))
        self.texts.setToolTip(tr("The first texts, before they are cleaned"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.warning, self.problem, self.texts):
            self._column.addWidget(part)
        self._timer = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._timer.timeout.connect(self._begin)
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    # ---- looking ----

    def look(self, sources: Sequence[CorpusSource]) -> None:
        """Look at these soon; what is known already is shown at once."""
        self._sources = list(sources)
        self._show()
        self._timer.start()

    def forget(self) -> None:
        """Nothing is looked at any more."""
        self._timer.stop()
        self._desk.parts.worker.cancel(self._job)
        self._job, self._sources, self._waiting = 0, [], []
        self.looks.clear()
        self._show()

    @property
    def is_looking(self) -> bool:
        return bool(self._timer.isActive() or self._job)

    @Slot()
    def _begin(self) -> None:
        self._desk.parts.worker.cancel(self._job)
        self._job = 0
        self._waiting = [one for one in self._sources if one not in self.looks]
        self._next()

    def _next(self) -> None:
        if not self._waiting:
            self._job = 0
            self._show()
            self.looked.emit()
            return
        source = self._waiting.pop(0)

        def on_look(look: SourceLook) -> None:
            self.looks[source] = look
            self._next()

        def on_failed(failed: Failed) -> None:
            self.looks[source] = SourceLook("", problem=failed.message, hint=failed.hint)
            self._next()

        self._job = self._desk.ask(
            lambda job: LookAtSource(job=job, source=source), on_look, on_failed
        )
        self._show()

    # ---- what came of it ----

    @property
    def usable(self) -> list[CorpusSource]:
        """Those that are known to hold text."""
        known = ((one, self.looks.get(one)) for one in self._sources)
        return [one for one, look in known if look is not None and not look.problem]

    @property
    def columns(self) -> list[str]:
        """Columns to choose from, of all sources."""
        found = [name for one in self._known() for name in one.columns]
        return list(dict.fromkeys(found))

    @property
    def column(self) -> str:
        """The one that is read."""
        return next((one.column for one in self._known() if one.column), "")

    def _known(self) -> list[SourceLook]:
        return [self.looks[one] for one in self._sources if one in self.looks]

    def _show(self) -> None:
        known = self._known()
        lines = [one.words for one in known if one.words]
        if self.is_looking or len(known) < len(self._sources):
            lines.append(tr("Looking …"))
        elif not self._sources and self._empty_words:
            lines.append(self._empty_words)
        self.words.setText("\n".join(lines))
        self.words.setVisible(bool(lines))
        wrong = [f"{one.problem} {one.hint}".strip() for one in known if one.problem]
        self.problem.setText("\n".join(wrong))
        self.problem.setVisible(bool(wrong))
        warnings = self._warnings(known)
        self.warning.setText("\n".join(warnings))
        self.warning.setVisible(bool(warnings))
        texts = [text for one in known for text in one.texts]
        whole = BETWEEN.join(texts)
        if whole != self.texts.toPlainText():
            self.texts.setPlainText(whole)
        self.texts.setVisible(bool(texts))

    def _warnings(self, known: Sequence[SourceLook]) -> list[str]:
        """Whether all of it together is enough, where its size is known."""
        n_bytes = sum(one.n_bytes for one in known)
        is_all_known = len(known) == len(self._sources) and bool(self.usable)
        return warnings_of(n_bytes) if is_all_known and n_bytes else []

    @Slot()
    def _dress(self) -> None:
        self.texts.setFixedHeight(self._theme.px(TEXT_PX))
        self._column.setSpacing(self._theme.px(6))
