"""What of the transcript is under a point: a button, an arrow, a link, or a place in the text."""

from msgspec import Struct
from PySide6.QtCore import QPointF

from gui.widgets.laid_block import LaidBlock
from gui.widgets.markdown_inline import is_safe_link
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_selection import END, Position


class Target(Struct, frozen=True):
    """Something that can be clicked. what: an action's name, "previous", "next", "copy_code",
    "thought" (opens and closes reasoning) or "link", whose words are text."""

    what: str
    message: int
    block: int = -1
    url: str = ""
    text: str = ""


def target_at(column: MessageColumn, point: QPointF) -> Target | None:
    """What a click at a point (in the column's coordinates) would do."""
    index = column.index_at(point.y())
    if index < 0:
        return None
    frame = column.frame(index)
    local = point - QPointF(0, column.top(index))
    item = column.items[index]
    if frame.previous.contains(local):
        return Target("previous", index) if item.view.version > 1 else None
    if frame.following.contains(local):
        return Target("next", index) if item.view.version < item.view.n_versions else None
    if item.is_user and frame.note.contains(local):
        return Target("do:show_attached", index)
    for action, box in frame.actions.items():
        if box.contains(local):
            return Target(action, index)
    for key, box in frame.footer_actions.items():
        if box.contains(local):
            return Target(f"do:{key}", index)
    return _in_blocks(column, index, local - frame.content)


def _in_blocks(column: MessageColumn, index: int, local: QPointF) -> Target | None:
    found = _block_at(column, index, local)
    if found is None:
        return None
    block, laid, inside = found
    if laid.copy_button.contains(inside):
        return Target("copy_code", index, block)
    if laid.toggle.contains(inside):
        return Target("thought", index, block)
    run = laid.run_at(inside)
    if run is not None and run.href and is_safe_link(run.href):
        return Target("link", index, block, run.href, run.text)
    return None


def _block_at(
    column: MessageColumn, index: int, local: QPointF
) -> tuple[int, LaidBlock, QPointF] | None:
    """The laid-out block at or nearest to a point that counts from the first block's corner."""
    item = column.items[index]
    if not item.blocks:
        return None
    block = item.heights.index_at(local.y())
    laid = item.laid(block)
    if laid is None:
        return None
    return block, laid, local - QPointF(0, item.heights.top(block) + item.gap(block))


def position_at(column: MessageColumn, point: QPointF) -> Position | None:
    """The place in the text nearest to a point; above or below a message's text its beginning or
    its end."""
    index = column.index_at(point.y())
    if index < 0:
        return None
    item = column.items[index]
    local = point - QPointF(0, column.top(index)) - column.frame(index).content
    if local.y() < 0:
        return Position(item.view.id)
    if local.y() > item.heights.total:
        return Position(item.view.id, END, END)
    found = _block_at(column, index, local)
    if found is None:
        return Position(item.view.id)
    block, laid, inside = found
    return Position(item.view.id, block, laid.position_at(inside))
