"""The peers of the engine's bench: what llama.cpp does alone, and what llama-cpp-python's own class
does."""

import time
from pathlib import Path

from engine.llama.bare import BareContext, open_llama


class BareLoop:
    """llama_decode and the C greedy sampler, nothing else: the floor that no engine can be faster
    than."""

    def __init__(self, path: Path, n_threads: int) -> None:
        self._context = BareContext(path, n_threads)

    def tokens_per_s(self, prompt: str, n_tokens: int) -> float:
        """From the first token drawn to the last."""
        self._context.read(prompt)
        self._context.step()
        start = time.perf_counter()
        for _ in range(n_tokens - 1):
            self._context.step()
        return (n_tokens - 1) / (time.perf_counter() - start)

    def close(self) -> None:
        self._context.close()


class LlamaClass:
    """llama_cpp.Llama, streaming, greedy, with the same threads; its prompt is cached after the
    first run."""

    def __init__(self, path: Path, n_threads: int) -> None:
        self._llama = open_llama(path, n_threads)

    def tokens_per_s(self, prompt: str, n_tokens: int) -> float:
        """From the first token's arrival to the end."""
        start = 0.0
        for _ in self._llama(prompt, max_tokens=n_tokens, temperature=0.0, stream=True):
            start = start or time.perf_counter()
        return (n_tokens - 1) / (time.perf_counter() - start)

    def close(self) -> None:
        self._llama.close()
