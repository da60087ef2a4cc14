"""The transcript on the screen: streaming, size, following the end, themes, hostile replies."""

import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtNetwork import QTcpServer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.markdown_blocks import block_text
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import (
    LEFT,
    RICH,
    flushed,
    is_followed,
    light_theme,
    model,
    settled,
    shown_transcript,
    user,
)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


# ---- showing and streaming ----


def test_messages_in_and_out(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("1", "a"), model("2", "b")])
    transcript.append_message(user("3", "c"))
    assert transcript.message_ids() == ["1", "2", "3"]
    transcript.update_message(user("3", "changed"))
    assert transcript.text_of("3") == "changed"
    transcript.replace_messages(0, [model("2", "b"), user("3", "changed")])
    assert transcript.message_ids() == ["2", "3"]
    settled(qtbot, transcript)
    assert block_text(transcript.column.items[1].blocks[0]) == "changed"
    with pytest.raises(KeyError):
        transcript.append_text("1", "gone")


def test_a_reply_streams_and_ends(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("1", "Hello")])
    transcript.begin_reply(model("2", ""))
    for at in range(0, len(RICH), 7):
        transcript.append_text("2", RICH[at : at + 7])
    assert transcript.text_of("2") == RICH
    flushed(qtbot, transcript)
    kinds = [block.kind for block in transcript.column.items[1].blocks]
    assert kinds[:2] == ["heading", "paragraph"] and "table" in kinds and "code" in kinds
    transcript.finish_reply("2", model("2", RICH, footer="98 tokens"))
    settled(qtbot, transcript)
    assert not transcript.column.items[1].view.streaming
    assert transcript.accessibleDescription().startswith("SmolLM2: ## Title")
    whole = Transcript(transcript._theme)
    qtbot.addWidget(whole)
    whole.resize(transcript.size())
    whole.set_messages([user("1", "Hello"), model("2", RICH, footer="98 tokens")])
    settled(qtbot, whole)
    assert whole.column.items[1].blocks == transcript.column.items[1].blocks
    assert whole.column.total == pytest.approx(transcript.column.total)


