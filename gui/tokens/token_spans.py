"""The tokens of a text that is being edited: every byte belongs to one of them at any moment.
Qt-free.

A token that an edit touched has the id UNKNOWN until the tokenizer has spoken. Each keeps its
colour for as long as it is there, so that an edit recolours nothing but what it changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Ends = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]

UNKNOWN = -1
N_COLOURS = 6  # how many token colours a palette has
NO_SHADE = 255


class TokenSpans:
    """ids, and where each token ends, in bytes of the text. special: 1 for a special token.
    colours: 0 to N_COLOURS - 1, never the left neighbour's. shades: what set_shades gave."""

    def __init__(self) -> None:
        self.clear(0)

    def clear(self, n_bytes: int) -> None:
        """Nothing is known of a text of so many bytes."""
        n_tokens = 1 if n_bytes else 0
        self.ids: Ids = np.full(n_tokens, UNKNOWN, np.int32)
        self.ends: Ends = np.full(n_tokens, n_bytes, np.int64)
        self.special: Small = np.zeros(n_tokens, np.uint8)
        self.colours: Small = np.zeros(n_tokens, np.uint8)
        self.shades: Small | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_bytes(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def start(self, index: int) -> int:
        return int(self.ends[index - 1]) if index > 0 else 0

    def span(self, index: int) -> tuple[int, int]:
        """A token's bytes: start, end."""
        return self.start(index), int(self.ends[index])

    def at(self, place: int) -> int:
        """The token that a byte belongs to; -1 outside of the text."""
        if not 0 <= place < self.n_bytes:
            return -1
        return int(np.searchsorted(self.ends, place, side="right"))

    def between(self, start: int, end: int) -> tuple[int, int]:
        """The tokens (from, up to) that have bytes between start and end."""
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.ends, end, side="left")) + 1
        return first, max(first, min(last, len(self)))

    def count(self, token: int) -> int:
        """How often an id is here."""
        return int(np.count_nonzero(self.ids == token))

    # ---- changes ----

    def edit(self, start: int, end: int, n_new: int) -> None:
        """The text changed: bytes start to end became n_new others. What was touched is UNKNOWN."""
        left = self._ended_by(start)
        right = max(left, self._begins_at(end))
        change = n_new - (end - start)
        seam = int(self.ends[left - 1]) if left else 0
        n_middle = (self.start(right) if right else 0) - seam + change
        if left == right and n_middle and left:
            # Put between two tokens: the left one's until more is known.
            self.ids[left - 1] = UNKNOWN
            self.ends[left - 1 :] += change
            return
        n_new_tokens = 1 if n_middle else 0
        ends = np.full(n_new_tokens, seam + n_middle, np.int64)
        unknown = np.full(n_new_tokens, UNKNOWN, np.int32)
        keeps = self.colours[left : left + n_new_tokens] if right > left else None
        self._splice(left, right, unknown, ends, np.zeros(n_new_tokens, np.uint8), change, keeps)

    def put(self, start: int, ids: Ids, lengths: Ids, special: Small) -> tuple[int, int]:
        """The tokenizer's word on the bytes from start on. A token that is cut by either end of
        them keeps what is left of it, UNKNOWN.

        Returns:
            The tokens (from, up to) that are others now; from == up to where all were right.
        """
        ends = start + np.cumsum(lengths, dtype=np.int64)
        end = int(ends[-1]) if len(ends) else start
        left = 0 if start == 0 else self._ended_by(start)
        right = len(self) if end >= self.n_bytes else max(left, self._begins_at(end))
        seam = self.start(left)
        after = self.start(right) if right else 0
        if seam < start:
            ids, ends, special = _before(ids, ends, special, start)
        if end < after:
            ids, ends, special = _behind(ids, ends, special, after)
        return self._put_changed(left, right, ids, ends, special)

    def _put_changed(
        self, left: int, right: int, ids: Ids, ends: Ends, special: Small
    ) -> tuple[int, int]:
        """Leave alone what is the same at the beginning and at the end of the stretch."""
        old_ids, old_ends = self.ids[left:right], self.ends[left:right]
        n_both = min(len(ids), right - left)
        same = (ids[:n_both] == old_ids[:n_both]) & (ends[:n_both] == old_ends[:n_both])
        n_head = n_both if same.all() else int(np.argmin(same))
        n_both -= n_head
        tail = slice(len(ids) - n_both, None)
        old_tail = slice(len(old_ids) - n_both, None)
        same = (ids[tail] == old_ids[old_tail]) & (ends[tail] == old_ends[old_tail])
        n_tail = n_both if same.all() else int(np.argmin(same[::-1]))
        self.special[left : left + n_head] = special[:n_head]
        self.special[right - n_tail : right] = special[len(ids) - n_tail :]
        changed = slice(n_head, len(ids) - n_tail)
        first, last = left + n_head, right - n_tail
        self._splice(first, last, ids[changed], ends[changed], special[changed], 0, None)
        return first, first + len(ids[changed])

    def _splice(
        self,
        first: int,
        last: int,
        ids: Ids,
        ends: Ends,
        special: Small,
        shift: int,
        colours: Small | None,
    ) -> None:
        if colours is None or len(colours) != len(ids):
            colours = self._new_colours(first, last, len(ids))
        if last - first == len(ids):
            self.ids[first:last], self.ends[first:last] = ids, ends
            self.special[first:last], self.colours[first:last] = special, colours
            if shift:
                self.ends[last:] += shift
        else:
            join = np.concatenate
            self.ids = join((self.ids[:first], ids, self.ids[last:]), dtype=np.int32)
            tail = self.ends[last:] + shift if shift else self.ends[last:]
            self.ends = join((self.ends[:first], ends, tail))
            self.special = join((self.special[:first], special, self.special[last:]))
            self.colours = join((self.colours[:first], colours, self.colours[last:]))
        self._splice_shades(first, last, len(ids))

    def _splice_shades(self, first: int, last: int, n_new: int) -> None:
        if self.shades is not None:
            unknown = np.full(n_new, NO_SHADE, np.uint8)
            self.shades = np.concatenate((self.shades[:first], unknown, self.shades[last:]))

    def _new_colours(self, first: int, last: int, n_new: int) -> Small:
        """The next colours in turn; the last one is not the right neighbour's either."""
        begin = int(self.colours[first - 1]) + 1 if first else 0
        colours = ((np.arange(n_new, dtype=np.int64) + begin) % N_COLOURS).astype(np.uint8)
        if n_new and last < len(self) and colours[-1] == self.colours[last]:
            colours[-1] = (int(colours[-1]) + 1) % N_COLOURS
        return colours

    def _ended_by(self, place: int) -> int:
        """How many tokens end at a byte or before it."""
        return int(np.searchsorted(self.ends, place, side="right"))

    def _begins_at(self, place: int) -> int:
        """The first token that begins at a byte or behind it."""
        if place <= 0:
            return 0
        return min(int(np.searchsorted(self.ends, place, side="left")) + 1, len(self))


def _before(ids: Ids, ends: Ends, special: Small, end: int) -> tuple[Ids, Ends, Small]:
    """Something UNKNOWN before these tokens, up to a byte."""
    ids = np.concatenate((np.full(1, UNKNOWN, np.int32), ids), dtype=np.int32)
    ends = np.concatenate((np.full(1, end, np.int64), ends))
    return ids, ends, np.concatenate((np.zeros(1, np.uint8), special))


def _behind(ids: Ids, ends: Ends, special: Small, end: int) -> tuple[Ids, Ends, Small]:
    """Something UNKNOWN behind these tokens, up to a byte."""
    ids = np.concatenate((ids, np.full(1, UNKNOWN, np.int32)), dtype=np.int32)
    ends = np.concatenate((ends, np.full(1, end, np.int64)))
    return ids, ends, np.concatenate((special, np.zeros(1, np.uint8)))
