"""The whole window over a real worker, the starter model and a real store, and what a person does
with it: types, presses keys, clicks.
"""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.chats.store import ChatStore
from engine.paths import Paths
from gui.app import make_context
from gui.bench_fork import NO_END
from gui.chat import chat_file
from gui.chat.chat_file import OpenedChat
from gui.chat.room import ChatRoom
from gui.widgets.transcript import MessageView
from gui.window import MainWindow

# A reply to it goes on and on: the model never runs out of ingredients.
ENDLESS = "How do I make bread? Use headings and numbered steps."
SHORT = "What is the capital of Italy? One word."
LOAD_MS = 20_000
REPLY_MS = 20_000
LONG_REPLY_MS = 60_000  # of a machine that does much else


class RealWindow:
    """A window on screen with the starter loaded.

    Args:
        n_ctx: the context length that the settings ask for.
    """

    def __init__(self, qtbot: QtBot, app: QApplication, paths: Paths, n_ctx: int = 2048) -> None:
        self.qtbot, self.context = qtbot, make_context(app, paths)
        # One thread: beside other work on a small machine two are slower.
        self.context.settings.change(threads=1, n_ctx=n_ctx, theme="light")
        self.context.theme.set_mode("light")
        self.window = MainWindow(self.context)
        self.room = cast(ChatRoom, self.window.widget_of("chat"))
        self.work, self.transcript = self.room.work, self.room.work.transcript
        self.edit = self.work.composer.edit
        self.window.resize(1300, 860)
        with qtbot.waitExposed(self.window):
            self.window.show()
        self.context.engine.start()
        self.until(lambda: self.room.loader.model is not None, LOAD_MS)
        self.room.details.change("temperature", 0.0)

    def close(self) -> None:
        """End as the app does, and take the window away with its timers."""
        self.window.close()
        self.context.engine.stop_and_wait()
        self.context.settings.flush()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def until(self, is_so: Callable[[], bool], timeout_ms: int = REPLY_MS) -> None:
        self.qtbot.waitUntil(is_so, timeout=timeout_ms)

    def settle(self) -> None:
        """Wait until the store has answered everything asked so far."""
        done: list[bool] = []
        self.room.store.call(lambda _store: None, lambda _: done.append(True))
        self.until(lambda: bool(done))

    # ---- what a person does ----

    def type(self, text: str) -> None:
        self.edit.setFocus()
        QTest.keyClicks(self.edit, text)

    def key(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        """Press a key where the focus is."""
        focus = QApplication.focusWidget() or self.window
        held = modifiers[0] if modifiers else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(focus, key, held)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        assert widget.isVisible()
        spot = widget.rect().center() if at is None else at
        QTest.mouseMove(widget, spot)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)

    def click_message(self, message_id: str, what: str) -> None:
        """Click a button or an arrow of a message in the transcript."""
        page, index = self.transcript, self.index_of(message_id)
        self.until(lambda: page.is_settled)
        frame = page.column.frame(index)
        boxes: dict[str, QRectF] = {"previous": frame.previous, "next": frame.following}
        boxes |= {str(name): box for name, box in frame.actions.items()}
        box = page.viewport_rect(boxes[what].translated(0, page.column.top(index)))
        spot = box.center().toPoint()
        if not page.viewport().rect().contains(spot):
            page.scroll_to(message_id)
            self.click_message(message_id, what)
            return
        self.click(page.viewport(), spot)

    def click_chat(self, title: str) -> None:
        """Click a chat in the list."""
        model, view = self.room.list.model, self.room.list.view
        rows = [model.index(row) for row in range(model.rowCount())]
        index = next(one for one in rows if model.chat_id_at(one) and one.data() == title)
        self.click(view.viewport(), view.visualRect(index).center())

    def send(self, text: str) -> None:
        """Type a message and press Enter, until its reply begins to arrive."""
        n_before = self.context.engine.n_tokens_received
        self.type(text)
        self.key(Qt.Key.Key_Return)
        self.until(lambda: self.context.engine.n_tokens_received > n_before)

    def ask(self, text: str) -> None:
        """A whole turn."""
        self.send(text)
        self.wait_for_end()

    def never_end(self) -> None:
        """Replies of this chat go on until they are stopped, whatever is likeliest."""
        self.room.details.change("logit_bias", NO_END)

    def write_some(self, n_tokens: int = 12) -> None:
        """Wait until so many more tokens came of the reply being written."""
        engine, session = self.context.engine, self.room.session
        wanted = engine.n_tokens_received + n_tokens
        self.until(lambda: engine.n_tokens_received >= wanted or not session.is_busy, LONG_REPLY_MS)
        assert engine.n_tokens_received >= wanted, (
            "the reply ended too early",
            session.conversation.path()[-1],
            [(one.message, one.detail) for one in self.context.notices.banners.banners],
        )

    def wait_for_end(self) -> None:
        self.until(lambda: not self.room.session.is_busy)
        self.settle()

    # ---- what there is to see and what is kept ----

    def ids(self) -> list[str]:
        return self.transcript.message_ids()

    def texts(self) -> list[str]:
        """The texts in the transcript."""
        return [self.transcript.text_of(one) for one in self.ids()]

    def index_of(self, message_id: str) -> int:
        index = self.transcript.column.index_of(message_id)
        assert index is not None
        return index

    def view(self, message_id: str = "") -> MessageView:
        """A message as the transcript shows it, the last one without an id."""
        return self.transcript.column.items[self.index_of(message_id or self.ids()[-1])].view

    def kept(self, chat_id: str = "") -> OpenedChat:
        """A chat as it is on the disk, read by a connection of its own."""
        self.settle()
        with ChatStore(self.context.paths.chats) as store:
            found = chat_file.find_chat(store, chat_id or self.room.session.chat_id)
        assert found is not None, "the chat is not in the store"
        return found

    def kept_texts(self, chat_id: str = "") -> list[str]:
        return [turn.content for turn in self.kept(chat_id).conversation.path()]

    def titles(self) -> list[str]:
        """The titles in the list, without headings."""
        model = self.room.list.model
        rows = [model.index(row) for row in range(model.rowCount())]
        return [index.data() for index in rows if model.chat_id_at(index)]


Open = Callable[..., RealWindow]


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication, paths: Paths) -> Iterator[Open]:
    """Opens windows on one user folder, one after another."""
    opened: list[RealWindow] = []

    def open_one(n_ctx: int = 2048) -> RealWindow:
        for old in opened:
            old.close()
        opened[:] = [RealWindow(qtbot, qapp, paths, n_ctx)]
        return opened[0]

    yield open_one
    for window in opened:
        window.close()


@pytest.fixture
def real(open_window: Open) -> RealWindow:
    """One window."""
    return open_window()
