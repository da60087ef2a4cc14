"""The first row of a dataset, typed by hand. Further ones are written beside the table."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import DatasetInfo, Row
from gui.theme import Theme
from gui.tune.row_editor import RowEditor
from gui.tune.rows_desk import OnInfo, RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr

EDITOR_PX = 330


class TypedForm(SourceForm):
    """taken(info): the row is in a dataset."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, taken: OnInfo, parent: QWidget | None = None
    ) -> None:
        words = tr("Write what is asked and the answer you want; that answer is what is learned.")
        super().__init__(theme, desk, tr("Typed by hand"), words, parent)
        self._taken = taken
        self.editor = RowEditor(theme)
        self.editor.close_button.hide()
        # One button is enough: the form's own adds the row.
        self.editor.show_new()
        self.editor.add_row.hide()
        self.add_section(tr("First row")).addWidget(self.editor)
        self.name.setText(tr("Typed by hand"))
        self.add_end(tr("Add row"), tr("Put this row into the dataset (Ctrl+Enter)"))
        self.end_button.clicked.connect(self.editor.add)
        self.editor.row_added.connect(self._on_added)
        self.editor.closed.connect(self.left)

    def begin(self) -> None:
        """The form is looked at."""
        self.say_problem("")
        self.editor.show_new()

    @Slot(object)
    def _on_added(self, row: Row) -> None:
        self.editor.add_row.hide()

        def failed(why: Failed) -> None:
            self.editor.restore(row)
            self.say_failed(why)

        name = self.new_name or tr("Typed by hand")
        self.desk.add_rows([row], name, tr("typed by hand"), self.dataset, self._on_taken, failed)

    def _on_taken(self, info: DatasetInfo) -> None:
        self._taken(info)

    def fit_fields(self) -> None:
        super().fit_fields()
        self.editor.setFixedHeight(self.theme.px(EDITOR_PX))
