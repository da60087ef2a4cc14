"""The C sampler chain built from Sampling, and what it does to a distribution, seen before and
after.

The grammar stands apart from the chain: a token is sampled first and checked after, and only on a
miss is the whole
vocabulary put through the grammar and sampled again (a grammar first in the chain costs
milliseconds a token).
"""

import ctypes
import re
from collections.abc import Iterable, Iterator
from typing import Any

import llama_cpp.llama_cpp as C
import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.llama.context import Context, Logits
from engine.llama.vocab import Vocab
from engine.process.messages import Sampling

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
# Larger repetitions of a grammar are expanded by llama.cpp and can exhaust its stack.
MAX_REPEAT = 1000
_REPEAT = re.compile(r"[\w)\]\".]\{(\d+)(?:,(\d*))?\}")
Candidates = npt.NDArray[np.void]
Named = tuple[str, object]
_LOOK_BACK = ("penalties", "dry")


class Sampler:
    """Draws tokens for one reply. Remembers what it drew (penalties, DRY, mirostat, grammar);
    `close` frees it."""

    def __init__(
        self, sampling: Sampling, grammar: str, vocab: Vocab, n_ctx: int, seed: int
    ) -> None:
        """Build the chain.

        Args:
            grammar: GBNF text, "" for none.
            n_ctx: how far back "the whole context" (-1) reaches for penalties and DRY.

        Raises:
            AppError: the grammar cannot be read.
        """
        self._vocab = vocab
        self._chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
        self._takes_likeliest = not grammar and _is_greedy_alone(sampling)
        for _, stage in _stages(sampling, vocab, n_ctx, seed):
            C.llama_sampler_chain_add(self._chain, stage)
        self._grammar = _grammar(vocab, grammar) if grammar else None
        self._array: Candidates | None = None
        self._window = _history_needed(sampling, n_ctx)

    def close(self) -> None:
        if self._chain:
            C.llama_sampler_free(self._chain)
            self._chain = None
        if self._grammar:
            C.llama_sampler_free(self._grammar)
            self._grammar = None

    def accept_prompt(self, tokens: npt.NDArray[np.int32]) -> None:
        """Let penalties and DRY see the end of the prompt."""
        if self._window:
            for token in tokens[-self._window :].tolist():
                C.llama_sampler_accept(self._chain, token)

    def accept(self, token: int) -> None:
        """Take a token that was not drawn here (a prefill, a person's choice). The grammar does not
        see it."""
        C.llama_sampler_accept(self._chain, token)

    def sample(self, context: Context, row: int) -> int:
        """Draw the next token from the logits of batch row `row`."""
        if self._takes_likeliest:
            # What the chain's one stage does, without its copy of the vocabulary (0.05 ms).
            return int(context.logits(row).argmax())
        if self._grammar:
            return self.sample_seen(context.logits(row))[0]
        return int(C.llama_sampler_sample(self._chain, context.handle, row))

    def sample_seen(self, logits: Logits) -> tuple[int, Candidates]:
        """Draw the next token and give what the samplers left: candidates with `id` and `logit`, in
        no certain order.

        Applying the stages here equals llama_sampler_sample exactly; it is the same code on the
        same array.
        """
        token, left = self._draw(logits, with_grammar=False)
        if self._grammar and not self._allows(token):
            token, left = self._draw(logits, with_grammar=True)
        if self._grammar:
            C.llama_sampler_accept(self._grammar, token)
        C.llama_sampler_accept(self._chain, token)
        return token, left

    def look(self, logits: Logits) -> tuple[int, Candidates]:
        """What `sample_seen` would give, drawn from a copy: nothing is remembered, no random number
        is used up. For a token that somebody else chooses; the grammar does not see it."""
        own, self._chain = self._chain, C.llama_sampler_clone(self._chain)
        try:
            return self._draw(logits, with_grammar=False)
        finally:
            C.llama_sampler_free(self._chain)
            self._chain = own

    def force(self, logits: Logits, token: int) -> tuple[int, Candidates]:
        """As `sample_seen`, but `token` is what is taken; gives the token that would have been."""
        drawn, left = self._draw(logits, with_grammar=False)
        if self._grammar and not self._allows(drawn):
            drawn, left = self._draw(logits, with_grammar=True)
        if self._grammar and self._allows(token):
            C.llama_sampler_accept(self._grammar, token)
        elif self._grammar:
            C.llama_sampler_free(self._grammar)  # from here on no text follows it
            self._grammar = None
        C.llama_sampler_accept(self._chain, token)
        return drawn, left

    def _draw(self, logits: Logits, *, with_grammar: bool) -> tuple[int, Candidates]:
        array = self._fill(logits)
        data = _data_of(array)
        if with_grammar:
            C.llama_sampler_apply(self._grammar, ctypes.byref(data))
            if not np.isfinite(array["logit"]).any():
                raise AppError(
                    "The grammar allows no further token, not even the end of the reply.",
                    "Let the grammar end where the text may end.",
                )
        C.llama_sampler_apply(self._chain, ctypes.byref(data))
        left = _left_of(array, data)
        assert 0 <= data.selected < data.size, (data.selected, data.size)
        return int(left["id"][data.selected]), left

    def _fill(self, logits: Logits) -> Candidates:
        if self._array is None:
            self._array = np.zeros(len(logits), _CANDIDATE)
            self._ids = np.arange(len(logits), dtype=np.int32)
        self._array["id"] = self._ids
        self._array["logit"] = logits
        return self._array

    def _allows(self, token: int) -> bool:
        one = (C.llama_token_data * 1)(C.llama_token_data(token, 1.0, 0.0))
        data = C.llama_token_data_array(one, 1, -1, False)
        C.llama_sampler_apply(self._grammar, ctypes.byref(data))
        return bool(np.isfinite(one[0].logit))


