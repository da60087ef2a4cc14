"""The messages of the chat page below one another, as cards that follow the draft."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.theme import Theme
from gui.tokens.chat_draft import ChatDraft
from gui.tokens.message_card import MessageCard
from gui.tokens.words import tr
from gui.widgets.kinds import button


class MessageList(QScrollArea):
    """A card for each message of the draft, and a button for one more."""

    def __init__(self, theme: Theme, draft: ChatDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._draft = theme, draft
        self.cards: list[MessageCard] = []
        self.add_button = button(
            tr("Add a message"), "chip", tr("One more message at the end, of who speaks next")
        )
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Messages"))
        page = QWidget()
        page.setProperty("kind", "page")
        self._column = QVBoxLayout(page)
        self._column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(page)
        self.add_button.clicked.connect(self._on_add)
        draft.listed.connect(self._on_listed)
        theme.changed.connect(self._dress)
        self._dress()

    def card(self, entry_id: int) -> MessageCard:
        return next(card for card in self.cards if card.id == entry_id)

    def show_counts(self, counts: Sequence[tuple[int, int]]) -> None:
        """Of each message its own tokens and the template's around it; [] for not known."""
        known = counts if len(counts) == len(self.cards) else [(-1, 0)] * len(self.cards)
        for card, (own, around) in zip(self.cards, known, strict=True):
            card.show_count(own, around)

    @Slot()
    def _on_listed(self) -> None:
        """Cards in the draft's order: those that are there stay as they are, the keys too."""
        old = {card.id: card for card in self.cards}
        entries = self._draft.entries
        self.cards = [old.pop(one.id) if one.id in old else self._new(one.id) for one in entries]
        for card in old.values():
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, (card, entry) in enumerate(zip(self.cards, entries, strict=True)):
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            card.show_role(entry.role)
            card.show_ends(is_first=place == 0, is_last=place == len(entries) - 1)
        self._order_keys()

    def _order_keys(self) -> None:
        before: QWidget | None = None
        for card in self.cards:
            for one in (card.role, card.up, card.down, card.delete, card.edit):
                if before is not None:
                    QWidget.setTabOrder(before, one)
                before = one
        if before is not None:
            QWidget.setTabOrder(before, self.add_button)

    def _new(self, entry_id: int) -> MessageCard:
        entry = self._draft.entries[self._draft.place_of(entry_id)]
        card = MessageCard(self._theme, entry, self._draft.text(entry_id), self.widget())
        card.text_edited.connect(self._draft.set_text)
        card.role_chosen.connect(self._draft.set_role)
        card.move_asked.connect(self._draft.move)
        card.delete_asked.connect(self._draft.remove)
        return card

    @Slot()
    def _on_add(self) -> None:
        card = self.card(self._draft.add())
        card.edit.setFocus()
        # Its place is known when the layout was made.
        QTimer.singleShot(0, card, lambda: self.ensureWidgetVisible(card))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(12), px(10), px(12), px(12))
        self._column.setSpacing(px(8))
