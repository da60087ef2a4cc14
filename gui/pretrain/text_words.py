"""Texts and their cleaning in words: sizes, what each step does, what one gets of a text. Qt-free
but for the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.process.pretrain_messages import CleaningCount, CleaningStep, CorpusInfo
from gui.pretrain.words import tr

EXCERPT = 110


class Gain(Struct, frozen=True):
    """What comes of a text: a word for it, and sentences."""

    title: str
    words: str


def count(n: int, one: str, many: str) -> str:
    """A number with its noun, in the right one of two (translated) forms."""
    return (one if n == 1 else many).format(n=f"{n:,}")


def bytes_text(n_bytes: int) -> str:
    """A size in decimal units, with a digit where there are few: "1.1 MB"."""
    for size, words in ((10**9, tr("{n} GB")), (10**6, tr("{n} MB")), (10**3, tr("{n} kB"))):
        if n_bytes >= size:
            n = n_bytes / size
            return words.format(n=f"{n:.1f}" if n < 9.95 and size > 10**3 else f"{n:,.0f}")
    return count(n_bytes, tr("{n} byte"), tr("{n} bytes"))


def texts_text(n: int) -> str:
    return count(n, tr("{n} text"), tr("{n} texts"))


def excerpt(text: str, n_letters: int = EXCERPT) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * n_letters].split())
    return line if len(line) <= n_letters else line[:n_letters].rstrip() + "…"


def corpus_facts(info: CorpusInfo) -> str:
    """A text in a line."""
    if not info.is_whole:
        return tr("not finished")
    parts = [bytes_text(info.n_bytes), texts_text(info.n_documents)]
    return " · ".join([*parts, *info.sources[:1]])


def gain_of(info: CorpusInfo) -> Gain:
    """What a person will have at the end."""
    if info.stories_seed >= 0:
        return Gain(
            tr("You get an assistant"),
            tr(
                "These stories come from a little world whose facts are known. A model that has "
                "read them can be taught to answer questions about it, and its answers can be "
                "checked."
            ),
        )
    return Gain(
        tr("You get a writer in its style"),
        tr(
            "A model raised on this goes on with a text in the same manner; it does not answer "
            "questions. You talk to it by beginning a text, which it continues."
        ),
    )


def step_name(step: CleaningStep) -> str:
    return step_names()[step]


def step_names() -> dict[CleaningStep, str]:
    """The steps in their order."""
    return {
        "decode": tr("Decode"),
        "normalise": tr("Normalise"),
        "language": tr("Language"),
        "length": tr("Length"),
        "repetition": tr("Repetition"),
        "exact": tr("Exact duplicates"),
        "near": tr("Near duplicates"),
    }


def step_tips() -> dict[CleaningStep, str]:
    """What each does, in a sentence."""
    return {
        "decode": tr("Bytes become text; what is no text in any known encoding goes"),
        "normalise": tr(
            "One spelling for each character (Unicode’s NFC), one kind of line end, marks of HTML "
            "and Markdown taken off; it changes texts and drops none"
        ),
        "language": tr("Texts in other languages than those wanted go"),
        "length": tr("Texts of a few words go; very long ones are cut at their paragraphs"),
        "repetition": tr("Texts that say the same lines or words over and over go"),
        "exact": tr("Texts that were there before, word for word, go: they would be recited"),
        "near": tr("Texts that share most of their word sequences with another (MinHash) go"),
    }


def step_words(one: CleaningCount) -> str:
    """What a step did, in a few words."""
    parts = []
    if one.n_dropped:
        dropped = tr("{n} dropped").format(n=f"{one.n_dropped:,}")
        parts.append(f"{dropped} ({bytes_text(one.bytes_dropped)})")
    if one.n_changed:
        parts.append(tr("{n} changed").format(n=f"{one.n_changed:,}"))
    return " · ".join(parts) or tr("nothing to do")


def kept_share(counts: Sequence[CleaningCount], n_bytes: int) -> float:
    """How much of what came in is kept, 0..1 of the bytes."""
    dropped = sum(one.bytes_dropped for one in counts)
    return n_bytes / (n_bytes + dropped) if n_bytes + dropped else 1.0
