"""Finding in the text: letters, a regular expression, or a token's id. Long texts are looked
through on a thread of its own, for a bounded time.
"""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np
import numpy.typing as npt
import regex
from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from gui.tokens.document import TokenDocument
from gui.tokens.words import tr

Mode = Literal["text", "regex", "id"]
Places = npt.NDArray[np.int64]
MOST_FOUND = 100_000
MOST_S = 3.0


class Found(Struct, frozen=True):
    """places: rows of start and end in bytes, in order. problem: why there are none, in a sentence.
    is_all: there were not more than are told of."""

    places: Places
    problem: str = ""
    is_all: bool = True


class TextFinder(QObject):
    """One search at a time; a new one makes the one before void."""

    found = Signal(object)  # Found
    _done = Signal(int, object)  # number of the search, Found

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._threads: list[threading.Thread] = []
        self._done.connect(self._on_done)

    def find(self, document: TokenDocument, query: str, mode: Mode) -> None:
        """`found` comes, also for an empty query."""
        self._number += 1
        if not query:
            self.found.emit(Found(no_places()))
        elif mode == "id":
            self.found.emit(find_id(document, query))
        else:
            self._start(list(document.text.segments), query, mode)

    def forget(self) -> None:
        """What is under way is heard of no more."""
        self._number += 1

    def close(self) -> None:
        """The window is closing."""
        self.forget()
        for thread in self._threads:
            thread.join()

    def _start(self, segments: list[str], query: str, mode: Mode) -> None:
        number = self._number

        def work() -> None:
            self._done.emit(number, find_text("".join(segments), query, mode))

        thread = threading.Thread(target=work, name="find in text")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    @Slot(int, object)
    def _on_done(self, number: int, found: Found) -> None:
        if number == self._number:
            self.found.emit(found)


def no_places() -> Places:
    return np.zeros((0, 2), np.int64)


def find_id(document: TokenDocument, query: str) -> Found:
    """The tokens of an id."""
    words = query.strip()
    if not (words.isascii() and words.isdigit() and len(words) < 10):
        return Found(no_places(), tr("An id is a whole number, as 929."))
    tokens = document.tokens
    at = np.flatnonzero(tokens.ids == int(words))
    ends = tokens.ends[at]
    starts = np.where(at > 0, tokens.ends[at - 1], 0)
    places = np.stack((starts, ends), axis=1)[:MOST_FOUND]
    return Found(places, is_all=len(at) <= MOST_FOUND)


def find_text(text: str, query: str, mode: Mode, most_s: float = MOST_S) -> Found:
    """The places of letters (of either case) or of a regular expression; empty matches are none."""
    try:
        pattern = regex.compile(query) if mode == "regex" else _of_letters(query)
    except regex.error as error:
        words = tr("This is not a regular expression: {why}.")
        return Found(no_places(), words.format(why=str(error)))
    spans: list[tuple[int, int]] = []
    try:
        for match in pattern.finditer(text, timeout=most_s, concurrent=True):
            if match.end() > match.start():
                spans.append(match.span())
            if len(spans) > MOST_FOUND:
                break
    except TimeoutError:
        words = tr("This expression takes too long on this text; try a simpler one.")
        return Found(no_places(), words)
    points = np.array(spans[:MOST_FOUND], np.int64).reshape(-1, 2)
    return Found(_bytes_of(text, points), is_all=len(spans) <= MOST_FOUND)


def _of_letters(query: str) -> regex.Pattern[str]:
    return regex.compile(regex.escape(query, literal_spaces=True), regex.IGNORECASE)


def _bytes_of(text: str, points: Places) -> Places:
    """Places in code points as bytes of the text as UTF-8."""
    if text.isascii() or not len(points):
        return points
    data = np.frombuffer(text.encode(), np.uint8)
    starts = np.append(np.flatnonzero((data & 0xC0) != 0x80), len(data))
    result: Places = starts[points]
    return result
