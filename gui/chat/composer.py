"""Where a person writes: a text field that grows to eight lines, and the button that sends or
stops.

Enter sends, Shift+Enter makes a line, Esc stops. Knows nothing of chats; says what was typed and
lets the room decide.
"""

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QEvent, QMimeData, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.theme import Theme
from gui.widgets.shy_button import ShyButton

MOST_LINES = 8
# The field's width (at 13 px) below which the tools, and then Send, become icons.
FIELD_PX, LEAST_FIELD_PX = 220, 140
ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ComposerEdit(QPlainTextEdit):
    """A plain text field as tall as its text, within bounds. Files are not text: they are
    offered."""

    enter_pressed = Signal()
    files_offered = Signal(list)  # list[str]: paths of files pasted or dropped
    picture_offered = Signal()  # a picture was pasted, and no words with it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = MOST_LINES
        self._prompt = ""
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._on_size_changed)
        self.fit()

    def set_most_lines(self, n_lines: int) -> None:
        """How tall it may grow before it scrolls."""
        self._most_lines = n_lines
        self.fit()

    def set_prompt(self, text: str) -> None:
        """What the empty field says; cut where it is longer than a line."""
        self._prompt = text
        self.setAccessibleName(text)
        room = self.viewport().width() - 2 * int(self.document().documentMargin())
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, room))
        if shown != self.placeholderText():
            self.setPlaceholderText(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_prompt(self._prompt)

    def event(self, event: QEvent) -> bool:
        # With nothing typed to undo, Undo is the room's: it takes back what was done last there.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys, document = QKeySequence.StandardKey, self.document()
            has_undo = document.isUndoAvailable() or not event.matches(keys.Undo)
            has_redo = document.isRedoAvailable() or not event.matches(keys.Redo)
            if not (has_undo and has_redo):
                event.ignore()
                return True
        return super().event(event)

    def fit(self) -> None:
        """Take the height of the text; called again when the font changes."""
        # A plain text document measures its height in lines.
        n_lines = min(max(1, ceil(self.document().size().height())), self._most_lines)
        margins = 2 * self.document().documentMargin()
        self.setFixedHeight(ceil(n_lines * self.fontMetrics().lineSpacing() + margins))
        policy = Qt.ScrollBarPolicy
        is_full = self.document().size().height() > self._most_lines
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if is_full else policy.ScrollBarAlwaysOff
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in ENTER_KEYS and not shifted:
            self.enter_pressed.emit()
            return
        super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasUrls() or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        paths = [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
        if paths:
            self.files_offered.emit(paths)
        elif source.hasImage() and not source.hasText():
            self.picture_offered.emit()
        else:
            super().insertFromMimeData(source)

    @Slot(QSizeF)
    def _on_size_changed(self, _size: QSizeF) -> None:
        self.fit()


class Composer(QFrame):
    """The field, a quiet line of status, and Send or Stop."""

    send_requested = Signal(str)  # the text, not blank
    stop_requested = Signal()
    text_changed = Signal(str)  # the text not yet sent

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Asked before a text goes; who says no says why.
        self.gate: Callable[[], bool] = lambda: True
        self._theme = theme
        self._is_writing = False
        self._shy: list[ShyButton] = []
        self._send_words, self._stop_words = self.tr("Send"), self.tr("Stop")
        self.setObjectName("composer")
        self.edit = ComposerEdit(self)
        self.status = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.send_button = QPushButton(self._send_words, self)
        self.stop_button = QPushButton(self._stop_words, self)
        self._lay_out()
        self._name_parts()
        self.edit.enter_pressed.connect(self._on_send)
        self.edit.textChanged.connect(self._on_text_changed)
        self.send_button.clicked.connect(self._on_send)
        self.stop_button.clicked.connect(self.stop_requested)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_writing(False)

    # ---- what the room tells ----

    def text(self) -> str:
        return self.edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Put a draft into the field, without telling it as typed."""
        if text != self.text():
            self.edit.blockSignals(True)
            self.edit.setPlainText(text)
            self.edit.blockSignals(False)
            self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._show_state()

    def set_prompt(self, text: str) -> None:
        """What the empty field says: whom one writes to."""
        self.edit.set_prompt(text)

    def set_send_words(self, text: str, tip: str) -> None:
        """What the button does with the text, where that is not sending it."""
        self._send_words = text
        self.send_button.setAccessibleName(text)
        self.send_button.setToolTip(tip)
        self._share()

    def set_status(self, text: str) -> None:
        """A short line of what is going on, "" for none."""
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def add_tool(self, tool: QWidget) -> None:
        """One more button, left of Send."""
        self._row.insertWidget(self._row.count() - 2, tool, 0, Qt.AlignmentFlag.AlignBottom)
        if isinstance(tool, ShyButton):
            self._shy.append(tool)

    def add_above(self, widget: QWidget) -> None:
        """Something that belongs to the message being written, above the field (attachments)."""
        self._above.addWidget(widget)

    def set_writing(self, is_writing: bool) -> None:
        """A reply is being written: the button stops it, and Enter waits."""
        self._is_writing = is_writing
        had_focus = self.stop_button.hasFocus()
        self.send_button.setVisible(not is_writing)
        self.stop_button.setVisible(is_writing)
        if had_focus and not is_writing:
            self.edit.setFocus()
        self._show_state()

    # ---- sharing the width ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._share()
        return done

    def _share(self) -> None:
        """Where the field would be too narrow to write in, the tools become icons, then Send."""
        tools = self._tools()
        self._show_send_words(True)
        in_words = sum(tool.width_in_words for tool in tools)
        is_shy = self._field_width(in_words) < self._theme.px(FIELD_PX)
        for tool in tools:
            tool.set_shy(is_shy)
            tool.setFixedHeight(self.send_button.sizeHint().height())
        taken = sum(tool.sizeHint().width() for tool in tools)
        self._show_send_words(self._field_width(taken) >= self._theme.px(LEAST_FIELD_PX))

    def _tools(self) -> list[ShyButton]:
        return [tool for tool in self._shy if not tool.isHidden()]

    def _field_width(self, tools_px: int) -> int:
        """What is left of the width beside tools of so many pixels."""
        margins = self._whole.contentsMargins()
        last = self.stop_button if self._is_writing else self.send_button
        gaps = (len(self._tools()) + 1) * self._row.spacing()
        around = margins.left() + margins.right() + gaps
        return self.width() - around - tools_px - last.sizeHint().width()

    def _show_send_words(self, are_shown: bool) -> None:
        pairs = ((self.send_button, self._send_words), (self.stop_button, self._stop_words))
        for button, words in pairs:
            if button.text() != (words if are_shown else ""):
                button.setText(words if are_shown else "")

    # ---- making ----

    def _lay_out(self) -> None:
        words = self._words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.edit)
        words.addWidget(self.status)
        self._above = QVBoxLayout()
        whole = self._whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 8, 8, 8)
        whole.setSpacing(2)
        whole.addLayout(self._above)
        layout = self._row = QHBoxLayout()
        whole.addLayout(layout)
        layout.setSpacing(8)
        layout.addLayout(words, 1)
        layout.addWidget(self.send_button, 0, Qt.AlignmentFlag.AlignBottom)
        layout.addWidget(self.stop_button, 0, Qt.AlignmentFlag.AlignBottom)

    def _name_parts(self) -> None:
        self.edit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.status.setWordWrap(True)
        self.send_button.setAccessibleName(self._send_words)
        self.stop_button.setAccessibleName(self._stop_words)
        self.send_button.setProperty("kind", "primary")
        self.send_button.setToolTip(self.tr("Send (Enter). Shift+Enter begins a new line."))
        self.stop_button.setToolTip(self.tr("Stop the reply (Esc). What is written stays."))
        self.status.setProperty("kind", "faint")
        self.status.setContentsMargins(4, 0, 0, 0)
        self.set_status("")

    # ---- slots ----

    @Slot()
    def _on_send(self) -> None:
        text = self.text()
        if text.strip() and not self._is_writing and self.gate():
            self.send_requested.emit(text)

    @Slot()
    def _on_text_changed(self) -> None:
        self._show_state()
        self.text_changed.emit(self.text())

    @Slot()
    def _on_theme_changed(self) -> None:
        palette = self._theme.palette
        corner = self._theme.px(12)
        self.edit.setMinimumWidth(self._theme.px(80))
        self.setStyleSheet(
            f"#composer {{ background: {palette.pane}; border: 1px solid {palette.line};"
            f" border-radius: {corner}px; }}"
            "#composer QPlainTextEdit { background: transparent; border: none; padding: 0; }"
        )
        self.stop_button.setIcon(icon("stop", palette.text))
        self.edit.fit()
        self._show_state()

    def _show_state(self) -> None:
        can_send = bool(self.text().strip())
        palette = self._theme.palette
        self.send_button.setEnabled(can_send)
        self.send_button.setIcon(icon("send", palette.on_accent if can_send else palette.text_dim))
