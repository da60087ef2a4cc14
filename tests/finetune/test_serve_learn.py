"""The room's worker asked what will be learned: a row at once, a dataset as a job, who it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError, JobCancelledError
from engine.paths import Paths
from engine.process.messages import Array, Progress
from engine.process.tune_messages import (
    AddRows,
    CheckDataset,
    Checked,
    DatasetInfo,
    Identity,
    Learned,
    MakeIdentity,
    PreviewRow,
    ReadRows,
    Row,
    RowPage,
)
from engine.tokens.opened import Tokenizers
from finetune.data.learned import learned_tokens
from finetune.data.rendered import takes_system
from finetune.serve import data as serve_data
from finetune.serve import learn as serve_learn
from finetune.serve.data import Shared
from tests.finetune.learn_templates import CALLS, NO_SYSTEM, learner_with, row_of, starter

TALK = row_of(("user", "Hi"), ("assistant", "Hello there"))


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    made = Shared(Paths(tmp_path), Tokenizers())
    yield made
    ready = made.tokenizers.ready("starter")
    if ready is not None:
        ready.chat.renderer.close()  # type: ignore[attr-defined]


def values(array: Array) -> Any:
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)


def run(steps: Any) -> Any:
    """A job to its end."""
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return end.value, [one for one in events if isinstance(one, Progress)]


def dataset(shared: Shared, rows: list[Row]) -> str:
    info, _ = run(serve_data.job(AddRows(job=1, rows=rows, name="Talks"), shared))
    assert isinstance(info, DatasetInfo)
    return info.id


def previewed(shared: Shared, **asked: Any) -> Learned:
    request = PreviewRow(job=1, base="starter", **asked)
    found = serve_learn.answer(request, shared)
    if found is None:
        found, _ = run(serve_learn.job(request, shared))
    assert isinstance(found, Learned)
    return found


# ---- one row ----


def test_a_row_is_told_as_its_tokens(shared: Shared) -> None:
    assert serve_learn.answer(PreviewRow(job=1, base="starter", row=TALK), shared) is None
    found = previewed(shared, row=TALK)
    expected = learned_tokens(starter(), TALK, "all", 1024)
    assert found.text == expected.text and found.n_cut == 0 and found.warnings == []
    assert values(found.ids).tolist() == expected.ids.tolist()
    assert values(found.learned).tolist() == expected.learned.tolist()
    assert values(found.text_starts).tolist() == expected.starts.tolist()
    assert values(found.special).tolist() == expected.special.tolist()
    assert found.pieces.data.decode() == found.text
    assert int(values(found.piece_bytes).sum()) == len(found.pieces.data)


def test_where_the_tokenizer_is_open_the_answer_is_short(shared: Shared) -> None:
    previewed(shared, row=TALK)
    assert serve_learn.answer(PreviewRow(job=2, base="starter", row=TALK), shared) is not None
    long_row = row_of(("user", "a" * 30_000), ("assistant", "b"))
    request = PreviewRow(job=3, base="starter", row=long_row)
    assert serve_learn.answer(request, shared) is None
    assert previewed(shared, row=long_row).n_cut > 0


def test_a_row_of_a_dataset_with_its_warnings(shared: Shared) -> None:
    rows = [TALK, row_of(("user", "Hi"), ("assistant", ""))]
    name = dataset(shared, rows)
    found = previewed(shared, dataset=name, row_id="2")
    assert [one.kind for one in found.warnings] == ["empty_answer"]
    with pytest.raises(AppError, match="no more"):
        previewed(shared, dataset=name, row_id="77")


# ---- a dataset ----


def test_a_dataset_is_counted_and_judged(shared: Shared) -> None:
    rows = [row_of(("user", f"Question {n}"), ("assistant", f"Answer {n}")) for n in range(40)]
    rows += [rows[0], row_of(("user", "Hi"), ("assistant", ""))]
    rows += [row_of(("user", "word " * 300), ("assistant", "beyond the cut"))]
    rows += [row_of(("user", f"Вопрос {n}"), ("assistant", f"Ответ {n}")) for n in range(3)]
    rows += [row_of(("user", "Long"), ("assistant", "word " * 300))]
    name = dataset(shared, rows)
    request = CheckDataset(job=1, dataset=name, base="starter", max_length=100)
    found, events = run(serve_learn.job(request, shared))
    assert isinstance(found, Checked) and events[-1].fraction == 1.0
    stats, whole = found.stats, [learned_tokens(starter(), row, "all", 10_000) for row in rows]
    lengths = [len(one.ids) for one in whole]
    assert stats.n_rows == len(rows) and values(stats.lengths).tolist() == lengths
    assert stats.n_cut == sum(max(0, n - 100) for n in lengths) and stats.n_rows_cut == 2
    assert stats.n_tokens == sum(min(n, 100) for n in lengths)
    fitted = [learned_tokens(starter(), row, "all", 100) for row in rows]
    assert stats.n_learned == sum(one.n_learned for one in fitted)
    assert stats.roles == {"user": len(rows), "assistant": len(rows)}
    assert stats.scripts == {"Latin": len(rows) - 3, "Cyrillic": 3}
    assert stats.n_repeated == 1 and stats.n_validation > 0
    warned = {one.kind: one for one in found.warnings}
    assert set(warned) == {"empty_answer", "nothing_learned", "cut", "languages", "repeated"}
    assert warned["empty_answer"].ids == ["42"] and warned["repeated"].ids == ["41"]
    assert warned["languages"].ids == ["44", "45", "46"] and found.warnings[0].is_grave


def test_what_was_found_is_shown_in_the_list_of_rows(shared: Shared) -> None:
    name = dataset(shared, [TALK, row_of(("user", "Hi"), ("assistant", ""))])
    run(serve_learn.job(CheckDataset(job=1, dataset=name, base="starter"), shared))
    page, _ = run(serve_data.job(ReadRows(job=2, dataset=name), shared))
    assert [one.warnings for one in page.rows] == [[], ["empty_answer"]]
    assert page.rows[0].n_tokens == len(learned_tokens(starter(), TALK, "all", 1024).ids)


def test_a_check_can_be_given_up(shared: Shared) -> None:
    rows = [row_of(("user", f"Question {n}"), ("assistant", f"Answer {n}")) for n in range(300)]
    name = dataset(shared, rows)
    steps = serve_learn.job(CheckDataset(job=1, dataset=name, base="starter"), shared)
    assert steps is not None
    while not isinstance(next(steps), Progress):
        pass
    with pytest.raises(JobCancelledError):
        steps.throw(JobCancelledError())


def test_a_base_without_a_template_is_told_for_all_rows(
    shared: Shared, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.engine.tokenizer_files import gguf_spm

    path = str(gguf_spm(tmp_path_factory.mktemp("spm")))
    name = dataset(shared, [TALK, Row("", text="the cat")])
    found, _ = run(serve_learn.job(CheckDataset(job=1, dataset=name, base=path), shared))
    kinds = {one.kind: one for one in found.warnings}
    assert kinds["cannot_render"].ids == ["1"] and "base model" in kinds["cannot_render"].message


# ---- who it is ----


def test_who_it_is_becomes_rows(shared: Shared) -> None:
    found = serve_learn.answer(MakeIdentity(job=1, identity=Identity("Nim", n_rows=7)), shared)
    assert isinstance(found, RowPage) and found.n_total == 7
    assert [one.number for one in found.rows] == list(range(7))


def test_a_base_is_asked_whether_it_takes_a_system_prompt(shared: Shared) -> None:
    request = MakeIdentity(job=1, identity=Identity("Nim", n_rows=30), base="starter")
    assert serve_learn.answer(request, shared) is None
    found, _ = run(serve_learn.job(request, shared))
    assert serve_learn.answer(request, shared) == found
    assert any(one.row.messages[0].role == "system" for one in found.rows)
    gone = MakeIdentity(job=2, identity=request.identity, base="/no/such.gguf")
    assert run(serve_learn.job(gone, shared))[0] == found
    with learner_with(NO_SYSTEM) as refusing, learner_with(CALLS) as taking:
        assert not takes_system(refusing.model) and takes_system(taking.model)


def test_what_is_not_asked_here_is_left_to_others(shared: Shared) -> None:
    request = ReadRows(job=1, dataset="x")
    assert serve_learn.answer(request, shared) is None and serve_learn.job(request, shared) is None
