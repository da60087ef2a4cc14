"""The branches of a chat as a list: each leaf with the words where it leaves the others. Qt-free.

A walk over the whole tree, each message once: made when a person asks for the list, and not before.
"""

from msgspec import Struct

from gui.chat.conversation import Conversation, Turn, first_words

WORDS_LETTERS = 80


class Branch(Struct, frozen=True):
    """One branch. departs_id: its first message that no other branch has; words: how that begins;
    n_messages: on the whole branch; at_s: when its last message was made.
    """

    leaf_id: str
    departs_id: str
    role: str
    words: str
    n_messages: int
    at_s: float
    is_shown: bool


def branches_of(conversation: Conversation) -> list[Branch]:
    """All branches, the one used last first."""
    branches: list[Branch] = []
    # Leaf by leaf without recursion: a chat of 10,000 messages is deeper than Python's stack.
    waiting = [(child, child, 1) for child in reversed(conversation.children(None))]
    while waiting:
        turn_id, departs_id, depth = waiting.pop()
        children = conversation.children(turn_id)
        if not children:
            branches.append(_branch(conversation, turn_id, departs_id, depth))
        for child in reversed(children):
            waiting.append((child, child if len(children) > 1 else departs_id, depth + 1))
    return sorted(branches, key=lambda branch: branch.at_s, reverse=True)


def _branch(conversation: Conversation, leaf_id: str, departs_id: str, depth: int) -> Branch:
    departs, leaf = conversation.turn(departs_id), conversation.turn(leaf_id)
    return Branch(
        leaf_id,
        departs_id,
        departs.role,
        _words(conversation, departs),
        depth,
        leaf.created_s,
        leaf_id == conversation.head_id,
    )


def _words(conversation: Conversation, turn: Turn) -> str:
    """How a message begins; an empty one by what follows it."""
    while not turn.content.strip() and (children := conversation.children(turn.id)):
        turn = conversation.turn(children[0])
    return first_words(turn.content, WORDS_LETTERS)
