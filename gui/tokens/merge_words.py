"""What the merges panel says of a step. No widgets."""

from engine.process.token_messages import MergeStep
from gui.tokens.merge_steps import MergeSteps
from gui.tokens.words import tr
from gui.widgets.token_text import shown


def figure_of_step(step: MergeStep) -> str:
    """A step's rank or score."""
    if step.score is not None:
        return f"{step.score:.2f}"
    return f"{step.rank:,}" if step.rank >= 0 else ""


def moment_words(steps: MergeSteps, moment: int) -> str:
    """What happened last and what comes next."""
    merges = steps.merges
    if steps.chooses:
        return _choice_words(steps)
    if not steps.n_steps:
        if len(merges.start) == 1 and len(merges.start[0]) > 1:
            return tr("It is in the vocabulary and was taken whole: nothing had to merge.")
        return tr("Nothing merges here: these pieces are the tokens.")
    parts = [
        tr("Step {n} of {all}.").format(n=moment, all=steps.n_steps),
        _made_words(steps, moment),
        _next_words(steps, moment),
    ]
    return " ".join(filter(None, parts))


def _made_words(steps: MergeSteps, moment: int) -> str:
    made = steps.step_before(moment)
    if made is None:
        return tr("Nothing is merged yet.")
    left, right = steps.pieces_at(moment - 1)[made.place : made.place + 2]
    return tr("{left} and {right} became {piece} ({figure}).").format(
        left=shown(left), right=shown(right), piece=shown(made.piece), figure=_figure(made)
    )


def _next_words(steps: MergeSteps, moment: int) -> str:
    following = steps.step_after(moment)
    if following is None:
        n_tokens = len(steps.merges.ids)
        return (
            tr("Nothing merges any more: 1 token.")
            if n_tokens == 1
            else tr("Nothing merges any more: {n} tokens.").format(n=n_tokens)
        )
    left, right = steps.pieces_at(moment)[following.place : following.place + 2]
    return tr("Next: {left} and {right} ({figure}).").format(
        left=shown(left), right=shown(right), figure=_figure(following)
    )


def _figure(step: MergeStep) -> str:
    form = tr("score {figure}") if step.score is not None else tr("rank {figure}")
    return form.format(figure=figure_of_step(step))


def _choice_words(steps: MergeSteps) -> str:
    choices = steps.merges.choices
    taken = [one for one in choices if one.is_taken]
    if any(one.score is not None for one in taken):
        total = sum(one.score or 0.0 for one in taken)
        return tr(
            "Of all ways through these {n} pieces the tokenizer takes the one with the highest sum "
            "of scores: {total}."
        ).format(n=len(choices), total=f"{total:.2f}")
    return tr("From the left, the tokenizer takes at each place the longest piece that fits.")


def rule_words(kind: str) -> str:
    """How this kind of tokenizer works, in a sentence."""
    return {
        "BPE": tr("The pair with the lowest rank merges first: the one learned earliest."),
        "SentencePiece": tr("The pair that makes the piece with the highest score merges first."),
        "Unigram": tr("Nothing merges: whole ways through the word are weighed by their scores."),
        "WordPiece": tr("Nothing merges: the longest piece that fits is taken, then the next."),
    }.get(kind, "")
