"""The transcript's context menu: all that the painted buttons do, and a little more, for mouse
and keyboard alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.icons import icon
from gui.widgets.markdown_blocks import placed_runs
from gui.widgets.markdown_inline import is_safe_link
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_frame import actions_of
from gui.widgets.transcript_item import MessageView
from gui.widgets.transcript_target import Target

_MOST_LINKS = 20


@dataclass(frozen=True)
class MessageAction:
    """A line of the menu that some part of the room adds. key: told when it is chosen; applies: for
    which messages it is there; shortcut: shown beside it, and obeyed while the transcript has the
    focus and a message is current."""

    key: str
    text: str
    picture: str = ""
    applies: Callable[[MessageView], bool] = lambda view: not view.streaming
    shortcut: str = ""


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("Transcript", text)


def tooltip(what: str) -> str:
    """What a painted button does, in a sentence."""
    return {
        "copy": tr("Copy this message as Markdown"),
        "edit": tr("Edit this message and ask again"),
        "regenerate": tr("Write this reply anew; the old one is kept as a version"),
        "delete": tr("Delete this message"),
        "copy_code": tr("Copy this code"),
        "previous": tr("Show the version before"),
        "next": tr("Show the next version"),
        "thought": tr("Show or hide what the model wrote for itself before it answered (Space)"),
        "do:replay": tr(
            "Write this reply again from the same tokens and compare; the chat stays as it is"
        ),
        "do:received": tr("See the exact tokens that the model received for this reply"),
        "do:show_attached": tr("Show the text of what was attached"),
    }.get(what, "")


def build_menu(
    parent: QWidget,
    column: MessageColumn,
    under: Target | None,
    index: int,
    has_selection: bool,
    act: Callable[[Target], None],
    more: Sequence[MessageAction] = (),
) -> QMenu:
    """The menu for message `index` (-1: none).

    Args:
        under: what is under the mouse: a link or code gets its own lines.
        more: what other parts of the room can do with a message; act is told "do:" and its key.
        act: called with "copy_selection", "select_all", "continue", "copy_link" or a Target of
        the buttons.
    """
    menu = QMenu(parent)
    colour = column.look.palette.text_dim

    def add(text: str, target: Target, picture: str = "", is_on: bool = True) -> QAction:
        action = menu.addAction(icon(picture, colour) if picture else QIcon(), text)
        action.setEnabled(is_on)
        action.triggered.connect(lambda: act(target))
        return action

    copy = add(tr("Copy"), Target("copy_selection", index), "", has_selection)
    copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    if under is not None and under.what == "link":
        add(tr("Copy link"), Target("copy_link", index, url=under.url))
    if index >= 0:
        _add_message_actions(column, under, index, add, menu)
        menu.addSeparator()
        for one in more:
            if one.applies(column.items[index].view):
                line = add(one.text, Target(f"do:{one.key}", index), one.picture, True)
                line.setShortcut(QKeySequence(one.shortcut))
    menu.addSeparator()
    everything = add(tr("Select all"), Target("select_all", index))
    everything.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
    return menu


def _add_message_actions(
    column: MessageColumn,
    under: Target | None,
    index: int,
    add: Callable[[str, Target, str, bool], QAction],
    menu: QMenu,
) -> None:
    item = column.items[index]
    actions = actions_of(item, index == column.last_reply())
    add(tr("Copy message"), Target("copy", index), "copy", True)
    block = under.block if under is not None and under.block >= 0 else -1
    code = code_block_near(column, index, block)
    if code >= 0:
        add(tr("Copy code"), Target("copy_code", index, code), "copy", True)
    if item.thoughts:
        is_open = bool(item.blocks[item.thoughts[0]].level)
        words = tr("Hide the reasoning") if is_open else tr("Show the reasoning")
        line = add(words, Target("thought", index, item.thoughts[0]), "", True)
        line.setShortcut(QKeySequence(Qt.Key.Key_Space))
    _add_links(column, index, add, menu)
    menu.addSeparator()
    if "edit" in actions:
        add(tr("Edit"), Target("edit", index), "edit", True)
    if "regenerate" in actions:
        add(tr("Regenerate"), Target("regenerate", index), "refresh", True)
        add(tr("Continue the reply"), Target("continue", index), "continue", True)
    if item.view.n_versions > 1:
        add(tr("Previous version"), Target("previous", index), "", item.view.version > 1)
        is_last = item.view.version >= item.view.n_versions
        add(tr("Next version"), Target("next", index), "", not is_last)
    if "delete" in actions:
        menu.addSeparator()
        add(tr("Delete"), Target("delete", index), "trash", True)


def _add_links(
    column: MessageColumn,
    index: int,
    add: Callable[[str, Target, str, bool], QAction],
    menu: QMenu,
) -> None:
    """The message's links, so that keys reach them too; each asks before it is opened."""
    links: dict[str, str] = {}
    for block in column.items[index].blocks:
        for _, run in placed_runs(block):
            if run.href and is_safe_link(run.href):
                links.setdefault(run.href, run.text)
        if len(links) >= _MOST_LINKS:
            break
    submenu = menu.addMenu(tr("Links")) if links else menu
    for url, words in list(links.items())[:_MOST_LINKS]:
        line = add(words[:60].replace("&", "&&"), Target("link", index, -1, url, words), "", True)
        line.setToolTip(url)
        menu.removeAction(line)
        submenu.addAction(line)


def code_block_near(column: MessageColumn, index: int, block: int) -> int:
    """The code card that "Copy code" means: the one under the mouse, else the message's first; -1
    if it has none."""
    blocks = column.items[index].blocks
    if 0 <= block < len(blocks) and blocks[block].kind == "code":
        return block
    return next((at for at, one in enumerate(blocks) if one.kind == "code"), -1)
