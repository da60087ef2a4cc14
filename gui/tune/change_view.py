"""A text as tokens coloured by how their likelihood changed, with a legend."""

from __future__ import annotations

from array import array

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import Theme
from gui.tune.changes import Changes, step_words
from gui.tune.words import tr
from gui.widgets.token_paint import MORE, Brushwork, Marks
from gui.widgets.token_text import TokenText, shown
from gui.widgets.token_view import TokenView

HEIGHT_PX = 150
BOX_PX = 40


class ChangeView(TokenView):
    """Arrow keys go from token to token and say what became of each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.changes: Changes | None = None
        self.setAccessibleName(tr("The text, token by token"))
        self.setToolTip(tr("Point at a token to see its probability before and after"))
        theme.changed.connect(self._on_size_changed)
        self._on_size_changed()

    def set_changes(self, changes: Changes | None) -> None:
        self.changes = changes
        if changes is None:
            self.set_tokens(TokenText(array("i"), b"", array("q")))
            return
        self.set_tokens(changes.tokens)
        self.set_marks(Marks(changed=changes.marks()))

    def describe(self, token: int) -> str:
        if self.changes is None or not 0 <= token < len(self._tokens):
            return ""
        return f"“{shown(self._tokens.piece(token))}” · {self.changes.words(token)}"

    @Slot()
    def _on_size_changed(self) -> None:
        self.setFixedHeight(self._theme.px(HEIGHT_PX))


class ChangeLegend(QWidget):
    """The six steps as the view paints them, with their factors."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps = step_words()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        words = tr("Orange with a bar below: less likely now. Teal with a bar above: likelier now.")
        self.setAccessibleName(words)
        self.setToolTip(words)
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        px = self._theme.px
        return QSize(len(self._steps) * (px(BOX_PX) + px(4)), px(22))

    def paintEvent(self, _event: QPaintEvent) -> None:
        px, look = self._theme.px, Brushwork(self._theme)
        painter = QPainter(self)
        font = self._theme.font("body")
        font.setPixelSize(px(11))
        painter.setFont(font)
        series = self._theme.palette.series
        for place, (step, words) in enumerate(self._steps):
            box = QRectF(place * (px(BOX_PX) + px(4)), 0, px(BOX_PX), px(20))
            painter.fillRect(box, look.change_colour(step))
            thick = float(px(2))
            y = box.top() if step > MORE else box.bottom() - thick
            painter.fillRect(
                QRectF(box.left(), y, box.width(), thick), QColor(series[0 if step > MORE else 1])
            )
            painter.setPen(QColor(self._theme.palette.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()
