"""The surprise map: how many bits each token of the text costs the model. Asks the model's worker,
keeps what it said while the text stands still, and colours the document by it. No widgets.

After an edit what stands before it stays right; the rest fades, and is asked for again when the
text has been left alone for a moment.
"""

from __future__ import annotations

import math
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import AnyEvent, Failed
from engine.process.token_messages import MapSurprise, Surprise, SurprisePart
from gui.tokens.document import Edit
from gui.tokens.model_link import ModelLink, link_of
from gui.tokens.parts import TokensParts
from gui.tokens.state import Probabilities, TokensState
from gui.tokens.token_spans import NO_SHADE
from gui.tokens.vocabulary import array_of
from gui.tokens.words import tr
from gui.widgets.ramp import LIMITS, share_text

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Value = TypeVar("Value", np.float32, np.int32)
Status = Literal["off", "blocked", "waiting", "running", "known", "stopped", "failed"]

PAUSE_MS = 350  # how long a text is left alone before it is asked for
COLOUR_MS = 100  # how often the colours follow what comes in
_LOG_LIMITS = [math.log(limit) for limit in LIMITS]


class SurpriseMap(QObject):
    """One for the room (`map_of`).

    Attributes: status, n_told (tokens that were told of this text so far), logprobs and ranks (one
    each, as in Probabilities; the first n_told count), total (once all is known), failure.
    """

    changed = Signal()  # anything of the above

    def __init__(self, parts: TokensParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state: TokensState = parts.state
        self._link: ModelLink = link_of(parts)
        self.status: Status = "off"
        self.n_told = 0
        self.logprobs: Floats = np.zeros(0, np.float32)
        self.ranks: Ints = np.zeros(0, np.int32)
        self.total: Surprise | None = None
        self.failure = ""
        self._ids: Ints = np.zeros(0, np.int32)
        self._is_seen = True
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._begin)
        self._colours = QTimer(self, singleShot=True, interval=COLOUR_MS)
        self._colours.timeout.connect(self._show_progress)
        parts.state.text_changed.connect(self._on_text_changed)
        self._link.changed.connect(self._on_link_changed)
        parts.state.document.watchers.append(self)

    # ---- what a person asks ----

    @property
    def is_on(self) -> bool:
        return self.status != "off"

    def set_on(self, is_on: bool) -> None:
        """Colour the text by surprise, or by its tokens again; what is known of a text stays known
        for as long as it stands still."""
        if is_on == self.is_on:
            return
        self._stop_all()
        if not is_on:
            self._set("off")
        elif self.total is not None and self._link.is_ready:
            self._set("known")
        else:
            self._consider(0)
        self._colour()

    def set_seen(self, is_seen: bool) -> None:
        """Whether anybody can look at it: the model works for nobody else."""
        self._is_seen = is_seen
        if not is_seen and self.status in ("waiting", "running"):
            self._stop_all()
            self._set("waiting")
        elif is_seen and self.status == "waiting":
            self._consider(0)

    def stop(self) -> None:
        """Ask for no more of this text; what came stays."""
        if self.status in ("waiting", "running"):
            self._stop_all()
            self._set("stopped")

    def resume(self) -> None:
        """Ask again, after a stop or a failure."""
        if self.status in ("stopped", "failed"):
            self._consider(0)

    # ---- what happens ----

    def text_edited(self, edit: Edit) -> None:
        """A watcher of the document: all behind an edit is out of date."""
        if not self.is_on:
            self._forget()
            return
        self._stop_all()
        tokens = self._state.document.tokens
        self._keep(min(self.n_told, max(0, tokens.at(max(0, edit.start - 1)))))
        self._set("blocked" if self._link.problem else "waiting")
        self._colours.start()

    def tokens_put(self, start: int, end: int) -> None:
        """A watcher of the document: text_changed tells when all tokens are known."""

    @Slot()
    def _on_text_changed(self) -> None:
        ids = self._state.document.tokens.ids
        n_same = _n_same(self._ids, ids)
        if n_same == len(ids) == len(self._ids) and self.total is not None:
            return
        if not self.is_on:
            self._forget()
            return
        self._stop_all()
        self._keep(min(self.n_told, n_same))
        self._consider(PAUSE_MS)

    @Slot()
    def _on_link_changed(self) -> None:
        self._stop_all()
        self._forget()
        if self.is_on:
            self._consider(PAUSE_MS)
            self._colours.start()

    def _consider(self, pause_ms: int) -> None:
        """Ask soon, where the model can be asked and the text's tokens are known."""
        if self._link.problem:
            self._set("blocked")
            return
        self._set("waiting")
        if self._is_seen and self._link.is_ready and not self._state.document.is_stale:
            self._pause.start(pause_ms)

    # ---- one run ----

    @Slot()
    def _begin(self) -> None:
        if self._state.document.is_stale or not self._link.is_ready:
            return  # told of again when that is over
        ids = self._ids = self._state.document.tokens.ids.copy()
        self._keep(min(self.n_told, len(ids)))
        self.logprobs = _grown(self.logprobs, np.full(len(ids), np.nan, np.float32))
        self.ranks = _grown(self.ranks, np.full(len(ids), -1, np.int32))
        self.total, self.failure = None, ""
        if not len(ids):
            self._set("known")
            return
        wanted = ids.tolist()
        self._set("running")
        self._link.ask(
            "map",
            lambda job: MapSurprise(job=job, ids=wanted),
            self._on_result,
            self._on_failed,
            self._on_event,
        )

    def _on_event(self, event: AnyEvent) -> None:
        if not isinstance(event, SurprisePart):
            return
        logprobs = array_of(event.logprobs)
        end = event.first + len(logprobs)
        self.logprobs[event.first : end] = logprobs
        self.ranks[event.first : end] = array_of(event.ranks)
        self.n_told = max(self.n_told, end)
        if not self._colours.isActive():
            self._colours.start()

    def _on_result(self, result: Surprise) -> None:
        self.total, self.n_told = result, len(self._ids)
        self._colours.stop()
        self._set("known")
        self._state.set_probabilities(
            Probabilities(
                logprobs=self.logprobs,
                ranks=self.ranks,
                perplexity=result.perplexity,
                bits_per_byte=result.bits_per_byte,
            )
        )
        self._colour()

    def _on_failed(self, failed: Failed) -> None:
        self.failure = f"{failed.message} {failed.hint}".strip()
        self._set("failed")

    def _stop_all(self) -> None:
        self._pause.stop()
        self._link.cancel("map")

    def _forget(self) -> None:
        self._ids = self._ids[:0]
        self._keep(0)

    def _keep(self, n_told: int) -> None:
        """Only the first tokens are right any more."""
        self.n_told, self.total = n_told, None
        self.logprobs, self.ranks = self.logprobs[:n_told], self.ranks[:n_told]
        self._state.set_probabilities(None)

    def _set(self, status: Status) -> None:
        self.status = status
        self.changed.emit()

    # ---- colours ----

    @Slot()
    def _show_progress(self) -> None:
        self._colour()
        self.changed.emit()

    def _colour(self) -> None:
        document = self._state.document
        if not self.is_on or self.status == "blocked":
            if document.tokens.shades is not None:
                document.set_shades(None)
            return
        shades = np.full(len(document.tokens), NO_SHADE, np.uint8)
        n_known = min(self.n_told, len(shades))
        shades[:n_known] = levels(self.logprobs[:n_known])
        document.set_shades(shades)


