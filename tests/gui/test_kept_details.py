"""Chats whose messages carry details of another version, or of another hand, can be opened."""

from typing import Any

import pytest

from engine.chats.store import ChatStore
from gui.chat.kept_details import readable
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

WHOLE: dict[str, Any] = {
    "n_generated": 98,
    "tokens_per_s": 152.4,
    "first_token_ms": 41,
    "n_reused": 212,
    "n_prompt": 245,
    "seed": 7,
    "finish": "stop",
}
ODD: list[dict[str, Any]] = [
    {"n_generated": 98},
    {**WHOLE, "seed": "seven"},
    {**WHOLE, "tokens_per_s": None},
    {"n_reasoning": "many", "reasoning_ms": []},
    {"dropped": 7, "n_dropped_tokens": "x", "dropped_later": [1, None]},
    {"made_with": 3, "finish": 9, "n_by_hand": {}},
    {"attachments": ["a file"], "edited": "maybe"},
]


def test_what_is_as_it_should_be_is_handed_on_as_it_is() -> None:
    assert readable(WHOLE) is WHOLE
    unknown = {**WHOLE, "of_a_later_version": [1, 2]}
    assert readable(unknown) is unknown


def test_figures_are_told_together_or_not_at_all() -> None:
    assert readable({**WHOLE, "seed": "seven"}) == {"finish": "stop"}


@pytest.mark.parametrize("details", ODD)
def test_a_chat_with_odd_details_opens(bench: Bench, details: dict[str, Any]) -> None:
    def add(store: ChatStore) -> str:
        chat_id = store.create_chat(title="Found somewhere")
        question = store.add_message(chat_id, None, "user", "Why?", details=details)
        reply_id = store.begin_reply(chat_id, question)
        store.append_reply(reply_id, "Because.", [])
        store.finish_reply(reply_id, "done", None, details, model_name="Another")
        return chat_id

    bench.room.store.call(add, bench.room.session.open)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Why?", "Because."])
    n_before = len(bench.renders())
    bench.room.counter.refresh()
    bench.qtbot.waitUntil(lambda: len(bench.renders()) > n_before)
    with bench.qtbot.waitSignal(bench.room.counter.counted):
        bench.engine.answer()
    items = bench.room.work.transcript.column.items
    assert items[1].view.heading == "Another" and "tokens" not in items[1].view.footer
