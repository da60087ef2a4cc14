"""Columns of other models: at once where memory holds them, in turn where it does not, said before
anything is asked; stopped, failed and ended with nothing left.
"""

import msgspec
import pytest
from PySide6.QtWidgets import QComboBox

from engine.process.messages import Failed, ModelInfo
from gui.chat.chat_settings import ChatSettings
from gui.chat.columns.agreement import agreed_ranges, agreed_share
from gui.chat.columns.column_state import Column, ColumnSettings
from gui.chat.columns.columns import Columns
from gui.chat.columns.plan import make_plan, memory_of, plan_text, short_plan_text
from gui.tune.to_chat import OPEN_AGAINST
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.columns_helpers import GB, OTHER, THIRD, Side, cancel, say_all, side_of

__all__ = ["bench", "context"]  # fixtures


@pytest.fixture
def side(bench: Bench) -> Side:
    """Three columns: the chat's model, and two others of 1 GB each."""
    side = side_of(bench)
    side.list_models(OTHER, THIRD)
    side.view.add.click()
    side.choose(2, OTHER)
    side.choose(3, THIRD)
    return side


def ask_all(side: Side, text: str = "Hello") -> None:
    """Ask, until the chat's own model was asked."""
    side.ask(text)
    side.bench.settle()


def test_another_room_opens_two_models_side_by_side(bench: Bench) -> None:
    (feature,) = [one for one in bench.room.features if isinstance(one, Columns)]
    side = Side(bench, feature)
    bench.room.parts.context.openers[OPEN_AGAINST](OTHER)
    assert [column.own.model_path for column in feature.columns] == ["", OTHER]
    assert side.view.isVisible()


# ---- at once and in turn ----


def test_what_fits_answers_at_once_each_in_a_worker_of_its_own(side: Side) -> None:
    words = side.view.plan.text()
    assert words.startswith("At once: SmolLM2 135M Instruct (column 1), other (column 2), third")
    assert "of 64.0 GB free" in words
    ask_all(side)
    assert [one.runs() for one in side.workers] == [True, True]
    for worker, path in zip(side.workers, (OTHER, THIRD), strict=True):
        worker.come_up(path)
        assert [one.path for one in worker.loads] == [path]
        say_all(worker, worker.generates[-1].job, [f"From {path}."])
    side.answer("From the room.")
    assert [column[-1] for column in side.shown()] == [
        "From the room.",
        f"From {OTHER}.",
        f"From {THIRD}.",
    ]
    conversation = side.bench.kept().conversation
    replies = conversation.children(conversation.path()[0].id)
    names = [conversation.turn(one).model_name for one in replies]
    assert names == ["SmolLM2 135M Instruct", "other", "third"]
    assert not side.is_writing()
    ask_all(side, "And now?")
    assert len(side.workers) == 2  # the models stay loaded while the columns are open
    assert [len(one.generates) for one in side.workers] == [2, 2]
    for worker in side.workers:
        say_all(worker, worker.generates[-1].job, ["x"])
    side.answer("x")
    side.feature.leave()
    for worker in side.workers:
        worker.end()


def test_what_does_not_fit_waits_for_its_turn(side: Side) -> None:
    side.free(int(1.5 * GB))
    side.feature.library.models_changed.emit()
    words = side.view.plan.text()
    assert "At once: SmolLM2 135M Instruct (column 1), other (column 2)." in words
    assert "In turn: third (column 3)" in words
    ask_all(side)
    first, second = side.workers
    assert first.runs() and not second.runs()
    assert "turn" in side.views[2].status.text()
    first.come_up(OTHER)
    say_all(first, first.generates[-1].job, ["First."])
    assert not second.runs()  # the memory is free when the worker has ended
    first.end()
    assert second.runs() and second.n_starts == 1
    second.come_up(THIRD)
    assert side.views[2].status.text() == ""
    say_all(second, second.generates[-1].job, ["Second."])
    side.answer("Room.")
    assert [column[-1] for column in side.shown()] == ["Room.", "First.", "Second."]
    side.feature.leave()
    second.end()
    assert side.feature.sides.n_running == 0


def test_a_model_that_fits_nowhere_is_tried_alone(side: Side) -> None:
    side.free(0)
    ask_all(side)
    first, second = side.workers
    assert first.runs() and not second.runs()
    first.come_up(OTHER)
    side.feature.leave()
    cancel(first, first.generates[-1].job)
    cancel(side.bench.engine, side.bench.engine.generates[-1].job)
    side.bench.settle()
    first.end()
    assert not second.runs() and side.feature.sides.n_running == 0


