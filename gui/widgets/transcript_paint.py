"""Paints one message of the transcript: its frame and those of its blocks that are in view. Lays
nothing out."""

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from gui.widgets.block_look import Look
from gui.widgets.block_paint import BlockState, paint_block, paint_icon
from gui.widgets.certainty_paint import TokenScene
from gui.widgets.token_boxes import own_range
from gui.widgets.token_marks import TokenBook
from gui.widgets.transcript_column import MessageColumn
from gui.widgets.transcript_frame import WRAPPED, Frame, versions_text
from gui.widgets.transcript_item import MessageItem
from gui.widgets.transcript_row import RowButton
from gui.widgets.transcript_selection import Selection
from gui.widgets.transcript_target import Target


class Scene(Struct, frozen=True):
    """What painting needs to know beside the messages. copied: what was copied a moment ago;
    focused: the button of the current message that keys press; tokens: where replies are coloured
    by probability; current_token: message and token looked at."""

    selection: Selection
    hovered: Target | None
    hovered_message: int
    current_message: int
    copied: Target | None
    focused: str = ""
    tokens: TokenBook | None = None
    current_token: tuple[str, int] = ("", -1)


def paint_message(
    painter: QPainter, column: MessageColumn, index: int, at: QPointF, view: QRectF, scene: Scene
) -> None:
    """Paint a message with its top left corner at a point; only what is inside view (same
    coordinates) is visited."""
    item, look, frame = column.items[index], column.look, column.frame(index)
    painter.save()
    painter.translate(at)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_note(painter, item, look, frame)
    _paint_bubble(painter, look, frame)
    _paint_heading(painter, item, look, frame, _Hover(scene, index))
    _paint_footer(painter, item, look, frame, _Hover(scene, index))
    if index in (scene.hovered_message, scene.current_message):
        _paint_row(painter, look, frame, column.buttons(index), _Hover(scene, index))
    if scene.current_message == index:
        _paint_current(painter, look, frame)
    _paint_blocks(painter, column, index, frame, view.translated(-at), scene)
    painter.restore()


class _Hover:
    """What of one message is under the mouse."""

    def __init__(self, scene: Scene, index: int) -> None:
        self._scene = scene
        self._index = index

    def on(self, what: str) -> bool:
        return self._scene.hovered == Target(what, self._index)

    def copied(self, what: str) -> bool:
        return self._scene.copied == Target(what, self._index)

    def focused(self, what: str) -> bool:
        return self._scene.current_message == self._index and self._scene.focused == what


def _paint_note(painter: QPainter, item: MessageItem, look: Look, frame: Frame) -> None:
    if frame.note.isEmpty():
        return
    painter.setPen(QPen(QColor(look.palette.line), 1))
    painter.setBrush(QColor(look.palette.window))
    painter.drawRoundedRect(frame.note.adjusted(0.5, 0.5, -0.5, -0.5), look.px(8), look.px(8))
    _words(painter, look, frame.note.adjusted(look.px(12), 0, -look.px(12), 0), item.view.note)


def _words(painter: QPainter, look: Look, box: QRectF, text: str) -> None:
    """Words that are worth more lines than one."""
    painter.setFont(look.label)
    painter.setPen(QColor(look.palette.text_faint))
    painter.drawText(box, WRAPPED.value, text)


def _label(painter: QPainter, look: Look, box: QRectF, text: str) -> None:
    painter.setFont(look.label)
    painter.setPen(QColor(look.palette.text_faint))
    shown = look.label_metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, flags, shown)


def _paint_bubble(painter: QPainter, look: Look, frame: Frame) -> None:
    if not frame.bubble.isEmpty():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.palette.user_bubble))
        painter.drawRoundedRect(frame.bubble, look.px(12), look.px(12))


def _paint_heading(
    painter: QPainter, item: MessageItem, look: Look, frame: Frame, hover: _Hover
) -> None:
    _label(painter, look, frame.heading, item.view.heading)
    if not frame.versions.isEmpty():
        _label(painter, look, frame.versions, versions_text(item))
        first, last = item.view.version <= 1, item.view.version >= item.view.n_versions
        _button(painter, look, frame.previous, "chevron-left", hover.on("previous"), first)
        _button(painter, look, frame.following, "chevron-right", hover.on("next"), last)


