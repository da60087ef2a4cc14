"""The notebook on the screen: the text, what can be done with it above, what it costs below, the
few-shot helper beside it.

Shows and asks; the feature (notebook.py) does.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.chat.few_shot_panel import FewShotPanel
from gui.chat.notebook_edit import NotebookEdit
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind
from gui.widgets.transcript_page import column_width

PANEL_PX, LEAST_SHEET_PX = 380, 340
ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class NotebookView(QFrame):
    """One notebook."""

    continue_requested = Signal()
    stop_requested = Signal()
    regenerate_requested = Signal()
    font_changed = Signal(bool)  # monospaced or not

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_writing = False
        self._is_wrong = False
        self.edit = NotebookEdit(theme, self)
        self.panel = FewShotPanel(theme, self)
        self.status = label("", "faint")
        self.place = label("", "faint")
        self._make_buttons()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_writing(False)
        self.panel.hide()

    # ---- what the feature tells ----

    def set_writing(self, is_writing: bool) -> None:
        """The model writes: the text waits, Stop is there."""
        self._is_writing = is_writing
        had_focus = self.stop_button.hasFocus() or self.continue_button.hasFocus()
        self.edit.setReadOnly(is_writing)
        self.continue_button.setVisible(not is_writing)
        self.stop_button.setVisible(is_writing)
        self.again_button.setEnabled(not is_writing and self.edit.can_redo_last())
        if had_focus:
            self.edit.setFocus()

    def set_status(self, text: str, *, is_wrong: bool = False) -> None:
        """What is going on, or why something cannot be done."""
        self.status.setText(text)
        self.status.setVisible(bool(text))
        if is_wrong != self._is_wrong:
            self._is_wrong = is_wrong
            set_kind(self.status, "bad" if is_wrong else "faint")

    def set_place(self, text: str) -> None:
        """Where the cursor is in the context."""
        self.place.setText(text)

    def set_mono(self, is_mono: bool) -> None:
        self.mono_button.setChecked(is_mono)

    def show_panel(self, is_shown: bool) -> None:
        self.examples_button.setChecked(is_shown)

    # ---- making ----

    def _make_buttons(self) -> None:
        self.continue_button = button(
            tr("Continue"),
            "primary",
            tr("Let the model go on at the cursor (Ctrl+Enter). What stands behind it stays."),
        )
        self.stop_button = button(tr("Stop"), "", tr("Stop here (Esc). What is written stays."))
        self.again_button = button(
            tr("Again"),
            "chip",
            tr("Write the last continuation anew (Ctrl+R); Undo brings it back"),
        )
        self.examples_button = button(
            tr("Few-shot examples"), "chip", tr("Lay out examples that the model goes on with")
        )
        self.mono_button = button(tr("Monospaced"), "chip", tr("All letters equally wide"))
        for toggle in (self.examples_button, self.mono_button):
            toggle.setCheckable(True)

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        self.setObjectName("notebook")
        tools, foot = FlowLayout(), QVBoxLayout()
        for tool in (self.continue_button, self.stop_button, self.again_button):
            tools.addWidget(tool)
        for tool in (self.examples_button, self.mono_button):
            tools.addWidget(tool)
        self._tools, self._foot = tools, foot
        self.status.setWordWrap(True)
        foot.setSpacing(2)
        foot.addWidget(self.status)
        foot.addWidget(self.place)
        self.sheet = QWidget(self)
        column = QVBoxLayout(self.sheet)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self.edit, 1)
        column.addLayout(foot)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sheet, 2)
        layout.addWidget(self.panel, 1)
        self.status.setAccessibleName(tr("State of the notebook"))
        self.place.setToolTip(
            tr("Tokens that the model sees (before the cursor), all tokens, and what it can hold")
        )

    def _connect(self) -> None:
        self.edit.installEventFilter(self)
        self.continue_button.clicked.connect(self.continue_requested)
        self.stop_button.clicked.connect(self.stop_requested)
        self.again_button.clicked.connect(self.regenerate_requested)
        self.examples_button.toggled.connect(self._on_examples_toggled)
        self.mono_button.toggled.connect(self._on_mono_toggled)
        self.panel.closed.connect(lambda: self.examples_button.setChecked(False))

    # ---- slots ----

    @Slot(bool)
    def _on_examples_toggled(self, is_shown: bool) -> None:
        self.panel.setVisible(is_shown)
        self._align()
        if is_shown:
            self.panel.instruction.setFocus()
        else:
            self.edit.setFocus()

    @Slot(bool)
    def _on_mono_toggled(self, is_mono: bool) -> None:
        self._set_font()
        self.font_changed.emit(is_mono)

    def _set_font(self) -> None:
        kind = "mono" if self.mono_button.isChecked() else "body"
        font = self._theme.font("mono" if kind == "mono" else "body")
        family = font.families()[0] if font.families() else font.family()
        self.edit.setStyleSheet(
            f"QPlainTextEdit {{ background: transparent; border: none; padding: 0;"
            f' font-family: "{family}"; font-size: {self._theme.px(14)}px; }}'
        )

    @Slot()
    def _on_theme_changed(self) -> None:
        palette = self._theme.palette
        self.continue_button.setIcon(icon("continue", palette.on_accent))
        self.stop_button.setIcon(icon("stop", palette.text))
        self.again_button.setIcon(icon("refresh", palette.text_dim))
        self._set_font()
        self._align()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._align()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._align()

    def _align(self) -> None:
        """The text in a column that reads well, its tools over it; where there is no room for
        text and helper, the helper comes in the text's place."""
        px = self._theme.px
        has_panel, room = not self.panel.isHidden(), self.width() - px(PANEL_PX)
        is_tight = room < px(LEAST_SHEET_PX)
        self.sheet.setVisible(not (has_panel and is_tight))
        self.panel.setMaximumWidth(self.width() if is_tight else px(PANEL_PX))
        width = room if has_panel else self.width()
        side = max(0, (width - column_width(self._theme, width)) // 2)
        text_side = max(0, side - int(self.edit.document().documentMargin()))
        self.edit.setViewportMargins(text_side, px(8), text_side, px(8))
        self._tools.setSpacing(px(8))
        self._tools.setContentsMargins(side, px(12), side, px(6))
        self._foot.setContentsMargins(side, px(6), side, px(12))

    # ---- keys ----

    def event(self, event: QEvent) -> bool:
        # The room has keys of the same name for chats; here they are the notebook's.
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self._does(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._does(event):
            self._do(event)
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.edit and isinstance(event, QKeyEvent) and self._does(event):
            if event.type() == QEvent.Type.KeyPress:
                self._do(event)
            event.accept()
            return True
        return False

    def _does(self, event: QKeyEvent) -> bool:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held == Qt.KeyboardModifier.ControlModifier:
            return event.key() in ENTERS or event.key() == Qt.Key.Key_R
        return event.key() == Qt.Key.Key_Escape and not held

    def _do(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.stop_requested.emit()
        elif event.key() == Qt.Key.Key_R:
            self.regenerate_requested.emit()
        elif not self._is_writing:
            self.continue_requested.emit()