def map_of(parts: TokensParts) -> SurpriseMap:
    """The room's map, made when it is first asked for."""
    return parts.state.findChild(SurpriseMap) or SurpriseMap(parts, parts.state)


def levels(logprobs: Floats) -> npt.NDArray[np.uint8]:
    """The step of the ramp for each: 0 over 50 % (and where there is no logprob) to 3 under 1 %."""
    with np.errstate(invalid="ignore"):
        steps = [logprobs < np.float32(limit) for limit in _LOG_LIMITS]
    return steps[0].astype(np.uint8) + steps[1] + steps[2]


def bits(logprobs: Floats) -> npt.NDArray[np.float64]:
    """Surprise of each in bits; 0 where there is no logprob."""
    found = np.nan_to_num(logprobs.astype(np.float64), nan=0.0) / -math.log(2)
    return np.maximum(found, 0.0)


def cumulative_bits(logprobs: Floats) -> npt.NDArray[np.float64]:
    """Bits of the text up to and with each token."""
    return np.cumsum(bits(logprobs))


def facts(probabilities: Probabilities | None, token: int) -> list[tuple[str, str]]:
    """What is known of one token of the text: names and values; [] where nothing is."""
    if probabilities is None or not 0 <= token < len(probabilities.logprobs):
        return []
    logprob = float(probabilities.logprobs[token])
    if math.isnan(logprob):
        return [(tr("surprise"), tr("nothing stands before it"))]
    so_far = float(np.nansum(probabilities.logprobs[: token + 1], dtype=np.float64)) / -math.log(2)
    return [
        (tr("surprise"), tr("{n} bits").format(n=f"{max(0.0, -logprob / math.log(2)):.2f}")),
        (tr("probability"), share_text(math.exp(logprob))),
        (tr("rank"), f"{int(probabilities.ranks[token]) + 1:,}"),
        (tr("bits so far"), f"{so_far:,.1f}"),
    ]


def _n_same(one: Ints, other: Ints) -> int:
    """How many ids at the beginning are the same."""
    n_both = min(len(one), len(other))
    differ = np.flatnonzero(one[:n_both] != other[:n_both])
    return int(differ[0]) if len(differ) else n_both


def _grown(values: npt.NDArray[Value], blank: npt.NDArray[Value]) -> npt.NDArray[Value]:
    blank[: len(values)] = values[: len(blank)]
    return blank
