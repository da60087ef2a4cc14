"""The real chat room in the real window, at the smallest screen it promises to be usable on and
with letters half as large again, in both themes: nothing is cut, squeezed or covered.
"""

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtWidgets import QApplication
from pytestqt import exceptions
from pytestqt.qtbot import QtBot

from gui.chat.columns.columns import Columns
from gui.chat.notebook import NotebookFeature
from gui.chat.room import ChatRoom
from gui.context import AppContext
from gui.theme import Mode
from gui.tokens.room import TokensRoom
from gui.widgets.shy_button import ShyButton
from gui.window import MainWindow
from tests.gui.chat_room_helpers import Bench, context
from tests.gui.fitting import misfits

__all__ = ["context"]  # a fixture

SMALL_PX = (1024, 700)
QUESTION = "Explain to a child what a tide is, and why it comes twice a day."
SMALL_AND_LARGE = pytest.mark.parametrize(
    ("font_px", "mode"), [(13, "light"), (13, "dark"), (20, "light"), (20, "dark")]
)


class SmallWindow(Bench):
    """The window with the starter loaded and a chat of one turn."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.window = MainWindow(context)
        super().__init__(qtbot, cast(ChatRoom, self.window.widget_of("chat")), context)
        self.window.resize(*SMALL_PX)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.load()

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def set_letters(self, font_px: int, mode: Mode) -> None:
        """Other letters and colours, while the window is in use."""
        self.context.theme.set_mode(mode)
        self.context.theme.set_font_px(font_px)
        self.window.resize(*SMALL_PX)

    def fits(self) -> None:
        """Nothing is out of place, once the layouts have come to rest."""
        assert (self.window.width(), self.window.height()) == SMALL_PX
        problems: list[str] = []

        def is_at_rest() -> bool:
            problems[:] = misfits(self.window)
            return not problems

        try:
            self.qtbot.waitUntil(is_at_rest, timeout=20_000)
        except exceptions.TimeoutError:
            pytest.fail("\n".join(problems[:12]))


@pytest.fixture
def small(qtbot: QtBot, context: AppContext) -> Iterator[SmallWindow]:
    small = SmallWindow(qtbot, context)
    try:
        yield small
    finally:
        small.close()
        context.theme.set_font_px(0)
        context.theme.set_mode("light")


@SMALL_AND_LARGE
def test_the_chat_fits(small: SmallWindow, font_px: int, mode: Mode) -> None:
    small.ask(QUESTION, "The moon pulls at the sea.")
    small.set_letters(font_px, mode)
    assert not small.room.details.isVisible()
    small.fits()
    small.send("And at night?")
    small.fits()  # with Stop, and a reply that is written
    small.engine.finish()


@SMALL_AND_LARGE
def test_it_fits_with_the_details_open(small: SmallWindow, font_px: int, mode: Mode) -> None:
    small.ask(QUESTION, "The moon pulls at the sea.")
    small.set_letters(font_px, mode)
    small.room.work.header.details_button.click()
    assert small.room.details.isVisible()
    for group in small.room.details.groups.values():
        group.heading.click()
    small.fits()
    small.room.details.explain_button.click()
    small.fits()


@SMALL_AND_LARGE
@pytest.mark.parametrize("n_doors", [1, 4])
def test_the_welcome_fits(small: SmallWindow, font_px: int, mode: Mode, n_doors: int) -> None:
    small.room.work.welcome.set_rooms(["chat", "tokens", "tune", "pretrain"][:n_doors])
    small.set_letters(font_px, mode)
    small.fits()
    welcome = small.room.work.welcome
    assert [one.isVisible() for one in welcome.doors.values()].count(True) == n_doors
    seen = welcome.viewport().rect()
    for door in welcome.doors.values():
        place = door.mapTo(welcome.viewport(), QPoint(0, 0))
        is_seen = seen.contains(place) and seen.contains(place + door.rect().bottomRight())
        assert is_seen or not door.isVisible(), "a door is out of sight"


@pytest.mark.parametrize("font_px", [13, 20])
def test_the_welcome_of_today_needs_no_scrolling(
    small: SmallWindow, qapp: QApplication, font_px: int
) -> None:
    welcome = small.room.work.welcome
    welcome.set_memory(24 * 2**30)
    small.set_letters(font_px, "light")
    small.fits()
    # The scroll bar's range of before must not be taken for that of now.
    for _ in range(3):
        qapp.processEvents()
    assert welcome.verticalScrollBar().maximum() == 0
    assert welcome.starter.isVisible() and welcome.open_file.isVisible()


def test_all_that_can_be_in_the_header_fits_at_once(small: SmallWindow) -> None:
    small.ask(QUESTION, "The moon pulls at the sea.")
    small.room.desk.regenerate_last()
    small.qtbot.waitUntil(lambda: len(small.engine.generates) == 2)
    small.engine.say("The", " moon.")
    small.engine.finish()
    small.settle()
    small.room.details.change("certainty", True)
    small.room.work.header.set_loading(0.5)
    for font_px in (13, 20):
        small.set_letters(font_px, "light")
        small.room.work.header.details_button.setChecked(True)
        small.fits()
    small.room.work.header.set_loading(None)


@SMALL_AND_LARGE
def test_columns_fit(small: SmallWindow, font_px: int, mode: Mode) -> None:
    small.ask(QUESTION, "The moon pulls at the sea.")
    (columns,) = [one for one in small.room.features if isinstance(one, Columns)]
    columns.toggle()
    small.set_letters(font_px, mode)
    assert columns.view is not None and columns.view.isVisible()
    small.fits()


@SMALL_AND_LARGE
def test_a_notebook_fits(small: SmallWindow, font_px: int, mode: Mode) -> None:
    (notebooks,) = [one for one in small.room.features if isinstance(one, NotebookFeature)]
    notebooks.new_notebook()
    small.qtbot.waitUntil(lambda: notebooks.is_open)
    small.set_letters(font_px, mode)
    small.fits()


def test_the_list_makes_room_for_the_details_and_comes_back(small: SmallWindow) -> None:
    room = small.room
    small.set_letters(20, "light")
    assert room.list.isVisible()
    room.work.header.details_button.click()
    assert room.details.isVisible() and not room.list.isVisible()
    assert room.details.width() >= small.context.theme.px(240)
    action(small, "&Search chats")
    assert room.list.isVisible() and not room.details.isVisible()
    assert small.window.focusWidget() is room.list.search
    room.work.header.details_button.click()
    room.work.header.details_button.click()
    assert room.list.isVisible()


def action(small: SmallWindow, text: str) -> None:
    (found,) = [one for one in small.room.actions() if one.text() == text]
    found.trigger()


def test_the_title_gets_what_the_tools_leave(small: SmallWindow) -> None:
    small.ask(QUESTION, "The moon pulls at the sea.")
    header = small.room.work.header

    def tools() -> list[bool]:
        return [one.is_shy for one in header.findChildren(ShyButton)]

    small.window.resize(1600, 900)
    small.qtbot.waitUntil(lambda: tools() == [False, False])
    assert header.title.text() == small.room.session.title
    assert header.model_button.width() >= header.model_button.sizeHint().width()
    # First the model's name is cut, then the tools are icons, and then the title is cut.
    small.window.resize(1180, 800)
    small.qtbot.waitUntil(
        lambda: header.model_button.width() < header.model_button.sizeHint().width()
    )
    assert tools() == [False, False]
    small.window.resize(900, 700)
    small.qtbot.waitUntil(lambda: tools() == [True, True])
    small.qtbot.waitUntil(lambda: header.title.width() >= small.context.theme.px(120))


@pytest.mark.parametrize("font_px", [13, 20])
def test_the_composers_buttons_stand_on_one_line(small: SmallWindow, font_px: int) -> None:
    small.set_letters(font_px, "light")
    composer = small.room.work.composer

    def places() -> set[tuple[int, int]]:
        buttons = [*composer.findChildren(ShyButton), composer.send_button]
        assert len(buttons) == 3
        return {(one.mapTo(composer, QPoint(0, 0)).y(), one.height()) for one in buttons}

    small.qtbot.waitUntil(lambda: len(places()) == 1)


@pytest.mark.parametrize("width", [1024, 1280, 1600])
def test_the_composer_is_as_wide_as_the_welcomes_column(small: SmallWindow, width: int) -> None:
    small.window.resize(width, 820)
    work = small.room.work

    def edges() -> list[int]:
        parts = (work.composer, work.welcome.starter)
        lefts = [one.mapTo(work, QPoint(0, 0)).x() for one in parts]
        return [abs(lefts[0] - lefts[1]), abs(parts[0].width() - parts[1].width())]

    small.qtbot.waitUntil(lambda: max(edges()) <= 1)


@SMALL_AND_LARGE
@pytest.mark.parametrize("has_details", [False, True])
def test_the_tokens_room_fits(
    small: SmallWindow, font_px: int, mode: Mode, *, has_details: bool
) -> None:
    small.window.show_page("tokens")
    room = cast(TokensRoom, small.window.widget_of("tokens"))
    tokens = room.text_page.cards.tokens.figure
    small.qtbot.waitUntil(lambda: tokens.text().isdigit() and tokens.text() > "1", timeout=60_000)
    small.set_letters(font_px, mode)
    room.details_button.setChecked(has_details)
    room.state.choose_token(4)
    small.fits()
    room.text_page.find_text()
    small.fits()
    room.text_page.panels.toggle()
    small.fits()
