"""The main window: the rail of rooms, the page on show, banners above it, the status bar, the
menus.

It places things and remembers where they were. What happens in a room is the room's; what is
said of failures is notices.py's.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import icons
from gui.build_info import read_build_info
from gui.context import AppContext, Room, RoomEntry
from gui.menus import EditMenu, Key, RoomMenu, ViewMenu, action
from gui.notify import Notifier
from gui.status_bar import StatusBar
from gui.tab_order import follow_the_eye
from gui.widgets.kinds import frame
from gui.widgets.rail import Rail

if TYPE_CHECKING:
    from gui.commands import Command
    from gui.palette import CommandPalette

SETTINGS, DIAGNOSTICS, STAGES = "settings", "diagnostics", "stages"
FIRST_SIZE_PX = (1280, 820)
SMALLEST_SIZE_PX = (760, 520)


def room_entries() -> dict[str, RoomEntry]:
    """The rooms that exist, in the rail's order. A room that is not built yet is not here."""
    tr = partial(QCoreApplication.translate, "MainWindow")
    return {
        "chat": RoomEntry(tr("Chat"), "chat", _chat_room, at_start=True),
        "tokens": RoomEntry(tr("Tokens"), "tokens", _tokens_room),
        "tune": RoomEntry(tr("Fine-tune"), "tune", _tune_room),
        "pretrain": RoomEntry(tr("Pretrain"), "pretrain", _pretrain_room),
    }


# Imported when looked at: the window is shown sooner without the others.


def _chat_room(context: AppContext, parent: QWidget | None) -> Room:
    from gui.chat.room import ChatRoom

    return ChatRoom(context, parent)


def _tokens_room(context: AppContext, parent: QWidget | None) -> Room:
    from gui.tokens.room import TokensRoom

    return TokensRoom(context, parent)


def _tune_room(context: AppContext, parent: QWidget | None) -> Room:
    from gui.tune.room import TuneRoom

    return TuneRoom(context, parent)


def _pretrain_room(context: AppContext, parent: QWidget | None) -> Room:
    from gui.pretrain.room import PretrainRoom

    return PretrainRoom(context, parent)


