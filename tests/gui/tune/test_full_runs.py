"""A run that taught every weight: what it made is a model, chatted with and handed on as one."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.process.tune_messages import MergeRun
from finetune.run.folder import RunFolder
from finetune.run_toml import changed, to_toml
from gui.context import AppContext
from gui.shots import run_result
from gui.tune.plan_opener import OPEN_PLAN, fill_plan_opener
from gui.tune.result_page import ResultPage
from gui.tune.run_page import RunPage
from tests.gui.tune.run_helpers import Room, finished


@pytest.fixture
def room(context: AppContext) -> Room:
    room = Room(context)
    context.openers["chat.against"] = lambda *what: room.chats.append(("against", *what))
    return room


def full_run(room: Room) -> RunFolder:
    """One that is over, its product a model."""
    folder = finished(room.context.paths.runs)
    base = room.context.paths.models / "base.gguf"
    base.write_bytes(b"GGUF")
    config = changed(folder.config(), train__method="full", base__path=str(base))
    folder.run_toml.write_text(to_toml(config), encoding="utf-8")
    told = folder.events.read_bytes().replace(b"product/adapter.gguf", b"product/model.gguf")
    folder.events.write_bytes(told)
    folder.product.mkdir(exist_ok=True)
    folder.model.write_bytes(b"GGUF")
    for checkpoint in folder.checkpoints.glob("step-*"):
        (checkpoint / "model.gguf").write_bytes(b"GGUF")
    return folder


@pytest.fixture
def page(qtbot: QtBot, room: Room) -> Iterator[ResultPage]:
    page = ResultPage(room.parts)
    qtbot.addWidget(page)
    qtbot.addWidget(page.pane)
    page.resize(900, 1000)
    page.show()
    yield page
    page.save_state()


def test_the_result_is_chatted_with_as_a_model(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    folder = full_run(room)
    room.choose(qtbot, folder)
    qtbot.waitUntil(lambda: page._shown is not None)
    base, product = folder.config().base.path, str(folder.model)
    page.chat.chat.click()
    assert room.chats == [(product, "", 1.0)]
    page.chat.beside.click()
    assert room.chats[1:] == [(base, "", 1.0), ("against", product)]
    assert page.chat.slider.isHidden() and page.hand_over.export.isHidden()
    assert page.merge.merge.text() == "Write the file"
    assert page.merge.words.text().startswith("Every weight was taught")


def test_the_result_is_written_and_taught_further_as_a_model(
    qtbot: QtBot, room: Room, page: ResultPage
) -> None:
    folder = full_run(room)
    room.choose(qtbot, folder)
    qtbot.waitUntil(lambda: page._shown is not None)
    page.merge.merge.click()
    (asked,) = (one for one in room.heavy.requests if isinstance(one, MergeRun))
    assert asked.run == str(folder.path) and asked.quantisation == ""
    page.train_further()
    assert room.state.draft.base.path == str(folder.model) and room.pages == ["how"]


def test_an_adapters_result_has_its_parts_again(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    room.choose(qtbot, full_run(room))
    qtbot.waitUntil(lambda: page._shown is not None and page.is_full)
    other = finished(room.context.paths.runs)
    run_result.write_result(other)
    room.choose(qtbot, other)
    qtbot.waitUntil(lambda: page._shown is not None and not page.is_full)
    assert not page.chat.slider.isHidden() and not page.hand_over.export.isHidden()
    assert page.merge.merge.text() == "Merge and quantise"


def test_a_checkpoint_is_chatted_with_as_a_model(qtbot: QtBot, room: Room) -> None:
    page = RunPage(room.parts)
    qtbot.addWidget(page)
    qtbot.addWidget(page.pane)
    page.resize(900, 900)
    page.show()
    folder = full_run(room)
    room.choose(qtbot, folder)
    qtbot.waitUntil(lambda: page.machine.checkpoint() is not None)
    found = page.machine.checkpoint()
    assert found is not None
    model = folder.checkpoints / found.folder / "model.gguf"
    page.pane.chat.click()
    assert room.chats == [(str(model), "", 1.0)]
    model.unlink()
    page.pane.chat.click()
    (banner,) = room.context.notices.banners.banners
    assert "no model that can be chatted with" in banner.message
    page.save_state()


def test_another_rooms_plan_becomes_the_draft(room: Room) -> None:
    fill_plan_opener(room.parts)
    config = changed(room.state.draft, base__path="/x/chat.gguf", train__method="full")
    room.context.openers[OPEN_PLAN](config, "how")
    assert room.state.draft == config and room.pages == ["how"]
