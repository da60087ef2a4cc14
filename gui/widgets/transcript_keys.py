"""Moving a text position by keys: by character, by line, to the ends, across blocks and
messages."""

from PySide6.QtCore import QPointF, QRectF, Qt

from gui.widgets.markdown_blocks import block_text
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_selection import END, Position
from gui.widgets.transcript_target import position_at


def moved(column: MessageColumn, position: Position, key: int) -> Position:
    """The position after a cursor key; the same where it cannot go on."""
    if key == Qt.Key.Key_Left:
        return _by_character(column, position, -1)
    if key == Qt.Key.Key_Right:
        return _by_character(column, position, 1)
    if key == Qt.Key.Key_Home:
        return Position(column.items[0].view.id)
    if key == Qt.Key.Key_End:
        return Position(column.items[-1].view.id, END, END)
    return _by_line(column, position, -1 if key == Qt.Key.Key_Up else 1)


def _clamped(column: MessageColumn, position: Position) -> tuple[int, int, int] | None:
    """Message, block and offset that exist."""
    index = column.index_of(position.message_id)
    if index is None:
        return None
    blocks = column.items[index].blocks
    if not blocks:
        return index, 0, 0
    block = min(position.block, len(blocks) - 1)
    length = len(block_text(blocks[block]))
    return index, block, min(position.offset, length) if position.block == block else length


def _by_character(column: MessageColumn, position: Position, step: int) -> Position:
    place = _clamped(column, position)
    if place is None:
        return position
    index, block, offset = place
    blocks = column.items[index].blocks
    message_id = position.message_id
    length = len(block_text(blocks[block])) if blocks else 0
    if 0 <= offset + step <= length:
        return Position(message_id, block, offset + step)
    if 0 <= block + step < len(blocks):
        return Position(message_id, block + step, 0 if step > 0 else END)
    if 0 <= index + step < len(column.items):
        beside = column.items[index + step].view.id
        return Position(beside) if step > 0 else Position(beside, END, END)
    return position


def caret_rect(column: MessageColumn, position: Position) -> QRectF | None:
    """Where a position stands in the column; None while it is not laid out."""
    place = _clamped(column, position)
    if place is None:
        return None
    index, block, offset = place
    item = column.items[index]
    laid = item.laid(block) if block < len(item.blocks) else None
    if laid is None:
        return None
    x = column.frame(index).content.x()
    return laid.cursor_rect(offset).translated(x, column.block_top(index, block))


def _by_line(column: MessageColumn, position: Position, step: int) -> Position:
    """The place one line above or below; gaps and headings between are stepped over."""
    rect = caret_rect(column, position)
    if rect is None:
        return position
    y = rect.center().y()
    for _ in range(60):
        y += step * rect.height() / 2
        if not 0 <= y <= column.total:
            break
        found = position_at(column, QPointF(rect.x(), y))
        if found is None:
            break
        there = caret_rect(column, found)
        if there is not None and (there.center().y() - rect.center().y()) * step > 1:
            return found
    return position
