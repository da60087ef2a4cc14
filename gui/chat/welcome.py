"""What the chat room shows before the first message: what this is, what the model is, and a first
step.

Long form while there are no chats at all, short form for a new chat beside others. Emits wishes
only.
"""

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.door import Door
from gui.widgets.kinds import label

WIDEST_PX = 720


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
        self.doors = {key: Door(theme, *words) for key, words in _doors().items()}
        self.door = self.doors["chat"]
        self.keys = label(tr("Ctrl+K does everything · ? shows the keys"), "faint")
        self.starter = QFrame()
        self.open_file = QPushButton(tr("Open a GGUF file…"))
        self.examples = [QPushButton(text) for text in _examples()]
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
        self.lead.setText(_first_lines() if is_first else tr("Ask, or begin with one of these."))
        self._is_first = is_first
        self._show_doors()
        self.starter.setVisible(is_first)

    def set_rooms(self, keys: Iterable[str]) -> None:
        """Which rooms there are: only they have a door."""
        self._rooms = frozenset(keys)
        self._show_doors()

    def set_memory(self, words: str) -> None:
        """What this machine could run, in a sentence."""
        self.starter_words.setText(_starter_words() + " " + words)

    def _show_doors(self) -> None:
        for key, door in self.doors.items():
            door.setVisible(self._is_first and (key == "chat" or key in self._rooms))

    # ---- making ----

    def _lay_out(self) -> None:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(14)
        layout.addStretch(2)
        layout.addWidget(self.heading)
        layout.addWidget(self.lead)
        layout.addLayout(self._door_row())
        layout.addSpacing(4)
        layout.addLayout(self._example_rows())
        layout.addSpacing(4)
        layout.addWidget(self._starter_card())
        layout.addWidget(self.keys)
        layout.addStretch(3)
        for words in (self.heading, self.lead):
            words.setWordWrap(True)
        self.lead.setProperty("kind", "dim")
        self.heading.setProperty("kind", "title")
        self._column = column
        self._centre(column)

    def _door_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        for door in self.doors.values():
            row.addWidget(door, 1)
        return row

    def _centre(self, column: QWidget) -> None:
        inner = self._inner = QWidget()
        inner.setObjectName("welcome")
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(column, 100)
        row.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Welcome"))

    def _example_rows(self) -> QVBoxLayout:
        rows = QVBoxLayout()
        rows.setSpacing(8)
        for chip in self.examples:
            chip.setProperty("kind", "chip")
            chip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            chip.setToolTip(tr("Put this question into the field below; nothing is sent yet"))
            rows.addWidget(chip, 0, Qt.AlignmentFlag.AlignLeft)
        return rows

    def _starter_card(self) -> QFrame:
        words = self.starter_words = QLabel(_starter_words(), textFormat=Qt.TextFormat.PlainText)
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setWordWrap(True)
        layout = QHBoxLayout(self.starter)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(16)
        layout.addWidget(words, 1)
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
        self._column.setMaximumWidth(px(WIDEST_PX))
        self.heading.setFont(self._theme.font("title"))
        self._inner.setStyleSheet(
            "#welcome { background: transparent; }"
            f"#starter {{ border: 1px solid {palette.line}; border-radius: {px(12)}px; }}"
        )


def _first_lines() -> str:
    return "\n".join(
        (
            tr("Talk to a model that runs here, on this machine."),
            tr("It writes one token at a time; the pane at the right sets how each is chosen."),
            tr("Nothing you write leaves this computer."),
        )
    )


def _starter_words() -> str:
    return tr(
        "<b>SmolLM2 135M</b> comes with the app: 98 MB, Apache-2.0, fast, friendly and often "
        "wrong. Stronger models are GGUF files too: fetch one, from huggingface.co for "
        "instance, and open it here."
    )


def _doors() -> dict[str, tuple[str, str, str, str]]:
    """Room -> icon, title, what is behind it, how long it takes."""
    return {
        "chat": ("chat", tr("Ask something"), tr("A small model is ready."), tr("now")),
        "tokens": (
            "tokens",
            tr("See your words as tokens"),
            tr("What the model really reads."),
            tr("now"),
        ),
        "tune": (
            "tune",
            tr("Teach it who it is"),
            tr("Twenty lines, then it answers to its new name."),
            tr("about 1 minute"),
        ),
        "pretrain": (
            "pretrain",
            tr("Raise a model"),
            tr("From raw text to a model you talk to."),
            tr("about 10 minutes"),
        ),
    }


def _examples() -> list[str]:
    return [
        tr("In one paragraph: why is it dark below 1,000 metres?"),
        tr("Write a haiku about a lantern fish."),
        tr("Explain to a child what a tide is."),
    ]