def _paint_row(
    painter: QPainter, look: Look, frame: Frame, buttons: list[RowButton], hover: _Hover
) -> None:
    """The buttons under a message; a pressed one stands out, and the one that keys press is
    ringed."""
    palette = look.palette
    for one in buttons:
        box = frame.actions.get(one.what)
        if box is None:
            continue
        name = "check" if hover.copied(one.what) else one.picture
        if one.is_on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.accent_soft))
            painter.drawRoundedRect(box, look.px(6), look.px(6))
            paint_icon(painter, name, palette.accent, box, look.px(14))
        else:
            _button(painter, look, box, name, hover.on(one.what), False)
        if hover.focused(one.what):
            painter.setPen(QPen(QColor(palette.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), look.px(6), look.px(6))


def _button(
    painter: QPainter, look: Look, box: QRectF, icon: str, is_hovered: bool, is_off: bool
) -> None:
    if is_hovered and not is_off:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.palette.line))
        painter.drawRoundedRect(box, look.px(6), look.px(6))
    colour = look.palette.line if is_off else look.palette.text_faint
    paint_icon(
        painter, icon, look.palette.text if is_hovered and not is_off else colour, box, look.px(14)
    )


def _paint_footer(
    painter: QPainter, item: MessageItem, look: Look, frame: Frame, hover: _Hover
) -> None:
    if not frame.footer.isEmpty():
        _words(painter, look, frame.footer, item.view.footer)
    for key, words in item.view.footer_actions:
        font, palette = QFont(look.label), look.palette
        font.setUnderline(hover.on(f"do:{key}"))
        painter.setFont(font)
        painter.setPen(QColor(palette.accent if font.underline() else palette.text_dim))
        painter.drawText(frame.footer_actions[key], Qt.AlignmentFlag.AlignVCenter, words)


def _paint_current(painter: QPainter, look: Look, frame: Frame) -> None:
    """The message that keys act on: a bar beside it."""
    top = frame.heading.top()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.palette.accent))
    painter.drawRoundedRect(QRectF(-look.px(14), top, look.px(3), frame.row.top() - top), 1.5, 1.5)


def _paint_blocks(
    painter: QPainter, column: MessageColumn, index: int, frame: Frame, view: QRectF, scene: Scene
) -> None:
    item, look = column.items[index], column.look
    tokens = _tokens_of(item, scene)
    block = 0
    if item.blocks:
        block = item.heights.index_at(view.top() - frame.content.y())
    while block < len(item.blocks):
        top = frame.content.y() + item.heights.top(block)
        if top > view.bottom():
            break
        laid = item.laid(block)
        if laid is not None:
            gap = item.gap(block)
            state = BlockState(
                scene.selection.in_block(index, block),
                item.blocks[block - 1] if block else None,
                gap,
                scene.hovered == Target("copy_code", index, block),
                scene.copied == Target("copy_code", index, block),
                tokens,
                own_range(item.blocks, block) if tokens is not None else (0, None),
                view.translated(-frame.content.x(), -top - gap),
            )
            paint_block(painter, laid, QPointF(frame.content.x(), top + gap), look, state)
        block += 1
    if item.view.streaming and block == len(item.blocks):
        _paint_caret(painter, item, look, frame)


def _tokens_of(item: MessageItem, scene: Scene) -> TokenScene | None:
    """A reply's tokens, where they are to be coloured and known."""
    if scene.tokens is None or item.view.role != "assistant":
        return None
    marks = scene.tokens.get(item.view.id)
    if marks is None:
        return None
    message_id, token = scene.current_token
    return TokenScene(marks, token if message_id == item.view.id else -1)


def _paint_caret(painter: QPainter, item: MessageItem, look: Look, frame: Frame) -> None:
    """The bar behind the last character of a reply that is being written."""
    last = len(item.blocks) - 1
    laid = item.laid(last) if last >= 0 else None
    rect = QRectF(0, 0, 1, look.line_height)
    if laid is not None:
        end = laid.pieces[-1].end if laid.pieces else 0
        rect = laid.cursor_rect(end).translated(0, item.heights.top(last) + item.gap(last))
    rect.translate(frame.content)
    painter.fillRect(
        QRectF(rect.x() + 1, rect.y(), look.px(2), rect.height()), QColor(look.palette.accent)
    )