def test_paints_are_bounded_however_fast_text_comes(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.begin_reply(model("1", ""))
    settled(qtbot, transcript)
    qtbot.waitUntil(lambda: transcript.n_paints > 0)
    before, start, n_texts = transcript.n_paints, time.monotonic(), 0
    while time.monotonic() - start < 0.4:
        transcript.append_text("1", "word ")
        n_texts += 1
        QApplication.processEvents()
    elapsed = time.monotonic() - start
    assert n_texts > 100
    assert transcript.n_paints - before <= elapsed * 31 + 2
    flushed(qtbot, transcript)
    assert transcript.column.items[0].parsed_chars > 0


def test_only_the_open_block_is_laid_out_again(transcript: Transcript, qtbot: QtBot) -> None:
    """Characters parsed and laid out per flush: a reply of 200 kB against one of 1 kB."""
    line = "The sea absorbs **light**, and `red` goes first; then yellow.\n\n"

    def work(n_before: int) -> tuple[float, float]:
        transcript.set_messages([])
        transcript.begin_reply(model("r", ""))
        transcript.append_text("r", line * (n_before // len(line)))
        flushed(qtbot, transcript)
        item, laid = transcript.column.items[0], transcript.column.laid_blocks
        parsed_before, laid_before, n_flushes = item.parsed_chars, laid.n_laid_chars, 0
        for word in (line * 4).split(" "):
            transcript.column.append_text("r", word + " ")
            transcript.settle_growth()
            n_flushes += 1
        return (
            (item.parsed_chars - parsed_before) / n_flushes,
            (laid.n_laid_chars - laid_before) / n_flushes,
        )

    parsed_short, laid_short = work(1_000)
    parsed_long, laid_long = work(200_000)
    assert parsed_long <= 1.5 * parsed_short
    assert laid_long <= 1.5 * laid_short


def test_the_caret_is_painted_while_streaming(transcript: Transcript, qtbot: QtBot) -> None:
    accent = QColor(transcript._theme.palette.accent).rgb()

    def accent_pixels() -> int:
        image = transcript.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        step = range(image.height())
        return sum(image.pixel(x, y) == accent for y in step for x in range(image.width()))

    transcript.resize(400, 200)
    transcript.begin_reply(model("1", "some words"))
    settled(qtbot, transcript)
    assert accent_pixels() >= 15
    transcript.finish_reply("1", model("1", "some words"))
    settled(qtbot, transcript)
    assert accent_pixels() == 0


# ---- size ----


def test_ten_thousand_messages_are_shown_at_once(transcript: Transcript, qtbot: QtBot) -> None:
    text = "The sea **absorbs** light, `red` goes first. " * 8 + "\n\n- one\n- two\n"
    views = [user(str(n), text) if n % 2 else model(str(n), text) for n in range(10_000)]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        transcript.set_messages(views)
        transcript.viewport().repaint()
        times.append(time.perf_counter() - start)
    assert min(times) <= 0.150
    settled(qtbot, transcript)
    assert sum(bool(item.blocks) for item in transcript.column.items) < 30
    bar = transcript.verticalScrollBar()
    for part in range(100):
        bar.setValue(bar.maximum() * part // 100)
    settled(qtbot, transcript)
    assert transcript.column.laid_blocks.n_bytes <= 24 * 1024 * 1024


def test_memory_of_layouts_is_bounded(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.column.laid_blocks._max_bytes = 300_000
    views = [model(str(n), f"{n} " + "word " * 300) for n in range(200)]
    transcript.set_messages(views)
    for n in range(0, 200, 5):
        transcript.scroll_to(str(n))
        settled(qtbot, transcript)
    assert transcript.column.laid_blocks.n_bytes <= 300_000
    assert len(transcript.column.laid_blocks) < 60


def test_the_readers_place_stays_when_heights_become_known(
    transcript: Transcript, qtbot: QtBot
) -> None:
    text = "- a\n- b\n\n```py\nx = 1\n```\n\n# Head\n\nwords\n"
    transcript.set_messages([model(str(n), text) for n in range(300)])
    settled(qtbot, transcript)
    transcript.scroll_to("150")
    settled(qtbot, transcript)
    assert transcript.top == pytest.approx(transcript.column.top(150), abs=1)
    bar = transcript.verticalScrollBar()
    for _ in range(20):
        before = transcript.column.place_at(transcript.top)
        assert before is not None
        bar.setValue(bar.value() - 100)
        settled(qtbot, transcript)
        # What was at the top is now 100 px further down, whatever was corrected above it.
        assert transcript.column.y_of(before) - transcript.top == pytest.approx(100, abs=2)


# ---- following the end ----


def test_the_end_is_followed_until_the_reader_scrolls_up(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([model(str(n), "word " * 200) for n in range(10)])
    transcript.begin_reply(model("r", ""))
    bar = transcript.verticalScrollBar()
    transcript.append_text("r", "line\n\n" * 40)
    flushed(qtbot, transcript)
    assert is_followed(transcript) and bar.value() == bar.maximum()
    assert not transcript.jump_button.isVisible()

    bar.setValue(bar.value() - 300)
    settled(qtbot, transcript)
    place = bar.value()
    transcript.append_text("r", "more\n\n" * 40)
    flushed(qtbot, transcript)
    assert not is_followed(transcript) and bar.value() == place
    assert bar.maximum() > place + 300
    assert transcript.jump_button.isVisible()

    QTest.mouseClick(transcript.jump_button, LEFT)
    settled(qtbot, transcript)
    assert is_followed(transcript) and bar.value() == bar.maximum()
    assert not transcript.jump_button.isVisible()
    transcript.append_text("r", "again\n\n" * 40)
    flushed(qtbot, transcript)
    assert bar.value() == bar.maximum()

    bar.setValue(bar.maximum() - 200)
    bar.setValue(bar.maximum())
    assert transcript.follows


def test_what_the_user_says_brings_the_view_to_the_end(
    transcript: Transcript, qtbot: QtBot
) -> None:
    transcript.set_messages([model(str(n), "word " * 200) for n in range(10)])
    transcript.scroll_to("0")
    settled(qtbot, transcript)
    transcript.append_message(user("u", "next"))
    settled(qtbot, transcript)
    assert transcript.follows


# ---- looks ----


def test_another_theme_and_font_keep_the_place(
    transcript: Transcript, theme: Theme, qtbot: QtBot
) -> None:
    transcript.set_messages([model(str(n), RICH) for n in range(20)])
    transcript.scroll_to("10")
    settled(qtbot, transcript)
    height = transcript.column.height(10)
    theme.set_mode("dark")
    settled(qtbot, transcript)
    image = transcript.viewport().grab().toImage()
    assert image.pixelColor(3, 3) == QColor(theme.palette.pane)
    theme.set_font_px(20)
    settled(qtbot, transcript)
    assert transcript.column.height(10) > 1.2 * height
    assert transcript.top == pytest.approx(transcript.column.top(10), abs=1)
    transcript.resize(500, 400)
    settled(qtbot, transcript)
    assert transcript.top == pytest.approx(transcript.column.top(10), abs=1)


def test_notes_footers_and_versions_take_room(transcript: Transcript) -> None:
    plain, full = Transcript(transcript._theme), model("1", "a", footer="f", note="n", n_versions=2)
    plain.deleteLater()
    transcript.set_messages([model("1", "a")])
    before = transcript.column.height(0)
    transcript.set_messages([full])
    frame = transcript.column.frame(0)
    assert transcript.column.height(0) > before + 30
    assert not frame.note.isEmpty() and not frame.footer.isEmpty() and not frame.versions.isEmpty()


def test_a_long_note_and_footer_wrap_in_a_narrow_view(transcript: Transcript) -> None:
    words = "many words that do not fit into one line of a narrow window " * 3
    transcript.set_messages([model("1", "a", footer=words, note=words)])

    def wide_and_narrow(width: int) -> tuple[float, float, float]:
        transcript.resize(width, 400)
        frame = transcript.column.frame(0)
        return frame.note.height(), frame.footer.height(), transcript.column.height(0)

    note, footer, height = wide_and_narrow(900)
    narrow_note, narrow_footer, narrow_height = wide_and_narrow(360)
    assert narrow_note > note and narrow_footer > footer
    assert narrow_height == pytest.approx(height + narrow_note - note + narrow_footer - footer)
    frame = transcript.column.frame(0)
    assert frame.content.y() > frame.heading.bottom() > frame.note.bottom()
    line = transcript.column.look.label_metrics.lineSpacing()
    needed = transcript.column.look.label_metrics.horizontalAdvance(words)
    assert frame.footer.height() >= line * needed / transcript.column.width


# ---- hostile replies ----

HOSTILE: dict[str, Callable[[], str]] = {
    "line": lambda: "a" * 100_000,
    "table": lambda: "| a | b | c |\n|--|--|--|\n" + "| 1 | 2 | 3 |\n" * 75_000,
    "code": lambda: "```html\n" + "<p>" * 100_000,
    "bidi": lambda: "\u202e" * 10_000 + "abc" + "\u2066" * 10_000,
    "ansi": lambda: "\x1b[31mred\x1b[0m" * 5_000,
    "nested": lambda: ">" * 5_000 + " deep",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_replies_do_not_stop_the_window(
    transcript: Transcript, qtbot: QtBot, name: str
) -> None:
    transcript.set_messages([model("1", HOSTILE[name]())])
    transcript.scroll_to("1")
    worst = 0.0
    for _ in range(60):
        start = time.perf_counter()
        QApplication.processEvents()
        worst = max(worst, time.perf_counter() - start)
    assert worst < 0.25
    assert transcript.column.items[0].blocks
    settled(qtbot, transcript)


def test_no_image_is_loaded(transcript: Transcript, qtbot: QtBot) -> None:
    server = QTcpServer()
    assert server.listen()
    url = f"http://127.0.0.1:{server.serverPort()}/x.png"
    transcript.set_messages([model("1", f'![cat]({url}) <img src="{url}">')])
    settled(qtbot, transcript)
    transcript.viewport().repaint()
    transcript.select_all()
    transcript.copy_selection()
    assert server.waitForNewConnection(50) == (False, True)  # timed out
    assert "<img" not in QGuiApplication.clipboard().mimeData().html()
    server.close()
