"""The shell: rail, pages, menus, status bar, settings, diagnostics, and what it remembers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from gui.context import AppContext, Room, RoomEntry
from gui.diagnostics import DiagnosticsPage
from gui.menus import EditMenu, action
from gui.settings import load
from gui.settings_page import SettingsPage
from gui.window import DIAGNOSTICS, SETTINGS, MainWindow

WORKER = str(Path(__file__).parents[1] / "fakes" / "fake_worker.py")


class PlainRoom(Room):
    """A room with one input, one action, and a memory of being saved."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.n_saved = 0
        self.input = QLineEdit()
        QVBoxLayout(self).addWidget(self.input)
        self.made: list[str] = []
        new = QAction("New thing", self)
        new.setShortcut("Ctrl+N")
        new.triggered.connect(lambda: self.made.append("thing"))
        self.addAction(new)

    def save_state(self) -> None:
        self.n_saved += 1


class UndoingRoom(PlainRoom):
    """A room that brings an Undo of its own."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        undo = QAction("Undo here", self)
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        self.addAction(undo)


ROOMS = {
    "plain": RoomEntry("Plain", "chat", PlainRoom),
    "undoing": RoomEntry("Undoing", "undo", UndoingRoom),
}
Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(context: AppContext, qtbot: QtBot) -> Open:
    def make() -> MainWindow:
        window = MainWindow(context, ROOMS)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitExposed(window)
        return window

    return make


@pytest.fixture
def window(open_window: Open) -> MainWindow:
    return open_window()


def plain(window: MainWindow) -> PlainRoom:
    room = window.widget_of("plain")
    assert isinstance(room, PlainRoom)
    return room


def edit_menu(window: MainWindow) -> EditMenu:
    menu = window.findChild(EditMenu)
    assert menu is not None
    return menu


def rail_buttons(window: MainWindow) -> dict[str, QToolButton]:
    return {one.text(): one for one in window.rail.findChildren(QToolButton)}


def test_the_rail_shows_the_rooms_there_are_and_settings(window: MainWindow) -> None:
    buttons = rail_buttons(window)
    assert list(buttons) == ["Plain", "Undoing", "Settings"]
    assert [name for name, one in buttons.items() if one.isChecked()] == ["Plain"]
    assert all(one.accessibleName() for one in buttons.values())


def test_a_click_on_the_rail_changes_the_page(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(rail_buttons(window)["Settings"], Qt.MouseButton.LeftButton)
    assert window.page == SETTINGS and isinstance(window.stack.currentWidget(), SettingsPage)
    QTest.mouseClick(rail_buttons(window)["Undoing"], Qt.MouseButton.LeftButton)
    assert window.page == "undoing"


def test_the_rail_is_walked_by_the_arrow_keys(window: MainWindow, qtbot: QtBot) -> None:
    button = rail_buttons(window)["Plain"]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Down)
    assert window.page == "undoing"
    QTest.keyClick(rail_buttons(window)["Undoing"], Qt.Key.Key_Up)
    assert window.page == "plain"


def test_a_key_that_is_the_platforms_own_too_is_given_once(qtbot: QtBot) -> None:
    asked: list[int] = []
    parent = QMainWindow()
    qtbot.addWidget(parent)
    twice = action(parent, "Leave", lambda: asked.append(1), "Ctrl+Q", "Ctrl+Q")
    parent.addAction(twice)
    assert [key.toString() for key in twice.shortcuts()] == ["Ctrl+Q"]
    with qtbot.waitExposed(parent):
        parent.show()
    parent.activateWindow()
    QTest.keyClick(parent, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert asked == [1]


@pytest.mark.parametrize(
    ("key", "modifier", "page"),
    [
        (Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier, "undoing"),
        (Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier, SETTINGS),
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier, DIAGNOSTICS),
    ],
)
def test_shortcuts_go_to_pages(
    window: MainWindow, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, page: str
) -> None:
    QTest.keyClick(window, key, modifier)
    assert window.page == page
    on_rail = [name for name, one in rail_buttons(window).items() if one.isChecked()]
    assert on_rail == {"undoing": ["Undoing"], SETTINGS: ["Settings"]}.get(page, [])


def test_the_rooms_actions_are_its_menu_and_outlive_a_change_of_page(
    window: MainWindow, qtbot: QtBot
) -> None:
    for key in (SETTINGS, "plain", "undoing", "plain"):
        window.show_page(key)
    titles = [one.text() for one in window.menuBar().actions() if one.isVisible()]
    assert titles == ["&File", "&Edit", "Plain", "&View", "&Help"]
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert plain(window).made == ["thing"]
    window.show_page(SETTINGS)
    titles = [one.text() for one in window.menuBar().actions() if one.isVisible()]
    assert titles == ["&File", "&Edit", "&View", "&Help"]


def test_a_rooms_shortcut_wins_over_the_menus(window: MainWindow) -> None:
    undo = edit_menu(window).undo_action
    assert [key.toString() for key in undo.shortcuts()] == ["Ctrl+Z"]
    window.show_page("undoing")
    assert undo.shortcuts() == []
    window.show_page("plain")
    assert [key.toString() for key in undo.shortcuts()] == ["Ctrl+Z"]


def test_edit_reaches_the_input_that_has_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    room = plain(window)
    window.activateWindow()
    room.input.setFocus()
    qtbot.waitUntil(room.input.hasFocus)
    room.input.setText("deep sea")
    actions = {one.text().replace("&", ""): one for one in edit_menu(window).actions()}
    actions["Select all"].trigger()
    actions["Cut"].trigger()
    assert room.input.text() == "" and QGuiApplication.clipboard().text() == "deep sea"


def test_undo_without_an_input_takes_a_deletion_back(
    window: MainWindow, context: AppContext, qtbot: QtBot
) -> None:
    back: list[str] = []
    context.notices.offer_undo("Chat deleted", lambda: back.append("chat"))
    window.setFocus()
    edit_menu(window).undo_action.trigger()
    assert back == ["chat"]


def test_it_remembers_place_and_room(open_window: Open, context: AppContext, paths: Paths) -> None:
    first = open_window()
    first.show_page("undoing")
    first.resize(780, 620)  # the screen of tests is 800 x 800
    first.close()
    context.settings.flush()
    assert plain(first).n_saved == 1
    settings, note = load(paths.settings)
    assert settings.room == "undoing" and settings.window_geometry and not note
    second = open_window()
    assert second.page == "undoing"
    assert (second.width(), second.height()) == (780, 620)


def test_a_remembered_room_that_is_gone_is_no_harm(open_window: Open, context: AppContext) -> None:
    context.settings.change(room="attic", window_geometry="not base64!")
    assert open_window().page == "plain"


def test_it_fits_a_small_screen_and_a_large_font(window: MainWindow, context: AppContext) -> None:
    context.theme.set_font_px(20)
    for page in ("plain", SETTINGS, DIAGNOSTICS):
        window.show_page(page)
        assert window.minimumSizeHint().width() <= 1024, page
        assert window.minimumSizeHint().height() <= 700, page


def test_settings_hold_at_once_and_are_saved(
    window: MainWindow, context: AppContext, paths: Paths, qtbot: QtBot
) -> None:
    window.show_page(SETTINGS)
    page = window.widget_of(SETTINGS)
    assert isinstance(page, SettingsPage)
    with qtbot.waitSignal(context.theme.changed):
        page.theme_choice.setFocus()
        page.theme_choice._buttons["dark"].click()
    assert context.theme.is_dark
    page.font_size.choose(18)
    page.font_size.activated.emit(page.font_size.currentIndex())
    assert QApplication.font().pixelSize() == 18
    page.threads.choose(1)
    page.threads.activated.emit(page.threads.currentIndex())
    page.n_ctx.choose(4096)
    page.n_ctx.activated.emit(page.n_ctx.currentIndex())
    page.folders.add(str(paths.home))
    context.settings.flush()
    saved, _ = load(paths.settings)
    assert (saved.theme, saved.font_px, saved.threads, saved.n_ctx) == ("dark", 18, 1, 4096)
    assert list(saved.models_folders) == [str(paths.home)]


def test_a_folder_is_added_once_and_removed(window: MainWindow, qtbot: QtBot) -> None:
    page = window.widget_of(SETTINGS)
    assert isinstance(page, SettingsPage)
    for folder in ("/models", "/more", "/models"):
        page.folders.add(folder)
    assert page.folders.folders == ["/models", "/more"]
    with qtbot.waitSignal(page.folders.changed) as changed:
        page.folders.remove_button.click()
    assert changed.args == [["/more"]]


def test_diagnostics_ask_the_engine_and_copy_everything(
    window: MainWindow, context: AppContext, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(context.engine.became_ready, timeout=10_000):
        context.engine.start()
    context.engine.log.add(b"a line of the log\n")
    window.show_page(DIAGNOSTICS)
    page = window.widget_of(DIAGNOSTICS)
    assert isinstance(page, DiagnosticsPage)
    qtbot.waitUntil(lambda: "a build of tests" in page.text(), timeout=5000)
    page.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    expected = [str(context.paths.home), "Python", f"process {context.engine.pid}", "line of the"]
    assert [words for words in expected if words not in copied] == []
    assert not page.restart_button.isVisible()


def test_diagnostics_start_an_engine_that_gave_up(
    window: MainWindow, context: AppContext, qtbot: QtBot
) -> None:
    window.show_page(DIAGNOSTICS)
    page = window.widget_of(DIAGNOSTICS)
    assert isinstance(page, DiagnosticsPage)
    qtbot.waitUntil(lambda: "not running" in page.text())
    assert page.restart_button.isVisible()
    with qtbot.waitSignal(context.engine.became_ready, timeout=10_000):
        page.restart_button.click()
    qtbot.waitUntil(lambda: "a build of tests" in page.text(), timeout=5000)


def test_an_engine_that_dies_is_a_banner(window: MainWindow, context: AppContext) -> None:
    context.engine.died.emit("The engine stopped.", "It comes back.", "signal 6")
    (banner,) = context.notices.banners.banners
    assert (banner.message, banner.hint, banner.detail) == (
        "The engine stopped.",
        "It comes back.",
        "signal 6",
    )
    assert window.status.model.text() == "The engine is not running"


def test_an_engine_that_gave_up_can_be_started_from_its_banner(
    window: MainWindow, context: AppContext, qtbot: QtBot
) -> None:
    context.engine._has_given_up = True
    context.engine.died.emit("The engine stopped.", "It stays off.", "")
    (banner,) = context.notices.banners.banners
    assert banner.action_button is not None
    with qtbot.waitSignal(context.engine.became_ready, timeout=10_000):
        QTest.mouseClick(banner.action_button, Qt.MouseButton.LeftButton)
    assert not context.engine.has_given_up


def test_the_settings_page_follows_the_view_menu(window: MainWindow, context: AppContext) -> None:
    page = window.widget_of(SETTINGS)
    assert isinstance(page, SettingsPage)
    context.settings.change(theme="dark", font_px=16)
    assert (page.theme_choice.value, page.font_size.currentData()) == ("dark", 16)


def test_about_says_what_this_is(window: MainWindow, qtbot: QtBot) -> None:
    help_menu = window.menuBar().actions()[-1].menu()
    assert isinstance(help_menu, QMenu)
    about = next(one for one in help_menu.actions() if "About" in one.text())
    about.trigger()
    dialogs = [one for one in QApplication.topLevelWidgets() if "About" in one.windowTitle()]
    assert len(dialogs) == 1 and not dialogs[0].isModal()
    assert any("Version" in one.text() for one in dialogs[0].findChildren(QLabel))
    dialogs[0].close()
