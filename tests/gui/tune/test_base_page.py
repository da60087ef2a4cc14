"""The Base page: which models are listed and why others are greyed, the one in Chat, files and
folders from elsewhere, memory.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.process.messages import Progress
from engine.process.tune_messages import (
    BaseInfo,
    Converted,
    ConvertFolder,
    DescribeBase,
    ListBases,
    Parity,
)
from gui.staged.fit import fit_of
from gui.tune.base_words import params_words
from tests.fakes.fake_bases import GB, ODD, OTHER, SMALL, base_info
from tests.fakes.fake_engine import model_info
from tests.gui.tune.room_helpers import TuneBench, bench

__all__ = ["bench"]  # a fixture


def texts(bench: TuneBench) -> list[str]:
    bases = bench.base.bases
    return [bases.item(row).text() for row in range(bases.count())]


def listed(bench: TuneBench) -> None:
    bench.until(lambda: bench.base.bases.count() == 3)


def click(bench: TuneBench, row: int) -> None:
    bases = bench.base.bases
    place = bases.visualItemRect(bases.item(row)).center()
    QTest.mouseClick(bases.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_models_are_listed_those_that_cannot_be_taught_last_with_the_reason(
    bench: TuneBench,
) -> None:
    listed(bench)
    assert texts(bench)[0] == "Other 1B\n1.1 B weights · llama · Q4_1 · 98 MB"
    assert texts(bench)[2] == "Odd\nTraining does not know mamba."
    assert not bench.base.bases.item(2).flags() & Qt.ItemFlag.ItemIsEnabled
    assert ODD in bench.base.bases.item(2).toolTip()


def test_the_folders_of_the_library_are_looked_at(bench: TuneBench) -> None:
    bench.context.settings.change(models_folders=["/more/models"])
    bench.base.list_bases()
    request = bench.engine.asked(ListBases)[-1]
    assert isinstance(request, ListBases)
    assert request.folders == [str(bench.context.paths.models), "/more/models"]


def test_a_click_chooses_and_a_greyed_one_does_not(bench: TuneBench) -> None:
    listed(bench)
    click(bench, 0)
    assert bench.room.state.draft.base.path == OTHER
    bench.until(lambda: bench.room.state.base is not None)
    click(bench, 2)
    assert bench.room.state.draft.base.path == OTHER
    assert bench.room.undo() and bench.room.state.draft.base.path == ""


def test_a_base_is_chosen_by_keys(bench: TuneBench) -> None:
    listed(bench)
    bench.base.bases.setFocus()
    QTest.keyClick(bench.base.bases, Qt.Key.Key_Down)
    QTest.keyClick(bench.base.bases, Qt.Key.Key_Down)
    assert bench.room.state.draft.base.path == "", "walking past is no choice"
    QTest.keyClick(bench.base.bases, Qt.Key.Key_Return)
    assert bench.room.state.draft.base.path == SMALL


def test_the_model_in_chat_is_chosen_at_first_and_no_other_is_replaced(bench: TuneBench) -> None:
    listed(bench)
    bench.context.model.set(model_info(SMALL))
    assert bench.room.state.draft.base.path == SMALL
    assert any("in Chat · 135 M weights" in one for one in texts(bench))
    bench.context.model.set(model_info(OTHER))
    assert bench.room.state.draft.base.path == SMALL


def test_the_chosen_base_is_told_with_its_memory(bench: TuneBench) -> None:
    bench.room.state.change(base__path=SMALL)
    bench.until(lambda: bench.base.memory.isVisible())
    memory = bench.base.memory
    assert memory.lora.need.text() == "about 1.2 GB of 4.0 GB free"
    assert memory.lora.verdict.text() == "fits" and memory.full.verdict.text() == "tight"
    assert bench.base.four_bits.isHidden()
    facts = {fact.name: fact.value for fact in bench.base._facts[0].shown}
    assert facts["Layers"] == "30" and facts["Context"] == "8,192 tokens"
    assert {fact.name for fact in bench.base._facts[1].shown} == {
        "Device",
        "Precision",
        "Free memory",
    }


def test_four_bits_are_offered_where_they_are_possible(bench: TuneBench) -> None:
    bench.room.state.change(base__path=OTHER)
    bench.until(lambda: bench.base.four_bits.isVisible())
    assert bench.base.memory.lora.verdict.text() == "does not fit"
    bench.base.four_bits.input.field.click()  # type: ignore[attr-defined]  # a check box
    assert bench.room.state.draft.base.in_4_bits


def test_a_base_that_is_gone_says_so(bench: TuneBench) -> None:
    bench.room.state.change(base__path="/models/gone.gguf")
    bench.until(lambda: bench.base.memory_words.text() == "It is not there.")
    assert bench.base.memory.isHidden()
    assert any("It is not there." in text for text in texts(bench)), "shown though not found"


def test_many_models_are_filtered_by_typing(bench: TuneBench) -> None:
    listed(bench)
    assert bench.base.search.isHidden()
    bench.engine.bases = [base_info(f"/m/{n}.gguf", name=f"Model {n}") for n in range(12)]
    bench.base.list_bases()
    bench.until(lambda: bench.base.search.isVisible())
    QTest.keyClicks(bench.base.search, "model 11")
    assert bench.base.bases.filter("model 11") == 1
    QTest.keyClicks(bench.base.search, "x")
    assert bench.base.state_words.text() == "No model has these words."


def test_a_failed_look_says_why(bench: TuneBench) -> None:
    bench.engine.holds = (ListBases,)
    bench.base.list_bases()
    bench.engine.fail(bench.engine.asked(ListBases)[-1], "The folder cannot be read.")
    assert bench.base.state_words.text() == "The folder cannot be read."


# ---- a folder of safetensors ----


@pytest.fixture
def folder(bench: TuneBench, tmp_path: Path) -> TuneBench:
    """A folder is looked at."""
    bench.engine.holds = (DescribeBase,)
    path = tmp_path / "Tiny-Llama"
    bench.base.look_at_folder(str(path))
    info = base_info(str(path), quantisation="F16", note="It is made a GGUF first.")
    bench.engine.done(bench.engine.asked(DescribeBase)[-1], info)
    bench.engine.holds = ()
    return bench


def test_a_folder_is_made_a_gguf_with_its_parity_shown(folder: TuneBench) -> None:
    card = folder.base.folder
    assert card.isVisible() and "It is made a GGUF first." in card.words.text()
    card.convert_button.click()
    (request,) = folder.heavy.asked(ConvertFolder)
    assert isinstance(request, ConvertFolder)
    assert request.out == str(folder.context.paths.models / "tiny-llama.gguf")
    folder.heavy.tell(Progress(job=request.job, fraction=0.4, what="writing"))
    assert card.strip.isVisible() and "40 %" in card.strip.words.text()
    parity = Parity("converted", 0.998, 0.0003, 900)
    folder.heavy.done(request, Converted(request.out, 5 * GB, parity=[parity]))
    assert "“tiny-llama.gguf” was made." in card.words.text()
    assert "agree on 99.8 % of the likeliest tokens, mean KL 0.0003" in card.words.text()
    assert folder.room.state.draft.base.path == request.out and not card.strip.isVisible()


def test_a_conversion_can_be_stopped(folder: TuneBench) -> None:
    card = folder.base.folder
    card.convert_button.click()
    card.strip.stop_button.click()
    assert folder.heavy.cancelled and card.convert_button.isVisible()
    assert card.words.text() == "Stopped; nothing was written."


def test_a_folder_made_before_is_offered(folder: TuneBench) -> None:
    card = folder.base.folder
    before = folder.context.paths.models / "tiny-llama.gguf"
    before.write_bytes(b"GGUF")
    card._offer(can_convert=True)
    assert card.use_button.text() == "Use “tiny-llama.gguf”"
    assert card.target.name == "tiny-llama-2.gguf", "what is there is never written over"
    card.use_button.click()
    assert folder.room.state.draft.base.path == str(before)


def test_a_folder_that_cannot_be_taught_says_why(bench: TuneBench, tmp_path: Path) -> None:
    bench.engine.holds = (DescribeBase,)
    bench.base.look_at_folder(str(tmp_path))
    info = BaseInfo(str(tmp_path), "x", "", "There is no config.json.")
    bench.engine.done(bench.engine.asked(DescribeBase)[-1], info)
    card = bench.base.folder
    assert card.words.text() == "There is no config.json." and card.convert_button.isHidden()
    card.close_button.click()
    assert card.isHidden()


@pytest.mark.parametrize(
    ("need", "free", "fit"),
    [(1, 4, "fits"), (34, 40, "fits"), (35, 40, "tight"), (40, 40, "tight"), (41, 40, "no")],
)
def test_a_need_fits_or_not(need: int, free: int, fit: str) -> None:
    assert fit_of(need * GB, free * GB) == fit
    assert fit_of(0, free * GB) == fit_of(need * GB, 0) == ""


def test_sizes_of_models_in_words() -> None:
    assert params_words(134_515_008) == "135 M weights"
    assert params_words(7_240_000_000) == "7.2 B weights"
    assert params_words(0) == ""
