"""Messages edited in place or sent again, replies corrected, begun for the model and answered by
another one; and that nothing typed meanwhile is lost.
"""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.messages import ModelList
from gui.chat.message_actions import MessageActions
from gui.chat.titles import title_for
from gui.context import AppContext
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]
CTRL = Qt.KeyboardModifier.ControlModifier


def ids(bench: Bench) -> list[str]:
    return bench.room.work.transcript.message_ids()


def actions(bench: Bench) -> MessageActions:
    return next(one for one in bench.room.features if isinstance(one, MessageActions))


def press(bench: Bench, message_id: str, key: Qt.Key) -> None:
    """Make a message current and press a key in the transcript."""
    bench.room.presenter.scroll_to(message_id)
    bench.room.work.transcript.setFocus()
    QTest.keyClick(bench.room.work.transcript, key)


# ---- in place ----


def test_save_only_changes_a_question_and_keeps_what_follows(bench: Bench) -> None:
    bench.ask("Why is it dakr?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    work = bench.room.work
    work.composer.edit.setPlainText("a draft")
    work.transcript.edit_requested.emit(ids(bench)[0])
    assert work.composer.send_button.text() == "Send again"
    work.composer.edit.setPlainText("Why is it dark?")
    work.editing.save_button.click()
    wanted = ["Why is it dark?", "Water absorbs light.", "And cold?", "No sun."]
    assert bench.shown() == bench.kept_texts() == wanted
    assert len(bench.engine.generates) == 2 and work.composer.text() == "a draft"
    assert work.composer.send_button.text() == "Send" and not work.editing.isVisible()
    bench.send("And deep?")
    assert (bench.engine.generates[-1].messages or [])[0].content == "Why is it dark?"


def test_a_reply_is_edited_in_place_and_says_so(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Watre absorbs light.")
    work, reply_id = bench.room.work, ids(bench)[1]
    press(bench, reply_id, Qt.Key.Key_F2)
    assert work.composer.text() == "Watre absorbs light." and work.composer.edit.hasFocus()
    work.composer.edit.setPlainText("Water absorbs light.")
    QTest.keyClick(work.composer.edit, Qt.Key.Key_Return)
    assert bench.shown() == bench.kept_texts() == ["Why is it dark?", "Water absorbs light."]
    turn = bench.kept().conversation.turn(reply_id)
    assert turn.details["original"] == "Watre absorbs light." and turn.details["seed"] == 7
    assert bench.room.presenter.view(turn).footer.endswith("edited")
    assert bench.room.undo()
    assert bench.kept_texts()[1] == "Watre absorbs light."
    assert "edited" not in bench.kept().conversation.turn(reply_id).details


def test_save_and_continue_lets_the_model_go_on_from_the_edited_end(bench: Bench) -> None:
    bench.ask("Why is it dark?", "It is not.")
    work = bench.room.work
    bench.room.desk.editing.begin(ids(bench)[1])
    work.composer.edit.setPlainText("Water absorbs")
    QTest.keyClick(work.composer.edit, Qt.Key.Key_Return, CTRL)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    assert bench.engine.generates[-1].prefill == "Water absorbs"
    assert bench.engine.generates[-1].prefill_ids == []
    bench.engine.say(" light.")
    bench.engine.finish()
    assert bench.shown()[1] == bench.kept_texts()[1] == "Water absorbs light."
    for wanted in ("Water absorbs", "It is not."):
        assert bench.room.undo() and bench.kept_texts()[1] == wanted


def test_a_correction_is_kept_beside_the_reply(bench: Bench) -> None:
    bench.ask("Why is it dark?", "It is not.")
    work, reply_id = bench.room.work, ids(bench)[1]
    press(bench, reply_id, Qt.Key.Key_C)
    assert work.composer.send_button.text() == "Keep"
    work.composer.edit.setPlainText("Water absorbs light.")
    work.composer.send_button.click()
    turn = bench.kept().conversation.turn(reply_id)
    assert (turn.content, turn.correction) == ("It is not.", "Water absorbs light.")
    press(bench, reply_id, Qt.Key.Key_V)
    assert bench.shown()[1] == "Water absorbs light."
    press(bench, reply_id, Qt.Key.Key_V)
    assert bench.shown()[1] == "It is not."
    press(bench, reply_id, Qt.Key.Key_C)
    assert work.composer.text() == "Water absorbs light."
    work.editing.remove_button.click()
    assert bench.kept().conversation.turn(reply_id).correction == ""


def test_keys_rate_and_tag_the_current_reply(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    reply_id, tags = ids(bench)[1], actions(bench).tags

    def kept() -> tuple[int, tuple[str, ...]]:
        turn = bench.kept().conversation.turn(reply_id)
        return turn.rating, turn.tags

    press(bench, reply_id, Qt.Key.Key_G)
    assert kept() == (1, ())
    press(bench, reply_id, Qt.Key.Key_G)
    assert kept() == (0, ())
    press(bench, reply_id, Qt.Key.Key_B)
    press(bench, reply_id, Qt.Key.Key_T)
    assert tags.isVisible() and tags.field.hasFocus()
    QTest.keyClicks(tags.field, "sea, light")
    QTest.keyClick(tags.field, Qt.Key.Key_Return)
    assert kept() == (-1, ("sea", "light")) and not tags.isVisible()
    press(bench, reply_id, Qt.Key.Key_T)
    assert tags.field.text() == "sea, light"
    QTest.keyClick(tags.field, Qt.Key.Key_Escape)
    assert kept() == (-1, ("sea", "light")) and not tags.isVisible()


def test_words_typed_into_an_edit_survive_a_crash(
    qtbot: QtBot, context: AppContext, bench: Bench
) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    work, chat_id = bench.room.work, bench.room.session.chat_id
    QTest.keyClicks(work.composer.edit, "a draft")
    bench.room.desk.editing.begin(ids(bench)[1])
    QTest.keyClicks(work.composer.edit, " Much of it.")
    text = "Water absorbs light. Much of it."
    qtbot.waitUntil(lambda: bench.kept().unsent.get("editing", {}).get("text") == text)
    # Opened anew without any farewell of the first room, as after kill -9.
    context.settings.change(last_chat=chat_id)
    again = open_room(qtbot, context)
    qtbot.waitUntil(lambda: again.room.work.composer.text() == text)
    assert again.room.work.editing.continue_button.isVisible()
    QTest.keyClick(again.room.work.composer.edit, Qt.Key.Key_Escape)
    assert again.room.work.composer.text() == "a draft"
    qtbot.waitUntil(lambda: "editing" not in again.kept().unsent)
    again.close()


def test_an_edit_refused_for_want_of_a_model_stays_in_the_field(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    work = bench.room.work
    bench.engine.loads_wait = True
    bench.room.loader.load("/models/other.gguf")
    bench.room.loader.cancel()
    work.transcript.edit_requested.emit(ids(bench)[0])
    work.composer.edit.setPlainText("Why is it cold?")
    work.composer.send_button.click()
    assert work.composer.text() == "Why is it cold?" and work.editing.isVisible()
    assert bench.shown() == ["Why is it dark?", "Water absorbs light."]


# ---- the reply's first words ----


def test_a_reply_begins_with_the_words_that_were_given(bench: Bench) -> None:
    work = bench.room.work
    QTest.keyClick(bench.room, Qt.Key.Key_B, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert work.prefill.isVisible() and work.prefill.field.hasFocus()
    QTest.keyClicks(work.prefill.field, "Because water")
    QTest.keyClick(work.prefill.field, Qt.Key.Key_Return)
    assert work.composer.edit.hasFocus()
    bench.send("Why is it dark?")
    assert bench.engine.generates[-1].prefill == "Because water"
    assert bench.shown() == ["Why is it dark?", "Because water"] and not work.prefill.isVisible()
    bench.engine.say(" absorbs light.")
    bench.engine.finish()
    assert bench.kept_texts()[1] == bench.shown()[1] == "Because water absorbs light."
    assert bench.kept().unsent == {}
    made_with = bench.kept().conversation.path()[1].details["made_with"]
    assert made_with["prefill"] == "Because water" and made_with["seed"] == 7
    assert made_with["slices"] == [33] and made_with["sampling"]["temperature"] == 0.8
    bench.send("And cold?")
    assert bench.engine.generates[-1].prefill == ""


# ---- another model, again ----


def test_another_model_answers_and_its_name_heads_the_reply(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    other = model_info("/models/big.gguf", "Big")
    bench.engine.listing = ModelList(models=[bench.engine.model, other])
    press(bench, ids(bench)[1], Qt.Key.Key_M)
    bench.engine.answer()
    menu = actions(bench).models
    assert menu is not None and menu.isVisible()
    bench.engine.model = other
    menu.actions()[1].trigger()
    menu.hide()
    bench.settle()
    bench.engine.answer()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    bench.engine.say("Second answer")
    bench.engine.finish()
    turn = bench.kept().conversation.path()[-1]
    view = bench.room.presenter.view(turn)
    assert (view.heading, view.text, view.version, view.n_versions) == (
        "Big",
        "Second answer",
        2,
        2,
    )
    assert bench.engine.loads[-1].path == "/models/big.gguf"
    assert bench.room.undo() and bench.kept_texts()[-1] == "First answer"


def test_a_question_is_answered_again_from_anywhere(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    bench.ask("And cold?", "No sun.")
    press(bench, ids(bench)[0], Qt.Key.Key_A)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 3)
    bench.engine.say("Other answer")
    bench.engine.finish()
    assert bench.shown() == bench.kept_texts() == ["Why is it dark?", "Other answer"]
    assert bench.room.undo()
    assert bench.kept_texts() == ["Why is it dark?", "First answer", "And cold?", "No sun."]


# ---- titles ----


def test_a_greeting_gives_its_place_in_the_list_to_the_answer(bench: Bench) -> None:
    bench.send("Hello!")
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Hello!"])
    bench.engine.say("## Whales are **big**\n\nVery.")
    bench.engine.finish()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Whales are big"])
    assert bench.room.session.title == bench.kept().title == "Whales are big"


def test_a_title_that_a_person_gave_stays(bench: Bench) -> None:
    bench.send("Hello!")
    bench.room.session.rename(bench.room.session.chat_id, "Mine")
    bench.engine.say("Whales are big.")
    bench.engine.finish()
    bench.settle()
    assert bench.kept().title == bench.room.session.title == "Mine"


def test_titles_come_from_what_says_something() -> None:
    reply = "<think>\nThe user greets.\n</think>\n\n> 1. [Whales](http://x) are `big`."
    assert title_for("Why is the sea salt?", reply) == "Why is the sea salt?"
    assert title_for("good morning", reply) == "1. Whales are big."
    assert title_for("hi", "") == "hi"
    assert title_for("Photosynthesis", "It feeds plants.") == "It feeds plants."
