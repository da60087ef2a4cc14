"""Why torch and llama.cpp part, in a sentence: told from figures and files, never guessed.

Each form differs from another in one thing: the F16 form has the quantised base's weights without
its arithmetic, the quantised file is the merged one in fewer bits. What neither explains is the
export's own, or the text's: a BOS that only one side has, rows that never end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.models.gguf_header import Header, read_header
from engine.process.tune_messages import Parity
from finetune.data.token_set import TokenSet

GOOD_TOP1 = 0.99
GOOD_KL = 0.005


@dataclass(frozen=True)
class Measured:
    """A form's figures; kind: its file's type by name ("Q4_1")."""

    form: str
    kind: str
    is_quantised: bool
    top1: float
    mean_kl: float
    max_kl: float
    n_positions: int

    @property
    def is_good(self) -> bool:
        return self.top1 >= GOOD_TOP1 and self.mean_kl <= GOOD_KL


def causes(
    measured: Sequence[Measured], base: Path, tokens: TokenSet, precision: str
) -> list[Parity]:
    """The figures with their causes.

    Args:
        precision: what torch computed in ("torch.bfloat16").
    """
    about_text = " ".join(text_causes(read_header(base), tokens))
    return [
        Parity(
            form=one.form,
            top1=one.top1,
            mean_kl=one.mean_kl,
            max_kl=one.max_kl,
            n_positions=one.n_positions,
            cause=f"{_cause(one, measured, precision)} {about_text}".strip(),
        )
        for one in measured
    ]


def _cause(one: Measured, measured: Sequence[Measured], precision: str) -> str:
    if one.is_good:
        return ""
    simpler = _simpler(one, measured)
    if one.is_quantised and simpler is not None and simpler.is_good:
        return (
            f"{one.kind} itself: llama.cpp computes a quantised model with "
            f"activations rounded to 8 bits. The same weights as {simpler.kind} agree in "
            f"{simpler.top1:.1%}, so the export is right."
        )
    if "bfloat16" in precision:
        return (
            "torch computed in bf16, which keeps 8 bits of each value; llama.cpp computes more "
            "exactly."
        )
    if one.is_quantised:
        return (
            f"{one.kind}: llama.cpp computes a quantised model with "
            "activations rounded to 8 bits, torch does not."
        )
    return (
        "Nothing about precision explains it: the export, or llama.cpp's layout of this "
        "architecture, differs from torch's."
    )


def _simpler(one: Measured, measured: Sequence[Measured]) -> Measured | None:
    """The form that lacks only the quantised arithmetic."""
    order = ("merged", "f16 base") if one.form == "quantised" else ("f16 base",)
    by_form = {other.form: other for other in measured}
    found = [by_form[name] for name in order if name in by_form]
    exact = [other for other in found if not other.is_quantised]
    return exact[0] if exact else None


def text_causes(header: Header, tokens: TokenSet) -> list[str]:
    """What the rows have, or lack, that a chat with this file has not, or has: BOS and EOS."""
    found = []
    bos = header.metadata.get("tokenizer.ggml.bos_token_id")
    asks = header.metadata.get("tokenizer.ggml.add_bos_token", False) is True
    starts = tokens.starts[:-1][tokens.lengths() > 1]
    firsts, seconds = tokens.ids[starts], tokens.ids[starts + 1]
    if isinstance(bos, int) and len(starts):
        if asks and not (firsts == bos).any():
            found.append("The file begins every text with a BOS; the trained rows have none.")
        if ((firsts == bos) & (seconds == bos)).mean() > 0.5:
            found.append("The trained rows begin with two BOS; a chat begins with one.")
    if header.text("tokenizer.chat_template") and not _ends(header, tokens):
        found.append("No end token was learned: replies may go on for ever.")
    return found


def _ends(header: Header, tokens: TokenSet) -> bool:
    """Whether a token that ends a reply is among those that are learned; true where nothing is
    known of it."""
    keys = ("eos_token_id", "eot_token_id", "eom_token_id")
    ids = [header.metadata.get(f"tokenizer.ggml.{key}") for key in keys]
    ends = [one for one in ids if isinstance(one, int)]
    learned = tokens.ids[tokens.learned.astype(bool)]
    return not ends or not len(learned) or bool(np.isin(learned, ends).any())
