"""A link that a person opened is listed as a connection; the footer says what was reasoning."""

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from gui.chat.links import Links
from gui.chat.words import footer_text
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


def test_a_link_opened_from_a_chat_is_listed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def take(url: QUrl) -> bool:
        opened.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", take)
    links = next(one for one in bench.room.features if isinstance(one, Links))
    bench.room.work.transcript.link_activated.emit("https://example.org/a", "here")
    assert bench.context.connections.entries == []
    links.card.open_button.click()
    assert opened == ["https://example.org/a"]
    entry = bench.context.connections.entries[0]
    assert (entry.host, entry.end) == ("example.org", "browser")
    bench.qtbot.waitUntil(bench.context.connections.path.exists)


def test_the_footer_says_how_much_of_a_reply_was_reasoning() -> None:
    details = {
        "n_generated": 98,
        "n_reasoning": 40,
        "tokens_per_s": 152.4,
        "first_token_ms": 41.2,
        "n_reused": 212,
        "n_prompt": 245,
        "seed": 7,
    }
    assert footer_text(details) == (
        "98 tokens · 40 of them reasoning · 152 tok/s · first after 41 ms · "
        "reused 212 of 245 prompt tokens · seed 7"
    )
