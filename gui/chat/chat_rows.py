"""The list of chats as rows: filtered, newest first, under the headings of their day. Qt-free.

Knows days and ages, not their words: the headings are names that the list model puts into words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

Group = Literal["today", "yesterday", "week", "earlier"]
AgeUnit = Literal["now", "minutes", "hours", "weekday", "date"]


class ChatLike(Protocol):
    """What the list needs to know of a chat; `updated_s` is Unix time in seconds."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def updated_s(self) -> float: ...


@dataclass(frozen=True)
class HeadingRow:
    group: Group


@dataclass(frozen=True)
class ChatRow:
    id: str
    title: str
    updated_s: float


Row = HeadingRow | ChatRow


@dataclass(frozen=True)
class Age:
    """How long ago, as a person would say it: a number of units, or the day itself."""

    unit: AgeUnit
    n: int
    day: datetime


def rows_of(chats: Iterable[ChatLike], query: str, now: datetime) -> list[Row]:
    """Rows of the list: chats whose title holds every word of the query, under the heading of their
    day.
    """
    words = query.casefold().split()
    kept = [chat for chat in chats if _has_words(chat.title, words)]
    kept.sort(key=lambda chat: chat.updated_s, reverse=True)
    rows: list[Row] = []
    last: Group | None = None
    for chat in kept:
        group = group_of(chat.updated_s, now)
        if group != last:
            rows.append(HeadingRow(group))
            last = group
        rows.append(ChatRow(chat.id, chat.title, chat.updated_s))
    return rows


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


def _has_words(title: str, words: list[str]) -> bool:
    folded = title.casefold()
    return all(word in folded for word in words)
