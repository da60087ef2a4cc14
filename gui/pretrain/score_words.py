"""What a base or an assistant answered, as rows of bars and in words. Makes values; shows none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.process.pretrain_messages import QuestionScore
from finetune.corpus.stories.facts import LASTING
from gui.pretrain.words import tr
from gui.staged.progress_words import percent_text
from gui.widgets.share_bars import ShareRow

Count = Callable[[QuestionScore], int]


def kind_names() -> dict[str, str]:
    """What is asked for: a kind's key -> words."""
    return {
        "where": tr("where a thing is"),
        "went": tr("where someone went"),
        "who": tr("whose it is"),
        "what": tr("what someone has"),
        "count": tr("how many"),
        "colour": tr("which colour"),
        "why": tr("why someone feels so"),
        "home": tr("where someone lives"),
        "pet": tr("a pet’s name"),
        "food": tr("a favourite food"),
        "trade": tr("someone’s work"),
    }


def facts_of(scores: Sequence[QuestionScore]) -> list[QuestionScore]:
    """Those about what is so in all stories."""
    return [one for one in scores if one.kind in LASTING]


def questions_of(scores: Sequence[QuestionScore]) -> list[QuestionScore]:
    """Those about what a story tells."""
    return [one for one in scores if one.kind not in LASTING]


def merged(scores: Sequence[QuestionScore]) -> list[QuestionScore]:
    """By kind, whether the pairing was seen or not; all kinds together where there are several."""
    kinds = list(dict.fromkeys(one.kind for one in scores))
    return [_sum(kind, [one for one in scores if one.kind == kind]) for kind in kinds]


def _sum(kind: str, scores: Sequence[QuestionScore]) -> QuestionScore:
    def count(of: Count) -> int:
        return sum(map(of, scores))

    return QuestionScore(
        kind=kind,
        is_seen=all(one.is_seen for one in scores),
        n=count(lambda one: one.n),
        n_right=count(lambda one: one.n_right),
        n_majority=count(lambda one: one.n_majority),
        n_nearest=count(lambda one: one.n_nearest),
        examples=[example for one in scores for example in one.examples],
    )


def total(scores: Sequence[QuestionScore]) -> QuestionScore:
    """All together."""
    return _sum("", scores)


def share(n: int, of: int) -> float:
    return n / of if of else 0.0


def score_row(name: str, score: QuestionScore, before: QuestionScore | None = None) -> ShareRow:
    """A row: how many were right, held against answers without understanding.

    Args:
        before: the base's on the same questions, where the bar of another stands above.
    """
    right = tr("{n} of {all}").format(n=f"{score.n_right:,}", all=f"{score.n:,}")
    said = [tr("{name}: {right} right").format(name=name or tr("all"), right=right)]
    shares = [share(score.n_right, score.n)]
    if before is not None:
        shares.insert(0, share(before.n_right, before.n))
        base = tr("{n} of {all}").format(n=f"{before.n_right:,}", all=f"{before.n:,}")
        said.append(tr("the base {right}").format(right=base))
    marks = (share(score.n_majority, score.n), share(score.n_nearest, score.n))
    said.append(tr("the commonest answer {share}").format(share=percent_text(marks[0])))
    said.append(tr("the nearest sentence {share}").format(share=percent_text(marks[1])))
    values = " → ".join(map(percent_text, shares)) if before is not None else right
    return ShareRow(name, tuple(shares), values, ", ".join(said), marks)


def kind_name(kind: str) -> str:
    return kind_names().get(kind, kind)
