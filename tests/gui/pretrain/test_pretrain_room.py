"""The Pretrain room's shell: models and stages, pages by their keys, the draft kept and undone,
runs of its own kind only, what is there again after a restart.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from finetune.pretraining.config import PretrainConfig, read_pretrain_draft
from gui.context import AppContext
from gui.pretrain.room import DRAFT_FILE
from gui.settings_store import SettingsStore
from gui.window import MainWindow, room_entries
from tests.fakes.fake_texts import BOOK_PATH, STORIES_PATH, corpus_info
from tests.gui.fitting import misfits
from tests.gui.pretrain.room_helpers import PretrainBench, bench, raised_run
from tests.gui.tune.room_helpers import TuneBench, finished_run

__all__ = ["bench"]  # a fixture


def test_the_rail_has_the_room_behind_fine_tuning() -> None:
    entries = room_entries()
    assert list(entries)[3] == "pretrain"
    assert entries["pretrain"].name == "Pretrain" and entries["pretrain"].icon == "pretrain"


def test_the_first_look_is_at_the_text_of_a_new_model(bench: PretrainBench) -> None:
    assert bench.room.page_key == "text" and bench.room.side.steps.key == "text"
    assert [line.name for line in bench.room.side.runs.lines] == ["New model"]
    assert bench.room.header.title.whole == "New model"


def test_stages_are_reached_by_keys(bench: PretrainBench) -> None:
    bench.room.side.steps.setFocus()
    QTest.keyClick(bench.room, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert bench.room.page_key == "tokenizer" and bench.room.side.steps.key == "tokenizer"
    QTest.keyClick(bench.room, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert bench.room.page_key == "text"


def test_stages_are_ticked_with_a_word(bench: PretrainBench) -> None:
    assert bench.steps()["text"][0] == "" and bench.steps()["tokenizer"][0] == "with the run"
    bench.plan()
    lines = {line.key: line for line in bench.room.side.steps.lines}
    assert lines["text"].icon == "check" and lines["text"].note == "12 MB"
    assert "Alt+1" in lines["text"].tip


def test_each_room_lists_the_runs_of_its_own_kind(bench: PretrainBench, qtbot: QtBot) -> None:
    raised = raised_run(bench.context.paths)
    finished_run(bench.context.paths)
    bench.until(lambda: len(bench.context.runs.summaries) == 2)
    assert [line.name for line in bench.room.side.runs.lines] == ["New model", "tales"]
    assert [one.text for one in bench.room.commands()] == ["Raised model: tales"]
    other = TuneBench(qtbot, bench.context, is_shown=False)
    try:
        assert [line.name for line in other.room.side.runs.lines] == ["New run", "porter"]
    finally:
        other.room.save_state()
        other.room.deleteLater()
    bench.room.commands()[0].do()
    assert bench.room.state.run == raised and bench.room.side.runs.key == str(raised.path)


def test_a_raised_model_says_how_well_it_foretells_its_text(bench: PretrainBench) -> None:
    raised_run(bench.context.paths)
    bench.until(lambda: len(bench.room.side.runs.lines) == 2)
    # 1.5 nats per token, 3 bytes per token
    assert bench.room.side.runs.lines[1].note == "0.72 bits/byte"


def test_a_runs_stages_say_what_its_text_and_tokenizer_came_to(bench: PretrainBench) -> None:
    run = raised_run(bench.context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(run)
    # 7.9 million tokens of 3 bytes
    bench.until(lambda: bench.steps()["text"][0] == "24 MB")
    assert bench.steps()["tokenizer"][0] == "2,048"
    bench.room.show_draft()
    assert bench.steps()["text"][0] == ""


def test_the_status_bar_leads_a_run_to_its_room(bench: PretrainBench) -> None:
    went: list[tuple[str, str]] = []
    raised = raised_run(bench.context.paths)
    tuned = finished_run(bench.context.paths)
    bench.until(lambda: len(bench.context.runs.summaries) == 2)

    class Window:
        _context = bench.context

        def show_page(self, key: str) -> None:
            went.append(("page", key))

    for key in ("pretrain", "tune"):
        bench.context.openers[f"{key}.run"] = lambda path, key=key: went.append((key, path))
    for folder in (raised, tuned):
        MainWindow._show_run(Window(), str(folder.path))  # type: ignore[arg-type]  # of which it uses this
    assert went == [
        ("page", "pretrain"),
        ("pretrain", str(raised.path)),
        ("page", "tune"),
        ("tune", str(tuned.path)),
    ]


def test_changes_of_the_draft_are_undone_and_redone(bench: PretrainBench) -> None:
    state, room = bench.room.state, bench.room
    state.change(tokenizer__vocab=4096)
    state.change(model__depth=6)
    assert room.undo_words() == ("changing “Depth”", "")
    assert room.undo() and state.draft.model.depth == 4 and state.draft.tokenizer.vocab == 4096
    assert room.undo() and state.draft == PretrainConfig() and not room.undo()
    assert room.redo() and room.redo() and state.draft.model.depth == 6 and not room.redo()


def test_the_draft_is_there_again(bench: PretrainBench, qtbot: QtBot, context: AppContext) -> None:
    bench.plan()
    bench.room.state.change(out__name="late", tokenizer__kind="chars")
    bench.room.show_page("tokenizer")
    bench.room.save_state()
    assert read_pretrain_draft(context.paths.home / DRAFT_FILE) == bench.room.state.draft
    again = PretrainBench(qtbot, context)
    try:
        assert again.room.state.draft == bench.room.state.draft
        assert again.room.page_key == "tokenizer"
        again.until(lambda: again.room.state.corpus is not None)
        assert not again.room.undo(), "what was read is no change"
    finally:
        again.close()


def test_the_run_looked_at_is_remembered(bench: PretrainBench, context: AppContext) -> None:
    folder = raised_run(context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(folder)
    bench.room.save_state()
    context.settings.flush()
    kept = SettingsStore(context.paths.settings).value
    assert kept.pretrain_run == str(folder.path) and kept.tune_run == ""


def test_a_draft_that_cannot_be_read_is_set_aside(qtbot: QtBot, context: AppContext) -> None:
    file = context.paths.home / DRAFT_FILE
    file.write_text("[model\ndepth = ", encoding="utf-8")
    one = PretrainBench(qtbot, context)
    try:
        assert one.room.state.draft == PretrainConfig()
        assert one.banners == ["The plan of your next run cannot be read, so it begins anew."]
        assert (context.paths.home / f"{DRAFT_FILE}.damaged").exists()
    finally:
        one.close()


def test_start_makes_a_run_and_looks_at_it(bench: PretrainBench) -> None:
    bench.plan()
    bench.action("&Start raising the model").trigger()
    bench.until(lambda: bench.room.state.run is not None)
    (folder,) = bench.launched
    assert bench.room.state.run == folder and folder.path.parent == bench.context.paths.runs
    config = folder.pretrain_config()
    assert folder.kind() == "pretrain" and config.corpus.path == STORIES_PATH
    assert config.out.name == "Stories", "named as its text"
    assert bench.room.state.draft.out.dir == "", "the draft is left for the next run"


def test_everything_that_is_missing_is_told_before_the_start(bench: PretrainBench) -> None:
    bench.room.state.change(model__depth=0, train__batch=-1)
    bench.action("&Start raising the model").trigger()
    (told,) = bench.banners
    for words in ("Text: name a text", "Depth: from 1", "Batch: from 0"):
        assert words in told
    assert not bench.launched and bench.room.page_key == "text"


def test_a_text_that_was_not_finished_is_not_learned_from(bench: PretrainBench) -> None:
    bench.room.state.set_corpus(corpus_info(is_whole=False))
    bench.room.state.change(corpus__path=STORIES_PATH)
    bench.action("&Start raising the model").trigger()
    (told,) = bench.banners
    assert "“Stories” was not finished" in told and not bench.launched


def test_what_is_gone_is_told_before_the_start(bench: PretrainBench) -> None:
    bench.room.state.change(corpus__path="/gone/text.txt", tokenizer__path="/gone/tokenizer")
    bench.action("&Start raising the model").trigger()
    (told,) = bench.banners
    assert "Text: “/gone/text.txt” is not there any more." in told
    assert "Tokenizer: “/gone/tokenizer” is not there any more." in told
    assert not bench.launched


def test_a_model_is_renamed_deleted_and_brought_back(bench: PretrainBench) -> None:
    run = raised_run(bench.context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(run)
    bench.action("&Rename the run").trigger()
    (editor,) = bench.room.side.runs.viewport().findChildren(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "fables")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    bench.until(lambda: [one.name for one in bench.room.runs] == ["fables"])
    assert run.pretrain_config().corpus.path == STORIES_PATH
    bench.action("De&lete the run").trigger()
    bench.until(lambda: not bench.room.runs)
    assert bench.room.state.run is None
    bench.context.notices.undo()
    bench.until(lambda: len(bench.room.runs) == 1)
    assert run.model.read_bytes() == b"GGUF"


def test_the_same_settings_are_planned_for_another_text(bench: PretrainBench) -> None:
    run = raised_run(bench.context.paths)
    bench.until(lambda: bool(bench.room.runs))
    bench.room.state.choose_run(run)
    bench.room.state.change(model__depth=7)
    bench.action("Same settings, &other text").trigger()
    bench.until(lambda: bench.room.state.run is None)
    draft = bench.room.state.draft
    assert draft.train.steps == 4 and draft.corpus.path == "" and draft.out.dir == ""
    assert bench.room.page_key == "text"
    assert bench.room.undo() and bench.room.state.draft.model.depth == 7


def test_what_is_known_follows_the_draft(bench: PretrainBench) -> None:
    bench.plan()
    bench.room.state.change(corpus__path=BOOK_PATH)
    bench.until(lambda: bench.room.state.corpus is not None)
    assert bench.room.state.corpus is not None and bench.room.state.corpus.name == "My book"
    bench.room.state.change(corpus__path="/elsewhere/plain.txt")
    bench.until(lambda: bench.room.state.corpus is None)
    assert bench.room.undo()
    bench.until(lambda: bench.room.state.corpus is not None)


def test_a_measured_speed_holds_until_the_plan_is_another(bench: PretrainBench) -> None:
    from engine.process.pretrain_messages import PretrainCalibration

    state = bench.room.state
    state.set_calibration(PretrainCalibration(15_900.0, 1, 0.2, 3.0, "fp32", 2))
    state.change(train__steps=100)
    assert state.calibration is not None, "how many steps there are does not change a step"
    state.change(model__depth=6)
    assert state.calibration is None


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_small_window(bench: PretrainBench, font_px: int) -> None:
    bench.plan()
    for number in range(20):
        raised_run(bench.context.paths, f"a model with a rather long name {number}")
    bench.context.theme.set_font_px(font_px)
    bench.until(lambda: len(bench.room.runs) == 20)
    bench.room.resize(1024 - 74, 640)
    for key in ("text", "tokenizer"):
        bench.room.show_page(key)
        bench.until(lambda key=key: bench.room.page_key == key)  # type: ignore[misc]
        assert not (wrong := misfits(bench.room)), "\n".join(wrong)
