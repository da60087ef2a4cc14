"""The chat room through its real widgets and a real store, over an engine that the test speaks
for.
"""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.paths import Paths
from engine.process.messages import (
    Cancelled,
    Dropped,
    Failed,
    PromptProgress,
)
from gui.chat.chat_settings import ChatSettings
from gui.context import AppContext
from gui.widgets.banner import Banner
from tests.fakes.fake_engine import DIED, generated, model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]

QUESTION = "In one paragraph: why is it dark below 1,000 metres?"
ANSWER = "Water absorbs light."


# ---- the empty room ----


def test_an_empty_room_says_what_this_is_and_offers_the_first_step(bench: Bench) -> None:
    work = bench.room.work
    assert work.pages.currentWidget() is work.welcome
    assert work.welcome.door.isVisible() and work.welcome.starter.isVisible()
    assert work.welcome.lead.text().count("\n") == 2
    work.welcome.examples[0].click()
    assert work.composer.text() == work.welcome.examples[0].text()
    assert not bench.engine.generates


def test_the_door_leads_to_the_field(bench: Bench) -> None:
    work = bench.room.work
    bench.room.list.search.setFocus()
    work.welcome.door.click()
    assert bench.room.window().focusWidget() is work.composer.edit


def test_the_starter_is_loaded_first_and_the_last_model_next_time(
    qtbot: QtBot, context: AppContext, bench: Bench, tmp_path: Path
) -> None:
    assert bench.engine.loads[0].path.endswith("SmolLM2-135M-Instruct.Q4_1.gguf")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    bench.engine.model = model_info(str(other), "Other")
    bench.room.loader.load(str(other))
    bench.engine.answer()
    assert context.settings.value.last_model == str(other)
    bench.room.save_state()
    again = open_room(qtbot, context)
    qtbot.waitUntil(lambda: again.room.loader.wanted_path == str(other))
    again.close()


# ---- a turn ----


def test_enter_sends_streams_and_ends_with_what_it_cost(bench: Bench) -> None:
    work = bench.room.work
    work.composer.edit.setFocus()
    QTest.keyClicks(work.composer.edit, QUESTION)
    QTest.keyClick(work.composer.edit, Qt.Key.Key_Return)
    assert work.composer.text() == "" and work.composer.stop_button.isVisible()
    bench.qtbot.waitUntil(lambda: bool(bench.engine.generates))
    assert work.pages.currentWidget() is work.transcript
    bench.engine.say("Water ", "absorbs ")
    bench.engine.say("light.")
    assert bench.shown() == [QUESTION, ANSWER]
    bench.engine.finish()
    assert work.composer.send_button.isVisible()
    details = bench.kept().conversation.path()[-1].details
    assert details["n_reused"] == 212 and details["seed"] == 7
    assert bench.kept_texts() == [QUESTION, ANSWER]


def test_the_request_holds_the_chat_and_its_settings(bench: Bench) -> None:
    room = bench.room
    room.details.system_prompt.setPlainText("Be brief.")
    room.details.flush()
    room.details.fields["temperature"].spin.setValue(0.2)
    room.details.seed.setValue(7)
    room.details.overflow.setCurrentIndex(room.details.overflow.findData("drop_oldest"))
    bench.ask("One", "First answer")
    bench.send("Two")
    request = bench.engine.generates[-1]
    assert [(one.role, one.content) for one in request.messages or []] == [
        ("system", "Be brief."),
        ("user", "One"),
        ("assistant", "First answer"),
        ("user", "Two"),
    ]
    assert (request.sampling.temperature, request.sampling.seed) == (0.2, 7)
    assert request.overflow == "drop_oldest"
    assert bench.kept().settings == ChatSettings(
        temperature=0.2, seed=7, system_prompt="Be brief.", overflow="drop_oldest"
    )


def test_the_title_is_the_first_words_and_can_be_changed_in_the_header(bench: Bench) -> None:
    bench.ask(QUESTION, ANSWER)
    header = bench.room.work.header
    assert bench.titles()[0].startswith("In one paragraph: why is it dark")
    assert bench.room.session.title == bench.titles()[0]
    header.title.setFocus()
    header.title.selectAll()
    QTest.keyClicks(header.title, "The deep")
    QTest.keyClick(header.title, Qt.Key.Key_Return)
    bench.settle()
    assert bench.titles() == ["The deep"] and bench.kept().title == "The deep"


