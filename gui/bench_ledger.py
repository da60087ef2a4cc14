"""What a window that is killed had confirmed, and whether the file still has it.

Reads the lines of bench_busy.py and bench_watcher.py in their order: what was wished may be in the
file, what was confirmed must be, or what was wished after it.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.chats.records import Chat, Message
from engine.chats.store import ChatStore
from gui.bench_watcher import edit_kept

# How long the window may keep typed text to itself before it counts as lost. It promises to hand
# it over within 300 ms; this is a guard, for a machine that is busy with other things.
LATE_S = 3.0


@dataclass
class Typed:
    """What may stand in a chat's draft (or in its edited message) now, oldest first, each with its
    number and the moment it was typed."""

    values: list[tuple[int, float, str]] = field(default_factory=list)

    def add(self, number: int, moment_s: float, text: str) -> None:
        self.values.append((number, moment_s, text))

    def confirm(self, until: int, text: str) -> None:
        """The store has this; what was typed before it is of no account any more."""
        places = [i for i, (n, _, one) in enumerate(self.values) if one == text and n <= until]
        if places:
            del self.values[: places[-1]]
        else:
            self.values = [(0, 0.0, text), *(one for one in self.values if one[0])]

    def allows(self, text: str) -> bool:
        return any(one == text for _, _, one in self.values)

    def oldest_unsaved_s(self) -> float | None:
        """When the first text behind the confirmed one was typed."""
        return self.values[1][1] if len(self.values) > 1 else None


@dataclass
class ChatNote:
    """One chat, as far as it was confirmed. head_id None: it may be any."""

    draft: Typed = field(default_factory=Typed)
    edit: Typed = field(default_factory=Typed)
    head_id: str | None = None
    sent: list[str] = field(default_factory=list)  # texts sent that may have taken the draft away


@dataclass
class Ledger:
    """Everything confirmed in one user folder, over however many windows."""

    chats: dict[str, ChatNote] = field(default_factory=dict)
    turns: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # id -> chat, parent
    sent: dict[str, str] = field(default_factory=dict)  # id of a sent message -> its text
    texts: dict[str, list[str]] = field(default_factory=dict)  # id -> confirmed, then wished
    slowest_draft_s: float = 0.0
    last_s: float = 0.0
    late: list[str] = field(default_factory=list)
    _looked_at: str = ""  # of a chat that was left nothing is heard meanwhile

    @property
    def n_confirmed(self) -> int:
        """Messages, versions and drafts."""
        return len(self.turns) + sum(1 for chat in self.chats.values() if chat.draft.values)

    def hear(self, line: list[Any]) -> None:
        """Take one line."""
        kind, self.last_s, *facts = line
        if kind == "turn":
            self._hear_turn(*facts)
        elif kind == "typed":
            chat_id, number, draft, edit = facts
            self._chat(chat_id).draft.add(number, self.last_s, draft)
            self._chat(chat_id).edit.add(number, self.last_s, edit)
        elif kind == "acts":
            self._chat(facts[0]).head_id = None
        elif kind == "send":
            self._chat(facts[0]).sent.append(facts[1])
        elif kind == "wish":
            self.texts.setdefault(facts[0], []).append(facts[1])
        elif kind == "look":
            self._hear_look(*facts)

    def _chat(self, chat_id: str) -> ChatNote:
        return self.chats.setdefault(chat_id, ChatNote())

    def _hear_turn(self, chat_id: str, turn_id: str, parent_id: str | None, text: str) -> None:
        self.turns[turn_id] = (chat_id, parent_id)
        if text:
            self.sent[turn_id] = text

    def _hear_look(
        self,
        chat_id: str,
        n_typed: int,
        asked_s: float,
        draft: str,
        edit: str,
        head_id: str | None,
        texts: dict[str, str],
    ) -> None:
        chat = self._chat(chat_id)
        for typed, text in ((chat.draft, draft), (chat.edit, edit)):
            waiting_s = typed.oldest_unsaved_s()
            typed.confirm(n_typed, text)
            is_saved = waiting_s is not None and typed.oldest_unsaved_s() != waiting_s
            if is_saved and waiting_s and chat_id == self._looked_at:
                self.slowest_draft_s = max(self.slowest_draft_s, self.last_s - waiting_s)
            # The store answers in turn: what is not in this answer was not even handed over.
            if any(n <= n_typed and s < asked_s - LATE_S for n, s, _ in typed.values[1:]):
                self.late.append(f"typed and not handed over within {LATE_S:g} s, after {text!r}")
        self._looked_at = chat_id
        chat.head_id = head_id or chat.head_id
        for turn_id, text in texts.items():
            self._confirm_text(turn_id, text)

    def _confirm_text(self, turn_id: str, text: str) -> None:
        # A wish that came true may have been written on since.
        wishes = self.texts.get(turn_id, [])[1:]
        self.texts[turn_id] = [text, *(one for one in wishes if not text.startswith(one))]

    # ---- after a kill ----

    def lost(self, path: Path) -> list[str]:
        """What is not in the file, in words; the file's own faults too. From then on what the file
        has is what is confirmed."""
        faults, self.late = [*_faults(path), *self.late], []
        with ChatStore(path) as store:
            chats = {row.id: store.open_chat(row.id) for row in store.list_chats()}
        messages = {one.id: one for chat in chats.values() for one in chat.messages.values()}
        faults += self._lost_turns(messages)
        for chat_id, note in self.chats.items():
            if chat_id in chats:
                faults += self._lost_in(note, chats[chat_id])
            elif chat_id and note.draft.values:
                faults.append(f"chat {chat_id}")
        self._begin_anew(chats)
        return faults

    def _lost_turns(self, messages: dict[str, Message]) -> Iterator[str]:
        for turn_id, (_, parent_id) in self.turns.items():
            message = messages.get(turn_id)
            if message is None or message.parent_id != parent_id:
                yield f"message or version {turn_id}"
                continue
            wanted = self.texts.get(turn_id) or [self.sent.get(turn_id, "")]
            # What was sent is whole; a reply may be longer than it was when it was looked at.
            is_whole = message.role == "user"
            fits = message.content.__eq__ if is_whole else message.content.startswith
            if not any(map(fits, wanted)):
                yield f"text of {turn_id}: {message.content!r} instead of {wanted!r}"

    def _lost_in(self, note: ChatNote, chat: Chat) -> Iterator[str]:
        edit, draft = edit_kept(chat.info.settings), chat.info.draft
        texts = {one.content for one in chat.messages.values()}
        was_sent = any(text in texts for text in note.sent)
        kinds = {"draft": (note.draft, draft), "edited message": (note.edit, edit)}
        for name, (typed, text) in kinds.items():
            is_right = typed.allows(text) or not typed.values
            if not is_right and not (name == "draft" and text == "" and was_sent):
                yield f"{name}: {text!r} instead of {[one for _, _, one in typed.values]!r}"
        if note.head_id is not None and chat.info.head_id != note.head_id:
            yield f"branch shown: {chat.info.head_id} instead of {note.head_id}"

    def _begin_anew(self, chats: dict[str, Chat]) -> None:
        self.chats.clear()
        for chat_id, chat in chats.items():
            note = self._chat(chat_id)
            note.draft.confirm(0, chat.info.draft)
            note.edit.confirm(0, edit_kept(chat.info.settings))
            note.head_id = chat.info.head_id
            self.texts |= {one.id: [one.content] for one in chat.messages.values()}


def _faults(path: Path) -> Iterator[str]:
    """What SQLite says of the file."""
    raw = sqlite3.connect(path)
    try:
        for (answer,) in raw.execute("PRAGMA integrity_check"):
            if answer != "ok":
                yield f"integrity_check: {answer}"
        for row in raw.execute("PRAGMA foreign_key_check"):
            yield f"foreign_key_check: {row}"
    finally:
        raw.close()


def read_line(text: str) -> list[Any] | None:
    """A line as it was said; None for one that the kill cut off."""
    if not text.endswith("\n"):
        return None
    line: list[Any] = json.loads(text)
    return line
