"""What the Tokens room offers to lessons: shows one beside the work, sets itself up as the lesson
says, counts tokens with the tokenizer of the model in use.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject, Slot

from engine.process.messages import Failed
from engine.process.token_messages import Counts, CountTokens
from gui.context import AppContext
from gui.lessons.host import LessonHost, OnProblem, filled
from gui.lessons.lesson import Lesson, Measure, Setup
from gui.tokens.first_text import FIRST_TEXT
from gui.tokens.state import STARTER
from gui.tokens.tokenizer_chooser import is_starter
from gui.tokens.words import tr

if TYPE_CHECKING:
    from gui.tokens.room import TokensRoom

KEY = "tokens"
MODEL = "model"  # the tokenizer of the model in use
USUAL_END = "<|im_end|>"  # where the vocabulary names no token that ends a turn


class _Waiting(Struct):
    """A set-up that is under way. words: what was put aside for it."""

    setup: Setup
    source: str
    on_ready: Callable[[str], object]
    on_problem: OnProblem
    words: str = ""
    is_shown: bool = False


class TokensLessons(QObject):
    """Made by the room, and registered in the context."""

    def __init__(self, context: AppContext, room: TokensRoom) -> None:
        super().__init__(room)
        self._context, self._room, self._state = context, room, room.state
        self._waiting: _Waiting | None = None
        self._beginning: Lesson | None = None
        self._shown: set[str] = {FIRST_TEXT}  # texts of ours: nobody misses them
        self.host = LessonHost(self.begin, self.set_up, self.measure, self.words)
        context.lessons[KEY] = self.host
        self._state.tokenizer_changed.connect(self._on_tokenizer)
        self._state.opening_failed.connect(self._on_opening_failed)
        self._state.text_changed.connect(self._on_text)

    # ---- what lessons ask ----

    def begin(self, lesson: Lesson) -> None:
        """Show a lesson in the details; one whose question names a token of the model's, when its
        tokenizer is open."""
        self._waiting = self._beginning = None
        source = self._source(lesson.show.tokenizer)
        if "{" in lesson.guess.question and self._state.source != source:
            self._beginning = lesson
            self._state.open(source)
        else:
            self._room.show_lesson(lesson)

    def set_up(
        self, setup: Setup, on_ready: Callable[[str], object], on_problem: OnProblem
    ) -> None:
        """Tokenizer, text, page, panel and token, each when the one before is there. The text that
        was there can be brought back by Undo."""
        source = self._source(setup.tokenizer)
        self._waiting = _Waiting(setup, source, on_ready, on_problem)
        if self._state.source == source and not self._state.opening:
            self._show()
        else:
            self._state.open(source)

    def measure(
        self, measure: Measure, on_answer: Callable[[float], object], on_problem: OnProblem
    ) -> None:
        """Count with the tokenizer of the model in use."""
        texts = [self._text(measure.text, measure.sample)]
        if measure.kind == "times":
            texts.append(self._text(measure.than, measure.than_sample))
        source = self._source(MODEL)

        def on_counted(counts: Counts) -> None:
            first, *other = counts.n_tokens
            on_answer(round(first / max(1, other[0]), 1) if other else float(first))

        def on_failed(failed: Failed) -> None:
            on_problem(_sentences(failed))

        self._room.worker.ask(
            lambda job: CountTokens(job=job, source=source, texts=texts), on_counted, on_failed
        )

    def words(self) -> dict[str, str]:
        """{end}: the token that ends a turn with the tokenizer in use, written out."""
        info, vocabulary = self._state.info, self._state.vocabulary
        has_end = info is not None and vocabulary is not None and info.eos >= 0
        end = vocabulary.piece(info.eos) if has_end and vocabulary and info else b""
        return {"end": end.decode("utf-8", "ignore") or USUAL_END}

    # ---- setting up, step by step ----

    @Slot()
    def _on_tokenizer(self) -> None:
        if self._beginning is not None:
            lesson, self._beginning = self._beginning, None
            self._room.show_lesson(lesson)
        waiting = self._waiting
        if waiting is not None and not waiting.is_shown and self._state.source == waiting.source:
            self._show()

    @Slot(object)
    def _on_opening_failed(self, failed: Failed) -> None:
        """The room's banner says why; the lesson stays where it is."""
        if self._beginning is not None:
            lesson, self._beginning = self._beginning, None
            self._room.show_lesson(lesson)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.on_problem(_sentences(failed))

    def _show(self) -> None:
        """The tokenizer is there: the text and where to look at it."""
        waiting = self._waiting
        assert waiting is not None
        setup, parts = waiting.setup, self._room.parts
        waiting.is_shown = True
        if setup.special is not None:
            self._state.set_special(setup.special)
        waiting.words = self._put_text(self._text(setup.text, setup.sample))
        if setup.panel:
            parts.show_panel(setup.panel)
        if setup.page:
            parts.show_page(setup.page)
        if setup.page == "compare":
            self._compare_shared()
        if not self._state.document.is_stale:
            self._choose()

    def _put_text(self, text: str) -> str:
        """Show another text in place of the person's; a sentence about that one."""
        before = self._state.document.text.text()
        if not text or before == text:
            return ""
        self._room.parts.show_text(text)
        is_theirs = bool(before.strip()) and before not in self._shown
        self._shown.add(text)
        return tr("Your text is kept: Undo brings it back (Ctrl+Z).") if is_theirs else ""

    def _compare_shared(self) -> None:
        """The compare page's own text stays as it is, one click away."""
        from gui.tokens.compare_page import ComparePage

        page = self._room.page_of("compare")
        assert isinstance(page, ComparePage), page
        page.whose.buttons["shared"].setChecked(True)

    @Slot()
    def _on_text(self) -> None:
        """All tokens of the text are known."""
        if self._waiting is not None and self._waiting.is_shown:
            self._choose()

    def _choose(self) -> None:
        """The last step."""
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        self._state.choose_token(self._token_of(waiting.setup))
        waiting.on_ready(waiting.words)

    def _token_of(self, setup: Setup) -> int:
        wanted = filled(setup.choose, self.words()).encode()
        place = self._state.document.text.text().encode().find(wanted) if wanted else -1
        return self._state.document.token_at(place) if place >= 0 else -1

    # ---- texts and sources ----

    def _source(self, tokenizer: str) -> str:
        if tokenizer != MODEL:
            return tokenizer
        model = self._context.model.value
        return STARTER if model is None or is_starter(model.path) else model.path

    def _text(self, text: str, sample: str) -> str:
        if sample:
            file = resources.files("resources").joinpath("samples", sample)
            return file.read_text(encoding="utf-8")
        return filled(text, self.words())


def _sentences(failed: Failed) -> str:
    return f"{failed.message} {failed.hint}".strip()
