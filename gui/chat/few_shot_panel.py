"""Lays out examples for a base model: instruction, a table of examples, the row to be answered, how
they are written, and the prompt that comes of it, as it grows.

Edits one FewShot value and tells it; puts nothing anywhere by itself.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelection, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from gui.chat.few_shot import (
    MOST_EXAMPLES,
    MOST_FIELDS,
    STYLES,
    FewShot,
    Style,
    prompt,
    with_field,
    without_field,
)
from gui.chat.few_shot_table import add_row, cells, fill, table_look
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.escape import claim_escape
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

LEAST_PX = 240


class FewShotPanel(QFrame):
    """The helper, at the right of the notebook."""

    changed = Signal(object)  # FewShot, as a person left it
    insert_requested = Signal(str, bool)  # the prompt, and whether to stop after one answer
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._few = FewShot()
        self._is_showing = False
        self.instruction = QLineEdit(self)
        self.table = QTableWidget(self)
        self.query = QTableWidget(1, 1, self)
        self.style_box = CalmComboBox(self)
        self.preview = QPlainTextEdit(self)
        self.stops = QCheckBox(tr("Stop after one answer"), self)
        self._make_buttons()
        self._name_parts()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_few_shot(FewShot())

    @property
    def few_shot(self) -> FewShot:
        return self._few

    def set_few_shot(self, few: FewShot) -> None:
        """Show examples, without telling them as a change."""
        self._is_showing = True
        self._few = few
        self.instruction.setText(few.instruction)
        self.style_box.choose(few.style)
        rows = [*few.examples, [""] * len(few.fields)] if not few.examples else few.examples
        fill(self.table, few.fields, rows)
        fill(self.query, few.fields[:-1], [few.query])
        self._is_showing = False
        self._show_rest()

    # ---- making ----

    def _make_buttons(self) -> None:
        self.add_row = button(tr("Add example"), "chip", tr("One more row of the table"))
        self.remove_row = button(tr("Remove"), "chip", tr("Take the selected examples away"))
        self.add_field = button(
            tr("Add field"), "chip", tr("One more column; the last one is what the model writes")
        )
        self.remove_field = button(tr("Remove field"), "chip", tr("Take the last but one away"))
        self.insert_button = button(
            tr("Insert the prompt"), "primary", tr("Put the prompt into the text at the cursor")
        )
        self.close_button = button(tr("Close"), "chip", tr("Close the helper (Esc)"))

    def _name_parts(self) -> None:
        self.setProperty("kind", "side")
        self.instruction.setPlaceholderText(tr("Translate into French."))
        self.instruction.setAccessibleName(tr("Instruction"))
        self.instruction.setToolTip(
            tr("A line above the examples that says what they show; may stay empty")
        )
        self.table.setAccessibleName(tr("Examples"))
        self.table.setToolTip(tr("A row per example. Double-click a heading to name the field."))
        self.query.setAccessibleName(tr("What is to be answered"))
        self.query.setToolTip(tr("The row whose last field the model writes"))
        self.style_box.setAccessibleName(tr("How the examples are written"))
        self.style_box.setToolTip(tr("The signs between fields and examples"))
        self.preview.setAccessibleName(tr("Prompt"))
        self.preview.setToolTip(tr("The prompt as the model will read it"))
        self.preview.setReadOnly(True)
        self.stops.setToolTip(
            tr("Adds a stop string to this notebook's settings, so that no further example follows")
        )
        self.stops.setChecked(True)
        for style in STYLES:
            self.style_box.addItem(_style_name(style), style)
        for table in (self.table, self.query):
            table.verticalHeader().hide()
            header = table.horizontalHeader()
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            table.setTabKeyNavigation(True)
        self.query.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addWidget(label(tr("Few-shot examples"), "heading"))
        layout.addWidget(
            label(
                tr(
                    "A base model goes on with what it sees: show it some pairs and begin one more."
                ),
                "dim",
                wrap=True,
            )
        )
        layout.addWidget(self.instruction)
        layout.addWidget(self.table, 3)
        layout.addLayout(_row(self.add_row, self.remove_row, self.add_field, self.remove_field))
        layout.addWidget(label(tr("To be answered"), "dim"))
        layout.addWidget(self.query)
        layout.addWidget(self.style_box)
        layout.addWidget(self.preview, 2)
        layout.addWidget(self.stops)
        layout.addLayout(_row(self.insert_button, self.close_button))

    def _connect(self) -> None:
        self.instruction.textChanged.connect(self._on_edited)
        self.table.itemChanged.connect(self._on_edited)
        self.query.itemChanged.connect(self._on_edited)
        self.style_box.currentIndexChanged.connect(self._on_edited)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.table.horizontalHeader().sectionDoubleClicked.connect(self._on_heading)
        self.add_row.clicked.connect(self._on_add_row)
        self.remove_row.clicked.connect(self._on_remove_rows)
        self.add_field.clicked.connect(self._on_add_field)
        self.remove_field.clicked.connect(self._on_remove_field)
        self.insert_button.clicked.connect(self._on_insert)
        self.close_button.clicked.connect(self.closed)

    # ---- reading the fields ----

    @Slot()
    def _on_edited(self) -> None:
        if self._is_showing:
            return
        style: Style = self.style_box.currentData()
        few = FewShot(
            self.instruction.text(),
            list(self._few.fields),
            [row for row in cells(self.table) if any(row)],
            (cells(self.query) or [[]])[0],
            style,
        )
        if few != self._few:
            self._few = few
            self._show_rest()
            self.changed.emit(few)

    def _replace(self, few: FewShot) -> None:
        self.set_few_shot(few)
        self.changed.emit(few)

    def _show_rest(self) -> None:
        few = self._few
        self.preview.setPlainText("" if few.is_blank else prompt(few))
        self.insert_button.setEnabled(not few.is_blank)
        self.add_field.setEnabled(len(few.fields) < MOST_FIELDS)
        self.remove_field.setEnabled(len(few.fields) > 2)
        self.add_row.setEnabled(self.table.rowCount() < MOST_EXAMPLES)
        self._on_selected()

    def showEvent(self, event: QShowEvent) -> None:
        """The prompt is read from its beginning."""
        super().showEvent(event)
        self.preview.verticalScrollBar().setValue(0)

    # ---- slots ----

    @Slot()
    def _on_add_row(self) -> None:
        self._is_showing = True
        first = add_row(self.table)
        self._is_showing = False
        self.table.setCurrentItem(first)
        self.table.editItem(first)
        self._show_rest()

    @Slot()
    def _on_remove_rows(self) -> None:
        rows = sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True)
        for row in rows:
            self.table.removeRow(row)
        self._on_edited()

    @Slot()
    def _on_add_field(self) -> None:
        few = self._few
        at = len(few.fields) - 1
        name = tr("Field {n}").format(n=at + 1)
        self._replace(with_field(few, at, name))

    @Slot()
    def _on_remove_field(self) -> None:
        self._replace(without_field(self._few, len(self._few.fields) - 2))

    @Slot(int)
    def _on_heading(self, column: int) -> None:
        """Name a field where its name stands."""
        header = self.table.horizontalHeader()
        field = QLineEdit(self._few.fields[column], header)
        field.setAccessibleName(tr("Name of the field"))
        field.setGeometry(
            header.sectionViewportPosition(column), 0, header.sectionSize(column), header.height()
        )
        field.editingFinished.connect(lambda: self._name_field(column, field))
        field.show()
        field.setFocus()
        field.selectAll()

    def _name_field(self, column: int, field: QLineEdit) -> None:
        field.blockSignals(True)
        name = " ".join(field.text().split())
        field.deleteLater()
        if name and name != self._few.fields[column]:
            fields = [name if at == column else old for at, old in enumerate(self._few.fields)]
            few = self._few
            self._replace(FewShot(few.instruction, fields, few.examples, few.query, few.style))

    @Slot()
    def _on_insert(self) -> None:
        self.insert_requested.emit(prompt(self._few), self.stops.isChecked())

    @Slot(QItemSelection, QItemSelection)
    def _on_selected(self, *_: QItemSelection) -> None:
        self.remove_row.setEnabled(bool(self.table.selectedIndexes()))

    @Slot()
    def _on_theme_changed(self) -> None:
        px = self._theme.px
        self.setMinimumWidth(px(LEAST_PX))
        self.query.setFixedHeight(
            self.query.horizontalHeader().sizeHint().height() + self.query.rowHeight(0) + px(4)
        )
        self.preview.setFont(self._theme.font("mono"))
        for table in (self.table, self.query):
            table.setStyleSheet(table_look(self._theme))
            table.setFrameShape(QFrame.Shape.StyledPanel)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)


def _style_name(style: Style) -> str:
    return {
        "lines": tr("Lines: “Input: … Output: …”"),
        "arrow": tr("Arrow: “… → …”, one per line"),
        "headings": tr("Headings: “### Input”"),
        "tags": tr("Tags: “<input>…</input>”"),
    }[style]


def _row(*parts: QWidget) -> FlowLayout:
    row = FlowLayout()
    row.setSpacing(6)
    for part in parts:
        row.addWidget(part)
    return row
