"""The Text page: the editor, figures of its text, and a lower area of panels. Here is what belongs
to the text as a whole: where its tokens come from, what is kept of it, and who is told of changes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from engine.process.messages import Failed
from gui.tokens.cards import Cards
from gui.tokens.copying import TokenCopier
from gui.tokens.feeder import TokenFeeder
from gui.tokens.first_text import FIRST_TEXT
from gui.tokens.history import History
from gui.tokens.kept_text import KeptTextFile
from gui.tokens.lower_area import LowerArea
from gui.tokens.occurrences import Occurrences
from gui.tokens.parts import TokensPage, TokensParts
from gui.tokens.search_bar import SearchBar
from gui.tokens.special_switch import SpecialSwitch
from gui.tokens.text_editor import TextEditor
from gui.tokens.text_file import TextReader
from gui.tokens.token_words import tooltip_of
from gui.tokens.words import tr
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import label

KEY = "text"
SPLITTER = "tokens_text"
LONG_BYTES = 200_000  # from here on it is said that the tokens are on their way
TELL_MS = 60  # after the tokens are known; typing tells at most so often
LEAST_EDITOR_PX, LOWER_PX, LOW_PX = 36, 340, 430


class TextPage(TokensPage):
    """editor, cards | panels."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme, state = parts.context.theme, parts.state
        self.split = QSplitter(Qt.Orientation.Vertical, self)
        self.top = FlowPane(self.split)
        self.editor = TextEditor(theme, state.document, self.top)
        self.search = SearchBar(theme, self.editor, self.top)
        self.note = label("", "faint", wrap=True)
        self.special = SpecialSwitch(state, self.top)
        self.cards = Cards(theme, self.top)
        self.panels = LowerArea(parts, self.split)
        self.feeder = TokenFeeder(state.document, parts.worker, self)
        self.kept = KeptTextFile(parts.context.paths.home, parts.context.notices.show_failure, self)
        self.reader = TextReader(self)
        self.occurrences = Occurrences(parts, self.editor, self)
        self.copier = TokenCopier(parts, self.editor, self.feeder, self)
        self._tell = QTimer(self, singleShot=True, interval=TELL_MS)
        self._lay_out()
        self._connect()
        self._add_actions()
        self._begin()

    # ---- building ----

    def _lay_out(self) -> None:
        column = QVBoxLayout(self.top)
        column.addWidget(self.search)
        column.addWidget(self.editor, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.special)
        foot.addWidget(self.note, 1)
        column.addLayout(foot)
        column.addWidget(self.cards)
        self.note.hide()
        self.split.addWidget(self.top)
        self.split.addWidget(self.panels)
        self.split.setStretchFactor(0, 1)
        self.split.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.split)
        self.parts.context.theme.changed.connect(self._dress)
        self._dress()

    def _connect(self) -> None:
        state, editor = self.parts.state, self.editor
        editor.describe = self._describe
        editor.edited.connect(self._on_edited)
        editor.tokens_changed.connect(self._on_tokens_came)
        editor.refused.connect(self.parts.context.notices.show_failure)
        editor.file_dropped.connect(self.open_path)
        editor.token_clicked.connect(state.choose_token)
        editor.add_to_menu = self.copier.add_to_menu
        self._tell.timeout.connect(self._tell_text)
        self.feeder.settled.connect(self._on_settled)
        self.feeder.failed.connect(self._on_feed_failed)
        state.tokenizer_changed.connect(self._on_tokenizer)
        state.special_changed.connect(self._on_tokenizer)
        state.opening_changed.connect(self._show_note)
        state.probabilities_changed.connect(self._show_cards)
        state.text_changed.connect(self._show_cards)
        self.reader.read.connect(self._on_file_read)
        self.reader.failed.connect(self.parts.context.notices.show_error)
        self.search.closed.connect(self._on_search_closed)
        self.panels.opened.connect(self._on_panels_opened)
        self.split.splitterMoved.connect(self._on_split_moved)

    def _add_actions(self) -> None:
        add = self.parts.add_action
        add(tr("&Open a text file…"), self.ask_for_file, "Ctrl+O")
        add(tr("&Clear the text"), self.clear, None)
        add(tr("&Find in the text…"), self.find_text, "Ctrl+F")
        add(tr("&Next of this token"), self.occurrences.next, "F3")
        add(tr("&Previous of this token"), self.occurrences.previous, "Shift+F3")
        add(tr("Open or close the &panels"), self.panels.toggle, "Ctrl+J")
        add(tr("Read &special tokens"), self.special.click, "Ctrl+Shift+S")
        self.copier.add_actions()

    def _begin(self) -> None:
        """The text and the caret of last time; our own where there is none."""
        self._open_sizes = self._kept_sizes()
        self.split.setSizes(self._open_sizes)
        self.parts.state.set_special(self.parts.context.settings.value.tokens_special)
        kept = self.kept.value
        self.editor.document.set_text(kept.text if kept.is_used else FIRST_TEXT)
        self.editor.document.history = History()  # what was there before is not undone
        self.editor.set_caret(min(kept.place, self.parts.state.document.n_bytes))
        if self.parts.state.info is not None:
            self._on_tokenizer()

    def _kept_sizes(self) -> list[int]:
        kept = self.parts.context.settings.value.splitters.get(SPLITTER, [])
        px = self.parts.context.theme.px
        return kept if len(kept) == 2 else [px(420), px(LOWER_PX)]

    # ---- what a person asks ----

    def show_text(self, text: str) -> None:
        """Another text; Ctrl+Z brings the one before back.

        Raises:
            AppError: it holds half a character; the text before stays.
        """
        self.editor.set_text(text)
        self.editor.setFocus()

    def clear(self) -> None:
        self.show_text("")

    def find_text(self) -> None:
        """Ctrl+F: look for what is selected, if it is short."""
        self.parts.show_page(KEY)
        self.search.open(self.editor.selected_text())
        self._fit()

    def ask_for_file(self) -> None:
        self.reader.ask(self)

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Read a file off the window's thread; the text is replaced when it is there."""
        self.reader.open(Path(path))

    def undo(self) -> bool:
        can = self.editor.isUndoAvailable()
        self.editor.undo()
        return can

    def redo(self) -> bool:
        can = self.editor.isRedoAvailable()
        self.editor.redo()
        return can

    def on_shown(self) -> None:
        self.panels.on_shown()

    def save_state(self) -> None:
        self._keep()
        self.kept.flush()
        self.reader.close()
        self.search.finder.close()
        self.copier.close()
        self.feeder.close()
        self.panels.save_state()
        self.parts.context.settings.change(tokens_special=self.parts.state.special)
        splitters = dict(self.parts.context.settings.value.splitters)
        splitters[SPLITTER] = self.split.sizes() if self.panels.is_open else self._open_sizes
        self.parts.context.settings.change(splitters=splitters)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a low window the search bar takes the place of the figures."""
        is_low = self.height() < self.parts.context.theme.px(LOW_PX)
        for one in (self.cards, self.special):
            one.setVisible(not is_low or self.search.isHidden())

    # ---- slots ----

    @Slot()
    def _on_search_closed(self) -> None:
        self._fit()
        self.editor.setFocus()

    @Slot(bool)
    def _on_panels_opened(self, is_open: bool) -> None:
        """The text has the room to itself while the panels are closed."""
        total = sum(self.split.sizes())
        self.panels.fit()
        self.split.setSizes(self._open_sizes if is_open else [total, 0])

    @Slot(int, int)
    def _on_split_moved(self, _place: int, _index: int) -> None:
        if self.panels.is_open:
            self._open_sizes = self.split.sizes()

    @Slot()
    def _on_edited(self) -> None:
        self.parts.state.choose_token(-1)
        self.search.on_edited()
        self._keep()
        self._show_note()
        if not self.editor.document.is_stale:
            self._on_settled()

    @Slot()
    def _on_tokens_came(self) -> None:
        self._show_note()

    @Slot()
    def _on_settled(self) -> None:
        self._show_note()
        if not self._tell.isActive():
            self._tell.start()

    @Slot()
    def _tell_text(self) -> None:
        if not self.editor.document.is_stale:
            self.parts.state.text_changed.emit()

    @Slot()
    def _on_tokenizer(self) -> None:
        self.editor.choose_token(-1)
        self.feeder.set_tokenizer(self.parts.state.info, self.parts.state.special)
        self._show_note()

    @Slot(object)
    def _on_feed_failed(self, failed: Failed) -> None:
        self.parts.context.notices.show_event(failed)
        self._show_note()

    @Slot(str, str)
    def _on_file_read(self, name: str, text: str) -> None:
        self.parts.state.end_private()
        self.show_text(text)
        words = tr("“{name}” is open. Undo brings the text before back.")
        self.parts.context.notices.tell(words.format(name=name))

    # ---- showing ----

    def _describe(self, token: int) -> str:
        return tooltip_of(self.parts.state, token)

    @Slot()
    def _show_cards(self) -> None:
        self.cards.show_state(self.parts.state)

    @Slot()
    def _show_note(self) -> None:
        """What is not as it seems: tokens that are not known yet, a text that is not kept."""
        words = self._note_words()
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _note_words(self) -> str:
        state, document = self.parts.state, self.editor.document
        if state.info is None:
            on_its_way = tr("The tokenizer is on its way…")
            return on_its_way if state.opening else tr("No tokenizer is open: choose one above.")
        if document.n_bytes > LONG_BYTES and document.is_stale:
            n_known = int(np.count_nonzero(document.tokens.ids >= 0))
            return tr("Tokenising: {n} tokens so far").format(n=f"{n_known:,}")
        changed = tr("This tokenizer changes the text: its pieces in a row are not what was typed.")
        parts = [self.kept.note, "" if self.feeder.text_ok else changed]
        return " ".join(one for one in parts if one)

    def _keep(self) -> None:
        is_private = self.parts.state.is_private
        self.kept.keep_text(self.editor.document, self.editor.place, is_private=is_private)

    @Slot()
    def _dress(self) -> None:
        px = self.parts.context.theme.px
        layout = self.top.layout()
        assert layout is not None
        layout.setContentsMargins(px(20), px(12), px(20), px(10))
        layout.setSpacing(px(10))
        self.editor.setMinimumHeight(px(LEAST_EDITOR_PX))
