"""An earlier message in the field: which one, how it is edited, and what becomes of it.

The draft waits meanwhile and comes back. What is typed is kept with the chat as it is typed, so a
crash in the middle of an edit loses no word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from gui.chat.edit_strip import EditKind, send_words
from gui.chat.session import ChatSession
from gui.chat.words import tr
from gui.chat.work_area import WorkArea

UNSENT_EDIT = "editing"


class Editing(QObject):
    """Which earlier message is in the field, if any."""

    def __init__(self, session: ChatSession, work: WorkArea, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = work
        self._turn_id = ""
        self._kind: EditKind = "message"
        strip = work.editing
        strip.save_requested.connect(self.save)
        strip.continue_requested.connect(self.save_and_continue)
        strip.remove_requested.connect(self._on_remove)
        strip.cancel_requested.connect(self.end)
        self._shortcuts = [
            _shortcut("Ctrl+S", work.composer.edit, self.save),
            _shortcut("Ctrl+Return", work.composer.edit, self.save_and_continue),
        ]

    @property
    def is_on(self) -> bool:
        """The field holds an earlier message, not the draft."""
        return bool(self._turn_id)

    # ---- beginning ----

    def begin(self, turn_id: str, kind: EditKind | None = None) -> None:
        """Put a message into the field: one's own, a reply, or a reply's correction."""
        session = self._session
        if session.is_busy or turn_id not in session.conversation:
            return
        turn = session.conversation.turn(turn_id)
        kind = kind or ("message" if turn.role == "user" else "reply")
        text = turn.correction or turn.content if kind == "correction" else turn.content
        self._show(turn_id, kind, text)
        self._work.composer.edit.setFocus()

    @Slot()
    def bring_back(self) -> None:
        """Another chat is open: go on with the edit that was left in it."""
        self._turn_id = ""
        kept = self._session.unsent.get(UNSENT_EDIT)
        if isinstance(kept, dict) and _is_possible(kept):
            turn_id = kept["id"]
            if turn_id in self._session.conversation:
                self._show(turn_id, cast(EditKind, kept["kind"]), kept["text"])
                return
        self._show_none()

    def _show(self, turn_id: str, kind: EditKind, text: str) -> None:
        self._turn_id, self._kind = turn_id, kind
        turn = self._session.conversation.turn(turn_id)
        self._work.editing.show_kind(kind, has_correction=bool(turn.correction))
        self._work.show_editing(True)
        self._set_keys(is_on=True)
        self._work.composer.set_send_words(*send_words(kind))
        self._work.composer.set_text(text)

    # ---- ending ----

    @Slot()
    def end(self) -> None:
        """Leave the message as it is; the draft comes back."""
        if self._turn_id:
            self._forget()
            self._show_none()

    def _forget(self) -> None:
        self._turn_id = ""
        self._session.set_unsent(UNSENT_EDIT, None)

    def _set_keys(self, *, is_on: bool) -> None:
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_on)

    def _show_none(self) -> None:
        self._work.show_editing(False)
        self._set_keys(is_on=False)
        self._work.composer.set_send_words(*send_words(None))
        self._work.composer.set_text(self._session.draft)

    # ---- what is done with it ----

    def keep_typed(self, text: str) -> None:
        """The text as it is now, against a crash."""
        kept = {"id": self._turn_id, "kind": self._kind, "text": text}
        self._session.set_unsent(UNSENT_EDIT, kept)

    def accept(self, text: str) -> None:
        """The field's own button: send again, save, or keep the correction."""
        turn_id, kind = self._turn_id, self._kind
        if kind == "message":
            self._send_again(turn_id, text)
            return
        if kind == "reply" and self._must_wait():
            return
        self._forget()
        if kind == "reply":
            self._session.save_text(turn_id, text)
        else:
            self._session.correct(turn_id, text)
        self._show_none()

    def _send_again(self, turn_id: str, text: str) -> None:
        if self._session.edit(turn_id, text):  # otherwise it was refused, and stays in the field
            self._forget()
            self._show_none()

    @Slot()
    def save(self) -> None:
        """Change the message in place, and nothing else."""
        text = self._work.composer.text()
        if self._turn_id and self._kind != "correction" and text.strip():
            if self._must_wait():
                return
            turn_id = self._turn_id
            self._forget()
            self._session.save_text(turn_id, text)
            self._show_none()

    @Slot()
    def save_and_continue(self) -> None:
        """Change the reply in place, and let the model go on."""
        text = self._work.composer.text()
        if self._turn_id and self._kind == "reply" and text.strip() and not self._must_wait():
            turn_id = self._turn_id
            self._session.save_and_continue(turn_id, text)
            if self._session.is_busy:
                self._forget()
                self._show_none()

    def _must_wait(self) -> bool:
        """Nothing is changed under a reply that is being written; the words stay in the field."""
        if self._session.is_busy:
            words = tr("A reply is being written. Save when it is whole, or stop it.")
            self._work.composer.set_status(words)
        return self._session.is_busy

    @Slot()
    def _on_remove(self) -> None:
        turn_id = self._turn_id
        self._forget()
        self._session.correct(turn_id, "")
        self._show_none()


def _shortcut(keys: str, field: QWidget, do: Callable[[], None]) -> QShortcut:
    """Of the field alone, and only while something is edited in it."""
    shortcut = QShortcut(QKeySequence(keys), field)
    shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
    shortcut.setEnabled(False)
    shortcut.activated.connect(do)
    return shortcut


def _is_possible(kept: dict[str, Any]) -> bool:
    """What another version or another hand wrote may be anything."""
    texts = isinstance(kept.get("id"), str) and isinstance(kept.get("text"), str)
    return texts and kept.get("kind") in get_args(EditKind)
