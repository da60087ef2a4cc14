"""The pieces that could have stood in a word, each under the letters it covers, with its score; the
way that was taken on the first row. For tokenizers that choose instead of merging. Paints itself.
"""

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine.process.token_messages import Choice
from gui.theme import Theme
from gui.tokens.merge_steps import MergeSteps
from gui.tokens.words import tr
from gui.widgets.token_text import shown

ROW_PX, LETTER_PX, GAP_PX, SMALL_PX = 34, 24, 3, 10
LEAST_COLUMN_PX = 44
MOST_LETTERS = 200


class MergeLattice(QWidget):
    """As large as its rows; who shows it scrolls."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._letters: list[tuple[int, int, str]] = []
        self._rows: list[list[Choice]] = []
        self.setAccessibleName(tr("Pieces that could stand here"))
        theme.changed.connect(self._on_theme_changed)

    def show_steps(self, steps: MergeSteps | None) -> None:
        """Another word; None for none."""
        self._letters, self._rows = [], []
        if steps is not None:
            letters = _letters_of(b"".join(steps.merges.pieces))
            if len(letters) <= MOST_LETTERS:
                self._letters, self._rows = letters, steps.choice_rows()
        self.setAccessibleDescription(self._words())
        self._on_theme_changed()

    @property
    def rows(self) -> list[list[Choice]]:
        return self._rows

    def sizeHint(self) -> QSize:
        if not self._letters:
            return QSize(0, 0)
        px = self._theme.px
        height = px(LETTER_PX) + len(self._rows) * px(ROW_PX)
        return QSize(len(self._letters) * px(LEAST_COLUMN_PX) + 2, height + 2)

    def box_of(self, choice: Choice, row: int) -> QRectF:
        """Where a choice is painted."""
        px = self._theme.px
        left, right = self._column(choice.start), self._column(choice.end)
        top = px(LETTER_PX) + row * px(ROW_PX)
        gap = px(GAP_PX)
        return QRectF(left, top, right - left, px(ROW_PX)).adjusted(gap / 2, 0, -gap / 2, -gap)

    def _column(self, byte: int) -> float:
        """Where the letter begins that a byte is in; behind the last one for the end."""
        n_before = sum(start < byte for start, _, _ in self._letters)
        return n_before * self._theme.px(LEAST_COLUMN_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_letters(painter)
        for number, row in enumerate(self._rows):
            for choice in row:
                box = self.box_of(choice, number)
                if box.intersects(QRectF(event.rect())):
                    self._paint_choice(painter, choice, box)
        painter.end()

    def _paint_letters(self, painter: QPainter) -> None:
        px, palette = self._theme.px, self._theme.palette
        painter.setFont(self._theme.font("mono"))
        painter.setPen(QColor(palette.text_dim))
        for index, (_, _, letter) in enumerate(self._letters):
            box = QRectF(index * px(LEAST_COLUMN_PX), 0, px(LEAST_COLUMN_PX), px(LETTER_PX))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_choice(self, painter: QPainter, choice: Choice, box: QRectF) -> None:
        palette, px = self._theme.palette, self._theme.px
        colour = palette.token[choice.start % len(palette.token)]
        painter.setBrush(QColor(palette.accent_soft if choice.is_taken else colour))
        is_taken = choice.is_taken
        painter.setPen(QPen(QColor(palette.accent), 2) if is_taken else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), px(6), px(6))
        upper, lower = QRectF(box), QRectF(box)
        if choice.score is not None:
            upper.setHeight(box.height() * 0.6)
            lower.setTop(upper.bottom() - 2)
            painter.setFont(self._small())
            painter.setPen(QColor(palette.text_dim))
            painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, f"{choice.score:.2f}")
        font = self._theme.font("mono")
        painter.setFont(font)
        painter.setPen(QColor(palette.text))
        room = QFontMetricsF(font).elidedText(
            shown(choice.piece), Qt.TextElideMode.ElideMiddle, box.width() - 4
        )
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, room)

    def _small(self) -> QFont:
        font = self._theme.font("body")
        font.setPixelSize(self._theme.px(SMALL_PX))
        return font

    def _words(self) -> str:
        """The choices as they are read aloud, those that were taken first."""
        parts = []
        for row in self._rows:
            for one in row:
                score = f" {one.score:.2f}" if one.score is not None else ""
                taken = " " + tr("taken") if one.is_taken else ""
                parts.append(f"{shown(one.piece)}{score}{taken}")
        return ", ".join(parts)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()


def _letters_of(text: bytes) -> list[tuple[int, int, str]]:
    """Characters with their bytes: start, end, how they are shown."""
    letters, at = [], 0
    for letter in text.decode("utf-8", "surrogateescape"):
        data = letter.encode("utf-8", "surrogateescape")
        letters.append((at, at + len(data), shown(data)))
        at += len(data)
    return letters
