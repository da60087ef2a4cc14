"""What became of a text's tokens: each one's logprob before and after, how large the change is, and
the largest movers. Qt-free but for the words.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from engine.process.messages import Array
from engine.process.tune_messages import TextChanges
from finetune.measure.results import TokenResult
from gui.tune.words import tr
from gui.widgets.ramp import share_text
from gui.widgets.token_paint import CHANGE_STEPS, LESS, MORE, UNCHANGED
from gui.widgets.token_text import TokenText, token_text

Floats = npt.NDArray[np.float64]
# A change by these factors is a step, either way.
FACTORS = (1.5, 3.0, 10.0)
_LIMITS = np.log(FACTORS)


class Changes(Struct, frozen=True, eq=False):
    """before and after: natural logprobs, (n,), nan where nothing is known (the first token)."""

    tokens: TokenText
    before: Floats
    after: Floats

    @property
    def differences(self) -> Floats:
        """How much likelier each became, in nats, (n,); 0 where nothing is known."""
        return np.nan_to_num(self.after - self.before, nan=0.0, posinf=0.0, neginf=0.0)

    def marks(self) -> bytes:
        """For each token the step of its change, as gui.widgets.token_paint.Marks has it."""
        moved = self.differences
        steps = np.searchsorted(_LIMITS, np.abs(moved) + 1e-9)
        signs = np.where(moved > 0, MORE, LESS)
        return np.where(steps == 0, UNCHANGED, steps + signs).astype(np.uint8).tobytes()

    def movers(self, count: int = 10) -> list[int]:
        """The tokens that changed most, the largest change first; only changes of a step."""
        sizes = np.abs(self.differences)
        order = np.argsort(-sizes, kind="stable")[:count]
        return [int(one) for one in order if sizes[one] >= _LIMITS[0]]

    def bits(self) -> tuple[float, float]:
        """Of all tokens that are known: bits before and after."""
        known = np.isfinite(self.before) & np.isfinite(self.after)
        scale = -1.0 / math.log(2)
        return float(self.before[known].sum() * scale), float(self.after[known].sum() * scale)

    def words(self, token: int) -> str:
        """A token's change in words."""
        before, after = float(self.before[token]), float(self.after[token])
        if math.isnan(before) or math.isnan(after):
            return tr("nothing is known of the first token")
        return f"{self.shares(token)} ({factor_text(after - before)})"

    def shares(self, token: int) -> str:
        """Its probability before and after, of a token of which both are known."""
        before, after = (math.exp(float(one[token])) for one in (self.before, self.after))
        return f"{share_text(before)} → {share_text(after)}"


def factor_text(difference: float) -> str:
    """A difference of logprobs as the factor of the probability: "×12 likelier"."""
    factor = math.exp(min(abs(difference), 20.0))
    if factor < FACTORS[0]:
        return tr("about the same")
    told = f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"
    words = tr("×{n} likelier") if difference > 0 else tr("×{n} less likely")
    return words.format(n=told)


def stored_changes(tokens: Sequence[TokenResult]) -> Changes:
    """Of a row that the run's end measured."""
    pieces = [one.text.encode() for one in tokens]
    ends = array("q", accumulate(map(len, pieces)))
    text = TokenText(array("i", [-1] * len(pieces)), b"".join(pieces), ends)
    return Changes(
        text, _floats([one.before for one in tokens]), _floats([one.after for one in tokens])
    )


def told_changes(told: TextChanges) -> Changes:
    """Of a text that a person asked about."""
    lengths = _array(told.piece_bytes).astype(np.int64).tolist()
    ids = array("i", _array(told.ids).astype(np.int32).tobytes())
    special = _array(told.special).astype(np.uint8).tobytes()
    pieces = token_text(ids, _array(told.pieces).astype(np.uint8).tobytes(), lengths, special)
    before, after = (_array(one).astype(np.float64) for one in (told.before, told.after))
    return Changes(pieces, before, after)


def step_words() -> list[tuple[int, str]]:
    """The legend: each step of change and what it means, from much less to much likelier."""
    less = [LESS + step for step in range(CHANGE_STEPS, 0, -1)]
    more = [MORE + step for step in range(1, CHANGE_STEPS + 1)]
    return [(step, f"÷{FACTORS[step - LESS - 1]:g}") for step in less] + [
        (step, f"×{FACTORS[step - MORE - 1]:g}") for step in more
    ]


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if one is None else one for one in values], np.float64)


def _array(packed: Array) -> npt.NDArray[np.generic]:
    return np.frombuffer(packed.data, packed.dtype).reshape(packed.shape)
