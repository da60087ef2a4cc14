"""The strip above the transcript: the chat's title, the model with its load progress, and the
details switch.

Emits wishes; shows what it is told.
"""

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.shrinking_button import ShrinkingButton
from gui.widgets.shy_button import ShyButton

LONGEST_LABEL = 34
# At 13 px: what the model button keeps while the title has room, and what it is never without.
MODEL_PX, LEAST_MODEL_PX = 116, 55
# Words of tools give way where the title would have less than this of its own.
TITLE_PX, LEAST_TITLE_PX = 200, 55
BUTTON_PX = 28  # height of all in the header
# Pixels between the parts: beside words, and beside icons alone.
GAP_PX, TIGHT_GAP_PX = 8, 4


class TitleEdit(QLineEdit):
    """A title that looks like text until one edits it; Esc gives the old one back."""

    title_edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ""
        self.editingFinished.connect(self._on_finished)

    def sizeHint(self) -> QSize:
        # As wide as its words, so that it and the model's name share what there is.
        wanted = self.fontMetrics().horizontalAdvance(self._title) + 24
        return QSize(wanted, super().sizeHint().height())

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.updateGeometry()
        if not self.hasFocus() or not self.isModified():
            self._show_title()

    def event(self, event: QEvent) -> bool:
        # Esc gives the old title back here before it stops a reply in the room.
        is_early = event.type() == QEvent.Type.ShortcutOverride and self.isModified()
        if is_early and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.setText(self._title)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_title()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.hasFocus():
            self._show_title()

    def _show_title(self) -> None:
        """The whole title while it has the focus, what fits of it otherwise."""
        text = self._title
        if not self.hasFocus():
            room = self.contentsRect().width() - self.fontMetrics().averageCharWidth() * 3
            text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.setText(text)
        self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._title)
            self.setModified(False)
            return
        super().keyPressEvent(event)

    @Slot()
    def _on_finished(self) -> None:
        # An elided title is no edit.
        title = " ".join(self.text().split()) if self.isModified() else ""
        self.setModified(False)
        if title and title != self._title:
            self._title = title
            self.title_edited.emit(title)
        self._show_title()