def test_one_other_model_asked_twice_is_one_batch_there(side: Side) -> None:
    side.choose(3, OTHER)
    ask_all(side)
    (worker,) = side.workers
    worker.come_up(OTHER)
    (request,) = worker.generates
    assert request.n_replies == 2 and request.adapters == []
    say_all(worker, request.job, ["A", "B"])
    side.answer("C")
    assert [column[-1] for column in side.shown()] == ["C", "A", "B"]
    side.feature.leave()
    worker.end()


# ---- stopping, failing, ending ----


def test_stop_reaches_what_is_written_what_loads_and_what_waits(side: Side) -> None:
    side.free(int(1.5 * GB))
    ask_all(side)
    first, second = side.workers
    first.come_up(OTHER)
    side.bench.room.work.composer.stop_button.click()
    assert first.cancelled == [first.generates[-1].job]
    cancel(first, first.generates[-1].job)
    cancel(side.bench.engine, side.bench.engine.generates[-1].job)
    side.bench.settle()
    assert side.states() == ["done", "stopped", "stopped", "stopped"]
    assert not second.runs() and not side.is_writing()
    side.choose(3, "")
    ask_all(side, "Once more")
    assert side.is_writing()
    side.bench.room.work.composer.stop_button.click()  # the other model is loaded, and asked again
    cancel(first, first.generates[-1].job)
    for request in side.bench.engine.generates[-2:]:
        cancel(side.bench.engine, request.job)
    side.bench.settle()
    assert "streaming" not in side.states() and not side.is_writing()
    side.feature.leave()
    first.end()


def test_stop_while_a_model_loads_gives_up_the_load(side: Side) -> None:
    side.choose(3, "")
    ask_all(side)
    (worker,) = side.workers
    worker.loads_wait = True
    worker.become_ready()
    side.bench.room.work.composer.stop_button.click()
    assert worker.cancelled == [worker.loads[-1].job]
    for request in side.bench.engine.generates:
        cancel(side.bench.engine, request.job, request.n_replies)
    side.bench.settle()
    assert set(side.states()) == {"done", "stopped"} and not worker.generates
    side.feature.leave()
    worker.end()


def test_a_model_that_cannot_be_loaded_is_told_and_the_others_answer(side: Side) -> None:
    side.choose(3, "")
    ask_all(side)
    (worker,) = side.workers
    worker.loads_wait = True
    worker.become_ready()
    worker.tell(Failed(job=worker.loads[-1].job, message="It is broken.", hint="", detail=""))
    for request in side.bench.engine.generates:
        side.answer(*["Fine."] * request.n_replies, request=request)
    assert side.bench.banners() == ["It is broken."]
    assert side.views[1].status.text() == "It is broken."
    assert sorted(side.states()) == ["done", "done", "done", "failed"]
    assert not side.is_writing()
    side.feature.leave()
    worker.end()


def test_a_worker_that_dies_for_good_leaves_nothing_waiting(side: Side) -> None:
    side.choose(3, "")
    ask_all(side)
    (worker,) = side.workers
    worker.has_given_up = True
    worker.is_running = False
    worker.die()
    for request in side.bench.engine.generates:
        side.answer(*["Fine."] * request.n_replies, request=request)
    assert not side.is_writing() and "streaming" not in side.states()
    side.feature.leave()
    assert side.feature.sides.n_running == 0


def test_leaving_waits_for_nobody(side: Side) -> None:
    ask_all(side)
    for worker, path in zip(side.workers, (OTHER, THIRD), strict=True):
        worker.come_up(path)
    side.feature.leave()
    assert not any(worker.waited for worker in side.workers)
    for worker in side.workers:
        cancel(worker, worker.generates[-1].job)
    cancel(side.bench.engine, side.bench.engine.generates[-1].job)
    side.bench.settle()
    assert not any(worker.is_ready for worker in side.workers)  # told to end once they are done
    for worker in side.workers:
        worker.end()
    assert side.feature.sides.n_running == 0 and "streaming" not in side.states()


def test_a_window_that_closes_ends_the_workers(side: Side) -> None:
    ask_all(side)
    side.workers[0].come_up(OTHER)
    side.feature.save_state()
    assert all(worker.waited and not worker.runs() for worker in side.workers)
    side.bench.settle()
    assert set(side.states()) == {"done", "stopped"}


