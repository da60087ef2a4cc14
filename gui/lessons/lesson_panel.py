"""One lesson, step by step, as narrow as a details pane: the claim and a guess; “Show me”, which
sets the room up; the answer, what to look for, and what it means. Knows rooms only by their host.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.lessons.answers import check
from gui.lessons.done import DoneMarks
from gui.lessons.guess_field import GuessField
from gui.lessons.host import LessonHost, filled
from gui.lessons.lesson import Lesson
from gui.lessons.words import tr
from gui.theme import Theme
from gui.widgets.announce import announce
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, caps, label, set_kind

Step = Literal["guess", "show", "working", "look"]


class LessonPanel(QWidget):
    """Empty until `begin`."""

    next_asked = Signal(str)  # the lesson that is on show
    all_asked = Signal()  # to the page of all lessons
    closed = Signal()
    stepped = Signal(str)  # the step that is reached

    def __init__(
        self, theme: Theme, done: DoneMarks, host: LessonHost, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._done, self._host = theme, done, host
        self.lesson: Lesson | None = None
        self.step: Step = "guess"
        self.said = ""
        self._run = 0  # counts beginnings: what is heard of an earlier one is left
        self._answer: str | float | None = None
        self._is_set_up = False
        self._body = QWidget(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._body)
        theme.changed.connect(self._dress)

    # ---- the steps ----

    def begin(self, lesson: Lesson, stage: str) -> None:
        """Show a lesson from its beginning. stage: its stage's title."""
        self.lesson, self.step, self.said = lesson, "guess", ""
        self._run += 1
        self._answer, self._is_set_up = lesson.guess.answer, False
        self._lay_out(lesson, stage)
        self.stepped.emit(self.step)

    @Slot(str)
    def _on_guessed(self, said: str) -> None:
        self.said = said
        self.you_said.setText(tr("You guess: {said}").format(said=said))
        self._go("show")
        self.show_button.setFocus()

    @Slot()
    def show_me(self) -> None:
        """Have the room set up, and its figure found out."""
        lesson, run = self.lesson, self._run
        assert lesson is not None
        self._is_set_up = False
        self._say("")
        self._go("working")

        def on_ready(words: str) -> None:
            if run == self._run:
                self._is_set_up = True
                self._say(words)
                self._look_if_ready()

        def on_answer(figure: float) -> None:
            if run == self._run:
                self._answer = figure
                self._look_if_ready()

        def on_problem(words: str) -> None:
            if run == self._run:
                self._say(words, is_problem=True)
                self._go("show")

        self._host.set_up(lesson.show, on_ready, on_problem)
        if lesson.guess.measure is not None:
            self._answer = None
            self._host.measure(lesson.guess.measure, on_answer, on_problem)

    def _look_if_ready(self) -> None:
        lesson, answer = self.lesson, self._answer
        if lesson is None or answer is None or not self._is_set_up or self.step != "working":
            return
        words = check(lesson.guess, self.said, answer).words
        because = filled(lesson.guess.because, self._host.words())
        self.verdict.setText(words)
        self.because.setText(because)
        self._done.mark(lesson.id)
        self._go("look")
        self.next_button.setFocus()
        announce(self.verdict, f"{words} {because}".strip())

    def _go(self, step: Step) -> None:
        self.step = step
        self._show_step()
        self.stepped.emit(step)

    def _say(self, words: str, *, is_problem: bool = False) -> None:
        """A sentence of the room: what it put aside, or why it could not."""
        self.room_words.setText(words)
        set_kind(self.room_words, "warn" if is_problem else "faint")
        self.room_words.setVisible(bool(words))
        announce(self.show_button, words)

    # ---- building ----

    def _lay_out(self, lesson: Lesson, stage: str) -> None:
        """Everything anew for this lesson; later steps are hidden."""
        words = self._host.words()
        old = self._body
        self._body = QWidget(self)
        self._column.replaceWidget(old, self._body)
        old.hide()
        old.deleteLater()
        self.title = label(lesson.title, "heading", wrap=True)
        self.claim = label(filled(lesson.claim, words), wrap=True)
        self.guess = GuessField(lesson.guess, filled(lesson.guess.question, words), self._body)
        self.you_said = label("", "dim", wrap=True)
        self.room_words = label("", "faint", wrap=True)
        self.verdict = label("", "heading", wrap=True)
        self.because = label("", wrap=True)
        self._looks = [
            label(f"{n}.  {filled(one, words)}", wrap=True) for n, one in _numbered(lesson)
        ]
        self._meaning = label(filled(lesson.meaning, words), wrap=True)
        self._heads = (caps(tr("What to look for")), caps(tr("What it means")))
        self._make_buttons()
        parts: list[QWidget] = [label(stage, "faint"), self.title, self.claim, self.guess]
        parts += [self.you_said, self.show_button, self.room_words, self.verdict, self.because]
        parts += [self._heads[0], *self._looks, self._heads[1], self._meaning, self.done_mark]
        column = QVBoxLayout(self._body)
        for part in parts:
            if isinstance(part, QLabel):
                part.setMinimumWidth(1)
            column.addWidget(part)
        column.addWidget(self._foot)
        self.guess.guessed.connect(self._on_guessed)
        self._body.setAccessibleName(tr("Lesson: {title}").format(title=lesson.title))
        self._dress()
        self._show_step()
        self._body.show()

    def _make_buttons(self) -> None:
        self.show_button = button(
            tr("Show me"), "primary", tr("Set the room up for this, on the model in use")
        )
        self.done_mark = label(tr("✓ Done"), "good")
        self.next_button = button(tr("Next lesson"), "chip", tr("Begin the lesson that follows"))
        self.again_button = button(tr("Again"), "chip", tr("This lesson from its beginning"))
        self.all_button = button(
            tr("All lessons"),
            "chip",
            tr("The stages of a model’s life and their lessons (Shift+F1)"),
        )
        self.close_button = button(
            tr("Close"), "chip", tr("End the lesson; the room stays as it is")
        )
        self._foot = QWidget(self._body)
        flow = FlowLayout(self._foot)
        flow.setSpacing(6)
        for one in (self.next_button, self.again_button, self.all_button, self.close_button):
            flow.addWidget(one)
        self.show_button.clicked.connect(self.show_me)
        self.next_button.clicked.connect(self._on_next)
        self.again_button.clicked.connect(self._on_again)
        self.all_button.clicked.connect(self.all_asked)
        self.close_button.clicked.connect(self.closed)

    def _show_step(self) -> None:
        is_guess, is_look = self.step == "guess", self.step == "look"
        self.guess.edit.setReadOnly(not is_guess)
        self.guess.setVisible(is_guess)
        self.you_said.setVisible(self.step in ("show", "working"))
        self.show_button.setVisible(not is_guess)
        self.show_button.setEnabled(self.step != "working")
        self.show_button.setText(tr("Show me again") if is_look else tr("Show me"))
        set_kind(self.show_button, "chip" if is_look else "primary")
        looked = [self.verdict, *self._heads, *self._looks, self._meaning, self.done_mark]
        for part in looked:
            part.setVisible(is_look)
        self.because.setVisible(is_look and bool(self.because.text()))
        self.next_button.setVisible(is_look)
        self.again_button.setVisible(is_look)

    @Slot()
    def _on_next(self) -> None:
        if self.lesson is not None:
            self.next_asked.emit(self.lesson.id)

    @Slot()
    def _on_again(self) -> None:
        self._run += 1
        self.said, self._is_set_up = "", False
        self._say("")
        self.guess.edit.clear()
        self._go("guess")
        self.guess.take_focus()

    @Slot()
    def _dress(self) -> None:
        layout = self._body.layout()
        if isinstance(layout, QBoxLayout):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(self._theme.px(8))


def _numbered(lesson: Lesson) -> list[tuple[int, str]]:
    return list(enumerate(lesson.look, 1))
