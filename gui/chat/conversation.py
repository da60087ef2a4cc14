"""The state of one open chat: the tree of its messages, the branch shown, and what the model is to
be sent. Qt-free.

Knows no store, no engine and no widget: the room tells it what happened and asks it what follows.
Messages with the same parent are versions of one another; the head is the leaf whose branch is
shown.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from engine.chats.attached import attached_text
from engine.process.messages import ChatMessage, Generate, Role, Token
from gui.chat.chat_settings import ChatSettings

State = Literal["streaming", "done", "stopped", "failed"]
TITLE_LETTERS = 48
# How many alternatives each token of a reply carries where certainty is asked for.
N_ALTERNATIVES = 10


class Turn(msgspec.Struct, frozen=True):
    """One message of the tree. details: what the reply cost and how it ended, as the store keeps
    it; rating: 1 good, -1 bad; correction: what a reply should have said; created_s: Unix time.
    """

    id: str
    parent_id: str | None
    role: Role
    content: str
    state: State = "done"
    model_name: str = ""
    details: dict[str, Any] = {}
    rating: int = 0
    correction: str = ""
    tags: tuple[str, ...] = ()
    created_s: float = 0.0

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The files that came with it."""
        return list(self.details.get("attachments", []))


class Beginning(Struct, frozen=True):
    """How a reply begins before the model goes on. given: words that a person gave; ids: the tokens
    that follow these words exactly as they were drawn; tokens: what is kept of them.
    """

    given: str = ""
    ids: tuple[int, ...] = ()
    tokens: tuple[Token, ...] = ()