class Header(QFrame):
    """Title, model button, tools, progress, details switch.

    Where there is not room for all: the model's name is cut first, then tools of words become
    icons, then the title is cut.
    """

    title_edited = Signal(str)
    model_button_clicked = Signal()
    load_cancel_requested = Signal()
    details_toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._added: list[QWidget] = []
        self.title = TitleEdit(self)
        self.model_button = ShrinkingButton(theme, LEAST_MODEL_PX, self)
        self.cancel_button = QToolButton(self)
        self.details_button = QToolButton(self)
        self.progress = QProgressBar(self)
        self._lay_out()
        self._name_parts()
        self.title.title_edited.connect(self.title_edited)
        self.model_button.clicked.connect(self.model_button_clicked)
        self.cancel_button.clicked.connect(self.load_cancel_requested)
        self.details_button.toggled.connect(self.details_toggled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_loading(None)

    # ---- what the room tells ----

    def set_title(self, title: str, *, can_edit: bool) -> None:
        self.title.set_title(title)
        self.title.setReadOnly(not can_edit)

    def set_model(self, label: str, tip: str) -> None:
        """What the model button says; a long name is cut in its middle and told whole in the
        tooltip.
        """
        shown = label
        if len(label) > LONGEST_LABEL:
            shown = f"{label[: LONGEST_LABEL // 2]}…{label[-LONGEST_LABEL // 2 + 1 :]}"
        self.model_button.setText(shown.replace("&", "&&"))
        self.model_button.setToolTip(tip)
        self.model_button.setAccessibleName(tr("Model: {name}").format(name=label))

    def add_tool(self, tool: QWidget) -> None:
        """One more thing in the header, left of the details switch."""
        self._row.insertWidget(self._row.count() - 1, tool)
        self._added.append(tool)

    def has_place_for(self, tool: QWidget) -> bool:
        """Whether there is room for a tool with all others in words and a title of some length."""
        others = [one for one in self._tools() if one is not tool]
        taken = self._width_in_words(others) + tool.sizeHint().width() + GAP_PX
        title = min(self.title.sizeHint().width(), self._theme.px(TITLE_PX))
        return self._inner_width(GAP_PX) - taken - self._model_hint() >= title

    def set_loading(self, fraction: float | None) -> None:
        """How far a load is; None when nothing is loading, below 0 when that is not known yet."""
        self.progress.setVisible(fraction is not None)
        self.cancel_button.setVisible(fraction is not None)
        if fraction is not None:
            self.progress.setRange(0, 0 if fraction < 0 else 1000)
            self.progress.setValue(round(max(0.0, fraction) * 1000))

    # ---- sharing the width ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # A tool came or went, or one has other words.
        if event.type() == QEvent.Type.LayoutRequest:
            self._share()
        return done

    def _share(self) -> None:
        """Widths of what gives way; the title takes what is left."""
        px, tools, title = self._theme.px, self._tools(), self.title.sizeHint().width()
        hint = self._model_hint()
        least = min(hint, px(MODEL_PX))
        in_words = self._inner_width(GAP_PX) - self._width_in_words(tools)
        has_words = in_words >= min(title, px(TITLE_PX)) + least
        for tool in tools:
            if isinstance(tool, ShyButton):
                tool.set_shy(not has_words)
            if isinstance(tool, QAbstractButton):
                tool.setFixedHeight(px(BUTTON_PX))
        gap = GAP_PX if has_words else TIGHT_GAP_PX
        if gap != self._row.spacing():
            self._row.setSpacing(gap)
        rest = self._inner_width(gap) - self._width_of(tools, gap)
        model = max(least, min(hint, rest - title))
        if rest - model < px(LEAST_TITLE_PX):
            model = max(px(LEAST_MODEL_PX), rest - px(LEAST_TITLE_PX))
        self.model_button.setMaximumWidth(model)
        self.model_button.setFixedHeight(px(BUTTON_PX))

    def _tools(self) -> list[QWidget]:
        """All but title and model button, as far as they are shown."""
        tools = (self.cancel_button, *self._added, self.details_button)
        return [tool for tool in tools if not tool.isHidden()]

    def _width_of(self, tools: list[QWidget], gap: int) -> int:
        """What tools take, with the gap before each."""
        return sum(tool.sizeHint().width() + gap for tool in tools)

    def _width_in_words(self, tools: list[QWidget]) -> int:
        """What they would take with no icon in the place of words."""
        shy = [tool for tool in tools if isinstance(tool, ShyButton)]
        more = sum(tool.width_in_words - tool.sizeHint().width() for tool in shy)
        return self._width_of(tools, GAP_PX) + more

    def _inner_width(self, gap: int) -> int:
        """For title, model button and tools: without the margins and the gap between the two."""
        margins = self._row.contentsMargins()
        return self.width() - margins.left() - margins.right() - gap

    def _model_hint(self) -> int:
        return self.model_button.sizeHint().width()

    # ---- making ----

    def _lay_out(self) -> None:
        row = self._row = QHBoxLayout()
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(GAP_PX)
        row.addWidget(self.title, 1)
        row.addWidget(self.model_button)
        row.addWidget(self.cancel_button)
        row.addWidget(self.details_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.progress)

    def _name_parts(self) -> None:
        self.setProperty("kind", "header")
        self.title.setObjectName("chat-title")
        self.title.setAccessibleName(tr("Chat title"))
        self.title.setToolTip(tr("The chat's title; click to change it"))
        # What it asks for itself does not matter: it takes what the others leave.
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.cancel_button.setAccessibleName(tr("Cancel loading"))
        self.cancel_button.setToolTip(tr("Stop loading this model"))
        self.details_button.setCheckable(True)
        self.details_button.setAccessibleName(tr("Details"))
        self.details_button.setToolTip(tr("Show or hide the settings of this chat (Ctrl+D)"))
        for button in (self.cancel_button, self.details_button):
            button.setProperty("kind", "quiet")
        self.model_button.setProperty("kind", "chip")
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Loading the model"))

    # ---- slots ----

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self.cancel_button.setIcon(icon("close", palette.text_dim))
        self.details_button.setIcon(icon("panel-right", palette.text_dim, palette.accent))
        self.model_button.setIcon(icon("chevron-down", palette.text_dim))
        self.model_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.title.setMinimumWidth(px(LEAST_TITLE_PX))
        self.title.setFont(self._theme.font("heading"))
        self.title.setStyleSheet(
            "#chat-title { border: 1px solid transparent; background: transparent;"
            f" font-weight: 600; padding: {px(3)}px {px(5)}px; }}"
            f"#chat-title:hover:!read-only {{ border-color: {palette.line}; }}"
            f"#chat-title:focus:!read-only {{ border-color: {palette.accent}; }}"
        )
        self.progress.setStyleSheet(
            "QProgressBar { border-radius: 0; min-height: 3px; max-height: 3px; }"
            "QProgressBar::chunk { border-radius: 0; }"
        )
