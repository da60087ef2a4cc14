"""What came of a replay: the same tokens, or where they part and which of the noted conditions is
another now. Qt-free.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from engine.process.messages import Generated, ModelInfo, Token
from gui.chat.made_with import versions
from gui.chat.receipt import Receipt
from gui.chat.words import tokens_text, tr

BEFORE_CHARS = 60
AFTER_CHARS = 120


@dataclass(frozen=True)
class Outcome:
    """A replay beside what is kept.

    Args:
        n_tokens: how many were written again.
        differs_at: the first token that is another; -1: none is.
        before: the words that both share before it. kept, again: how each goes on.
        reasons: sentences, what is not as it was when the reply was written.
    """

    n_tokens: int
    differs_at: int
    before: str = ""
    kept: str = ""
    again: str = ""
    reasons: tuple[str, ...] = ()
    was_edited: bool = False

    @property
    def is_same(self) -> bool:
        return self.differs_at < 0

    def words(self) -> str:
        """The outcome in a sentence."""
        if self.is_same:
            words = tr("The same {tokens} again.").format(tokens=tokens_text(self.n_tokens))
        else:
            words = tr("Different from token {n} on.").format(n=f"{self.differs_at + 1:,}")
        if not self.was_edited:
            return words
        edited = tr("The reply was edited since; this is about what the model wrote then.")
        return f"{words} {edited}"


def compare(
    kept: Sequence[Token],
    again: Sequence[Token],
    reasons: Sequence[str],
    *,
    was_edited: bool = False,
) -> Outcome:
    """Two writings of one reply, token by token.

    Args:
        was_edited: its text is not what these tokens say any more.
    """
    pairs = zip_longest(kept, again)
    differs_at = next(
        (
            at
            for at, (one, two) in enumerate(pairs)
            if one is None or two is None or one.id != two.id
        ),
        -1,
    )
    if differs_at < 0:
        return Outcome(len(again), -1, was_edited=was_edited)
    before = _text(kept[:differs_at])
    return Outcome(
        len(again),
        differs_at,
        before[-BEFORE_CHARS:],
        _text(kept[differs_at:])[:AFTER_CHARS],
        _text(again[differs_at:])[:AFTER_CHARS],
        tuple(reasons) or (_nothing_else(),),
        was_edited,
    )


def _text(tokens: Sequence[Token]) -> str:
    return b"".join(token.piece for token in tokens).decode("utf-8", "replace")


def _nothing_else() -> str:
    return tr(
        "Nothing that is noted has changed; another processor or graphics card can make the "
        "difference."
    )


def reasons_of(
    receipt: Receipt, result: Generated, model: ModelInfo | None, *, was_disturbed: bool
) -> list[str]:
    """What is not as it was when the reply was written.

    Args:
        was_disturbed: another reply was written during the replay.
    """
    found = [*_model_reasons(receipt, result, model), *_reading_reasons(receipt, result)]
    if was_disturbed:
        found.append(tr("Another reply was written during this replay."))
    found += _version_reasons(receipt)
    return found


def _model_reasons(receipt: Receipt, result: Generated, model: ModelInfo | None) -> list[str]:
    found = []
    if model is not None and receipt.fingerprint not in ("", model.fingerprint):
        words = tr("The model is another: it was {then}, now it is {now}.")
        found.append(words.format(then=receipt.model_file, now=model.name))
    if result.template_hash != receipt.template_hash:
        found.append(tr("The chat template is another."))
    elif result.prompt_hash != receipt.prompt_hash:
        found.append(
            tr(
                "What stands before the reply was changed: a message, an attachment or the system "
                "prompt."
            )
        )
    if model is not None and receipt.n_ctx not in (0, model.n_ctx):
        words = tr("The context length was {then}, now it is {now}.")
        found.append(words.format(then=f"{receipt.n_ctx:,}", now=f"{model.n_ctx:,}"))
    return found


def _reading_reasons(receipt: Receipt, result: Generated) -> list[str]:
    found = []
    if result.n_threads != receipt.n_threads:
        words = tr("It was written with {then} threads, now with {now}.")
        found.append(words.format(then=receipt.n_threads, now=result.n_threads))
    if not receipt.slices:
        found.append(
            tr(
                "In which pieces its prompt was read is not known: part of it came from an older "
                "file on the disk."
            )
        )
    elif list(result.slices) != receipt.slices:
        found.append(tr("The prompt could not be read in the same pieces as then."))
    if not receipt.alone:
        found.append(
            tr(
                "Other conversations stood in the model’s cache when it was written; they change "
                "the figures a little."
            )
        )
    return found


def _version_reasons(receipt: Receipt) -> list[str]:
    words = tr("{name} was {then}, now it is {now}.")
    return [
        words.format(name=name, then=receipt.versions[name], now=now or tr("unknown"))
        for name, now in versions().items()
        if receipt.versions.get(name, now) != now
    ]
