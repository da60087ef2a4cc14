"""KV states of chats on disk, so that yesterday's long chat goes on without decoding it again.

A state is keyed by model, KV type, library version and adapters (the folder's name) and by its
tokens (the file's name); the tokens stand beside it, so that the longest common prefix can be found
without reading a state, and how the state was computed, so that what goes on from it can be
repeated. Bounded in size: the least recently used states go first. Everything here may be deleted
at any time.
"""

import hashlib
import json
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.generation.calls import Calls, calls_of
from engine.generation.prefix import common_prefix

Ids = npt.NDArray[np.int32]
MIN_TOKENS = 256
_PART_S = 3600.0


@dataclass(frozen=True)
class KeptState:
    """A state found on disk: the first `n_common` of its tokens are a prefix of the prompt."""

    path: Path
    tokens: Ids
    n_common: int

    def history(self) -> tuple[Calls, bool]:
        """How it was computed, and whether alone in the cache; not known for older files."""
        try:
            found = json.loads(self.path.with_suffix(".calls").read_bytes())
            return calls_of(found["calls"], len(self.tokens)), bool(found["alone"])
        except (OSError, ValueError, KeyError, TypeError):
            return Calls(len(self.tokens), is_known=False), False


class StateFolder:
    """The states of one model under one folder.

    Args:
        model_key: everything a state depends on but adapters and tokens.
        max_bytes: bound over all models' states together; 0 keeps nothing.
    """

    def __init__(self, folder: Path, model_key: str, max_bytes: int) -> None:
        self._folder = folder
        self._model_key = hashlib.sha256(model_key.encode()).hexdigest()[:16]
        self._max_bytes = max_bytes

    def find(self, tokens: Ids, key: str, longer_than: int) -> KeptState | None:
        """The state with the longest prefix of `tokens`, if it is at least MIN_TOKENS longer than
        what is at hand."""
        best: KeptState | None = None
        if len(tokens) < longer_than + MIN_TOKENS:
            return None
        for path in self._group(key).glob("*.tokens"):
            state = path.with_suffix(".state")
            held = _read_tokens(path)
            n_common = common_prefix(held, tokens)
            if n_common > (best.n_common if best else 0) and state.exists():
                best = KeptState(state, held, n_common)
        if best is None or best.n_common < longer_than + MIN_TOKENS:
            return None
        os.utime(best.path)
        return best

    def target(self, tokens: Ids, key: str) -> Path | None:
        """Where the state of these tokens belongs; None where it is too short or already there."""
        if len(tokens) < MIN_TOKENS or self._max_bytes <= 0:
            return None
        digest = hashlib.sha256(tokens.tobytes()).hexdigest()[:32]
        path = self._group(key) / f"{digest}.state"
        return None if path.exists() else path

    def temporary(self, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.parent / f"{uuid.uuid4().hex}.part"

    def commit(
        self,
        written: Path,
        target: Path,
        tokens: Ids,
        calls: Calls | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Put a written state in its place, drop shorter states that it contains, and keep the
        bound."""
        target.with_suffix(".tokens").write_bytes(tokens.astype(np.int32).tobytes())
        if calls is not None and calls.is_known:
            history = {"calls": calls.entries(), "alone": alone}
            target.with_suffix(".calls").write_text(json.dumps(history))
        written.replace(target)
        for path in target.parent.glob("*.tokens"):
            held = _read_tokens(path)
            if path.stem != target.stem and common_prefix(held, tokens) == len(held):
                _delete(path.with_suffix(".state"))
        self.prune()

    def prune(self) -> None:
        """Delete the least recently used states until all together fit the bound, and parts of
        broken writes."""
        for part in self._folder.glob("*/*.part"):
            if time.time() - part.stat().st_mtime > _PART_S:
                part.unlink(missing_ok=True)
        states = []
        for path in self._folder.glob("*/*.state"):
            status = path.stat()
            states.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in states)
        for _, size, path in sorted(states):
            if total <= self._max_bytes:
                break
            _delete(path)
            total -= size

    def _group(self, key: str) -> Path:
        adapters = hashlib.sha256(key.encode()).hexdigest()[:16] if key else "plain"
        return self._folder / f"{self._model_key}-{adapters}"


def _read_tokens(path: Path) -> Ids:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return np.empty(0, np.int32)
    return np.frombuffer(data[: len(data) // 4 * 4], np.int32)


def _delete(state: Path) -> None:
    state.unlink(missing_ok=True)
    state.with_suffix(".tokens").unlink(missing_ok=True)
    state.with_suffix(".calls").unlink(missing_ok=True)
