"""What can be wrong with rows before anything is learned from them: the classic failures, each a
sentence with its figure and a remedy.

A Finding is one row's; a Tally makes a dataset's warnings of many. Neither renders nor tokenises
(learned.py finds), and nothing here changes a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.process.tune_messages import RowWarning

_N_IDS = 1_000
FEW_ROWS = 10
_SCRIPT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure found in one row. figure: tokens, answers or whatever its kind counts; detail: what
    only this row knows (the template's reason)."""

    kind: str
    figure: int = 0
    detail: str = ""


@dataclass(frozen=True)
class _Kind:
    """The sentence for one row (figure, detail), and for many (n_rows, figure, detail)."""

    row: Callable[[int, str], str]
    rows: Callable[[int, int, str], str]
    remedy: str
    is_grave: bool = False


KINDS: dict[str, _Kind] = {
    "cannot_render": _Kind(
        lambda _n, why: f"This row cannot be learned: {why}",
        lambda rows, _n, why: f"{_rows(rows)} cannot be learned. {_first(rows)} {why}",
        "Change what the sentence names, or delete the rows; another base may take them.",
        is_grave=True,
    ),
    "no_end": _Kind(
        lambda _n, _why: "No end token is learned: the model would not learn to stop.",
        lambda rows, _n, _why: (
            f"In {_rows(rows)} no end token is learned: the model would not learn to stop."
        ),
        "The base's chat template writes no end after an answer. Use another file of this model, "
        "with a template that does.",
        is_grave=True,
    ),
    "unmasked_user": _Kind(
        lambda n, _why: f"{_tokens(n)} of what a user, a tool or the system says would be learned.",
        lambda rows, n, _why: (
            f"In {_rows(rows)} {_tokens(n)} of what a user, a tool or the "
            "system says would be learned."
        ),
        "The base's chat template puts messages together without anything between them. Use "
        "another file of this model.",
        is_grave=True,
    ),
    "nothing_learned": _Kind(
        lambda _n, _why: "Nothing of this row is learned.",
        lambda rows, _n, _why: (
            f"Of {_rows(rows)} nothing is learned; {_they(rows)} {_are(rows)} left out."
        ),
        "Give them an answer of the assistant, mark one to be learned, or allow longer rows.",
    ),
    "cut": _Kind(
        lambda n, _why: f"{_tokens(n)} beyond the greatest length {_are(n)} cut off.",
        lambda rows, n, _why: (
            f"{_rows(rows)} {_are(rows)} longer than the greatest length: "
            f"{_tokens(n)} {_are(n)} cut off."
        ),
        "Allow longer rows (max_length; it takes memory), or shorten or split these.",
    ),
    "split": _Kind(
        lambda n, _why: (
            f"This text is longer than the greatest length: it is learned in {n} "
            "parts, and nothing of it is lost."
        ),
        lambda rows, n, _why: (
            f"{_rows(rows)} of plain text {_are(rows)} longer than the greatest "
            f"length: learned in parts, {n:,} in all, and nothing is lost."
        ),
        "Nothing need be done. With longer rows (max_length) the model sees more at once.",
    ),
    "template": _Kind(
        lambda _n, why: f"In a chat the model is asked otherwise than here: {why}",
        lambda rows, _n, why: (
            f"In {_rows(rows)} the model is asked otherwise than in a chat. {_first(rows)} {why}"
        ),
        "For a model that reasons, write the reasoning into the answers the way the model does, or "
        "turn it off in the chat.",
    ),
    "border": _Kind(
        lambda _n, where: f"The tokens where an answer begins are others than in a chat, {where}",
        lambda rows, _n, where: (
            f"In {_rows(rows)} the tokens where an answer begins are others "
            f"than in a chat. {_first(rows)} {where}"
        ),
        "Take white space off the beginning of the answers. Where there is none, the base's "
        "vocabulary is like that: the difference is small, and nothing need be done.",
    ),
    "double_bos": _Kind(
        lambda _n, _why: "The row begins with two BOS tokens.",
        lambda rows, _n, _why: (
            f"{_rows(rows)} {'begins' if rows == 1 else 'begin'} with two BOS tokens."
        ),
        "The base's chat template writes it twice, in a chat too. Use another file of this model.",
    ),
    "lost_text": _Kind(
        lambda n, _why: f"{_bytes(n)} of this row {_are(n)} lost: the base has no tokens for it.",
        lambda rows, n, _why: (
            f"In {_rows(rows)} the base has no tokens for some characters: "
            f"{_bytes(n)} {_are(n)} lost."
        ),
        "In a chat they are lost too. Write these characters otherwise, or choose another base.",
    ),
    "empty_answer": _Kind(
        lambda n, _why: (
            f"{_answers(n)} of the assistant {_are(n)} empty: it is taught to say nothing."
        ),
        lambda rows, n, _why: (
            f"In {_rows(rows)} {_answers(n)} of the assistant "
            f"{_are(n)} empty: it is taught to say nothing."
        ),
        "Write the answers, or delete the rows.",
        is_grave=True,
    ),
    "unseen_tools": _Kind(
        lambda _n, _why: "The base's chat template does not show the tools of this row.",
        lambda rows, _n, _why: (
            f"The base's chat template does not show the tools of {_rows(rows)}."
        ),
        "The model learns calls of tools it is not told of. Describe them in a system message, or "
        "choose a base whose template knows tools.",
    ),
}


