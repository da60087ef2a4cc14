"""Links ask first: the card with the real address, from mouse and keys."""

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from gui.chat.links import LinkCard, Links
from gui.widgets.link_facts import LinkFacts, link_facts
from gui.widgets.markdown_blocks import Block, placed_runs
from gui.widgets.markdown_inline import Run, Style
from gui.widgets.markdown_stream import BlockStream
from tests.fakes.transcripts import LEFT, NO_KEYS, clipboard, settled, text_point
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


@pytest.mark.parametrize(
    ("url", "words", "facts"),
    [
        ("https://x.org/a", "here", LinkFacts("https://x.org/a")),
        ("https://x.org/a", "x.org", LinkFacts("https://x.org/a")),
        ("https://www.x.org", "https://x.org/b", LinkFacts("https://www.x.org")),
        (
            "https://evil.example/login",
            "https://bank.com",
            LinkFacts("https://evil.example/login", claimed="bank.com"),
        ),
        (
            "https://\u0430pple.com/",
            "apple.com",
            LinkFacts("https://xn--pple-43d.com/", "\u0430pple.com", "apple.com"),
        ),
        (
            "https://bank.com@evil.example/",
            "log in",
            LinkFacts("https://bank.com@evil.example/", has_name=True),
        ),
        ("https://x.org/ä", "v", LinkFacts("https://x.org/%C3%A4")),
        ("mailto:me@x.org", "me@x.org", LinkFacts("mailto:me@x.org")),
    ],
)
def test_what_is_to_be_known_of_a_link(url: str, words: str, facts: LinkFacts) -> None:
    assert link_facts(url, words) == facts


def runs(text: str) -> list[Run]:
    stream = BlockStream()
    stream.append(text)
    stream.finish()
    assert stream.advance(1 << 30)
    blocks: list[Block] = stream.blocks
    return [run for block in blocks for _, run in placed_runs(block)]


def test_named_links_and_written_addresses_are_links() -> None:
    text = (
        "See [the docs][Docs] and https://x.org/a_(b), not `https://c.d`.\n\n[docs]: http://y.z\n"
    )
    links = {run.text: run.href for run in runs(text) if run.style & Style.LINK}
    assert links == {
        "the docs": "http://y.z",
        "https://x.org/a_(b)": "https://x.org/a_(b)",
        "docs": "http://y.z",
        "http://y.z": "http://y.z",
    }
    for run in runs(text):
        if run.style & Style.LINK:
            assert text[run.source : run.source_end] == run.text
    hostile = "[a][b]\n\n[b]: javascript:alert(1)\n\n[c]: file:///etc/passwd\n"
    assert not any(run.href for run in runs(hostile))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    urls: list[str] = []

    def take(url: QUrl) -> bool:
        urls.append(url.toString())
        return len(urls) < 2

    monkeypatch.setattr(QDesktopServices, "openUrl", take)
    return urls


def card_of(bench: Bench) -> LinkCard:
    return next(one for one in bench.room.features if isinstance(one, Links)).card


def test_a_click_asks_and_opens_nothing(bench: Bench, opened: list[str]) -> None:
    bench.ask("q", "Go to [bank.com](https://evil.example/a) now.")
    transcript, card = bench.room.work.transcript, card_of(bench)
    settled(bench.qtbot, transcript)
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 1, 0, 8))
    assert card.isVisible() and opened == []
    assert card.shown.text().replace("\u200b", "") == "https://evil.example/a"
    assert "bank.com" in card.warning.text() and card.warning.isVisible()
    assert transcript.rect().contains(card.geometry())
    QTest.keyClick(card.copy_button, Qt.Key.Key_Escape)
    assert not card.isVisible() and opened == []

    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 1, 0, 8))
    QTest.mouseClick(card.copy_button, LEFT)
    assert clipboard() == "https://evil.example/a" and not card.isVisible() and opened == []

    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 1, 0, 8))
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 1, 0, 1))
    assert not card.isVisible()


def test_the_browser_is_asked_only_by_the_button(bench: Bench, opened: list[str]) -> None:
    bench.ask("q", "Go to [x](https://x.org/a) now.")
    transcript, card = bench.room.work.transcript, card_of(bench)
    settled(bench.qtbot, transcript)
    transcript.current_message = 1
    menu = transcript.menu_at(None)
    links = next(one.menu() for one in menu.actions() if one.text() == "Links")
    assert isinstance(links, QMenu)
    links.actions()[0].trigger()
    assert card.isVisible() and card.copy_button.toolTip() and opened == []
    card.open_button.click()
    assert opened == ["https://x.org/a"] and bench.banners() == []
    links.actions()[0].trigger()
    card.open_button.click()
    assert bench.banners() == ["No browser could be started."]
    menu.deleteLater()
