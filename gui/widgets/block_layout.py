"""A block and a width -> a laid-out block.

Does: fonts, line breaking, columns of tables, places of a card's parts. Does not: parse, paint,
keep anything alive (the transcript's cache does).
"""

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QTextCharFormat, QTextLayout, QTextOption

from gui.widgets.block_look import Look
from gui.widgets.highlight import highlight
from gui.widgets.laid_block import LaidBlock, Piece, cursor_x, utf16_length
from gui.widgets.markdown_blocks import Block, Cell, block_text
from gui.widgets.markdown_inline import LINE_BREAK, OBJECT, Style
from gui.widgets.maths_layout import (
    PLACEHOLDER,
    MathsBox,
    holder_format,
    maths_box,
    room_in_line,
)

_CODE_LINE = 1.32  # heights of a line of code


def lay_out(block: Block, width: float, look: Look, columns: Sequence[float] = ()) -> LaidBlock:
    """Lay a block out.

    Args:
        width: of the column, indentation included.
        columns: widths of a table's columns, from column_widths of the table's first piece.
    """
    laid = LaidBlock(block, width, indent=indent_of(block.path, look))
    match block.kind:
        case "code":
            _lay_code(laid, look)
        case "table":
            _lay_table(laid, look, columns)
        case "rule":
            laid.height = look.px(9)
        case "thought":
            _lay_thought(laid, look)
        case _:
            _lay_text(laid, look)
    laid.n_chars = sum(len(piece.text) for piece in laid.pieces)
    return laid


def indent_of(path: str, look: Look) -> float:
    """How far lists and quotes push a block to the right."""
    return float(sum(look.px(22) if place == "l" else look.px(16) for place in path))


def gap_above(block: Block, look: Look) -> float:
    """Distance to the block above, in the same message."""
    if block.gap == "none":
        return 0.0
    if block.gap == "tight":
        return float(look.px(4))
    return float(look.px(20 if block.kind == "heading" else 11))


