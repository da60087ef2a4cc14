"""The result's page: badge, comparisons, forgetting, files, the runs that follow."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.messages import Array
from engine.process.tune_messages import (
    CompareTexts,
    Converted,
    DescribeBase,
    ExportPeft,
    HandOver,
    ImportPeft,
    MergeRun,
    Parity,
    TextChanges,
)
from finetune.config import RunConfig, changed
from finetune.measure.results import Forgetting, TokenResult
from finetune.run.folder import RunFolder
from gui.context import AppContext
from gui.shots import run_result
from gui.tune.changes import factor_text, stored_changes, told_changes
from gui.tune.next_runs import further, next_name, on_other_data, remedied
from gui.tune.result_page import ResultPage
from tests.gui.tune.run_helpers import Room, finished, running

BASE = "/models/smollm2-135m-instruct-q4_1.gguf"


@pytest.fixture
def room(context: AppContext) -> Room:
    return Room(context)


@pytest.fixture
def page(qtbot: QtBot, room: Room) -> Iterator[ResultPage]:
    page = ResultPage(room.parts)
    qtbot.addWidget(page)
    qtbot.addWidget(page.pane)
    page.resize(900, 1000)
    page.show()
    yield page
    page.save_state()


def shown(qtbot: QtBot, room: Room, page: ResultPage, *, is_forgetful: bool = False) -> RunFolder:
    folder = finished(room.context.paths.runs)
    run_result.write_result(folder, is_forgetful=is_forgetful)
    room.choose(qtbot, folder)
    qtbot.waitUntil(lambda: page._shown is not None)
    return folder


def with_base_file(room: Room, page: ResultPage, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run's base, as a file that is there."""
    base = room.context.paths.models / "base.gguf"
    base.write_bytes(b"GGUF")
    monkeypatch.setattr(page, "_base", lambda: str(base))
    return str(base)


# ---- what was measured ----


