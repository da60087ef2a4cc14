"""Where a person picks the next token: the text so far, the likeliest tokens with their probability
before and after the samplers, and what else can be done. Shows what it is told and emits wishes;
its keys are those of its field (step_field.py).
"""

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import Candidate, Top
from gui.chat.step_field import StepField
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.announce import announce
from gui.widgets.candidate_list import CandidateLine, CandidateList
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import frame, label
from gui.widgets.ramp import share_text, spoken_piece, visible_piece

_MOST_ROWS = 9
_TEXT_CHARS = 400
_SPOKEN_CHARS = 40
# So many of the likeliest are read aloud with each step; up and down read the others.
_MOST_SPOKEN = 3
# What else stands in a window: bars, header, the panel's own words, composer, a line of the reply.
_ELSE_PX = 440


class StepPanel(QFrame):
    """The panel above the composer; hidden while nobody picks."""

    picked = Signal(object)  # Candidate
    sampler_asked = Signal()
    back_asked = Signal()
    go_on_asked = Signal()
    end_asked = Signal()
    leave_asked = Signal()
    retry_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._candidates: list[Candidate] = []
        self._shown: list[Candidate] = []
        self._top: Top | None = None
        self._end_ids: frozenset[int] = frozenset()
        self.title = label(tr("You are the sampler"), "heading")
        self.hint = label("", "faint", wrap=True)
        self.text = label("", "dim")
        self.field = StepField()
        self.list = CandidateList(theme)
        self.area = QScrollArea()
        self.foot = label("", "faint", wrap=True)
        self.buttons = {
            "back": QPushButton(tr("Take back")),
            "sampler": QPushButton(tr("Let the sampler pick")),
            "go_on": QPushButton(tr("Let it go on")),
            "end": QPushButton(tr("End the reply")),
            "retry": QPushButton(tr("Try again")),
        }
        self._lay_out()
        self._name_parts()
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    # ---- what it is told ----

    def show_armed(self) -> None:
        """Nothing to pick yet: the next message will have a reply by hand."""
        self.hint.setText(
            tr("Send a message: every token of its reply is yours to pick. Esc leaves.")
        )
        self._show_parts(is_picking=False)
        announce(self, self.hint.text())

    def show_waiting(self, text: str, n_picked: int) -> None:
        """The model is asked what could come next; the old choices stay, greyed."""
        self._show_text(text, n_picked)
        self.list.setEnabled(False)
        self._show_parts(is_picking=True)

    def show_choices(
        self, text: str, n_picked: int, top: Top, end_ids: Sequence[int], n_vocab: int
    ) -> None:
        """What could come next."""
        self._show_text(text, n_picked)
        self._top, self._end_ids = top, frozenset(end_ids)
        self._candidates = list(top.before)
        self.list.setEnabled(True)
        self.foot.setText(self._foot_text(top, n_vocab))
        self.field.clear()
        self._show_lines()
        self._show_parts(is_picking=True)
        announce(self.field, self._spoken_choices(text))

    def show_failure(self, words: str) -> None:
        """The model could not be asked."""
        self.foot.setText(words)
        self._show_parts(is_picking=True)
        self.buttons["retry"].show()
        announce(self.field, words)

    def candidates(self) -> list[Candidate]:
        """The lines' tokens, in their order."""
        return list(self._shown)

    # ---- showing ----

    def _show_text(self, text: str, n_picked: int) -> None:
        self.hint.setText(tr("token {n} of the reply").format(n=n_picked + 1))
        shown = " ".join(text[-_TEXT_CHARS:].split(" ")).replace("\n", "⏎")
        width = max(80, self.width() - self._theme.px(40))
        metrics = self.text.fontMetrics()
        elided = metrics.elidedText(f"{shown}▏", Qt.TextElideMode.ElideLeft, width)
        self.text.setText(elided)
        self.text.setAccessibleName(tr("The reply so far: {text}").format(text=text[-_TEXT_CHARS:]))
        self.buttons["back"].setEnabled(n_picked > 0)

    def _spoken_choices(self, text: str) -> str:
        """What a step brought, for who does not see it: the end of the reply, what may follow."""
        lines = self.list.lines[:_MOST_SPOKEN]
        said = " ".join(text[-_SPOKEN_CHARS:].split())
        return ". ".join(part for part in (said, *map(self.list.spoken, lines)) if part)

    def _foot_text(self, top: Top, n_vocab: int) -> str:
        n_others = f"{max(0, n_vocab - len(top.before)):,}"
        words = tr("The other {n} tokens share {share}.")
        return words.format(n=n_others, share=share_text(top.rest_before))

    def _show_lines(self) -> None:
        wanted = self.field.text().strip().casefold()
        self._shown = [one for one in self._candidates if wanted in self._words(one).casefold()]
        lines = [self._line(number, one) for number, one in enumerate(self._shown)]
        self.list.set_lines(lines, tr("Put “{token}” at the end of the reply"))
        self.list.set_current(0 if lines else -1)
        self.area.verticalScrollBar().setValue(0)
        self._fit()

    def _line(self, number: int, candidate: Candidate) -> CandidateLine:
        return CandidateLine(
            self._label(candidate),
            math.exp(candidate.logprob),
            self._after(candidate.id),
            key=str(number + 1) if number < 9 else "",
            words=self._words(candidate),
        )

    def _label(self, candidate: Candidate) -> str:
        if candidate.id in self._end_ids:
            return tr("end of the reply")
        return visible_piece(candidate.piece)

    def _words(self, candidate: Candidate) -> str:
        if candidate.id in self._end_ids:
            return tr("end of the reply")
        return spoken_piece(candidate.piece)

    def _after(self, token_id: int) -> float | None:
        """What the samplers leave of a token: 0 for nothing; None where that is not known."""
        assert self._top is not None
        for one in self._top.after:
            if one.id == token_id:
                return math.exp(one.logprob)
        return 0.0 if self._top.rest_after < 1e-6 else None

    def _show_parts(self, *, is_picking: bool) -> None:
        parts: list[QWidget] = [self.text, self.field, self.area, self.foot]
        for part in (*parts, *self.buttons.values()):
            part.setVisible(is_picking)
        self.buttons["retry"].hide()
        self.show()

    def _fit(self) -> None:
        """As tall as its lines, up to what leaves the transcript some room."""
        row, window = self.list.row_height, self.window().height()
        n_rows = min(_MOST_ROWS, max(1, len(self._candidates))) + 1
        room = min(window // 3, window - self._theme.px(_ELSE_PX))
        self.area.setFixedHeight(max(3 * row, min(n_rows * row, room)))

    # ---- making ----

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.addWidget(self.title)
        heading.addWidget(self.hint, 1)
        row = FlowLayout()
        row.setSpacing(6)
        for button in self.buttons.values():
            row.addWidget(button)
        self.area.setWidget(self.list)
        self.area.setWidgetResizable(True)
        self.list.setProperty("kind", "page")
        card = frame("card")
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 6)
        outside.addWidget(card)
        layout = self._inside = QVBoxLayout(card)
        layout.addLayout(heading)
        for part in (self.text, self.field, self.area, self.foot):
            layout.addWidget(part)
        layout.addLayout(row)

    def _name_parts(self) -> None:
        self.setAccessibleName(tr("You are the sampler"))
        self.list.set_headings(tr("model"), tr("after samplers"))
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.field.setPlaceholderText(tr("Type to filter; 1-9 or Enter picks"))
        self.field.setAccessibleName(tr("Filter the tokens"))
        self.field.setToolTip(
            tr(
                "1 to 9 pick, up and down choose, Enter picks what is chosen, Space lets the"
                " sampler pick, Backspace takes the last token back, Ctrl+Enter lets the model go"
                " on, Shift+Enter ends the reply, Esc leaves it as it is"
            )
        )
        tips = {
            "back": tr("Take the last token back (Backspace)"),
            "sampler": tr("Take the token that the sampler drew by its settings (Space)"),
            "go_on": tr("The model writes the rest of the reply by itself (Ctrl+Enter)"),
            "end": tr("The reply is whole as it is now (Shift+Enter)"),
            "retry": tr("Ask the model for the next tokens once more (Enter)"),
        }
        for name, button in self.buttons.items():
            button.setProperty("kind", "chip")
            button.setToolTip(tips[name])
            button.setAccessibleName(button.text())

    def _connect(self) -> None:
        field, buttons = self.field, self.buttons
        field.textEdited.connect(self._on_filtered)
        field.digit_pressed.connect(self._on_digit)
        field.moved.connect(self._on_moved)
        field.enter_pressed.connect(self._on_enter)
        field.go_on_pressed.connect(self.go_on_asked)
        field.end_pressed.connect(self.end_asked)
        field.space_pressed.connect(self.sampler_asked)
        field.back_pressed.connect(self.back_asked)
        field.escape_pressed.connect(self.leave_asked)
        self.list.picked.connect(self._on_picked)
        buttons["back"].clicked.connect(self.back_asked)
        buttons["sampler"].clicked.connect(self.sampler_asked)
        buttons["go_on"].clicked.connect(self.go_on_asked)
        buttons["end"].clicked.connect(self.end_asked)
        buttons["retry"].clicked.connect(self.retry_asked)

    # ---- slots ----

    @Slot()
    def _on_filtered(self) -> None:
        self._show_lines()

    @Slot(int)
    def _on_digit(self, number: int) -> None:
        self._on_picked(number - 1)

    @Slot(int)
    def _on_moved(self, step: int) -> None:
        self.list.move_current(step)
        row = self.list.row_rect(self.list.current).toRect()
        self.area.ensureVisible(0, row.center().y(), 0, row.height())
        announce(self.field, self.list.accessibleDescription())

    @Slot()
    def _on_enter(self) -> None:
        if self.buttons["retry"].isVisible():
            self.retry_asked.emit()
        else:
            self.list.pick_current()

    @Slot(int)
    def _on_picked(self, index: int) -> None:
        if 0 <= index < len(self._shown) and self.list.isEnabled():
            self.picked.emit(self._shown[index])

    @Slot()
    def _on_theme_changed(self) -> None:
        px = self._theme.px
        self._inside.setContentsMargins(px(14), px(10), px(14), px(10))
        self._inside.setSpacing(px(6))
        self._fit()
