"""One reply as it grows: draws tokens, turns bytes into text, knows when it is finished. n of them
share one prompt."""

import math

import numpy as np

from engine.generation.logprobs import LogProbs
from engine.generation.prefix import Slot
from engine.generation.text import TextStream
from engine.llama.context import Context, Logits
from engine.llama.sampler import Candidates, Sampler
from engine.llama.vocab import Vocab
from engine.process.messages import Candidate, Finish, Generate, Reply, Token, Top


class GrowingReply:
    """State of one reply. `last` is its newest token, drawn and not yet decoded."""

    def __init__(
        self, index: int, request: Generate, sampler: Sampler, seed: int, slot: Slot, vocab: Vocab
    ) -> None:
        self.index = index
        self.slot = slot
        self.sampler = sampler
        self.finish: Finish | None = None
        self.last = -1
        self.ids: list[int] = []
        self._request = request
        self._vocab = vocab
        self._seed = seed
        self._text: list[str] = []
        self._stream = TextStream(request.stop)

    def draw(self, context: Context, row: int, logprobs: LogProbs) -> Token:
        """Sample the next token from batch row `row` and take note of it."""
        wants_top = self._request.top_logprobs
        top = None
        if wants_top:
            logits = context.logits(row)
            token, left = self.sampler.sample_seen(logits)
            total = logprobs.log_sum_exp(logits)
            top = self._top(logits, total, left, token, logprobs)
            logprob: float | None = float(logits[token]) - total
        else:
            token = self.sampler.sample(context, row)
            logprob = None
            if self._request.logprobs:
                logits = context.logits(row)
                logprob = float(logits[token]) - logprobs.log_sum_exp(logits)
        self.last = token
        self.ids.append(token)
        return self._take(token, logprob, top)

    def _take(self, token: int, logprob: float | None, top: Top | None) -> Token:
        piece = self._vocab.piece(token)
        if self._vocab.is_end(token):
            text = self._end("stop")
        else:
            text = self._stream.push(piece)
            if self._stream.stopped_by:
                self.finish = "stop_string"
            elif len(self.ids) == self._request.max_tokens:
                text += self._end("length")
        self._text.append(text)
        return Token(token, piece, text, logprob, self.index, top)

    def _end(self, finish: Finish) -> str:
        self.finish = finish
        return self._stream.finish()

    def end(self, finish: Finish) -> str:
        """Finish from outside (context full, cancelled). Returns text that was still waiting."""
        rest = self._end(finish)
        self._text.append(rest)
        return rest

    def result(self) -> Reply:
        return Reply(
            text="".join(self._text),
            finish=self.finish or "cancelled",
            n_generated=len(self.ids),
            stop_string=self._stream.stopped_by,
            seed=self._seed,
        )

    def _top(
        self, logits: Logits, total: float, left: Candidates, token: int, logprobs: LogProbs
    ) -> Top:
        k = self._request.top_logprobs
        before = logprobs.top(logits, k)
        before_list = [
            Candidate(i, self._vocab.piece(i), value - total)
            for i, value in zip(before.tolist(), logits[before].tolist(), strict=True)
        ]
        if self._request.sampling.temperature <= 0:
            after_list = [Candidate(token, self._vocab.piece(token), 0.0)]
        else:
            after_list = self._after(left, k, logprobs)
        return Top(before_list, _rest(before_list), after_list, _rest(after_list))

    def _after(self, left: Candidates, k: int, logprobs: LogProbs) -> list[Candidate]:
        values = np.ascontiguousarray(left["logit"])
        total = logprobs.log_sum_exp(values)
        best = logprobs.top(values, k)
        ids = left["id"][best].tolist()
        return [
            Candidate(i, self._vocab.piece(i), value - total)
            for i, value in zip(ids, values[best].tolist(), strict=True)
            if value > -math.inf
        ]


def _rest(shown: list[Candidate]) -> float:
    """Probability of everything not shown."""
    return max(0.0, 1.0 - math.fsum(math.exp(candidate.logprob) for candidate in shown))
