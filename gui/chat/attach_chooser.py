"""The panel where a person chooses which pages, sections or rows of a document go with the message.

Stands above the message field, not in its way: choosing counts at once, closing is only closing.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from gui.chat.attach_page_text import PageText
from gui.chat.attach_pages import NAME, TOKENS, WORDS, PartsModel
from gui.chat.attach_words import choice_text, parse_spans, parts_text, short_name
from gui.chat.attachments import Attachment, Space, spans_of, what_fits
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.escape import claim_escape
from gui.widgets.kinds import button, icon_button, label, set_kind
from gui.widgets.plain_tip import plain_tip

HEIGHT_PX, LEAST_HEIGHT_PX = 300, 210


class PartsView(QTreeView):
    """The table; Space ticks all rows that are selected."""

    ticked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.ticked.emit()
            return
        super().keyPressEvent(event)


class AttachChooser(QFrame):
    """Ticks, tokens, search and the running sum for one document."""

    chosen = Signal(str, object)  # document id, frozenset of indices
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._attachment: Attachment | None = None
        self._space = Space()
        self.model = PartsModel(self)
        self.name = label("", "heading")
        self.note = label("", "faint", wrap=True)
        self.search = QLineEdit(self)
        self.ranges = QLineEdit(self)
        self.view = PartsView(self)
        self.page = PageText(theme, self)
        self.sum = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self._make_buttons()
        self._name_parts()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    @property
    def document_id(self) -> str:
        """The document shown, "" for none."""
        return self._attachment.document.id if self._attachment is not None else ""

    # ---- what the feature tells ----

    def open(self, attachment: Attachment, space: Space) -> None:
        """Show a document."""
        self.search.clear()
        self.model.set_query("")
        self.show_attachment(attachment, space)
        self.show()
        self.view.setFocus()
        if self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0, NAME))

    def show_attachment(self, attachment: Attachment, space: Space) -> None:
        """Another state of the document: chosen parts, counts, room."""
        self._attachment, self._space = attachment, space
        document = attachment.document
        self.model.set_attachment(attachment)
        self.name.setText(short_name(document.name))
        self.name.setToolTip(plain_tip(document.name))
        self.note.setText(
            f"{document.note[:1].upper()}{document.note[1:]}." if document.note else ""
        )
        self.note.setVisible(bool(document.note))
        self.sum.setText(choice_text(attachment, space))
        set_kind(self.sum, "dim" if space.fits else "bad")
        if not self.ranges.hasFocus():
            self._show_ranges()

    def close_panel(self) -> None:
        """Put the panel away; what was chosen stays."""
        if self._attachment is not None:
            self._attachment = None
            self.model.set_attachment(None)
            self.hide()
            self.closed.emit()

    # ---- making ----

    def _make_buttons(self) -> None:
        self.all_button = button(tr("All"), "chip", tr("Choose all that the list shows"))
        self.none_button = button(tr("None"), "chip", tr("Choose nothing of what the list shows"))
        self.fit_button = button(
            tr("Choose what fits"),
            "chip",
            tr("Keep from the first chosen page on as many as leave room for a reply"),
        )
        self.close_button = icon_button(tr("Close the list (Esc)"))
        self.done_button = button(tr("Done"), "primary", tr("Back to the message (Esc)"))

    def _name_parts(self) -> None:
        self.setProperty("kind", "card")
        self.search.setPlaceholderText(tr("Search the text"))
        self.search.setAccessibleName(tr("Search the text"))
        self.search.setToolTip(tr("Show the pages that hold all these words"))
        self.search.setClearButtonEnabled(True)
        self.ranges.setAccessibleName(tr("Chosen, as ranges"))
        self.ranges.setPlaceholderText(tr("1-4, 7"))
        self.ranges.setToolTip(tr("What is chosen, as ranges; type 1-4, 7 and press Enter"))
        self.view.setAccessibleName(tr("Pages"))
        self.view.setToolTip(tr("Space ticks what is selected"))
        self.sum.setAccessibleName(tr("What is chosen"))
        view = self.view
        view.setModel(self.model)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setHeaderHidden(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(WORDS, QHeaderView.ResizeMode.Stretch)

    def _lay_out(self) -> None:
        top, bottom, sides = QHBoxLayout(), QHBoxLayout(), QSplitter(Qt.Orientation.Horizontal)
        top.addWidget(self.name, 1)
        top.addWidget(self.search, 1)
        top.addWidget(self.close_button)
        for part in (self.view, self.page):
            sides.addWidget(part)
        sides.setStretchFactor(0, 3)
        sides.setStretchFactor(1, 2)
        for tool in (self.all_button, self.none_button, self.fit_button, self.ranges):
            bottom.addWidget(tool)
        bottom.addStretch(1)
        bottom.addWidget(self.done_button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.note)
        layout.addWidget(sides, 1)
        layout.addWidget(self.sum)  # on a line of its own: it says whether all of it fits
        layout.addLayout(bottom)
        self.sum.setMinimumWidth(1)

    def _connect(self) -> None:
        self.model.chosen_changed.connect(self._choose)
        self.search.textChanged.connect(self.model.set_query)
        self.model.search_ended.connect(self._on_searched)
        self.view.ticked.connect(self._on_ticked)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.all_button.clicked.connect(lambda: self._tick_shown(True))
        self.none_button.clicked.connect(lambda: self._tick_shown(False))
        self.fit_button.clicked.connect(self._on_fit)
        self.ranges.editingFinished.connect(self._on_ranges_typed)
        self.close_button.clicked.connect(self.close_panel)
        self.done_button.clicked.connect(self.close_panel)

    # ---- choosing ----

    def _choose(self, parts: set[int]) -> None:
        if self._attachment is not None:
            self.chosen.emit(self._attachment.document.id, frozenset(parts))

    def _tick_shown(self, is_chosen: bool) -> None:
        self.model.choose(self.model.shown(), is_chosen=is_chosen)

    @Slot()
    def _on_ticked(self) -> None:
        """All selected are ticked, unless all were."""
        selected = self.view.selectionModel().selectedRows(NAME)
        parts = [self.model.part_at(index.row()) for index in selected]
        if self._attachment is not None and parts:
            self.model.choose(parts, is_chosen=not set(parts) <= self._attachment.chosen)

    @Slot()
    def _on_fit(self) -> None:
        if self._attachment is not None:
            others = self._space.attached - self._attachment.n_chosen_tokens
            room = self._space.good_room - others
            self.chosen.emit(self._attachment.document.id, what_fits(self._attachment, room))

    @Slot()
    def _on_ranges_typed(self) -> None:
        spans = parse_spans(self.ranges.text())
        if self._attachment is None:
            return
        if spans is None:
            self.ranges.setProperty("problem", "true")
            set_kind(self.ranges, "")
            self.sum.setText(tr("Write ranges such as 1-4, 7."))
            return
        if self.ranges.text() != self._ranges_text():
            parts = enumerate(self._attachment.document.parts)
            self._choose(
                {
                    index
                    for index, part in parts
                    if any(first <= part.last and part.first <= last for first, last in spans)
                }
            )
        self._show_ranges()

    def _ranges_text(self) -> str:
        if self._attachment is None or not self._attachment.chosen:
            return ""
        spans = spans_of(self._attachment.document, self._attachment.chosen)
        return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)

    def _show_ranges(self) -> None:
        self.ranges.setProperty("problem", "false")
        set_kind(self.ranges, "")
        self.ranges.setText(self._ranges_text())
        if self._attachment is not None and self._attachment.chosen:
            spans = spans_of(self._attachment.document, self._attachment.chosen)
            self.ranges.setAccessibleDescription(parts_text(self._attachment.document.unit, spans))

    # ---- looking ----

    @Slot()
    def _on_searched(self) -> None:
        """Show the first hit, where the old current row is gone."""
        if self.model.words and self.model.rowCount() and not self.view.currentIndex().isValid():
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.view.selectionModel().setCurrentIndex(self.model.index(0, NAME), flag)
        elif self.model.words and not self.model.rowCount():
            self.page.setPlainText(tr("No page has these words."))

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        part = self.model.part_at(current.row())
        if self._attachment is None or part < 0:
            self.page.clear()
            return
        self.page.show_page(self._attachment.document.parts[part].text, self.model.words)

    # ---- look and keys ----

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.setMinimumHeight(px(LEAST_HEIGHT_PX))
        self.setMaximumHeight(px(HEIGHT_PX))
        self.view.setColumnWidth(NAME, px(118))
        self.view.setColumnWidth(TOKENS, px(76))
        self.ranges.setFixedWidth(px(110))
        self.close_button.setIcon(icon("close", palette.text_dim))

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
            return
        super().keyPressEvent(event)
