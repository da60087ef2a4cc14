"""The chat room: versions, chats, models, and the room itself; through its real widgets and a real
store, over an engine that the test speaks for.
"""

import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from engine.process.messages import Done, ListModels, Progress, Token, Tokens
from gui.context import AppContext
from gui.process import EngineProcess
from tests.fakes.fake_engine import FakeEngine, generated, model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]

QUESTION = "In one paragraph: why is it dark below 1,000 metres?"


# ---- versions ----


def test_regenerate_adds_a_version_and_the_arrows_change_between_them(bench: Bench) -> None:
    bench.ask("Why?", "First answer")
    transcript = bench.room.work.transcript
    transcript.regenerate_requested.emit(transcript.message_ids()[-1])
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    assert bench.engine.generates[-1].messages == bench.engine.generates[0].messages
    bench.engine.say("Second answer")
    bench.engine.finish()
    assert bench.shown() == ["Why?", "Second answer"]
    transcript.version_requested.emit(transcript.message_ids()[-1], 1)
    assert bench.shown() == ["Why?", "First answer"]
    turn = bench.room.session.conversation.path()[-1]
    view = bench.room.presenter.view(turn)
    assert (view.version, view.n_versions) == (1, 2)
    assert bench.kept_texts() == ["Why?", "First answer"]


