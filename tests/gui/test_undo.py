"""Undo and redo of what a person does in the chats: through the room's stack, the Edit menu's keys
and the strip, always with the same words on the disk as on the screen.
"""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from engine.chats.store import ChatStore
from gui.context import AppContext
from gui.menus import EditMenu
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


def both(bench: Bench) -> list[str]:
    """The texts shown, which must be the texts kept."""
    shown = bench.shown()
    assert bench.kept_texts() == shown
    return shown


def last_id(bench: Bench) -> str:
    return bench.room.work.transcript.message_ids()[-1]


def regenerate(bench: Bench, answer: str) -> None:
    n_before = len(bench.engine.generates)
    bench.room.session.regenerate(last_id(bench))
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    bench.engine.say(*answer.partition(" "))
    bench.engine.finish()
    bench.settle()


def test_deleting_is_undone_and_redone_with_all_that_followed(bench: Bench) -> None:
    bench.ask("First question", "First")
    bench.ask("Second question", "Second")
    whole = bench.shown()
    transcript = bench.room.work.transcript
    transcript.delete_requested.emit(transcript.message_ids()[1])
    assert both(bench) == ["First question"]
    assert bench.room.undo_words()[0] == "deleting the message"
    assert bench.room.undo() and both(bench) == whole
    assert bench.room.redo() and both(bench) == ["First question"]
    bench.context.notices.undo()
    assert both(bench) == ["First question"], "what was undone and done again is offered no more"
    assert bench.room.undo() and both(bench) == whole


def test_a_deleted_message_stays_so_when_the_chat_is_opened_again_and_undo_finds_it(
    bench: Bench,
) -> None:
    bench.ask("About whales", "Big.")
    whales = bench.room.session.chat_id
    bench.room.work.transcript.delete_requested.emit(last_id(bench))
    bench.room.session.new_chat()
    bench.ask("About squid", "Odd.")
    bench.room.session.open(whales)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["About whales"])
    bench.room.session.new_chat()
    # The chat that it was in is opened, so that one sees what came back.
    bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.shown() == ["About whales", "Big."])
    assert both(bench) == ["About whales", "Big."]


def test_a_reply_with_given_first_words_is_undone_with_its_question(bench: Bench) -> None:
    bench.ask("First question", "First")
    n_before = len(bench.engine.generates)
    bench.room.desk.open_prefill()
    bench.room.work.prefill.field.setText("In short:")
    bench.send("Why is it dark?")
    assert bench.engine.generates[n_before].prefill == "In short:"
    bench.engine.say(" water.")
    bench.engine.finish()
    bench.settle()
    whole = both(bench)
    assert whole[2:] == ["Why is it dark?", "In short: water."]
    assert bench.room.undo_words()[0] == "sending with the reply's first words"
    assert bench.room.undo() and both(bench) == ["First question", "First"]
    assert bench.room.redo() and both(bench) == whole


def test_a_regenerated_reply_gives_way_to_the_old_version_and_back(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "Second answer")
    assert bench.room.undo() and both(bench)[-1] == "First answer"
    assert bench.room.redo() and both(bench)[-1] == "Second answer"
    bench.room.work.transcript.version_requested.emit(last_id(bench), 1)
    assert both(bench)[-1] == "First answer"
    assert bench.room.undo() and both(bench)[-1] == "Second answer"
    assert bench.room.undo() and both(bench)[-1] == "First answer"


def test_an_edited_question_is_undone_to_its_old_branch(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    work = bench.room.work
    work.transcript.edit_requested.emit(work.transcript.message_ids()[0])
    bench.ask("Why is it cold?", "Second answer")
    assert both(bench) == ["Why is it cold?", "Second answer"]
    assert bench.room.undo() and both(bench) == ["Why is it dark?", "First answer"]
    assert bench.room.redo() and both(bench) == ["Why is it cold?", "Second answer"]


def test_a_continued_reply_is_undone_to_where_it_stopped(bench: Bench) -> None:
    bench.send("Why is it dark?")
    bench.engine.say("Water ")
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    bench.room.work.strip.continue_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    bench.engine.say("absorbs.")
    bench.engine.finish()
    assert both(bench)[-1] == "Water absorbs."
    assert bench.room.undo() and both(bench)[-1] == "Water "
    assert bench.room.work.strip.isVisible()
    assert bench.room.redo() and both(bench)[-1] == "Water absorbs."


def test_the_title_and_the_chat_itself_come_back(bench: Bench) -> None:
    bench.ask("About whales", "Big.")
    chat_id = bench.room.session.chat_id
    bench.room.session.rename(chat_id, "Whales")
    bench.settle()
    bench.room.session.delete(chat_id)
    bench.qtbot.waitUntil(lambda: bench.titles() == [])
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Whales"] and bench.shown() != [])
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["About whales"])
    assert bench.kept().title == bench.room.work.header.title.text() == "About whales"
    assert bench.room.redo() and bench.room.redo()
    bench.qtbot.waitUntil(lambda: bench.titles() == [])
    bench.settle()
    assert bench.room.session.chat_id == ""


