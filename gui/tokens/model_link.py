"""Between the room and the model that the Chat room loaded: whether the text's tokens are that
model's own, and asking its worker, one job of a kind at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Failed,
    ModelInfo,
)
from engine.process.token_messages import TokenizerInfo
from gui.tokens.parts import TokensParts
from gui.tokens.words import tr

Kind = Literal["map", "look", "tree"]
Remedy = Literal["", "load", "use"]
OnResult = Callable[[Any], None]
OnFailed = Callable[[Failed], None]


class ModelLink(QObject):
    """One for the room (`link_of`).

    A job that is asked for ends the one of its kind before it, which is heard of no more. The
    worker shares itself out: a reply that is being written goes on.
    """

    changed = Signal()  # `problem` may be another

    def __init__(self, parts: TokensParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._jobs: dict[Kind, int] = {}
        parts.context.model.changed.connect(self._on_changed)
        parts.state.tokenizer_changed.connect(self._on_changed)
        parts.state.opening_changed.connect(self.changed)

    # ---- which model ----

    @property
    def model(self) -> ModelInfo | None:
        return self._parts.context.model.value

    @property
    def remedy(self) -> Remedy:
        """What a person can do: load a model, use its tokenizer; "" where nothing is missing."""
        model, info = self.model, self._parts.state.info
        if model is None:
            return "load"
        return "" if info is None or _is_of(info, model) else "use"

    @property
    def is_ready(self) -> bool:
        """The text's tokens are the loaded model's own."""
        return not self.remedy and self._parts.state.info is not None

    @property
    def problem(self) -> str:
        """Why the model cannot be asked about this text, in one sentence; "" where it can."""
        if self.remedy == "load":
            return tr("Probabilities come from a model, and none is loaded.")
        if self.remedy == "use":
            assert self.model is not None
            words = tr("These tokens are not {name}’s own, so it cannot say how likely they are.")
            return words.format(name=self.model.name)
        return ""

    @property
    def remedy_words(self) -> str:
        """What `mend` does, for a button."""
        words = {"load": tr("Load a model"), "use": tr("Use this model’s tokenizer"), "": ""}
        return words[self.remedy]

    def mend(self) -> None:
        """Do what helps: go to where models are loaded, or use the model's tokenizer."""
        if self.remedy == "use" and self.model is not None:
            self._parts.state.open(self.model.path)
        elif self.remedy == "load" and "chat" in self._parts.context.rooms:
            self._parts.context.rooms["chat"]()

    def ids_before(self, index: int) -> list[int]:
        """The tokens that the model sees before token `index` of the text: all of them, or of a
        text that is longer than its context the last part. It begins where the worker would begin
        it too, so that one text is always seen in one way.
        """
        ids = self._parts.state.document.tokens.ids
        wanted: list[int] = _window(ids, index, self._room(ids)).tolist()
        return wanted

    def _room(self, ids: npt.NDArray[np.int32]) -> int:
        """How many tokens of a text the context holds, a BOS before them."""
        model, info = self.model, self._parts.state.info
        assert model is not None and info is not None
        adds_bos = info.adds_bos and info.bos >= 0 and (not len(ids) or int(ids[0]) != info.bos)
        return model.n_ctx - int(adds_bos)

    # ---- asking ----

    def ask(
        self,
        kind: Kind,
        make_request: Callable[[int], AnyRequest],
        on_result: OnResult,
        on_failed: OnFailed,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> None:
        """Ask the model's worker; as SideWorker.ask. A job before of this kind is cancelled."""
        self.cancel(kind)
        own: list[int] = []

        def hear(event: AnyEvent) -> None:
            if self._jobs.get(kind) != own[0]:
                return  # given up: another was asked for, or nobody looks any more
            if isinstance(event, Done | Failed | Cancelled):
                self._jobs.pop(kind)
            if isinstance(event, Done):
                on_result(event.result)
            elif isinstance(event, Failed):
                on_failed(event)
            elif not isinstance(event, Cancelled) and on_event is not None:
                on_event(event)

        own.append(self._parts.context.engine.submit(make_request, hear))
        self._jobs[kind] = own[0]

    def is_asking(self, kind: Kind) -> bool:
        return kind in self._jobs

    def cancel(self, kind: Kind) -> None:
        """End the job of a kind, if there is one."""
        job = self._jobs.pop(kind, 0)
        if job:
            self._parts.context.engine.cancel(job)

    @Slot()
    def _on_changed(self) -> None:
        for kind in list(self._jobs):
            self.cancel(kind)
        self.changed.emit()


def link_of(parts: TokensParts) -> ModelLink:
    """The room's link, made when it is first asked for."""
    return parts.state.findChild(ModelLink) or ModelLink(parts, parts.state)


def _is_of(info: TokenizerInfo, model: ModelInfo) -> bool:
    if not info.path:
        return False
    return os.path.realpath(info.path) == os.path.realpath(model.path)


def _window(ids: npt.NDArray[np.int32], index: int, room: int) -> npt.NDArray[np.int32]:
    """What stands before token `index` in its window: windows hold `room` tokens, and each begins
    half of that behind the one before."""
    half = max(1, room // 2)
    start = 0 if index <= room else half * -(-(index - room) // half)
    return ids[start:index]
