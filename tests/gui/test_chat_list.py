"""The list of chats, through Qt's model tester and the real widget."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QTextCharFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from engine.chats.records import Folder, Hit
from gui.chat.chat_list import ChatList
from gui.chat.chat_list_model import AGE_ROLE, CHAT_ID_ROLE, ChatListModel
from gui.chat.search_results import fitted, one_line
from gui.theme import Theme


@dataclass(frozen=True)
class Entry:
    id: str
    title: str
    updated_s: float
    folder_id: str | None = None
    pinned: bool = False
    kind: str = "chat"


def entries() -> list[Entry]:
    now = datetime.now()
    ages = {"dark": 2, "france": 60 * 24 * 3, "porter": 60 * 24 * 60}
    return [
        Entry(name, f"About {name}", (now - timedelta(minutes=age)).timestamp())
        for name, age in ages.items()
    ]


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp)
    theme.set_mode("light")
    return theme


@pytest.fixture
def chats(qtbot: QtBot, theme: Theme) -> ChatList:
    widget = ChatList(theme)
    qtbot.addWidget(widget)
    widget.resize(240, 500)
    widget.set_chats(entries())
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def titles(model: ChatListModel) -> list[str]:
    return [model.index(row).data() for row in range(model.rowCount())]


# ---- the model ----


def test_the_model_keeps_qts_rules_while_it_changes(qtmodeltester: ModelTester) -> None:
    model = ChatListModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types
    model.set_chats(entries())
    model.set_folders([Folder("f", "Field notes")])
    model.toggle("f")
    model.setData(model.index(1), "Another name")
    model.set_chats(entries()[1:])
    model.set_chats([])


def test_headings_and_chats_are_rows() -> None:
    model = ChatListModel()
    model.set_chats(entries())
    assert titles(model) == [
        "Today", "About dark", "Previous 7 days", "About france", "Earlier", "About porter"
    ]  # fmt: skip
    assert model.index(0).data(CHAT_ID_ROLE) is None
    assert not model.flags(model.index(0)) & Qt.ItemFlag.ItemIsSelectable
    assert model.index(1).data(AGE_ROLE) == "2 m"


def test_an_unchanged_list_is_not_reset(qtbot: QtBot) -> None:
    model = ChatListModel()
    model.set_chats(entries())
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_chats(entries())


def test_pinned_chats_and_folders_come_before_the_days() -> None:
    dark, france, porter = entries()
    model = ChatListModel()
    model.set_chats([replace(dark, folder_id="f"), replace(france, pinned=True), porter])
    model.set_folders([Folder("f", "Field notes"), Folder("e", "Empty")])
    assert titles(model) == [
        "Pinned", "About france", "Field notes", "About dark", "Empty", "Earlier", "About porter"
    ]  # fmt: skip
    model.toggle("f")
    assert "About dark" not in titles(model)
    assert model.folder_of("dark") == "f" and model.folder_id_at(model.index(2)) == "f"


def test_a_chat_is_dropped_onto_a_folder_or_under_a_day(qtbot: QtBot) -> None:
    model = ChatListModel()
    model.set_chats(entries())
    model.set_folders([Folder("f", "Field notes")])
    data = model.mimeData([model.index_of("france")])
    move = Qt.DropAction.MoveAction
    assert model.canDropMimeData(data, move, -1, 0, model.index(0))
    with qtbot.waitSignal(model.move_requested) as moved:
        model.dropMimeData(data, move, -1, 0, model.index(0))
    assert moved.args == ["france", "f"]
    with qtbot.waitSignal(model.move_requested) as moved:
        model.dropMimeData(data, move, -1, 0, model.index_of("porter"))
    assert moved.args == ["france", ""]


def test_a_blank_title_is_refused() -> None:
    model = ChatListModel()
    model.set_chats(entries())
    assert not model.setData(model.index(1), "  ")
    assert not model.setData(model.index(0), "a heading")


# ---- the widget ----


def test_the_arrow_keys_open_chats_and_step_over_headings(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("dark")
    with qtbot.waitSignal(chats.chat_chosen) as chosen:
        QTest.keyClick(chats.view, Qt.Key.Key_Down)
    assert chosen.args == ["france"]


def test_a_click_opens_a_chat_and_a_heading_does_nothing(qtbot: QtBot, chats: ChatList) -> None:
    rect = chats.view.visualRect(chats.model.index_of("porter"))
    with qtbot.waitSignal(chats.chat_chosen) as chosen:
        QTest.mouseClick(chats.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert chosen.args == ["porter"]
    heading = chats.view.visualRect(chats.model.index(0))
    with qtbot.assertNotEmitted(chats.chat_chosen):
        QTest.mouseClick(chats.view.viewport(), Qt.MouseButton.LeftButton, pos=heading.center())


def test_marking_the_open_chat_asks_for_nothing(qtbot: QtBot, chats: ChatList) -> None:
    with qtbot.assertNotEmitted(chats.chat_chosen):
        chats.set_open("france")
        chats.set_chats(entries())
    assert chats.view.currentIndex().data(CHAT_ID_ROLE) == "france"


def test_f2_renames_in_place(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("dark")
    QTest.keyClick(chats.view, Qt.Key.Key_F2)
    editor = chats.view.findChild(QLineEdit)
    assert editor is not None and editor.text() == "About dark"
    editor.setText("Why it is dark")
    with qtbot.waitSignal(chats.rename_requested) as renamed:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert renamed.args == ["dark", "Why it is dark"]


def test_a_name_being_typed_outlives_news_of_other_chats(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("dark")
    QTest.keyClick(chats.view, Qt.Key.Key_F2)
    editor = chats.view.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Why it is")
    new = Entry("new", "A new one", datetime.now().timestamp())
    chats.set_chats([*entries(), new])
    assert chats.view.findChild(QLineEdit) is editor and editor.text() == "Why it is"
    QTest.keyClicks(editor, " dark")
    with qtbot.waitSignal(chats.rename_requested) as renamed:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert renamed.args == ["dark", "Why it is dark"]
    qtbot.waitUntil(lambda: "A new one" in titles(chats.model))


def test_double_click_renames_too(qtbot: QtBot, chats: ChatList) -> None:
    place = chats.view.visualRect(chats.model.index_of("france")).center()
    viewport = chats.view.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert chats.view.findChild(QLineEdit) is not None


def test_delete_key_and_menu_ask(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("france")
    with qtbot.waitSignal(chats.delete_requested) as deleted:
        QTest.keyClick(chats.view, Qt.Key.Key_Delete)
    assert deleted.args == ["france"]
    asked: list[str] = []
    chats.chat_menu_requested.connect(lambda chat_id, menu: asked.append(chat_id))
    place = chats.view.visualRect(chats.model.index_of("dark")).center()
    chats.view.customContextMenuRequested.emit(QPoint(place))
    menu = chats.view.findChild(QMenu)
    assert menu is not None and asked == ["dark"]
    menu.close()


def test_the_menu_key_opens_the_menu_of_the_current_chat(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("france")
    view = chats.view
    # As Qt places it: where the view says that its cursor is.
    place = view.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, view.mapToGlobal(place))
    with qtbot.waitSignal(chats.chat_menu_requested) as asked:
        QApplication.sendEvent(view, event)
    assert asked.args is not None and asked.args[0] == "france"
    view.findChildren(QMenu)[-1].close()


def test_a_search_shows_what_was_found_and_goes_there_by_keys(
    qtbot: QtBot, chats: ChatList
) -> None:
    with qtbot.waitSignal(chats.query_changed) as asked:
        QTest.keyClicks(chats.search, "d")
    assert asked.args == ["d"] and chats.nothing.state == "search"
    words = "it is dark down there"
    hit = Hit("dark", "m1", "About dark", words, [(6, 10)], "user", 1.7e9)
    chats.set_hits([Hit("dark", None, "About dark", "About dark", [(6, 10)], "", 1.7e9), hit])
    assert chats.results.isVisible() and not chats.nothing.isVisible()
    QTest.keyClick(chats.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(chats.hit_chosen) as chosen:
        QTest.keyClick(chats.search, Qt.Key.Key_Return)
    assert chosen.args == ["dark", "m1"]
    QTest.keyClick(chats.search, Qt.Key.Key_Escape)
    assert chats.search.text() == "" and chats.view.isVisible()


def test_a_snippet_is_one_line_around_its_first_mark() -> None:
    text, marks = one_line("a\n" * 40 + "the 🐟 lantern", [(86, 93)])
    assert text.startswith("…") and "\n" not in text
    (mark,) = marks
    assert text.encode("utf-16-le")[2 * mark[0] : 2 * mark[1]].decode("utf-16-le") == "lantern"


@pytest.mark.parametrize("words", ["deep sea " * 9, "🐟" * 40, "深海" * 40, "deep"])
def test_a_snippet_that_is_too_long_ends_in_dots(theme: Theme, words: str) -> None:
    bold, font = QTextCharFormat(), theme.font("body")
    bold.setFontWeight(600)
    for width in (40, 90, 211):
        layout = fitted(words, [(0, 8)], bold, font, width)
        assert layout.lineAt(0).naturalTextWidth() <= width
        shown = layout.text()
        assert shown == words or (shown.endswith("…") and words.startswith(shown[:-1]))


def test_every_part_has_a_name_and_a_tooltip(chats: ChatList) -> None:
    for part in (chats.search, chats.new_button):
        assert part.accessibleName() and part.toolTip()
    assert chats.view.accessibleName()


def test_rows_grow_with_the_font(chats: ChatList, theme: Theme) -> None:
    before = chats.view.visualRect(chats.model.index(1)).height()
    theme.set_font_px(26)
    chats.view.doItemsLayout()
    assert chats.view.visualRect(chats.model.index(1)).height() > before + 8
    theme.set_font_px(13)


def test_the_list_draws_its_rows_in_both_themes(chats: ChatList, theme: Theme) -> None:
    chats.set_open("dark")
    rect = chats.view.visualRect(chats.model.index_of("dark"))
    for mode in ("light", "dark"):
        theme.set_mode(mode)
        image = chats.view.viewport().grab(rect).toImage()
        assert image.pixelColor(rect.width() // 2, 3).name().upper() == theme.palette.accent_soft
    theme.set_mode("light")
