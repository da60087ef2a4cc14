"""Receipts in the room: the system prompt of then, what was left out before and in the middle of a
reply, replies of a batch, whole lengths in the footer, and Received one click from every reply.
"""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.process.messages import (
    Done,
    Generate,
    Generated,
    Reply,
    Token,
    Tokens,
)
from gui.chat.conversation import Turn
from gui.chat.made_with import asked
from gui.chat.receipt import Receipt, footer_actions, read_receipt
from gui.chat.received import Received
from gui.chat.received_view import ReceivedView
from gui.chat.replay import Replay
from gui.chat.replay_reasons import reasons_of
from gui.chat.streaming import StreamingReply
from gui.chat.words import footer_text
from tests.gui.certainty_helpers import step, top
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.columns_helpers import side_of
from tests.gui.receipts import LOADED, finish, result_of, turn, words

__all__ = ["bench", "context"]
SAID = words("Water", " absorbs", " light", ".")
REQUEST = Generate(job=1, messages=[])


def open_received(bench: Bench, reply_id: str) -> ReceivedView:
    received = next(one for one in bench.room.features if isinstance(one, Received))
    received.open(reply_id)

    def is_shown() -> bool:
        bench.engine.answer()
        return not received.view.tokens.isHidden()

    bench.qtbot.waitUntil(is_shown)
    return received.view


def replayed(bench: Bench, reply_id: str) -> Generate:
    """What is asked when a reply is replayed."""
    n_before = len(bench.engine.generates)
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    return bench.engine.generates[-1]


def replay_of(bench: Bench) -> Replay:
    return next(one for one in bench.room.features if isinstance(one, Replay))


# ---- the system prompt of then ----


def test_an_earlier_replys_prompt_is_exact_after_the_system_prompt_changed(bench: Bench) -> None:
    bench.room.details.change("system_prompt", "Answer like a sailor.")
    reply_id = turn(bench, "Why is it dark?", SAID)
    bench.room.details.change("system_prompt", "Answer like a poet.")
    view = open_received(bench, reply_id)
    assert view.verdict.text() == (
        "Exactly what the model received, to the last token. The chat’s system prompt is another "
        "by now; this is the one of then."
    )
    assert view.tokens.tokens.text() == "<system>Answer like a sailor.<user>Why is it dark?"
    view.back.click()
    asked_again = replayed(bench, reply_id)
    assert asked_again.messages == bench.engine.generates[0].messages
    finish(bench, SAID, result_of(asked_again, SAID, alone=True))
    assert replay_of(bench).strip.words.text() == "The same 4 tokens again."


