"""Where a reply reasons and where it answers: the marks that models put around their reasoning.

Reasoning stands at a reply's beginning, or follows another stretch of it; a mark in the middle of
an answer is a word like any other (someone asks what <think> means). Some templates open the
reasoning themselves, so that a reply begins within it. Knows texts only, no tokens; light, and free
of Qt and of llama.cpp: the window folds by it, the engine holds a budget by it.

    split_reasoning("<think>\nTwo and two.\n</think>\n\nFour.")
    -> [("reasoning", 8, 20), ("answer", 31, 36)]
"""

import re
from typing import Literal, NamedTuple

Kind = Literal["reasoning", "answer"]


class Mark(NamedTuple):
    """What opens a stretch of reasoning and what closes it.

    bridge: what leads from reasoning that is cut off to the answer, where it is more than `close`.
    """

    open: str
    close: str
    bridge: str = ""


MARKS = (
    Mark("<think>", "</think>"),  # DeepSeek R1, Qwen 3, SmolLM 3, GLM, Nemotron, most others
    Mark("<thinking>", "</thinking>"),
    Mark("<thought>", "</thought>"),  # EXAONE Deep
    Mark("<reasoning>", "</reasoning>"),
    Mark("<reason>", "</reason>"),
    Mark("<|begin_of_thought|>", "<|end_of_thought|>"),  # OpenThinker, Sky-T1
    Mark("[THINK]", "[/THINK]"),  # Magistral
    Mark("<seed:think>", "</seed:think>"),  # Seed-OSS
    Mark("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    Mark("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Mark("◁think▷", "◁/think▷"),  # Kimi
    Mark(  # gpt-oss
        "<|channel|>analysis<|message|>",
        "<|end|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
)

_LONGEST = max(len(text) for mark in MARKS for text in mark)
# A close mark that nothing opened counts where a line begins with it, as models write it.
_STRAY_CLOSES = tuple(mark.close for mark in MARKS if not mark.bridge)
_STRAY_CLOSE = re.compile("\n(" + "|".join(map(re.escape, _STRAY_CLOSES)) + ")")


class Part(NamedTuple):
    """A stretch of a text, code points start to end, without its marks and the white space around
    it. Finished reasoning that is blank is left out."""

    kind: Kind
    start: int
    end: int


class ReasoningSplitter:
    """Splits a text that grows. `feed` costs what is new, however long the text is already.

    Args:
        opened: the mark that stands before the text, where the template wrote it.
    """

    def __init__(self, opened: Mark | None = None) -> None:
        self._done: list[Part] = []
        self._mark = opened
        self._answer_start = -1
        self._part_start = 0
        self._seen = ""  # the end of the text so far, from _seen_start on
        self._seen_start = 0
        self._n_read = 0
        self._reasoning_end = 0
        self._ink_end = 0  # where the last character stands, so far, that is no white space
        self._takes_stray = opened is None

    @property
    def mark(self) -> Mark | None:
        """The marks of the reasoning that the text so far ends in; None where it ends in none."""
        return self._mark

    @property
    def is_answering(self) -> bool:
        """Whether the text so far ends in its answer."""
        return self._answer_start >= 0

    @property
    def reasoning_end(self) -> int:
        """Where the last closed stretch of reasoning ended."""
        return self._reasoning_end

    def feed(self, text: str) -> None:
        """Go on by some more text."""
        self._n_read += len(text)
        self._seen += text
        while self._step():
            continue
        self._shorten()

    def parts(self) -> list[Part]:
        """The parts so far, in order; the last one grows."""
        end = self._seen_start + len(self._seen.rstrip()) if self._seen.strip() else self._ink_end
        if self._mark is not None:
            return [*self._done, Part("reasoning", self._part_start, max(end, self._part_start))]
        start = self._answer_start
        if start < 0:  # nothing but white space, or what may yet become a mark
            start = self._seen_start + _n_blank_before(self._seen)
        return [*self._done, Part("answer", start, end)] if start < end else list(self._done)

    def _step(self) -> bool:
        """Look at what was fed. Returns whether there is more to look at."""
        if self._mark is not None:
            return self._close(self._mark)
        if self._answer_start < 0:
            return self._begin()
        return self._takes_stray and self._close_stray()

    def _begin(self) -> bool:
        """Before the first word, or after a stretch of reasoning: a mark, or the answer."""
        n_blank = _n_blank_before(self._seen)
        word = self._seen[n_blank:]
        for mark in MARKS:
            if word.startswith(mark.open):
                self._mark, self._takes_stray = mark, False
                self._drop(n_blank + len(mark.open))
                self._part_start = self._seen_start
                return True
        stray = next((close for close in _STRAY_CLOSES if word.startswith(close)), "")
        if self._takes_stray and stray:
            self._takes_stray = False
            self._drop(n_blank + len(stray))
            return True
        if _may_become_mark(word):
            return False
        self._drop(n_blank)
        self._answer_start = self._seen_start
        return True

    def _close(self, mark: Mark) -> bool:
        if self._part_start == self._seen_start:
            self._drop(_n_blank_before(self._seen))
            self._part_start = self._seen_start
        at = self._seen.find(mark.close)
        if at < 0:
            return False
        self._end_reasoning(at, len(mark.close))
        self._mark = None
        return True

    def _close_stray(self) -> bool:
        """A closing mark without an opening one: all before it was reasoning."""
        found = _STRAY_CLOSE.search(self._seen)
        if found is None:
            return False
        self._part_start = self._answer_start
        self._end_reasoning(found.start(1), len(found[1]))
        self._answer_start, self._takes_stray = -1, False
        return True

    def _end_reasoning(self, at: int, n_mark: int) -> None:
        self._drop(at)
        self._reasoning_end = max(self._part_start, self._ink_end)
        if self._reasoning_end > self._part_start:
            self._done.append(Part("reasoning", self._part_start, self._reasoning_end))
        self._drop(n_mark)

    def _drop(self, n: int) -> None:
        """Done with the next `n` characters."""
        n_ink = len(self._seen[:n].rstrip())
        if n_ink:
            self._ink_end = self._seen_start + n_ink
        self._seen = self._seen[n:]
        self._seen_start += n

    def _shorten(self) -> None:
        """Keep only what a mark may still begin in."""
        if self._mark is not None or self._answer_start >= 0:
            self._drop(max(0, len(self._seen) - _LONGEST - 1))


def split_reasoning(text: str, opened: Mark | None = None) -> list[Part]:
    """The stretches of reasoning and of answer in a reply, in order; none for a blank text.

    A reply that closes a reasoning it never opened (the template did) is understood too; while
    such a reply is still being written, `opened` says it.
    """
    splitter = ReasoningSplitter(opened)
    splitter.feed(text)
    return splitter.parts()


def opened_by(prompt: str) -> Mark | None:
    """The mark at the end of a rendered prompt whose reasoning the reply is to go on with."""
    end = prompt[-2 * _LONGEST :].rstrip()
    return next((mark for mark in MARKS if end.endswith(mark.open)), None)


def _n_blank_before(text: str) -> int:
    return len(text) - len(text.lstrip())


def _may_become_mark(word: str) -> bool:
    return any(mark.open.startswith(word) or mark.close.startswith(word) for mark in MARKS)
