"""The bench page: what a checkpoint foretells, recalls, recites and answers."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.pretrain_messages import BaseBench
from gui.pretrain.asker import Asker
from gui.pretrain.bench_desk import BenchDesk
from gui.pretrain.bits_card import BitsCard
from gui.pretrain.checkpoint_row import CheckpointRow
from gui.pretrain.export_card import ExportCard
from gui.pretrain.few_shot_card import FewShotCard
from gui.pretrain.memory_card import MemoryCard
from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.raised_look import RaisedLook
from gui.pretrain.scores_cards import FactsCard, QuestionsCard
from gui.pretrain.shot_source import ShotSource
from gui.pretrain.text_details import Lesson
from gui.pretrain.words import tr
from gui.staged.cards import Card, CardPage
from gui.staged.facts import Fact, Facts, details_panel
from gui.staged.in_turns import InTurns, Piece
from gui.staged.job_strip import JobStrip
from gui.tune.to_chat import write_with
from gui.widgets.announce import announce
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip

PASSAGES = 8  # of each kind, where a person asks for a memory test from here


class BenchPage(PretrainPage):
    """Page 5."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._is_stale = True  # another bench than the one on show
        self._problem: Failed | None = None  # what came of the last measuring, if nothing did
        self.look = RaisedLook(parts, self)
        self.desk = BenchDesk(parts, self.look, self)
        self.top = Card(theme, tr("Measure"))
        self.row = CheckpointRow(theme, self.look)
        self.run_button = button(
            tr("Run the bench"), "primary", tr("Measure this checkpoint (Ctrl+Shift+B)")
        )
        self.chat_button = button(
            tr("Write with it"), "", tr("Open it in Chat’s raw mode: it goes on with any text")
        )
        self.strip = JobStrip(theme)
        self.words = label("", "dim", wrap=True)
        self.bits = BitsCard(theme)
        self.asker = Asker(parts.context, self)
        self.shots = ShotSource(parts, self.look, self)
        self.few_shot = FewShotCard(theme, self.shots, self.asker)
        self.export = ExportCard(theme, self.look, parts.heavy, parts.context.paths.models)
        self.memory = MemoryCard(theme)
        self.recall = FactsCard(theme)
        self.questions = QuestionsCard(theme)
        self.facts = Facts(theme, tr("This checkpoint"))
        self._lay_out()
        self.turns = InTurns(self.page, self)
        self._panel = details_panel(theme, [self.facts, _lesson()], self)
        self._connect()
        self._show()

    # ---- building ----

    def _lay_out(self) -> None:
        page = self.page = CardPage(self.parts.context.theme, self)
        self.row.row.addWidget(self.run_button)
        self.row.row.addWidget(self.chat_button)
        for part in (self.row, self.words, self.strip):
            self.top.column.addWidget(part)
        measured = (self.bits, self.memory, self.recall, self.questions)
        for hidden in (*measured, self.few_shot, self.export):
            hidden.hide()
        for card in (self.top, *measured, self.few_shot, self.export):
            page.column.addWidget(card)
        page.column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page)

    def _connect(self) -> None:
        desk, look = self.desk, self.look
        self.run_button.clicked.connect(self.measure)
        self.chat_button.clicked.connect(lambda: self.write_with_it())
        self.memory.plan_asked.connect(self._on_plan_memory)
        self.questions.stories_asked.connect(self._on_stories)
        self.few_shot.ask_asked.connect(self._on_ask)
        self.few_shot.chat_asked.connect(self.write_with_it)
        self.export.write_asked.connect(lambda path: write_with(self.parts.context, path))
        desk.bench_changed.connect(self._on_bench)
        desk.running_changed.connect(self._on_running)
        desk.told.connect(self.strip.hear)
        desk.failed.connect(self._on_failed)
        for one in (look.changed, look.run_changed, look.checkpoint_changed, look.corpus_changed):
            one.connect(self._show)
        add = self.parts.add_action
        add(tr("Run the base-model &bench"), self._on_action, "Ctrl+Shift+B")
        add(tr("&Write with the checkpoint"), self.write_with_it, None)

    # ---- what a person does ----

    def _on_action(self) -> None:
        self.parts.show_page("bench")
        if self.isVisible():
            self.measure()

    @Slot()
    def measure(self) -> None:
        """Measure the chosen checkpoint."""
        self.desk.run()

    def write_with_it(self, text: str = "") -> None:
        """A notebook with the chosen checkpoint. text: how it begins."""
        if self.look.gguf:
            write_with(self.parts.context, self.look.gguf, text)
        else:
            self.parts.context.notices.tell(tr("Choose a model first"))

    @Slot(str, list)
    def _on_ask(self, prompt: str, stop: list[str]) -> None:
        if self.look.gguf:
            self.asker.ask(self.look.gguf, prompt, stop)

    @Slot()
    def _on_plan_memory(self) -> None:
        state = self.parts.state
        state.change(corpus__memory_test=state.draft.corpus.memory_test or PASSAGES)
        self.parts.show_page("text")
        self.parts.context.notices.tell(tr("The next model is raised with a memory test"))

    @Slot()
    def _on_stories(self) -> None:
        self.parts.show_page("text")

    # ---- what is shown ----

    @Slot()
    def _on_running(self) -> None:
        if self.desk.is_running:
            self._problem = None
            self.strip.begin(tr("Measuring"), self.desk.stop)
        else:
            self.strip.end()
        self._show()

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        words = " ".join(filter(None, (failed.message, failed.hint)))
        self._problem = failed
        self._show()
        announce(self.top, words)

    @Slot()
    def _on_bench(self) -> None:
        self._is_stale, self._problem = True, None
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    @Slot()
    def _show(self) -> None:
        """How it is now; a run that goes on tells something many times a second."""
        self.status_changed.emit()
        if not self.isVisible():
            return
        look, bench = self.look, self.desk.bench
        is_there = bool(look.checkpoint)
        self.run_button.setEnabled(is_there and not self.desk.is_running)
        self.run_button.setText(tr("Run again") if bench is not None else tr("Run the bench"))
        self.chat_button.setEnabled(is_there)
        self.words.setToolTip(plain_tip(self._problem.detail) if self._problem else "")
        self.words.setText(self._state_words())
        self.facts.show_facts(self._facts())
        wanted = (self.few_shot, self.export)
        pieces: list[Piece] = [
            partial(one.setVisible, is_there) for one in wanted if one.isHidden() == is_there
        ]
        if self._is_stale:
            pieces += self._bench_pieces(bench)
        self.turns.do(pieces)

    @property
    def is_settled(self) -> bool:
        """All that is known is on show."""
        return not self._is_stale and not self.turns.is_busy

    def _bench_pieces(self, bench: BaseBench | None) -> list[Piece]:
        """What was measured, card by card; once, so that nothing that was chosen is let go of."""
        cards = (self.bits, self.memory, self.questions)
        if bench is None:
            gone = [partial(card.hide) for card in (*cards, self.recall) if not card.isHidden()]
            return [*gone, self._on_bench_shown]
        config = self.look.config
        planned = config.corpus.memory_test if config is not None else 0
        shown = [partial(card.show) for card in cards if card.isHidden()]
        return [
            partial(self.bits.show_bench, bench, self._curve()),
            partial(self.memory.show_recited, bench.recited, planned),
            partial(self.recall.show_scores, bench.scores),
            partial(self.questions.show_scores, bench.scores),
            *shown,
            self._on_bench_shown,
        ]

    def _on_bench_shown(self) -> None:
        self._is_stale = False

    def _state_words(self) -> str:
        if not self.look.checkpoint:
            return tr("There is a model when its first checkpoint is saved.")
        if self._problem is not None:
            return "✗ " + " ".join(filter(None, (self._problem.message, self._problem.hint)))
        if self.desk.is_running or not self.desk.is_read:
            return ""
        if self.desk.bench is not None:
            return tr("Kept in the run’s folder; other checkpoints have theirs.")
        parts = [tr("held-out text")]
        config = self.look.config
        if config is not None and config.corpus.memory_test:
            parts.append(tr("the memory test"))
        if self.look.is_story_world:
            parts.append(tr("questions about its story world"))
        return tr("Not measured yet: {parts}. It takes a minute or so.").format(
            parts=", ".join(parts)
        )

    def _curve(self) -> float:
        """Bits per byte at the checkpoint's step, by the training's curve."""
        record, step = self.look.record, self.look.step
        for at, loss in zip(record.validation_steps, record.validation_losses, strict=True):
            if int(at) == step:
                return float(loss) * record.bits_per_byte
        return math.nan

    def _facts(self) -> list[Fact]:
        look = self.look
        if not look.checkpoint:
            return []
        found = [Fact(tr("step"), f"{look.step:,}", tr("How often the weights were changed"))]
        curve = self._curve()
        if not math.isnan(curve):
            tip = tr("Of the held-out text, as the training measured it")
            found.append(Fact(tr("bits per byte"), f"{curve:.3f}", tip))
        if look.corpus is not None:
            found.append(Fact(tr("text"), look.corpus.name, tr("What it was raised on")))
        return [*found, Fact(tr("file"), look.gguf, tr("A GGUF without a chat template"))]

    # ---- what the room asks ----

    def details(self) -> QWidget:
        return self._panel

    def header_words(self) -> str:
        if self.desk.is_running:
            return tr("measuring")
        bench = self.desk.bench
        if bench is None:
            return ""
        return tr("{bits} bits per byte").format(bits=f"{bench.bits_per_byte:.3f}")

    def save_state(self) -> None:
        self.desk.close()
        self.asker.close()


def _lesson() -> Lesson:
    return Lesson(
        tr(
            "A base model only goes on with texts: nobody taught it to answer. So it is examined "
            "as one: how well it foretells what it never saw, how much it knows by heart, and "
            "whether it goes on with a pattern of questions and answers."
        )
    )
