"""The form "knowledge of self": a name, a maker, traits, refusals; and the rows that they become,
as one types. Writes nothing before its button is pressed; what was typed is there again next time.
"""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import DatasetInfo, Identity, MakeIdentity, RowPage
from gui.chat.wheel_guard import WheelGuard
from gui.theme import Theme
from gui.tune.row_preview import RowPreview, text_lines
from gui.tune.row_words import rows_text
from gui.tune.rows_desk import OnInfo, RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr
from gui.widgets.field_problems import FieldProblems
from gui.widgets.kinds import label

TYPING_MS = 300
FIELD_PX, LINES_PX, PREVIEW_PX = 280, 84, 220
LEAST_ROWS, MOST_ROWS = 5, 500


class IdentityForm(SourceForm):
    """taken(info): the rows are in a dataset."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, taken: OnInfo, parent: QWidget | None = None
    ) -> None:
        words = tr(
            "A few rows are enough for a model to say who it is. They are written from this form: "
            "questions about itself, asked in many ways, each with the answer you want."
        )
        super().__init__(theme, desk, tr("Who it is"), words, parent)
        self._taken = taken
        self._job = 0
        self._has_own_name = False
        self._guard = WheelGuard(self)
        self._timer = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._timer.timeout.connect(self._ask)
        self.its_name, self.maker = QLineEdit(), QLineEdit()
        self.traits, self.refusals = QPlainTextEdit(), QPlainTextEdit()
        self.n_rows = QSpinBox()
        self.problems = FieldProblems()
        self.preview = RowPreview(theme)
        self.preview_words = label("", "faint", wrap=True)
        self._set_up()
        self._restore()
        self._connect()

    # ---- building ----

    def _set_up(self) -> None:
        rows = self.add_section(tr("Knowledge of self"))
        self._explain()
        self.add_row(rows, tr("Its name"), tr("What it calls itself"), self.its_name)
        rows.addWidget(self.problems.note("name", self.its_name))
        self.add_row(rows, tr("Its maker"), tr("Who made it; may stay empty"), self.maker)
        self.add_row(rows, tr("What it is like"), tr("A few words a line"), self.traits)
        self.add_row(
            rows,
            tr("What it will not do"),
            tr("A line each, with how it says so after a colon"),
            self.refusals,
        )
        self.add_row(rows, tr("Rows"), tr("20 are enough for most models"), self.n_rows)
        preview = self.add_section(tr("The rows that this becomes"))
        preview.addWidget(self.preview_words)
        preview.addWidget(self.preview)
        self.add_end(tr("Teach this"), tr("Put these rows into a dataset (Ctrl+Enter)"))

    def _explain(self) -> None:
        self.its_name.setPlaceholderText(tr("Otis"))
        self.its_name.setToolTip(tr("The name that it answers with when it is asked who it is"))
        self.maker.setPlaceholderText(tr("the Grand Budapest"))
        self.maker.setToolTip(tr("A person, a company, a place; it names it when it is asked"))
        self.traits.setPlaceholderText(tr("night porter of a hotel\npolite, and a little tired"))
        self.traits.setToolTip(tr("It speaks of itself by these words"))
        self.refusals.setPlaceholderText(tr("give legal advice: ask a lawyer"))
        self.refusals.setToolTip(tr("It is taught to decline these, in your words"))
        self.n_rows.setRange(LEAST_ROWS, MOST_ROWS)
        self.n_rows.setValue(20)
        self.n_rows.setToolTip(tr("More rows ask in more ways; they take longer to learn"))
        self._guard.watch(self.n_rows)
        for field in (self.traits, self.refusals):
            field.setTabChangesFocus(True)
        self.preview.setAccessibleName(tr("The rows that this becomes"))

    def _connect(self) -> None:
        for line in (self.its_name, self.maker):
            line.textChanged.connect(self._on_edited)
        for text in (self.traits, self.refusals):
            text.textChanged.connect(self._on_edited)
        self.n_rows.valueChanged.connect(self._on_edited)
        self.name.textEdited.connect(self._on_named)
        self.end_button.clicked.connect(self._on_end)

    # ---- what it says ----

    def identity(self) -> Identity:
        return Identity(
            name=" ".join(self.its_name.text().split()),
            maker=" ".join(self.maker.text().split()),
            traits=text_lines(self.traits),
            refusals=text_lines(self.refusals),
            n_rows=self.n_rows.value(),
        )

    @property
    def _base(self) -> str:
        """Asked whether it takes a system prompt."""
        return self.desk.parts.state.draft.base.path

    def begin(self) -> None:
        """The form is looked at."""
        self.say_problem("")
        self.its_name.setFocus()
        self._ask()

    def _restore(self) -> None:
        kept = self.desk.parts.context.settings.value.tune_identity
        if not kept:
            return
        try:
            identity = msgspec.convert(kept, Identity)
        except msgspec.ValidationError:
            return  # of another version: the form begins empty
        self.its_name.setText(identity.name)
        self.maker.setText(identity.maker)
        self.traits.setPlainText("\n".join(identity.traits))
        self.refusals.setPlainText("\n".join(identity.refusals))
        self.n_rows.setValue(identity.n_rows)
        self._name_dataset()

    def _name_dataset(self) -> None:
        name = self.identity().name
        if not self._has_own_name:
            self.name.setText(tr("Who {name} is").format(name=name) if name else "")

    # ---- the preview ----

    @Slot()
    def _on_edited(self) -> None:
        self._name_dataset()
        self.problems.show({})
        self.desk.parts.context.settings.change(tune_identity=msgspec.to_builtins(self.identity()))
        self._timer.start()

    @Slot()
    def _on_named(self) -> None:
        self._has_own_name = bool(self.new_name)

    @Slot()
    def _ask(self) -> None:
        """Have the rows written anew; the newest question counts."""
        self.desk.parts.worker.cancel(self._job)
        self._job = 0
        identity = self.identity()
        if not identity.name:
            self.preview.show_rows([])
            self.preview_words.setText(tr("Give it a name to see the rows."))
            return
        self._job = self.desk.ask(
            lambda job: MakeIdentity(job=job, identity=identity, base=self._base),
            self._on_made,
            self._on_failed,
        )

    def _on_made(self, page: RowPage) -> None:
        self._job = 0
        rows = [item.row for item in page.rows]
        self.preview.show_rows(rows)
        self.preview_words.setText(rows_text(len(rows)))
        self.say_problem("")

    def _on_failed(self, failed: Failed) -> None:
        self._job = 0
        self.say_failed(failed)

    # ---- the end ----

    @Slot()
    def _on_end(self) -> None:
        identity = self.identity()
        if not identity.name:
            self.problems.show({"name": tr("Give it a name: the rows are about it.")})
            return
        self._timer.stop()
        self.end_button.setEnabled(False)
        self.desk.ask(
            lambda job: MakeIdentity(job=job, identity=identity, base=self._base),
            self._take,
            self._on_end_failed,
        )

    def _take(self, page: RowPage) -> None:
        self.desk.add_rows(
            [item.row for item in page.rows],
            self.new_name or tr("Who it is"),
            tr("who it is"),
            self.dataset,
            self._on_taken,
            self._on_end_failed,
        )

    def _on_taken(self, info: DatasetInfo) -> None:
        self.end_button.setEnabled(True)
        self._taken(info)

    def _on_end_failed(self, failed: Failed) -> None:
        self.end_button.setEnabled(True)
        self.say_failed(failed)

    def fit_fields(self) -> None:
        super().fit_fields()
        px, width = self.theme.px, self.width_for(FIELD_PX)
        for line in (self.its_name, self.maker):
            line.setFixedWidth(width)
        for text in (self.traits, self.refusals):
            text.setFixedSize(width, px(LINES_PX))
        self.preview.setFixedHeight(px(PREVIEW_PX))
