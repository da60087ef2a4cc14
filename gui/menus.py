"""The menus and their shortcuts. What a menu does is the window's or a room's; here is only
which ones there are."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from gui.context import AppContext, Room
from gui.theme import LARGEST_FONT_PX, SMALLEST_FONT_PX, Mode

Key = QKeySequence.StandardKey


def action(
    parent: QObject, text: str, do: Callable[[], object], *shortcuts: QKeySequence | Key | str
) -> QAction:
    """A menu entry with its shortcuts."""
    result = QAction(text, parent)
    # A platform's own key may be the other one that is given: twice the same is ambiguous to Qt.
    keys = {(key := QKeySequence(one)).toString(): key for one in shortcuts}
    result.setShortcuts(list(keys.values()))
    result.triggered.connect(lambda: do())
    return result


class EditMenu(QMenu):
    """Undo, cut, copy, paste for whatever has the focus; Undo of a deletion where that has none."""

    def __init__(self, window: QMainWindow, context: AppContext) -> None:
        super().__init__(window)
        self.setTitle(self.tr("&Edit"))
        self._notices = context.notices
        self._room: Room | None = None
        self.undo_action = action(self, self.tr("&Undo"), self._undo, Key.Undo)
        self.redo_action = action(self, self.tr("&Redo"), self._redo, Key.Redo)
        self.addAction(self.undo_action)
        self.addAction(self.redo_action)
        self.aboutToShow.connect(self._show_words)
        self.addSeparator()
        self._add(self.tr("Cu&t"), "cut", Key.Cut)
        self._add(self.tr("&Copy"), "copy", Key.Copy)
        self._add(self.tr("&Paste"), "paste", Key.Paste)
        self.addSeparator()
        self._add(self.tr("Select &all"), "selectAll", Key.SelectAll)

    def _add(self, text: str, method: str, key: Key) -> None:
        self.addAction(action(self, text, lambda: _call_focused(method), key))

    def set_room(self, room: Room | None) -> None:
        """The room on show: what was done in it is undone where no field has more to undo."""
        self._room = room

    def _undo(self) -> None:
        if _has_focused("isUndoAvailable", "undo"):
            _call_focused("undo")
        elif self._room is None or not self._room.undo():
            self._notices.undo()

    def _redo(self) -> None:
        if _has_focused("isRedoAvailable", "redo"):
            _call_focused("redo")
        elif self._room is not None:
            self._room.redo()

    def _show_words(self) -> None:
        """Say what would be undone and redone."""
        undo, redo = self._room.undo_words() if self._room is not None else ("", "")
        plain = (self.tr("&Undo"), self.tr("&Redo"))
        self.undo_action.setText(self.tr("&Undo {what}").format(what=undo) if undo else plain[0])
        self.redo_action.setText(self.tr("&Redo {what}").format(what=redo) if redo else plain[1])


def _call_focused(method: str) -> bool:
    """Call a method of the widget that has the focus, where it has such a one (inputs and the
    transcript do)."""
    do = getattr(QApplication.focusWidget(), method, None)
    if callable(do):
        do()
    return callable(do)


def _has_focused(question: str, method: str) -> bool:
    """Whether the widget with the focus has something to undo; one that cannot tell may have."""
    focus = QApplication.focusWidget()
    if not callable(getattr(focus, method, None)):
        return False
    asked = getattr(focus, question, None) or getattr(_document(focus), question, None)
    return bool(asked()) if callable(asked) else True


def _document(widget: object) -> object:
    """A text field's document, None where it has none."""
    document = getattr(widget, "document", None)
    return document() if callable(document) else None


class ViewMenu(QMenu):
    """Pages, theme, text size, full screen."""

    def __init__(self, window: QMainWindow, context: AppContext) -> None:
        super().__init__(window)
        self.setTitle(self.tr("&View"))
        self._window, self._context = window, context
        self._first = self.addSeparator()
        self._add_themes()
        self.addSeparator()
        self._add(self.tr("&Larger text"), lambda: self._step_font(1), Key.ZoomIn, "Ctrl+=")
        self._add(self.tr("&Smaller text"), lambda: self._step_font(-1), Key.ZoomOut)
        self._add(self.tr("&Normal text size"), lambda: self._set_font(0), "Ctrl+0")
        self.addSeparator()
        self._add(self.tr("&Full screen"), self._toggle_full_screen, "F11")

    def add_page(self, name: str, show: Callable[[], object], n: int) -> None:
        """An entry for a page, before all others; Ctrl+1 to Ctrl+9."""
        self.insertAction(self._first, action(self, name, show, f"Ctrl+{n}"))

    def _add(self, text: str, do: Callable[[], object], *keys: QKeySequence | Key | str) -> None:
        self.addAction(action(self, text, do, *keys))

    def _add_themes(self) -> None:
        names: dict[Mode, str] = {
            "system": self.tr("As the s&ystem"),
            "light": self.tr("&Light"),
            "dark": self.tr("&Dark"),
        }
        menu = self.addMenu(self.tr("&Theme"))
        group = QActionGroup(self)
        self._themes: dict[Mode, QAction] = {}
        for mode, name in names.items():
            entry = action(self, name, partial(self._set_mode, mode))
            entry.setCheckable(True)
            self._themes[mode] = group.addAction(entry)
            menu.addAction(entry)
        menu.aboutToShow.connect(self._show_mode)

    def _show_mode(self) -> None:
        self._themes[self._context.theme.mode].setChecked(True)

    def _set_mode(self, mode: Mode) -> None:
        self._context.settings.change(theme=mode)
        self._context.theme.set_mode(mode)

    def _step_font(self, step_px: int) -> None:
        wanted_px = self._context.theme.font_px + step_px
        self._set_font(min(max(wanted_px, SMALLEST_FONT_PX), LARGEST_FONT_PX))

    def _set_font(self, size_px: int) -> None:
        self._context.settings.change(font_px=size_px)
        self._context.theme.set_font_px(size_px)

    def _toggle_full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()


class RoomMenu(QMenu):
    """What the room on show can do; its shortcuts hold only while it is on show."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)

    def show_room(self, room: Room | None, name: str, taken: list[QAction]) -> None:
        """Fill in a room's actions; entries of `taken` with a shortcut that the room brings too
        step back."""
        for entry in self.actions():
            self.removeAction(entry)  # clear() would delete what the room still needs
        actions = room.actions() if room is not None else []
        self.menuAction().setVisible(bool(actions))
        if room is not None:
            self.setTitle(name)
        self.addActions(actions)
        keys = {key.toString() for entry in actions for key in entry.shortcuts()}
        for entry in taken:
            own = entry.property("own_shortcuts") or entry.shortcuts()
            entry.setProperty("own_shortcuts", own)
            entry.setShortcuts([key for key in own if key.toString() not in keys])
