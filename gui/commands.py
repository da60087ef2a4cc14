"""What can be done right now, as one list: every line of the menus, every page, every chat. Qt-free
but for the menus it reads.

    rank("expmd", commands)  ->  "Export chat as Markdown" first
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

MOST_SHOWN = 60


class Command(Struct, frozen=True):
    """One thing to do. note: where it is found otherwise; keys: its shortcut, in words."""

    text: str
    note: str
    do: Callable[[], object]
    keys: str = ""


def menu_commands(bar: QMenuBar) -> list[Command]:
    """Every line of the menus that can be chosen now."""
    found: list[Command] = []
    for action in bar.actions():
        menu = action.menu()
        if isinstance(menu, QMenu) and action.isVisible():
            found.extend(_commands_of(menu, plain(action.text())))
    return found


def _commands_of(menu: QMenu, path: str) -> Iterator[Command]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _commands_of(inner, f"{path} › {plain(action.text())}")
        elif not action.isSeparator() and action.isEnabled() and action.isVisible():
            yield Command(plain(action.text()), path, action.trigger, keys_of(action))


def keys_of(action: QAction) -> str:
    """An action's first shortcut as it is written on this system."""
    return action.shortcut().toString(action.shortcut().SequenceFormat.NativeText)


def plain(text: str) -> str:
    """A menu's words without the marks of its letters and without dots."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")


def rank(query: str, commands: Iterable[Command]) -> list[Command]:
    """The commands that a query means, the likeliest first; all of them for an empty one."""
    wanted = query.casefold().split()
    scored = [
        (score, n, one)
        for n, one in enumerate(commands)
        if (score := _score_all(wanted, one)) is not None
    ]
    return [one for _, _, one in sorted(scored, key=lambda item: item[:2])[:MOST_SHOWN]]


def _score_all(words: list[str], command: Command) -> float | None:
    """How far a command is from all the words; None where one of them is not in it."""
    total = 0.0
    for word in words:
        in_text = _score(word, command.text.casefold())
        in_note = _score(word, command.note.casefold())
        scores = [in_text] if in_text is not None else []
        scores += [in_note + 40] if in_note is not None else []
        if not scores:
            return None
        total += min(scores)
    return total


def _score(word: str, text: str) -> float | None:
    """0 for a beginning, more for a word within, most for letters in order; None for neither."""
    at = text.find(word)
    if at == 0:
        return 0.0
    if at > 0:
        return 4.0 if not text[at - 1].isalnum() else 12.0
    at, gaps = -1, 0
    for letter in word:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        gaps += found - at - 1
        at = found
    return 20.0 + gaps if gaps <= 3 * len(word) else None
