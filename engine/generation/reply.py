"""One reply as it grows: draws tokens, turns bytes into text, knows when it is finished. n of them
share one prompt."""

from engine.generation.alternatives import Alternatives
from engine.generation.logprobs import LogProbs
from engine.generation.prefix import Slot
from engine.generation.text import TextStream
from engine.generation.thinking import Thinking
from engine.llama.context import Context, Logits
from engine.llama.sampler import Sampler
from engine.llama.vocab import Vocab
from engine.process.messages import Finish, Generate, Reply, Token, Top


class GrowingReply:
    """State of one reply. `last` is its newest token, drawn and not yet decoded.

    Args:
        thinking: follows its reasoning, from the words that stand already.
        before: the bytes that stand before its first token.
    """

    def __init__(
        self,
        index: int,
        request: Generate,
        sampler: Sampler,
        seed: int,
        slot: Slot,
        vocab: Vocab,
        logprobs: LogProbs,
        thinking: Thinking,
        before: bytes,
    ) -> None:
        self.index = index
        self.slot = slot
        self.sampler = sampler
        self.finish: Finish | None = None
        self.last = -1
        self.ids: list[int] = []
        self.n_reasoning = 0
        self.last_s = 0.0  # when its newest token was drawn
        self._request = request
        self._vocab = vocab
        self._logprobs = logprobs
        self._alternatives = Alternatives(vocab, logprobs, request.sampling, request.top_logprobs)
        self._seed = seed
        self._text: list[str] = []
        self._stream = TextStream(request.stop, before)
        self._n_thought_before = thinking.n_tokens
        self._thinking: Thinking | None = thinking
        self._forced: list[int] = []  # tokens that come next, whatever the samplers would draw
        self._follow_reasoning(thinking)

    def draw(self, context: Context, row: int) -> Token:
        """Sample the next token from batch row `row` and take note of it."""
        top = None
        logprob: float | None = None
        if self._request.top_logprobs:
            logits = context.logits(row)
            total = self._logprobs.log_sum_exp(logits)
            token, top = self._draw_seen(logits, total)
            logprob = float(logits[token]) - total
        else:
            token = self._forced_token() if self._forced else self.sampler.sample(context, row)
            if self._request.logprobs:
                logits = context.logits(row)
                logprob = float(logits[token]) - self._logprobs.log_sum_exp(logits)
        self.last = token
        self.ids.append(token)
        return self._take(token, logprob, top)

    def _draw_seen(self, logits: Logits, total: float) -> tuple[int, Top]:
        """The next token, and what else it could have been."""
        if not self._forced:
            token, left = self.sampler.sample_seen(logits)
            return token, self._alternatives.of(logits, total, left, token)
        drawn, left = self.sampler.look(logits)
        top = self._alternatives.of(logits, total, left, drawn)
        return self._forced_token(), top

    def _forced_token(self) -> int:
        token = self._forced.pop(0)
        self.sampler.accept(token)
        return token

    def _take(self, token: int, logprob: float | None, top: Top | None) -> Token:
        piece = self._vocab.piece(token)
        if self._thinking is not None:
            self._thinking.read(piece)
            self._follow_reasoning(self._thinking)
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

    def _follow_reasoning(self, thinking: Thinking) -> None:
        """Count it; once the budget is used up, what closes it comes next. When the answer has
        begun there is nothing more to follow."""
        self.n_reasoning = thinking.n_tokens - self._n_thought_before
        if thinking.is_over:
            self._thinking = None
        elif closing := thinking.cut_short():
            ids = self._vocab.tokenize_inside(closing, parse_special=True)
            self._forced = ids.tolist()

    def _end(self, finish: Finish) -> str:
        self.finish = finish
        return self._stream.finish()

    def end(self, finish: Finish) -> str:
        """Finish from outside (context full, cancelled). Returns text that was still waiting."""
        rest = self._end(finish)
        self._text.append(rest)
        return rest

    def tokens_per_s(self, first_s: float) -> float:
        """Its speed since its first token was drawn; 0 where that tells nothing."""
        seconds, n_timed = self.last_s - first_s, len(self.ids) - 1
        return n_timed / seconds if seconds > 0 and n_timed > 0 else 0.0

    def result(self) -> Reply:
        return Reply(
            text="".join(self._text),
            finish=self.finish or "cancelled",
            n_generated=len(self.ids),
            stop_string=self._stream.stopped_by,
            seed=self._seed,
            n_reasoning=self.n_reasoning,
        )
