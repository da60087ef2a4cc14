"""What stands around a message's blocks: note, heading, version arrows, bubble, footer, and the row
of buttons below. Places only.

Rectangles are in the item's own coordinates: x from the column's left edge, y from the item's top.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil

from msgspec import Struct, field
from PySide6.QtCore import QPointF, QRectF, Qt

from gui.widgets.block_look import Look
from gui.widgets.transcript_item import MessageItem
from gui.widgets.transcript_row import RowButton

WRAPPED = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
_TALL = 1e6
_GAP_PX, _FIRST_GAP_PX = 34, 22  # above a heading; the row of the message before stands in it
_ROW_PX, _BUTTON_PX = 26, 24
_SAME_DIGITS = str.maketrans("123456789", "000000000")


class Frame(Struct):
    """The parts of a message. content: where its blocks begin; empty rectangles are of parts it
    does not have."""

    height: float
    content: QPointF
    heading: QRectF
    note: QRectF = field(default_factory=QRectF)
    bubble: QRectF = field(default_factory=QRectF)
    footer: QRectF = field(default_factory=QRectF)
    previous: QRectF = field(default_factory=QRectF)
    versions: QRectF = field(default_factory=QRectF)
    following: QRectF = field(default_factory=QRectF)
    row: QRectF = field(default_factory=QRectF)
    actions: dict[str, QRectF] = field(default_factory=dict)
    footer_actions: dict[str, QRectF] = field(default_factory=dict)


def content_width(is_user: bool, column_width: float, look: Look) -> float:
    """Width for a message's blocks in a column."""
    return column_width - (2 * look.px(14) if is_user else 0)


def content_top(item: MessageItem, look: Look, width: float, is_first: bool) -> float:
    """From an item's top to its first block, in a column of this width."""
    top = _head_height(look, is_first, item.is_user)
    if item.view.note:
        top += _note_height(item, look, width) + look.px(18)
    return top


# Asked for every message of a chat when it is opened.
@lru_cache(maxsize=64)
def _head_height(look: Look, is_first: bool, is_user: bool) -> float:
    top = _gap(look, is_first) + heading_height(look) + look.px(5)
    return top + (look.px(10) if is_user else 0)


def _gap(look: Look, is_first: bool) -> float:
    """From an item's top to its note or heading."""
    return float(look.px(_FIRST_GAP_PX) if is_first else look.px(_GAP_PX) - look.px(_ROW_PX))


def item_height(item: MessageItem, look: Look, width: float, is_first: bool) -> float:
    """An item's height in a column of this width, of which the blocks' may be an estimate."""
    content = max(item.content_height, ceil(look.line_height))
    foot = float(look.px(10) if item.is_user else 0) + look.px(_ROW_PX)
    if item.view.footer or item.view.footer_actions:
        foot += look.px(6) + _footer_height(item, look, width)
    return content_top(item, look, width, is_first) + content + foot


def heading_height(look: Look) -> float:
    return float(ceil(max(look.label_metrics.height(), look.px(20))))


def _note_height(item: MessageItem, look: Look, width: float) -> float:
    text_width = width - 2 * look.px(12)
    return _words_height(look, item.view.note, text_width) + look.px(12)


def _note_width(item: MessageItem, look: Look, width: float) -> float:
    """A message's own note is as wide as its words: it can be clicked."""
    if not item.is_user:
        return width
    words = [look.label_metrics.horizontalAdvance(line) for line in item.view.note.splitlines()]
    return min(width, max(words) + 2 * look.px(12) + 2)


def _footer_height(item: MessageItem, look: Look, width: float) -> float:
    words = max(heading_height(look), _words_height(look, item.view.footer, width))
    return words if _actions_fit(item, look, width) else words + heading_height(look)


def _actions_fit(item: MessageItem, look: Look, width: float) -> bool:
    """Whether the footer's actions stand behind its words, on their line."""
    actions = item.view.footer_actions
    if not actions:
        return True
    texts = (item.view.footer.translate(_SAME_DIGITS), *(words for _, words in actions))
    return _line_width(look, texts) <= width


@lru_cache(maxsize=1024)
def _line_width(look: Look, texts: tuple[str, ...]) -> float:
    return sum(look.label_metrics.horizontalAdvance(text) + look.px(14) for text in texts)


