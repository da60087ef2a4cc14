"""The sha256 of model and adapter files, found out in the background and remembered for good.

A file is read once: what was found is kept in the user folder under its path, size, time and inode.
A thread reads in pieces, takes half of one core at most, and stands still while a reply is written.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.models.file_hash import FileState, fingerprint, sha256_in_pieces, state_of

_MOST_KEPT = 1000
_Known = dict[str, tuple[FileState, str]]


class FileHashes:
    """What is known of files. Safe to ask from any thread.

    Args:
        kept: the JSON file that holds what was found out; made with the first hash.
    """

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._known = _read(kept)
        self._fingerprints: _Known = {}
        self._wanted: list[str] = []
        self._n_pausing = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    # ---- asking ----

    def known(self, path: str | Path, state: FileState | None = None) -> str:
        """The sha256 of a file as it is now, or as it was in a state; "" while it is not known."""
        return _in_state(self._known, Path(path), state)

    def fingerprint(self, path: str | Path) -> str:
        """The sampled fingerprint of a file as it is now, read once per state; "" where the file
        cannot be read."""
        file = Path(path)
        found = _in_state(self._fingerprints, file, None)
        if not found:
            try:
                state = state_of(file)
                found = fingerprint(file)
            except OSError:
                return ""  # gone meanwhile: there is nothing to note of it
            self._fingerprints[str(file.absolute())] = (state, found)
        return found

    # ---- finding out ----

    def want(self, path: str | Path) -> None:
        """Find a file's sha256 out, before others that were wanted earlier; nothing where it is
        known."""
        name = str(Path(path).absolute())
        if self.known(name):
            return
        with self._changed:
            if name in self._wanted:
                self._wanted.remove(name)
            self._wanted.insert(0, name)
            self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hashes", daemon=True)
            self._thread.start()

    def forget(self, path: str | Path) -> None:
        """Nobody wants to know any more; a reading under way ends."""
        name = str(Path(path).absolute())
        with self._changed:
            if name in self._wanted:
                self._wanted.remove(name)
            self._changed.notify_all()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is read meanwhile but the piece under way."""
        with self._changed:
            self._n_pausing += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_pausing -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End the thread; what is not known stays unknown."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    # ---- the thread ----

    def _work(self) -> None:
        while name := self._next():
            try:
                self._find_out(name)
            except OSError:
                self.forget(name)  # gone, or not to be read: it stays unknown

    def _find_out(self, name: str) -> None:
        """Read a file, and keep its hash where it did not change meanwhile: else it is read
        again."""
        path = Path(name)
        state = state_of(path)
        digest = self._digest(name)
        if digest and state_of(path) == state:
            self._keep(name, state, digest)

    def _next(self) -> str:
        """The file to read now, waited for; "" at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._wanted)
            return "" if self._is_closed else self._wanted[0]

    def _digest(self, name: str) -> str:
        """A file's sha256; "" where it is not wanted any more, or the end has come."""
        pieces = sha256_in_pieces(Path(name))
        while self._may_read(name):
            began_s = time.perf_counter()
            digest = next(pieces)
            if digest:
                return digest
            # As long as the piece took: the other half of a core is for whoever needs it.
            self._rest(time.perf_counter() - began_s)
        return ""

    def _may_read(self, name: str) -> bool:
        """Wait while a reply is written; whether the file is wanted still."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or not self._n_pausing)
            return not self._is_closed and name in self._wanted

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)

    def _keep(self, name: str, state: FileState, digest: str) -> None:
        self._known = {**self._known, name: (state, digest)}
        self.forget(name)
        _write(self._kept, name, state, digest)


def _in_state(known: _Known, path: Path, state: FileState | None) -> str:
    """What is known of a file in a state, that of now where None; "" where it is of another."""
    found = known.get(str(path.absolute()))
    if found is None:
        return ""
    try:
        return found[1] if found[0] == (state or state_of(path)) else ""
    except OSError:
        return ""  # there is no such file any more


# ---- the file ----


def _read(kept: Path) -> _Known:
    """What an earlier worker found out; nothing where the file is missing or spoilt: all of it can
    be found out again."""
    try:
        values = json.loads(kept.read_text())
        return {
            str(name): (FileState(int(size), int(mtime_ns), int(inode)), str(digest))
            for name, (size, mtime_ns, inode, digest) in values.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(kept: Path, name: str, state: FileState, digest: str) -> None:
    """Add one; another worker may have added others meanwhile."""
    known = _read(kept)
    known.pop(name, None)
    known[name] = (state, digest)
    newest = list(known.items())[-_MOST_KEPT:]
    values = {one: [was.size, was.mtime_ns, was.inode, hash_] for one, (was, hash_) in newest}
    temporary = kept.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(values))
        temporary.replace(kept)
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk: it is found out anew next time
