"""Rated replies: the view in the list, its choices, the way to a message, taking back, and the rows
that come out, through the room and a real store."""

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget
from pytestqt.modeltest import ModelTester

from engine.chats.records import Chosen, RatedEntry
from gui.chat.rated_model import RatedModel
from gui.chat.rated_replies import RatedReplies
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures
LEFT = Qt.MouseButton.LeftButton


def rate_three(bench: Bench) -> list[str]:
    """Three chats: rated good, rated bad, and bad but corrected; the replies' ids."""
    ids = []
    for fish, rating, correction, tags in (
        ("cod", 1, "", ["sea"]),
        ("eel", -1, "", []),
        ("ray", -1, "The ray glides.", ["sea", "flat"]),
    ):
        bench.room.session.new_chat()
        bench.ask(f"Tell me about the {fish}", f"The {fish} swims.")
        reply_id = bench.room.session.conversation.path()[-1].id
        bench.room.session.rate(reply_id, rating)
        bench.room.session.correct(reply_id, correction)
        bench.room.session.tag(reply_id, tags)
        ids.append(reply_id)
    bench.settle()
    return ids


def show(bench: Bench, n: int = 3) -> None:
    QTest.mouseClick(bench.room.list.foot.rated_button, LEFT)
    bench.qtbot.waitUntil(lambda: shown_n(bench) == n)


def shown_n(bench: Bench) -> int:
    return bench.room.list.rated.model.rowCount()


def questions(bench: Bench) -> list[str]:
    model = bench.room.list.rated.model
    return [model.index(row).data() for row in range(model.rowCount())]


def marks(bench: Bench, reply_id: str) -> tuple[int, str]:
    """As the disk has them."""
    bench.settle()
    (entry,) = [one for one in bench.room.list.rated.model.entries if one.message_id == reply_id]
    turn = bench.kept(entry.chat_id).conversation.turn(reply_id)
    return turn.rating, turn.correction


def test_the_model_keeps_qts_rules_while_it_changes(qtmodeltester: ModelTester) -> None:
    model = RatedModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types
    entry = RatedEntry("c", "m", "Sea", "Why?", "So.", "", 1, ("a",), 1.7e9)
    model.set_entries([entry])
    model.set_chosen(Chosen("bad"))
    model.set_chosen(Chosen("good", "a"))
    model.set_entries([])


def test_the_list_says_how_many_there_are_and_shows_them(bench: Bench) -> None:
    foot = bench.room.list.foot
    assert foot.rated_button.text() == "Rated replies"
    rate_three(bench)
    bench.qtbot.waitUntil(lambda: foot.rated_button.text() == "Rated replies · 3")
    show(bench)
    assert questions(bench) == [f"Tell me about the {one}" for one in ("ray", "eel", "cod")]
    rated = bench.room.list.rated
    assert rated.view.isVisible() and rated.judgement.isVisible() and rated.tag.isVisible()
    words = rated.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    for said in ("about the ray", "The ray swims.", "The ray glides.", "rated bad", "sea, flat"):
        assert said in words
    named: list[QWidget] = [rated.judgement, rated.tag, rated.view]
    assert all(one.accessibleName() for one in named)
    taught: list[QWidget] = [rated.judgement, rated.tag, rated.export_button, rated.unrate_button]
    assert all(one.toolTip() for one in taught)


def test_rating_and_tag_choose_among_them(bench: Bench) -> None:
    rate_three(bench)
    show(bench)
    rated = bench.room.list.rated
    for judgement, fish in (("good", ["cod"]), ("bad", ["ray", "eel"]), ("corrected", ["ray"])):
        rated.judgement.choose(judgement)
        assert questions(bench) == [f"Tell me about the {one}" for one in fish]
    assert [rated.tag.itemText(n) for n in range(rated.tag.count())] == ["Any tag", "flat", "sea"]
    rated.judgement.choose("good")
    rated.tag.choose("flat")
    assert questions(bench) == [] and bench.room.list.nothing.state == "rated-filter"
    assert not rated.export_button.isEnabled()
    QTest.mouseClick(bench.room.list.nothing.steps["all"], LEFT)
    assert shown_n(bench) == 3 and not bench.room.list.nothing.isVisible()


def test_a_reply_is_gone_to_by_click_and_by_key(bench: Bench) -> None:
    cod, eel, _ray = rate_three(bench)
    show(bench)
    rated, transcript = bench.room.list.rated, bench.room.work.transcript
    row = rated.view.visualRect(rated.model.index(rated.model.row_of(cod)))
    QTest.mouseClick(rated.view.viewport(), LEFT, pos=row.center())
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Tell me about the cod", "The cod swims."])
    bench.qtbot.waitUntil(lambda: transcript.current_message == 1)
    QTest.keyClick(rated.view, Qt.Key.Key_Up)
    current = rated.current()
    assert current is not None and current.message_id == eel
    QTest.keyClick(rated.view, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.shown()[-1] == "The eel swims.")


def test_a_rating_taken_back_goes_at_once_and_undo_brings_it_back(bench: Bench) -> None:
    _cod, _eel, ray = rate_three(bench)
    show(bench)
    rated, session = bench.room.list.rated, bench.room.session
    assert not rated.unrate_button.isEnabled()
    rated.view.setCurrentIndex(rated.model.index(rated.model.row_of(ray)))
    QTest.keyClick(rated.view, Qt.Key.Key_Delete)
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)
    turn = session.conversation.turn(ray)
    bench.qtbot.waitUntil(lambda: session.conversation.turn(ray).rating == 0)
    assert session.conversation.turn(ray).correction == "" and turn.tags == ("sea", "flat")
    assert bench.room.undo_words()[0] == "taking the reply out of the rated ones"
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 3)
    assert marks(bench, ray) == (-1, "The ray glides.")
    bench.qtbot.waitUntil(lambda: session.conversation.turn(ray).rating == -1)
    assert bench.room.redo()
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)


