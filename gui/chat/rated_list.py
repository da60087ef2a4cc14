"""The page of the rated replies: choices by rating and tag, the replies, and what can be done with
them. Emits wishes; what a rating is and where it is kept is rated_replies.py's business.
"""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QModelIndex, QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QListView, QMenu, QVBoxLayout, QWidget

from engine.chats.records import Chosen, Judgement, RatedEntry
from gui.chat.rated_delegate import RatedDelegate
from gui.chat.rated_model import RatedModel
from gui.chat.words import count, tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button

TAG_LETTERS = 8


class RatedView(QListView):
    """The replies, with the keys a list has beyond Qt's own."""

    delete_pressed = Signal()
    enter_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.enter_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class RatedList(QWidget):
    """Choices, list, and two buttons."""

    reply_chosen = Signal(str, str)  # chat id, message id: go there
    unrate_requested = Signal(object)  # RatedEntry that is to be one no more
    menu_requested = Signal(object, object)  # RatedEntry, the QMenu to fill
    export_requested = Signal()
    teach_requested = Signal()
    shown_changed = Signal()  # other replies are shown, or none

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._can_teach = False
        self.model = RatedModel(self)
        self.view = RatedView(self)
        self.judgement = CalmComboBox(self)
        self.tag = CalmComboBox(self)
        self.unrate_button = button(tr("Take out"), "quiet", _unrate_tip())
        self.export_button = button(tr("Export…"))
        self.teach_button = button(
            tr("Teach from these"),
            "",
            tr("A model learns from rated and corrected replies, in the Fine-tune room"),
        )
        self._lay_out()
        self._set_up()
        self._connect()
        self._show_state()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # ---- making ----

    def _lay_out(self) -> None:
        foot = FlowLayout()
        foot.setSpacing(4)
        for part in (self.teach_button, self.export_button, self.unrate_button):
            foot.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.judgement)
        layout.addWidget(self.tag)
        layout.addWidget(self.view, 1)
        layout.addLayout(foot)

    def _set_up(self) -> None:
        self.judgement.add_choices(
            [
                (tr("All ratings"), "all"),
                (tr("Good"), "good"),
                (tr("Bad"), "bad"),
                (tr("Corrected"), "corrected"),
            ]
        )
        self.judgement.setAccessibleName(tr("Which ratings"))
        self.judgement.setToolTip(tr("Show the replies of one rating, or those you corrected"))
        self.tag.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.tag.setMinimumContentsLength(TAG_LETTERS)
        self.tag.setAccessibleName(tr("Which tag"))
        self.tag.setToolTip(tr("Show the replies with one tag"))
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(RatedDelegate(self._theme, view))
        view.setLayoutMode(QListView.LayoutMode.Batched)
        view.setMouseTracking(True)
        view.setFrameShape(QListView.Shape.NoFrame)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setAccessibleName(tr("Rated replies"))

    def _connect(self) -> None:
        view = self.view
        view.clicked.connect(self._go)
        view.enter_pressed.connect(lambda: self._go(view.currentIndex()))
        view.delete_pressed.connect(self._unrate_current)
        view.customContextMenuRequested.connect(self._on_menu_requested)
        view.selectionModel().selectionChanged.connect(self._show_state)
        self.model.modelReset.connect(self._show_state)
        self.judgement.currentIndexChanged.connect(self._on_chosen)
        self.tag.currentIndexChanged.connect(self._on_chosen)
        self.unrate_button.clicked.connect(self._unrate_current)
        self.export_button.clicked.connect(self.export_requested)
        self.teach_button.clicked.connect(self.teach_requested)

    # ---- what is told ----

    def set_can_teach(self, can_teach: bool) -> None:
        """Whether there is a room that a model is taught in."""
        self._can_teach = can_teach
        self._show_state()

    def set_entries(self, entries: Sequence[RatedEntry]) -> None:
        """All rated replies; the choice holds, and the current row stays where it was."""
        current, row = self.current(), self.view.currentIndex().row()
        self.model.set_entries(entries)
        self._show_tags()
        at = self.model.row_of(current.message_id) if current is not None else -1
        at = at if at >= 0 else min(row, self.model.rowCount() - 1)
        if at >= 0:
            self.view.setCurrentIndex(self.model.index(at))
        self._show_state()

    def show_all(self) -> None:
        """Choose every rating and every tag."""
        self.judgement.choose("all")
        self.tag.choose("")

    def current(self) -> RatedEntry | None:
        return self.model.entry_at(self.view.currentIndex())

    # ---- inside ----

    def _show_tags(self) -> None:
        tags = self.model.tags
        names = [(tr("Any tag"), ""), *((tag, tag) for tag in tags)]
        if [self.tag.itemData(n) for n in range(self.tag.count())] != [tag for _, tag in names]:
            kept = self.model.chosen.tag
            with QSignalBlocker(self.tag):
                self.tag.clear()
                self.tag.add_choices(cast(list[tuple[str, object]], names))
                self.tag.choose(kept)
            self._on_chosen()

    @Slot()
    def _on_chosen(self) -> None:
        judgement = cast(Judgement, self.judgement.currentData())
        self.model.set_chosen(Chosen(judgement, self.tag.currentData() or ""))
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        # With nothing rated there is nothing to choose, to export or to take out.
        has_any = bool(self.model.entries)
        for part in (self.judgement, self.export_button, self.unrate_button):
            part.setVisible(has_any)
        self.teach_button.setVisible(has_any and self._can_teach)
        self.tag.setVisible(bool(self.model.tags))
        n = self.model.n_teaching
        self.export_button.setEnabled(n > 0)
        self.teach_button.setEnabled(n > 0)
        words = count(n, tr("{n} row to teach with"), tr("{n} rows to teach with"))
        self.export_button.setToolTip(f"{words}. {_export_tip()}")
        self.unrate_button.setEnabled(self.current() is not None)
        self.shown_changed.emit()

    @Slot(QModelIndex)
    def _go(self, index: QModelIndex) -> None:
        entry = self.model.entry_at(index)
        if entry is not None:
            self.reply_chosen.emit(entry.chat_id, entry.message_id)

    @Slot()
    def _unrate_current(self) -> None:
        entry = self.current()
        if entry is not None:
            self.unrate_requested.emit(entry)

    @Slot(QPoint)
    def _on_menu_requested(self, place: QPoint) -> None:
        entry = self.model.entry_at(self.view.indexAt(place))
        if entry is None:
            return
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_requested.emit(entry, menu)
        menu.popup(self.view.viewport().mapToGlobal(place))

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = self._theme.palette.text_dim
        self.export_button.setIcon(icon("upload", colour))
        self.teach_button.setIcon(icon("tune", colour))
        self.unrate_button.setIcon(icon("close", colour))
        self.view.scheduleDelayedItemsLayout()
        self.view.viewport().update()


def _unrate_tip() -> str:
    return tr("Take rating and correction away from the chosen reply (Delete); Ctrl+Z undoes it")


def _export_tip() -> str:
    return tr(
        "Writes the replies shown as JSON Lines, a conversation a line: good ones, and corrected "
        "ones with the correction as the answer"
    )
