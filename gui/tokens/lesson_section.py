"""The section of the details pane for lessons: the one under way, or what could be begun."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import AppError
from gui.lessons.done import DoneMarks
from gui.lessons.host import begin_lesson
from gui.lessons.lesson import Lesson
from gui.lessons.lesson_panel import LessonPanel
from gui.lessons.lessons import course
from gui.tokens.lesson_host import KEY
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label


class LessonSection(TokensPanel):
    """An offer, until a lesson is begun."""

    changed = Signal()  # a lesson begins or is over
    stepped = Signal()  # there is something else to see of it

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self.done = DoneMarks(parts.context.settings)
        self.panel: LessonPanel | None = None
        self.offer = QWidget(self)
        self.words = label("", "dim", wrap=True)
        self.begin_button = button(tr("Begin"), "chip")
        self.all_button = button(
            tr("All lessons"),
            "chip",
            tr("The stages of a model’s life and their lessons (Shift+F1)"),
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.offer)
        self._lay_out_offer()
        self.begin_button.clicked.connect(self._on_begin)
        self.all_button.clicked.connect(self.show_all)
        parts.context.settings.changed.connect(self._show_offer)
        self._show_offer()

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is under way."""
        return self.panel.lesson if self.panel is not None else None

    # ---- what happens ----

    def begin(self, lesson: Lesson) -> None:
        """Show a lesson from its beginning."""
        if self.panel is None:
            self.panel = self._made_panel()
            self._column.addWidget(self.panel)
            self.panel.show()
        self.panel.begin(lesson, course().stage(lesson).title)
        self.offer.hide()
        self.changed.emit()
        self.panel.guess.take_focus()

    @Slot()
    def end(self) -> None:
        """No lesson any more; what it set up stays."""
        if self.panel is not None:
            self.panel.hide()
            self.panel.deleteLater()
            self.panel = None
        self.offer.show()
        self.changed.emit()

    @Slot()
    def show_all(self) -> None:
        """The page of the stages."""
        self.parts.context.openers["stages"]()

    @Slot(str)
    def _on_next(self, lesson_id: str) -> None:
        """The lesson behind this one, wherever it is held; behind the last, all of them."""
        lesson = course().lesson(lesson_id)
        following = course().after(lesson) if lesson is not None else None
        if following is None:
            self.show_all()
        else:
            self._start(following)

    @Slot()
    def _on_begin(self) -> None:
        lesson = self._offered()
        if lesson is not None:
            self._start(lesson)

    def _start(self, lesson: Lesson) -> None:
        try:
            begin_lesson(self.parts.context, lesson)
        except AppError as error:
            self.parts.context.notices.show_error(error)

    # ---- the offer ----

    def _offered(self) -> Lesson | None:
        """This room's first lesson that was not looked at."""
        here = [one for one in course().lessons if one.show.room == KEY]
        return next((one for one in here if not self.done.has(one.id)), None)

    @Slot()
    def _show_offer(self) -> None:
        try:
            lesson = self._offered()
        except AppError as error:
            self.words.setText(f"{error.message} {error.hint}")
            self.begin_button.hide()
            return
        self.begin_button.setVisible(lesson is not None)
        if lesson is None:
            self.words.setText(tr("You have seen all lessons of this room."))
            return
        self.words.setText(lesson.title)
        tip = tr("A question, and its answer on your own model. Begin “{title}”")
        self.begin_button.setToolTip(tip.format(title=lesson.title))
        self.begin_button.setAccessibleName(tr("Begin “{title}”").format(title=lesson.title))

    # ---- making ----

    def _made_panel(self) -> LessonPanel:
        context = self.parts.context
        panel = LessonPanel(context.theme, self.done, context.lessons[KEY], self)
        panel.next_asked.connect(self._on_next)
        panel.all_asked.connect(self.show_all)
        panel.closed.connect(self.end)
        panel.stepped.connect(self.stepped)
        return panel

    def _lay_out_offer(self) -> None:
        self.words.setMinimumWidth(1)
        foot = QWidget(self.offer)
        flow = FlowLayout(foot)
        flow.setSpacing(6)
        flow.addWidget(self.begin_button)
        flow.addWidget(self.all_button)
        column = QVBoxLayout(self.offer)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(foot)