def test_columns_answer_without_the_chats_model(side: Side) -> None:
    side.choose(1, OTHER)
    side.bench.room.loader.load("/models/other.gguf")
    side.bench.room.loader.cancel()
    side.type_and_send("Hello")
    side.bench.settle()
    assert side.bench.engine.generates == [] and side.workers
    side.workers[0].come_up(OTHER)
    assert side.workers[0].generates[-1].n_replies == 2
    side.bench.room.session.stop()
    cancel(side.workers[0], side.workers[0].generates[-1].job, 2)
    side.bench.settle()
    side.feature.leave()
    for worker in side.workers:
        worker.end()


def test_files_of_one_name_are_told_apart(side: Side) -> None:
    twin = "/elsewhere/SmolLM2-copy.gguf"
    engine = side.bench.engine
    info = msgspec.structs.replace(engine.model, path=twin)
    engine.listing = msgspec.structs.replace(engine.listing, models=[engine.model, info])
    side.feature.library.ask()
    engine.answer()
    combo: QComboBox = side.views[0].model
    texts = [combo.itemText(at) for at in range(combo.count())]
    assert any("SmolLM2-copy.gguf" in text for text in texts)
    assert side.views[1].model.currentData() == OTHER  # chosen before, not listed any more


def test_a_column_of_the_model_that_is_the_rooms_now_is_answered_by_the_room(side: Side) -> None:
    engine = side.bench.engine
    engine.model = model_info(OTHER, "other")
    side.bench.room.loader.load(OTHER)
    engine.answer()
    assert [column.own.model_path for column in side.feature.columns] == ["", "", THIRD]
    side.choose(3, "")
    side.ask("Hello")
    assert engine.generates[-1].n_replies == 3 and not side.workers
    side.answer("A", "B", "C")


# ---- without a window ----


def other(path: str, number: int) -> Column:
    return Column(number, ColumnSettings(model_path=path))


def test_as_many_as_fit_are_at_once() -> None:
    big = msgspec.structs.replace(model_info(OTHER), size_bytes=4 * GB)
    small = msgspec.structs.replace(model_info(THIRD), size_bytes=GB)
    models: dict[str, ModelInfo] = {big.path: big, small.path: small}
    columns = [Column(1), other(OTHER, 2), other(THIRD, 3)]
    plan = make_plan(columns, models, 8 * GB, 4096)
    assert (plan.at_once, plan.in_turn) == ([OTHER, THIRD], [])
    plan = make_plan(columns, models, 2 * GB, 4096)
    assert (plan.at_once, plan.in_turn) == ([THIRD], [OTHER])
    assert memory_of(big, 4096) > 4 * GB
    words = plan_text(plan, columns, {"": "Room", OTHER: "Big", THIRD: "Small"})
    assert words.startswith("At once: Room (column 1), Small (column 3). In turn: Big (column 2)")
    assert short_plan_text(plan, columns) == "At once: columns 1, 3. In turn: column 2"
    alone = [other(OTHER, 1), other(OTHER, 2)]
    words = plan_text(make_plan(alone, models, 0, 4096), alone, {OTHER: "Big"})
    assert words.startswith("In turn: Big (columns 1, 2)")


def test_plan_batches_what_shares_all_but_the_seed() -> None:
    warm = ColumnSettings(values={"temperature": ChatSettings().temperature})
    columns = [
        Column(1),
        Column(2),
        Column(3, ColumnSettings(values={"seed": 3})),
        Column(4, head_id="x"),
        Column(5, warm),  # as the default, but the chat may have another
        Column(6, ColumnSettings(values={"preset": "P"})),
    ]
    plan = make_plan(columns, {}, GB, 4096)
    numbers = [[one.number for one in batch] for batch in plan.batches]
    assert numbers == [[1, 2, 6], [3], [4], [5]]
    assert "in one batch" in plan_text(make_plan(columns[:2], {}, 0, 0), columns[:2], {"": "M"})
    assert short_plan_text(make_plan(columns[:2], {}, 0, 0), columns[:2]).endswith("one batch")
    assert "token by token" in plan_text(plan, columns, {"": "M"})


def test_agreement_needs_three_words_in_all_texts() -> None:
    texts = ["The sea is salt, they say.", "I know: the sea IS salt!", "THE SEA is salt"]
    assert [text[a:b] for text, [(a, b)] in zip(texts, agreed_ranges(texts), strict=True)] == [
        "The sea is salt", "the sea IS salt", "THE SEA is salt"
    ]  # fmt: skip
    assert agreed_ranges(["one two three"]) == [[]]
    assert agreed_ranges(["one two", "one two"]) == [[], []]
    assert agreed_share("one two three four", [(0, 13)]) == 0.75
