"""The assistant page: a checkpoint goes into Fine-tune with conversations, and what came of it is
held against the base.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import AppError
from engine.process.messages import Failed
from engine.process.pretrain_messages import ReportCard
from finetune.config import RunConfig
from finetune.run.folder import RunFolder
from gui.pretrain.assistant_desk import AssistantDesk
from gui.pretrain.assistant_form import AssistantForm
from gui.pretrain.assistant_runs import AssistantRuns
from gui.pretrain.checkpoint_row import CheckpointRow
from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.raised_look import RaisedLook
from gui.pretrain.report_card import ReportCardView
from gui.pretrain.text_details import Lesson
from gui.pretrain.tuned_card import TunedCard
from gui.pretrain.words import tr
from gui.staged.behind import Behind
from gui.staged.cards import CardPage
from gui.staged.facts import Fact, Facts, details_panel
from gui.staged.in_turns import InTurns, Piece
from gui.staged.job_strip import JobStrip
from gui.staged.starting import Starter
from gui.tune.plan_opener import OPEN_PLAN
from gui.tune.to_chat import chat_with, write_with
from gui.widgets.announce import announce
from gui.widgets.kinds import label

RUN_OPENER = "tune.run"


class AssistantPage(PretrainPage):
    """Page 6."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self.look = RaisedLook(parts, self)
        self.desk = AssistantDesk(parts, self.look, self)
        self.runs = AssistantRuns(parts, self.look, self)
        self._behind = Behind(self)
        self._plan = RunConfig()
        self._shown_card: ReportCard | None = None
        self.starter = Starter(
            parts.context.paths.runs,
            self._behind,
            list,
            lambda: self._plan,
            self,
            parts.launch_run,
        )
        self.form = AssistantForm(theme)
        self.row = CheckpointRow(theme, self.look)
        self.strip = JobStrip(theme)
        self.problem = label("", "bad", wrap=True)
        self.tuned = TunedCard(theme)
        self.card = ReportCardView(theme)
        self.card.hide()
        self.facts = Facts(theme, tr("This checkpoint"))
        self._lay_out()
        self.turns = InTurns(self.page, self)
        self._panel = details_panel(theme, [self.facts, _lesson()], self)
        self._connect()
        self._show()

    # ---- building ----

    def _lay_out(self) -> None:
        page = self.page = CardPage(self.parts.context.theme, self)
        self.form.column.insertWidget(1, self.row)
        for part in (self.strip, self.problem):
            self.form.column.addWidget(part)
        for card in (self.form, self.tuned, self.card):
            page.column.addWidget(card)
        page.column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page)

    def _connect(self) -> None:
        form, desk, runs, look = self.form, self.desk, self.runs, self.look
        form.start_asked.connect(self.make)
        form.look_asked.connect(lambda n: desk.make(n, partial(self._open_plan, "how")))
        form.own_asked.connect(lambda: desk.make(0, partial(self._open_plan, "data")))
        form.write_asked.connect(self.write_with_it)
        desk.began.connect(lambda what: self.strip.begin(what, desk.stop))
        desk.told.connect(self.strip.hear)
        desk.ended.connect(self.strip.end)
        for signal in (desk.began, desk.ended):
            signal.connect(self._show)
        desk.failed.connect(self._on_failed)
        self._behind.failed.connect(self.parts.context.notices.show_error)
        self.starter.started.connect(self._on_started)
        self.tuned.chosen.connect(runs.choose)
        self.tuned.run_asked.connect(self._open_run)
        self.tuned.chat_asked.connect(self._chat)
        self.card.make_asked.connect(runs.make_card)
        runs.changed.connect(self._show)
        runs.card_changed.connect(self._show_card)
        runs.running_changed.connect(self._on_card_running)
        runs.told.connect(self.card.strip.hear)
        runs.failed.connect(self._on_card_failed)
        for one in (look.changed, look.run_changed, look.checkpoint_changed, look.corpus_changed):
            one.connect(self._show)
        self.parts.add_action(tr("Make an &assistant of it"), self._on_action, "Ctrl+Shift+A")

    # ---- what a person does ----

    def _on_action(self) -> None:
        self.parts.show_page("assistant")
        if self.isVisible() and self.form.start.isVisible():
            self.form.start.click()

    @Slot(int)
    def make(self, n_rows: int) -> None:
        """Conversations, template, plan, and off it goes."""
        self.problem.setText("")
        self.desk.make(n_rows, self._start)

    def _start(self, config: RunConfig) -> None:
        self._plan = config
        self.starter.start()

    @Slot(object)
    def _on_started(self, _folder: RunFolder) -> None:
        words = tr("The fine-tuning began; it goes on whatever you look at")
        self.parts.context.runs.refresh()
        self.parts.context.notices.tell(words)
        announce(self.form, words)

    def _open_plan(self, page: str, config: RunConfig) -> None:
        context = self.parts.context
        context.rooms["tune"]()
        context.openers[OPEN_PLAN](config, page)

    @Slot(str)
    def _open_run(self, path: str) -> None:
        context = self.parts.context
        context.rooms["tune"]()
        context.openers[RUN_OPENER](path)

    @Slot(str)
    def _chat(self, path: str) -> None:
        run = self.parts.context.runs.summary(path)
        if run is None or not run.product:
            return
        is_adapter = run.product.endswith("adapter.gguf")
        try:
            if is_adapter:
                chat_with(self.parts.context, run.base, run.product)
            else:
                chat_with(self.parts.context, run.product)
        except AppError as error:
            self.parts.context.notices.show_error(error)

    @Slot()
    def write_with_it(self) -> None:
        """A notebook with the chosen checkpoint."""
        if self.look.gguf:
            write_with(self.parts.context, self.look.gguf)

    # ---- what is shown ----

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        words = " ".join(filter(None, (failed.message, failed.hint)))
        self.problem.setText(f"✗ {words}")
        self.problem.setToolTip(failed.detail)
        self.problem.show()
        announce(self.form, words)

    @Slot()
    def _on_card_running(self) -> None:
        if self.runs.is_running:
            self.card.strip.begin(tr("Asking base and assistant"), self.runs.stop)
        else:
            self.card.strip.end()
        self._show()

    @Slot(object)
    def _on_card_failed(self, failed: Failed) -> None:
        words = " ".join(filter(None, (failed.message, failed.hint)))
        self.card.words.setText(f"✗ {words}")
        announce(self.card, words)

    @Slot()
    def _show_card(self) -> None:
        """In turns of its own."""
        run = self.runs.run
        is_wanted = run is not None and bool(run.product) and self.look.is_story_world
        pieces: list[Piece] = []
        if self._shown_card is not self.runs.card:
            pieces.append(self._fill_card)
        if is_wanted == self.card.isHidden():
            pieces.append(partial(self.card.setVisible, is_wanted))
        if pieces:
            self.turns.do(pieces)

    def _fill_card(self) -> None:
        self._shown_card = self.runs.card
        self.card.show_card(self.runs.card)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    @Slot()
    def _show(self) -> None:
        """How it is now; a run that goes on tells something many times a second."""
        self.status_changed.emit()
        if not self.isVisible():
            return
        look, run = self.look, self.runs.run
        self.form.show_world(
            is_known=look.config is not None,
            is_story_world=look.is_story_world,
            is_there=bool(look.checkpoint),
        )
        if self.desk.is_busy:
            self.form.set_busy(True)
        self.problem.setVisible(bool(self.problem.text()) and not self.desk.is_busy)
        self.tuned.show_runs(self.runs.runs, run)
        self._show_card()
        self.card.make.setEnabled(not self.runs.is_running)
        self.facts.show_facts(self._facts())

    def _facts(self) -> list[Fact]:
        look = self.look
        if not look.checkpoint:
            return []
        found = [Fact(tr("step"), f"{look.step:,}", tr("How often the weights were changed"))]
        if look.corpus is not None:
            found.append(Fact(tr("text"), look.corpus.name, tr("What it was raised on")))
        return [*found, Fact(tr("file"), look.gguf, tr("A GGUF without a chat template"))]

    # ---- what the room asks ----

    def details(self) -> QWidget:
        return self._panel

    def header_words(self) -> str:
        run = self.runs.run
        if run is None:
            return ""
        return tr("{n} fine-tuned").format(n=len(self.runs.runs))

    def save_state(self) -> None:
        self.runs.close()
        self._behind.close()


def _lesson() -> Lesson:
    return Lesson(
        tr(
            "A chat is a text too: marks stand where the person and the assistant take turns. A "
            "base has never seen them; fine-tuning on conversations teaches it what comes after "
            "its own mark. That is all that makes an assistant of a base."
        )
    )
