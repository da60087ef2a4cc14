"""What a room offers to lessons, and how a lesson is begun there. Types and one function; a room
registers itself in `context.lessons` under its key when it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.errors import AppError
from gui.lessons.lesson import Lesson, Measure, Setup
from gui.lessons.words import tr

if TYPE_CHECKING:
    from gui.context import AppContext

OnProblem = Callable[[str], object]  # a sentence


class LessonHost(Struct, frozen=True):
    """A room that lessons are held in.

    begin(lesson): show the lesson beside the work, at its beginning. set_up(setup, on_ready,
    on_problem): do what “Show me” promises; on_ready hears a sentence about what was put aside, or
    "". measure(measure, on_answer, on_problem): find out a figure on the model in use. words():
    what the texts' {names} stand for.
    """

    begin: Callable[[Lesson], object]
    set_up: Callable[[Setup, Callable[[str], object], OnProblem], object]
    measure: Callable[[Measure, Callable[[float], object], OnProblem], object]
    words: Callable[[], dict[str, str]]


def begin_lesson(context: AppContext, lesson: Lesson) -> None:
    """Go to the lesson's room and begin it there.

    Raises:
        AppError: this window has no such room.
    """
    room = lesson.show.room
    if room not in context.rooms:
        raise AppError(
            tr("The room of “{title}” is not here.").format(title=lesson.title),
            tr("Choose another lesson."),
            room,
        )
    context.rooms[room]()
    context.lessons[room].begin(lesson)


def filled(text: str, words: dict[str, str]) -> str:
    """A text with its {names} replaced; other braces stay."""
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text
