"""What else could have stood at a position: the likeliest tokens, before and after the samplers."""

import math

import numpy as np

from engine.generation.logprobs import LogProbs
from engine.llama.context import Logits
from engine.llama.sampler import Candidates
from engine.llama.vocab import Vocab
from engine.process.messages import Candidate, Sampling, Top


class Alternatives:
    """Makes the Top of each position of a reply.

    Args:
        count: how many alternatives each gets, at most.
    """

    def __init__(self, vocab: Vocab, logprobs: LogProbs, sampling: Sampling, count: int) -> None:
        self._vocab = vocab
        self._logprobs = logprobs
        self._is_greedy = sampling.temperature <= 0
        self._count = count

    def of(self, logits: Logits, total: float, left: Candidates, drawn: int) -> Top:
        """One position.

        Args:
            total: log of the sum of exp(logits).
            left: what the samplers left.
            drawn: the token they drew.
        """
        best = self._logprobs.top(logits, self._count)
        before = [
            Candidate(i, self._vocab.piece(i), value - total)
            for i, value in zip(best.tolist(), logits[best].tolist(), strict=True)
        ]
        if self._is_greedy:
            after = [Candidate(drawn, self._vocab.piece(drawn), 0.0)]
        else:
            after = self._after(left)
        return Top(before, _rest(before), after, _rest(after))

    def _after(self, left: Candidates) -> list[Candidate]:
        values = np.ascontiguousarray(left["logit"])
        total = self._logprobs.log_sum_exp(values)
        best = self._logprobs.top(values, self._count)
        ids = left["id"][best].tolist()
        return [
            Candidate(i, self._vocab.piece(i), value - total)
            for i, value in zip(ids, values[best].tolist(), strict=True)
            if value > -math.inf
        ]


def _rest(shown: list[Candidate]) -> float:
    """Probability of everything not shown."""
    return max(0.0, 1.0 - math.fsum(math.exp(candidate.logprob) for candidate in shown))
