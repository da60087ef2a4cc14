"""Requests about bases: which can be taught, plans, calibration."""

from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult
from finetune.serve_data import Shared


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    return None
