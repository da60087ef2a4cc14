"""llama.cpp without us, for the bench: a bare decode loop, and llama-cpp-python's own Llama
class."""

from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as C

from engine.llama import library


class BareContext:
    """Model, context and greedy sampler straight from the C API."""

    def __init__(self, path: Path, n_threads: int) -> None:
        library.start()
        self._model = C.llama_model_load_from_file(
            str(path).encode(), C.llama_model_default_params()
        )
        parameters = C.llama_context_default_params()
        parameters.n_ctx = 8192
        parameters.n_threads = parameters.n_threads_batch = n_threads
        self._context = C.llama_init_from_model(self._model, parameters)
        self._sampler = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
        C.llama_sampler_chain_add(self._sampler, C.llama_sampler_init_greedy())
        self._one = (C.llama_token * 1)()

    def read(self, prompt: str) -> None:
        """Start again with this prompt."""
        C.llama_memory_clear(C.llama_get_memory(self._context), True)
        data = prompt.encode()
        tokens = (C.llama_token * (len(data) + 2))()
        vocab = C.llama_model_get_vocab(self._model)
        n = C.llama_tokenize(vocab, data, len(data), tokens, len(tokens), True, False)
        C.llama_decode(self._context, C.llama_batch_get_one(tokens, n))
        self._one[0] = C.llama_sampler_sample(self._sampler, self._context, -1)

    @property
    def newest(self) -> int:
        """The newest token, drawn and not yet decoded."""
        return int(self._one[0])

    def step(self) -> None:
        """Decode the newest token and draw the next."""
        C.llama_decode(self._context, C.llama_batch_get_one(self._one, 1))
        self._one[0] = C.llama_sampler_sample(self._sampler, self._context, -1)

    def close(self) -> None:
        C.llama_sampler_free(self._sampler)
        C.llama_free(self._context)
        C.llama_model_free(self._model)


def open_llama(path: Path, n_threads: int) -> Any:
    """llama_cpp.Llama with the same threads as ours."""
    from llama_cpp import Llama

    return Llama(
        str(path), n_ctx=8192, n_threads=n_threads, n_threads_batch=n_threads, verbose=False
    )
