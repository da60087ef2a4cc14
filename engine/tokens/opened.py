"""The tokenizers that are open: each opened once, the few used last kept, and opened anew where its
file changed."""

import threading
from collections import OrderedDict
from pathlib import Path

from engine.errors import AppError
from engine.models.library import STARTER
from engine.models.starter import starter_path
from engine.tokens.tokenizer import Tokenizer

MAX_OPEN = 6
BUILT_IN = ("cl100k_base", "o200k_base")
# What is known of a file without reading it: size, time of change, number on its disk.
State = tuple[int, int, int]


class Tokenizers:
    """All open tokenizers of a worker. Safe from any thread; opening blocks."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[State | None, Tokenizer]] = OrderedDict()
        self._lock = threading.RLock()

    def ready(self, source: str) -> Tokenizer | None:
        """The tokenizer if it is open and its file unchanged; never waits for another to open."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._known(source)
        finally:
            self._lock.release()

    def get(self, source: str) -> Tokenizer:
        """The tokenizer, opened where it is not yet.

        Raises:
            AppError: there is none of that name, or its file cannot be used.
        """
        with self._lock:
            found = self._known(source)
            if found is None:
                found = open_tokenizer(source)
                self._open[source] = (_state(source), found)
                while len(self._open) > MAX_OPEN:
                    self._open.popitem(last=False)
            return found

    def _known(self, source: str) -> Tokenizer | None:
        kept = self._open.get(source)
        if kept is None or kept[0] != _state(source):
            return None
        self._open.move_to_end(source)
        return kept[1]


def open_tokenizer(source: str) -> Tokenizer:
    """Open one. Raises AppError as Tokenizers.get. Imports what it needs: a worker that only runs a
    model pays for none of these."""
    if source in BUILT_IN:
        from engine.tokens.openai import OpenAiTokenizer

        return OpenAiTokenizer(source)
    path = starter_path() if source == STARTER else Path(source)
    if not path.exists():
        raise AppError(
            f"There is no tokenizer “{source}”.",
            "Give “starter”, “cl100k_base”, “o200k_base”, or a path of a .gguf or tokenizer.json.",
        )
    if path.is_dir() or _begins_as_json(path):
        from engine.tokens.json_file import JsonTokenizer

        return JsonTokenizer(path, source)
    from engine.tokens.gguf import GgufTokenizer

    return GgufTokenizer(path, source)


def _begins_as_json(path: Path) -> bool:
    """Whether a file is looked at as tokenizer.json; all others are held to be a GGUF, whose reader
    says what else they seem to be."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise AppError(
            f"{path.name} cannot be read.", "Look whether the file may be read.", str(error)
        ) from error
    return path.suffix == ".json" or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _state(source: str) -> State | None:
    """None for what is built in, and for a file that is gone."""
    path = Path(source)
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
