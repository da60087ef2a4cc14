"""The fourth page: how long and how strongly the model is taught, and the start. Simple: a time
budget, from which the plan follows; or every field.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from finetune.config import read_draft
from gui.icons import icon
from gui.staged.facts import Facts, details_panel
from gui.staged.fields_form import FieldsForm
from gui.staged.plan_cards import PlanCards
from gui.staged.start_notes import StartNotes
from gui.staged.toml_files import TomlFiles
from gui.tune.calibration_card import CalibrationCard
from gui.tune.fields import config_fields, groups
from gui.tune.parts import TunePage, TuneParts
from gui.tune.plan_choice import PlanChoice
from gui.tune.plan_words import before_start, plan_facts
from gui.tune.plans import budgets, key_of
from gui.tune.rows_check import check_of
from gui.tune.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, caps, frame, label

SIMPLE, ALL = "simple", "all"
MEASURE_DELAY_MS = 700  # after a card was chosen; a person may be trying them out
# What a simple plan leaves to say.
FEW = ("out.name", "watch.prompts", "train.seed", "out.notes")


class HowPage(TunePage):
    """Puts the plan into the draft; the start is the room's."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme, state = parts.context.theme, parts.state
        self.files = TomlFiles(
            parts.context,
            state,
            parts.add_action,
            "sft",
            read_draft,
            lambda draft: draft.out.name,
            self,
        )
        self.plans = PlanChoice(parts, self)
        self.form = FormPage(theme, tr("How should it learn?"), self)
        self.mode = Choice([(SIMPLE, tr("Simple")), (ALL, tr("All fields"))], self)
        self.cards = PlanCards(theme, budgets(), self)
        self.reasons = label("", "dim", wrap=True)
        self.calibration = CalibrationCard(parts, self)
        self.few = FieldsForm(theme, state, config_fields(), [(tr("This run"), list(FEW))], self)
        self.fields: FieldsForm | None = None  # made when it is first looked at
        self.notes = StartNotes(theme, self)
        self.start_button = button(tr("Start"), "primary", tr("Begin the run (Ctrl+Return)"))
        self._soon = QTimer(self, singleShot=True, interval=MEASURE_DELAY_MS)
        self._facts = Facts(theme, tr("This plan"))
        self._panel = details_panel(theme, [self._facts], self)
        self._lay_out()
        self._connect()
        self._show_mode(ALL if parts.context.settings.value.tune_all_fields else SIMPLE)
        self._dress()
        self._show()

    # ---- making ----

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form, 1)
        column.addWidget(self._foot())
        self.form.title.setWordWrap(True)
        px = self.parts.context.theme.px
        self._simple = QWidget()
        simple = QVBoxLayout(self._simple)
        simple.setContentsMargins(0, 0, 0, 0)
        simple.setSpacing(px(8))
        self._why = caps(tr("What was chosen, and why"))
        for part in (self.cards, self._why, self.reasons):
            simple.addWidget(part)
        rows = self.form.column
        rows.addWidget(self.mode, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addSpacing(px(8))
        rows.addWidget(self._simple)
        self._measured = caps(tr("Measured on this machine"))
        for below in (self._measured, self.calibration, self.few):
            rows.addWidget(below)
        rows.addStretch(1)

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("kind", "work")
        whole = QVBoxLayout(foot)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame("rule"))
        self._foot_column = QVBoxLayout()
        whole.addLayout(self._foot_column)
        self._foot_column.addWidget(self.notes)
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        flow.addWidget(self.start_button)
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
        state = self.parts.state
        self.mode.buttons[SIMPLE].setToolTip(tr("A time budget; the rest follows"))
        self.mode.buttons[ALL].setToolTip(tr("Every field of RUN.toml, each explained"))
        self.mode.changed.connect(self._on_mode)
        self.cards.chosen.connect(self.plans.on_card)
        self.start_button.clicked.connect(lambda: self.parts.start())
        self.plans.changed.connect(self._show)
        self.plans.changed.connect(self._soon.start)
        self._soon.timeout.connect(self._measure)
        for changed in (state.draft_changed, state.base_changed, state.dataset_changed):
            changed.connect(self._show)
        for changed in (state.checked_changed, state.calibration_changed):
            changed.connect(self._show)
        self.parts.context.runs.changed.connect(self._show_notes)
        self.parts.context.theme.changed.connect(self._dress)
        self.parts.add_action(tr("Simple or all &fields"), self._toggle_mode, "Ctrl+E")
        self.parts.add_action(tr("&Measure the plan here"), self.calibration.measure, None)

    def details(self) -> QWidget | None:
        return self._panel

    def header_words(self) -> str:
        return tr("step 4: how")

    # ---- life ----

    def on_shown(self) -> None:
        check_of(self.parts).want()  # a plan's length comes from what its rows' tokens are
        self.plans.begin()
        self._show()
        self._measure()

    @Slot()
    def _measure(self) -> None:
        """The plan of a budget is measured by itself, one of a person's own when they ask."""
        if self.isVisible() and self.mode.value == SIMPLE:
            self.calibration.measure_if_new()

    def save_state(self) -> None:
        self._soon.stop()
        self.calibration.cancel()
        self.flush()
        self.files.behind.close()

    def flush(self) -> None:
        """Tell now what was typed."""
        for form in (self.few, self.fields):
            if form is not None:
                form.flush()

    # ---- simple or all ----

    @Slot(str)
    def _on_mode(self, mode: str) -> None:
        self.parts.context.settings.change(tune_all_fields=mode == ALL)
        self._show_mode(mode)

    def _toggle_mode(self) -> None:
        self.parts.show_page("how")
        self._on_mode(SIMPLE if self.mode.value == ALL else ALL)

    def _show_mode(self, mode: str) -> None:
        self.flush()
        self.mode.set_value(mode)
        if mode == ALL and self.fields is None:
            self.fields = FieldsForm(
                self.parts.context.theme, self.parts.state, config_fields(), groups(), self
            )
            at = self.form.column.indexOf(self.few)
            self.form.column.insertWidget(at, self.fields)
        if self.fields is not None:
            self.fields.setVisible(mode == ALL)
        for one in (self._simple, self.few):
            one.setVisible(mode == SIMPLE)

    # ---- what is shown ----

    @Slot()
    def _show(self) -> None:
        """Cards, reasons, facts and notes as the draft is now."""
        state = self.parts.state
        self.cards.show_budgets(self.plans.budgets())
        self.cards.choose(key_of(state.draft) or "")
        reasons = self.plans.reasons()
        self.reasons.setText("\n".join(reasons))
        for part in (self._why, self.reasons):
            part.setVisible(bool(reasons))
        self._facts.show_facts(plan_facts(state))
        self._show_notes()

    @Slot()
    def _show_notes(self) -> None:
        self.notes.show_notes(before_start(self.parts.state, self.parts.context.runs.summaries))

    @Slot()
    def _dress(self) -> None:
        theme = self.parts.context.theme
        px = theme.px
        self._foot_column.setContentsMargins(px(24), px(10), px(24), px(12))
        self._foot_column.setSpacing(px(8))
        for heading in (self._why, self._measured):
            heading.setContentsMargins(0, px(14), 0, 0)
        self.start_button.setIcon(icon("play", theme.palette.on_accent))
