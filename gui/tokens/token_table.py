"""The list of a vocabulary's tokens: a table of even rows, with keys for copying and for Enter."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.theme import Theme
from gui.tokens.vocabulary_model import (
    BYTES,
    FIGURE,
    ID,
    KIND,
    LENGTH,
    REACH,
    TOKEN,
    VocabularyModel,
)
from gui.tokens.words import tr

COLUMN_PX = {ID: 68, TOKEN: 170, BYTES: 140, KIND: 84, FIGURE: 92, LENGTH: 64, REACH: 100}
ROW_PX = 26


class TokenTable(QTableView):
    """One token a row; one is chosen at a time."""

    copy_pressed = Signal()
    copy_id_pressed = Signal()
    enter_pressed = Signal()

    def __init__(self, theme: Theme, model: VocabularyModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setAccessibleName(tr("Tokens of the vocabulary"))
        self.setToolTip(tr("Up and Down choose a token; Enter shows how it was merged"))
        self._set_up_headers()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _set_up_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        for column, width in COLUMN_PX.items():
            header.resizeSection(column, self._theme.px(width))
        header.setSectionResizeMode(BYTES, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_pressed.emit()
        elif event.key() == Qt.Key.Key_C and event.modifiers() == control | shift:
            self.copy_id_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter_pressed.emit()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._theme.px(ROW_PX))
        self.viewport().update()
