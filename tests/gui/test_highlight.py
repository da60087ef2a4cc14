"""The colours of code: what stands out in which language, in both themes, while it streams in; what
is left plain; and that copying gives the code and nothing else."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.block_look import Look
from gui.widgets.highlight import MAX_CHARS, MAX_SPANS, Role, highlight
from gui.widgets.laid_block import LaidBlock
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import (
    LEFT,
    NO_KEYS,
    clipboard,
    flushed,
    light_theme,
    model,
    settled,
    shown_transcript,
    user,
    viewport_point,
)

PYTHON = """@cache
def dive(depth: int) -> str:
    # How deep?
    return "deep" if depth > 200 else None
"""


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


def roles(code: str, language: str) -> dict[str, Role]:
    """What stands out, and as what."""
    return {code[at : at + length]: role for at, length, role in highlight(code, language)}


def card(transcript: Transcript, index: int = 0, block: int = 0) -> LaidBlock:
    laid = transcript.column.items[index].laid(block)
    assert laid is not None
    return laid


def colours(laid: LaidBlock) -> dict[str, str]:
    """The words of a laid-out card that have a colour of their own."""
    piece = laid.pieces[0]
    found = {}
    for one in piece.layout.formats():
        words = piece.text[one.start : one.start + one.length]
        found[words] = one.format.foreground().color().name()
    return found


# ---- roles ----


def test_python() -> None:
    found = roles(PYTHON, "python")
    assert found["def"] == found["return"] == "keyword"
    assert found["dive"] == found["@cache"] == "name"
    assert found["200"] == found["None"] == "number"
    assert found["# How deep?"] == "comment" and found["deep"] == "text"
    assert "depth" not in found


@pytest.mark.parametrize(
    ("language", "code", "word", "role"),
    [
        ("javascript", "const a = `x`; // why", "const", "keyword"),
        ("js", "const a = 1; // why", "// why", "comment"),
        ("c++", "int main() { return 0; }", "return", "keyword"),
        ("rust", 'fn main() { let x = "sea"; }', "fn", "keyword"),
        ("bash", 'echo "sea"  # why', "# why", "comment"),
        ("sql", "SELECT name FROM fish WHERE depth > 7", "SELECT", "keyword"),
        ("json", '{"depth": 7, "dark": true}', "7", "number"),
        ("html", "<p class='x'>sea</p>", "p", "keyword"),
        ("yaml", "depth: 7 # metres", "# metres", "comment"),
        ("Python3", "def f(): pass", "def", "keyword"),
        ("{.python}", "def f(): pass", "def", "keyword"),
        ("rust,ignore", "fn f() {}", "fn", "keyword"),
        ("py:dive.py", "def f(): pass", "def", "keyword"),
    ],
)
def test_other_languages_and_their_names(language: str, code: str, word: str, role: Role) -> None:
    assert roles(code, language)[word] == role


def test_every_span_is_its_own_place_in_the_code() -> None:
    code = "s = 'tief 🐟'  # Blåhval\nt = 1\n"
    spans = list(highlight(code, "python"))
    assert all(at + n <= after for (at, n, _), (after, _, _) in pairwise(spans))
    assert {code[at : at + n] for at, n, _ in spans} >= {"tief 🐟", "# Blåhval", "1"}


@pytest.mark.parametrize("language", ["", "klingon", "none", "   ", "../../etc", "a" * 300])
def test_an_unknown_language_is_plain(language: str) -> None:
    assert roles(PYTHON, language) == {}


def test_what_is_too_long_is_plain_or_plain_from_somewhere_on() -> None:
    assert roles("x = 1\n" * (MAX_CHARS // 6 + 1), "python") == {}
    assert len(list(highlight("x = 1\n" * 2_000, "python"))) == MAX_SPANS


# ---- on the page ----


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_colours_are_the_themes_and_are_painted(
    transcript: Transcript, theme: Theme, qtbot: QtBot, mode: str
) -> None:
    transcript.set_messages([user("0", "q"), model("1", f"```python\n{PYTHON}```")])
    theme.set_mode("dark" if mode == "dark" else "light")
    settled(qtbot, transcript)
    found, palette = colours(card(transcript, 1)), theme.palette
    assert found["def"] == QColor(palette.accent).name()
    assert found["# How deep?"] == QColor(palette.text_faint).name()
    assert found["200"] == QColor(palette.warn).name()
    assert QColor(palette.text).name() in found.values()
    painted = _painted(transcript)
    for word in ("def", "200"):
        assert found[word] in painted, f"{word} is on the page in its colour"


def _painted(transcript: Transcript) -> set[str]:
    """The colours of the page; a letter's own is inside its strokes."""
    image = transcript.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    values = {image.pixel(x, y) for y in range(image.height()) for x in range(image.width())}
    return {QColor(value).name() for value in values}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_colour_of_code_can_be_read(theme: Theme, mode: str) -> None:
    """Contrast with the card: 4.5 to 1 for words, 3 to 1 for what is quiet on purpose."""
    theme.set_mode("dark" if mode == "dark" else "light")
    ground, look = _luminance(QColor(theme.palette.window)), Look(theme)
    wanted: dict[Role, float] = {
        "keyword": 4.5,
        "text": 4.5,
        "number": 4.5,
        "name": 4.5,
        "comment": 3.0,
        "faint": 3.0,
    }
    for role, least in wanted.items():
        ink = _luminance(look.code_format(role).foreground().color())
        ratio = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        assert ratio >= least, f"{role} has {ratio:.2f} to 1 in the {mode} theme"


def _luminance(colour: QColor) -> float:
    """WCAG's relative luminance."""
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_an_unknown_language_is_shown_whole_in_one_colour(
    transcript: Transcript, theme: Theme, qtbot: QtBot
) -> None:
    transcript.set_messages([model("1", f"```klingon\n{PYTHON}```")])
    settled(qtbot, transcript)
    found = colours(card(transcript))
    assert set(found.values()) == {QColor(theme.palette.text).name()}
    assert card(transcript).block.language == "klingon"


def test_an_unfinished_fence_is_coloured_as_it_comes(
    transcript: Transcript, theme: Theme, qtbot: QtBot
) -> None:
    accent = QColor(theme.palette.accent).name()
    transcript.begin_reply(model("1", ""))
    seen = []
    for part in ("Here:\n\n```py", "thon\nde", "f dive():\n    ret", "urn 7\n", "```", "\nDone."):
        transcript.append_text("1", part)
        flushed(qtbot, transcript)
        blocks = transcript.column.items[0].blocks
        code = [at for at, block in enumerate(blocks) if block.kind == "code"]
        seen.append(colours(card(transcript, 0, code[0])) if code else {})
    assert "def" not in seen[1] and seen[2]["def"] == accent
    assert "return" not in seen[2] and seen[3]["return"] == accent
    whole = transcript.column.items[0]
    assert [block.kind for block in whole.blocks] == ["paragraph", "code", "paragraph"]
    assert seen[-1] == seen[3] | {"7": seen[3]["7"]}


def test_the_copy_button_gives_code_without_colours(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", f"First.\n\n```python\n{PYTHON}```\n\nThen.")])
    settled(qtbot, transcript)
    laid = card(transcript, 0, 1)
    corner = transcript.column.frame(0).content
    item = transcript.column.items[0]
    top = item.heights.top(1) + item.gap(1)
    box = laid.copy_button.translated(corner).translated(0, top)
    with qtbot.waitSignal(transcript.copied):
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, viewport_point(transcript, 0, box))
    assert clipboard() == PYTHON.rstrip("\n")
