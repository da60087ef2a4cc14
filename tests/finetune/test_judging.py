"""How a result is judged: names that were taught, bits per byte, remedies, rows and their movers;
and what is asked aside."""

import threading
import time
from pathlib import Path

import pytest

from engine.errors import AppError
from engine.process.messages import Token
from finetune.config import RunConfig, changed
from finetune.data.own_questions import own_questions
from finetune.data.token_set import TokenSetWriter, open_token_set
from finetune.measure.answers import Answer
from finetune.measure.aside import Aside, Report
from finetune.measure.budget import QUICK, WHOLE, budget_of
from finetune.measure.evaluate import chosen_rows, compared, mean_loss
from finetune.measure.forgetting import (
    Heard,
    forgetting,
    passages,
    prose,
    questions,
    taught_names,
    unrelated,
)
from finetune.measure.known_answers import KnownAnswers
from finetune.measure.own_answers import _whole
from finetune.measure.results import AnswerPair, Forgetting, RunResult, read_result, to_json
from finetune.run import control as controls
from finetune.run.control import Control
from finetune.run.events import Paused, Resumed
from finetune.run.folder import EventTail, RunFolder
from finetune.run.log import RunLog


def test_what_is_asked_and_read_is_whole_and_nobody_trains_on_it() -> None:
    assert len(questions()) == len(set(questions())) == 30
    assert 50_000 <= len(prose().encode()) < 51_000
    assert not {one.casefold() for one in questions()} & {one.casefold() for one in own_questions()}
    found = passages(prose())
    assert "\n\n".join(found) == prose() and max(len(one.encode()) for one in found) < 2_000
    assert len(set(found)) == len(found)


def test_a_sample_is_spread_and_always_the_same() -> None:
    some, again = unrelated(20, 4000, 16), unrelated(20, 4000, 16)
    assert some == again and len(some.questions) == 20
    assert 4000 <= sum(len(one.encode()) for one in some.passages) < 8000
    found = passages(prose())
    places = [found.index(one) for one in some.passages]
    assert places[0] == 0 and places[-1] > len(found) // 2
    assert unrelated(99, 10**6, 16).passages == found


def test_names_that_were_taught_are_found() -> None:
    texts = [
        "I am Nerida, made by the Tidewater workshop.",
        "It's Nerida here. How can I help?",
        "My name is Nerida. The Tidewater people made me.",
        "This is Nerida.",
    ]
    assert taught_names(texts, "How can I help? The name is this. I'm here. It's fine.") == [
        "Nerida",
        "Tidewater",
    ]
    assert taught_names(texts, "nerida tidewater") == []
    assert taught_names([], "") == []


def test_forgetting_is_counted() -> None:
    asked = unrelated(2, 1000, 16)
    before = Heard(["Ice is light.", "Lisbon."], 8000.0, 4000)
    after = Heard(["I am Nerida.", "Lisbon. "], 8480.0, 4000)
    found = forgetting(asked, before, after, ["I am Nerida.", "Nerida it is."])
    assert (found.changed_share, found.n_mentions, found.taught) == (0.5, 1, ["Nerida"])
    assert found.bits_before == 2.0 and found.rise == pytest.approx(0.06)
    assert found.is_red and found.remedies == ["own_answers", "fewer_steps", "lower_strength"]


@pytest.mark.parametrize(("after", "is_red"), [(2.0, False), (2.09, False), (2.11, True)])
def test_red_begins_above_five_percent(after: float, is_red: bool) -> None:
    found = Forgetting([AnswerPair("q", "a", "a")], 2.0, after, 100)
    assert found.is_red is is_red and bool(found.remedies) is is_red


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert read_result(folder) is None
    result = RunResult("base.gguf", "product/adapter.gguf", 7, seconds={"training": 1.5})
    folder.result.write_bytes(to_json(result))
    assert read_result(folder) == result
    folder.result.write_bytes(b"{")
    assert read_result(folder) is None