def test_the_prompts_progress_is_told_in_numbers(bench: Bench) -> None:
    bench.send(QUESTION)
    job = bench.engine.generates[-1].job
    status = bench.room.work.composer.status
    bench.engine.tell(PromptProgress(job=job, n_done=1024, n_total=3500, n_reused=0))
    assert status.text() == "Reading 1,024 of 3,500 prompt tokens"
    bench.engine.say("Water")
    assert not status.isVisible()


def test_what_was_left_out_is_said_in_the_transcript_and_kept(bench: Bench) -> None:
    bench.ask("First question", "First answer")
    bench.send("Second question")
    bench.engine.tell(Dropped(job=bench.engine.generates[-1].job, messages=[0, 1], n_tokens=40))
    note = "2 earlier messages (40 tokens) were left out to fit the context: “First question”"
    turn = bench.room.session.conversation.path()[-1]
    assert bench.room.presenter.view(turn).note.startswith(note)
    bench.engine.say("Yes")
    bench.engine.finish()
    bench.room.session.open(bench.room.session.chat_id)
    bench.settle()
    turn = bench.room.session.conversation.path()[-1]
    assert bench.room.presenter.view(turn).note.startswith(note)


def test_the_meter_counts_only_what_the_last_reply_was_given(bench: Bench) -> None:
    bench.ask("First question " * 8, "First answer")
    bench.qtbot.waitUntil(lambda: bool(bench.renders()))
    bench.engine.answer()
    whole = bench.room.details.meter.counts
    bench.send("Second question")
    asked = len(bench.renders())
    bench.qtbot.waitUntil(lambda: len(bench.renders()) > asked)
    bench.engine.answer()
    before = bench.room.details.meter.counts
    assert before.history > whole.history > 20
    bench.engine.tell(Dropped(job=bench.engine.generates[-1].job, messages=[0, 1], n_tokens=20))
    assert bench.room.details.meter.counts.history == before.history - 20
    bench.engine.say("Yes")
    bench.engine.finish()
    asked = len(bench.renders())
    bench.qtbot.waitUntil(lambda: len(bench.renders()) > asked)
    bench.engine.answer()
    assert bench.room.details.meter.counts.history == before.history - 20
    assert bench.kept().conversation.path()[-1].details["n_dropped_tokens"] == 20


# ---- stopping, failing, dying ----


def test_escape_stops_and_what_is_written_stays(bench: Bench) -> None:
    bench.send(QUESTION)
    bench.engine.say("Water ")
    QTest.keyClick(bench.room.work.composer.edit, Qt.Key.Key_Escape)
    job = bench.engine.generates[-1].job
    assert bench.engine.cancelled == [job]
    bench.engine.tell(Cancelled(job=job, result=generated("cancelled")))
    kept = bench.kept().conversation.path()[-1]
    assert (kept.content, kept.state) == ("Water ", "stopped")
    assert bench.room.work.strip.isVisible()


def test_continue_goes_on_where_the_reply_stopped(bench: Bench) -> None:
    bench.send(QUESTION)
    bench.engine.say("Water ")
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    bench.room.work.strip.continue_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    request = bench.engine.generates[-1]
    # The very tokens it consists of, not their text: the model goes on as if never stopped.
    assert (request.prefill, request.prefill_ids) == ("", [1])
    assert [message.content for message in request.messages or []] == [QUESTION]
    bench.engine.say("absorbs.")
    bench.engine.finish()
    assert bench.shown() == [QUESTION, "Water absorbs."]
    assert bench.kept_texts() == [QUESTION, "Water absorbs."]
    assert bench.kept().conversation.path()[-1].state == "done"
    assert not bench.room.work.strip.isVisible()


def test_a_failure_is_a_banner_and_no_word_is_lost(bench: Bench) -> None:
    bench.send(QUESTION)
    job = bench.engine.generates[-1].job
    bench.engine.tell(Failed(job=job, message="The context is full.", hint="Start anew."))
    assert bench.banners() == ["The context is full."]
    assert bench.kept_texts() == [QUESTION, ""]
    bench.room.work.strip.regenerate_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    assert bench.room.session.conversation.version_of(
        bench.room.session.conversation.path()[-1].id
    ) == (1, 1)


def test_a_worker_that_dies_leaves_the_text_and_continue_works_after_its_return(
    bench: Bench,
) -> None:
    bench.send(QUESTION)
    bench.engine.say("Water ", "abs")
    bench.engine.die()
    kept = bench.kept().conversation.path()[-1]
    assert (kept.content, kept.state) == ("Water abs", "failed")
    assert bench.room.loader.is_loading
    bench.engine.become_ready()
    assert bench.room.loader.model is not None
    bench.room.work.strip.continue_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    assert bench.engine.generates[-1].prefill_ids == [1, 1]


