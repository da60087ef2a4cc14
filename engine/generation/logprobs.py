"""Logprobs and likeliest alternatives from logits. Numpy alone; buffers are kept, so a token costs
no allocation."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]

_N_LANES = 256


class LogProbs:
    """Works on distributions of up to `n_vocab` entries."""

    def __init__(self, n_vocab: int) -> None:
        self._scratch = np.empty(n_vocab, np.float32)
        self._flags = np.empty(n_vocab, np.bool_)

    def log_sum_exp(self, logits: Floats) -> float:
        """log(sum(exp(logits))), shape (n,) -> scalar; entries of minus infinity count as
        nothing."""
        highest = float(logits.max())
        scratch = self._scratch[: len(logits)]
        np.subtract(logits, np.float32(highest), out=scratch)
        np.exp(scratch, out=scratch)
        return highest + float(np.log(float(scratch.sum(dtype=np.float32))))

    def rank(self, logits: Floats, index: int) -> int:
        """How many entries stand before one, shape (n,) -> scalar: the higher ones, and of equal
        ones those with a lower index."""
        value = logits[index]
        higher = np.greater(logits, value, out=self._flags[: len(logits)])
        n_higher = np.count_nonzero(higher)
        equal = np.equal(logits[:index], value, out=self._flags[:index])
        return int(n_higher + np.count_nonzero(equal))

    def top(self, logits: Floats, k: int) -> Ids:
        """Indices of the k highest logits, highest first; fewer where there are fewer. Ties may
        fall either way.

        The vocabulary is cut into lanes; only lanes whose highest logit is among the k highest lane
        maxima can hold one of the k highest logits, so one pass and k lanes are looked at instead
        of a partition of all.
        """
        n = len(logits)
        k = min(k, n)
        if n < 4 * _N_LANES * max(k, 8):
            return _sorted_top(logits, k)
        depth = n // _N_LANES
        body = logits[: depth * _N_LANES].reshape(depth, _N_LANES)
        maxima = np.maximum.reduce(body, axis=0)
        lanes = np.argpartition(maxima, _N_LANES - k)[_N_LANES - k :]
        inside = (np.arange(depth)[:, None] * _N_LANES + lanes[None, :]).ravel()
        tail = np.arange(depth * _N_LANES, n)
        candidates = np.concatenate([inside, tail])
        return candidates[_sorted_top(logits[candidates], k)].astype(np.int32)


def _sorted_top(values: Floats, k: int) -> Ids:
    if k < len(values):
        best = np.argpartition(values, len(values) - k)[len(values) - k :]
    else:
        best = np.arange(len(values))
    return best[np.argsort(-values[best], kind="stable")].astype(np.int32)
