"""What a model expects after a text: the distribution before the samplers, and after each of their
stages.

The logits of the last few texts are kept, so that another setting is answered without a decode.
What is drawn at random (XTC, mirostat) is drawn with the settings' seed, or with seed 0: the same
question has the same answer. A grammar is left aside: it depends on where a reply began.
"""

import math
from collections.abc import Generator

import numpy as np

from engine.errors import AppError
from engine.generation import threads
from engine.generation.loaded import Loaded
from engine.generation.logprobs import LogProbs
from engine.generation.place import Ids, Place
from engine.generation.reading import read
from engine.generation.score import PROMPT_SLICE
from engine.generation.windows import Seen, seen
from engine.llama import sampler
from engine.llama.context import Logits
from engine.llama.sampler import Candidates
from engine.llama.vocab import Vocab
from engine.process.messages import Candidate
from engine.process.token_messages import LookAt, Stage, Stages


def look_at(loaded: Loaded, request: LookAt) -> Generator[None, None, Stages]:
    """Answer a request, with a decode where its logits are not at hand.

    Yields:
        None between slices, and while it waits for room that another job holds.

    Raises:
        AppError: the request cannot be answered.
    """
    text = _seen(loaded, request)
    key = _key(loaded, request)
    logits = loaded.looked.get(key)
    if logits is None:
        logits = yield from _decoded(loaded, request, text)
        loaded.looked.put(key, logits)
    return stages(
        loaded.vocab, request, text.ids, logits, loaded.context(request.context).context.n_ctx
    )


def look_at_known(loaded: Loaded, request: LookAt) -> Stages | None:
    """The answer where its logits are at hand, None where a decode is needed. From any thread.

    Raises:
        AppError: the request cannot be answered.
    """
    text = _seen(loaded, request)
    logits = loaded.looked.get(_key(loaded, request))
    if logits is None:
        return None
    return stages(
        loaded.vocab, request, text.ids, logits, loaded.context(request.context).context.n_ctx
    )


def _key(loaded: Loaded, request: LookAt) -> tuple[str, str, bytes]:
    ids = np.array(request.ids, np.int32).tobytes()
    return request.context, loaded.adapters.key(request.adapters), ids


def _seen(loaded: Loaded, request: LookAt) -> Seen:
    text = seen(loaded, request.ids, loaded.context(request.context).context.n_ctx)
    if not len(text.ids) and not len(text.before):
        raise AppError("Nothing stands before this token.", "Look at a later one.")
    if request.count < 0:
        raise AppError("A negative number of alternatives cannot be shown.", "Ask for 0 or more.")
    if request.chosen >= 0:
        loaded.vocab.checked([request.chosen])
    return text


def _decoded(loaded: Loaded, request: LookAt, text: Seen) -> Generator[None, None, Logits]:
    """Read what stands before. Returns a copy of the last logits, shape (n_vocab,)."""
    place = Place(loaded, request.context, request.adapters, private=True)
    place.context.set_threads(threads.beside_training(loaded.n_threads, loaded.paths.runs))
    whole = text.what_is_before(len(text.ids))
    try:
        yield from place.wait(1, alone=False)
        place.acquire(whole, trims=False)
        for _ in read(place, whole, PROMPT_SLICE):
            yield None
        return place.context.logits(place.last_size - 1).copy()
    finally:
        place.forget_copy()
        place.release()


def stages(vocab: Vocab, request: LookAt, ids: Ids, logits: Logits, n_ctx: int) -> Stages:
    """The distribution as it is, and after each stage that the settings ask for. Safe from any
    thread.

    Args:
        ids: what penalties and DRY look back on.
        logits: shape (n_vocab,).
    """
    describer = _Describer(vocab, request)
    chain = sampler.Stages(request.sampling, vocab, n_ctx, request.sampling.seed or 0)
    try:
        chain.accept(ids)
        found = [describer.stage(name, left) for name, left in chain.apply(logits)]
    finally:
        chain.close()
    return Stages(found)


class _Describer:
    """Describes distributions."""

    def __init__(self, vocab: Vocab, request: LookAt) -> None:
        self._vocab = vocab
        self._count = request.count
        self._chosen = request.chosen
        self._logprobs = LogProbs(vocab.n_tokens)

    def stage(self, name: str, left: Candidates) -> Stage:
        """One distribution, normalised over what is left."""
        ids, logits = left["id"], np.ascontiguousarray(left["logit"])
        total = self._logprobs.log_sum_exp(logits)
        best = self._logprobs.top(logits, self._count)
        best = best[logits[best] > -math.inf]
        candidates = [
            Candidate(int(ids[i]), self._vocab.piece(int(ids[i])), float(logits[i]) - total)
            for i in best.tolist()
        ]
        shown = math.fsum(math.exp(candidate.logprob) for candidate in candidates)
        rank, logprob = self._place_of_chosen(ids, logits, total)
        return Stage(
            name=name,
            candidates=candidates,
            rest=max(0.0, 1.0 - shown),
            n_left=int(np.count_nonzero(logits > -math.inf)),
            chosen_rank=rank,
            chosen_logprob=logprob,
        )

    def _place_of_chosen(self, ids: Ids, logits: Logits, total: float) -> tuple[int, float | None]:
        """Its rank and logprob; -1 and None where it is gone, or none was chosen."""
        at = np.flatnonzero(ids == self._chosen)
        if not len(at) or logits[at[0]] == -math.inf:
            return -1, None
        value = logits[at[0]]
        rank = np.count_nonzero((logits > value) | ((logits == value) & (ids < self._chosen)))
        return int(rank), float(value) - total
