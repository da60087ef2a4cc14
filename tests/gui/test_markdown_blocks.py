"""Markdown to blocks: what they are, where they stand in the source, and that parsing as the text
comes is the same as parsing the whole, for bounded work."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.widgets.markdown_blocks import Block, block_text, placed_runs, source_range
from gui.widgets.markdown_html import markdown_to_html
from gui.widgets.markdown_inline import LINE_BREAK, Style, is_safe_link, neutralise
from gui.widgets.markdown_stream import MAX_ITEMS, BlockStream

ALL = 1 << 30


def parsed(text: str, markdown: bool = True) -> list[Block]:
    stream = BlockStream(markdown)
    stream.append(text)
    stream.finish()
    assert stream.advance(ALL)
    return stream.blocks


def shown(text: str) -> list[str]:
    return [block_text(block) for block in parsed(text)]


def test_kinds_of_blocks() -> None:
    text = (
        "# Head\n\npara\n\n- a\n  1. b\n\n> q\n\n```py\nx = 1\n```\n\n"
        "|a|b|\n|-|:-:|\n|1|2|\n\n---\n"
    )
    blocks = parsed(text)
    assert [(block.kind, block.path, block.marker) for block in blocks] == [
        ("heading", "", ""),
        ("paragraph", "", ""),
        ("paragraph", "l", "•"),
        ("paragraph", "ll", "1."),
        ("paragraph", "q", ""),
        ("code", "", ""),
        ("table", "", ""),
        ("rule", "", ""),
    ]
    assert blocks[0].level == 1
    assert (blocks[5].language, block_text(blocks[5])) == ("py", "x = 1")
    assert (block_text(blocks[6]), blocks[6].aligns) == ("a\tb\n1\t2", ("", "center"))


def test_numbers_count_on_and_gaps_are_as_written() -> None:
    blocks = parsed("3. a\n3. b\n\n9. c\n")
    assert [block.marker for block in blocks] == ["3.", "4.", "5."]
    assert [block.gap for block in blocks][1:] == ["tight", "block"]


def test_styles_of_runs() -> None:
    (block,) = parsed("a **b *c*** ~~d~~ `e` [f](https://x.org/)")
    styles = {run.text: run.style for run in block.runs}
    assert styles["b "] == Style.BOLD
    assert styles["c"] == Style.BOLD | Style.ITALIC
    assert styles["d"] == Style.STRIKE
    assert styles["e"] == Style.CODE
    assert styles["f"] == Style.LINK
    assert block.runs[-1].href == "https://x.org/"


def test_every_mapped_character_is_the_one_in_the_source() -> None:
    text = (
        "Water **absorbs _x_** `co de` \\* &amp; [li**n**k](http://a.b/c) "
        "<http://x.y>\nline two\n\n"
        "> - in *a* quote\n>   more\n\n| h `c` | b |\n|--|--|\n| 1 | **2** |\n\n"
        "- item\n\n  ```js\n  let a\n  ```\n\n```\nplain\n```\n"
    )
    mapped = 0
    for block in parsed(text):
        for _, run in placed_runs(block):
            if run.source >= 0 and run.text != LINE_BREAK:
                assert text[run.source : run.source + len(run.text)] == run.text
                mapped += len(run.text)
    assert mapped > 80


def test_source_of_a_part_and_of_the_whole() -> None:
    text = "## A **bold** word"
    (block,) = parsed(text)
    assert block_text(block) == "A bold word"
    assert source_range(block, 0, 11) == (0, len(text))
    start, end = source_range(block, 2, 6)
    assert text[start:end] == "bold"
    start, end = source_range(block, 3, 9)
    assert text[start:end] == "old** wo"


def test_a_users_text_is_as_written_but_for_code() -> None:
    blocks = parsed("# no heading\n- no list\n```c\nint x;\n```\nend", markdown=False)
    assert [block.kind for block in blocks] == ["paragraph", "code", "paragraph"]
    assert block_text(blocks[0]) == f"# no heading{LINE_BREAK}- no list"


def test_an_endless_list_goes_on_as_written() -> None:
    items = [f"- item {number}\n" for number in range(MAX_ITEMS + 600)]
    text = "".join(items)
    blocks = parsed(text)
    shown_items = [block for block in blocks if block.kind == "paragraph"]
    assert len(shown_items) == MAX_ITEMS
    rest = "\n".join(block_text(block) for block in blocks[MAX_ITEMS:]).replace(LINE_BREAK, "\n")
    assert rest == "".join(items[MAX_ITEMS:]).rstrip()
    stream = BlockStream()
    for item in items:
        stream.append(item)
        stream.advance(ALL)
    stream.finish()
    stream.advance(ALL)
    assert stream.blocks == blocks


def test_line_breaks_are_kept() -> None:
    assert shown("Blue sinks,\nsmall lanterns") == [f"Blue sinks,{LINE_BREAK}small lanterns"]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "vbscript:x", "//host", "x"],
)
def test_unsafe_links_are_plain_text(url: str) -> None:
    for text in (f"[a]({url})", f"<{url}>", f"![a]({url})"):
        for block in parsed(text):
            assert not any(run.href or run.style & Style.LINK for run in block.runs)
    assert not is_safe_link(url)
    assert "<a" not in markdown_to_html(f"[a]({url})")


def test_an_image_is_its_words_and_a_link() -> None:
    (block,) = parsed("![a cat](https://x.org/c.png)")
    assert [(run.text, run.href) for run in block.runs] == [("a cat", "https://x.org/c.png")]
    assert "<img" not in markdown_to_html("![a cat](https://x.org/c.png)")


def test_html_is_text() -> None:
    assert shown("<script>alert(1)</script>") == ["<script>alert(1)</script>"]
    assert "<script" not in markdown_to_html("<script>alert(1)</script>")


def test_control_characters_are_seen() -> None:
    hostile = "a\x1b[31mb\x00\x07\u202ec\u2066d\x9b\U000e0041"
    safe = neutralise(hostile)
    assert len(safe) == len(hostile)
    assert safe == "a␛[31mb␀␇\ufffdc\ufffdd\ufffd\ufffd"
    assert neutralise("ok\tü\n👩‍👩‍👧 é") == "ok\tü\n👩‍👩‍👧 é"


SHORT = "# h|- a|  - b|1. x|2) y|> q|```|```py|~~~|-|word |**b**|`c`|===|---|* * *|&amp;|é|😀"
TABLE = ["a|b", "-|-", "|1|2|", "\n|r|s|\n" * 30]
SPACE = ["\n", "\n\n", " ", "    ", "\r\n", "\r", "\t"]
LONG = ["long " * 300, "z" * 4500, "\n- it\n", "1. n\n" * 20, "code line\n" * 60]
PIECES = st.sampled_from([*SHORT.split("|"), *TABLE, *SPACE, *LONG, "[l](http://x)"])


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=12), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_text_in_pieces_gives_the_blocks_of_the_whole(pieces: list[str], sizes: list[int]) -> None:
    text = "".join(pieces)
    stream, at, turn = BlockStream(), 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)] * (1 if len(text) < 300 else 97)
        stream.append(text[at : at + size])
        stream.advance(ALL)
        at, turn = at + size, turn + 1
    stream.finish()
    assert stream.advance(ALL)
    assert stream.blocks == parsed(text)
    assert stream.n_closed == len(stream.blocks)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_closed_blocks_never_change(pieces: list[str]) -> None:
    stream = BlockStream()
    closed: list[Block] = []
    for piece in pieces:
        stream.append(piece)
        stream.advance(ALL)
        assert stream.blocks[: len(closed)] == closed
        closed = stream.blocks[: stream.n_closed]


@pytest.mark.parametrize(
    "line",
    ["A sentence of *prose*.\n\n", "- an item\n", "| a | b |\n", "code = 1\n", "endless words "],
)
def test_parsing_a_long_reply_costs_as_much_as_a_short_one(line: str) -> None:
    """Characters parsed per flush of 20, around 1 kB and around 200 kB."""
    head = {"|": "| x | y |\n|--|--|\n", "c": "```py\n"}.get(line[0], "")

    def work(n_before: int) -> float:
        stream = BlockStream()
        stream.append(head + line * (n_before // len(line)))
        stream.advance(ALL)
        before, n_flushes = stream.parsed_chars, 0
        text = line * (40_000 // len(line))
        for at in range(0, len(text), 20):
            stream.append(text[at : at + 20])
            stream.advance(ALL)
            n_flushes += 1
        return (stream.parsed_chars - before) / n_flushes

    # A piece of code is up to 50 lines, looked at without being parsed.
    assert work(200_000) <= 1.5 * max(work(1_000), 300)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "| a | b |\n|--|--|\n" + "| 1 | 2 |\n" * 4_000,
        "|a" * 8_000 + "\n" + "|-" * 8_000 + "\n" + "|b" * 8_000 + "\n",
        "[" * 50_000,
        ">" * 50_000,
        "*a " * 20_000,
        "".join(" " * (2 * depth) + "- a\n" for depth in range(200)),
        "```\n" + "x" * 100_000,
        "- " + "word " * 20_000,
        "[a]: http://x\n" * 4_000,
    ],
    ids=[
        "line",
        "table",
        "columns",
        "brackets",
        "quotes",
        "stars",
        "nested",
        "code",
        "item",
        "refs",
    ],
)
def test_hostile_text_is_shown_whole_in_pieces_of_bounded_size(text: str) -> None:
    blocks = parsed(text)
    assert blocks
    assert max(len(block_text(block)) for block in blocks) <= 20_000
    assert sum(block.end - block.start for block in blocks) >= 0.5 * len(text.rstrip())
