"""What else could have stood at a token: the likeliest alternatives with their probability, what
all others share, before or after the samplers.

Floats above its parent, never takes the focus and never waits; who shows it passes the keys on that
it may act on (`key`). Knows no chat and no model.
"""

import math

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.process.messages import Candidate, Token, Top
from gui.theme import Theme
from gui.widgets.candidate_list import CandidateLine, CandidateList
from gui.widgets.kinds import label
from gui.widgets.ramp import bits_of, share_text, spoken_piece, visible_piece

WIDTH_PX = 264
_SHADOW_PX = 10
_MOST_LINES = 10
_LEAST_LINES = 4


class ProbabilityPopup(QWidget):
    """One token's alternatives."""

    candidate_picked = Signal(object)  # Candidate
    closed = Signal()
    entered = Signal()  # the mouse came onto it
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parent = parent
        self._column = QVBoxLayout(self)
        self._top: Top | None = None
        self._token: Token | None = None
        self._shown: list[Candidate] = []
        self._n_vocab = 0
        self._refusal = ""
        self._most_lines = _MOST_LINES
        self.title = label("", "heading")
        self.bits = label("", "faint")
        self.before_button = QPushButton(self.tr("Before"))
        self.after_button = QPushButton(self.tr("After"))
        self.list = CandidateList(theme)
        self.foot = label("", "faint", wrap=True)
        self._lay_out()
        self._name_parts()
        self.list.picked.connect(self._on_picked)
        self._switch.buttonClicked.connect(self._on_switched)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    # ---- what it shows ----

    def show_waiting(self, token: Token, words: str) -> None:
        """The alternatives are not known yet, or never will be; words say why."""
        self._top, self._token = None, token
        self._show_heading(token)
        self.list.set_lines([])
        self._set_parts(words, has_list=False)

    def show_top(self, token: Token, top: Top, n_vocab: int, refusal: str = "") -> None:
        """The alternatives of a token.

        Args:
            refusal: why none of them can be chosen; "" where they can.
        """
        self._top, self._token, self._n_vocab, self._refusal = top, token, n_vocab, refusal
        self._show_heading(token)
        self.after_button.setEnabled(bool(top.after))
        if not top.after:
            self.before_button.setChecked(True)
        self._show_lines()

    @property
    def shows_after(self) -> bool:
        return self.after_button.isChecked()

    def candidates(self) -> list[Candidate]:
        """The lines' tokens, in their order."""
        return list(self._shown)

    def _show_heading(self, token: Token) -> None:
        text = self.tr("instead of “{token}”").format(token=visible_piece(token.piece).strip("·"))
        width = self._theme.px(WIDTH_PX - 90)
        metrics = self.title.fontMetrics()
        self.title.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width))
        self.setAccessibleName(
            self.tr("instead of “{token}”").format(token=spoken_piece(token.piece))
        )
        known = token.logprob is not None
        bits = bits_of(token.logprob) if token.logprob is not None else 0.0
        self.bits.setText(self.tr("{n} bits").format(n=f"{bits:.1f}") if known else "")

    def _show_lines(self) -> None:
        assert self._top is not None and self._token is not None
        top, token = self._top, self._token
        told = top.after if self.shows_after else top.before
        shown = told[: self._most_lines]
        rest = top.rest_after if self.shows_after else top.rest_before
        rest += math.fsum(map(_share, told[self._most_lines :]))
        is_there = any(one.id == token.id for one in shown)
        if not is_there and token.logprob is not None and not self.shows_after:
            # Outside of the likeliest: the token that was written stands below them.
            shown.append(Candidate(token.id, token.piece, token.logprob))
            rest = max(0.0, rest - _share(shown[-1]))
        self._shown = shown
        tip = self.tr("Go on from here with “{token}”; the old reply is kept as a version")
        self.list.set_lines([_line(one, token.id) for one in shown], "" if self._refusal else tip)
        self._set_parts(self._foot_text(rest), has_list=True)

    def _foot_text(self, rest: float) -> str:
        hint = self._refusal or self.tr("click to fork here")
        if self.shows_after:
            words = self.tr("all others after the samplers: {share}")
        else:
            words = self.tr("rest of {n} tokens: {share}")
        text = words.format(n=f"{self._n_vocab:,}", share=share_text(rest))
        return f"{text} · {hint}"

    def _set_parts(self, foot: str, *, has_list: bool) -> None:
        self.list.setVisible(has_list)
        self.before_button.setVisible(has_list)
        self.after_button.setVisible(has_list)
        self.switch_words.setVisible(has_list)
        self.foot.setText(foot)
        shown = self.after_button if self.shows_after else self.before_button
        lines = [shown.accessibleName(), self.list.words()] if has_list else []
        parts = [self.bits.text(), *lines, foot]
        self.setAccessibleDescription(". ".join(part for part in parts if part))
        self._fit()

    def spoken(self) -> str:
        """All of it in words."""
        return f"{self.accessibleName()}. {self.accessibleDescription()}"

    def spoken_now(self) -> str:
        """What a key has just changed, in words: the line that is chosen, or all of it."""
        if self.list.current < 0:
            return self.spoken()
        line = self.list.accessibleDescription()
        return f"{line}. {self._refusal}" if self._refusal else line

    # ---- place ----

    def place_at(self, rect: QRectF) -> None:
        """Show it below a rectangle of the parent, or above where there is more room."""
        self._anchor = rect
        self._most_lines = _MOST_LINES
        if self._top is not None:
            self._show_lines()
            self._shorten()
        self._fit()
        self.show()
        self.raise_()

    def _shorten(self) -> None:
        """Fewer lines where neither above nor below the token there is room for all."""
        above = self._anchor.top()
        room = max(above, self._parent.height() - self._anchor.bottom()) + _SHADOW_PX
        n_over = math.ceil((self.height() - room) / self.list.row_height)
        if n_over > 0:
            self._most_lines = max(_LEAST_LINES, len(self._shown) - n_over)
            self._show_lines()

    def _fit(self) -> None:
        self._column.activate()
        width = self._theme.px(WIDTH_PX) + 2 * _SHADOW_PX
        height = self._column.totalHeightForWidth(width)
        self.resize(width, height if height > 0 else self.sizeHint().height())
        if self._anchor.isNull():
            return
        parent, rect = self._parent, self._anchor
        x = min(max(0.0, rect.x() - _SHADOW_PX), max(0.0, parent.width() - float(width)))
        below = rect.bottom() - _SHADOW_PX + 4
        above = rect.top() - self.height() + _SHADOW_PX - 4
        fits_below = below + self.height() <= parent.height() + _SHADOW_PX
        y = below if fits_below or above < -_SHADOW_PX else above
        lowest = parent.height() - float(self.height()) + _SHADOW_PX
        y = min(max(-float(_SHADOW_PX), y), max(0.0, lowest))
        self.move(QPoint(round(x), round(y)))

    # ---- keys ----

    def key(self, key: int) -> bool:
        """Do what a key says here: up, down and Enter in the list, left and right between before
        and after, Esc; False if it says nothing."""
        keys = Qt.Key
        if key == keys.Key_Escape:
            self.close_it()
        elif key in (keys.Key_Down, keys.Key_Up) and self._shown and self._top is not None:
            self.list.move_current(1 if key == keys.Key_Down else -1)
        elif key in (keys.Key_Return, keys.Key_Enter) and self.list.current >= 0:
            # Where nothing can be chosen the words at its foot say why.
            self.list.pick_current()
        elif key in (keys.Key_Left, keys.Key_Right) and self._top is not None:
            self._show_after(key == keys.Key_Right)
        else:
            return False
        return True

    def close_it(self) -> None:
        """Away with it; told once."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _show_after(self, is_after: bool) -> None:
        button = self.after_button if is_after else self.before_button
        if button.isEnabled() and not button.isChecked():
            button.setChecked(True)
            self._show_lines()

    # ---- making ----

    def _lay_out(self) -> None:
        self._anchor = QRectF()
        heading = QHBoxLayout()
        heading.addWidget(self.title, 1)
        heading.addWidget(self.bits)
        switch = QHBoxLayout()
        switch.setSpacing(4)
        self._switch = QButtonGroup(self)
        for button in (self.before_button, self.after_button):
            switch.addWidget(button)
            self._switch.addButton(button)
        self.switch_words = label(self.tr("the samplers"), "faint")
        switch.addWidget(self.switch_words)
        switch.addStretch(1)
        layout = self._column
        layout.setSpacing(6)
        layout.addLayout(heading)
        layout.addWidget(self.list)
        layout.addLayout(switch)
        layout.addWidget(self.foot)

    def _name_parts(self) -> None:
        self.before_button.setToolTip(self.tr("Probabilities as the model gives them (left arrow)"))
        self.after_button.setToolTip(
            self.tr("What temperature, top-p and the other samplers leave of them (right arrow)")
        )
        for button in (self.before_button, self.after_button):
            button.setProperty("kind", "chip")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAccessibleName(f"{button.text()} {self.switch_words.text()}")
        self.before_button.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    # ---- events ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.rect()).adjusted(_SHADOW_PX, _SHADOW_PX, -_SHADOW_PX, -_SHADOW_PX)
        radius = self._theme.px(10)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SHADOW_PX, 0, -2):
            painter.setBrush(QColor(0, 0, 0, 5))
            painter.drawRoundedRect(
                card.adjusted(-step, -step + 3, step, step), radius + step, radius + step
            )
        painter.setPen(QPen(QColor(self._theme.palette.line), 1))
        painter.setBrush(QColor(self._theme.palette.pane))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.entered.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    @Slot(int)
    def _on_picked(self, index: int) -> None:
        self.candidate_picked.emit(self._shown[index])

    @Slot()
    def _on_switched(self) -> None:
        self._show_lines()

    @Slot()
    def _on_theme_changed(self) -> None:
        inner = _SHADOW_PX + self._theme.px(12)
        self._column.setContentsMargins(inner, inner - 2, inner, inner - 2)
        if self.isVisible():
            self._fit()
        self.update()


def _share(candidate: Candidate) -> float:
    return math.exp(candidate.logprob)


def _line(candidate: Candidate, chosen_id: int) -> CandidateLine:
    is_chosen = candidate.id == chosen_id
    return CandidateLine(
        visible_piece(candidate.piece),
        _share(candidate),
        is_chosen=is_chosen,
        words=spoken_piece(candidate.piece),
    )
