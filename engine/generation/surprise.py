"""How surprising each token of a text is to the model, of any length: logprobs and ranks, and what
they add up to.

All logits are needed of every token, so nothing of the cache helps but what a map of the same text
left a moment ago: its figures are kept too, and after a change only what follows it is decoded
again. A text longer than the context is seen in windows (windows.py). Logprobs are those of
score.py, from slices of the same size; where the slices were others (beside another job, after a
change) the last digits differ.
"""

import math
from collections.abc import Generator, Iterator

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation import threads
from engine.generation.known_maps import Told, empty_told
from engine.generation.loaded import Loaded
from engine.generation.logprobs import LogProbs
from engine.generation.place import Ids, Place
from engine.generation.prefix import common_prefix
from engine.generation.reading import read
from engine.generation.score import PROMPT_SLICE, n_positions
from engine.generation.windows import Seen, seen
from engine.process.messages import Array
from engine.process.token_messages import MapSurprise, Surprise, SurprisePart

Floats = npt.NDArray[np.float32]
Step = SurprisePart | None


def map_surprise(loaded: Loaded, request: MapSurprise) -> Generator[Step, None, Surprise]:
    """Answer a request.

    Yields:
        SurprisePart for each slice, None while it reads what stands before, or waits for room that
        another job holds.

    Raises:
        AppError: the request cannot be answered.
        JobCancelledError: it was cancelled; what was told is right.
    """
    if not request.ids:
        raise AppError("There is no text to look at.", "Write something first.")
    # Nothing of a text that is only looked at is written to the disk.
    place = Place(loaded, request.context, request.adapters, private=True)
    text = seen(loaded, request.ids, place.context.n_ctx)
    mapping = _Mapping(place, text)
    place.context.set_threads(threads.beside_training(loaded.n_threads, loaded.paths.runs))
    try:
        yield from mapping.run()
    finally:
        mapping.keep()
        place.release()
    return totals(loaded, mapping.told, text.at_least)


def totals(loaded: Loaded, told: Told, seen_at_least: int = 0) -> Surprise:
    """What the figures add up to, over the tokens that have a logprob. Perplexity and bits per byte
    are nan where there is none, or not a byte."""
    has_one = ~np.isnan(told.logprobs)
    n_tokens = int(has_one.sum())
    n_bytes = int(loaded.vocab.lengths(told.ids[has_one]).sum())
    bits = float(-told.logprobs[has_one].sum(dtype=np.float64) / math.log(2))
    return Surprise(
        n_tokens=n_tokens,
        n_bytes=n_bytes,
        bits=bits,
        perplexity=float(np.exp2(bits / n_tokens)) if n_tokens else math.nan,
        bits_per_byte=bits / n_bytes if n_bytes else math.nan,
        seen_at_least=seen_at_least,
    )


class _Mapping:
    """One map on its way. n_done: tokens told so far."""

    def __init__(self, place: Place, text: Seen) -> None:
        self._place = place
        self._text = text
        self._key = f"{len(text.before)}/{text.room}/{place.key}"
        self.told = empty_told(len(text.ids))
        self.told.ids[:] = text.ids
        self.n_done = 0

    def keep(self) -> None:
        """For the next map of a text that begins like this one."""
        if self.n_done:
            self._place.loaded.maps.put(self._key, self.told.first(self.n_done))

    def run(self) -> Iterator[Step]:
        """Tell every token, window by window."""
        known = self._place.loaded.maps.longest(self._key, self._text.ids)
        if len(known.ids):
            yield self._tell(known.logprobs, known.ranks)
        elif not len(self._text.before):
            # Nothing stands before the first token, so nothing is known of it.
            yield self._tell(np.array([np.nan], np.float32), np.array([-1], np.int32))
        yield from self._place.wait(1, alone=False)
        while self.n_done < len(self._text.ids):
            yield from self._window(self._text.start(self.n_done))

    def _window(self, start: int) -> Iterator[Step]:
        """Tell what is told in one window. All logits are kept from the token before the first that
        is not told yet."""
        place, text = self._place, self._text
        stop = text.stop(start)
        whole = text.run(start, stop - 1)
        n_read = len(text.before) + self.n_done - start - 1
        self._leave_window(whole)
        place.acquire(whole[: n_read + 1], trims=False)
        yield from _read(place, whole[:n_read])
        while (n_held := place.slot.length) < len(whole):
            yield None
            run = whole[n_held : n_held + n_positions(place)]
            if place.decode_run(run, "all"):
                # At once: the logits last only until somebody decodes again.
                yield self._tell(*self._figures(len(run)))
            else:
                yield from place.come_back(whole[:n_held])
                yield from _read(place, whole[:n_held])

    def _leave_window(self, whole: Ids) -> None:
        """Give the window before back, and its cells at once: this one needs them."""
        place = self._place
        if place.own:
            slot = place.slot
            place.release()
            if common_prefix(slot.tokens, whole) < slot.length:
                place.slots.empty(slot)

    def _figures(self, n: int) -> tuple[Floats, Ids]:
        """Logprobs and ranks of the n tokens that follow the batch's n."""
        logprobs, context = self._place.loaded.logprobs, self._place.context
        tokens = self._text.ids[self.n_done : self.n_done + n].tolist()
        return figures(logprobs, [context.logits(row) for row in range(n)], tokens)

    def _tell(self, logprobs: Floats, ranks: Ids) -> SurprisePart:
        first, self.n_done = self.n_done, self.n_done + len(ranks)
        self.told.logprobs[first : self.n_done] = logprobs
        self.told.ranks[first : self.n_done] = ranks
        return SurprisePart(0, first, _array(logprobs), _array(ranks))


def figures(logprobs: LogProbs, rows: list[Floats], tokens: list[int]) -> tuple[Floats, Ids]:
    """Logprob and rank of a token in each of several distributions.

    Args:
        rows: logits, each of shape (n_vocab,).

    Returns:
        float32 and int32, shape (len(rows),).
    """
    found = empty_told(len(rows))
    for row, (logits, token) in enumerate(zip(rows, tokens, strict=True)):
        found.logprobs[row] = float(logits[token]) - logprobs.log_sum_exp(logits)
        found.ranks[row] = logprobs.rank(logits, token)
    return found.logprobs, found.ranks


def _read(place: Place, ids: Ids) -> Iterator[None]:
    """As `read`, without a word."""
    for _ in read(place, ids, PROMPT_SLICE):
        yield None


def _array(values: Floats | Ids) -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())
