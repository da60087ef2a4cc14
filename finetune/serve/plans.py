"""Requests about plans of a pretraining: how quick this machine is with one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from engine.errors import AppError
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult, Nothing, Progress
from engine.process.pretrain_messages import CalibratePretrain
from finetune.pretraining.config import PretrainConfig
from finetune.run_toml import config_of
from finetune.serve.data import Shared
from finetune.torch_import import import_torch


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """No question about plans is short."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    return _calibrate(request) if isinstance(request, CalibratePretrain) else None


def _calibrate(request: CalibratePretrain) -> JobGenerator:
    try:
        config = config_of(PretrainConfig, tomllib.loads(request.config), is_draft=True)
    except tomllib.TOMLDecodeError as error:
        raise AppError("The plan is no valid TOML.", "", str(error)) from error
    yield Progress(job=0, fraction=0.0, what="loading")

    def work(report: Callable[[Any], bool]) -> AnyResult:
        """Torch comes into this process here; the steps leave other jobs their turns."""
        import_torch()
        from finetune.calibrate import CalibrationStopped
        from finetune.pretraining.calibrate import calibrate

        try:
            return calibrate(
                config, lambda done: report(Progress(job=0, fraction=done, what="training"))
            )
        except CalibrationStopped:
            return Nothing()

    return (yield from in_thread(work))
