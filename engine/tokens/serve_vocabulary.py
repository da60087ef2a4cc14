"""What a worker does for requests about whole vocabularies and about how words are merged."""

from collections.abc import Callable

import numpy as np

from engine.errors import JobCancelledError
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyResult, Progress
from engine.process.token_messages import (
    CheckVocabulary,
    Counts,
    CountTokens,
    FilterVocabulary,
    MergeHistory,
    ReadVocabulary,
    TokenIds,
    Vocabulary,
    VocabularyCheck,
)
from engine.tokens.merge_history import merge_history
from engine.tokens.packed import array
from engine.tokens.tokenizer import Flags, Tokenizer
from engine.tokens.vocabulary import VocabularyData, vocabulary_of
from engine.tokens.vocabulary_check import check_vocabulary
from engine.tokens.vocabulary_filter import filter_vocabulary

# Says how much of the work is done; raises JobCancelledError where nobody wants it any more.
Step = Callable[[float], None]


VocabularyRequest = ReadVocabulary | FilterVocabulary | CheckVocabulary | MergeHistory | CountTokens


def vocabulary_job(tokenizer: Tokenizer, request: VocabularyRequest) -> JobGenerator:
    """The generator that does a request's work, on a thread of its own: the worker answers others
    meanwhile."""
    match request:
        case ReadVocabulary():
            return in_thread(lambda _: _vocabulary(tokenizer, request.source))
        case FilterVocabulary():
            return _in_steps("checking", lambda step: _found(tokenizer, request, step))
        case CheckVocabulary():
            return _in_steps("checking", lambda step: _check(tokenizer, request.source, step))
        case MergeHistory():
            return in_thread(lambda _: merge_history(tokenizer, request.word))
        case CountTokens():
            return _in_steps("counting", lambda step: _counts(tokenizer, request.texts, step))


def _in_steps(what: str, work: Callable[[Step], AnyResult]) -> JobGenerator:
    def run(report: Callable[[Progress], bool]) -> AnyResult:
        def step(fraction: float) -> None:
            if not report(Progress(job=0, fraction=fraction, what=what)):
                raise JobCancelledError

        return work(step)

    return in_thread(run)


def _vocabulary(tokenizer: Tokenizer, source: str) -> Vocabulary:
    data = vocabulary_of(tokenizer)
    return Vocabulary(
        source=source,
        pieces=array(np.frombuffer(data.data, np.uint8)),
        lengths=array(data.lengths),
        kinds=array(data.kinds),
        figures=array(data.figures),
        figure=tokenizer.figure,
        scripts=data.script_names,
    )


def _found(tokenizer: Tokenizer, request: FilterVocabulary, step: Step) -> TokenIds:
    """A filter by reach needs the check; it is made where it was not yet."""
    data = vocabulary_of(tokenizer)
    if request.reach:
        _checked(tokenizer, data, step)
    return TokenIds(ids=array(filter_vocabulary(data, request, step)))


def _check(tokenizer: Tokenizer, source: str, step: Step) -> VocabularyCheck:
    return VocabularyCheck(
        source=source, reach=array(_checked(tokenizer, vocabulary_of(tokenizer), step))
    )


def _checked(tokenizer: Tokenizer, data: VocabularyData, step: Step) -> Flags:
    if data.reach is None:
        data.reach = check_vocabulary(tokenizer, data, step)
    return data.reach


def _counts(tokenizer: Tokenizer, texts: list[str], step: Step) -> Counts:
    counts = []
    for index, text in enumerate(texts):
        step(index / len(texts))
        counts.append(len(tokenizer.encode(text)))
    return Counts(n_tokens=counts)