class Stages:
    """The chain taken apart: what each of its stages leaves of one distribution. Applied one by one
    they do what the chain does. `close` frees them."""

    def __init__(self, sampling: Sampling, vocab: Vocab, n_ctx: int, seed: int) -> None:
        """Build them; arguments as Sampler has them."""
        self._stages = list(_stages(sampling, vocab, n_ctx, seed))
        self._window = _history_needed(sampling, n_ctx)

    def close(self) -> None:
        for _, stage in self._stages:
            C.llama_sampler_free(stage)
        self._stages = []

    def accept(self, tokens: npt.NDArray[np.int32]) -> None:
        """Let penalties and DRY see what stands before."""
        for name, stage in self._stages:
            if name in _LOOK_BACK:
                for token in tokens[-self._window :].tolist():
                    C.llama_sampler_accept(stage, token)

    def apply(self, logits: Logits) -> Iterator[tuple[str, Candidates]]:
        """Each stage's name (as Sampling's fields) and what it leaves, valid until the next: first
        "model", all there is. The draw itself is no stage, but temperature 0, which leaves one."""
        array = np.empty(len(logits), _CANDIDATE)
        array["id"] = np.arange(len(logits), dtype=np.int32)
        array["logit"] = logits
        data = _data_of(array)
        yield "model", array
        for name, stage in self._stages:
            if name == "draw":
                return
            C.llama_sampler_apply(stage, ctypes.byref(data))
            left = _left_of(array, data)
            if name == "greedy":
                yield "temperature", left[data.selected : data.selected + 1]
            else:
                yield name, left


def _data_of(array: Candidates) -> Any:
    return C.llama_token_data_array(
        array.ctypes.data_as(C.llama_token_data_p), len(array), -1, False
    )


def _left_of(array: Candidates, data: Any) -> Candidates:
    """Stages may cut the front off by moving the pointer (XTC does), the back off by the size."""
    address = ctypes.cast(data.data, ctypes.c_void_p).value or 0
    start = (address - array.ctypes.data) // _CANDIDATE.itemsize
    return array[start : start + data.size]


def _is_greedy_alone(s: Sampling) -> bool:
    return s.temperature <= 0 and not s.logit_bias and not s.text_bias and not _history_needed(s, 1)


def check_grammar(vocab: Vocab, text: str) -> None:
    """Raises AppError where a GBNF grammar cannot be read, before anything is decoded for it."""
    repeats = [int(number) for pair in _REPEAT.findall(text) for number in pair if number]
    if max(repeats, default=0) > MAX_REPEAT:
        raise AppError(
            f"This grammar repeats something {max(repeats):,} times.",
            f"llama.cpp takes at most {MAX_REPEAT:,} repetitions; leave the bound out instead.",
        )
    if text:
        C.llama_sampler_free(_grammar(vocab, text))


def _history_needed(sampling: Sampling, n_ctx: int) -> int:
    penalties = (
        sampling.repeat_penalty != 1.0
        or sampling.frequency_penalty != 0.0
        or sampling.presence_penalty != 0.0
    )
    last_n = _reach(sampling.penalty_last_n, n_ctx) if penalties else 0
    dry = _reach(sampling.dry_last_n, n_ctx) if sampling.dry_multiplier > 0 else 0
    return max(last_n, dry)


