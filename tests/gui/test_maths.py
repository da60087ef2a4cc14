"""Formulas: where they are in a text, and drawn in the transcript by the real process beside it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets import maths_child
from gui.widgets.markdown_blocks import Block, source_range
from gui.widgets.markdown_html import markdown_to_html
from gui.widgets.markdown_inline import OBJECT, Run, Style
from gui.widgets.markdown_stream import BlockStream
from gui.widgets.maths import MAX_DEATHS, Maths
from gui.widgets.maths_layout import MathsBox
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import (
    drag,
    flushed,
    light_theme,
    model,
    settled,
    shown_transcript,
    text_point,
)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


@pytest.fixture
def maths(qapp: QApplication) -> Iterator[Maths]:
    result = Maths()
    result.resume()
    yield result
    result.stop()


def parsed(text: str) -> list[Block]:
    stream = BlockStream()
    stream.append(text)
    stream.finish()
    assert stream.advance(1 << 30)
    return stream.blocks


def formulas(text: str) -> list[tuple[str, bool]]:
    """LaTeX, and whether it is displayed."""
    runs = [run for block in parsed(text) for run in _runs(block)]
    return [(r.latex, bool(r.style & Style.DISPLAY)) for r in runs if r.style & Style.MATHS]


def _runs(block: Block) -> list[Run]:
    return [*block.runs, *(run for row in block.rows for cell in row for run in cell)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a $x^2$ b", [("x^2", False)]),
        ("$x$, $y$.", [("x", False), ("y", False)]),
        (r"\(x\) and \[y\]", [("x", False), ("y", True)]),
        ("$$\nx\n$$", [("x", True)]),
        ("It is $$x$$ here", [("x", True)]),
        ("so\n$$\na\n- b\n# c\n$$\ndone", [("a\n- b\n# c", True)]),
        ("- item\n  $$\n  - x\n  $$\n- b", [("- x", True)]),
        ("> \\[\n> x\n> \\]", [("x", True)]),
        ("\\begin{align}\na&=b\n\\end{align}", [("\\begin{align}\na&=b\n\\end{align}", True)]),
        ("| a |\n|--|\n| $x$ |", [("x", False)]),
        ("*see $a_1$ and $b_1$*", [("a_1", False), ("b_1", False)]),
        (r"$a\$b$", [(r"a\$b", False)]),
        ("$5 and $10", []),
        ("it costs $5, or $6.", []),
        ("US$5, 5$ and 6$", []),
        ("so $$\nx\n$$\ndone", [("x", True)]),
        (r"\$x\$", []),
        ("`$x$` and\n\n```\n$y$\n```", []),
        ("$ x $", []),
        ("$$\nnever closed\n\n- a", []),
        ("$" + "x" * 3_000 + "$", []),
    ],
)
def test_where_formulas_are(text: str, found: list[tuple[str, bool]]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "so\n$$\na\n= b\n- c\n$$\nafter\n\n\\[ x \\]\n- list\n",
        "$$\nopen\n- a\n# b\n```\ncode\n```\n\nafter\n\n" * 3,
        "<think>\na $x$\n- b\n</think>\n\nand $$y$$.\n",
        "a [b][c] d\n\n\nmore\n\nwords\n\nagain\n\n[c]: http://x.org\n",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 11])
def test_pieces_give_the_blocks_of_the_whole(text: str, size: int) -> None:
    stream = BlockStream()
    for at in range(0, len(text), size):
        stream.append(text[at : at + size])
        stream.advance(1 << 30)
    stream.finish()
    while not stream.advance(1 << 30):
        pass
    assert stream.blocks == parsed(text)


def test_a_formula_stands_for_its_source() -> None:
    text = "For $a+b$ and\n> so $$\n> c\n> $$"
    first, second = parsed(text)
    assert [run.text for run in first.runs] == ["For ", OBJECT, " and"]
    start, end = source_range(first, 4, 5)
    assert text[start:end] == "$a+b$"
    start, end = source_range(first, 2, 6)
    assert text[start:end] == "r $a+b$ "
    formula = next(run for run in second.runs if run.style & Style.MATHS)
    assert text[formula.source : formula.source_end] == "$$\n> c\n> $$"
    assert "$a_1 b_1$" in markdown_to_html("say $a_1 b_1$")


def boxes(transcript: Transcript) -> list[MathsBox]:
    """All formulas that are laid out, in order."""
    item = transcript.column.items[-1]
    laid = [item.laid(index) for index in range(len(item.blocks))]
    return [box for one in laid if one for piece in one.pieces for box in piece.boxes]


def drawn(qtbot: QtBot, transcript: Transcript, n_formulas: int) -> list[MathsBox]:
    """Wait until nothing is waiting any more."""

    def is_drawn() -> bool:
        found = boxes(transcript)
        return len(found) == n_formulas and not any(box.is_provisional for box in found)

    qtbot.waitUntil(is_drawn, timeout=30_000)
    settled(qtbot, transcript)
    return boxes(transcript)


def test_formulas_are_drawn_in_the_line_and_copied_as_latex(
    transcript: Transcript, qtbot: QtBot
) -> None:
    text = (
        r"For $x$ and \(\frac{\frac{a}{b}}{c}\) here $\frac{1$ end"
        "\n\n$$\nx=\\frac{1}{2}\n$$\n\n| a |\n|--|\n| $y$ |\n"
    )
    transcript.set_messages([model("1", text)])
    settled(qtbot, transcript)
    waiting = transcript.column.height(0)
    assert all(box.is_provisional for box in boxes(transcript))
    x, fraction, malformed, display, cell = drawn(qtbot, transcript, 5)
    assert transcript.column.height(0) != waiting
    for box in (x, fraction, display, cell):
        assert box.formula is not None and box.formula.state == "drawn" and box.source is None
    assert malformed.source is not None and malformed.source.text() == r"\frac{1"
    assert fraction.ascent + fraction.depth > 1.5 * (x.ascent + x.depth)
    assert fraction.x >= x.x + x.width and fraction.baseline == x.baseline
    laid = transcript.column.items[0].laid(1)
    assert laid is not None
    left, right = display.x, laid.width - display.x - display.width
    assert abs(left - right) < 3  # in the middle
    assert transcript.grab().toImage().pixelColor(3, 3).isValid()

    drag(qtbot, transcript, text_point(transcript, 0, 0, 2), text_point(transcript, 0, 0, 11))
    assert transcript.selected_text() == r"r $x$ and \(\frac{\frac{a}{b}}{c}\)"


def test_a_formula_that_streams_in_is_drawn_when_it_is_whole(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.begin_reply(model("1", ""))
    for piece in ("It is $", "x^2 + ", "y^2", "$ indeed"):
        transcript.append_text("1", piece)
    flushed(qtbot, transcript)
    (box,) = drawn(qtbot, transcript, 1)
    assert box.formula is not None and box.formula.latex == "x^2 + y^2"
    assert box.width > 20


def test_hidden_the_process_beside_ends_and_shown_it_goes_on(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([model("1", "$x$")])
    settled(qtbot, transcript)
    transcript.hide()
    assert transcript.maths._process._process is None
    transcript.show()
    assert drawn(qtbot, transcript, 1)[0].source is None


def test_hostile_formulas_are_bounded(maths: Maths, qtbot: QtBot) -> None:
    nested = r"\frac{1}{" * 40 + "x" + "}" * 40
    # Each of the words is cheap; together they take longer than anyone waits.
    slow = r"\left(" * 8 + r"\frac{1}{2}" * 120 + r"\right)" * 8
    known = [
        maths.formula(latex, 16.0, is_display=False)
        for latex in (nested, slow, r"\text{<image href=file:///etc/passwd>}", "y")
    ]
    assert known[0].state == "failed"
    qtbot.waitUntil(lambda: all(one.state != "waiting" for one in known), timeout=30_000)
    assert [one.state for one in known] == ["failed", "failed", "failed", "drawn"]
    assert MAX_DEATHS > 1
    QCoreApplication.processEvents()


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{alignat}{2}a&=b\end{alignat}",
        r"\begin{gather*}a\\b\end{gather*}",
        r"\begin{equation}x=1\label{one}\tag{3}\end{equation}",
        r"\begin{cases}1&x>0\\0&x\le 0\end{cases}",
        r"\operatorname*{argmax}_x \mathbb{R}^n \text{ für } \sqrt[3]{x}",
    ],
)
# The library's way to its fonts; in the app it is in the other process.
@pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")
def test_what_models_write_is_drawn(latex: str) -> None:
    drawing = maths_child.drawing(latex, 16.0, True)
    assert drawing["width"] > 5 and drawing["ascent"] > 5
    assert "href" not in drawing["svg"] and "<text" not in drawing["svg"]
