"""markdown-it's block tokens -> blocks, inline runs included.

Does: lists and quotes as places, bullets and numbers, code, tables, places in the source. Does
not: say what may be closed (markdown_units.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gui.widgets.markdown_blocks import Block, Cell, CodeText, Gap, Kind, code_blocks
from gui.widgets.markdown_inline import LINE_BREAK, Run, inline_runs
from gui.widgets.markdown_references import NO_REFERENCES, References

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_COLUMNS = 40


class Place(Struct, frozen=True):
    """path: where all of a message's blocks stand. references: the links that it defines."""

    path: str = ""
    references: References = field(default_factory=lambda: NO_REFERENCES)


OUTERMOST = Place()


class BlockBuilder:
    """Walks block tokens of one stretch of a message and makes blocks.

    Args:
        parser: from make_parser; its inline pass is run here, on what is shown.
        text: the message's text, neutralised.
        line_starts: for each line of the parsed stretch, its offset in the text, and at last
        where the stretch ends.
        place: what stands around the stretch.
    """

    def __init__(
        self,
        parser: MarkdownIt,
        text: str,
        line_starts: list[int],
        place: Place = OUTERMOST,
    ) -> None:
        self._parser = parser
        self._text = text
        self._starts = line_starts
        self._references = place.references
        self._path = place.path
        self._numbers: list[int | None] = []
        self._marker = ""
        self._line = 0

    def item(self, tokens: list[Token], number: int | None) -> list[Block]:
        """The blocks of one item of an outermost list; number: None for a bullet."""
        self._numbers.append(number)
        blocks = list(self.blocks(tokens))
        self._numbers.pop()
        return blocks

    def as_written(self, token: Token) -> list[Block]:
        """A block as plain text: what markdown-it nests too deep to read must still be seen."""
        start, end = self.offset(token.map, 0), self.offset(token.map, 1)
        text = self._text[start:end].rstrip()
        run = Run(text.replace("\n", LINE_BREAK), source=start)
        return [Block("paragraph", start, start + len(text), (run,), path=self._path, group=start)]

    def blocks(self, tokens: list[Token]) -> Iterator[Block]:
        """The blocks of tokens that stand at the top or inside an item."""
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "table_open":
                after = closing(tokens, index) + 1
                rows = table_rows(tokens[index:after])
                yield from self.table(rows, rows, self.offset(token.map, 0))
                index = after
                continue
            yield from self._block(token, tokens[index + 1 : index + 2])
            index += 1

    def _block(self, token: Token, following: list[Token]) -> Iterator[Block]:
        match token.type:
            case "paragraph_open":
                yield self._made("paragraph", token.map, self._runs(following[0]))
            case "heading_open":
                runs = self._runs(following[0])
                yield self._made("heading", token.map, runs, level=int(token.tag[1:]))
            case "hr":
                yield self._made("rule", token.map)
            case "fence" | "code_block":
                yield from self._code(token)
            case "list_item_close":
                if self._marker:
                    yield self._made("paragraph", [self._line, self._line + 1])
                self._path = self._path[:-1]
            case _:
                self._enter_or_leave(token)

    def _enter_or_leave(self, token: Token) -> None:
        """Keep track of the lists and quotes around what comes."""
        match token.type:
            case "blockquote_open":
                self._path += "q"
            case "blockquote_close":
                self._path = self._path[:-1]
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._open_item(token)

    def _open_item(self, token: Token) -> None:
        number = self._numbers[-1] if self._numbers else None
        self._marker = "•" if number is None else f"{number}."
        if number is not None:
            self._numbers[-1] = number + 1
        self._path += "l"
        self._line = (token.map or [0])[0]

    def _made(self, kind: Kind, lines: list[int] | None, runs: Cell = (), level: int = 0) -> Block:
        start = self.offset(lines, 0)
        end = max(start, self.offset(lines, 1))
        end = start + len(self._text[start:end].rstrip())
        gap = self._gap(start)
        marker, self._marker = self._marker, ""
        return Block(
            kind,
            start,
            end,
            runs,
            path=self._path,
            marker=marker,
            gap=gap,
            level=level,
            group=start,
        )

    def offset(self, lines: list[int] | None, which: int) -> int:
        """Where the first line (which 0) or the line behind the last (1) of a token begins in the
        text."""
        line = (lines or [0, 0])[which]
        return self._starts[min(line, len(self._starts) - 1)]

    def _gap(self, start: int) -> Gap:
        """Lists are as loose as they were written: a blank line above an item is seen."""
        if "l" not in self._path or start == 0:
            return "block"
        above = self._text[self._text.rfind("\n", 0, start - 1) + 1 : start]
        return "tight" if above.strip(" \t>\n") else "block"

    def _code(self, token: Token) -> Iterator[Block]:
        first = (token.map or [0, 0])[0]
        body = first + (token.type == "fence")
        lines = token.content.split("\n")
        sources = tuple(self._find(line, body + number) for number, line in enumerate(lines))
        group = self.offset(token.map, 0)
        language = (token.info.split() or [""])[0]
        gap = self._gap(group)
        marker, self._marker = self._marker, ""
        yield from code_blocks(
            CodeText(token.content, sources, language, group), self._path, marker, gap
        )

    def _find(self, shown: str, line: int) -> int:
        """Where a line's shown text stands in the message: at its end, behind what marks lists
        and quotes."""
        return self._text.rfind(shown, *self._line_range(line))

    def _runs(self, token: Token) -> Cell:
        first = (token.map or [0, 0])[0]
        lines = token.content.split("\n")
        sources = [self._find(line.rstrip(), first + number) for number, line in enumerate(lines)]
        return inline_runs(self._parser, token.content, sources, self._references)

    def _line_range(self, line: int) -> tuple[int, int]:
        last = len(self._starts) - 1
        return self._starts[min(line, last)], self._starts[min(line + 1, last)]

    def table(
        self, rows: list[list[Token]], all_rows: list[list[Token]], group: int, closes: bool = True
    ) -> list[Block]:
        """One piece of a table: some of its rows. The first of all rows is the header."""
        opens = rows[0] is all_rows[0]
        start = self.offset(rows[0][0].map, 0)
        end = max(start, self.offset(rows[-1][0].map, 1))
        gap: Gap = self._gap(start) if opens else "none"
        marker, self._marker = self._marker, ""
        block = Block(
            "table",
            start,
            start + len(self._text[start:end].rstrip()),
            rows=tuple(self._cells(row) for row in rows),
            aligns=tuple(_align(cell) for cell in all_rows[0] if cell.type == "th_open"),
            has_header=opens,
            path=self._path,
            marker=marker,
            gap=gap,
            opens=opens,
            closes=closes,
            group=group,
        )
        return [block]

    def _cells(self, row: list[Token]) -> tuple[Cell, ...]:
        cursor, end = self._line_range((row[0].map or [0, 0])[0])
        cells: list[Cell] = []
        for token in row:
            if token.type != "inline":
                continue
            if len(cells) == MAX_COLUMNS - 1:
                cells.append((Run("…"),))
                break
            found = self._text.find(token.content, cursor, end)
            cursor = max(cursor, found + len(token.content))
            cells.append(inline_runs(self._parser, token.content, [found], self._references))
        return tuple(cells)


def _align(token: Token) -> str:
    return str(token.attrs.get("style", "")).removeprefix("text-align:")


def table_rows(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of each row, header first; each list begins with its tr_open."""
    rows: list[list[Token]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([token])
        elif rows and token.type in ("th_open", "td_open", "inline"):
            rows[-1].append(token)
    return rows


def closing(tokens: list[Token], index: int) -> int:
    """Index of the token that closes the one at index."""
    depth = 0
    for at in range(index, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens) - 1
