"""Base against tuned on held-out rows: each row's loss, and the tokens that moved most.

Both are read by llama.cpp, which is what the result will be chatted with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.process.messages import Token
from finetune.config import WatchTable
from finetune.data.token_set import TokenSet
from finetune.measure.answers import Asked, Voice
from finetune.measure.results import AnswerPair, RowResult, RowTokens, TokenResult

Report = Callable[[float], object]
Judged = dict[int, list[Token]]
_EXCERPT = 160
_N_SHOWN = 12  # rows that are kept token by token


def chosen_rows(rows: TokenSet, n_tokens: int, longest: int) -> list[int]:
    """Rows to compare, spread over the set: as many as fit into n_tokens, at least one where there
    is any; none longer than `longest`."""
    lengths = rows.lengths()
    usable = [index for index in range(rows.n_rows) if 2 <= lengths[index] <= longest]
    if not usable:
        return []
    mean = sum(int(lengths[index]) for index in usable) / len(usable)
    count = min(len(usable), max(1, int(n_tokens / mean)))
    return [usable[len(usable) * number // count] for number in range(count)]


def judged(voice: Voice, rows: TokenSet, chosen: Sequence[int], report: Report) -> Judged:
    """What a model makes of rows: index -> each of its tokens."""
    found = {}
    for number, index in enumerate(chosen, start=1):
        found[index] = voice.tokens(rows.row(index)[0].tolist())
        report(number / len(chosen))
    return found


def compared(
    rows: TokenSet, before: Judged, after: Judged
) -> tuple[list[RowResult], list[RowTokens]]:
    """Rows with their losses, the worst now first; and the tokens of the first of these."""
    results = [_row(rows, index, before[index], after[index]) for index in after]
    order = sorted(zip(results, after, strict=True), key=lambda one: -one[0].after)
    shown = [_tokens(rows, index, before[index], after[index]) for _, index in order[:_N_SHOWN]]
    return [one for one, _ in order], shown


def mean_loss(results: Sequence[RowResult], now: bool) -> float | None:
    """Over all learned tokens of these rows; None for none."""
    n = sum(one.n_learned for one in results)
    return (
        sum((one.after if now else one.before) * one.n_learned for one in results) / n
        if n
        else None
    )


def _row(rows: TokenSet, index: int, before: list[Token], after: list[Token]) -> RowResult:
    learned = [bool(one) for one in rows.row(index)[1].tolist()]
    said = "".join(token.text for token, one in zip(after, learned, strict=True) if one)
    return RowResult(
        row_id=rows.row_ids[index],
        before=_loss(before, learned),
        after=_loss(after, learned),
        n_learned=sum(learned),
        excerpt=said[:_EXCERPT].strip(),
    )


def _loss(tokens: list[Token], learned: list[bool]) -> float:
    known = [
        token.logprob
        for token, one in zip(tokens, learned, strict=True)
        if one and token.logprob is not None
    ]
    return -sum(known) / len(known) if known else 0.0


def _tokens(rows: TokenSet, index: int, before: list[Token], after: list[Token]) -> RowTokens:
    learned = rows.row(index)[1].tolist()
    pieces = _shown(after)
    tokens = [
        TokenResult(text, old.logprob, new.logprob, bool(one))
        for text, old, new, one in zip(pieces, before, after, learned, strict=True)
    ]
    return RowTokens(rows.row_ids[index], tokens)


def _shown(tokens: Sequence[Token]) -> Iterator[str]:
    """Each token's text; special ones as they are written."""
    for token in tokens:
        yield token.text or token.piece.decode("utf-8", "replace")


def fixed_prompts(watch: WatchTable, most_tokens: int) -> list[Asked]:
    """What is asked at every evaluation, each once."""
    n_tokens = min(watch.max_tokens, most_tokens)
    return [Asked(one, watch.system, n_tokens) for one in dict.fromkeys(watch.prompts)]


def answered(voice: Voice, asked: Sequence[Asked], report: Report) -> list[str]:
    """A model's answers, in order."""
    found = []
    for number, one in enumerate(asked, start=1):
        found.append(voice.answer(one).text)
        report(number / len(asked))
    return found


def pairs(asked: Sequence[Asked], before: Sequence[str], after: Sequence[str]) -> list[AnswerPair]:
    """Questions with both answers."""
    return [
        AnswerPair(one.question, old, new)
        for one, old, new in zip(asked, before, after, strict=True)
    ]
