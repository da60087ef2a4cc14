"""What the chat room shows before the first message: what this is, what the model is, and a first
step.

Long form while there are no chats at all, short form for a new chat beside others. Where there is
little height it is said in less, and scrolls only when that is not enough. Emits wishes only.
"""

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.chat.welcome_words import door_words, examples, first_lines, starter_words
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.door import Door
from gui.widgets.doors import Doors
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import label, set_kind
from gui.widgets.transcript_page import column_width

# What gives way to little height, one after the other.
COMPACT_DOORS, NO_KEYS, SMALL_HEADING, NO_EXAMPLES, BRIEF_DOORS, BRIEF_STARTER = 1, 2, 3, 4, 5, 6
NO_LEAD = 7
# The column's width (at 13 px) from which the starter's button stands beside its words.
BESIDE_PX = 420


class Welcome(QScrollArea):
    """The empty chat room."""

    ask_requested = Signal()
    room_requested = Signal(str)  # the key of the room behind a door
    example_chosen = Signal(str)  # the question's text
    file_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rooms: frozenset[str] = frozenset()
        self._is_first = True
        self.heading = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.lead = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.doors = {key: Door(theme, *words) for key, words in door_words().items()}
        self.door = self.doors["chat"]
        self.door_row = Doors(theme, list(self.doors.values()))
        self.keys = label(tr("Ctrl+K does everything · ? shows the keys"), "faint", wrap=True)
        self.starter = QFrame()
        self._memory_bytes = 0
        self.starter_words = QLabel(starter_words(), textFormat=Qt.TextFormat.PlainText)
        self.open_file = QPushButton(tr("Open a GGUF file…"))
        self.examples = [QPushButton(text) for text in examples()]
        self._example_row = QWidget()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_first_run(True)

    def set_first_run(self, is_first: bool) -> None:
        """Long form (nothing here yet) or short form (a further chat)."""
        self.heading.setText(
            tr("A window into language models, on your own machine")
            if is_first
            else tr("A new chat")
        )
        if not is_first:
            self.lead.setText(tr("Ask, or begin with one of these."))
        self._is_first = is_first
        self._show_doors()
        self.starter.setVisible(is_first)
        self._fit()

    def set_rooms(self, keys: Iterable[str]) -> None:
        """Which rooms there are: only they have a door."""
        self._rooms = frozenset(keys)
        self._show_doors()
        self._fit()

    def set_memory(self, n_bytes: int) -> None:
        """How much memory this machine has: what it could run is said beside the starter."""
        self._memory_bytes = n_bytes
        self._fit()

    def _show_doors(self) -> None:
        keys = {"chat", *self._rooms} if self._is_first else set()
        self.door_row.show_doors([door for key, door in self.doors.items() if key in keys])

    # ---- height ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As much as there is height for. Unseen there is no height yet: being shown fits it."""
        if not self.isVisible():
            return
        room = self.maximumViewportSize()
        width = column_width(self._theme, room.width())
        for level in range(NO_LEAD + 1):
            self._say(level, width)
            if self._height_at(width) <= room.height():
                break
        # The scroll bar takes its part where it is needed all the same.
        self._column.setMaximumWidth(column_width(self._theme, self.viewport().width()))
        # What the layouts remember is the height of a level that was only tried.
        self._height_at(width)
        if (layout := self._inner.layout()) is not None:
            layout.invalidate()
            layout.activate()

    def _say(self, level: int, width: int) -> None:
        """What is said, and how, at one of the levels of brevity."""
        self.door_row.lay_out(
            width, is_compact=level >= COMPACT_DOORS, is_brief=level >= BRIEF_DOORS
        )
        self.keys.setVisible(level < NO_KEYS)
        self._example_row.setVisible(level < NO_EXAMPLES or not self._is_first)
        self.lead.setVisible(level < NO_LEAD or not self._is_first)
        if self._is_first:
            # At the briefest the heading alone says what the first line says.
            lines = first_lines()[level >= BRIEF_STARTER :]
            self.lead.setText(" ".join(lines) if level >= BRIEF_DOORS else "\n".join(lines))
        self.starter_words.setText(starter_words(self._memory_bytes * (level < BRIEF_STARTER)))
        words_kind = "small" if level >= BRIEF_DOORS else ""
        if self.starter_words.property("kind") != words_kind:
            set_kind(self.starter_words, words_kind)
        kind = "heading" if level >= SMALL_HEADING else "title"
        if self.heading.property("kind") != kind:
            self.heading.setFont(self._theme.font("heading" if kind == "heading" else "title"))
            set_kind(self.heading, kind)
        directions = QBoxLayout.Direction
        has_both = width >= self._theme.px(BESIDE_PX)
        self._starter_box.setDirection(
            directions.LeftToRight if has_both else directions.TopToBottom
        )
        self._starter_box.setSpacing(16 if has_both else 6)
        margin, gap = (
            (20, 14) if level < SMALL_HEADING else (8, 8) if level < BRIEF_DOORS else (4, 6)
        )
        self._rows.setContentsMargins(0, margin, 0, margin)
        self._rows.setSpacing(gap)

    def _height_at(self, width: int) -> int:
        self._rows.invalidate()
        self._rows.activate()
        return self._rows.heightForWidth(width)

    # ---- making ----

    def _lay_out(self) -> None:
        column = QWidget()
        layout = self._rows = QVBoxLayout(column)
        layout.addStretch(2)
        self._lay_out_examples()
        starter = self._starter_card()
        parts = (self.heading, self.lead, self.door_row, self._example_row, starter, self.keys)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(3)
        for words in (self.heading, self.lead):
            words.setWordWrap(True)
        self.lead.setProperty("kind", "dim")
        self.heading.setProperty("kind", "title")
        self._column = column
        self._centre(column)

    def _centre(self, column: QWidget) -> None:
        inner = self._inner = QWidget()
        inner.setObjectName("welcome")
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(column, 1000)
        row.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Welcome"))

    def _lay_out_examples(self) -> None:
        flow = FlowLayout(self._example_row)
        flow.setSpacing(8)
        for chip in self.examples:
            chip.setProperty("kind", "chip")
            chip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            chip.setToolTip(tr("Put this question into the field below; nothing is sent yet"))
            flow.addWidget(chip)

    def _starter_card(self) -> QFrame:
        self.starter_words.setProperty("kind", "")
        self.starter_words.setTextFormat(Qt.TextFormat.RichText)
        self.starter_words.setWordWrap(True)
        layout = self._starter_box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.starter)
        layout.setContentsMargins(16, 10, 12, 10)
        layout.addWidget(self.starter_words, 1)
        layout.addWidget(self.open_file, 0, Qt.AlignmentFlag.AlignVCenter)
        self.starter.setObjectName("starter")
        self.open_file.setToolTip(tr("Use a model file (GGUF) that is on this machine"))
        return self.starter

    def _connect(self) -> None:
        self.door.clicked.connect(self.ask_requested)
        for key, door in self.doors.items():
            if key != "chat":
                door.clicked.connect(partial(self.room_requested.emit, key))
        self.open_file.clicked.connect(self.file_requested)
        for chip in self.examples:
            chip.clicked.connect(self._on_example_clicked)

    # ---- slots ----

    @Slot()
    def _on_example_clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, QPushButton):
            self.example_chosen.emit(chip.text())

    @Slot()
    def _on_theme_changed(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        kind = self.heading.property("kind")
        self.heading.setFont(self._theme.font("heading" if kind == "heading" else "title"))
        self._inner.setStyleSheet(
            "#welcome { background: transparent; }"
            f"#starter QLabel[kind=small] {{ font-size: {px(12)}px; }}"
            f"#starter {{ border: 1px solid {palette.line}; border-radius: {px(12)}px; }}"
        )
        self._fit()
