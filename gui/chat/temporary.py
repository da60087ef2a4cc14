"""Temporary chats: how one begins, and the words above the field that say what it is."""

from __future__ import annotations

from PySide6.QtCore import Slot

from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.widgets.kinds import label


class TemporaryFeature(Feature):
    """The menu line and the words."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.words = label(_words(), "warn", wrap=True)
        self.words.setContentsMargins(0, 0, 0, parts.context.theme.px(6))
        parts.work.add_strip(self.words)
        action = parts.add_action(tr("New &temporary chat"), self._on_asked, "Ctrl+Shift+P")
        action.setProperty("begins", True)
        parts.session.chat_opened.connect(self._show)
        self._show()

    def _on_asked(self) -> None:
        self.parts.session.new_temporary_chat()
        self.parts.desk.focus_composer()

    @Slot()
    def _show(self) -> None:
        self.words.setVisible(self.parts.session.is_temporary)


def _words() -> str:
    return tr(
        "This chat is in memory alone: nothing of it is written to the disk, and it is gone when "
        "you open another or close the app."
    )
