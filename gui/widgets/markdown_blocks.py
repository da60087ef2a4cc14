"""Blocks: what a message is made of.

A block is the unit of layout: a paragraph, a heading, a piece of a code card or of a table, a
rule, the line that stands for folded reasoning. Lists and quotes are not blocks but places: `path`
says in which a block stands. Does: give a block's text and what of the source a part of it stands
for. Does not: decide how far to parse (markdown_stream.py), know fonts or Qt.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from gui.widgets.markdown_inline import LINE_BREAK, Run, Style

Kind = Literal["paragraph", "heading", "code", "table", "rule", "thought"]
Gap = Literal["none", "tight", "block"]
Cell = tuple[Run, ...]
CODE_LINES = 25
CODE_CHARS = 2_048


class Block(Struct, frozen=True):
    """One piece of a message.

    start, end: the part of the message's text that it stands for. path: "q" for each quote and
    "l" for each list around it, outermost first, "t" before them within reasoning. marker: the
    bullet or number in front of it. gap: distance to the block above. opens, closes: whether the
    card or table begins and ends here (long ones are several blocks of one group, the offset where
    they began). inner: the words of a thought, without their marks; closes: whether they are all
    there.
    """

    kind: Kind
    start: int
    end: int
    runs: Cell = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    aligns: tuple[str, ...] = ()
    has_header: bool = False
    path: str = ""
    marker: str = ""
    gap: Gap = "block"
    level: int = 0
    language: str = ""
    opens: bool = True
    closes: bool = True
    group: int = 0
    inner: tuple[int, int] = (0, 0)


def placed_runs(block: Block) -> Iterator[tuple[int, Run]]:
    """The block's runs with their places in its text; cells are parted by a tab, rows by a line
    feed."""
    at = 0
    for run in block.runs:
        yield at, run
        at += len(run.text)
    for row in block.rows:
        for cell in row:
            for run in cell:
                yield at, run
                at += len(run.text)
            at += 1


def block_text(block: Block) -> str:
    """What the block shows, as selection counts it: code points, line breaks as LINE_BREAK."""
    if block.kind != "table":
        return "".join(run.text for run in block.runs)
    rows = ("\t".join("".join(run.text for run in cell) for cell in row) for row in block.rows)
    return "\n".join(rows)


def source_range(block: Block, start: int, end: int) -> tuple[int, int]:
    """The part of the message's text that characters start..end of the block's text stand for.

    The whole block is its whole source, markup included; a part begins and ends at characters, so
    it may cut markup.
    """
    first = block.start if start <= 0 else -1
    last = block.end if end >= len(block_text(block)) else -1
    before = block.start
    for at, run in placed_runs(block):
        after = at + len(run.text)
        if run.source < 0:
            continue
        if first < 0 and start < after:
            first = run.source + max(0, start - at)
        if at < end:
            before = run.source_end if end >= after else run.source + end - at
    first = before if first < 0 else first
    return first, max(first, before if last < 0 else last)


class CodeText(Struct, frozen=True):
    """The inside of a code card. sources: for each line its offset in the message's text, -1
    where unknown."""

    text: str
    sources: tuple[int, ...]
    language: str
    group: int


def code_blocks(
    code: CodeText, path: str = "", marker: str = "", gap: Gap = "block"
) -> list[Block]:
    """A code card's text cut into pieces that are cheap to lay out."""
    pieces: list[Block] = []
    at = line = column = 0
    while True:
        text = code.text[at : at + code_piece_chars(code.text[at : at + CODE_CHARS + 1])]
        runs = tuple(_code_runs(text.removesuffix("\n"), code.sources[line:], column))
        last = at + len(text) >= len(code.text)
        pieces.append(
            Block(
                "code",
                next((run.source for run in runs if run.source >= 0), code.group),
                next(
                    (run.source + len(run.text) for run in reversed(runs) if run.source >= 0),
                    code.group,
                ),
                runs,
                path=path,
                marker="" if pieces else marker,
                gap="none" if pieces else gap,
                language=code.language,
                opens=not pieces,
                closes=last,
                group=code.group,
            )
        )
        if last:
            return pieces
        at += len(text)
        line += text.count("\n")
        # A line that is too long goes on in the next piece.
        column = 0 if text.endswith("\n") else column * ("\n" not in text) + len(text)


def _code_runs(text: str, sources: Sequence[int], column: int) -> Iterator[Run]:
    for number, line in enumerate(text.split("\n")):
        source = sources[number] if number < len(sources) else -1
        if source >= 0 and not number:
            source += column
        if number:
            yield Run(LINE_BREAK, Style.CODE)
        if line:
            yield Run(line, Style.CODE, source)


def code_piece_chars(code: str) -> int:
    """How much of code makes its first piece: whole lines up to the bounds, part of a line only
    where one is too long."""
    at = 0
    for _ in range(CODE_LINES):
        found = code.find("\n", at)
        after = len(code) if found < 0 else found + 1
        if after > CODE_CHARS:
            return at or CODE_CHARS
        at = after
        if found < 0:
            break
    return at