def test_a_reply_of_a_chat_that_is_not_open_is_taken_back_too(bench: Bench) -> None:
    cod, _eel, _ray = rate_three(bench)
    show(bench)
    open_id = bench.room.session.chat_id
    rated = bench.room.list.rated
    rated.view.setCurrentIndex(rated.model.index(rated.model.row_of(cod)))
    QTest.mouseClick(rated.unrate_button, LEFT)
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 3)
    assert marks(bench, cod) == (1, "") and bench.room.session.chat_id == open_id


def menu_of(bench: Bench, reply_id: str) -> dict[str, QAction]:
    rated = bench.room.list.rated
    place = rated.view.visualRect(rated.model.index(rated.model.row_of(reply_id))).center()
    rated.view.customContextMenuRequested.emit(place)
    menu = rated.view.findChildren(QMenu)[-1]
    menu.hide()
    return {line.text(): line for line in menu.actions() if line.text()}


def test_the_menu_judges_anew_and_takes_the_correction_away(bench: Bench) -> None:
    cod, eel, ray = rate_three(bench)
    show(bench)
    assert "Rate it good" not in menu_of(bench, cod)
    menu_of(bench, eel)["Rate it good"].trigger()
    bench.qtbot.waitUntil(lambda: marks(bench, eel) == (1, ""))
    menu_of(bench, ray)["Take the correction away"].trigger()
    bench.qtbot.waitUntil(lambda: marks(bench, ray) == (-1, ""))
    assert "Take the correction away" not in menu_of(bench, ray)
    menu_of(bench, cod)["Take it out of the rated replies"].trigger()
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)
    menu_of(bench, eel)["Go to the reply"].trigger()
    bench.qtbot.waitUntil(lambda: bench.shown()[-1] == "The eel swims.")


def test_what_changes_in_the_chats_changes_here(bench: Bench) -> None:
    _cod, _eel, ray = rate_three(bench)
    show(bench)
    session = bench.room.session
    session.rate(ray, 0)
    session.correct(ray, "")
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)
    bench.room.undo()
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 3)
    session.delete(session.chat_id)
    bench.qtbot.waitUntil(lambda: shown_n(bench) == 2)
    assert bench.room.list.foot.rated_button.text() == "Rated replies · 2"


def rows_in(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_rows_shown_are_exported_with_the_correction_as_the_answer(
    bench: Bench, tmp_path: Path
) -> None:
    rate_three(bench)
    show(bench)
    rated = bench.room.list.rated
    assert rated.export_button.toolTip().startswith("2 rows to teach with")
    rated.tag.choose("flat")
    QTest.mouseClick(rated.export_button, LEFT)
    dialog = bench.room.window().findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    path = tmp_path / "rated.jsonl"
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    bench.qtbot.waitUntil(path.exists)
    (row,) = rows_in(path)
    assert row["messages"] == [
        {"role": "user", "content": "Tell me about the ray"},
        {"role": "assistant", "content": "The ray glides."},
    ]
    assert row["tags"] == ["sea", "flat"] and row["rating"] == -1


def test_all_rows_are_exported_by_the_rooms_menu(bench: Bench, tmp_path: Path) -> None:
    (feature,) = [one for one in bench.room.features if isinstance(one, RatedReplies)]
    path = tmp_path / "rated.jsonl"
    feature.export(str(path))
    bench.qtbot.waitUntil(lambda: bool(bench.banners()))
    assert "rated or corrected" in bench.banners()[0] and not path.exists()
    rate_three(bench)
    feature.export(str(path))
    bench.qtbot.waitUntil(path.exists)
    assert len(rows_in(path)) == 2
    bench.qtbot.waitUntil(lambda: "2 rows written" in bench.context.notices.strip.text)


def test_the_rows_are_drawn_in_both_themes_and_grow_with_the_font(bench: Bench) -> None:
    rate_three(bench)
    show(bench)
    rated, theme = bench.room.list.rated, bench.context.theme
    rated.view.setCurrentIndex(rated.model.index(0))
    corrected, plain = (rated.view.visualRect(rated.model.index(row)) for row in (0, 1))
    assert corrected.height() > plain.height(), "a line more for the correction"
    for mode in ("light", "dark"):
        theme.set_mode(mode)
        QApplication.processEvents()
        image = rated.view.viewport().grab(corrected).toImage()
        assert image.pixelColor(image.width() // 2, 3).name().upper() == theme.palette.accent_soft
    theme.set_mode("light")
    theme.set_font_px(26)
    rated.view.doItemsLayout()
    assert rated.view.visualRect(rated.model.index(0)).height() > corrected.height() + 8
    theme.set_font_px(13)


def test_they_lead_to_the_room_that_teaches_from_them(bench: Bench) -> None:
    went: list[str] = []
    context, rated = bench.room.parts.context, bench.room.list.rated
    context.rooms["tune"] = lambda: went.append("room")
    context.openers["tune.rated"] = lambda: went.append("rated")
    rate_three(bench)
    show(bench)
    assert rated.teach_button.isHidden(), "no such room"
    rated.set_can_teach(True)
    assert rated.teach_button.isVisible() and rated.teach_button.isEnabled()
    QTest.mouseClick(rated.teach_button, LEFT)
    assert went == ["room", "rated"]