def die_with_banner(bench: Bench) -> Banner:
    """The engine dies and the window says so, as it does for all rooms."""
    bench.engine.die()
    bench.context.notices.show_failure(*DIED)
    (banner,) = bench.context.notices.banners.banners
    return banner


def test_the_banner_of_a_death_says_when_the_engine_is_back_with_its_model(bench: Bench) -> None:
    banner = die_with_banner(bench)
    bench.engine.loads_wait = True
    bench.engine.become_ready()
    assert banner.hint == "It is being started again."
    bench.engine.loads_wait = False
    bench.engine.answer()
    words = "It was started again and is running, with SmolLM2 135M Instruct loaded."
    assert banner.hint == words and words in [one.text() for one in banner.findChildren(QLabel)]
    assert "being started" not in banner.accessibleName()


def test_a_second_death_while_loading_is_no_return(bench: Bench) -> None:
    die_with_banner(bench)
    bench.engine.loads_wait = True
    bench.engine.become_ready()
    banner = die_with_banner(bench)
    assert banner.hint == "It is being started again."
    bench.engine.become_ready()
    assert banner.hint == "It was started again and is running; no model is loaded."


def test_half_a_reply_is_on_the_disk_while_it_is_written(bench: Bench) -> None:
    bench.send(QUESTION)
    bench.engine.say("Water ")
    with bench.qtbot.waitSignal(bench.room.replies.saved, timeout=2000):
        pass
    assert bench.kept_texts() == [QUESTION, "Water "]
    assert bench.kept().conversation.path()[-1].state == "streaming"


def test_closing_in_mid_reply_keeps_what_there_is(bench: Bench, paths: Paths) -> None:
    bench.send(QUESTION)
    bench.engine.say("Water ")
    chat_id = bench.room.session.chat_id
    bench.room.save_state()
    with ChatStore(paths.chats) as store:
        last = store.open_chat(chat_id).path()[-1]
    assert (last.content, last.state, last.details["finish"]) == (
        "Water ",
        "stopped",
        "interrupted",
    )


def test_without_a_model_the_text_stays_in_the_field(qtbot: QtBot, context: AppContext) -> None:
    bench = open_room(qtbot, context)
    bench.want_model()
    bench.room.loader.cancel()
    composer = bench.room.work.composer
    composer.set_text(QUESTION)
    composer.send_button.click()
    assert composer.text() == QUESTION and "Choose a model" in composer.status.text()
    assert bench.kept_nothing()
    bench.close()


def test_a_message_sent_while_the_model_loads_is_answered_when_it_is_there(
    qtbot: QtBot, context: AppContext
) -> None:
    bench = open_room(qtbot, context)
    bench.engine.loads_wait = True
    bench.want_model()
    bench.engine.become_ready()
    composer = bench.room.work.composer
    composer.set_text(QUESTION)
    composer.send_button.click()
    qtbot.waitUntil(lambda: bench.shown() == [QUESTION, ""])
    assert not bench.engine.generates and composer.status.text() == "Waiting for the model…"
    bench.engine.loads_wait = False
    bench.engine.answer()
    qtbot.waitUntil(lambda: len(bench.engine.generates) == 1)
    assert bench.room.session.conversation.path()[-1].model_name == bench.engine.model.name
    bench.close()


def test_a_model_that_cannot_be_loaded_ends_the_waiting_reply(
    qtbot: QtBot, context: AppContext
) -> None:
    bench = open_room(qtbot, context)
    bench.engine.loads_wait = True
    bench.want_model()
    bench.engine.become_ready()
    bench.room.work.composer.set_text(QUESTION)
    bench.room.work.composer.send_button.click()
    qtbot.waitUntil(lambda: len(bench.shown()) == 2)
    load = bench.engine.loads[-1]
    bench.engine.tell(Failed(job=load.job, message="This file is no model."))
    assert "This file is no model." in bench.banners()
    kept = bench.kept().conversation.path()
    assert [turn.state for turn in kept] == ["done", "failed"]
    bench.close()


def test_a_store_that_refuses_gives_the_text_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> str:
        raise AppError("The disk is full, so the chat could not be saved.", "Make room.")

    monkeypatch.setattr(ChatStore, "add_message", refuse)
    composer = bench.room.work.composer
    composer.set_text(QUESTION)
    composer.send_button.click()
    bench.qtbot.waitUntil(lambda: bool(bench.banners()))
    assert composer.text() == QUESTION and composer.send_button.isVisible()
    assert not bench.engine.generates