def test_settings_changed_in_a_row_are_one_step(bench: Bench) -> None:
    bench.ask("About whales", "Big.")
    details = bench.room.details
    for value in (0.9, 1.0, 1.1):
        details.change("temperature", value)
    details.change("top_k", 7)
    assert bench.room.undo() and details.settings.top_k == 40
    assert details.settings.temperature == 1.1
    assert bench.room.undo() and details.settings.temperature == 0.8
    assert bench.kept().settings.temperature == 0.8
    assert not bench.room.undo()
    assert bench.room.redo() and bench.kept().settings.temperature == 1.1


def test_rating_correction_and_tags_are_kept_shown_and_undone(bench: Bench) -> None:
    bench.ask("Why is it dark?", "It is not.")
    session, reply_id = bench.room.session, last_id(bench)

    def marks() -> tuple[int, str, tuple[str, ...]]:
        turn = bench.kept().conversation.turn(reply_id)
        assert turn.content == "It is not."
        return turn.rating, turn.correction, turn.tags

    session.rate(reply_id, -1)
    session.correct(reply_id, "Water absorbs light.")
    session.tag(reply_id, [" sea ", "sea", "light  waves", ""])
    assert marks() == (-1, "Water absorbs light.", ("sea", "light waves"))
    footer = bench.room.presenter.view(session.conversation.turn(reply_id)).footer
    assert footer.endswith("rated bad · corrected · tags: sea, light waves")
    bench.room.presenter.toggle_correction(reply_id)
    assert bench.shown()[-1] == "Water absorbs light."
    assert bench.room.undo() and marks() == (-1, "Water absorbs light.", ())
    assert bench.room.undo() and marks() == (-1, "", ())
    assert bench.shown()[-1] == "It is not."
    assert bench.room.undo() and marks() == (0, "", ())
    for _ in range(3):
        assert bench.room.redo()
    assert marks() == (-1, "Water absorbs light.", ("sea", "light waves"))


@pytest.fixture
def edit_menu(bench: Bench, context: AppContext) -> Iterator[EditMenu]:
    """The window's Edit menu over the room alone."""
    window = QMainWindow()
    bench.qtbot.addWidget(window)
    menu = EditMenu(window, context)
    menu.set_room(bench.room)
    yield menu
    window.close()  # and until here it is not let go of


def test_a_field_with_typed_words_undoes_those_first(bench: Bench, edit_menu: EditMenu) -> None:
    bench.ask("Why is it dark?", "First answer")
    regenerate(bench, "Second answer")
    field = bench.room.work.composer.edit
    field.setFocus()
    QTest.keyClicks(field, "and")
    edit_menu.undo_action.trigger()
    assert field.toPlainText() == "" and bench.shown()[-1] == "Second answer"
    edit_menu.aboutToShow.emit()
    assert edit_menu.undo_action.text() == "&Undo writing a reply anew"
    edit_menu.undo_action.trigger()
    assert both(bench)[-1] == "First answer"
    edit_menu.redo_action.trigger()
    assert field.toPlainText() == "and", "what the field can do again, it does first"
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    bench.room.work.transcript.setFocus()
    edit_menu.redo_action.trigger()
    assert both(bench)[-1] == "Second answer"


def test_the_strip_takes_back_its_own_step_whatever_came_after(bench: Bench) -> None:
    bench.ask("First question", "First")
    bench.ask("Second question", "Second")
    whole = bench.shown()
    transcript, strip = bench.room.work.transcript, bench.context.notices.strip
    transcript.delete_requested.emit(transcript.message_ids()[2])
    bench.room.session.rate(last_id(bench), 1)
    strip.undo_button.click()
    assert both(bench) == whole and bench.kept().conversation.path()[1].rating == 1
    assert bench.room.undo() and bench.kept().conversation.path()[1].rating == 0
    assert not bench.room.undo(), "the deletion was taken back already"
    assert both(bench) == whole


def test_moving_pinning_and_archiving_are_undone(bench: Bench) -> None:
    bench.ask("About whales", "Big.")
    session, folders = bench.room.session, list[str]()
    bench.room.store.call(lambda store: store.create_folder("Sea"), folders.append)
    bench.settle()

    def kept() -> tuple[str | None, bool, bool]:
        bench.settle()
        with ChatStore(bench.context.paths.chats) as store:
            info = store.open_chat(session.chat_id).info
        return info.folder_id, info.pinned, info.archived

    session.move_chat(session.chat_id, folders[0])
    session.set_pinned(session.chat_id, True)
    session.set_archived(session.chat_id, True)
    assert kept() == (folders[0], True, True)
    for wanted in ((folders[0], True, False), (folders[0], False, False), (None, False, False)):
        assert bench.room.undo() and kept() == wanted
    for _ in range(3):
        assert bench.room.redo()
    assert kept() == (folders[0], True, True)
