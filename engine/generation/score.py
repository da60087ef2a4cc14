"""How probable a given text was: the logprob of each of its tokens, as if the model had drawn them.

The prompt is read as for a reply (what the cache holds is reused), then the text in slices whose
logits are all kept, so that many tokens cost few decodes. What is told of a token is what Generate
would have told of it; the figures differ in the last digits where the KV was computed in other
slices.
"""

from collections.abc import Generator, Iterator

from engine.errors import AppError
from engine.generation.alternatives import Alternatives
from engine.generation.generate import grammar_of
from engine.generation.loaded import Loaded
from engine.generation.place import Ids, Place, joined
from engine.generation.prompt import build_prompt
from engine.generation.reading import read
from engine.generation.text import TextStream
from engine.llama.context import Logits
from engine.llama.sampler import Sampler, check_grammar
from engine.process.messages import Nothing, PromptProgress, Score, Token

# Logits of a slice: 64 positions of the largest vocabularies, more of smaller ones.
_MAX_LOGITS = 64 * 262_144
_MAX_POSITIONS = 128
_CROWDED_POSITIONS = 16
PROMPT_SLICE = 128

Step = PromptProgress | Token | None


def score(loaded: Loaded, request: Score) -> Generator[Step, None, Nothing]:
    """Answer a request.

    Yields:
        PromptProgress while the prompt is read, Token for each token from request.first on, None
        while it waits for room that another job holds.

    Raises:
        AppError: the request cannot be answered.
        JobCancelledError: it was cancelled; what was told is right.
    """
    prompt, ids = _prompt_and_text(loaded, request)
    place = Place(loaded, request.context, request.adapters, private=request.private)
    _check_length(len(prompt) + len(ids), place.context.n_ctx)
    teller = _Teller(loaded, request, place)
    try:
        teller.sampler.accept_prompt(prompt)
        yield from place.wait(1, alone=False)
        yield from _scored(place, teller, prompt, ids)
    finally:
        place.forget_copy()
        place.release()
        teller.sampler.close()
    return Nothing()


def _scored(place: Place, teller: "_Teller", prompt: Ids, ids: Ids) -> Iterator[Step]:
    """Tell the tokens: the first one from the prompt's last logits, the others slice by slice."""
    whole = joined(prompt, ids)
    start = teller.first
    for token in ids[:start].tolist():
        teller.read(token)
    if not len(prompt) and not start:
        yield teller.untold(int(ids[0]))  # nothing stands before it, so nothing is known of it
        start = 1
    if start >= len(ids):
        return
    n_read = len(prompt) + start
    place.acquire(whole[:n_read], trims=False)
    yield from read(place, whole[:n_read], PROMPT_SLICE)
    yield teller.tell(place.last_size - 1, int(ids[start]))
    # The last token's own logits would say what follows the text: nobody asks.
    while (n_held := place.slot.length) < len(whole) - 1:
        yield None
        run = whole[n_held : min(len(whole) - 1, n_held + n_positions(place))]
        if not place.decode_run(run, "all"):
            yield from place.come_back(whole[:n_held])
            yield from read(place, whole[:n_held], PROMPT_SLICE)
            continue
        # All at once: the logits last only until somebody decodes again.
        yield from [
            teller.tell(row, token)
            for row, token in enumerate(whole[n_held + 1 : n_held + 1 + len(run)].tolist())
        ]


def n_positions(place: Place) -> int:
    """How many tokens are decoded at once where the logits of all are kept."""
    if place.is_crowded:
        return _CROWDED_POSITIONS
    return max(1, min(_MAX_POSITIONS, _MAX_LOGITS // place.context.n_vocab, place.context.n_ctx))


class _Teller:
    """Makes the Token of each position, and keeps what the samplers remember."""

    def __init__(self, loaded: Loaded, request: Score, place: Place) -> None:
        self.first = request.first
        self._context = place.context
        self._vocab = loaded.vocab
        self._logprobs = loaded.logprobs
        self._stream = TextStream([])
        grammar = grammar_of(request.sampling)
        check_grammar(loaded.vocab, grammar)
        self._count = request.top_logprobs
        self._alternatives = Alternatives(
            loaded.vocab, loaded.logprobs, request.sampling, request.top_logprobs
        )
        self.sampler = Sampler(
            request.sampling,
            grammar,
            loaded.vocab,
            place.context.n_ctx,
            request.sampling.seed or 0,
        )

    def read(self, token: int) -> None:
        """A token that is not told of."""
        self.sampler.accept(token)
        self._stream.push(self._vocab.piece(token))

    def untold(self, token: int) -> Token:
        """A token of which nothing is known but that it stands there."""
        self.sampler.accept(token)
        piece = self._vocab.piece(token)
        return Token(token, piece, self._stream.push(piece))

    def tell(self, row: int, token: int) -> Token:
        """A token and its figures, from batch row `row`."""
        logits: Logits = self._context.logits(row)
        total = self._logprobs.log_sum_exp(logits)
        top = None
        if self._count:
            drawn, left = self.sampler.force(logits, token)
            top = self._alternatives.of(logits, total, left, drawn)
        piece = self._vocab.piece(token)
        text = "" if self._vocab.is_end(token) else self._stream.push(piece)
        return Token(token, piece, text, float(logits[token]) - total, 0, top)


def _prompt_and_text(loaded: Loaded, request: Score) -> tuple[Ids, Ids]:
    """The ids before the text, and the text's."""
    if (request.messages is None) == (request.prompt is None):
        raise AppError("Either messages or a text to continue are needed, not both.")
    if request.first < 0 or request.top_logprobs < 0:
        raise AppError("A negative number of tokens cannot be told.", "Ask for 0 or more.")
    prompt = build_prompt(loaded, request.messages, request.prompt, request.prefill)
    if request.ids:
        return prompt.ids, loaded.vocab.checked(request.ids)
    if len(prompt.ids):
        return prompt.ids, loaded.vocab.tokenize_inside(request.text)
    return prompt.ids, loaded.vocab.tokenize(request.text)


def _check_length(n_tokens: int, n_ctx: int) -> None:
    if n_tokens > n_ctx:
        raise AppError(
            f"This takes {n_tokens:,} tokens; the context holds {n_ctx:,}.",
            "Choose a longer context, or a shorter text.",
        )
