"""The part of the tokens' bench that tokenises: ten megabytes beside the peers, one thread each,
and texts that cannot be cut.

Ours is what a worker does: chunk by chunk, ids with the bytes that each covers. The peer of the
starter is Hugging Face's `tokenizers` with the same vocabulary, merges and pre-tokenizer, in the
quickest of its ways (encode_batch_fast, which tells no offsets) over the same chunks; that of
cl100k_base and o200k_base is tiktoken's own call over the whole text. Turn by turn.
"""

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tiktoken

from engine.figures import Figure, figure, ratio
from engine.models.starter import starter_path
from engine.process.cuts import chunk_ends
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.listed import byte_letters
from engine.tokens.long_text import CHUNK, chunks
from engine.tokens.openai import ENCODINGS, OpenAiTokenizer, read_ranks
from engine.tokens.tokenizer import Tokenizer

N_BYTES = 10_000_000
GOAL_BESIDE_TOKENIZERS = 2.0
# Their own call gives no lengths and takes no cancel.
GOAL_BESIDE_TIKTOKEN = 0.9
GOAL_UNCUT_S = 1.0
N_UNCUT = 1_000_000


def tokenize_figures(n_pairs: int = 3) -> dict[str, Figure]:
    """Megabytes a second, ours and the peer's, and seconds for what cannot be cut."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    text = bench_text(N_BYTES)
    n_mb = len(text.encode()) / 1e6
    starter = GgufTokenizer(starter_path(), "starter")
    encode = library_of(starter)
    figures = {
        "10 MB by the starter's tokenizer": _pairs(
            starter, text, encode, n_mb, n_pairs, GOAL_BESIDE_TOKENIZERS
        )
    }
    opened: dict[str, Tokenizer] = {"starter": starter}
    for source in ENCODINGS:
        opened[source] = OpenAiTokenizer(source)
        own = tiktoken_of(source).encode_ordinary
        figures[f"10 MB by {source}"] = _pairs(
            opened[source], text, own, n_mb, n_pairs, GOAL_BESIDE_TIKTOKEN
        )
    for source, tokenizer in opened.items():
        for name, uncut in (("one letter, 1 MB", "a" * N_UNCUT), ("one line, 1 MB", one_line())):
            work = functools.partial(_all, tokenizer, uncut)
            seconds = [_seconds(work) for _ in range(3)]
            figures[f"{name}: {source}"] = figure(min(seconds), GOAL_UNCUT_S, "s", seconds)
    return figures


def _pairs(
    ours: Tokenizer,
    text: str,
    peer: Callable[[str], list[int]],
    n_mb: float,
    n_pairs: int,
    goal: float,
) -> Figure:
    assert np.array_equal(_all(ours, text[:CHUNK]), peer(text[:CHUNK])), "the peer has other ids"
    our_speed, peer_speed = [], []
    for _ in range(n_pairs):
        if isinstance(ours, GgufTokenizer) and ours.memo is not None:
            ours.memo.forget()  # else the second turn would find everything known
        our_speed.append(n_mb / _seconds(lambda: _all(ours, text)))
        peer_speed.append(n_mb / _seconds(lambda: peer(text)))
    return ratio(our_speed, peer_speed, goal, "MB/s")


def _all(tokenizer: Tokenizer, text: str) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.concatenate([one.tokens.ids for one in chunks(tokenizer, text)])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def library_of(tokenizer: GgufTokenizer) -> Callable[[str], list[int]]:
    """The starter's vocabulary in `tokenizers`: ids of a text, over the same chunks as ours."""
    from tokenizers import Tokenizer as Library
    from tokenizers import models, pre_tokenizers

    letters = byte_letters()

    def spelled(piece: bytes) -> str:
        return "".join(map(letters.__getitem__, piece))

    vocabulary = {
        spelled(tokenizer.piece(token)): token for token in range(tokenizer.info.n_tokens)
    }
    merges = [(spelled(left), spelled(right)) for left, right in tokenizer.merges]
    made = Library(models.BPE(vocab=vocabulary, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )

    def encode(text: str) -> list[int]:
        ends = chunk_ends(text, tokenizer.info.cuts, CHUNK)
        parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        ids: list[int] = []
        for part in parts:
            ids += made.encode_batch_fast([part], add_special_tokens=False)[0].ids
        return ids

    return encode


def tiktoken_of(source: str) -> tiktoken.Encoding:
    """tiktoken alone, over the same table."""
    published = ENCODINGS[source]
    return tiktoken.Encoding(
        source,
        pat_str=published.pattern,
        mergeable_ranks=read_ranks(source),
        special_tokens=published.special,
    )


def bench_text(n_bytes: int) -> str:
    """Code and prose: the sources of Python's own library, as much as is wanted."""
    folder = Path(os.__file__).parent
    parts, n_left = [], n_bytes
    for path in sorted(folder.rglob("*.py")):
        if "site-packages" in path.parts:
            continue
        parts.append(path.read_text("utf-8", "ignore"))
        n_left -= len(parts[-1])
        if n_left <= 0:
            break
    text = "".join(parts)
    return (text * (n_bytes // len(text) + 1))[:n_bytes]


def one_line() -> str:
    """Letters, digits and signs of a megabyte without any white space."""
    signs = '{"id":12345,"name":"Bathysphere","tags":["a","b"],"x":0.125},'
    return (signs * (N_UNCUT // len(signs) + 1))[:N_UNCUT]