def row_warning(row_id: str, finding: Finding) -> RowWarning:
    """A finding in words."""
    kind = KINDS[finding.kind]
    words = kind.row(finding.figure, finding.detail)
    return RowWarning(finding.kind, words, kind.remedy, 1, [row_id], kind.is_grave)


@dataclass
class _Sum:
    n_rows: int = 0
    figure: int = 0
    detail: str = ""
    ids: list[str] = field(default_factory=list)


class Tally:
    """Gathers the findings of many rows; what it keeps does not grow with them."""

    def __init__(self) -> None:
        self._sums: dict[str, _Sum] = {}

    def add(self, row_id: str, findings: Iterable[Finding]) -> None:
        """One row's."""
        for finding in findings:
            found = self._sums.setdefault(finding.kind, _Sum())
            found.n_rows += 1
            found.figure += finding.figure
            found.detail = found.detail or finding.detail
            if len(found.ids) < _N_IDS:
                found.ids.append(row_id)

    def n_rows(self, kind: str) -> int:
        """How many rows have a finding of that kind."""
        return self._sums[kind].n_rows if kind in self._sums else 0

    def detail(self, kind: str) -> str:
        """The first detail of that kind."""
        return self._sums[kind].detail if kind in self._sums else ""

    def warnings(self) -> list[RowWarning]:
        """A warning for each kind that was found, the grave ones first."""
        found = []
        for name, kind in KINDS.items():
            if (one := self._sums.get(name)) is not None:
                words = kind.rows(one.n_rows, one.figure, one.detail)
                found.append(
                    RowWarning(name, words, kind.remedy, one.n_rows, one.ids, kind.is_grave)
                )
        return sorted(found, key=lambda warning: not warning.is_grave)


def few_rows(n_train: int, n_validation: int, share: float) -> RowWarning | None:
    """Whether a dataset is too small to be learned from or measured by."""
    n_rows = n_train + n_validation
    if n_rows < FEW_ROWS:
        words = (
            f"There are only {_rows(n_rows)}." if n_rows > 1 else f"There is only {_rows(n_rows)}."
        )
        remedy = (
            "The model will know them by heart. Ten rows are a beginning, fifty teach a manner."
        )
        return RowWarning("few_rows", words, remedy, n_rows, [])
    if n_validation == 0 and share > 0:
        words = "No row is kept aside to measure by."
        return RowWarning("few_rows", words, "Add rows, or keep a larger share aside.", n_rows, [])
    return None


def languages(scripts: Mapping[str, int], odd_ids: list[str]) -> RowWarning | None:
    """Whether rows are written in several scripts, each by more than a few.

    Args:
        scripts: rows by main script. odd_ids: some of those that are not of the commonest.
    """
    n_rows = sum(scripts.values())
    found = {
        name: n
        for name, n in sorted(scripts.items(), key=lambda pair: -pair[1])
        if name != "Common" and n >= max(2, _SCRIPT_SHARE * n_rows)
    }
    if len(found) < 2:
        return None
    named = ", ".join(f"{name} ({n:,})" for name, n in found.items())
    words = f"The rows are written in several scripts: {named}."
    remedy = "Fine where it is meant. Else filter them: a model answers in what it learned from."
    return RowWarning("languages", words, remedy, n_rows - max(found.values()), odd_ids[:_N_IDS])


def repeated(ids: list[str], n_rows: int) -> RowWarning | None:
    """Rows whose content an earlier one has: the first of their ids, and how many they are."""
    if not n_rows:
        return None
    words = f"{_rows(n_rows)} {'repeats an earlier one' if n_rows == 1 else 'repeat earlier ones'}."
    remedy = "What is repeated is learned more strongly. Where that is not meant, delete them."
    return RowWarning("repeated", words, remedy, n_rows, ids[:_N_IDS])


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _they(n: int) -> str:
    return "it" if n == 1 else "they"


def _first(n: int) -> str:
    return "The first:" if n > 1 else "It:"


def _tokens(n: int) -> str:
    return "1 token" if n == 1 else f"{n:,} tokens"


def _bytes(n: int) -> str:
    return "1 byte" if n == 1 else f"{n:,} bytes"


def _answers(n: int) -> str:
    return "1 answer" if n == 1 else f"{n:,} answers"
