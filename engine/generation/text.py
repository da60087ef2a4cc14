"""Bytes to text as tokens arrive, and stop strings. Nothing half-made is ever shown."""

import codecs


class TextStream:
    """Turns pieces into readable text: an incomplete character waits for its other bytes, and text
    that may become a stop string waits until it is one or is not.

    Args:
        before: the bytes of what stands before the first piece. Where they end within a character,
            the first text that comes is that whole character; nothing else of them comes again.
    """

    def __init__(self, stop: list[str], before: bytes = b"") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = [text for text in stop if text]
        self._decoder.decode(before)
        self._is_whole = not self._decoder.getstate()[0]
        self._waiting = ""
        self.stopped_by = ""

    def push(self, piece: bytes) -> str:
        """Text that became readable. After a stop string was met (`stopped_by`), nothing more
        comes."""
        if self.stopped_by:
            return ""
        if self._is_whole and piece.isascii():
            fresh = piece.decode("ascii")
        else:
            fresh = self._decoder.decode(piece)
            self._is_whole = not self._decoder.getstate()[0]
        if not self._stop:
            return fresh
        self._waiting += fresh
        return self._release()

    def finish(self) -> str:
        """What was still waiting when the tokens ended; a broken character becomes U+FFFD."""
        rest = "" if self.stopped_by else self._waiting + self._decoder.decode(b"", final=True)
        self._waiting = ""
        return rest

    def _release(self) -> str:
        text = self._waiting
        found = [(text.find(stop), stop) for stop in self._stop if stop in text]
        if found:
            at, self.stopped_by = min(found, key=lambda hit: (hit[0], -len(hit[1])))
            self._waiting = ""
            return text[:at]
        keep = max(_overlap(text, stop) for stop in self._stop)
        self._waiting = text[len(text) - keep :] if keep else ""
        return text[: len(text) - keep] if keep else text


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    for n in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:n]):
            return n
    return 0
