"""What a worker does for each request about tokenizers: short questions at once, else jobs."""

from collections.abc import Callable
from typing import Any

from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult
from engine.process.token_messages import Encode, OpenTokenizer, RenderChat
from engine.tokens.opened import Tokenizers
from engine.tokens.serve_encode import encode_job, encoded
from engine.tokens.serve_vocabulary import VocabularyRequest, vocabulary_job
from engine.tokens.tokenizer import Tokenizer

# Characters that are tokenised while the asker waits; more is a job.
SHORT_TEXT = 100_000


def token_answer(tokenizers: Tokenizers, request: AnyRequest) -> AnyResult | None:
    """The answer to a short question about a tokenizer that is open, or None: it is a job's work.

    Raises:
        AppError: the question cannot be answered.
    """
    match request:
        case OpenTokenizer(source=source):
            tokenizer = tokenizers.ready(source)
            return tokenizer.info if tokenizer else None
        case Encode(source=source, text=text) if len(text) <= SHORT_TEXT:
            tokenizer = tokenizers.ready(source)
            return encoded(tokenizer, request) if tokenizer else None
    return None


def token_job(tokenizers: Tokenizers, request: AnyRequest) -> JobGenerator | None:
    """The generator that does a request's work, None where it is not about tokenizers."""
    match request:
        case OpenTokenizer():
            return _with(tokenizers, request.source, lambda tokenizer: tokenizer.info)
        case Encode():
            return _encode(tokenizers, request)
        case RenderChat():
            return _with(
                tokenizers,
                request.source,
                lambda one: one.render(request.messages, request.add_generation_prompt),
            )
        case _ if isinstance(request, VocabularyRequest):
            return _of_vocabulary(tokenizers, request)
    return None


def _encode(tokenizers: Tokenizers, request: Encode) -> JobGenerator:
    tokenizer = yield from opening(tokenizers, request.source)
    return (yield from encode_job(tokenizer, request))


def _of_vocabulary(tokenizers: Tokenizers, request: VocabularyRequest) -> JobGenerator:
    tokenizer = yield from opening(tokenizers, request.source)
    return (yield from vocabulary_job(tokenizer, request))


def opening(tokenizers: Tokenizers, source: str) -> Any:
    """A part of a job (`yield from`): the tokenizer, opened on a thread of its own where it is not
    open yet, so that other jobs go on meanwhile."""
    tokenizer = tokenizers.ready(source)
    if tokenizer is None:
        yield from in_thread(lambda _: tokenizers.get(source).info)
        tokenizer = tokenizers.get(source)
    return tokenizer


def _with(
    tokenizers: Tokenizers, source: str, work: Callable[[Tokenizer], AnyResult]
) -> JobGenerator:
    """A job that is one step, once the tokenizer is open."""
    tokenizer = yield from opening(tokenizers, source)
    yield None
    return work(tokenizer)