def _reach(last_n: int, n_ctx: int) -> int:
    # llama.cpp clamps penalties' -1 to 0, which is silently off; the whole context is meant.
    return n_ctx if last_n < 0 else min(last_n, n_ctx)


def _stages(s: Sampling, vocab: Vocab, n_ctx: int, seed: int) -> Iterable[Named]:
    """The chain's stages, named as Sampling's fields and in their order; those at their neutral
    value are left out."""
    if s.logit_bias or s.text_bias:
        bias = {**_token_bias(s.text_bias, vocab), **s.logit_bias}
        yield "logit_bias", _logit_bias(bias, vocab)
    if s.repeat_penalty != 1.0 or s.frequency_penalty or s.presence_penalty:
        last_n = _reach(s.penalty_last_n, n_ctx)
        yield (
            "penalties",
            C.llama_sampler_init_penalties(
                vocab.n_tokens, last_n, s.repeat_penalty, s.frequency_penalty, s.presence_penalty
            ),
        )
    if s.dry_multiplier > 0:
        yield "dry", _dry(s, vocab, n_ctx)
    if s.temperature <= 0:
        yield "greedy", C.llama_sampler_init_greedy()
        return
    if s.mirostat:
        yield "temperature", C.llama_sampler_init_temp(s.temperature)
        yield "mirostat", _mirostat(s, vocab, seed)
        return
    yield from _truncations(s, seed)
    yield "temperature", C.llama_sampler_init_temp(s.temperature)
    yield "draw", C.llama_sampler_init_dist(seed)


def _truncations(s: Sampling, seed: int) -> Iterable[Named]:
    if s.top_n_sigma > 0:
        yield "top_n_sigma", C.llama_sampler_init_top_n_sigma(s.top_n_sigma)
    if s.top_k > 0:
        yield "top_k", C.llama_sampler_init_top_k(s.top_k)
    if s.typical_p < 1:
        yield "typical_p", C.llama_sampler_init_typical(s.typical_p, 1)
    if s.top_p < 1:
        yield "top_p", C.llama_sampler_init_top_p(s.top_p, 1)
    if s.min_p > 0:
        yield "min_p", C.llama_sampler_init_min_p(s.min_p, 1)
    if s.xtc_probability > 0:
        yield "xtc", C.llama_sampler_init_xtc(s.xtc_probability, s.xtc_threshold, 1, seed)


def _mirostat(s: Sampling, vocab: Vocab, seed: int) -> object:
    if s.mirostat == 1:
        return C.llama_sampler_init_mirostat(
            vocab.n_tokens, seed, s.mirostat_tau, s.mirostat_eta, 100
        )
    return C.llama_sampler_init_mirostat_v2(seed, s.mirostat_tau, s.mirostat_eta)


def _token_bias(bias: dict[str, float], vocab: Vocab) -> dict[int, float]:
    """The biases of texts as those of their tokens; a token in two texts has the later one's."""
    ids = {text: vocab.tokenize_inside(text, parse_special=True).tolist() for text in bias}
    return {token: value for text, value in bias.items() for token in ids[text]}


def _logit_bias(bias: dict[int, float], vocab: Vocab) -> object:
    for token in bias:
        vocab.piece(token)
    array = (C.llama_logit_bias * len(bias))(
        *(C.llama_logit_bias(token, value) for token, value in bias.items())
    )
    return C.llama_sampler_init_logit_bias(vocab.n_tokens, len(bias), array)


def _dry(s: Sampling, vocab: Vocab, n_ctx: int) -> object:
    breakers = [text.encode() for text in s.dry_breakers]
    array = (ctypes.c_char_p * len(breakers))(*breakers)
    return C.llama_sampler_init_dry(
        vocab.handle,
        s.dry_multiplier,
        s.dry_base,
        s.dry_allowed_length,
        _reach(s.dry_last_n, n_ctx),
        array,
        len(breakers),
    )


def _grammar(vocab: Vocab, text: str) -> object:
    sampler = C.llama_sampler_init_grammar(vocab.handle, text.encode(), b"root")
    if not sampler:
        raise AppError(
            "This grammar cannot be read.",
            "A GBNF grammar needs a rule named root, and every rule it uses.",
        )
    return sampler
