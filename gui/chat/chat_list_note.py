"""What stands in the place of an empty list: a sentence, and the next step as a button. Each state
has its words here; what the buttons do is the list's business.
"""

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button, label

State = Literal["", "chats", "search", "archived", "trash", "rated", "rated-filter"]
Step = Literal["new", "import", "clear", "back", "all"]


class EmptyNote(QWidget):
    """A sentence with up to two steps; hidden while there is nothing to say."""

    step_chosen = Signal(str)  # a Step

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.state: State = ""
        self.words = label("", "faint", wrap=True)
        self.steps: dict[Step, QPushButton] = {
            step: button(text, tooltip=tip) for step, (text, tip) in _steps().items()
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 8, 2, 8)
        layout.setSpacing(8)
        layout.addWidget(self.words)
        for step, one in self.steps.items():
            one.clicked.connect(lambda _checked=False, step=step: self.step_chosen.emit(step))
            layout.addWidget(one)
        self.set_state("")

    def text(self) -> str:
        return self.words.text()

    def set_state(self, state: State) -> None:
        """Say what is empty; "" for nothing."""
        self.state = state
        words, steps = _states()[state]
        self.words.setText(words)
        for step, one in self.steps.items():
            one.setVisible(step in steps)
        self.setVisible(bool(state))


def _steps() -> dict[Step, tuple[str, str]]:
    return {
        "new": (tr("New chat"), tr("Begin a new chat (Ctrl+N)")),
        "import": (
            tr("Import chats…"),
            tr("Take over chats from ChatGPT, Open WebUI, LM Studio and others"),
        ),
        "clear": (tr("Clear the search"), tr("Show all chats again (Esc)")),
        "back": (tr("Back to the chats"), tr("Show the chats in use (Esc)")),
        "all": (tr("Show all of them"), tr("Every rating, every tag")),
    }


def _states() -> dict[State, tuple[str, tuple[Step, ...]]]:
    return {
        "": ("", ()),
        "chats": (
            tr(
                "No chat yet. The first one is here as soon as you write. Files with chats of "
                "other apps can be dropped here too."
            ),
            ("new", "import"),
        ),
        "search": (tr("No chat and no message has these words."), ("clear",)),
        "archived": (tr("No chat is archived. The menu of a chat puts it here."), ("back",)),
        "trash": (tr("The trash is empty. What you delete stays here for 30 days."), ("back",)),
        "rated": (
            tr(
                "No reply is rated yet. Choose a reply and press G for good, B for bad, or C to "
                "correct it. Together they are a dataset to teach a model with."
            ),
            ("back",),
        ),
        "rated-filter": (tr("No rated reply is of this kind."), ("all",)),
    }
