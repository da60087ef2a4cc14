"""What the chat room can do beyond talking, a part each: the table of these parts, and what each is
given.

A feature is made once with the room, adds its buttons, menu lines, views and keys to the parts it
is given, and talks to no other feature. Heavy modules are imported when a feature is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from gui.chat.chat_list import ChatList
    from gui.chat.context_counter import ContextCounter
    from gui.chat.desk import Desk
    from gui.chat.details import DetailsPane
    from gui.chat.model_chooser import ModelChooser
    from gui.chat.model_loader import ModelLoader
    from gui.chat.presenter import TranscriptPresenter
    from gui.chat.replies import Replies
    from gui.chat.room import ChatRoom
    from gui.chat.session import ChatSession
    from gui.chat.store_thread import StoreThread
    from gui.chat.work_area import WorkArea
    from gui.commands import Command
    from gui.context import AppContext

Shortcut = QKeySequence.StandardKey | str | None
AddAction = Callable[[str, Callable[[], object], Shortcut], QAction]


class ChatParts(Struct, frozen=True):
    """The room's parts. add_action(text, do, shortcut): a line in the room's menu and the
    palette."""

    room: ChatRoom
    context: AppContext
    store: StoreThread
    loader: ModelLoader
    replies: Replies
    session: ChatSession
    counter: ContextCounter
    list: ChatList
    work: WorkArea
    details: DetailsPane
    presenter: TranscriptPresenter
    desk: Desk
    chooser: ModelChooser
    add_action: AddAction


class Feature(QObject):
    """Base of the room's further parts; its parent is the room."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts.room)
        self.parts = parts

    def commands(self) -> list[Command]:
        """What the palette finds here besides the room's actions."""
        return []

    def save_state(self) -> None:
        """The window is closing: keep what should be there again next time."""


def make_features(parts: ChatParts) -> list[Feature]:
    """All features, in the order of their buttons and menu lines."""
    from gui.chat.adapter_opener import AdapterOpener
    from gui.chat.adapters import Adapters
    from gui.chat.attach import AttachFeature
    from gui.chat.branches import BranchesFeature
    from gui.chat.certainty import CertaintyFeature
    from gui.chat.chat_order import ChatOrder
    from gui.chat.columns.columns import Columns
    from gui.chat.context_foot import ContextFoot
    from gui.chat.details_memory import DetailsMemory
    from gui.chat.links import Links
    from gui.chat.message_actions import MessageActions
    from gui.chat.notebook import NotebookFeature
    from gui.chat.presets import Presets
    from gui.chat.rated_replies import RatedReplies
    from gui.chat.received import Received
    from gui.chat.replay import Replay
    from gui.chat.step import StepFeature
    from gui.chat.temporary import TemporaryFeature
    from gui.chat.tokens_link import TokensLink
    from gui.chat.trade import Trade

    classes: list[type[Feature]] = [
        ChatOrder,
        TemporaryFeature,
        BranchesFeature,
        MessageActions,
        StepFeature,
        AttachFeature,
        ContextFoot,
        DetailsMemory,
        Presets,
        Adapters,
        AdapterOpener,
        CertaintyFeature,
        Links,
        Columns,
        Trade,
        RatedReplies,
        NotebookFeature,
        Received,
        TokensLink,
        Replay,
    ]
    return [make(parts) for make in classes]