def test_a_reply_without_a_system_prompt_gets_none_later(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    bench.room.details.change("system_prompt", "Answer like a poet.")
    assert open_received(bench, reply_id).tokens.tokens.text() == "<user>Why is it dark?"


def test_where_the_system_prompt_was_not_noted_the_chats_is_taken(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID)
    made_with = bench.room.session.conversation.turn(reply_id).details["made_with"]
    del made_with["system_prompt"]
    bench.room.details.change("system_prompt", "Answer like a poet.")
    view = open_received(bench, reply_id)
    assert "the system prompt or the template was changed since" in view.verdict.text()
    assert view.tokens.tokens.text().startswith("<system>Answer like a poet.")


# ---- what was left out ----


def test_received_shows_what_the_prompt_lacked_at_its_place(bench: Bench) -> None:
    bench.room.details.change("overflow", "drop_oldest")
    turn(bench, "First things first.", words("Yes", "."))
    reply_id = turn(bench, "Why is it dark?", SAID, dropped=(0, 1))
    view = open_received(bench, reply_id)
    assert view.verdict.text() == "Exactly what the model received, to the last token."
    assert view.tokens.tokens.text() == "<user>Why is it dark?"
    (note,) = [band.note for band in view.tokens.bands if band.note]
    assert note.startswith("2 messages, 412 tokens left out to fit the context: “First things")
    note = bench.room.work.transcript.column.items[-1].view.note
    assert note.startswith("2 earlier messages (412 tokens)") and "In the middle" not in note
    assert bench.room.replies.n_left_out(bench.room.session.conversation) == 412


def test_what_made_room_in_the_middle_of_a_reply_is_told_apart(bench: Bench) -> None:
    bench.room.details.change("overflow", "drop_oldest")
    for question in ("First things first.", "And then?"):
        turn(bench, question, words("Yes", "."))
    reply_id = turn(bench, "Why is it dark?", SAID, dropped=(0, 1), later=(2, 3))
    item = bench.room.work.transcript.column.items[-1].view
    assert "“First things first.”, “Yes.”" in item.note
    assert "In the middle of the reply 2 messages (120 tokens) were left out" in item.note
    assert bench.room.replies.n_left_out(bench.room.session.conversation) == 532
    kept = bench.kept().conversation.turn(reply_id).details
    assert (kept["made_with"]["dropped"], kept["made_with"]["dropped_later"]) == ([0, 1], [2, 3])

    view = open_received(bench, reply_id)
    assert view.verdict.text() == (
        "Exactly what the model received, to the last token. In the middle of the reply 2 messages "
        "(120 tokens) were left out to make room: “And then?”, “Yes.”."
    )
    assert view.tokens.tokens.text() == "<user>And then?<assistant>Yes.<user>Why is it dark?"
    view.back.click()

    again = replayed(bench, reply_id)
    assert again.overflow == "drop_oldest"
    said = [message.content for message in again.messages or []]
    assert said == ["And then?", "Yes.", "Why is it dark?"]
    other = [*SAID[:2], *words(" the", first_id=900)]
    finish(bench, other, result_of(again, other, alone=True, dropped_later=(0, 1)))
    reasons = replay_of(bench).strip.reasons.text()
    assert "In the middle of the reply messages were left out" in reasons
    assert "What stands before the reply was changed" not in reasons


def test_it_is_said_while_the_reply_is_written(bench: Bench) -> None:
    bench.room.details.change("overflow", "drop_oldest")
    turn(bench, "First things first.", words("Yes", "."))
    seen: list[str] = []
    transcript = bench.room.work.transcript
    bench.room.replies.progressed.connect(
        lambda _: seen.append(transcript.column.items[-1].view.note)
    )
    turn(bench, "Why is it dark?", SAID, later=(0, 1))
    assert any(note.startswith("In the middle of the reply 2 messages") for note in seen)


# ---- replies of a batch ----


def test_each_reply_of_a_batch_notes_its_own_length_speed_and_reasoning() -> None:
    long = words("It", " is", " the", " water", ".")
    short = words("Water", ".")
    result = Generated(
        replies=[
            Reply("It is the water.", "stop", 5, seed=7, n_reasoning=3),
            Reply("Water.", "stop", 2, seed=8),
        ],
        n_prompt=9,
        n_reused=0,
        n_decoded=9,
        n_generated=7,
        tokens_per_s=100.0,
        first_token_ms=20.0,
        slices=[9],
        n_threads=2,
        prompt_hash="ab" * 32,
        n_reasoning=3,
        speeds=[60.0, 55.0],
    )
    notes = []
    for index, tokens in enumerate((long, short)):
        reply = StreamingReply("a", index=index, made_with=asked(REQUEST, LOADED))
        reply.take(Tokens(job=1, items=[replace(one, reply=index) for one in tokens]))
        reply.take(Done(job=1, result=result))
        notes.append(reply.details)
    assert [one["n_generated"] for one in notes] == [5, 2]
    assert [one["tokens_per_s"] for one in notes] == [60.0, 55.0]
    assert [one.get("n_reasoning", 0) for one in notes] == [3, 0]
    assert footer_text(notes[1]).startswith("2 tokens · 55 tok/s")
    receipt = read_receipt(notes[1])
    assert receipt is not None and receipt.n_replies == 2
    (reason,) = reasons_of(receipt, result, LOADED, was_disturbed=False)
    assert "in one batch with 1 other replies" in reason


def test_columns_of_unlike_length_are_told_and_replayed_each_for_itself(bench: Bench) -> None:
    """The end of a batch says how many tokens all replies have together."""
    side = side_of(bench)
    side.ask("Why is it dark?")
    request = bench.engine.generates[-1]
    short = words("So", ".", first_id=600)
    whole = result_of(request, SAID)
    both = [*whole.replies, Reply("So.", "stop", 2, seed=8)]
    bench.engine.tell(
        Tokens(job=request.job, items=[*SAID, *(replace(one, reply=1) for one in short)])
    )
    bench.engine.tell(Done(job=request.job, result=replace(whole, replies=both, n_generated=6)))
    bench.settle()
    footers = [view.transcript.column.items[-1].view.footer for view in side.views]
    assert footers[0].startswith("4 tokens ·") and footers[1].startswith("2 tokens ·")
    side.views[1].keep.click()
    bench.settle()
    again = replayed(bench, bench.room.session.conversation.path()[-1].id)
    assert again.sampling.seed == 8
    finish(bench, short, result_of(again, short, alone=True))
    assert replay_of(bench).strip.words.text() == "The same 2 tokens again."


# ---- how long a reply is ----


def footer_of(bench: Bench) -> str:
    return bench.room.work.transcript.column.items[-1].view.footer


def test_a_fork_tells_the_length_of_the_whole_reply(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", words("Because", " it", " is", "."))
    assert footer_of(bench).startswith("4 tokens · 152 tok/s")
    n_before = len(bench.engine.generates)
    bench.room.session.fork(reply_id, [300, 301], "Because it")
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    more = words(" was", " so", ".", first_id=500)
    finish(bench, more, result_of(bench.engine.generates[-1], more))
    assert footer_of(bench).startswith("5 tokens · 3 of them written last · 152 tok/s")
    kept = bench.kept().conversation.path()[-1].details
    assert (kept["n_tokens"], kept["n_generated"]) == (5, 3)


def test_a_continued_reply_tells_its_whole_length(bench: Bench) -> None:
    bench.send("Why?")
    begun = words("Because", " it")
    finish(bench, begun, result_of(bench.engine.generates[-1], begun, finish="length"))
    reply_id = bench.room.session.conversation.path()[-1].id
    n_before = len(bench.engine.generates)
    bench.room.session.continue_reply(reply_id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    more = words(" is", ".", first_id=500)
    finish(bench, more, result_of(bench.engine.generates[-1], more))
    assert footer_of(bench).startswith("4 tokens · 2 of them written last")


def test_where_the_words_before_have_no_tokens_what_was_added_is_said(bench: Bench) -> None:
    reply_id = turn(bench, "Why?", words("Because", "."))
    n_before = len(bench.engine.generates)
    bench.room.session.save_and_continue(reply_id, "Because the sea")
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    more = words(" is", " deep", ".", first_id=500)
    finish(bench, more, result_of(bench.engine.generates[-1], more))
    assert footer_of(bench).startswith("3 tokens added · 152 tok/s")


def test_reasoning_that_stood_there_before_counts_too() -> None:
    begun = words("<think>", "Hm", ", two", "</think>", "\n\n")
    reply = StreamingReply("a", text="".join(one.text for one in begun), tokens=list(begun))
    more = words("Four", ".")
    reply.take(Tokens(job=1, items=more))
    reply.take(Done(job=1, result=result_of(REQUEST, more)))
    assert reply.details["n_reasoning"] == 4 and "reasoning_ms" not in reply.details
    assert footer_text(reply.details).startswith(
        "7 tokens · 2 of them written last · 4 of them reasoning"
    )


# ---- one click from every reply ----


def click_footer(bench: Bench, index: int, key: str) -> None:
    page = bench.room.work.transcript
    bench.qtbot.waitUntil(lambda: page.is_settled)
    box = page.column.frame(index).footer_actions[key]
    assert box.left() >= 0 and box.right() <= page.column.width
    spot = page.viewport_rect(box.translated(0, page.column.top(index))).center().toPoint()
    assert page.viewport().rect().contains(spot)
    QTest.mouseMove(page.viewport(), spot + QPoint(1, 0))
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=spot)


@pytest.mark.parametrize(
    ("size", "share"), [((1300, 800), 1.0), ((1024, 700), 1.0), ((1024, 700), 1.5)]
)
def test_one_click_opens_what_any_reply_received(
    bench: Bench, size: tuple[int, int], share: float
) -> None:
    theme = bench.context.theme
    own_px = theme.font_px
    theme.set_font_px(round(own_px * share))
    bench.room.resize(*size)
    try:
        turn(bench, "Why?", words("Because", "."))
        bench.ask("And?", "So it is.")  # an older reply, of which nothing is noted
        turn(bench, "Really?", words("Yes", "."))
        page = bench.room.work.transcript
        names = [[key for key, _ in item.view.footer_actions] for item in page.column.items]
        both = ["received", "replay"]
        assert names == [[], both, [], ["received"], [], both]
        bench.qtbot.waitUntil(lambda: page.is_settled)
        page.scroll_to(page.message_ids()[0])
        click_footer(bench, 1, "received")
        received = next(one for one in bench.room.features if isinstance(one, Received))

        def is_shown() -> bool:
            bench.engine.answer()
            return not received.view.tokens.isHidden()

        bench.qtbot.waitUntil(is_shown)
        assert received.view.tokens.tokens.text() == "<user>Why?"
        assert bench.room.work.pages.currentWidget() is received.view
        # Nothing in the view makes the window wider, and what is said can be read whole.
        view = received.view
        bench.qtbot.waitUntil(lambda: view.facts.height() >= _needed(view.facts))
        assert bench.room.minimumSizeHint().width() <= size[0] == bench.room.width()
        assert view.verdict.height() >= _needed(view.verdict)
        for tool in (view.new_toggle, view.special_button, view.search):
            assert view.rect().contains(tool.geometry())
            assert tool.width() >= tool.minimumSizeHint().width()
    finally:
        theme.set_font_px(0)


def _needed(words: QLabel) -> int:
    return words.heightForWidth(words.width())


def test_a_message_of_ones_own_received_nothing() -> None:
    assert footer_actions(Turn("a", None, "user", "Why?")) == ()
    assert footer_actions(Turn("b", "a", "assistant", "So.")) == (("received", "Received"),)


# ---- picked by hand ----


def by_hand(bench: Bench) -> str:
    """A reply of two picks and the end, whose first request a worker answers in full."""
    n_before = len(bench.engine.generates)
    step(bench.room).button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    for key in (Qt.Key.Key_3, Qt.Key.Key_2, Qt.Key.Key_4):
        bench.qtbot.waitUntil(lambda: step(bench.room).run is not None)
        request = bench.engine.generates[-1]
        drawn = Token(72, b" the", " the", -1.7, 0, top())
        bench.engine.tell(Tokens(job=request.job, items=[drawn]))
        bench.engine.tell(Done(job=request.job, result=result_of(request, [drawn])))
        QTest.keyClick(step(bench.room).panel.field, key)
    bench.settle()
    return bench.room.session.conversation.path()[-1].id


def test_what_a_reply_picked_by_hand_received_is_exact_too(bench: Bench) -> None:
    bench.room.details.change("system_prompt", "Answer like a sailor.")
    bench.room.work.composer.edit.setPlainText("Why is it dark?")
    reply_id = by_hand(bench)
    turn_ = bench.kept().conversation.turn(reply_id)
    assert turn_.content == " creatures the" and turn_.details["n_by_hand"] == 3
    view = open_received(bench, reply_id)
    assert view.verdict.text() == "Exactly what the model received, to the last token."
    assert view.tokens.tokens.text() == "<system>Answer like a sailor.<user>Why is it dark?"
    item = bench.room.work.transcript.column.items[-1].view
    assert [key for key, _ in item.footer_actions] == ["received"]
    replay_of(bench).replay_last()
    assert "none was noted in full" in replay_of(bench).strip.words.text()


# ---- all of it ----


def test_a_reply_of_the_room_is_noted_in_full(bench: Bench) -> None:
    """Every field of a receipt is written by the room itself."""
    reply_id = turn(bench, "Why is it dark?", SAID)
    made_with = bench.kept().conversation.turn(reply_id).details["made_with"]
    assert set(Receipt.__struct_fields__) <= set(made_with)
    told = result_of(bench.engine.generates[0], SAID)
    assert made_with["prompt_hash"] == told.prompt_hash
    assert made_with["template_hash"] == told.template_hash
    assert made_with["system_prompt"] == ""