def estimated_height(block: Block, width: float, look: Look) -> float:
    """A block's height before it is laid out: near enough for a scroll bar."""
    if block.kind == "rule":
        return float(look.px(9))
    if block.kind == "thought":
        return thought_height(look)
    if block.kind == "table":
        return len(block.rows) * (look.line_height + look.px(12))
    if block.kind == "code":
        n_lines = sum(run.text.count(LINE_BREAK) for run in block.runs) + 1
        return n_lines * look.mono_metrics.height() * _CODE_LINE + look.px(50) * block.opens
    text = block_text(block)
    per_line = max(8.0, (width - indent_of(block.path, look)) / look.mean_char_width)
    return (len(text) // per_line + 1 + text.count(LINE_BREAK)) * look.line_height


def _lay_text(laid: LaidBlock, look: Look) -> None:
    level = laid.block.level
    height = look.line_height if not level else 0.0
    width = laid.width - laid.indent
    runs, boxes = _formatted(laid.block, laid.block.runs, look, width, level)
    piece = make_piece(runs, look, 0, width, height, boxes=boxes)
    piece.x = laid.indent
    laid.pieces = [piece]
    laid.height = float(ceil(piece.height))


def thought_height(look: Look) -> float:
    """Of the line that stands for reasoning."""
    return float(ceil(max(look.label_metrics.height(), look.px(20)))) + look.px(4)


def _lay_thought(laid: LaidBlock, look: Look) -> None:
    """A sign that it opens, and the label."""
    char_format = QTextCharFormat()
    char_format.setFont(look.label)
    char_format.setForeground(QColor(look.palette.text_dim))
    laid.height = thought_height(look)
    sign = float(look.px(20))
    runs = [(run.text, char_format) for run in laid.block.runs]
    piece = make_piece(runs, look, 0, laid.width - laid.indent - sign, laid.height)
    piece.x = laid.indent + sign
    laid.pieces = [piece]
    laid.height = max(laid.height, float(ceil(piece.height)))
    laid.toggle = QRectF(laid.indent, 0, sign + piece.width + look.px(4), laid.height)


Runs = list[tuple[str, QTextCharFormat]]
Boxes = list[MathsBox]


def _formatted(
    block: Block,
    cell: Cell,
    look: Look,
    width: float,
    level: int = 0,
    more: Style = Style.PLAIN,
) -> tuple[Runs, Boxes]:
    """Texts with their formats, and the boxes of the formulas among them, in order."""
    runs: Runs = []
    boxes: Boxes = []
    is_dim = block.path.startswith("t")
    for run in cell:
        char_format = look.format(run.style | more, level, is_dim)
        if run.style & Style.MATHS:
            boxes.append(maths_box(run, look, width, level, is_dim))
            char_format = holder_format(char_format, boxes[-1].width)
        runs.append((run.text, char_format))
    return runs, boxes


def _lay_code(laid: LaidBlock, look: Look) -> None:
    block, padding = laid.block, look.px(13)
    text = block_text(block)
    line_height = look.mono_metrics.height() * _CODE_LINE
    top = float(look.px(34) if block.opens else 0)
    width = laid.width - laid.indent
    piece = make_piece(
        _highlighted(text, block.language, look), look, 0, width - 2 * padding, line_height
    )
    piece.x, piece.y = laid.indent + padding, top
    laid.pieces = [piece]
    # Whole pixels, so that no seam is seen between the pieces of one card.
    laid.height = ceil(top + piece.height) + (look.px(11) if block.closes else 0)
    laid.body = QRectF(laid.indent, 0, width, laid.height)
    if block.opens:
        size = look.px(26)
        right = laid.indent + width - look.px(5)
        laid.copy_button = QRectF(right - size, look.px(4), size, size)


def _highlighted(text: str, language: str, look: Look) -> list[tuple[str, QTextCharFormat]]:
    plain = QTextCharFormat()
    plain.setFont(look.mono)
    plain.setForeground(look.format(Style.PLAIN).foreground())
    runs, at = [], 0
    for start, length, role in highlight(text.replace(LINE_BREAK, "\n"), language):
        coloured = QTextCharFormat(plain)
        coloured.merge(look.code_format(role))
        runs += [(text[at:start], plain), (text[start : start + length], coloured)]
        at = start + length
    runs.append((text[at:], plain))
    return [run for run in runs if run[0]]


# ---- tables ----


def column_widths(block: Block, width: float, look: Look) -> list[float]:
    """Widths for a table's columns, from its first piece: as wide as their text where all have
    room, else the wide ones share what the narrow ones leave."""
    n_columns = max((len(row) for row in block.rows), default=0)
    padding = 2.0 * look.px(11)
    natural = [0.0] * n_columns
    for number, row in enumerate(block.rows):
        for column, cell in enumerate(row):
            bold = number == 0 and block.has_header
            own = _cell_width(cell, look, bold) + _formulas_width(cell, look, width)
            natural[column] = max(natural[column], own + padding)
    return _shared(natural, width - indent_of(block.path, look))


def _cell_width(cell: Cell, look: Look, bold: bool) -> float:
    text = "".join(run.text for run in cell if not run.style & Style.MATHS)[:400]
    # A little more than measured: bold and monospaced runs are wider than the body font.
    wider = 1.1 if bold or any(run.style & (Style.BOLD | Style.CODE) for run in cell) else 1.0
    return look.metrics.horizontalAdvance(text) * wider + 2.0


def _formulas_width(cell: Cell, look: Look, width: float) -> float:
    maths = (run for run in cell if run.style & Style.MATHS)
    return sum(maths_box(run, look, width, 0, False).width for run in maths)


def _shared(natural: list[float], width: float) -> list[float]:
    room, left = width, len(natural)
    result = list(natural)
    if sum(natural) <= width:
        return result
    for column in sorted(range(len(natural)), key=lambda index: natural[index]):
        result[column] = min(natural[column], room / left)
        room -= result[column]
        left -= 1
    return result


def _lay_table(laid: LaidBlock, look: Look, columns: Sequence[float]) -> None:
    block = laid.block
    widths = list(columns) or column_widths(block, laid.width, look)
    laid.column_x = [laid.indent]
    for width in widths:
        laid.column_x.append(laid.column_x[-1] + width)
    y, start = 0.0, 0
    for number, row in enumerate(block.rows):
        laid.row_y.append(y)
        pieces = _lay_row(laid, look, row, start, number == 0 and block.has_header)
        start = pieces[-1].end + 1 if pieces else start
        height = ceil(max((piece.height for piece in pieces), default=0.0)) + 2 * look.px(6)
        for piece in pieces:
            piece.y = y + look.px(6)
        laid.pieces += pieces
        y += height
    laid.row_y.append(y)
    laid.height = y
    laid.body = QRectF(laid.indent, 0, laid.column_x[-1] - laid.indent, y)


def _lay_row(
    laid: LaidBlock, look: Look, row: Sequence[Cell], start: int, is_header: bool
) -> list[Piece]:
    padding = look.px(11)
    pieces: list[Piece] = []
    for column, cell in enumerate(row[: len(laid.column_x) - 1]):
        more = Style.BOLD if is_header else Style.PLAIN
        width = laid.column_x[column + 1] - laid.column_x[column] - 2 * padding
        runs, boxes = _formatted(laid.block, cell, look, width, more=more)
        align = laid.block.aligns[column] if column < len(laid.block.aligns) else ""
        piece = make_piece(runs, look, start, width, look.line_height, align, boxes)
        piece.x, piece.width = laid.column_x[column] + padding, width
        pieces.append(piece)
        start = piece.end + 1
    return pieces


# ---- lines ----

_ALIGNMENT = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}


