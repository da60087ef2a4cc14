"""Tokens that follow the edits: always those of a pass over the whole text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.process.messages import Failed
from gui.tokens.document import TokenDocument
from gui.tokens.feeder import LONG_BYTES, TokenFeeder
from tests.gui.token_helpers import TOY, HandWorker, toy_cut, toy_tokens

TEXT = "the deep sea is dark and cold 1234 5678\nand nobody goes there; really, nobody\n\n" * 4
PIECES = st.text(st.sampled_from("ab z\n\t.1é深🐙"), max_size=12) | st.just("")
STEPS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 0.1), PIECES, st.integers(0, 2)), max_size=15
)


def fed(text: str, worker: HandWorker) -> tuple[TokenDocument, TokenFeeder]:
    document = TokenDocument()
    document.set_text(text)
    feeder = TokenFeeder(document, worker.as_worker(), find=toy_cut)
    feeder.set_tokenizer(TOY)
    return document, feeder


def tokens_of(document: TokenDocument) -> list[tuple[int, int]]:
    lengths = np.diff(document.tokens.ends, prepend=0)
    return list(zip(document.tokens.ids.tolist(), lengths.tolist(), strict=True))


@given(STEPS, st.sampled_from([1, 5]))
@settings(max_examples=300, deadline=None)
def test_after_any_edits_and_late_answers_tokens_equal_a_full_pass(
    qapp: QApplication, steps: list[tuple[float, float, str, int]], parts: int
) -> None:
    worker = HandWorker(parts=parts)
    document, feeder = fed(TEXT, worker)
    for place, share, new, n_answers in steps:
        text = document.text.text()
        start = int(place * len(text))
        end = min(len(text), start + int(share * len(text)))
        document.replace(len(text[:start].encode()), len(text[:end].encode()), new)
        for _ in range(min(n_answers, len(worker.asked))):
            worker.answer(max(worker.asked))
        if worker.asked and parts > 1:
            worker.answer(only_parts=1)
            worker.asked.clear()  # what comes of it now is not heard any more
            feeder.set_tokenizer(TOY)
    worker.answer_all()
    assert tokens_of(document) == toy_tokens(document.text.text())
    assert not document.is_stale
    assert not feeder.is_busy


def test_an_edit_asks_for_the_stretch_between_two_cuts_only(qapp: QApplication) -> None:
    worker = HandWorker()
    document, _ = fed("one two three four five six seven eight", worker)
    worker.answer_all()
    document.replace(16, 16, "x")
    assert len(worker.asked) == 1
    request = worker.all[-1]
    assert request.text == " foxur"
    assert request.inside
    worker.answer_all()
    assert tokens_of(document) == toy_tokens(document.text.text())


def test_a_newer_edit_makes_an_older_answer_void(qapp: QApplication) -> None:
    worker = HandWorker()
    document, _ = fed("one two three four five six", worker)
    worker.answer_all()
    document.replace(9, 9, "x")
    first = max(worker.asked)
    document.replace(10, 10, "y")
    assert first not in worker.asked, "it was cancelled"
    worker.answer_all()
    assert tokens_of(document) == toy_tokens("one two txyhree four five six")


def test_an_edit_far_from_a_long_answer_moves_it_and_is_answered_before_it(
    qapp: QApplication,
) -> None:
    worker = HandWorker(parts=4)
    text = "deep water and no light " * 4_000
    document, feeder = fed(text, worker)
    (whole,) = worker.asked
    worker.answer(whole, only_parts=3)
    document.replace(8, 8, "er")
    assert set(worker.asked) > {whole}, "the long one goes on"
    worker.parts = 1
    worker.answer(max(worker.asked))
    assert tokens_of(document)[:4] == toy_tokens("deep waterer")[:4]
    _, on_result, _, on_event = worker.asked[whole]
    tokens = toy_tokens(text)
    size = len(tokens) // 4
    done = sum(length for _, length in tokens[: 3 * size])
    rest = HandWorker(lambda _text, _inside: tokens[3 * size :], 1)
    rest.asked[1] = (worker.all[0], on_result, None, on_event)
    assert done < len(text)
    rest.answer()
    assert tokens_of(document) == toy_tokens(document.text.text())
    assert not feeder.is_busy


def test_without_cuts_every_edit_asks_for_everything(qapp: QApplication) -> None:
    worker = HandWorker()
    document, feeder = fed("one two three", worker)
    info = type(TOY)(source="toy", name="", kind="", n_tokens=1, is_exact=False)
    feeder.set_tokenizer(info)
    worker.answer_all()
    document.replace(0, 0, "a")
    assert worker.all[-1].text == "aone two three"
    assert not worker.all[-1].inside


def test_special_tokens_are_read_in_one_pass_over_everything(qapp: QApplication) -> None:
    worker = HandWorker()
    document, feeder = fed("one two three", worker)
    feeder.set_tokenizer(TOY, special=True)
    worker.answer_all()
    document.replace(0, 0, "a")
    assert worker.all[-1].special
    assert worker.all[-1].text == "aone two three"


def test_typing_in_a_long_text_without_cuts_asks_when_it_pauses(qtbot: QtBot) -> None:
    worker = HandWorker()
    document, feeder = fed("a" * (LONG_BYTES + 10), worker)
    n_before = len(worker.all)
    for _ in range(5):
        document.replace(50_000, 50_000, "a")
    assert len(worker.all) == n_before, "nothing is asked while keys come"
    assert feeder.is_busy
    qtbot.waitUntil(lambda: len(worker.all) == n_before + 1)
    worker.answer_all()
    assert tokens_of(document) == toy_tokens("a" * (LONG_BYTES + 15))


def test_the_old_colours_stay_where_the_worker_fails_and_it_is_asked_again_when_it_is_back(
    qtbot: QtBot,
) -> None:
    worker = HandWorker()
    document, feeder = fed("one two three four", worker)
    worker.answer_all()
    n_tokens = len(document.tokens)
    document.replace(9, 9, "x")
    job = max(worker.asked)
    with qtbot.waitSignal(feeder.failed):
        worker.asked.pop(job)[2](Failed(job=job, message="It died.", hint="", detail=""))
    assert len(document.tokens) == n_tokens
    assert document.is_stale
    worker.engine.became_ready.emit()
    with qtbot.waitSignal(feeder.settled):
        worker.answer_all()
    assert tokens_of(document) == toy_tokens("one two txhree four")


@pytest.mark.parametrize("text", ["", " ", "\n", "深"])
def test_the_smallest_texts_settle(qapp: QApplication, text: str) -> None:
    worker = HandWorker()
    document, _ = fed(text, worker)
    worker.answer_all()
    assert not document.is_stale
    document.replace(0, document.n_bytes, "")
    worker.answer_all()
    assert len(document.tokens) == 0
    assert not document.is_stale


def test_whether_the_pieces_are_the_text_is_told_of_all_that_was_answered(
    qapp: QApplication,
) -> None:
    worker = HandWorker()
    document, feeder = fed("one two three four five", worker)

    def is_ok() -> bool:
        return feeder.text_ok

    worker.answer_all()
    assert is_ok()
    worker.text_ok = False
    document.replace(9, 9, "x")
    worker.answer_all()
    assert not is_ok(), "one stretch is not as typed"
    worker.text_ok = True
    document.replace(10, 10, "y")
    worker.answer_all()
    assert not is_ok(), "and others do not put it right"
    feeder.set_tokenizer(TOY)
    worker.answer_all()
    assert is_ok()
