"""The quiet row of buttons under a message, and the actions that other parts of the room add to it
and to the menu. Says what the buttons are; where they stand is transcript_frame.py's.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QCoreApplication

from gui.widgets.transcript_item import MessageView

_ICONS = {
    "copy": "copy",
    "edit": "edit",
    "regenerate": "refresh",
    "delete": "trash",
    "more": "more",
}


class MessageAction(Struct, frozen=True):
    """A line of the menu that some part of the room adds.

    Args:
        key: told when it is chosen.
        applies: for which messages it is there.
        shortcut: shown beside it, and obeyed while the transcript has the focus and a message is
            current.
        tip: what it does, in a sentence; without one its words say it.
        row: it is a button under the message too; "edit" stands behind copying, "judge" behind
            writing anew.
        is_on: the message has what it gives, so the button stays pressed.
    """

    key: str
    text: str
    picture: str = ""
    applies: Callable[[MessageView], bool] = lambda view: not view.streaming
    shortcut: str = ""
    tip: str = ""
    row: Literal["", "edit", "judge"] = ""
    is_on: Callable[[MessageView], bool] = lambda view: False


class RowButton(Struct, frozen=True):
    """A button under a message. what: as Target has it."""

    what: str
    picture: str
    is_on: bool = False


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("Transcript", text)


def own_actions(view: MessageView, *, is_last_reply: bool, is_locked: bool) -> list[str]:
    """What the transcript itself offers for a message, beside copying.

    Args:
        is_locked: nothing of the chat can be changed now.
    """
    if view.streaming or is_locked:
        return []
    actions = ["edit"] if view.role == "user" else []
    return [*actions, *(["regenerate"] if is_last_reply else []), "delete"]


def row_of(
    view: MessageView, added: Iterable[MessageAction], *, is_last_reply: bool, is_locked: bool
) -> list[RowButton]:
    """The buttons of a message, from left to right."""
    if view.streaming:
        return [RowButton("copy", "copy")]
    own = ["copy", *own_actions(view, is_last_reply=is_last_reply, is_locked=is_locked), "more"]
    row: list[RowButton] = []
    for what, picture in _ICONS.items():
        if what in own:
            row.append(RowButton(what, picture))
        if what in ("edit", "regenerate"):
            place = "edit" if what == "edit" else "judge"
            row += [
                RowButton(f"do:{one.key}", one.picture, one.is_on(view))
                for one in added
                if one.row == place and one.applies(view)
            ]
    return row


def tooltip(what: str, added: Iterable[MessageAction] = ()) -> str:
    """What a painted button does, in a sentence."""
    for one in added:
        if what == f"do:{one.key}" and one.tip:
            return f"{one.tip} ({one.shortcut})" if one.shortcut else one.tip
    return {
        "copy": tr("Copy this message as Markdown"),
        "edit": tr("Edit this message and ask again"),
        "regenerate": tr("Write this reply anew; the old one is kept as a version"),
        "delete": tr("Delete this message (Del)"),
        "more": tr("More that can be done with this message (Enter)"),
        "copy_code": tr("Copy this code"),
        "previous": tr("Show the version before (←)"),
        "next": tr("Show the next version (→)"),
        "thought": tr("Show or hide what the model wrote for itself before it answered (Space)"),
        "do:replay": tr(
            "Write this reply again from the same tokens and compare; the chat stays as it is"
        ),
        "do:received": tr("See the exact tokens that the model received for this reply"),
        "do:show_attached": tr("Show the text of what was attached"),
    }.get(what, "")