def make_piece(
    runs: Sequence[tuple[str, QTextCharFormat]],
    look: Look,
    start: int,
    width: float,
    line_height: float,
    align: str = "",
    boxes: Sequence[MathsBox] = (),
) -> Piece:
    """Lay runs of text out in a width.

    Args:
        line_height: 0 for lines as high as each needs.
        boxes: for each formula in the text, in order.
    """
    text = "".join(run for run, _ in runs)
    shown = text.replace(OBJECT, PLACEHOLDER) if boxes else text
    layout = QTextLayout(shown, look.body)
    layout.setCacheEnabled(True)
    formats, at = [], 0
    places: list[int] = []
    for run, char_format in runs:
        length = utf16_length(run)
        formats.append(_format_range(at, length, char_format))
        if run == OBJECT and len(places) < len(boxes):
            places.append(at)
        at += length
    layout.setFormats(formats)
    layout.setTextOption(_option(_ALIGNMENT.get(align, Qt.AlignmentFlag.AlignLeading)))
    placed = list(zip(places, boxes, strict=True))
    height, natural = _break_lines(layout, width, line_height, placed)
    is_wide = at != len(text)
    return Piece(layout, text, start, 0.0, 0.0, natural, height, is_wide, list(boxes))


def _format_range(start: int, length: int, char_format: QTextCharFormat) -> QTextLayout.FormatRange:
    result = QTextLayout.FormatRange()
    result.start, result.length, result.format = start, length, char_format
    return result


def _option(alignment: Qt.AlignmentFlag) -> QTextOption:
    option = QTextOption(alignment)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    return option


def _break_lines(
    layout: QTextLayout,
    width: float,
    line_height: float,
    boxes: Sequence[tuple[int, MathsBox]] = (),
) -> tuple[float, float]:
    """Break into lines; the height of all and the width of the longest. A line is as high as its
    formulas need."""
    y = natural = 0.0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(1.0, width))
        extra = max(0.0, line_height - line.height()) / 2
        here, ascent, depth = room_in_line(
            boxes, line.textStart(), line.textStart() + line.textLength()
        )
        above = max(extra, ascent + extra / 2 - line.ascent() if here else 0.0)
        below = max(extra, depth + extra / 2 - line.descent() if here else 0.0)
        text_width = line.naturalTextWidth()
        is_display = len(here) > 0 and here[0][1].is_display
        x = max(0.0, (width - text_width) / 2) if is_display else 0.0
        line.setPosition(QPointF(x, y + above))
        for at, box in here:
            box.x = cursor_x(line, at)
            box.baseline = y + above + line.ascent()
        natural = max(natural, x + text_width)
        y += line.height() + above + below
    layout.endLayout()
    return y, natural
