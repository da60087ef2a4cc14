"""How a sequence's KV came about: the sizes of the decode calls that made it, in order.

The same tokens decoded one by one, or in one call, give logits that differ in the last bits, and in
time another word. So what is to be repeated exactly is repeated call by call. A call of which only
the beginning is still held (the prompt of a reply that is asked for again) is kept as its whole
size and how much of it was forgotten, since its size is what decided the bits.

On the wire a list of sizes: 40, 1, 1, 12, -1, 1 reads: 40 tokens at once, two alone, 12 at once of
which the last was forgotten again, one alone. The sum is the number of tokens held.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class _Run:
    """`count` calls of `size` tokens each; of the last one only the first `kept` are held."""

    size: int
    kept: int
    count: int


@dataclass
class Calls:
    """The calls behind one sequence, equal neighbours as one entry.

    n_tokens: tokens they cover. Tokens decoded one at a time are entered late, by `fill`, so that
    the loop that writes a reply has nothing to do here. is_known: False where a part came about in
    a way that cannot be repeated, or is not remembered.
    """

    n_tokens: int = 0
    is_known: bool = True
    _runs: list[_Run] = field(default_factory=list)

    def add(self, size: int, count: int = 1) -> None:
        """Calls of `size` tokens, all of them kept."""
        if size <= 0 or count <= 0:
            return
        self.n_tokens += size * count
        last = self._runs[-1] if self._runs else None
        if last is not None and last.size == last.kept == size:
            last.count += count
        else:
            self._runs.append(_Run(size, size, count))

    def fill(self, n_tokens: int) -> None:
        """All tokens up to `n_tokens` that were not entered yet were decoded one at a time."""
        self.add(1, n_tokens - self.n_tokens)

    def cut(self, n_tokens: int) -> None:
        """Only the first `n_tokens` are still held."""
        while self.n_tokens > n_tokens:
            self._forget_last(self.n_tokens - n_tokens)

    def _forget_last(self, n_tokens: int) -> None:
        """Forget up to `n_tokens` of the last call, or whole calls of the last entry."""
        run = self._runs[-1]
        n_whole = min(run.count - 1, n_tokens // run.size) if run.kept == run.size else 0
        if n_whole:
            run.count -= n_whole
            self.n_tokens -= n_whole * run.size
            return
        if run.count > 1:
            run.count -= 1
            run = _Run(run.size, run.size, 1)
            self._runs.append(run)
        n_forgotten = min(n_tokens, run.kept)
        run.kept -= n_forgotten
        self.n_tokens -= n_forgotten
        if not run.kept:
            self._runs.pop()

    def lose(self) -> None:
        """From now on it is not known how these tokens came about."""
        self.is_known = False

    def copy(self) -> "Calls":
        runs = [_Run(run.size, run.kept, run.count) for run in self._runs]
        return Calls(self.n_tokens, self.is_known, runs)

    def sizes(self) -> list[int]:
        """As the wire has it; [] where it is not known."""
        if not self.is_known:
            return []
        found: list[int] = []
        for run in self._runs:
            found += [run.size] * run.count
            if run.kept < run.size:
                found.append(run.kept - run.size)
        return found

    def entries(self) -> list[list[int]]:
        """For a file: [size, kept, count] of each entry; [] where it is not known."""
        return [[run.size, run.kept, run.count] for run in self._runs] if self.is_known else []


def calls_of(entries: Iterable[Sequence[int]], n_tokens: int) -> Calls:
    """What `entries` gave, read back; not known where it does not add up to `n_tokens`."""
    runs = [_Run(size, kept, count) for size, kept, count in entries]
    n_covered = sum(run.size * (run.count - 1) + run.kept for run in runs)
    is_sound = all(0 < run.kept <= run.size and run.count > 0 for run in runs)
    return Calls(n_tokens, is_sound and n_covered == n_tokens, runs)


def replayed(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """A list from the wire as calls: how many tokens each decodes, how many of them stay.

    Raises:
        ValueError: no such list of calls can have been made.
    """
    calls: list[tuple[int, int]] = []
    for size in sizes:
        if size > 0:
            calls.append((size, size))
        elif size == 0 or not calls or calls[-1][0] != calls[-1][1] or -size >= calls[-1][0]:
            raise ValueError(f"{size} cannot stand here")
        else:
            calls[-1] = calls[-1][0], calls[-1][0] + size
    return calls