def test_editing_a_message_makes_a_version_and_answers_it(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    work = bench.room.work
    work.composer.edit.setPlainText("a draft")
    work.transcript.edit_requested.emit(work.transcript.message_ids()[0])
    assert work.editing.isVisible() and work.composer.text() == "Why is it dark?"
    work.composer.edit.setPlainText("Why is it cold?")
    work.composer.send_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    assert [one.content for one in bench.engine.generates[-1].messages or []] == ["Why is it cold?"]
    bench.engine.say("Second answer")
    bench.engine.finish()
    assert bench.shown() == ["Why is it cold?", "Second answer"]
    assert not work.editing.isVisible() and work.composer.text() == "a draft"
    work.transcript.version_requested.emit(work.transcript.message_ids()[0], 1)
    assert bench.shown() == ["Why is it dark?", "First answer"]


def test_escape_leaves_an_edit_and_brings_the_draft_back(bench: Bench) -> None:
    bench.ask("Why?", "First answer")
    work = bench.room.work
    work.composer.edit.setPlainText("a draft")
    work.transcript.edit_requested.emit(work.transcript.message_ids()[0])
    QTest.keyClick(work.composer.edit, Qt.Key.Key_Escape)
    assert not work.editing.isVisible() and work.composer.text() == "a draft"
    assert len(bench.engine.generates) == 1 and bench.engine.cancelled == []


def test_a_deleted_message_goes_with_what_follows_and_undo_brings_all_back(bench: Bench) -> None:
    bench.ask("One", "First")
    bench.ask("Two", "Second")
    transcript = bench.room.work.transcript
    transcript.delete_requested.emit(transcript.message_ids()[2])
    assert bench.shown() == ["One", "First"] and bench.kept_texts() == ["One", "First"]
    bench.context.notices.undo()
    assert bench.shown() == ["One", "First", "Two", "Second"]
    assert bench.kept_texts() == ["One", "First", "Two", "Second"]


# ---- chats ----


def test_new_chat_rename_delete_and_undo(bench: Bench) -> None:
    bench.ask("About whales", "Big.")
    whales = bench.room.session.chat_id
    bench.room.list.new_button.click()
    assert bench.room.session.chat_id == "" and bench.shown() == []
    bench.ask("About squid", "Odd.")
    assert bench.titles() == ["About squid", "About whales"]
    bench.room.session.rename(whales, "Whales")
    bench.settle()
    bench.room.list.delete_requested.emit(whales)
    bench.settle()
    assert bench.titles() == ["About squid"]
    assert bench.context.notices.strip.text == "Chat “Whales” deleted"
    bench.context.notices.undo()
    bench.settle()
    bench.qtbot.waitUntil(lambda: "Whales" in bench.titles())
    bench.qtbot.waitUntil(lambda: bench.shown() == ["About whales", "Big."])


def test_deleting_the_open_chat_stops_its_reply_and_shows_a_new_one(bench: Bench) -> None:
    bench.send("About whales")
    bench.engine.say("Big")
    bench.room.session.delete(bench.room.session.chat_id)
    assert bench.engine.cancelled == [bench.engine.generates[-1].job]
    assert bench.shown() == [] and bench.room.session.chat_id == ""
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    assert bench.titles() == []


def test_choosing_in_the_list_opens_and_settings_follow_the_chat(bench: Bench) -> None:
    bench.room.details.fields["top_k"].spin.setValue(12)
    bench.ask("One", "First")
    one = bench.room.session.chat_id
    bench.room.session.new_chat()
    bench.room.details.fields["top_k"].spin.setValue(99)
    bench.ask("Two", "Second")
    bench.room.list.view.setCurrentIndex(bench.room.list.model.index_of(one))
    bench.qtbot.waitUntil(lambda: bench.shown() == ["One", "First"])
    assert bench.room.details.settings.top_k == 12
    assert bench.room.details.fields["top_k"].value() == 12


def test_a_reply_goes_on_while_another_chat_is_open(bench: Bench) -> None:
    bench.send("Write a long story")
    first, job = bench.room.session.chat_id, bench.engine.generates[-1].job
    bench.engine.say("Once ")
    bench.room.session.new_chat()
    assert bench.room.work.composer.send_button.isVisible()
    bench.ask("Quick question", "Yes.")
    assert bench.shown() == ["Quick question", "Yes."]
    bench.room.session.open(first)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Write a long story", "Once "])
    assert bench.room.work.composer.stop_button.isVisible()
    token = Token(id=1, piece=b"upon", text="upon")
    bench.engine.tell(Tokens(job=job, items=[token]))
    bench.engine.tell(Done(job=job, result=generated()))
    assert bench.shown() == ["Write a long story", "Once upon"]
    assert bench.kept_texts() == ["Write a long story", "Once upon"]
    assert bench.room.work.composer.send_button.isVisible()


def test_a_draft_is_kept_per_chat_and_across_a_crash(
    qtbot: QtBot, context: AppContext, bench: Bench
) -> None:
    bench.ask("One", "First")
    one = bench.room.session.chat_id
    QTest.keyClicks(bench.room.work.composer.edit, "half a thou")
    qtbot.waitUntil(lambda: bench.kept(one).draft == "half a thou", timeout=3000)
    bench.room.session.new_chat()
    assert bench.room.work.composer.text() == ""
    QTest.keyClicks(bench.room.work.composer.edit, "another")
    qtbot.waitUntil(lambda: bool(bench.room.session.chat_id), timeout=3000)
    bench.room.session.open(one)
    qtbot.waitUntil(lambda: bench.room.work.composer.text() == "half a thou")
    # Opened anew without any farewell of the first room, as after kill -9.
    context.settings.change(last_chat=one)
    again = open_room(qtbot, context)
    qtbot.waitUntil(lambda: again.room.work.composer.text() == "half a thou")
    again.close()


def test_a_sent_message_takes_its_draft_along(bench: Bench) -> None:
    composer = bench.room.work.composer
    QTest.keyClicks(composer.edit, "Why?")
    bench.qtbot.waitUntil(lambda: bool(bench.room.session.chat_id), timeout=3000)
    composer.send_button.click()
    bench.qtbot.waitUntil(lambda: bool(bench.engine.generates))
    assert bench.kept().draft == "" and bench.titles() == ["Why?"]


def test_the_last_chat_is_open_again_and_a_missing_one_is_not_missed(
    qtbot: QtBot, context: AppContext, bench: Bench
) -> None:
    bench.ask("One", "First")
    bench.room.save_state()
    again = open_room(qtbot, context)
    qtbot.waitUntil(lambda: again.shown() == ["One", "First"])
    again.close()
    context.settings.change(last_chat="gone")
    third = open_room(qtbot, context)
    third.settle()
    assert third.shown() == [] and third.banners() == []
    third.close()


def test_search_filters_and_keys_reach_every_part(bench: Bench) -> None:
    bench.ask("About whales", "Big.")
    bench.room.session.new_chat()
    bench.ask("About squid", "Odd.")
    QTest.keyClick(
        bench.room,
        Qt.Key.Key_F,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert bench.room.window().focusWidget() is bench.room.list.search
    QTest.keyClicks(bench.room.list.search, "whal")
    hits = bench.room.list.results.hits
    bench.qtbot.waitUntil(lambda: hits.rowCount() > 0)
    assert {hits.index(row).data() for row in range(hits.rowCount())} == {"About whales"}
    QTest.keyClick(bench.room, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert bench.room.session.chat_id == ""
    assert bench.room.window().focusWidget() is bench.room.work.composer.edit


# ---- model ----


def test_the_picker_lists_what_the_worker_found_and_loads_a_choice(
    bench: Bench, tmp_path: Path
) -> None:
    bench.context.settings.change(models_folders=[str(tmp_path)])
    other = model_info("/models/big.gguf", "Big")
    bench.engine.listing = msgspec.structs.replace(
        bench.engine.listing, models=[bench.engine.model, other]
    )
    bench.room.work.header.model_button.click()
    request = next(one for one in bench.engine.requests if isinstance(one, ListModels))
    assert str(tmp_path) in request.folders and str(bench.context.paths.models) in request.folders
    bench.engine.answer()
    picker = bench.room.chooser.picker
    assert picker.entries.count() == 2
    bench.engine.model = other
    picker.entries.itemClicked.emit(picker.entries.item(1))
    assert not picker.isVisible() and bench.engine.loads[-1].path == "/models/big.gguf"
    bench.engine.answer()
    assert bench.room.work.header.model_button.text().startswith("Big")
    assert bench.room.work.composer.edit.placeholderText() == "Message Big"


def test_loading_shows_progress_and_can_be_cancelled(bench: Bench) -> None:
    header = bench.room.work.header
    bench.engine.loads_wait = True
    bench.room.loader.load("/models/huge.gguf")
    assert header.progress.isVisible() and "huge.gguf" in header.model_button.text()
    job = bench.engine.loads[-1].job
    bench.engine.tell(Progress(job=job, fraction=0.5, what="loading"))
    assert header.progress.value() == 500
    header.cancel_button.click()
    assert bench.engine.cancelled == [job] and not header.progress.isVisible()
    assert header.model_button.text() == "Choose a model"


def test_a_base_model_is_given_text_to_continue(qtbot: QtBot, context: AppContext) -> None:
    bench = open_room(qtbot, context)
    bench.engine.model = model_info(name="Base", template="none")
    bench.load()
    composer = bench.room.work.composer
    assert composer.edit.placeholderText() == "Text to continue"
    bench.send("Once upon a")
    request = bench.engine.generates[-1]
    assert request.prompt == "Once upon a" and request.messages is None
    bench.engine.say(" time")
    bench.engine.finish()
    assert bench.shown() == ["Once upon a", " time"]
    headings = [
        bench.room.presenter.view(turn).heading for turn in bench.room.session.conversation.path()
    ]
    assert headings == ["Text", "Base goes on"]
    bench.send(" there was")
    assert bench.engine.generates[-1].prompt == "Once upon a time there was"
    bench.close()


def test_the_meter_counts_the_chat(bench: Bench) -> None:
    bench.ask("Why?", "Because water absorbs light.")
    bench.qtbot.waitUntil(lambda: len(bench.renders()) > 0)
    bench.engine.answer()
    counts = bench.room.details.meter.counts
    assert counts.n_ctx == 8192 and counts.reply == 7 and counts.used > 7
    assert [message.content for message in bench.renders()[-1].messages] == [
        "Why?",
        "Because water absorbs light.",
    ]


# ---- the room itself ----


def test_the_splitter_is_remembered(qtbot: QtBot, context: AppContext, bench: Bench) -> None:
    before = bench.room.panes.sizes()
    drag_handle(bench, 1, 60)
    drag_handle(bench, 2, -40)
    sizes = bench.room.panes.sizes()
    assert sizes[0] == pytest.approx(before[0] + 60, abs=3)
    assert sizes[2] == pytest.approx(before[2] + 40, abs=3)
    bench.room.save_state()
    again = open_room(qtbot, context)
    assert again.room.panes.sizes() == pytest.approx(sizes, abs=2)
    again.close()


def drag_handle(bench: Bench, number: int, by_px: int) -> None:
    """Drag the line between two panes with the mouse."""
    handle, left = bench.room.panes.handle(number), Qt.MouseButton.LeftButton
    place = handle.rect().center()
    QTest.mousePress(handle, left, Qt.KeyboardModifier.NoModifier, place)
    QTest.mouseMove(handle, place + QPoint(by_px, 0))
    # The handle has moved along: the same spot of the screen.
    QTest.mouseRelease(handle, left, Qt.KeyboardModifier.NoModifier, place)


def test_the_panes_grow_with_the_font(bench: Bench) -> None:
    room, theme = bench.room, bench.context.theme
    room.resize(1800, 800)
    left, _, right = room.panes.sizes()
    font_px = theme.font_px
    theme.set_font_px(18)
    wider = room.panes.sizes()
    assert wider[0] == pytest.approx(left * 18 / font_px, abs=3)
    assert wider[2] == pytest.approx(right * 18 / font_px, abs=3)
    theme.set_font_px(0)
    assert room.panes.sizes()[0] == pytest.approx(left, abs=3)


@pytest.mark.parametrize(("width", "font_px"), [(1300, 0), (1024, 0), (760, 0), (1400, 20)])
def test_the_composer_stands_under_the_transcripts_column(
    bench: Bench, width: int, font_px: int
) -> None:
    bench.ask(QUESTION, "Long. \n\n" * 60)
    bench.room.resize(width, 700)
    bench.context.theme.set_font_px(font_px)
    transcript, composer = bench.room.work.transcript, bench.room.work.composer

    def edges() -> list[float]:
        left = composer.mapTo(bench.room, QPoint(0, 0)).x()
        column = transcript.viewport().mapTo(bench.room, QPoint(0, 0)).x() + transcript.column_left
        return [left - column, left + composer.width() - column - transcript.column.width]

    bench.qtbot.waitUntil(lambda: max(abs(one) for one in edges()) <= 1)
    bench.context.theme.set_font_px(0)


def test_the_details_step_aside_in_a_narrow_window_and_come_back(bench: Bench) -> None:
    room = bench.room
    assert room.details.isVisible()
    room.resize(900, 640)
    assert not room.details.isVisible()
    room.work.header.details_button.click()
    assert room.details.isVisible()
    room.work.header.details_button.click()
    room.resize(1300, 800)
    assert room.details.isVisible()


def test_escape_in_the_title_leaves_it_as_it_was_and_stops_nothing(bench: Bench) -> None:
    bench.send(QUESTION)
    title = bench.room.work.header.title
    before = bench.room.session.title
    title.setFocus()
    QTest.keyClicks(title, "x")
    QTest.keyClick(title, Qt.Key.Key_Escape)
    assert title.text() == before and bench.engine.cancelled == []


def test_every_action_has_words_and_every_button_a_name(bench: Bench) -> None:
    assert all(action.text() for action in bench.room.actions())
    nameless = [
        button
        for button in bench.room.findChildren(QAbstractButton)
        if button.isVisible() and not (button.text() or button.accessibleName())
    ]
    assert nameless == []


def test_five_thousand_tokens_do_not_hold_the_window_up(bench: Bench, qapp: QApplication) -> None:
    bench.send(QUESTION)
    slowest_s = 0.0
    for _ in range(500):
        begun_s = time.perf_counter()
        bench.engine.say(*["word "] * 10)
        qapp.processEvents()
        slowest_s = max(slowest_s, time.perf_counter() - begun_s)
    bench.engine.finish()
    assert bench.shown()[-1] == "word " * 5000
    # Loose, for a busy machine: the bench measures the real figure.
    assert slowest_s < 0.25


def test_the_fake_engine_is_like_the_real_one() -> None:
    for name in ("submit", "cancel", "is_ready", "is_running", "pid", "rss_bytes", "became_ready"):
        assert hasattr(FakeEngine, name) or hasattr(FakeEngine(), name)
        assert hasattr(EngineProcess, name)


def test_the_details_come_back_as_wide_as_they_were_in_letters(bench: Bench) -> None:
    room = bench.room
    room.resize(1440, 900)
    before = room.panes.sizes()[2]
    assert before > 200
    room.resize(800, 700)
    assert not room.panes.side.isVisible()
    theme = bench.context.theme
    old_px = theme.font_px
    theme.set_font_px(round(old_px * 1.5))
    room.resize(2400, 900)
    assert room.panes.side.isVisible()
    assert room.panes.sizes()[2] == pytest.approx(before * theme.font_px / old_px, abs=30)
    theme.set_font_px(old_px)
    assert room.panes.sizes()[2] == pytest.approx(before, abs=30)
