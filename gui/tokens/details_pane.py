"""The pane beside the text: the chosen token, and under it the sections that other parts of the
room supply."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.tokens.panel import TokensPanel, side_factories
from gui.tokens.parts import TokensParts
from gui.tokens.token_card import TokenCard
from gui.widgets.kinds import caps


class DetailsPane(QScrollArea):
    """Scrolls down, never sideways."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        inner = QWidget()
        inner.setObjectName("tokens_details")
        inner.setMinimumWidth(1)
        self._column = QVBoxLayout(inner)
        self.token = TokenCard(parts.context.theme, parts.state, inner)
        self._column.addWidget(self.token)
        self.sections: dict[str, TokensPanel] = {}
        for key, name, tip, make in side_factories():
            heading = caps(name)
            heading.setToolTip(tip)
            heading.setWordWrap(True)
            self.sections[key] = make(parts, inner)
            self._column.addWidget(heading)
            self._column.addWidget(self.sections[key])
        self._column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner.setStyleSheet("#tokens_details { background: transparent; }")
        state = parts.state
        state.token_chosen.connect(self._on_token)
        state.text_changed.connect(self._on_text)
        state.tokenizer_changed.connect(self._on_tokenizer)
        parts.context.theme.changed.connect(self._dress)
        self._dress()

    def save_state(self) -> None:
        for section in self.sections.values():
            section.save_state()

    @Slot(int)
    def _on_token(self, index: int) -> None:
        for section in self.sections.values():
            section.on_token_chosen(index)

    @Slot()
    def _on_text(self) -> None:
        for section in self.sections.values():
            section.on_text_changed()

    @Slot()
    def _on_tokenizer(self) -> None:
        for section in self.sections.values():
            section.on_tokenizer_changed()

    @Slot()
    def _dress(self) -> None:
        px = self._parts.context.theme.px
        self._column.setContentsMargins(px(14), px(12), px(14), px(12))
        self._column.setSpacing(px(10))
