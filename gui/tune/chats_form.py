"""Rows out of one's own chats: replies that were rated or corrected, or chats picked by hand."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from engine.chats.records import ChatRow, Chosen, Judgement
from engine.errors import AppError
from engine.process.messages import Failed
from engine.process.tune_messages import DatasetInfo, Row
from gui.theme import Theme
from gui.tune.chats_reader import ChatsReader
from gui.tune.row_preview import RowPreview
from gui.tune.row_words import rows_text
from gui.tune.rows_desk import OnInfo, RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.choice import Choice
from gui.widgets.kinds import label

ID_ROLE = Qt.ItemDataRole.UserRole + 1
LIST_PX, PREVIEW_PX, SHOWN_ROWS = 200, 200, 20
RATED, PICKED = "rated", "picked"


class ChatsForm(SourceForm):
    """taken(info): the rows are in a dataset."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, taken: OnInfo, parent: QWidget | None = None
    ) -> None:
        words = tr(
            "What you rated good or corrected shows how you want to be answered. Nothing leaves "
            "this machine."
        )
        super().__init__(theme, desk, tr("Your own chats"), words, parent)
        self._taken = taken
        self.rows: list[Row] = []
        self._round = 0
        paths = desk.parts.context.paths
        self.reader = ChatsReader(paths.chats, self._on_error, self)
        self.kind = Choice([(RATED, tr("Rated replies")), (PICKED, tr("Picked chats"))])
        self.judgement = CalmComboBox()
        self.search = QLineEdit()
        self.chats = QListWidget()
        self.found = label("", "dim", wrap=True)
        self.preview = RowPreview(theme)
        self._set_up()
        self._connect()
        self.kind.set_value(RATED)

    # ---- building ----

    def _set_up(self) -> None:
        rows = self.add_section(tr("Which of them"))
        tips = {
            RATED: tr("Replies with a thumb up, or with a correction"),
            PICKED: tr("Whole chats, as they are shown now"),
        }
        for key, one in self.kind.buttons.items():
            one.setToolTip(tips[key])
        self.add_row(rows, tr("From"), tr("Rated replies, or whole chats"), self.kind)
        choices: list[tuple[str, object]] = [
            (tr("Good and corrected"), "all"),
            (tr("Good"), "good"),
            (tr("Corrected"), "corrected"),
        ]
        self.judgement.add_choices(choices)
        self.judgement.setAccessibleName(tr("Which rated replies"))
        self.judgement.setToolTip(tr("Replies that were rated bad and not corrected teach nothing"))
        self.search.setPlaceholderText(tr("Search chats"))
        self.search.setAccessibleName(tr("Search chats"))
        self.search.setToolTip(tr("Chats whose title has these words"))
        self.chats.setProperty("kind", "boxed")
        self.chats.setAccessibleName(tr("Chats"))
        self.chats.setToolTip(tr("Tick chats with Space or a click"))
        for part in (self.judgement, self.search, self.chats):
            rows.addWidget(part)
        rows.addSpacing(self.theme.px(8))
        preview = self.add_section(tr("The rows that this becomes"))
        preview.addWidget(self.found)
        preview.addWidget(self.preview)
        self.preview.setAccessibleName(tr("The rows that this becomes"))
        self.name.setText(tr("My chats"))
        self.add_end(tr("Use these rows"), tr("Put these rows into a dataset (Ctrl+Enter)"))

    def _connect(self) -> None:
        self.kind.changed.connect(self.show_kind)
        self.judgement.currentIndexChanged.connect(self._read)
        self.search.textChanged.connect(self._filter)
        self.chats.itemChanged.connect(self._on_ticked)
        self.end_button.clicked.connect(self._on_end)

    # ---- what is chosen ----

    def begin(self, kind: str = "") -> None:
        """The form is looked at; kind: rated or picked, "" for as it was."""
        self.say_problem("")
        self.end_button.setEnabled(False)
        self.reader.list_chats(self._on_listed)
        self.show_kind(kind or self.kind.value)
        self.kind.buttons[self.kind.value].setFocus()

    @Slot(str)
    def show_kind(self, kind: str) -> None:
        self.kind.set_value(kind)
        self.judgement.setVisible(kind == RATED)
        self.search.setVisible(kind == PICKED)
        self.chats.setVisible(kind == PICKED)
        self._read()

    @property
    def picked(self) -> list[str]:
        """Ids of the ticked chats."""
        items = (self.chats.item(row) for row in range(self.chats.count()))
        return [
            str(item.data(ID_ROLE)) for item in items if item.checkState() == Qt.CheckState.Checked
        ]

    def _on_listed(self, chats: list[ChatRow]) -> None:
        ticked = set(self.picked)
        with QSignalBlocker(self.chats):
            self.chats.clear()
            for chat in chats:
                item = QListWidgetItem(chat.title or tr("New chat"), self.chats)
                item.setData(ID_ROLE, chat.id)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                is_on = chat.id in ticked
                item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        self._filter()

    @Slot()
    def _filter(self) -> None:
        words = self.search.text().strip().casefold()
        for row in range(self.chats.count()):
            item = self.chats.item(row)
            item.setHidden(words not in item.text().casefold())

    @Slot(QListWidgetItem)
    def _on_ticked(self, _item: QListWidgetItem) -> None:
        self._read()

    # ---- the rows ----

    @Slot()
    def _read(self) -> None:
        self._round += 1
        this = self._round

        def done(rows: list[Row]) -> None:
            if this == self._round:
                self._show_rows(rows)

        if self.kind.value == RATED:
            judgement: Judgement = self.judgement.currentData()
            self.reader.rated_rows(Chosen(judgement), done)
        else:
            self.reader.chat_rows(self.picked, done)

    def _show_rows(self, rows: list[Row]) -> None:
        self.rows = rows
        self.preview.show_rows(rows[:SHOWN_ROWS])
        self.end_button.setEnabled(bool(rows))
        self.found.setText(rows_text(len(rows)) if rows else self._why_none())

    def _why_none(self) -> str:
        if self.kind.value == RATED:
            return tr(
                "No reply is rated good or corrected yet. In the Chat room a reply’s menu has both."
            )
        if not self.chats.count():
            return tr("There is no chat yet.")
        if not self.picked:
            return tr("Tick the chats to learn from.")
        return tr("These chats have no answer to learn from.")

    def _on_error(self, error: AppError) -> None:
        self.say_problem(" ".join(part for part in (error.message, error.hint) if part))

    # ---- the end ----

    @Slot()
    def _on_end(self) -> None:
        if not self.rows:
            return
        self.end_button.setEnabled(False)
        is_rated = self.kind.value == RATED
        source = tr("rated replies") if is_rated else tr("your chats")
        name = self.new_name or tr("My chats")
        self.desk.add_rows(self.rows, name, source, self.dataset, self._on_taken, self._on_failed)

    def _on_taken(self, info: DatasetInfo) -> None:
        if self.kind.value == RATED and not self.dataset:
            # Earlier turns of such a row were not rated: only the last is what was meant.
            self.desk.parts.state.change(data__learn_from="last")
        self.close_reader()
        self._taken(info)

    def _on_failed(self, failed: Failed) -> None:
        self.end_button.setEnabled(True)
        self.say_failed(failed)

    def close_reader(self) -> None:
        """Nobody looks at the form any more."""
        self._round += 1
        self.reader.close()

    def fit_fields(self) -> None:
        super().fit_fields()
        px = self.theme.px
        self.chats.setFixedHeight(px(LIST_PX))
        self.preview.setFixedHeight(px(PREVIEW_PX))