def test_the_badge_tells_agreement_and_cause(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    adapter, base = page.parity.rows[:2]
    assert [part.text() for part in adapter] == [
        "adapter",
        "! 97.8 %",
        "mean KL 0.0008",
        "F16 base 99.6 %; the rest is Q4_1 itself",
    ]
    assert base[1].text() == "✓ 99.6 %" and base[1].property("kind") == "good"


def test_held_out_rows_come_worst_first(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    assert page.held_out.summary.text().startswith("Loss 3.76 → 0.59")
    model = page.held_out.table.rows
    losses = [row.after for row in model.rows]
    assert losses == sorted(losses, reverse=True) and losses[0] == 2.10
    page.held_out.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    changes = [row.after - row.before for row in model.rows]
    assert changes == sorted(changes)


def test_the_rows_model_keeps_qts_rules(
    qtbot: QtBot, qtmodeltester: object, room: Room, page: ResultPage
) -> None:
    shown(qtbot, room, page)
    qtmodeltester.check(page.held_out.table.rows)  # type: ignore[attr-defined]


def test_the_fixed_prompts_stand_side_by_side(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    question, before, after = page.prompts.rows[0]
    assert question.text() == f"“{run_result.WHO}”"
    assert before.text() == run_result.BASE_ANSWERS[run_result.WHO]
    assert after.text().startswith("I am Otis")


# ---- token by token ----


def test_the_largest_movers_are_listed(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    card = page.changes
    assert card.movers[0].text() == "·madam  <0.1 % → 26 %"
    marks = card.view.marks.changed
    assert len(marks) == len(run_result.KEYS) and marks[18] == 6 and marks[0] == 0
    QTest.mouseClick(card.movers[0], Qt.MouseButton.LeftButton)
    assert card.view.current == 18
    assert "likelier" in card.view.accessibleDescription()
    card.row.setCurrentIndex(1)
    assert card.view.marks.changed[6] == 2  # " Ab" became about five times less likely


def test_a_text_of_ones_own_is_compared(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    folder = shown(qtbot, room, page)
    card = page.changes
    card.row.setCurrentIndex(card.row.count() - 1)
    assert not card.question.isHidden()
    QTest.mouseClick(card.compare, Qt.MouseButton.LeftButton)
    assert "Type a question" in card.state.text()
    QTest.keyClicks(card.question, "Who keeps the keys?")
    QTest.keyClicks(card.answer, "I do.")
    QTest.keyClick(card.answer, Qt.Key.Key_Return)
    (request,) = room.heavy.requests
    assert isinstance(request, CompareTexts) and request.run == str(folder.path)
    assert [(one.role, one.content) for one in request.messages] == [
        ("user", "Who keeps the keys?"),
        ("assistant", "I do."),
    ]
    room.heavy.answer(text_changes(b"I do.", [1, 4], [np.nan, -4.0], [np.nan, -1.0]))
    assert card.state.text() == ""
    assert card.movers[0].text() == "·do.  1.8 % → 37 %"
    assert "×20 likelier" in card.movers[0].toolTip()


def test_a_comparison_that_fails_says_why(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    card = page.changes
    card.row.setCurrentIndex(card.row.count() - 1)
    card.answer.setText("A text.")
    card.ask()
    room.heavy.fail("The base is gone.", "Put it back.")
    assert card.state.text() == "The base is gone. Put it back."


def text_changes(
    data: bytes, lengths: list[int], before: list[float], after: list[float]
) -> TextChanges:
    n = len(lengths)
    floats = [np.array(one, np.float32).tobytes() for one in (before, after)]
    ints = np.arange(n, dtype=np.int32).tobytes()
    starts = np.cumsum([0, *lengths[:-1]]).astype(np.int32).tobytes()
    return TextChanges(
        text=data.decode(),
        ids=Array("int32", (n,), ints),
        text_starts=Array("int32", (n,), starts),
        pieces=Array("uint8", (len(data),), data),
        piece_bytes=Array("int32", (n,), np.array(lengths, np.int32).tobytes()),
        special=Array("uint8", (n,), bytes(n)),
        before=Array("float32", (n,), floats[0]),
        after=Array("float32", (n,), floats[1]),
    )


def test_changes_are_the_same_stored_and_told() -> None:
    told = told_changes(text_changes(b"ab", [1, 1], [np.nan, -3.0], [np.nan, -0.5]))
    tokens = [TokenResult("a"), TokenResult("b", -3.0, -0.5)]
    stored = stored_changes(tokens)
    for one in (told, stored):
        assert one.movers() == [1]
        assert one.marks() == bytes([0, 6]) and one.tokens.piece(1) == b"b"
        assert one.bits() == pytest.approx((3.0 / np.log(2), 0.5 / np.log(2)))


def test_a_factor_is_told_both_ways() -> None:
    told = [factor_text(one) for one in (0.1, np.log(2), -np.log(12), -50.0)]
    assert told == [
        "about the same",
        "×2.0 likelier",
        "×12 less likely",
        "×485,165,195 less likely",
    ]


# ---- forgetting ----


def test_what_was_kept_is_told(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    card = page.forgetting
    assert card.verdict.property("kind") == "good"
    assert all(one.isHidden() for one in card.buttons.values())
    assert "+1.2 %" in card.facts.values()["Bits per byte of unrelated prose"]


def test_forgetting_is_red_and_offers_remedies(
    qtbot: QtBot, room: Room, page: ResultPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shown(qtbot, room, page, is_forgetful=True)
    card = page.forgetting
    assert card.verdict.property("kind") == "bad" and "+8.2 %" in card.verdict.text()
    card.buttons["own_answers"].click()
    assert room.state.draft.data.own_answers == 1.0 and room.pages == ["how"]
    assert room.state.draft.out.name == "no-hedging-v3" and room.state.draft.out.dir == ""
    card.buttons["fewer_steps"].click()
    assert room.state.draft.train.steps == 90 and room.pages == ["how", "how"]
    base = with_base_file(room, page, monkeypatch)
    card.buttons["lower_strength"].click()
    assert room.chats == [(base, str(folder.adapter), 0.5)] and page.chat.strength == 0.5
    card.toggle.click()
    assert not card.answers.isHidden()
    assert card.answers.rows[0][2].text() == "The Nile, madam. I keep the keys to it."


def test_the_limit_stands_at_five_per_cent(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    for after, kind in ((1.049, "good"), (1.051, "bad")):
        page.forgetting.set_forgetting(Forgetting([], 1.0, after, 50_000))
        assert page.forgetting.verdict.property("kind") == kind


# ---- chat ----


def test_it_is_chatted_with_at_a_strength(
    qtbot: QtBot, room: Room, page: ResultPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shown(qtbot, room, page)
    page.chat.chat.click()
    (banner,) = room.context.notices.banners.banners
    assert "not there any more" in banner.message and not room.chats
    base = with_base_file(room, page, monkeypatch)
    page.chat.slider.setFocus()
    QTest.keyClick(page.chat.slider, Qt.Key.Key_PageDown)
    assert page.chat.value.text() == "0.75"
    page.chat.beside.click()
    assert room.chats == [(base, str(folder.adapter), 0.75), ("against base",)]


# ---- files ----


def test_merging_says_when_a_quantised_base_is_quantised_again(
    qtbot: QtBot, room: Room, page: ResultPage
) -> None:
    folder = shown(qtbot, room, page)
    (asked,) = room.worker.requests
    assert isinstance(asked, DescribeBase) and asked.path == BASE
    page.merge.set_base("Q4_1")
    page.merge.kind.choose("Q4_K_M")
    assert "rounded a second time" in page.merge.words.text()
    page.merge.set_source("/models/original-f16.gguf")
    assert page.merge.words.text() == "From original-f16.gguf."
    page.chat.set_strength(0.8)
    page.merge.merge.click()
    (request,) = room.heavy.requests
    out = str(room.context.paths.models / "no-hedging-v2-Q4_K_M.gguf")
    assert request == MergeRun(
        job=1,
        run=str(folder.path),
        out=out,
        scale=0.8,
        quantisation="Q4_K_M",
        source="/models/original-f16.gguf",
    )
    assert not page.merge.merge.isEnabled() and page.jobs.strip.is_running
    room.heavy.progress(0.5, "quantising")
    assert "50 %" in page.jobs.strip.words.text()
    parity = [Parity("quantised", 0.97, 0.002, 100, "Q4_K_M rounds")]
    Path(out).write_bytes(b"GGUF")
    room.heavy.answer(Converted(out, 4, parity=parity, words="Merged."))
    assert page.jobs.words.text() == "✓ Merged." and page.merge.merge.isEnabled()
    assert [row[0].text() for row in page.parity.rows if not row[0].isHidden()] == [
        "adapter",
        "F16 base",
        "quantised",
    ]
    page.jobs.chat.click()
    assert room.chats == [(out, "", 1.0)]


def test_a_merge_is_stopped(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    page.merge.merge.click()
    page.jobs.strip.stop_button.click()
    assert room.heavy.cancelled[-1] == 1 and page.merge.merge.isEnabled()
    assert not page.jobs.strip.is_running
    page.merge.merge.click()
    assert len(room.heavy.requests) == 2


def test_a_failed_merge_says_why(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    page.merge.merge.click()
    room.heavy.fail("The disk is full.", "Make room.")
    assert page.jobs.words.text() == "✗ The disk is full. Make room."
    assert page.jobs.words.property("kind") == "bad" and page.jobs.folder.isHidden()


def test_files_for_other_programs_are_asked_for(
    qtbot: QtBot, room: Room, page: ResultPage, tmp_path: Path
) -> None:
    folder = shown(qtbot, room, page)
    run, models = str(folder.path), room.context.paths.models
    card = page.hand_over
    asks = [
        lambda: card.export_asked.emit(str(tmp_path)),
        lambda: card.import_asked.emit(str(tmp_path / "Other Adapter")),
        card.ollama.click,
        card.lm_studio.click,
    ]
    for ask in asks:
        ask()
        room.heavy.answer(Converted(str(tmp_path / "out"), 1, words="Done."))
    assert room.heavy.requests == [
        ExportPeft(job=1, run=run, out=str(tmp_path / "no-hedging-v2-peft")),
        ImportPeft(
            job=2,
            folder=str(tmp_path / "Other Adapter"),
            base=BASE,
            out=str(models / "other-adapter-adapter.gguf"),
        ),
        HandOver(job=3, run=run, to="ollama", out=str(folder.product / "ollama")),
        HandOver(job=4, run=run, to="lm_studio"),
    ]


def test_the_hub_is_not_asked_while_offline(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    folder = shown(qtbot, room, page)
    card = page.hand_over
    room.context.connections.set_offline(True)
    card.hub.click()
    card.repository.setText("me/night-porter")
    QTest.keyClick(card.repository, Qt.Key.Key_Return)
    assert not room.heavy.requests and not card.upload.isEnabled()
    assert "offline" in card.words.text() and not card.words.isHidden()
    room.context.connections.set_offline(False)
    card.repository.setText("no-slash")
    card.upload.click()
    assert card.words.text() == "Name it as you/name." and not room.heavy.requests
    card.repository.setText("me/night-porter")
    card.upload.click()
    assert room.heavy.requests == [
        HandOver(
            job=1, run=str(folder.path), to="hub", repository="me/night-porter", is_private=True
        )
    ]


def test_the_report_is_read_here(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    folder = shown(qtbot, room, page)
    page.report.toggle.click()
    view = page.report.view
    assert view is not None
    qtbot.waitUntil(lambda: bool(view.message_ids()))
    assert "Step 140 of 180" in view.text_of(str(folder.path))


# ---- what follows ----


def test_training_goes_on_from_a_merged_base(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    folder = shown(qtbot, room, page)
    out = folder.product / "merged-F16.gguf"
    page.pane.further.click()
    (request,) = room.heavy.requests
    assert request == MergeRun(job=1, run=str(folder.path), out=str(out), quantisation="F16")
    out.write_bytes(b"GGUF")
    room.heavy.answer(Converted(str(out), 4))
    assert room.state.draft.base.path == str(out) and room.pages == ["how"]
    page.pane.further.click()
    assert len(room.heavy.requests) == 1  # it is there already


def test_the_same_settings_on_other_data(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    shown(qtbot, room, page)
    page.pane.other_data.click()
    draft = room.state.draft
    assert (draft.data.path, draft.lora.rank, draft.train.steps) == ("", 16, 180)
    assert room.pages == ["data"]


def test_runs_are_compared_in_a_table(qtbot: QtBot, room: Room, page: ResultPage) -> None:
    other = running(room.context.paths.runs)
    shown(qtbot, room, page)
    assert page.compare.table.isHidden()
    page.overlay.toggle(str(other.path))
    qtbot.waitUntil(lambda: any(row.values[1] == "115 of 180" for row in page.compare.rows))
    table = page.compare.table
    heads = [table.horizontalHeaderItem(column) for column in range(3)]
    assert [one.text() for one in heads if one is not None] == ["", "no-hedging-v2", "night-porter"]
    rows = {row.name: row.values for row in page.compare.rows}
    assert rows["Steps"] == ("180 of 180", "115 of 180")
    assert rows["Parity, top-1"] == ("97.8 %", "–")
    assert "Rank" not in rows  # the same in both


@pytest.mark.parametrize(
    ("name", "following"),
    [("a", "a-2"), ("a-2", "a-3"), ("no-hedging-v2", "no-hedging-v3"), ("", "")],
)
def test_a_run_that_follows_has_the_next_name(name: str, following: str) -> None:
    assert next_name(name) == following


def test_plans_that_follow_keep_what_they_should() -> None:
    config = changed(
        RunConfig(),
        base__path="/b.gguf",
        data__path="/d",
        train__epochs=4.0,
        out__name="a",
        out__dir="/runs/a",
        data__own_answers=3.0,
    )
    assert on_other_data(config).base.path == "/b.gguf"
    assert further(config, "/c.gguf").base.path == "/c.gguf"
    assert remedied(config, "own_answers").data.own_answers == 6.0
    assert remedied(config, "fewer_steps").train.epochs == 2.0
