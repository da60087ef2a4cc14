"""The transcript's context menu: all that the painted buttons do, and a little more, for mouse
and keyboard alike."""

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.icons import icon
from gui.widgets.markdown_blocks import placed_runs
from gui.widgets.markdown_inline import is_safe_link
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_row import tr
from gui.widgets.transcript_target import Target

_MOST_LINKS = 20


class Line(Struct, frozen=True):
    """A line of the menu. target: what it does; is_on: it can be chosen now."""

    text: str
    target: Target
    picture: str = ""
    is_on: bool = True
    shortcut: str = ""


def build_menu(
    parent: QWidget,
    column: MessageColumn,
    under: Target | None,
    index: int,
    has_selection: bool,
    act: Callable[[Target], None],
) -> QMenu:
    """The menu for message `index` (-1: none).

    Args:
        under: what is under the mouse: a link or code gets its own lines.
        act: called with "copy_selection", "select_all", "continue", "copy_link" or a Target of
        the buttons.
    """
    menu = QMenu(parent)
    colour = column.look.palette.text_dim

    def add(line: Line | None, to: QMenu = menu) -> None:
        if line is None:
            to.addSeparator()
            return
        action = to.addAction(icon(line.picture, colour) if line.picture else QIcon(), line.text)
        action.setEnabled(line.is_on)
        action.setShortcut(QKeySequence(line.shortcut))
        action.setToolTip(line.target.url)
        action.triggered.connect(lambda: act(line.target))

    add(Line(tr("Copy"), Target("copy_selection", index), "", has_selection, "Ctrl+C"))
    if under is not None and under.what == "link":
        add(Line(tr("Copy link"), Target("copy_link", index, url=under.url)))
    if index >= 0:
        for line in _copying(column, under, index):
            add(line)
        links = _links(column, index)
        submenu = menu.addMenu(tr("Links")) if links else menu
        for one in links:
            add(one, submenu)
        for line in _changing(column, index):
            add(line)
    add(None)
    add(Line(tr("Select all"), Target("select_all", index), "", True, "Ctrl+A"))
    return menu


def lines_of(column: MessageColumn, index: int) -> list[Line]:
    """All that can be done with a message right now, as the menu has it."""
    lines = [*_copying(column, None, index), *_changing(column, index)]
    return [line for line in lines if line is not None and line.is_on]


def _copying(column: MessageColumn, under: Target | None, index: int) -> list[Line | None]:
    item = column.items[index]
    lines: list[Line | None] = [Line(tr("Copy message"), Target("copy", index), "copy")]
    block = under.block if under is not None and under.block >= 0 else -1
    code = code_block_near(column, index, block)
    if code >= 0:
        lines.append(Line(tr("Copy code"), Target("copy_code", index, code), "copy"))
    if item.thoughts:
        is_open = bool(item.blocks[item.thoughts[0]].level)
        words = tr("Hide the reasoning") if is_open else tr("Show the reasoning")
        lines.append(Line(words, Target("thought", index, item.thoughts[0]), "", True, "Space"))
    return lines


def _changing(column: MessageColumn, index: int) -> list[Line | None]:
    view, own = column.items[index].view, column.own_actions(index)
    lines: list[Line | None] = [None]
    if "edit" in own:
        lines.append(Line(tr("Edit"), Target("edit", index), "edit"))
    if "regenerate" in own:
        lines.append(Line(tr("Regenerate"), Target("regenerate", index), "refresh"))
        lines.append(Line(tr("Continue the reply"), Target("continue", index), "continue"))
    if view.n_versions > 1:
        is_last = view.version >= view.n_versions
        before = Line(
            tr("Previous version"), Target("previous", index), "", view.version > 1, "Left"
        )
        following = Line(tr("Next version"), Target("next", index), "", not is_last, "Right")
        lines += [before, following]
    lines.append(None)
    for one in column.added:
        if one.applies(view):
            lines.append(
                Line(one.text, Target(f"do:{one.key}", index), one.picture, True, one.shortcut)
            )
    if "delete" in own:
        lines += [None, Line(tr("Delete"), Target("delete", index), "trash", True, "Del")]
    return lines


def _links(column: MessageColumn, index: int) -> list[Line]:
    """The message's links, so that keys reach them too; each asks before it is opened."""
    links: dict[str, str] = {}
    for block in column.items[index].blocks:
        for _, run in placed_runs(block):
            if run.href and is_safe_link(run.href):
                links.setdefault(run.href, run.text)
        if len(links) >= _MOST_LINKS:
            break
    return [
        Line(words[:60].replace("&", "&&"), Target("link", index, -1, url, words))
        for url, words in list(links.items())[:_MOST_LINKS]
    ]


def code_block_near(column: MessageColumn, index: int, block: int) -> int:
    """The code card that "Copy code" means: the one under the mouse, else the message's first; -1
    if it has none."""
    blocks = column.items[index].blocks
    if 0 <= block < len(blocks) and blocks[block].kind == "code":
        return block
    return next((at for at, one in enumerate(blocks) if one.kind == "code"), -1)
