"""The window as a picture is taken of it: filled with chats, spoken to, waited for, photographed.

Knows how; what is shown is told by gui/shot_scenes.py. A part of `make shots` only.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.paths import Paths
from gui.app import make_context
from gui.chat.chat_settings import ChatSettings
from gui.chat.room import ChatRoom
from gui.shot_colours import with_few_colours
from gui.theme import Mode
from gui.window import MainWindow

MODES: tuple[Mode, ...] = ("light", "dark")
SIZE_PX = (1440, 900)
WAIT_S = 60.0
POLL_MS = 10
SMALLEST = 0  # Qt's "quality" of a PNG, which loses nothing: 0 packs hardest
# Greedy, with a little against the loops that a small model falls into.
SETTINGS = ChatSettings(temperature=0.0, repeat_penalty=1.1, seed=1)
HOUR_S, DAY_S = 3600.0, 86400.0
# What the list holds beside the chats of the pictures: the first message, and how long ago.
EARLIER_CHATS = (
    ("Plan a week of vegetarian dinners for two", 3 * HOUR_S),
    ("Why do cats purr?", 26 * HOUR_S),
    ("Proofread my cover letter for the harbour museum", 3 * DAY_S),
    ("Explain recursion with a story", 4 * DAY_S),
    ("Regular expression for dates such as 2026-03-01", 6 * DAY_S),
    ("Names for a research submarine", 19 * DAY_S),
)


class Stage:
    """One window with a real worker.

    Args:
        paths: a user folder that nobody else uses.
        into: the folder that takes the pictures.
    """

    def __init__(self, app: QApplication, paths: Paths, into: Path) -> None:
        self.n_pictures = 0
        self._n_counts = 0
        self._paths, self._into = paths, into
        self._chats: dict[str, str] = {}
        app.setCursorFlashTime(0)
        self.context = make_context(app, paths)
        self.window = MainWindow(self.context)
        self.room = cast(ChatRoom, self.window.widget_of("chat"))
        self.room.counter.counted.connect(self._on_counted)
        self.window.show()
        self.context.engine.start()
        self.load()

    def close(self) -> None:
        """End as the app does."""
        self.window.close()
        self.context.engine.stop_and_wait()
        self.context.settings.flush()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # ---- waiting ----

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Let the window live until something is so.

        Raises:
            AppError: it never was.
        """
        loop, poll = QEventLoop(), QTimer(interval=POLL_MS)
        poll.timeout.connect(loop.quit)
        poll.start()
        deadline_s = time.monotonic() + WAIT_S
        while not is_so():
            if time.monotonic() > deadline_s:
                raise AppError(f"The window never came to this: {what}.")
            loop.exec()

    def rest(self) -> None:
        """Wait until nothing is written, read or laid out any more."""
        done: list[bool] = []
        self.room.store.call(lambda _store: None, lambda _: done.append(True))
        self.until(lambda: bool(done), "the store answers")
        self.until(lambda: self.room.work.transcript.is_settled, "the transcript is laid out")
        if not self.room.session.is_busy:
            n_before = self._n_counts
            self.room.counter.refresh()
            self.until(lambda: self._n_counts > n_before, "the context is counted")

    def _on_counted(self, _counts: object) -> None:
        self._n_counts += 1

    # ---- the model ----

    def load(self, path: str = "", n_ctx: int = 0) -> None:
        """Load a model anew, the starter without a path."""
        # One thread: a machine that does other things meanwhile writes faster with it.
        self.context.settings.change(n_ctx=n_ctx, threads=1)
        if path:
            self.room.loader.load(path)
        elif self.room.loader.model is not None:
            self.room.loader.load(self.room.loader.model.path)
        self.until(lambda: self.room.loader.model is not None, "the model is loaded")

    # ---- chats ----

    def fill(self) -> None:
        """Put some earlier chats into the store, once."""
        if "" in self._chats:
            return
        self._chats[""] = ""
        with ChatStore(self._paths.chats) as store:
            ages = {self._add_chat(store, words): age_s for words, age_s in EARLIER_CHATS}
        # The store knows no other time than now.
        with closing(sqlite3.connect(self._paths.chats)) as raw, raw:
            for chat_id, age_s in ages.items():
                raw.execute(
                    "UPDATE chats SET updated_s = updated_s - ? WHERE id = ?", (age_s, chat_id)
                )
        self.room.session.list_chats()

    def _add_chat(self, store: ChatStore, words: str) -> str:
        chat_id = store.create_chat()
        store.add_message(chat_id, None, "user", words)
        return chat_id

    def new_chat(self, settings: ChatSettings = SETTINGS) -> None:
        self.fill()
        self.room.session.new_chat()
        self.room.session.set_settings(settings)
        self.room.details.set_settings(settings)
        self.rest()

    def chat(self, *questions: str, settings: ChatSettings = SETTINGS) -> None:
        """Open the chat of these questions; they are asked the first time."""
        self.fill()
        name = questions[0]
        if name in self._chats:
            self.room.session.open(self._chats[name])
            self.until(lambda: self.room.session.chat_id == self._chats[name], "the chat is open")
        else:
            self.new_chat(settings)
            for question in questions:
                self.ask(question)
            self._chats[name] = self.room.session.chat_id
        self.rest()

    def begin(self, question: str, n_tokens: int = 1) -> None:
        """Send a message and wait for so many tokens of its reply."""
        wanted = self.context.engine.n_tokens_received + n_tokens
        self.room.work.composer.edit.setPlainText(question)
        self.room.work.composer.send_button.click()
        self.until(lambda: self.context.engine.n_tokens_received >= wanted, "a reply comes")

    def ask(self, question: str) -> None:
        """A whole turn."""
        self.begin(question)
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.until(lambda: not self.room.session.is_busy, "the reply ends")
        self.rest()

    # ---- the picture ----

    def set_out(self) -> None:
        """The window as it is at first: size, text size, page, nothing in front."""
        notices = self.context.notices
        for banner in notices.banners.banners:
            notices.banners.remove(banner)
        notices.strip.hide()
        self.context.theme.set_font_px(0)
        self.window.resize(*SIZE_PX)
        self.window.show_page("chat")
        self.room.desk.focus_composer()

    def take(self, name: str, prepare: Callable[[], None] | None = None) -> None:
        """A picture in each theme.

        Args:
            prepare: done once the theme is set; for what stands before the window and would leave.
        """
        for mode in MODES:
            self.context.theme.set_mode(mode)
            self.context.settings.change(theme=mode)
            self.rest()
            if prepare is not None:
                prepare()
            path = self._into / f"{name}-{mode}.png"
            if not with_few_colours(self._photograph()).save(str(path), quality=SMALLEST):
                raise AppError("A picture could not be written.", detail=str(path))
            self.n_pictures += 1

    def _photograph(self) -> QImage:
        """The window and what floats before it."""
        picture = self.window.grab().toImage()
        painter = QPainter(picture)
        for front in QApplication.topLevelWidgets():
            if front.isVisible() and front is not self.window:
                painter.drawPixmap(_place(front, self.window), front.grab())
        painter.end()
        return picture


def _place(front: QWidget, window: QWidget) -> QPoint:
    return front.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0))
