"""The models that can be taught, those that cannot greyed with their reason. Shows what it is
given; asks nobody.
"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from engine.process.tune_messages import BaseInfo
from gui.icons import icon
from gui.theme import Theme
from gui.tune.base_words import base_line
from gui.tune.words import tr
from gui.widgets.plain_tip import plain_tip

_PATH = Qt.ItemDataRole.UserRole + 1
TALLEST_PX = 340


class BaseList(QListWidget):
    """Two lines each: name, and facts or reason. A click or Enter chooses."""

    base_chosen = Signal(str)  # a path

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.bases: list[BaseInfo] = []
        self._chosen = self._in_chat = ""
        self.setAccessibleName(tr("Models that can be taught"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(True)
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)
        theme.changed.connect(self._dress)

    def show_bases(self, bases: list[BaseInfo], chosen: str, in_chat: str) -> None:
        """chosen, in_chat: paths, "" for none."""
        self.bases, self._chosen, self._in_chat = bases, chosen, in_chat
        place = self.verticalScrollBar().value()
        with QSignalBlocker(self):
            self.clear()
            for info in bases:
                self.addItem(self._item(info))
        self.verticalScrollBar().setValue(place)
        self._mark()

    def choose(self, path: str) -> None:
        """Mark the one that is taught, without telling."""
        self._chosen = path
        self._mark()

    def filter(self, query: str) -> int:
        """Show only those in whose words all of the query's are; how many that are."""
        words = query.casefold().split()
        n_shown = 0
        for row in range(self.count()):
            text = self.item(row).text().casefold()
            is_shown = all(word in text for word in words)
            self.item(row).setHidden(not is_shown)
            n_shown += is_shown
        self._fit()
        return n_shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()  # facts are set in more lines, or fewer

    def _item(self, info: BaseInfo) -> QListWidgetItem:
        facts = base_line(info)
        if info.path == self._in_chat:
            facts = tr("in Chat · {facts}").format(facts=facts)
        item = QListWidgetItem(f"{info.name}\n{facts}")
        item.setToolTip(plain_tip("\n".join(filter(None, (info.path, info.reason, info.note)))))
        if info.reason:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        else:
            item.setData(_PATH, info.path)
        return item

    @Slot()
    def _dress(self) -> None:
        self._mark()

    def _mark(self) -> None:
        """A tick at the chosen one, which is the current one too."""
        tick, none = icon("check", self._theme.palette.accent), _room_for_a_tick()
        self.setIconSize(QSize(self._theme.px(16), self._theme.px(16)))
        row_chosen = -1
        with QSignalBlocker(self):
            for row in range(self.count()):
                is_it = bool(self._chosen) and self.item(row).data(_PATH) == self._chosen
                self.item(row).setIcon(tick if is_it else none)
                if self.item(row).data(_PATH) is None:
                    self.item(row).setForeground(QColor(self._theme.palette.text_faint))
                row_chosen = row if is_it else row_chosen
            self.setCurrentRow(row_chosen)
        self._fit()

    def _fit(self) -> None:
        """As tall as its lines, to a bound: beyond it the list scrolls."""
        items = [self.item(row) for row in range(self.count())]
        shown = [item for item in items if not item.isHidden()]
        # Facts in two lines have their height only once they are laid out.
        self.doItemsLayout()
        height = sum(self.visualItemRect(item).height() for item in shown)
        height += 2 * self.frameWidth() + 2
        self.setFixedHeight(min(height, self._theme.px(TALLEST_PX)))
        self.setVisible(bool(shown))

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        path = item.data(_PATH)
        if path and path != self._chosen:
            self.choose(path)
            self.base_chosen.emit(path)


def _room_for_a_tick() -> QIcon:
    """So that all names stand below one another."""
    nothing = QPixmap(32, 32)
    nothing.fill(Qt.GlobalColor.transparent)
    return QIcon(nothing)