def _words_height(look: Look, words: str, width: float) -> float:
    """Height of a label's words, wrapped. Figures are tabular: one footer measures as another."""
    return _wrapped_height(look, words.translate(_SAME_DIGITS), width)


@lru_cache(maxsize=1024)
def _wrapped_height(look: Look, words: str, width: float) -> float:
    space = QRectF(0, 0, width, _TALL)
    return float(ceil(look.label_metrics.boundingRect(space, WRAPPED.value, words).height()))


def frame_of(
    item: MessageItem, look: Look, width: float, is_first: bool, buttons: Sequence[RowButton]
) -> Frame:
    """The places of all parts in a column of this width."""
    top = content_top(item, look, width, is_first)
    height = item_height(item, look, width, is_first)
    row_top = height - look.px(_ROW_PX)
    heading_top = top - look.px(5) - heading_height(look) - (look.px(10) if item.is_user else 0)
    frame = Frame(
        height,
        QPointF(look.px(14) if item.is_user else 0, top),
        QRectF(0, heading_top, 0, heading_height(look)),
    )
    if item.view.note:
        note_height = _note_height(item, look, width)
        note_width = _note_width(item, look, width)
        frame.note = QRectF(0, _gap(look, is_first), note_width, note_height)
    if item.is_user:
        inner = content_width(True, width, look)
        natural = item.natural_width or inner
        content = max(item.content_height, look.line_height)
        bubble_width = min(inner, natural + 1) + 2 * look.px(14)
        frame.bubble = QRectF(0, top - look.px(10), bubble_width, content + 2 * look.px(10))
    if item.view.footer or item.view.footer_actions:
        footer_height = _footer_height(item, look, width)
        frame.footer = QRectF(0, row_top - footer_height, width, footer_height)
        _place_footer_actions(frame, item, look)
    _place_heading(frame, item, look)
    frame.row = QRectF(0, row_top, width, look.px(_ROW_PX))
    _place_buttons(frame, look, buttons)
    return frame


def _place_footer_actions(frame: Frame, item: MessageItem, look: Look) -> None:
    """Behind the footer's words, or on a line of their own where these leave no room."""
    box, height = frame.footer, heading_height(look)
    metrics = look.label_metrics
    x = box.x()
    if not _actions_fit(item, look, box.width()):
        frame.footer = QRectF(box.x(), box.y(), box.width(), box.height() - height)
    elif item.view.footer:
        x += metrics.horizontalAdvance(item.view.footer) + look.px(14)
    for key, words in item.view.footer_actions:
        width = metrics.horizontalAdvance(words) + 2
        frame.footer_actions[key] = QRectF(x, box.bottom() - height, width, height)
        x += width + look.px(14)


def versions_text(item: MessageItem) -> str:
    return f"{item.view.version} / {item.view.n_versions}"


def _place_heading(frame: Frame, item: MessageItem, look: Look) -> None:
    """Heading text, then the version arrows."""
    metrics, top, height = look.label_metrics, frame.heading.y(), frame.heading.height()
    frame.heading.setWidth(metrics.horizontalAdvance(item.view.heading) + 2)
    if item.view.n_versions > 1:
        x, side = frame.heading.right() + look.px(8), height
        text = metrics.horizontalAdvance(versions_text(item)) + 2
        frame.previous = QRectF(x, top, side, height)
        frame.versions = QRectF(x + side, top, text, height)
        frame.following = QRectF(x + side + text, top, side, height)


def _place_buttons(frame: Frame, look: Look, buttons: Sequence[RowButton]) -> None:
    """From left to right, the first icon at the text's edge. Where they do not all fit, the last
    one, which opens the menu, stays."""
    side, gap = look.px(_BUTTON_PX), look.px(2)
    margin = look.px(5)
    n_fit = max(1, int((frame.row.width() + margin) // (side + gap)))
    shown = [*buttons[: n_fit - 1], buttons[-1]] if len(buttons) > n_fit else buttons
    for at, one in enumerate(shown):
        x = at * (side + gap) - margin
        frame.actions[one.what] = QRectF(x, frame.row.y() + look.px(2), side, side)