class MainWindow(QMainWindow):
    """Rooms and other pages are made when they are first looked at."""

    shown = Signal()  # it is on the screen for the first time

    def __init__(self, context: AppContext, rooms: dict[str, RoomEntry] | None = None) -> None:
        super().__init__()
        self._context = context
        self._was_painted = False
        self._pages: dict[str, QWidget] = {}
        self._rooms: dict[str, Room] = {}
        self.rail = Rail(context.theme)
        self.stack = QStackedWidget()
        self.status = StatusBar(
            context.theme, context.engine, read_build_info(), context.connections
        )
        self.notifier = Notifier(context.engine, context.settings, self)
        self.status.build_note_clicked.connect(lambda: self.show_page(DIAGNOSTICS))
        self.setWindowTitle("Bathysphere")
        self._lay_out()
        self._entries = room_entries() if rooms is None else rooms
        self._add_rooms()
        self._make_menus()
        self.palette_box: CommandPalette | None = None
        self._connect()
        self._restore()

    # ---- pages ----

    @property
    def page(self) -> str:
        """The key of the page on show."""
        shown = self.stack.currentWidget()
        return next((key for key, widget in self._pages.items() if widget is shown), "")

    def widget_of(self, key: str) -> QWidget:
        """A page's widget, made now if nobody looked at it yet."""
        if key not in self._pages:
            self._pages[key] = self._make_page(key)
            self.stack.addWidget(self._pages[key])
        return self._pages[key]

    def show_page(self, key: str) -> None:
        """Go to a room, to the settings, the diagnostics or the stages. The keys go along, unless
        they were outside of the pages."""
        focus: QWidget | None = self.focusWidget()
        has_keys = focus is None or self.stack.isAncestorOf(focus)
        self.stack.setCurrentWidget(self.widget_of(key))
        if has_keys:
            self._pages[key].setFocus()
        self.rail.choose(key)
        room = self._rooms.get(key)
        self._edit_menu.set_room(room)
        name = self._entries[key].name if room is not None else ""
        taken = [*self._edit_menu.actions(), *self._file_menu.actions()]
        self._room_menu.show_room(room, name, taken)
        if room is not None:
            self._context.settings.change(room=key)

    def _make_page(self, key: str) -> QWidget:
        if key in self._entries:
            self._rooms[key] = self._entries[key].make(self._context, self.stack)
            return self._rooms[key]
        if key == SETTINGS:
            from gui.settings_page import SettingsPage

            return SettingsPage(self._context, self)
        if key == STAGES:
            from gui.lessons.stages_page import StagesPage

            return StagesPage(self._context, self)
        from gui.diagnostics import DiagnosticsPage

        return DiagnosticsPage(self._context, self)

    def _add_rooms(self) -> None:
        self._context.openers["stages"] = partial(self.show_page, STAGES)
        self._context.rooms.update({key: partial(self.show_page, key) for key in self._entries})
        for key, entry in self._entries.items():
            self.rail.add_page(key, entry.name, entry.icon)
        self.rail.add_page(SETTINGS, self.tr("Settings"), "settings", at_bottom=True)

    # ---- building ----

    def _lay_out(self) -> None:
        work = frame("work")
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._context.notices.banners)
        column.addWidget(self.stack, 1)
        column.addWidget(self.status)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(work, 1)
        self.setCentralWidget(middle)
        self._context.notices.set_window(self, work)

    def _make_menus(self) -> None:
        self._file_menu = self._make_file_menu()
        self._edit_menu = EditMenu(self, self._context)
        self._room_menu = RoomMenu(self)
        self._view_menu = ViewMenu(self, self._context)
        menus = (self._file_menu, self._edit_menu, self._room_menu, self._view_menu)
        for menu in (*menus, self._make_help_menu()):
            self.menuBar().addMenu(menu)
        for n, (key, entry) in enumerate(self._entries.items(), 1):
            self._view_menu.add_page(entry.name, partial(self.show_page, key), n)
            self.rail.set_tooltip(key, f"{entry.name} (Ctrl+{n})")

    def _make_file_menu(self) -> QMenu:
        menu = QMenu(self.tr("&File"), self)
        settings = action(
            self, self.tr("&Settings"), self._show_settings, Key.Preferences, "Ctrl+,"
        )
        menu.addAction(settings)
        menu.addAction(self._make_offline_action())
        menu.addSeparator()
        menu.addAction(action(self, self.tr("&Quit"), self.close, Key.Quit, "Ctrl+Q"))
        return menu

    def _make_offline_action(self) -> QAction:
        connections = self._context.connections
        result = QAction(self.tr("Work &offline"), self)
        result.setCheckable(True)
        result.setChecked(connections.is_offline)
        result.triggered.connect(connections.set_offline)
        connections.changed.connect(lambda: result.setChecked(connections.is_offline))
        return result

    def _make_help_menu(self) -> QMenu:
        menu = QMenu(self.tr("&Help"), self)
        diagnostics = self.tr("&Diagnostics")
        menu.addAction(
            action(self, self.tr("&Find a command or a chat…"), self.open_palette, "Ctrl+K")
        )
        menu.addAction(action(self, self.tr("&Keyboard shortcuts"), self.show_shortcuts, "Ctrl+/"))
        stages = self.tr("The &stages and their lessons")
        menu.addAction(action(self, stages, lambda: self.show_page(STAGES), "Shift+F1"))
        menu.addAction(action(self, diagnostics, lambda: self.show_page(DIAGNOSTICS), "F1"))
        menu.addSeparator()
        menu.addAction(action(self, self.tr("&About Bathysphere"), self._show_about))
        return menu

    def _connect(self) -> None:
        self.rail.chosen.connect(self.show_page)
        self._context.engine.died.connect(self._on_engine_died)
        self._context.settings.saving_failed.connect(self._context.notices.show_failure)
        self._context.connections.refused.connect(self._on_connection_refused)
        self._context.connections.keeping_failed.connect(self._context.notices.show_failure)

    def commands(self) -> list[Command]:
        """All that can be done now: the menus' lines, then what the rooms know by name."""
        from gui.commands import menu_commands

        found = menu_commands(self.menuBar())
        for room in self._rooms.values():
            found += room.commands()
        return found

    def open_palette(self) -> None:
        """Ctrl+K. Imported when it is first asked for."""
        if self.palette_box is None:
            from gui.palette import CommandPalette

            self.palette_box = CommandPalette(self._context.theme, self, self.commands)
        self.palette_box.open()

    def show_shortcuts(self) -> None:
        from gui.commands import menu_commands
        from gui.shortcuts import ShortcutSheet

        sheet = ShortcutSheet(self._context.theme, lambda: menu_commands(self.menuBar()), self)
        sheet.show()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        # Set anew each time: rows, strips and views are made when they are first needed.
        follow_the_eye(self)
        return super().focusNextPrevChild(is_next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Comes here only when no field took the letter.
        if event.text() == "?":
            self.show_shortcuts()
            return
        super().keyPressEvent(event)

    def _show_settings(self) -> None:
        self.show_page(SETTINGS)

    def _show_about(self) -> None:
        from gui.about import AboutDialog

        AboutDialog(self._context.theme, self).show()

    def _on_engine_died(self, message: str, hint: str, detail: str) -> None:
        engine = self._context.engine
        action = (self.tr("Start it again"), engine.restart) if engine.has_given_up else None
        self._context.notices.show_failure(message, hint, detail, action)

    def _on_connection_refused(self, why: str) -> None:
        connections = self._context.connections
        self._context.notices.show_failure(
            self.tr("Bathysphere is offline, so this was not asked for."),
            self.tr("Wanted: %s. Go online and ask again; each connection is listed.") % why,
            action=(self.tr("Go online"), lambda: connections.set_offline(False)),
        )

    def watch_runs(self) -> None:
        """Say what trains and tell its end. Behind the first sight: the window starts without."""
        from gui.run_line import RunLine

        runs = self._context.runs
        self.status.add_link(RunLine(self._context.theme, runs, self._show_run, self.status))
        runs.ended.connect(self.notifier.tell_run_ended)
        runs.start()

    def _show_run(self, path: str) -> None:
        run = self._context.runs.summary(path)
        room = "pretrain" if run is not None and run.kind == "pretrain" else "tune"
        self.show_page(room)
        self._context.openers[f"{room}.run"](path)

    # ---- where things were ----

    def _restore(self) -> None:
        value = self._context.settings.value
        self.setMinimumSize(*SMALLEST_SIZE_PX)
        self.resize(*FIRST_SIZE_PX)
        try:
            geometry = b64decode(value.window_geometry, validate=True)
        except Base64Error:
            geometry = b""  # a hand-edited file; the first size will do
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        first = next(iter(self._entries), SETTINGS)
        self.show_page(value.room if value.room in self._entries else first)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self._on_painted)

    def _on_painted(self) -> None:
        self.setWindowIcon(icons.app_icon())
        for key, entry in self._entries.items():
            if entry.at_start:
                self.widget_of(key)
        self.shown.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        for room in self._rooms.values():
            room.save_state()
        geometry = b64encode(self.saveGeometry().data()).decode()
        self._context.settings.change(window_geometry=geometry)
        super().closeEvent(event)
