"""The list of chats, through Qt's model tester and the real widget."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from gui.chat.chat_list import ChatList
from gui.chat.chat_list_model import AGE_ROLE, CHAT_ID_ROLE, ChatListModel
from gui.theme import Theme


@dataclass(frozen=True)
class Entry:
    id: str
    title: str
    updated_s: float


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
    model.set_query("france")
    model.set_query("")
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
    assert model.flags(model.index(0)) == Qt.ItemFlag.NoItemFlags
    assert model.index(1).data(AGE_ROLE) == "2 m"


def test_an_unchanged_list_is_not_reset(qtbot: QtBot) -> None:
    model = ChatListModel()
    model.set_chats(entries())
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_chats(entries())


def test_two_thousand_chats_are_filtered_in_a_blink() -> None:
    model = ChatListModel()
    now = datetime.now().timestamp()
    model.set_chats([Entry(str(n), f"Chat number {n}", now - n * 600) for n in range(2000)])
    begun = datetime.now()
    for query in ("n", "nu", "number 19", "number 199"):
        model.set_query(query)
    assert (datetime.now() - begun).total_seconds() / 4 < 0.05
    assert sum(bool(model.index(row).data(CHAT_ID_ROLE)) for row in range(model.rowCount())) == 12


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


def test_double_click_renames_too(qtbot: QtBot, chats: ChatList) -> None:
    place = chats.view.visualRect(chats.model.index_of("france")).center()
    viewport = chats.view.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert chats.view.findChild(QLineEdit) is not None


def test_delete_key_and_menu_ask_to_delete(qtbot: QtBot, chats: ChatList) -> None:
    chats.set_open("france")
    with qtbot.waitSignal(chats.delete_requested) as deleted:
        QTest.keyClick(chats.view, Qt.Key.Key_Delete)
    assert deleted.args == ["france"]
    place = chats.view.visualRect(chats.model.index_of("dark")).center()
    chats.view.customContextMenuRequested.emit(QPoint(place))
    menu = chats.view.findChild(QMenu)
    assert menu is not None and [one.text() for one in menu.actions()] == ["Rename", "Delete"]
    with qtbot.waitSignal(chats.delete_requested) as deleted:
        chats.delete_action.trigger()
    assert deleted.args == ["dark"]
    menu.close()


def test_searching_filters_at_once_and_says_when_nothing_is_left(
    qtbot: QtBot, chats: ChatList
) -> None:
    QTest.keyClicks(chats.search, "FRANCE")
    assert titles(chats.model) == ["Previous 7 days", "About france"]
    assert not chats.nothing.isVisible()
    QTest.keyClicks(chats.search, " nowhere")
    assert chats.model.rowCount() == 0 and chats.nothing.isVisible()
    chats.search.clear()
    assert chats.model.rowCount() == 6


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
