"""Help > The stages: a model's life from raw text on, and the lessons of each stage with marks of
those that were looked at.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.errors import AppError
from gui.context import AppContext
from gui.lessons.done import DoneMarks
from gui.lessons.host import begin_lesson
from gui.lessons.lesson import Lesson, Stage
from gui.lessons.lessons import Course, course
from gui.lessons.words import tr
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, frame, label


class StagesPage(FormPage):
    """Stages in order, a row for each lesson."""

    def __init__(
        self, context: AppContext, parent: QWidget | None = None, lessons: Course | None = None
    ) -> None:
        super().__init__(context.theme, tr("The stages"), parent)
        self._context = context
        self.done = DoneMarks(context.settings)
        self.course = _course_or_none(context) if lessons is None else lessons
        self.marks: dict[str, QLabel] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.rooms: dict[str, QPushButton] = {}
        self.count = label("", "dim", wrap=True)
        self.next_button = button("", "primary")
        self.reset_button = button(
            tr("Forget the marks"), "chip", tr("Take every “done” away; it can be undone")
        )
        self._build()
        context.settings.changed.connect(self._show_marks)
        self.next_button.clicked.connect(self._on_next)
        self.reset_button.clicked.connect(self.reset)
        self._show_marks()

    # ---- what a person does ----

    def start(self, lesson: Lesson) -> None:
        """Go to the lesson's room and begin it there."""
        try:
            begin_lesson(self._context, lesson)
        except AppError as error:
            self._context.notices.show_error(error)

    @Slot()
    def reset(self) -> None:
        """Forget which lessons were looked at; the strip offers them back."""
        before = self.done.all()
        self.done.put([])
        self._context.notices.offer_undo(
            tr("The marks are forgotten"),
            partial(self.done.put, before),
            lambda: not self.done.all(),
        )

    @Slot()
    def _on_next(self) -> None:
        lesson = self.first_open
        if lesson is not None:
            self.start(lesson)

    @property
    def first_open(self) -> Lesson | None:
        """The first lesson that was not looked at; the very first where all were."""
        lessons = self.course.lessons
        return next(
            (one for one in lessons if not self.done.has(one.id)), next(iter(lessons), None)
        )

    # ---- showing ----

    @Slot()
    def _show_marks(self) -> None:
        lessons = self.course.lessons
        n_done = sum(self.done.has(one.id) for one in lessons)
        for one in lessons:
            is_done = self.done.has(one.id)
            self.marks[one.id].setText(tr("✓ Done") if is_done else "")
            self.buttons[one.id].setText(tr("Again") if is_done else tr("Begin"))
            state = tr("done") if is_done else tr("not yet looked at")
            words = f"{self.buttons[one.id].text()}: {one.title}, {state}"
            self.buttons[one.id].setAccessibleName(words)
        words = tr("{n} of {all} lessons done").format(n=n_done, all=len(lessons))
        self.count.setText(words if lessons else tr("There are no lessons here."))
        self._show_next(n_done)
        self.reset_button.setEnabled(n_done > 0)

    def _show_next(self, n_done: int) -> None:
        lesson = self.first_open
        self.next_button.setVisible(lesson is not None)
        if lesson is not None:
            self.next_button.setText(tr("Go on") if n_done else tr("Begin"))
            tip = tr("Begin “{title}”").format(title=lesson.title)
            self.next_button.setToolTip(tip)
            self.next_button.setAccessibleName(tip)

    # ---- building ----

    def _build(self) -> None:
        words = tr(
            "What a model goes through, from raw text to one that acts. Each lesson asks for a "
            "guess, then shows you the answer on the model that is on this machine."
        )
        self.column.addWidget(label(words, "dim", wrap=True))
        self.column.addWidget(self.count)
        row = QHBoxLayout()
        row.addWidget(self.next_button)
        row.addWidget(self.reset_button)
        row.addStretch(1)
        self.column.addLayout(row)
        for number, stage in enumerate(self.course.stages, 1):
            self._add_stage(number, stage)
        for words in self.course.problems.values():
            self.column.addWidget(label(words, "warn", wrap=True))
        self.column.addStretch(1)

    def _add_stage(self, number: int, stage: Stage) -> None:
        rows = self.add_section(f"{number} · {stage.title}")
        rows.addSpacing(self.theme.px(6))
        rows.addWidget(label(stage.words, wrap=True))
        rows.addSpacing(self.theme.px(6))
        lessons = self.course.of_stage(stage.id)
        for lesson in lessons:
            self._add_lesson(rows, lesson)
        if not lessons and stage.room in self._context.rooms:
            self._add_room(rows, stage)
        elif not lessons:
            words = tr("Its lessons come with its room.")
            rows.addWidget(frame("rule"))
            rows.addWidget(label(words, "faint", wrap=True))
            rows.addSpacing(self.theme.px(6))

    def _add_room(self, rows: QVBoxLayout, stage: Stage) -> None:
        """A stage that can be done here already."""
        one = self.rooms[stage.id] = button(tr("Go there"), "chip", tr("To the room of this stage"))
        one.setAccessibleName(f"{one.text()}: {stage.title}")
        one.clicked.connect(lambda: self._context.rooms[stage.room]())
        words = tr("It can be done on this machine, with any model of yours.")
        self.add_row(rows, tr("Do it yourself"), words, one)

    def _add_lesson(self, rows: QVBoxLayout, lesson: Lesson) -> None:
        mark, one = label("", "good"), button("", "chip", lesson.claim)
        field = QWidget()
        row = QHBoxLayout(field)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(mark)
        row.addWidget(one)
        self.marks[lesson.id], self.buttons[lesson.id] = mark, one
        one.clicked.connect(lambda: self.start(lesson))
        self.add_row(rows, lesson.title, lesson.claim, field)


def _course_or_none(context: AppContext) -> Course:
    """The lessons; none, and a banner that says why, where the package is damaged."""
    try:
        return course()
    except AppError as error:
        context.notices.show_error(error)
        return Course([], [])
