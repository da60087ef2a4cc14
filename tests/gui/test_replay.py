"""Replay: the same request from an empty sequence, the outcome in words, and nothing in the chat is
touched.
"""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.process.messages import Adapter, Cancelled, Failed, Generate, Tokens
from gui.chat.replay import Replay
from gui.chat.replay_result import compare
from gui.chat.replay_strip import ReplayStrip
from gui.widgets.transcript_frame import frame_of
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.receipts import finish, result_of, turn, words

__all__ = ["bench", "context"]
SAID = words("Water", " absorbs", " light", ".")


def feature(bench: Bench) -> Replay:
    return next(one for one in bench.room.features if isinstance(one, Replay))


def strip(bench: Bench) -> ReplayStrip:
    return feature(bench).strip


def begin(bench: Bench, reply_id: str) -> Generate:
    """Choose Replay in the menu; what the engine was asked."""
    n_before = len(bench.engine.generates)
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    return bench.engine.generates[-1]


def test_the_same_tokens_again_are_said_to_be_the_same(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    before = bench.kept().conversation.path()
    asked = begin(bench, reply_id)
    assert asked.alone and asked.private and asked.messages == bench.engine.generates[0].messages
    assert asked.slices and asked.sampling.seed == 7
    bench.engine.tell(Tokens(job=asked.job, items=SAID[:2]))
    assert strip(bench).words.text() == "Replaying: 2 of 4 tokens"
    finish(bench, SAID[2:], result_of(asked, SAID, alone=True))
    assert strip(bench).words.text() == "The same 4 tokens again."
    assert not strip(bench).sides.isVisible()
    assert bench.kept().conversation.path() == before
    strip(bench).close_button.click()
    assert not strip(bench).isVisible()


def test_a_difference_is_shown_side_by_side_with_what_changed(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    details = bench.room.session.conversation.turn(reply_id).details
    details["made_with"]["versions"]["llama-cpp-python"] = "0.3.1"
    asked = begin(bench, reply_id)
    again = [*SAID[:2], *words(" the", " sun", first_id=900)]
    finish(bench, again, result_of(asked, again, alone=True, n_threads=1))
    shown = strip(bench)
    assert shown.words.text() == "Different from token 3 on."
    assert shown.kept.text() == "…Water absorbs▸ light."
    assert shown.again.text() == "…Water absorbs▸ the sun"
    reasons = shown.reasons.text()
    assert "2 threads, now with 1" in reasons
    assert "llama-cpp-python was 0.3.1" in reasons
    assert "Other conversations stood in the model’s cache" in reasons
    assert shown.sides.isVisible() and shown.copy_button.isVisible()


def test_nothing_noted_has_changed_is_said_too() -> None:
    outcome = compare(SAID, SAID[:3], [])
    assert outcome.differs_at == 3 and outcome.again == ""
    assert "Nothing that is noted has changed" in outcome.reasons[0]
    assert compare(SAID, SAID, ["?"]).is_same


def test_a_changed_message_is_named_as_the_reason(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    question = bench.room.session.conversation.path()[0]
    bench.room.session.conversation.change(question.id, content="Why is it bright above the sea?")
    asked = begin(bench, reply_id)
    again = words("The", first_id=700)
    finish(bench, again, result_of(asked, again, alone=True))
    assert "What stands before the reply was changed" in strip(bench).reasons.text()


def test_settings_adapters_and_beginnings_are_those_of_the_reply(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    made_with = bench.room.session.conversation.turn(reply_id).details["made_with"]
    made_with |= {
        "adapters": [["/a.gguf", 0.7]],
        "stop": ["\n\n"],
        "reasoning_budget": 64,
        "prefill": "Well,",
        "prefill_ids": [7, 8],
        "max_tokens": 99,
    }
    made_with["sampling"]["temperature"] = 0.35
    asked = begin(bench, reply_id)
    assert asked.adapters == [Adapter("/a.gguf", 0.7)] and asked.stop == ["\n\n"]
    assert (asked.prefill, asked.prefill_ids) == ("Well,", [7, 8])
    assert asked.reasoning_budget == 64
    assert asked.sampling.temperature == 0.35
    bench.engine.tell(Failed(job=asked.job, message="No adapter.", hint="Add it again."))
    assert strip(bench).words.text() == "No adapter. Add it again."


@pytest.mark.parametrize(
    ("finish", "max_tokens", "limit"),
    [
        ("stop", -1, 5),  # one more than there are would show that it goes on now
        ("stop", 99, 5),
        ("length", 4, 4),
        ("context", -1, 5),
        ("cancelled", 99, 4),  # as far as it came
    ],
)
def test_a_replay_writes_no_more_than_tells_the_two_apart(
    bench: Bench, finish: str, max_tokens: int, limit: int
) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    details = bench.room.session.conversation.turn(reply_id).details
    details["finish"] = finish
    details["made_with"]["max_tokens"] = max_tokens
    assert begin(bench, reply_id).max_tokens == limit
    feature(bench).cancel()


def test_cancel_ends_it_and_says_nothing(bench: Bench) -> None:
    asked = begin(bench, turn(bench, "Why?", SAID))
    strip(bench).cancel_button.click()
    assert bench.engine.cancelled == [asked.job] and not strip(bench).isVisible()
    bench.engine.tell(Cancelled(job=asked.job))
    assert not feature(bench).is_running and not strip(bench).isVisible()


def test_the_footers_word_replays_by_a_click(bench: Bench) -> None:
    turn(bench, "Why is it dark?", SAID)
    page = bench.room.work.transcript
    bench.qtbot.waitUntil(lambda: page.is_settled)
    box = page.column.frame(1).footer_actions["replay"]
    assert box.width() > 0 and box.right() <= page.column.width
    spot = page.viewport_rect(box.translated(0, page.column.top(1))).center().toPoint()
    n_before = len(bench.engine.generates)
    QTest.mouseMove(page.viewport(), spot + QPoint(1, 0))
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].alone
    feature(bench).cancel()


def test_where_the_footer_is_narrow_the_word_has_its_own_line(bench: Bench) -> None:
    turn(bench, "Why is it dark?", SAID)
    page = bench.room.work.transcript
    bench.qtbot.waitUntil(lambda: page.is_settled)
    item, look = page.column.items[1], page.column.look
    wide = frame_of(item, look, 700, is_first=False, buttons=[])
    narrow = frame_of(item, look, 240, is_first=False, buttons=[])
    assert wide.footer_actions["replay"].left() > look.px(300)
    assert wide.footer_actions["replay"].bottom() == wide.footer.bottom()
    assert min(box.left() for box in narrow.footer_actions.values()) == 0
    assert narrow.footer_actions["replay"].top() == narrow.footer.bottom()
    assert narrow.footer_actions["replay"].bottom() == narrow.row.top()


def test_while_a_reply_is_written_replay_waits(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", SAID)
    bench.send("And?")
    n_before = len(bench.engine.generates)
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    assert "Wait until the reply" in strip(bench).words.text()
    assert len(bench.engine.generates) == n_before
    bench.engine.finish()


def test_another_model_asks_first(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", SAID)
    details = bench.room.session.conversation.turn(reply_id).details
    details["made_with"] |= {
        "fingerprint": "other",
        "model_path": "/models/Other.gguf",
        "model_file": "Other.gguf",
    }
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    shown = strip(bench)
    assert "Other.gguf, which is not loaded" in shown.words.text()
    assert shown.anyway_button.isVisible()
    bench.engine.model = model_info("/models/Other.gguf", "Other")
    shown.load_button.click()
    assert bench.room.loader.wanted_path == "/models/Other.gguf"
    shown.anyway_button.click()


def test_an_edited_reply_is_compared_with_what_was_written_then(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", SAID)
    bench.room.store.call(lambda store: store.set_content(reply_id, "Something else."))
    bench.room.session.conversation.change(reply_id, content="Something else.")
    asked = begin(bench, reply_id)
    finish(bench, SAID, result_of(asked, SAID, alone=True))
    assert strip(bench).words.text().startswith("The same 4 tokens again. The reply was edited")


def test_tokens_that_are_not_kept_are_said_to_be_missing(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", SAID)
    bench.room.store.call(lambda store: store.set_content(reply_id, "Else.", tokens=words("E")))
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    bench.qtbot.waitUntil(lambda: "not kept any more" in strip(bench).words.text())


def test_an_old_reply_has_no_replay(bench: Bench) -> None:
    bench.ask("Why?", "Because it is.")
    reply = bench.room.session.conversation.path()[-1]
    reply.details.pop("made_with", None)
    feature(bench).replay_last()
    assert "none was noted in full" in strip(bench).words.text()


def test_another_chat_ends_a_replay(bench: Bench) -> None:
    asked = begin(bench, turn(bench, "Why?", SAID))
    bench.room.session.new_chat()
    assert bench.engine.cancelled == [asked.job] and not strip(bench).isVisible()
