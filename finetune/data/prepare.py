"""Rows to tokens on disk, once for a run: a training and a validation set, split by what the rows
say.

Streams: neither the file of rows nor its tokens ever sit in memory. What is there from an earlier
attempt of the same inputs is taken as it is. Every row that is left out is counted and told in the
facts; nothing is dropped in silence.

    steps = prepare(config, folder)      # yields how far it is, 0 to 1
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import AppError
from engine.models.library import STARTER
from engine.models.starter import starter_path
from engine.process.tune_messages import BadRow, Row
from engine.tokens.opened import open_tokenizer
from finetune.config import RunConfig
from finetune.data.checks import FEW_ROWS, Tally, few_rows
from finetune.data.learned import Learner, RowTokens, learned_parts, learner_for_many
from finetune.data.rows import content_hash, is_validation
from finetune.data.sources import RowSource, batches, open_source, state_of_source
from finetune.data.token_set import TokenSet, TokenSetWriter, open_token_set

Steps = Generator[float, None, tuple[TokenSet, TokenSet]]
# Another number where the same rows would become other tokens.
VERSION = 1
_N_BAD_KEPT = 100


def prepare(config: RunConfig, folder: Path, extra_rows: Sequence[Row] = ()) -> Steps:
    """A run's rows as tokens, in folder/train and folder/validation.

    Args:
        extra_rows: rows beside the run's own (the base's own answers); they are only ever trained
            on.

    Yields:
        How far it is, 0 to 1.

    Returns:
        Training and validation set. The facts of the first say: n_rows and n_validation (sets'
        entries), n_source_rows, n_extra, n_tokens, n_learned, n_cut, n_rows_cut, n_bad with bad
        (the first, as BadRow), n_left_out, warnings (as RowWarning).

    Raises:
        AppError: rows or base cannot be read, nothing is left to learn from, or the disk is full.
    """
    key = inputs_key(config, extra_rows)
    kept = prepared(folder, key)
    if kept is not None:
        return kept
    tokenizer = open_tokenizer(config.base.path)
    with learner_for_many(tokenizer) as learner:
        split = _Split(config.data.validation)
        for _ in range(2):
            made = _Made(config, learner, split)
            try:
                yield from made.write(folder, extra_rows, key)
            except OSError as error:
                raise _not_written(error) from error
            if not split.needs_one(made.n_own):
                break
            split.hold_lowest()
    return open_token_set(folder / "train"), open_token_set(folder / "validation")


def prepared(folder: Path, key: str = "") -> tuple[TokenSet, TokenSet] | None:
    """Both sets where they are there whole and of the same inputs (key ""): of any inputs, for a
    run that goes on with what it began with."""
    try:
        train, validation = open_token_set(folder / "train"), open_token_set(folder / "validation")
    except (OSError, ValueError, KeyError):
        return None
    made_of = {one.facts.get("key") for one in (train, validation)}
    is_same = len(made_of) == 1 and (not key or made_of == {key})
    return (train, validation) if is_same else None


def inputs_key(config: RunConfig, extra_rows: Sequence[Row] = ()) -> str:
    """A hash of all that the tokens depend on. Raises nothing: what is missing is told later."""
    data, base = config.data, config.base.path
    path = starter_path() if base == STARTER else Path(base)
    of_file = isinstance(data.validation, str)
    extra = hashlib.sha256(msgspec.json.encode(list(extra_rows))).hexdigest()
    parts = [
        VERSION,
        state_of_source(path),
        state_of_source(Path(data.path)),
        state_of_source(Path(str(data.validation))) if of_file else data.validation,
        data.format,
        data.learn_from,
        config.train.max_length,
        extra,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class _Split:
    """On which side a row is. Where no row of ten or more fell to validation, the one with the
    lowest hash does: without any, nothing tells when to stop, and one row is better than none."""

    def __init__(self, validation: float | str) -> None:
        self.share = 0.0 if isinstance(validation, str) else validation
        self.file = validation if isinstance(validation, str) else ""
        self._lowest = ""
        self._held = ""
        self.n_held = 0

    def is_validation(self, row: Row) -> bool:
        if not self.share:
            return False
        row_hash = content_hash(row)
        self._lowest = min(self._lowest or row_hash, row_hash)
        is_held = is_validation(row_hash, self.share) or row_hash == self._held
        self.n_held += is_held
        return is_held

    def needs_one(self, n_rows: int) -> bool:
        return self.share > 0 and self.n_held == 0 and n_rows >= FEW_ROWS

    def hold_lowest(self) -> None:
        self._held = self._lowest


@dataclass
class _Made:
    """One pass over all rows."""

    config: RunConfig
    learner: Learner
    split: _Split
    tally: Tally = field(default_factory=Tally)
    bad: list[BadRow] = field(default_factory=list)
    n_own: int = 0
    n_bad: int = 0
    sums: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("n_rows", "n_validation", "n_tokens", "n_learned", "n_cut", "n_rows_cut"), 0
        )
    )
    n_left_out: int = 0

    def write(self, folder: Path, extra: Sequence[Row], key: str) -> Iterator[float]:
        """Both sets, whole or not at all."""
        data = self.config.data
        with (
            TokenSetWriter(folder / "validation") as aside,
            TokenSetWriter(folder / "train") as train,
        ):
            with open_source(Path(data.path), data.format) as source:
                for rows in batches(self._good(source)):
                    self._add(rows, train, aside)
                    yield 0.9 * source.fraction
            if self.split.file:
                with open_source(Path(self.split.file)) as source:
                    for rows in batches(self._good(source)):
                        self._add(rows, aside, aside)
            for rows in batches(extra):
                self._add(rows, train, None)
                yield 0.95
            if not self.split.needs_one(self.n_own):
                self._require_rows()
            aside.facts = {"key": key}
            train.facts = self._facts(key, len(extra))
        yield 1.0

    def _add(
        self, rows: Sequence[Row], train: TokenSetWriter, aside: TokenSetWriter | None
    ) -> None:
        data, length = self.config.data, self.config.train.max_length
        found = learned_parts(self.learner, rows, data.learn_from, length)
        for row, parts in zip(rows, found, strict=True):
            tokens = parts[0]
            self.tally.add(row.id, tokens.findings)
            self.sums["n_cut"] += tokens.n_cut
            self.sums["n_rows_cut"] += tokens.n_cut > 0
            if not tokens.n_learned:
                self.n_left_out += 1
                continue
            is_aside = aside is not None and (aside is train or self.split.is_validation(row))
            self._write(row.id, parts, aside if aside is not None and is_aside else train, is_aside)

    def _write(
        self, row_id: str, parts: Iterable[RowTokens], target: TokenSetWriter, is_aside: bool
    ) -> None:
        for part in parts:
            target.add(row_id, part.ids, part.learned)
            self.sums["n_validation" if is_aside else "n_rows"] += 1
            if not is_aside:
                self.sums["n_tokens"] += len(part.ids)
                self.sums["n_learned"] += part.n_learned

    def _good(self, source: RowSource) -> Iterator[Row]:
        """A source's rows; the bad ones are noted."""
        for one in source:
            if isinstance(one, Row):
                self.n_own += 1
                yield one
                continue
            self.n_bad += 1
            if len(self.bad) < _N_BAD_KEPT:
                self.bad.append(one)

    def _require_rows(self) -> None:
        if self.sums["n_rows"]:
            return
        if self.n_own + self.n_bad == 0:
            raise AppError("There are no rows to learn from.", "Add some, or choose other data.")
        why = self.tally.detail("cannot_render") or next((one.reason for one in self.bad), "")
        raise AppError(
            "Of no row anything could be learned.",
            why or "Look at the rows: they need an answer of the assistant that is learned.",
            "\n".join(warning.message for warning in self.tally.warnings()),
        )

    def _facts(self, key: str, n_extra: int) -> dict[str, Any]:
        few = few_rows(self.sums["n_rows"] - n_extra, self.sums["n_validation"], self.split.share)
        warnings = [*self.tally.warnings(), *([few] if few else [])]
        return {
            **self.sums,
            "key": key,
            "n_source_rows": self.n_own,
            "n_extra": n_extra,
            "n_bad": self.n_bad,
            "n_left_out": self.n_left_out,
            "bad": msgspec.to_builtins(self.bad),
            "warnings": msgspec.to_builtins(warnings),
        }


def _not_written(error: OSError) -> AppError:
    return AppError(
        "The rows could not be written as tokens.",
        "Is the disk full? Make room and start again.",
        str(error),
    )
