"""The foot of the list of chats: the ways to rated replies, archive and trash, and what can be done
while the trash is shown.
"""

from typing import Literal

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button

Scope = Literal["chats", "archived", "trash", "rated"]
ASKING_MS = 4000


class ListFoot(QWidget):
    """Quiet buttons."""

    scope_chosen = Signal(str)  # a Scope
    restore_pressed = Signal()
    emptying_confirmed = Signal()  # asked twice: the trash is to be emptied

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rated_button = button("", "quiet", _rated_tip())
        self.archived_button = button(
            tr("Archived"), "quiet", tr("Chats put aside; nothing of them is lost")
        )
        self.trash_button = button(
            tr("Trash"), "quiet", tr("Deleted chats; they are kept for 30 days")
        )
        self.restore_button = button(
            tr("Restore"), "quiet", tr("Bring the chosen chat back and open it (Enter)")
        )
        self.empty_button = button("", "quiet", tr("Remove all these chats for good"))
        self._asking = QTimer(self, interval=ASKING_MS, singleShot=True)
        self._asking.timeout.connect(self.forget_asking)
        self._lay_out()
        self._connect()
        self.set_n_rated(0)
        self.forget_asking()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _lay_out(self) -> None:
        # In rows as they fit: a narrow pane or a large font cuts no name.
        flow = FlowLayout()
        flow.setSpacing(2)
        for one in (self.rated_button, *self._buttons_by_scope()):
            flow.addWidget(one)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(flow, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)

    def _buttons_by_scope(self) -> tuple[QPushButton, ...]:
        return self.archived_button, self.trash_button, self.restore_button, self.empty_button

    def _connect(self) -> None:
        self.rated_button.clicked.connect(lambda: self.scope_chosen.emit("rated"))
        self.archived_button.clicked.connect(lambda: self.scope_chosen.emit("archived"))
        self.trash_button.clicked.connect(lambda: self.scope_chosen.emit("trash"))
        self.restore_button.clicked.connect(self.restore_pressed)
        self.empty_button.clicked.connect(self._on_empty_clicked)

    # ---- what the list tells ----

    def set_scope(self, scope: Scope) -> None:
        self.forget_asking()
        for one in (self.rated_button, self.archived_button, self.trash_button):
            one.setVisible(scope == "chats")
        for one in (self.restore_button, self.empty_button):
            one.setVisible(scope == "trash")

    def set_n_rated(self, n: int) -> None:
        """How many replies are rated or corrected."""
        name = tr("Rated replies")
        self.rated_button.setText(f"{name} · {n:,}" if n else name)

    def set_trash(self, n_chats: int, *, is_chosen: bool) -> None:
        """What the trash holds, and whether one of its chats is chosen."""
        self.restore_button.setEnabled(is_chosen)
        self.empty_button.setEnabled(n_chats > 0)

    # ---- emptying ----

    @Slot()
    def _on_empty_clicked(self) -> None:
        """Asks once more in the same button's place: this cannot be undone."""
        if self._asking.isActive():
            self.forget_asking()
            self.emptying_confirmed.emit()
            return
        self.empty_button.setText(tr("Remove them for good?"))
        self._asking.start()

    @Slot()
    def forget_asking(self) -> None:
        self._asking.stop()
        self.empty_button.setText(tr("Empty the trash"))

    @Slot()
    def _on_theme_changed(self) -> None:
        colour = self._theme.palette.text_dim
        pictures = {
            self.rated_button: "thumb-up",
            self.archived_button: "folder",
            self.trash_button: "trash",
            self.restore_button: "undo",
            self.empty_button: "trash",
        }
        for one, name in pictures.items():
            one.setIcon(icon(name, colour))


def _rated_tip() -> str:
    return tr(
        "Replies you rated or corrected: a dataset to teach a model with, the correction being "
        "the answer"
    )
