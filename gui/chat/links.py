"""Links ask first: what a click on one opens is a small card with its real address, and from there
the browser or the clipboard. Nothing is opened or fetched by itself.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import (
    QCursor,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from engine.errors import AppError
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.escape import claim_escape
from gui.widgets.kinds import button, label
from gui.widgets.link_facts import LinkFacts, link_facts
from gui.widgets.markdown_inline import is_safe_link

WIDTH_PX = 380
# Longer ones are cut in the middle; what is copied and opened is whole.
SHOWN_CHARS = 400


class Links(Feature):
    """The card, for the links of the room's transcript and of what stands in its place."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._transcript = parts.work.transcript
        self.card = LinkCard(parts.context.theme, parts.work)
        self.card.open_button.clicked.connect(self._on_open)
        self.card.copy_button.clicked.connect(self._on_copy)
        self._transcript.link_activated.connect(self._on_link_activated)
        self._transcript.verticalScrollBar().valueChanged.connect(self.card.hide)
        parts.session.chat_opened.connect(self.card.hide)

    @Slot(str, str)
    def _on_link_activated(self, url: str, words: str) -> None:
        if is_safe_link(url):
            self.card.ask(link_facts(url, words), self._corner())

    def _corner(self) -> QPoint:
        """Where the click was; for a key, the middle of what is shown."""
        work, page = self.parts.work, self.parts.work.pages
        at = work.mapFromGlobal(QCursor.pos())
        return at if page.geometry().contains(at) else page.geometry().center()

    @Slot()
    def _on_open(self) -> None:
        address = self.card.address
        self.card.leave()
        if not self.parts.context.connections.open_in_browser(address):
            self.parts.context.notices.show_error(
                AppError(
                    tr("No browser could be started."),
                    tr("Copy the address instead and paste it into your browser."),
                    address,
                )
            )

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.card.address)
        self.card.leave()


class LinkCard(QFrame):
    """An address, what is odd about it, and what can be done with it. Esc or a click elsewhere
    leaves it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._came_from: QWidget | None = None
        self.address = ""
        self._theme = theme
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("A link"))
        self.title = label(tr("This link leads to"), "dim")
        self.shown = label("", "mono", wrap=True)
        self.warning = label("", "warn", wrap=True)
        self.shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_button = button(
            tr("Open in browser"),
            "primary",
            tr("Hand this address to your browser, which will connect to it"),
        )
        self.copy_button = button(tr("Copy"), "", tr("Put the address on the clipboard"))
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.open_button)
        row.addWidget(self.copy_button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        for part in (self.title, self.shown, self.warning):
            layout.addWidget(part)
        layout.addLayout(row)

    def ask(self, facts: LinkFacts, at: QPoint) -> None:
        """Show a link's card near a point of the parent."""
        self.address = facts.address
        self.shown.setText(_breakable(facts.address))
        self.shown.setAccessibleName(facts.address)
        self.warning.setText("\n".join(_warnings(facts)))
        self.warning.setVisible(bool(self.warning.text()))
        self.setAccessibleDescription(f"{facts.address} {self.warning.text()}")
        self._came_from = QApplication.focusWidget()
        self.show()
        self.raise_()
        self._place(at)  # only now its parts have their fonts, and it its height
        # The harmless one first: a stray Enter opens nothing.
        self.copy_button.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Close it; the keys go back to where they were."""
        came_from, self._came_from = self._came_from, None
        self.hide()
        if came_from is not None and isValid(came_from) and came_from.isVisible():
            came_from.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self, at: QPoint) -> None:
        parent = self._over
        width = min(self._theme.px(WIDTH_PX), parent.width() - 16)
        self.setFixedWidth(max(120, width))
        height = max(self.heightForWidth(self.width()), self.sizeHint().height())
        self.resize(self.width(), height)
        x = min(max(8, at.x() - 24), parent.width() - self.width() - 8)
        y = at.y() + 16
        if y + height > parent.height() - 8:
            y = max(8, at.y() - height - 12)
        self.move(x, y)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        _application().installEventFilter(self)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        _application().removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and self._is_elsewhere(watched):
            self.hide()
        return False

    def _is_elsewhere(self, watched: QObject) -> bool:
        if not isinstance(watched, QWidget):
            return False
        return watched is not self and not self.isAncestorOf(watched)


def _warnings(facts: LinkFacts) -> list[str]:
    """What is odd about a link, a sentence each."""
    result = []
    if facts.claimed:
        words = tr("Its words say {claimed}, but it leads elsewhere.")
        result.append(words.format(claimed=facts.claimed))
    if facts.host:
        words = tr("Its name has letters that can be taken for others: {host}")
        result.append(words.format(host=facts.host))
    if facts.has_name:
        result.append(tr("What stands before the @ is a name, not where it leads."))
    return result


def _breakable(address: str) -> str:
    """An address that a label can break over lines: between any two signs, unseen."""
    if len(address) > SHOWN_CHARS:
        half = SHOWN_CHARS // 2
        address = f"{address[:half]} … {address[-half:]}"
    return "\u200b".join(address)


def _application() -> QObject:
    application = QApplication.instance()
    assert application is not None
    return application
