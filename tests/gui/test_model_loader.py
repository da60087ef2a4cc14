"""Choosing and loading a model: the picker's popup and the loader, over an engine that the test
speaks for.
"""

from typing import cast

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.process.messages import (
    Cancelled,
    Failed,
    ListModels,
    Load,
    ModelInfo,
    ModelList,
    Progress,
)
from gui.chat.model_loader import Engine, ModelLoader
from gui.chat.model_picker import PATH_ROLE, ModelPicker
from gui.theme import Theme
from tests.fakes.fake_engine import FakeEngine, model_info

# ---- picker ----


@pytest.fixture
def button(qtbot: QtBot) -> QPushButton:
    button = QPushButton("Model")
    qtbot.addWidget(button)
    with qtbot.waitExposed(button):
        button.show()
    return button


@pytest.fixture
def picker(qapp: QApplication, button: QPushButton) -> ModelPicker:
    picker = ModelPicker(Theme(qapp), button)
    listing = ModelList(
        models=[
            model_info("/m/smol.gguf", "SmolLM2"),
            model_info("/m/big.gguf", "Big Model"),
            model_info_of_kind("adapter"),
        ],
        unreadable={"/m/broken.gguf": "The file ends too early."},
    )
    picker.show_below(button, "/m/smol.gguf")
    picker.set_models(listing)
    return picker


def model_info_of_kind(kind: str) -> ModelInfo:
    return msgspec.structs.replace(model_info("/m/lora.gguf", "Night porter"), kind=kind)


def entries(picker: ModelPicker) -> list[str]:
    items = [picker.entries.item(row) for row in range(picker.entries.count())]
    return [item.text().splitlines()[0] for item in items if not item.isHidden()]


def test_models_are_listed_with_their_facts_and_broken_files_with_their_reason(
    picker: ModelPicker,
) -> None:
    assert entries(picker) == ["SmolLM2", "Big Model", "broken.gguf"]
    assert picker.entries.item(0).text().endswith("Q4_1 · 98 MB · 135M parameters")
    assert picker.entries.item(2).text().endswith("The file ends too early.")
    assert picker.entries.item(2).flags() == Qt.ItemFlag.NoItemFlags
    assert not picker.entries.item(0).icon().isNull() and picker.entries.item(1).icon().isNull()


def test_typing_filters_and_enter_chooses(qtbot: QtBot, picker: ModelPicker) -> None:
    QTest.keyClicks(picker.search, "big")
    assert entries(picker) == ["Big Model"]
    with qtbot.waitSignal(picker.model_chosen) as chosen:
        QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen.args == ["/m/big.gguf"] and not picker.isVisible()


def test_the_arrows_move_in_the_list_from_the_field(qtbot: QtBot, picker: ModelPicker) -> None:
    QTest.keyClick(picker.search, Qt.Key.Key_Down)
    assert picker.entries.currentItem().data(PATH_ROLE) == "/m/big.gguf"


def test_any_file_can_be_asked_for(qtbot: QtBot, picker: ModelPicker) -> None:
    with qtbot.waitSignal(picker.file_requested):
        picker.open_button.click()
    assert not picker.isVisible()


# ---- loader ----


@pytest.fixture
def engine(qapp: QApplication) -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def loader(engine: FakeEngine) -> ModelLoader:
    return ModelLoader(cast(Engine, engine), lambda job, path: Load(job=job, path=path))


def test_a_load_waits_for_the_worker(qtbot: QtBot, engine: FakeEngine, loader: ModelLoader) -> None:
    loader.load("/m/a.gguf")
    assert loader.is_loading and not engine.loads
    with qtbot.waitSignal(loader.model_loaded):
        engine.become_ready()
    assert loader.model == engine.model and not loader.is_loading


def test_progress_is_told(qtbot: QtBot, engine: FakeEngine, loader: ModelLoader) -> None:
    engine.is_ready, engine.loads_wait = True, True
    loader.load("/m/a.gguf")
    with qtbot.waitSignal(loader.load_progressed) as progressed:
        engine.tell(Progress(job=engine.loads[0].job, fraction=0.5, what="loading"))
    assert progressed.args == [0.5, "loading"]


def test_the_model_is_loaded_again_after_the_worker_died(
    qtbot: QtBot, engine: FakeEngine, loader: ModelLoader
) -> None:
    engine.is_ready = True
    loader.load("/m/a.gguf")
    engine.answer()
    with qtbot.waitSignal(loader.model_lost):
        engine.die()
    assert loader.is_loading
    with qtbot.waitSignal(loader.model_loaded):
        engine.become_ready()
    assert [load.path for load in engine.loads] == ["/m/a.gguf", "/m/a.gguf"]


def test_a_file_that_kills_the_worker_is_not_tried_again(
    qtbot: QtBot, engine: FakeEngine, loader: ModelLoader
) -> None:
    engine.is_ready, engine.loads_wait = True, True
    loader.load("/m/evil.gguf")
    with qtbot.waitSignal(loader.load_failed):
        engine.die()
    engine.become_ready()
    assert len(engine.loads) == 1 and not loader.is_loading


def test_cancelling_ends_the_wish_and_the_late_end_changes_nothing(
    qtbot: QtBot, engine: FakeEngine, loader: ModelLoader
) -> None:
    engine.is_ready, engine.loads_wait = True, True
    loader.load("/m/a.gguf")
    with qtbot.waitSignal(loader.load_cancelled):
        loader.cancel()
    assert engine.cancelled == [engine.loads[0].job] and not loader.is_loading
    engine.tell(Cancelled(job=engine.loads[0].job))
    assert loader.model is None


def test_choosing_another_while_loading_takes_the_last(
    engine: FakeEngine, loader: ModelLoader
) -> None:
    engine.is_ready, engine.loads_wait = True, True
    loader.load("/m/a.gguf")
    loader.load("/m/b.gguf")
    engine.tell(Failed(job=engine.loads[0].job, message="too late"))
    assert loader.is_loading and loader.wanted_path == "/m/b.gguf"
    engine.loads_wait = False
    engine.answer()
    assert loader.model is not None


def test_models_are_listed_by_the_worker(
    qtbot: QtBot, engine: FakeEngine, loader: ModelLoader
) -> None:
    with qtbot.waitSignal(loader.listing_arrived) as arrived:
        loader.list_models(["/m"])
        engine.answer()
    assert arrived.args == [engine.listing]
    assert cast(ListModels, engine.requests[0]).folders == ["/m"]
