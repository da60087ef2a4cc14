"""The list of chats as rows: pinned ones first, then folders that open and close, then the others
under the headings of their day. Qt-free.

Knows days and ages, not their words: the headings are names that the list model puts into words.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

Group = Literal["today", "yesterday", "week", "earlier"]
AgeUnit = Literal["now", "minutes", "hours", "weekday", "date"]
PINNED = "pinned"


class ChatLike(Protocol):
    """What the list needs to know of a chat; `updated_s` is Unix time in seconds."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def updated_s(self) -> float: ...
    @property
    def folder_id(self) -> str | None: ...
    @property
    def pinned(self) -> bool: ...
    @property
    def kind(self) -> str: ...


class FolderLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class HeadingRow(Struct, frozen=True):
    """A heading. key: PINNED, a Group, or the id of a folder, which then has a name; n: how many
    chats stand under it, shown or not."""

    key: str
    folder: str = ""
    n: int = 0
    is_open: bool = True


class ChatRow(Struct, frozen=True):
    id: str
    title: str
    updated_s: float
    pinned: bool = False
    kind: str = "chat"
    in_folder: bool = False


Row = HeadingRow | ChatRow


class Age(Struct, frozen=True):
    """How long ago, as a person would say it: a number of units, or the day itself."""

    unit: AgeUnit
    n: int
    day: datetime


def rows_of(
    chats: Iterable[ChatLike],
    now: datetime,
    folders: Sequence[FolderLike] = (),
    closed: frozenset[str] = frozenset(),
) -> list[Row]:
    """Rows of the list, newest chat first in every part.

    Args:
        closed: ids of the folders that show their heading only.
    """
    newest = sorted(chats, key=lambda chat: chat.updated_s, reverse=True)
    known = {folder.id for folder in folders}
    pinned = [chat for chat in newest if chat.pinned]
    rows: list[Row] = [HeadingRow(PINNED, n=len(pinned))] if pinned else []
    rows += [_row(chat) for chat in pinned]
    for folder in folders:
        within = [chat for chat in newest if chat.folder_id == folder.id and not chat.pinned]
        is_open = folder.id not in closed
        rows.append(HeadingRow(folder.id, folder.name, len(within), is_open))
        rows += [_row(chat, in_folder=True) for chat in within] if is_open else []
    loose = [chat for chat in newest if not chat.pinned and chat.folder_id not in known]
    return rows + _by_day(loose, now)


def _by_day(chats: list[ChatLike], now: datetime) -> list[Row]:
    rows: list[Row] = []
    last: Group | None = None
    for chat in chats:
        group = group_of(chat.updated_s, now)
        if group != last:
            rows.append(HeadingRow(group))
            last = group
        rows.append(_row(chat))
    return rows


def _row(chat: ChatLike, *, in_folder: bool = False) -> ChatRow:
    return ChatRow(chat.id, chat.title, chat.updated_s, chat.pinned, chat.kind, in_folder)


def group_of(updated_s: float, now: datetime) -> Group:
    """Which heading a time falls under, by calendar days in local time."""
    day = datetime.fromtimestamp(updated_s).date()
    today = now.date()
    if day >= today:
        return "today"
    if day == today - timedelta(days=1):
        return "yesterday"
    return "week" if day > today - timedelta(days=8) else "earlier"


def age_of(updated_s: float, now: datetime) -> Age:
    """How long ago a chat was touched, in the unit that fits its distance."""
    then = datetime.fromtimestamp(updated_s)
    elapsed_s = max(0.0, now.timestamp() - updated_s)
    if elapsed_s < 60:
        return Age("now", 0, then)
    if elapsed_s < 3600:
        return Age("minutes", int(elapsed_s // 60), then)
    if then.date() >= now.date():
        return Age("hours", int(elapsed_s // 3600), then)
    recent = then.date() > now.date() - timedelta(days=7)
    return Age("weekday" if recent else "date", 0, then)
