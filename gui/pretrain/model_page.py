"""The third page: how large the model becomes and how long that takes, with every number that
follows, and the start. One dial; or every field.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import structs
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from finetune.pretraining.config import read_pretrain_draft
from gui.icons import icon
from gui.pretrain.budgets import DIAL, budget_names, budget_of, budget_tips, fields_of
from gui.pretrain.depth_dial import DepthDial
from gui.pretrain.fields import config_fields, derived_sections, few_sections, other_sections
from gui.pretrain.machine import look
from gui.pretrain.measuring import PlanMeasuring
from gui.pretrain.model_plan import (
    Machine,
    Planned,
    derived_of,
    fitting_batch,
    planned_of,
)
from gui.pretrain.model_words import before_start, budget_words, dial_note, plan_facts
from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.text_details import Lesson
from gui.pretrain.words import tr
from gui.staged.behind import Behind
from gui.staged.facts import Facts, details_panel
from gui.staged.fields_form import FieldsForm
from gui.staged.fit import fit_of
from gui.staged.start_notes import StartNotes
from gui.staged.toml_files import TomlFiles
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, caps, frame, label

SIMPLE, ALL = "simple", "all"
MEASURE_DELAY_MS = 900  # after the last change; a person may still be turning the dial


class ModelPage(PretrainPage):
    """Puts the plan into the draft; the start is the room's."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme, state = parts.context.theme, parts.state
        self.machine = Machine(flops=parts.context.settings.value.pretrain_flops)
        self._looked_at = ""  # the text whose size is known
        self.behind = Behind(self)
        self.files = TomlFiles(
            parts.context,
            state,
            parts.add_action,
            "pretrain",
            read_pretrain_draft,
            lambda draft: draft.out.name,
            self,
        )
        fields = config_fields()
        self.form = FormPage(theme, tr("How large should it be?"), self)
        self.mode = Choice([(SIMPLE, tr("Simple")), (ALL, tr("All fields"))], self)
        self.dial = DepthDial(theme, self)
        self.budget = Choice(budget_names(), self, wraps=True)
        self.budget_words = label("", "dim", wrap=True)
        self.derived = FieldsForm(theme, state, fields, derived_sections(), self)
        self.measuring = PlanMeasuring(parts, lambda: self.machine, self)
        self.few = FieldsForm(theme, state, fields, few_sections(), self)
        self.others: FieldsForm | None = None  # made when it is first looked at
        self.notes = StartNotes(theme, self)
        self.fit_button = button(
            tr("Fit it into memory"), "", tr("Smaller batches, as many of them summed for a step")
        )
        self.start_button = button(tr("Start"), "primary", tr("Begin the training (Ctrl+Return)"))
        self._soon = QTimer(self, singleShot=True, interval=MEASURE_DELAY_MS)
        self.facts = Facts(theme, tr("Depth"))
        self._panel = details_panel(theme, [self.facts, Lesson(_lesson())], self)
        self._lay_out()
        self._connect()
        self._show_mode(ALL if parts.context.settings.value.pretrain_all_fields else SIMPLE)
        self._dress()
        self.show_plan()

    # ---- making ----

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form, 1)
        column.addWidget(self._foot())
        self.form.title.setWordWrap(True)
        rows = self.form.column
        rows.addWidget(self.mode, 0, Qt.AlignmentFlag.AlignLeft)
        self._headings = [caps(tr("How long may it take?")), caps(tr("Measured on this machine"))]
        for part in (
            *(self.dial, self._headings[0], self.budget, self.budget_words, self.notes),
            *(self._headings[1], self.measuring, self.derived, self.few),
        ):
            rows.addWidget(part)
        rows.addStretch(1)

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("kind", "work")
        whole = QVBoxLayout(foot)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame("rule"))
        self._foot_column = QVBoxLayout()
        whole.addLayout(self._foot_column)
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        flow.addWidget(self.start_button)
        flow.addWidget(self.fit_button)
        for words, tip, do in self._file_buttons():
            one = button(words, "", tip)
            one.clicked.connect(do)
            flow.addWidget(one)
        self._foot_column.addWidget(pane)
        return foot

    def _file_buttons(self) -> list[tuple[str, str, Callable[[], object]]]:
        return [
            (
                tr("Copy as command…"),
                tr("Save the plan as a file, and copy the line that runs it (Ctrl+Shift+C)"),
                self.files.ask_command,
            ),
            (
                tr("Save RUN.toml…"),
                tr("The whole plan as a file that anyone can read (Ctrl+S)"),
                self.files.ask_save,
            ),
            (
                tr("Open RUN.toml…"),
                tr("Take the plan of such a file; Undo brings this one back"),
                self.files.ask_open,
            ),
        ]

    def _connect(self) -> None:
        state, context = self.parts.state, self.parts.context
        self.mode.buttons[SIMPLE].setToolTip(tr("The dial and a time; the rest follows"))
        self.mode.buttons[ALL].setToolTip(tr("Every field of RUN.toml, each explained"))
        for key, tip in budget_tips().items():
            self.budget.buttons[key].setToolTip(tip)
        self.mode.changed.connect(self._on_mode)
        self.dial.changed.connect(self._on_dial)
        self.budget.changed.connect(self._on_budget)
        self.fit_button.clicked.connect(self.fit_into_memory)
        self.start_button.clicked.connect(lambda: self.parts.start())
        self.measuring.speed_measured.connect(self._on_speed)
        self._soon.timeout.connect(self._measure)
        for changed in (state.draft_changed, state.corpus_changed, state.tokenizer_changed):
            changed.connect(self.show_plan)
        state.calibration_changed.connect(self.show_plan)
        state.draft_changed.connect(self._soon.start)
        context.runs.changed.connect(self._show_notes)
        context.theme.changed.connect(self._dress)
        self.parts.add_action(tr("Simple or all &fields"), self._toggle_mode, "Ctrl+E")
        self.parts.add_action(tr("&Measure the plan here"), self.measuring.measure, None)
        self.behind.failed.connect(context.notices.show_error)

    def details(self) -> QWidget | None:
        return self._panel

    def header_words(self) -> str:
        return dial_note(self.planned)

    # ---- life ----

    def on_shown(self) -> None:
        self._look()
        self._soon.start()

    def _look(self) -> None:
        """See what memory, disk and text there are, behind the window."""
        runs, text = self.parts.context.paths.runs, self.parts.state.draft.corpus.path
        self._looked_at = text
        self.behind.do(partial(look, runs, text), self._on_looked)

    def _on_looked(self, found: Machine) -> None:
        self.machine = structs.replace(found, flops=self.machine.flops)
        self.show_plan()

    @Slot()
    def _measure(self) -> None:
        """A plan that is quick to measure is measured by itself; another when a person asks."""
        if self.isVisible():
            self.measuring.measure_if_quick()

    def save_state(self) -> None:
        self._soon.stop()
        self.measuring.cancel()
        self.flush()
        self.files.behind.close()
        self.behind.close()

    def flush(self) -> None:
        """Tell now what was typed."""
        for form in (self.derived, self.few, self.others):
            if form is not None:
                form.flush()

    # ---- what a person does ----

    @Slot(int)
    def _on_dial(self, depth: int) -> None:
        self.parts.state.change(model__depth=depth)

    @Slot(str)
    def _on_budget(self, key: str) -> None:
        self.parts.state.change(**fields_of(key))

    @Slot()
    def fit_into_memory(self) -> None:
        """Smaller batches, as many of them for a step as it takes."""
        planned = self.planned
        found = fitting_batch(planned.plan, self.machine.free_bytes) if planned else None
        if found is not None:
            self.parts.state.change(train__batch=found[0], train__accumulate=found[1])

    @Slot(float)
    def _on_speed(self, flops: float) -> None:
        self.machine = structs.replace(self.machine, flops=flops)
        self.parts.context.settings.change(pretrain_flops=flops)

    @Slot(str)
    def _on_mode(self, mode: str) -> None:
        self.parts.context.settings.change(pretrain_all_fields=mode == ALL)
        self._show_mode(mode)

    def _toggle_mode(self) -> None:
        self.parts.show_page("model")
        self._on_mode(SIMPLE if self.mode.value == ALL else ALL)

    def _show_mode(self, mode: str) -> None:
        self.flush()
        self.mode.set_value(mode)
        if mode == ALL and self.others is None:
            theme, state = self.parts.context.theme, self.parts.state
            self.others = FieldsForm(theme, state, config_fields(), other_sections(), self)
            self.form.column.insertWidget(self.form.column.indexOf(self.few), self.others)
            self.show_plan()
        if self.others is not None:
            self.others.setVisible(mode == ALL)
        self.few.setVisible(mode == SIMPLE)

    # ---- what is shown ----

    @property
    def planned(self) -> Planned | None:
        """The draft's plan, None while its fields say what cannot be."""
        return planned_of(self.parts.state, self.machine)

    @Slot()
    def show_plan(self) -> None:
        """Dial, budget, derived numbers, facts and notes as the draft is now."""
        state, planned = self.parts.state, self.planned
        if self.isVisible() and state.draft.corpus.path != self._looked_at:
            self._look()
        self.dial.show_depth(state.draft.model.depth, dial_note(planned))
        self.budget.set_value(budget_of(state.draft))
        self.budget.setAccessibleDescription(budget_of(state.draft) or DIAL)
        self.budget_words.setText(budget_words(planned))
        if planned is not None:
            for form in (self.derived, self.few, self.others):
                if form is not None:
                    form.show_derived(derived_of(planned))
        self.facts.show_facts(plan_facts(planned, self.machine))
        self._show_notes()
        self.status_changed.emit()

    @Slot()
    def _show_notes(self) -> None:
        planned, context = self.planned, self.parts.context
        runs = context.runs.summaries
        self.notes.show_notes(before_start(self.parts.state, planned, self.machine, runs))
        self.fit_button.setVisible(planned is not None and self._can_fit(planned))

    def _can_fit(self, planned: Planned) -> bool:
        if fit_of(planned.memory_bytes, self.machine.free_bytes) in ("fits", ""):
            return False
        found = fitting_batch(planned.plan, self.machine.free_bytes)
        return found is not None and found[0] < planned.plan.batch

    @Slot()
    def _dress(self) -> None:
        theme = self.parts.context.theme
        px = theme.px
        self._foot_column.setContentsMargins(px(24), px(10), px(24), px(12))
        self._foot_column.setSpacing(px(8))
        for heading in self._headings:
            heading.setContentsMargins(0, px(10), 0, 0)
        self.start_button.setIcon(icon("play", theme.palette.on_accent))


def _lesson() -> str:
    return tr(
        "Size, text and time belong together: a model that is large for its text learns it by "
        "heart, a small one cannot hold it all. Per parameter about 20 tokens spend a given amount "
        "of computing best."
    )
