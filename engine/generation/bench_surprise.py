"""The part of the tokens' bench that holds the model: a surprise map beside the bare prompt
processing of the same text, and how soon another setting of the samplers is answered.

The peer is llama.cpp with its own defaults (micro-batches of 512 tokens where ours are of 128 to
save memory), all tokens in one call, logits of the last one alone; same threads, same process,
turn by turn.
"""

import statistics
import time
from typing import Any

from engine.figures import Figure, figure, ratio
from engine.generation.known_maps import KnownMaps
from engine.generation.loaded import Loaded
from engine.generation.look import look_at, look_at_known
from engine.generation.surprise import map_surprise
from engine.llama.bare import BareContext
from engine.llama.model import LoadOptions, Model
from engine.models.gguf_header import describe, read_header
from engine.models.starter import starter_path
from engine.paths import user_paths
from engine.process.messages import Load, Sampling
from engine.process.token_messages import LookAt, MapSurprise

N_TOKENS = 2000
GOAL = 1.2
_PROSE = (
    "The keeper climbed the stairs each evening, counted them, and forgot the number again. Below"
    " him the water turned from green to grey; a boat came round the point with three lamps lit,"
    " and somebody on it sang, badly, of a town that neither of them had seen. "
)
_EVERY_STAGE = {
    "repeat_penalty": 1.1,
    "dry_multiplier": 0.8,
    "top_n_sigma": 3.0,
    "typical_p": 0.98,
    "xtc_probability": 0.5,
}


def surprise_figures(n_pairs: int = 5) -> dict[str, Figure]:
    """Seconds of a map of N_TOKENS tokens and of the bare run; milliseconds of an answer."""
    loaded = _load()
    bare = BareContext(starter_path(), loaded.n_threads)
    text = _text(loaded)
    ours, peer = [], []
    for _ in range(n_pairs):
        peer.append(_bare_s(bare, text))
        ours.append(_map_s(loaded, text))
    found = {
        f"surprise map of {N_TOKENS:,} tokens": ratio(ours, peer, GOAL, "s", is_limit=True),
        "next token: other settings answered": _answer(loaded, text, {}),
        "next token: the same, every stage on": _answer(loaded, text, _EVERY_STAGE),
    }
    bare.close()
    loaded.close()
    return found


def _load() -> Loaded:
    path = starter_path()
    header = read_header(path)
    request = Load(job=0, path=str(path))
    options = LoadOptions()
    paths = user_paths().ensure()
    loaded = Loaded(Model(path, options), header, describe(header, path), request, paths)
    loaded.open_context("main", 0)
    loaded.choose_threads()
    return loaded


def _text(loaded: Loaded) -> str:
    """Prose of N_TOKENS tokens."""
    ids = loaded.vocab.tokenize(_PROSE * 40)[:N_TOKENS].tolist()
    text = loaded.vocab.detokenize(ids).decode()
    assert len(loaded.vocab.tokenize(text)) == N_TOKENS
    return text


def _bare_s(bare: BareContext, text: str) -> float:
    start = time.perf_counter()
    bare.read(text)
    return time.perf_counter() - start


def _map_s(loaded: Loaded, text: str) -> float:
    """A map of a text of which nothing is known."""
    loaded.maps = KnownMaps()
    loaded.context("main").slots.clear()
    ids = loaded.vocab.tokenize(text).tolist()
    start = time.perf_counter()
    for _ in map_surprise(loaded, MapSurprise(job=0, ids=ids)):
        continue
    return time.perf_counter() - start


def _answer(loaded: Loaded, text: str, stages: dict[str, Any]) -> Figure:
    """After a quarter of the text, 12 alternatives for each stage."""
    ids = loaded.vocab.tokenize(text)[: N_TOKENS // 4].tolist()
    for _ in look_at(loaded, LookAt(job=0, ids=ids)):
        continue
    times_ms = []
    for k in range(30, 51):
        sampling = Sampling(top_k=k, **stages)
        start = time.perf_counter()
        look_at_known(loaded, LookAt(job=0, ids=ids, sampling=sampling, chosen=ids[-1]))
        times_ms.append(1e3 * (time.perf_counter() - start))
    return figure(statistics.median(times_ms), None, "ms", times_ms)
