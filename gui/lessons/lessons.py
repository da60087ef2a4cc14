"""The lessons and the stages as they lie in resources/lessons, read and checked. A file that is
broken is told of and left out; the others are there all the same. Qt-free.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from msgspec import Struct

from engine.errors import AppError
from gui.lessons.lesson import Lesson, Stage
from gui.lessons.words import tr

STAGES_FILE = "stages.toml"


class Course(Struct, frozen=True):
    """All stages in order, all lessons in order, and what is wrong with the files that are not
    among them (file -> sentence)."""

    stages: list[Stage]
    lessons: list[Lesson]
    problems: dict[str, str] = {}

    def of_stage(self, stage: str) -> list[Lesson]:
        return [one for one in self.lessons if one.stage == stage]

    def lesson(self, lesson_id: str) -> Lesson | None:
        return next((one for one in self.lessons if one.id == lesson_id), None)

    def stage(self, lesson: Lesson) -> Stage:
        return next(one for one in self.stages if one.id == lesson.stage)

    def after(self, lesson: Lesson) -> Lesson | None:
        """The lesson that follows, None behind the last."""
        ids = [one.id for one in self.lessons]
        following = ids.index(lesson.id) + 1
        return self.lessons[following] if following < len(ids) else None


@cache
def course() -> Course:
    """The lessons that come with the app, read once. Raises as `read_course`."""
    return read_course(resources.files("resources").joinpath("lessons"))


def read_course(folder: Traversable) -> Course:
    """Read a folder of lessons.

    Raises:
        AppError: the list of stages is missing or broken, so nothing has a place.
    """
    stages = _read_stages(folder.joinpath(STAGES_FILE))
    order = {one.id: place for place, one in enumerate(stages)}
    lessons: list[Lesson] = []
    problems: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml") or file.name == STAGES_FILE:
            continue
        try:
            lessons.append(_checked(read_lesson(file), order, lessons))
        except AppError as error:
            problems[file.name] = error.message
    lessons.sort(key=lambda one: (order[one.stage], one.place, one.id))
    return Course(stages, lessons, problems)


def read_lesson(file: Traversable) -> Lesson:
    """Read one lesson.

    Raises:
        AppError: the file cannot be read or is no lesson; the message says where and why.
    """
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Lesson)
    except (OSError, ValueError) as error:
        raise _broken(file.name, str(error)) from error


def _read_stages(file: Traversable) -> list[Stage]:
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("stage", [])
        return msgspec.convert(entries, list[Stage])
    except (OSError, ValueError) as error:
        raise _broken(file.name, str(error)) from error


def _checked(lesson: Lesson, order: dict[str, int], before: list[Lesson]) -> Lesson:
    """What a lesson alone cannot know of itself."""
    if lesson.stage not in order:
        raise _broken(lesson.id, tr("there is no stage “{name}”").format(name=lesson.stage))
    if any(one.id == lesson.id for one in before):
        raise _broken(lesson.id, tr("another lesson has this id"))
    return lesson


def _broken(name: str, why: str) -> AppError:
    return AppError(
        tr("The lesson file “{name}” cannot be used: {why}.").format(name=name, why=why),
        tr("The other lessons are not touched by it. Installing the app again brings it back."),
    )
