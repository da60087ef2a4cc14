"""The window as a picture is taken of it: filled with chats, spoken to, waited for, photographed.

Knows how; what is shown is told by gui/shots/scenes/. A part of `make shots` only.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from engine.errors import AppError
from engine.paths import Paths
from gui.app import make_context
from gui.chat.chat_order import ChatOrder
from gui.chat.chat_settings import ChatSettings
from gui.chat.features import Feature
from gui.chat.room import ChatRoom
from gui.shots.colours import with_few_colours
from gui.shots.picture import close_fronts, photograph
from gui.shots.questions import Said
from gui.shots.store import add_earlier_chats, add_told_chat
from gui.shots.waiting import until
from gui.theme import Mode
from gui.window import MainWindow

MODES: tuple[Mode, ...] = ("light", "dark")
SIZE_PX = (1440, 900)
PLAIN_PX = (1180, 800)  # without the details
SMALL_PX = (1024, 700)
LARGE_FONT_PX = 20  # 150 % of 13
MOST_SEEDS = 8
SMALLEST = 0  # Qt's "quality" of a PNG, which loses nothing: 0 packs hardest
# Greedy, with a little against the loops that a small model falls into.
SETTINGS = ChatSettings(temperature=0.0, repeat_penalty=1.1, seed=1)


F = TypeVar("F", bound=Feature)


class Stage:
    """One window with a real worker.

    Args:
        paths: a user folder that nobody else uses.
        into: the folder that takes the pictures.
    """

    def __init__(self, app: QApplication, paths: Paths, into: Path) -> None:
        self.taken: list[str] = []
        self._n_counts = 0
        self._paths, self._into = paths, into
        self._chats: dict[str, str] = {}
        app.setCursorFlashTime(0)
        self.context = make_context(app, paths)
        self.window = MainWindow(self.context)
        self.room = cast(ChatRoom, self.window.widget_of("chat"))
        self.room.counter.counted.connect(self._on_counted)
        self.window.show()
        self.window.watch_runs()
        self.context.engine.start()
        self.load()

    def close(self) -> None:
        """End as the app does."""
        self.window.close()
        self.context.close_runs()
        self.context.engine.stop_and_wait()
        self.context.settings.flush()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def feature(self, kind: type[F]) -> F:
        """One of the chat room's features."""
        return next(one for one in self.room.features if isinstance(one, kind))

    until = staticmethod(until)

    def rest(self) -> None:
        """Wait until nothing is written, read or laid out any more."""
        done: list[bool] = []
        self.room.store.call(lambda _store: None, lambda _: done.append(True))
        self.until(lambda: bool(done), "the store answers")
        self.until(lambda: self.room.work.transcript.is_settled, "the transcript is laid out")
        if not self.room.session.is_busy and self.room.session.kind == "chat":
            n_before = self._n_counts
            self.room.counter.refresh()
            self.until(lambda: self._n_counts > n_before, "the context is counted")

    def _on_counted(self, _counts: object) -> None:
        self._n_counts += 1

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
        if "" not in self._chats:
            self._chats[""] = ""
            add_earlier_chats(self._paths.chats)
            self.room.session.list_chats()

    def new_chat(self, settings: ChatSettings = SETTINGS) -> None:
        self.fill()
        self.room.session.new_chat()
        self.room.session.set_settings(settings)
        self.room.details.set_settings(settings)
        self.rest()

    def chat(
        self,
        *questions: str,
        settings: ChatSettings = SETTINGS,
        name: str = "",
        is_good: Callable[["Stage"], bool] | None = None,
    ) -> None:
        """Open the chat of these questions; they are asked the first time.

        Args:
            name: where the same questions are asked with other settings.
            is_good: whether the answers show what is to be seen; else other seeds are tried.
        """
        self.fill()
        name = name or questions[0]
        if name in self._chats:
            self._open(self._chats[name])
        else:
            for seed in range(1, MOST_SEEDS + 1):
                self._ask_all(questions, settings.with_value("seed", seed))
                if is_good is None or seed == MOST_SEEDS or is_good(self):
                    break
                self.forget()
            self._chats[name] = self.room.session.chat_id
        self.rest()

    def _ask_all(self, questions: Sequence[str], settings: ChatSettings) -> None:
        self.new_chat(settings)
        for question in questions:
            self.ask(question)

    def told(self, *messages: Said) -> None:
        """Open a chat that holds these messages."""
        self.fill()
        name = messages[0].content
        if name not in self._chats:
            self._chats[name] = add_told_chat(self._paths.chats, messages)
            self.room.session.list_chats()
        self._open(self._chats[name])
        self.rest()

    def _open(self, chat_id: str) -> None:
        self.room.session.open(chat_id)
        self.until(lambda: self.room.session.chat_id == chat_id, "the chat is open")

    def forget(self) -> None:
        """Remove the open chat for good, also from the trash."""
        chat_id = self.room.session.chat_id
        self.room.session.delete(chat_id)
        self.context.notices.strip.hide()
        self.feature(ChatOrder).purge(chat_id)
        self._chats = {name: one for name, one in self._chats.items() if one != chat_id}
        self.rest()

    def send(self, question: str) -> None:
        """Type a message and send it."""
        self.room.work.composer.edit.setPlainText(question)
        self.room.work.composer.send_button.click()

    def begin(self, question: str, n_tokens: int = 1) -> None:
        """Send a message and wait for so many tokens of its reply."""
        wanted = self.context.engine.n_tokens_received + n_tokens
        self.send(question)
        self.until(lambda: self.context.engine.n_tokens_received >= wanted, "a reply comes")

    def ask(self, question: str) -> None:
        """A whole turn."""
        self.begin(question)
        self.wait_for_end()

    def answered(self, do: Callable[[], object]) -> None:
        """Do what has the model write, and wait for the reply."""
        wanted = self.context.engine.n_tokens_received + 1
        do()
        self.until(lambda: self.context.engine.n_tokens_received >= wanted, "a reply comes")
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.until(lambda: not self.room.session.is_busy, "the reply ends")
        self.rest()

    # ---- the picture ----

    def set_out(self) -> None:
        """The window as it is at first: size, text size, page, nothing in front."""
        close_fronts(self.window)
        notices = self.context.notices
        for banner in notices.banners.banners:
            notices.banners.remove(banner)
        notices.strip.hide()
        self.context.theme.set_font_px(0)
        self.window.resize(*SIZE_PX)
        self.window.show_page("chat")
        self.room.work.header.details_button.setChecked(True)
        self.room.details.set_view([], is_explained=False)
        self.room.details.verticalScrollBar().setValue(0)
        self.room.desk.focus_composer()

    def hide_details(self, width_px: int = PLAIN_PX[0]) -> None:
        """A smaller window for what happens without the details pane."""
        self.room.work.header.details_button.setChecked(False)
        self.window.resize(width_px, PLAIN_PX[1])

    def enlarge(self) -> None:
        """A font half as large again."""
        self.context.theme.set_font_px(LARGE_FONT_PX)

    def take(
        self,
        name: str,
        prepare: Callable[[], None] | None = None,
        put_away: Callable[[], None] | None = None,
    ) -> None:
        """A picture in each theme.

        Args:
            prepare: done once the theme is set; for what stands before the window and would leave.
            put_away: done when the picture is taken. Windows and menus are closed without it.
        """
        for mode in MODES:
            self.context.theme.set_mode(mode)
            self.context.settings.change(theme=mode)
            self.rest()
            if prepare is not None:
                prepare()
                self.rest()
            path = self._into / f"{name}-{mode}.png"
            if not with_few_colours(photograph(self.window)).save(str(path), quality=SMALLEST):
                raise AppError("A picture could not be written.", detail=str(path))
            if put_away is not None:
                put_away()
            close_fronts(self.window)
        self.taken.append(name)
