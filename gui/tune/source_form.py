"""What the ways of bringing data have in common: a page with a way back, a place to say what is
wrong, and the question whether the rows make a new dataset or go to the one in use.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.staged.end_form import NAME_PX, EndForm
from gui.theme import Theme
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox


class SourceForm(EndForm):
    """A form that ends in rows. Subclasses add their sections, then `add_end`."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, title: str, words: str, parent: QWidget | None = None
    ) -> None:
        tip = tr("Back without bringing anything (Esc)")
        super().__init__(theme, title, words, tip, parent)
        self.desk = desk
        self.name = QLineEdit()
        self.into = CalmComboBox()
        desk.parts.state.dataset_changed.connect(self.refill_into)
        self.into.currentIndexChanged.connect(self._on_into)

    def add_end(self, words: str, tip: str) -> None:
        """The last section: where the rows go, and the button that brings them."""
        rows = self.add_section(tr("Where the rows go"))
        self.into.setToolTip(tr("A dataset is a folder of yours with rows that anyone can read"))
        self.add_row(
            rows, tr("Dataset"), tr("A new one, or more rows for the one in use"), self.into
        )
        self.name.setToolTip(tr("What you call the new dataset; it can be renamed"))
        self.add_row(rows, tr("Name"), tr("Of the new dataset"), self.name)
        self.add_button(words, tip)
        self.refill_into()

    # ---- where to ----

    @property
    def dataset(self) -> str:
        """Id of the dataset that gets the rows, "" for a new one."""
        return str(self.into.currentData() or "")

    @property
    def new_name(self) -> str:
        return " ".join(self.name.text().split())

    @Slot()
    def refill_into(self) -> None:
        """Offer the dataset in use."""
        info, before = self.desk.info, self.dataset
        self.into.blockSignals(True)
        self.into.clear()
        self.into.addItem(tr("New dataset"), "")
        if info is not None:
            self.into.addItem(tr("More for “{name}”").format(name=info.name), info.id)
        self.into.choose(before)
        self.into.blockSignals(False)
        self.into.setEnabled(info is not None)
        self._on_into()

    @Slot()
    def _on_into(self) -> None:
        self.name.setEnabled(not self.dataset)

    def fit_fields(self) -> None:
        """Give fields their widths; subclasses add their own."""
        self.name.setFixedWidth(self.width_for(NAME_PX))
        self.into.setMaximumWidth(self.width_for(NAME_PX))