class Conversation:
    """A tree of turns in the order they were made, and the leaf shown."""

    def __init__(
        self,
        turns: Iterable[Turn] = (),
        head_id: str | None = None,
        removed: Iterable[str] = (),
    ) -> None:
        self._turns: dict[str, Turn] = {}
        self._children: dict[str | None, list[str]] = {}
        self._shown: dict[str | None, str] = {}
        self._n_leaves = 0
        for turn in turns:
            self._insert(turn)
        self.removed = [turn_id for turn_id in removed if turn_id in self._turns]
        self.head_id: str | None = None
        if head_id in self._turns:
            self.set_head(head_id)
            self._leave_removed()

    # ---- looking ----

    @property
    def is_empty(self) -> bool:
        return self.head_id is None

    def __contains__(self, turn_id: object) -> bool:
        return turn_id in self._turns

    def turn(self, turn_id: str) -> Turn:
        return self._turns[turn_id]

    def path(self) -> list[Turn]:
        """The branch shown, first message first."""
        return [] if self.head_id is None else self.path_to(self.head_id)

    def path_to(self, turn_id: str | None) -> list[Turn]:
        """The turns from the root to this one, both included."""
        turns: list[Turn] = []
        while turn_id is not None:
            turn = self._turns[turn_id]
            turns.append(turn)
            turn_id = turn.parent_id
        return turns[::-1]

    def versions(self, turn_id: str) -> list[str]:
        """The turn and its siblings, oldest first."""
        return self._versions_below(self._turns[turn_id].parent_id)

    def version_of(self, turn_id: str) -> tuple[int, int]:
        """Which version a turn is, counted from 1, and of how many."""
        versions = self.versions(turn_id)
        return versions.index(turn_id) + 1, len(versions)

    # ---- changing ----

    def add(self, turn: Turn) -> None:
        """A new turn, which becomes the head."""
        self._insert(turn)
        self.set_head(turn.id)

    def change(self, turn_id: str, **fields: Any) -> Turn:
        """Replace fields of a turn and return it."""
        turn = msgspec.structs.replace(self._turns[turn_id], **fields)
        self._turns[turn_id] = turn
        return turn

    def set_head(self, turn_id: str | None) -> None:
        """Show the branch that ends in this turn, and remember it as the one to come back to."""
        self.head_id = turn_id
        for turn in self.path():
            self._shown[turn.parent_id] = turn.id

    def switch_version(self, turn_id: str, delta: int) -> str:
        """Show the version `delta` places further, with the end of its branch that was shown last.

        Returns:
            The new head. At either end nothing changes.
        """
        versions = self.versions(turn_id)
        place = min(max(versions.index(turn_id) + delta, 0), len(versions) - 1)
        self.set_head(self._leaf_below(versions[place]))
        assert self.head_id is not None
        return self.head_id

    def remove(self, turn_id: str) -> None:
        """Take a turn and all below it out of sight; another version is shown, or what stands
        before it."""
        self.removed.append(turn_id)
        self._leave_removed()

    def put_back(self, turn_id: str) -> None:
        """Undo a removal and show the turn again."""
        self.removed.remove(turn_id)
        self.set_head(self._leaf_below(turn_id))

    def leaf_of(self, turn_id: str) -> str:
        """The end of the branch through a turn that was shown last."""
        return self._leaf_below(turn_id)

    def children(self, turn_id: str | None) -> list[str]:
        """What follows a turn (None: the first messages), oldest first."""
        return self._versions_below(turn_id)

    @property
    def n_branches(self) -> int:
        """How many leaves there are, without what was deleted; counted as turns come and go."""
        if not self.removed:
            return self._n_leaves
        return sum(1 for _ in self._visible_leaves())

    def _visible_leaves(self) -> Iterator[str]:
        waiting = list(self._versions_below(None))
        while waiting:
            turn_id = waiting.pop()
            children = self._versions_below(turn_id)
            waiting.extend(children)
            if not children:
                yield turn_id

    def is_shown(self, turn_id: str) -> bool:
        """The turn stands on the branch shown."""
        if turn_id not in self._turns or self.head_id is None:
            return False
        return any(turn.id == turn_id for turn in self.path())

    def _leave_removed(self) -> None:
        gone = next((turn for turn in self.path() if turn.id in self.removed), None)
        if gone is None:
            return
        others = self._versions_below(gone.parent_id)
        self.set_head(self._leaf_below(others[-1]) if others else gone.parent_id)

    def _leaf_below(self, turn_id: str) -> str:
        while children := self._versions_below(turn_id):
            shown = self._shown.get(turn_id, "")
            turn_id = shown if shown in children else children[-1]
        return turn_id

    def _versions_below(self, parent_id: str | None) -> list[str]:
        children = self._children.get(parent_id, [])
        return [child for child in children if child not in self.removed]

    def _insert(self, turn: Turn) -> None:
        assert turn.parent_id is None or turn.parent_id in self._turns, turn
        self._turns[turn.id] = turn
        siblings = self._children.setdefault(turn.parent_id, [])
        siblings.append(turn.id)
        # A first child takes its parent's place as a leaf.
        self._n_leaves += turn.parent_id is None or len(siblings) > 1

    # ---- what to send ----

    def messages_before(self, turn_id: str, system_prompt: str) -> list[ChatMessage]:
        """The messages that a reply answers: the system prompt, if any, and its branch up to its
        parent.
        """
        parent_id = self._turns[turn_id].parent_id
        return _with_system(self.path_to(parent_id), system_prompt)

    def messages_shown(self, system_prompt: str) -> list[ChatMessage]:
        """All messages of the branch shown, as they would be sent."""
        return _with_system(self.path(), system_prompt)

    def text_shown(self) -> str:
        """The branch as one text, for a base model."""
        return "".join(sent_text(turn) for turn in self.path())

    def last_reply(self) -> Turn | None:
        """The last reply of the branch shown."""
        turn_id = self.head_id
        while turn_id is not None and self._turns[turn_id].role != "assistant":
            turn_id = self._turns[turn_id].parent_id
        return self._turns[turn_id] if turn_id is not None else None

    def request_for(
        self,
        reply_id: str,
        job: int,
        settings: ChatSettings,
        *,
        is_base: bool,
        beginning: Beginning | None = None,
        is_private: bool = False,
    ) -> Generate:
        """The request that makes, or goes on with, a reply: what it already holds is its
        prefill, unless a beginning says it more exactly.
        """
        begun = beginning or Beginning(given=self._turns[reply_id].content)
        shared: dict[str, Any] = {
            "job": job,
            "max_tokens": settings.max_tokens,
            "sampling": settings.sampling(),
            "overflow": settings.overflow,
            "stop": list(settings.stop),
            "adapters": list(settings.adapters),
            "reasoning_budget": settings.reasoning_budget,
            "top_logprobs": N_ALTERNATIVES if settings.certainty else 0,
            "prefill_ids": list(begun.ids),
            "private": is_private,
        }
        if is_base:
            before = self.path_to(self._turns[reply_id].parent_id)
            return Generate(prompt="".join(map(sent_text, before)) + begun.given, **shared)
        messages = self.messages_before(reply_id, settings.system_prompt)
        return Generate(messages=messages, prefill=begun.given, **shared)


def sent_text(turn: Turn) -> str:
    """What a message says to the model: its words, and the texts of its files."""
    return attached_text(turn.content, turn.attachments) if turn.attachments else turn.content


def first_words(text: str, limit: int = TITLE_LETTERS) -> str:
    """The beginning of a text on one line, cut at a word where one ends in time."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit + 1].rsplit(" ", 1)[0] if " " in line[: limit + 1] else line[:limit]
    return cut.rstrip(" ,;:.") + "…"


def _with_system(turns: list[Turn], system_prompt: str) -> list[ChatMessage]:
    messages = [ChatMessage(role=turn.role, content=sent_text(turn)) for turn in turns]
    if system_prompt.strip():
        messages.insert(0, ChatMessage(role="system", content=system_prompt))
    return messages
