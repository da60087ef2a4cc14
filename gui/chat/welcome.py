"""What the chat room shows before the first message: what this is, what the model is, and a first
step.

Long form while there are no chats at all, short form for a new chat beside others. Emits wishes
only.
"""

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
from gui.icons import icon
from gui.theme import Theme

WIDEST_PX = 720


class Welcome(QScrollArea):
    """The empty chat room."""

    ask_requested = Signal()
    example_chosen = Signal(str)  # the question's text
    file_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.heading = QLabel()
        self.lead = QLabel()
        self.door = QPushButton(tr("Ask something"))
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
        self.door.setVisible(is_first)
        self.starter.setVisible(is_first)

    # ---- making ----

    def _lay_out(self) -> None:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(14)
        layout.addStretch(2)
        layout.addWidget(self.heading)
        layout.addWidget(self.lead)
        layout.addWidget(self.door, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self._example_rows())
        layout.addSpacing(6)
        layout.addWidget(self._starter_card())
        layout.addStretch(3)
        for label in (self.heading, self.lead):
            label.setWordWrap(True)
        self.lead.setProperty("kind", "dim")
        self.heading.setProperty("kind", "title")
        self.door.setProperty("kind", "primary")
        self._column = column
        self._centre(column)

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
        words = QLabel(_starter_words())
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
        self.door.setToolTip(tr("Go to the field below and write"))
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
        self.door.setIcon(icon("chat", palette.on_accent))
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
        "wrong. For better answers open a larger model."
    )


def _examples() -> list[str]:
    return [
        tr("In one paragraph: why is it dark below 1,000 metres?"),
        tr("Write a haiku about a lantern fish."),
        tr("Explain to a child what a tide is."),
    ]
