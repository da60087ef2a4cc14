"""The pane beside the text: the chosen token, and under it the sections that other parts of the
room supply."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from gui.tokens.lesson_section import LessonSection
from gui.tokens.panel import TokensPanel, side_factories
from gui.tokens.parts import TokensParts
from gui.tokens.token_card import TokenCard
from gui.widgets.kinds import caps

LESSON = "lesson"


class DetailsPane(QScrollArea):
    """Scrolls down, never sideways. A lesson that is under way stands above all else."""

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
        self._headings: dict[str, QLabel] = {}
        for key, name, tip, make in side_factories():
            heading = caps(name)
            heading.setToolTip(tip)
            heading.setWordWrap(True)
            self.sections[key] = make(parts, inner)
            self._headings[key] = heading
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
        self.lesson.changed.connect(self._on_lesson_changed)
        self.lesson.stepped.connect(self._on_lesson_stepped)
        self._dress()

    @property
    def lesson(self) -> LessonSection:
        section = self.sections[LESSON]
        assert isinstance(section, LessonSection), section
        return section

    def show_whole(self, is_whole: bool) -> None:
        """All of it, or the lesson alone: beside a page that has no tokens to look at."""
        self.token.setVisible(is_whole)
        for key, section in self.sections.items():
            section.setVisible(is_whole or key == LESSON)
            self._headings[key].setVisible(is_whole or key == LESSON)

    @Slot()
    def _on_lesson_changed(self) -> None:
        """Above everything while it is under way, below it otherwise."""
        heading, section = self._headings[LESSON], self.lesson
        for one in (heading, section):
            self._column.removeWidget(one)
        top = 0 if section.lesson is not None else self._column.count() - 1  # the stretch is last
        self._column.insertWidget(top, heading)
        self._column.insertWidget(top + 1, section)
        self._on_lesson_stepped()

    @Slot()
    def _on_lesson_stepped(self) -> None:
        """What there is to read now is at its top, once it is laid out."""
        QTimer.singleShot(0, self, lambda: self.verticalScrollBar().setValue(0))

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
        for heading in self._headings.values():
            heading.setContentsMargins(0, px(12), 0, 0)
