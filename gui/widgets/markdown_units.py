"""A stretch of a message -> units: the smallest things that can be closed while the text still
grows.

A unit is an outermost block, one item of an outermost list, or some rows of an outermost table;
the rest of a list or table can be parsed without its beginning, given what a Context carries
over. Does not: decide what is closed (markdown_stream.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gui.widgets.markdown_blocks import Block
from gui.widgets.markdown_builder import OUTERMOST, BlockBuilder, Place, closing, table_rows

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A piece of a table is laid out at once: so many rows, cells and characters at most.
TABLE_ROWS = 12
TABLE_CELLS = 30
TABLE_CHARS = 4_096


class Context(Struct, frozen=True):
    """What a stretch goes on with.

    n_units: units of its list or table so far. table: header and delimiter lines of the table it
    continues, which began at group. number: of its first list item. joined: it follows the block
    above without a gap.
    """

    n_units: int = 0
    table: str = ""
    group: int = -1
    number: int | None = None
    joined: bool = False


NOTHING = Context()


class Unit(Struct, frozen=True):
    """line: its first line in the stretch. make: gives its blocks, which costs more than finding
    the unit. after: what the text behind it goes on with. paragraph_chars: length of an outermost
    paragraph, which may be endless, else 0."""

    line: int
    make: Callable[[], list[Block]]
    after: Context = NOTHING
    paragraph_chars: int = 0
    is_fence: bool = False


@cache
def _parser() -> MarkdownIt:
    from gui.widgets.markdown_parser import make_parser

    return make_parser()


def parse_units(
    text: str, start: int, end: int, context: Context, place: Place = OUTERMOST
) -> list[Unit]:
    """The units of text[start:end], which begins where a unit does."""
    stretch = text[start:end]
    n_prefix = context.table.count("\n")
    parser = _parser()
    tokens = parser.parse(context.table + stretch)
    breaks = [start + found.end() for found in re.finditer("\n", stretch)]
    builder = BlockBuilder(parser, text, [start] * n_prefix + [start, *breaks, end], place)
    units: list[Unit] = []
    index = 0
    while index < len(tokens):
        after = closing(tokens, index) + 1
        units += _outermost(builder, tokens[index:after], NOTHING if index else context, text)
        index = after
    return [replace(unit, line=unit.line - n_prefix) for unit in units]


def made_blocks(units: Sequence[Unit], joined: bool) -> list[Block]:
    """The blocks of units; joined: the first follows the block above without a gap."""
    blocks = [block for unit in units for block in unit.make()]
    if joined and blocks:
        blocks[0] = replace(blocks[0], gap="none")
    return blocks


def _outermost(
    builder: BlockBuilder, tokens: list[Token], context: Context, text: str
) -> list[Unit]:
    opening = tokens[0]
    if opening.type == "table_open":
        return _rows(builder, tokens, context, text)
    if opening.type in ("bullet_list_open", "ordered_list_open"):
        return _items(builder, tokens, context)
    size = 0
    if opening.type in ("paragraph_open", "heading_open"):
        size = builder.offset(opening.map, 1) - builder.offset(opening.map, 0)
    unit = _unit(opening, lambda: _plain_blocks(builder, tokens))
    return [replace(unit, paragraph_chars=size, is_fence=opening.type == "fence")]


def _plain_blocks(builder: BlockBuilder, tokens: list[Token]) -> list[Block]:
    return list(builder.blocks(tokens)) or builder.as_written(tokens[0])


def _unit(token: Token, make: Callable[[], list[Block]], after: Context = NOTHING) -> Unit:
    return Unit((token.map or [0])[0], make, after)


def _items(builder: BlockBuilder, tokens: list[Token], context: Context) -> list[Unit]:
    number: int | None = None
    if tokens[0].type == "ordered_list_open":
        started = int(tokens[0].attrs.get("start", 1))
        # The rest of a list counts on from the items closed before, whatever the source says.
        number = started if context.number is None else context.number
    units: list[Unit] = []
    index = 1
    while index < len(tokens) - 1:
        after = closing(tokens, index) + 1
        make = partial(builder.item, tokens[index:after], number)
        number = None if number is None else number + 1
        is_last = after >= len(tokens) - 1
        n_units = context.n_units + len(units) + 1
        following = NOTHING if is_last else Context(n_units, number=number)
        units.append(_unit(tokens[index], make, following))
        index = after
    return units


def _rows(builder: BlockBuilder, tokens: list[Token], context: Context, text: str) -> list[Unit]:
    rows = table_rows(tokens)
    continues = bool(context.table)
    group = context.group if continues else builder.offset(tokens[0].map, 0)
    header_end = builder.offset([0, (rows[0][0].map or [0])[0] + 2], 1)
    header = context.table if continues else text[group:header_end]
    pieces = list(_row_pieces(builder, rows[1:] if continues else rows))
    units: list[Unit] = []
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        make = partial(builder.table, piece, rows, group, closes=last)
        n_units = context.n_units + number + 1
        following = NOTHING if last else Context(n_units, header, group)
        units.append(_unit(piece[0][0], make, following))
    return units


def _row_pieces(builder: BlockBuilder, rows: list[list[Token]]) -> list[list[list[Token]]]:
    pieces: list[list[list[Token]]] = []
    n_chars = 0
    n_cells = sum(token.type == "inline" for token in rows[0]) if rows else 1
    most = max(1, min(TABLE_ROWS, TABLE_CELLS // max(1, n_cells)))
    for row in rows:
        size = builder.offset(row[0].map, 1) - builder.offset(row[0].map, 0)
        full = not pieces or len(pieces[-1]) >= most or n_chars + size > TABLE_CHARS
        if full:
            pieces.append([])
            n_chars = 0
        pieces[-1].append(row)
        n_chars += size
    return pieces