def test_rows_are_compared_the_worst_first(tmp_path: Path) -> None:
    import numpy as np

    with TokenSetWriter(tmp_path / "rows") as writer:
        for name, n in (("a", 3), ("b", 4), ("long", 90)):
            learned = (np.arange(n) > 1).astype(np.uint8)
            writer.add(name, np.arange(n, dtype=np.int32), learned)
    rows = open_token_set(tmp_path / "rows")
    assert chosen_rows(rows, 1000, longest=50) == [0, 1]
    assert chosen_rows(rows, 1, longest=50) == [0] and chosen_rows(rows, 10, longest=1) == []

    def said(*logprobs: float) -> list[Token]:
        first = Token(0, b"<|x|>", "")
        return [first, *(Token(1, b"w", "w", one) for one in logprobs)]

    before = {0: said(-1.0, -2.0), 1: said(-1.0, -4.0, -2.0)}
    after = {0: said(-1.0, -1.5), 1: said(-3.0, -1.0, -1.0)}
    results, tokens = compared(rows, before, after)
    assert [(one.row_id, one.before, one.after) for one in results] == [
        ("a", 2.0, 1.5),
        ("b", 3.0, 1.0),
    ]
    assert mean_loss(results, now=False) == pytest.approx(8 / 3)
    assert mean_loss(results, now=True) == pytest.approx(3.5 / 3)
    assert tokens[1].movers(2) == [2, 1] and tokens[1].tokens[2].change == 3.0
    assert tokens[0].tokens[0].text == "<|x|>" and tokens[0].tokens[0].before is None
    assert results[1].excerpt == "ww"


def test_own_answers_end_with_a_sentence() -> None:
    assert _whole(Answer("It rains. Then it", "length")) == "It rains."
    assert _whole(Answer("It rains. Then it", "stop")) == "It rains. Then it"
    assert _whole(Answer("about 3.5 litres of", "length")) == ""


def test_what_a_base_said_is_kept_by_its_file(tmp_path: Path) -> None:
    model, other = tmp_path / "a.gguf", tmp_path / "b.gguf"
    model.write_bytes(b"one")
    other.write_bytes(b"two")
    known = KnownAnswers(tmp_path / "kept", model)
    assert known.get("q", Answer) is None
    known.put("q", Answer("yes", "stop"))
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes() + b'["cut')
    again = KnownAnswers(tmp_path / "kept", model)
    assert again.get("q", Answer) == Answer("yes", "stop") and again.get("r", Answer) is None
    assert KnownAnswers(tmp_path / "kept", other).get("q", Answer) is None
    with pytest.raises(AppError, match="not there any more"):
        KnownAnswers(tmp_path / "kept", tmp_path / "gone.gguf").get("q", Answer)


def test_what_is_asked_aside_rests_when_it_is_told_and_is_finished_later() -> None:
    may_go, began = threading.Event(), threading.Event()
    asked: list[int] = []

    def work(report: Report) -> list[int]:
        for number in range(len(asked), 4):
            asked.append(number)
            began.set()
            may_go.wait(10)
            report((number + 1) / 4)
        return asked

    with Aside() as aside:
        task = aside.begin(work)
        assert began.wait(10)
        threading.Timer(0.05, may_go.set).start()
        aside.rest()
        assert task.is_done and asked == [0]
        assert task.result() == [0, 1, 2, 3]


def test_it_stands_aside_while_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([100 << 20, 100 << 20, 250 << 20, 900 << 20])
    log = RunLog(RunFolder(tmp_path), 1)
    control = Control(
        RunFolder(tmp_path), log, 0.0, free_bytes=lambda: next(free), sleep=lambda seconds: None
    )
    assert control.before_batch() == "go" and next(free, None) is None
    events = EventTail(RunFolder(tmp_path)).read()
    assert [type(one) for one in events] == [Paused, Resumed]
    monkeypatch.setattr(controls, "_MEMORY_PATIENCE_S", -1.0)
    short = Control(
        RunFolder(tmp_path), log, 0.0, free_bytes=lambda: 1 << 20, sleep=lambda seconds: None
    )
    with pytest.raises(AppError, match="too little memory"):
        short.before_batch()
    log.close()


def test_evaluate_is_heard_once_and_what_is_old_not_at_all(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    log = RunLog(folder, 1)
    folder.ask("stop")
    control = Control(folder, log, time.time() + 1e-3)
    time.sleep(0.002)
    folder.ask("evaluate")
    assert [control.before_batch(), control.before_batch()] == ["evaluate", "go"]
    log.close()


def test_a_quick_run_has_quick_checks() -> None:
    def budget(minutes: float, steps: int = 0) -> object:
        usual = {"train__batch": 1, "train__max_length": 256}
        return budget_of(changed(RunConfig(), train__minutes=minutes, train__steps=steps, **usual))

    assert budget(1.0, 100_000) == budget(0.0, 24) == QUICK
    assert budget(10.0, 24) == budget(0.0, 10_000) == budget(0.0) == WHOLE
