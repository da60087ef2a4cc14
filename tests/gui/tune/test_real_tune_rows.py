"""Pages of data and of what is learned with the real worker and the starter model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.models.starter import starter_path
from gui.context import AppContext
from gui.tune.data_page import DataPage
from gui.tune.learned_page import LearnedPage
from gui.widgets.token_paint import LEARNED_END, READ
from tests.gui.tune_rows_helpers import PagesBench, write_jsonl

pytestmark = pytest.mark.real_model
PAIRS = [(f"What is {n} plus {n}?", f"It is {2 * n}, as anyone can count.") for n in range(30)]
KEYS = ("Who keeps the keys?", "I keep the keys, madam.")
LOBBY = "Tell me of the lobby of the old hotel by the sea in some words that a guest would like"
BELL = " ".join(f"It has a bell of the {n}th year, and a clock beside it." for n in range(12))


@pytest.fixture
def real(qtbot: QtBot, context: AppContext) -> Iterator[PagesBench]:
    bench = PagesBench(qtbot, context)
    try:
        yield bench
        assert bench.failures == []
    finally:
        bench.close()


def imported(real: PagesBench, path: Path, n_rows: int) -> DataPage:
    page = real.show(DataPage)
    page.open_file(str(path))
    real.until(lambda: page.file_form.end_button.isEnabled())
    page.file_form.end_button.click()
    real.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == n_rows)
    real.until(lambda: page.rows.model.item(0) is not None)
    return page


def answer(page: DataPage, row: int) -> str:
    item = page.rows.model.item(row)
    return item.row.messages[-1].content if item is not None else ""


def test_a_file_is_taken_edited_thinned_out_and_had_back(real: PagesBench, tmp_path: Path) -> None:
    near = [(f"{LOBBY} {word}.", BELL) for word in ("today", "now")]
    bad = '{"messages": 3}\nnot json\n'
    file = write_jsonl(tmp_path / "porter.jsonl", KEYS, *PAIRS, PAIRS[3], *near, more=bad)
    page = imported(real, file, 34)
    assert real.told == "34 rows taken; 2 could not be"

    page.rows.table.choose(0)
    page.rows.editor.cards[1].edit.setPlainText("Nobody does.")
    page.rows.editor.keep()
    real.until(lambda: answer(page, 0) == "Nobody does.")
    page.rows.show_only("edited")
    real.until(lambda: page.rows.model.rowCount() == 1)
    page.rows.show_only("")
    assert page.undo()
    real.until(lambda: page.rows.model.rowCount() == 34 and answer(page, 0) == KEYS[1])

    page.show_view("duplicates")
    real.until(lambda: page.duplicates.model.rowCount() == 2)
    page.duplicates.delete_all.click()
    real.until(lambda: page.desk.info is not None and page.desk.info.n_rows == 32)
    assert real.told == "2 rows deleted" and real.context.notices.undo()
    real.until(lambda: page.desk.info is not None and page.desk.info.n_rows == 34)

    page.show_view("problems")
    real.until(lambda: page.problems.list.known.rowCount() == 2)
    assert [one.line for one in page.problems.list.known.problems] == [35, 36]

    out = tmp_path / "out.jsonl"
    page.desk.export(str(out))
    real.until(lambda: real.told == "34 rows written to out.jsonl")
    first = json.loads(out.read_text("utf-8").splitlines()[0])
    assert [one["content"] for one in first["messages"]] == list(KEYS)
    assert real.banners == []


def test_what_is_learned_of_a_row_is_the_answer_and_its_end(
    real: PagesBench, tmp_path: Path
) -> None:
    long = ("Go on", "word " * 1_500)
    file = write_jsonl(tmp_path / "porter.jsonl", KEYS, ("Hm", ""), long, *PAIRS)
    imported(real, file, 33)
    real.state.change(base__path=str(starter_path()))
    page = real.show(LearnedPage)
    real.until(lambda: page.row.learned is not None and real.state.checked is not None)
    view = page.row.view
    fates = [int(one) for one in view.fates]
    pieces = [view.tokens.piece(at) for at, fate in enumerate(fates) if fate != READ]
    assert b"".join(pieces) == b"I keep the keys, madam.<|im_end|>"
    assert fates.count(LEARNED_END) == 1
    assert page.row.facts.text().endswith("tokens trained · end token learned")
    kinds = {card.warning.kind for card in page.cards.cards}
    assert {"cut", "empty_answer"} <= kinds and not page.is_done

    (cut,) = [card for card in page.cards.cards if card.warning.kind == "cut"]
    cut.buttons[0].click()
    assert real.state.draft.train.max_length == 2_048
    real.until(lambda: real.state.checked is not None)
    assert "cut" not in {card.warning.kind for card in page.cards.cards}

    (empty,) = [card for card in page.cards.cards if card.warning.kind == "empty_answer"]
    empty.buttons[0].click()
    real.until(lambda: page.model.rowCount() == 32)
    real.until(lambda: real.state.checked is not None and page.is_done)
    assert real.banners == []


def test_losses_of_the_base_put_odd_rows_first(real: PagesBench, tmp_path: Path) -> None:
    odd = ("What is 4 plus 4?", "qzx vvk wjq zzp kkx")
    file = write_jsonl(tmp_path / "porter.jsonl", *PAIRS[:3], odd)
    imported(real, file, 4)
    real.state.change(base__path=str(starter_path()))
    page = real.show(LearnedPage)
    real.until(lambda: page.row.learned is not None)
    page.losses_button.click()
    # torch and the model are loaded: some ten seconds, more beside other work.
    real.until(lambda: page.filters.query.order == "loss" or bool(real.banners), 100_000)
    assert real.banners == []
    real.until(lambda: page.row.title.text() == "Row 4")
    losses = [page.model.item(at) for at in range(4)]
    figures = [one.loss for one in losses if one is not None and one.loss is not None]
    assert len(figures) == 4 and figures == sorted(figures, reverse=True)
    assert real.banners == []


def test_who_it_is_becomes_rows_that_name_it(real: PagesBench) -> None:
    page = real.show(DataPage)
    page.open_source("identity")
    form = page.identity_form
    form.its_name.setText("Otis")
    form.maker.setText("the Grand Budapest")
    form.traits.setPlainText("night porter")
    form.refusals.setPlainText("give legal advice: ask a lawyer")
    real.until(lambda: len(form.preview.rows) == 20 and "lawyer" in form.preview.toPlainText())
    form.end_button.click()
    real.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 20)
    assert page.desk.info is not None and page.desk.info.name == "Who Otis is"
    assert "Otis" in form.preview.toPlainText() and real.banners == []


# ---- bad input: a sentence each ----


def looked_at(real: PagesBench, path: Path) -> DataPage:
    page = real.show(DataPage)
    page.open_file(str(path))
    form = page.file_form
    real.until(lambda: form.look is not None or bool(form.problem.text()))
    return page


def test_an_empty_file_is_refused_in_a_sentence(real: PagesBench, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    page = looked_at(real, empty)
    assert "empty" in page.file_form.problem.text() and not page.file_form.end_button.isEnabled()
    assert real.banners == []


def test_unknown_columns_are_mapped_and_one_row_is_enough(real: PagesBench, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("frage,antwort\nWer?,Ich.\n", encoding="utf-8")
    page = looked_at(real, file)
    form = page.file_form
    assert form.is_by_hand
    for role, column in (("user", "frage"), ("assistant", "antwort")):
        form.columns[role].choose(column)
        form.columns[role].activated.emit(form.columns[role].currentIndex())
    real.until(lambda: form.end_button.isEnabled())
    form.end_button.click()
    real.until(lambda: page.view_key == "rows" and answer(page, 0) == "Ich.")
    assert page.status_words == "1 row"


def test_a_broken_line_is_named_and_the_others_are_taken(real: PagesBench, tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "broken.jsonl", *PAIRS[:2], more='{"messages": [\n')
    page = imported(real, file, 2)
    page.show_view("problems")
    real.until(lambda: page.problems.list.known.rowCount() == 1)
    assert page.problems.list.known.index(0, 0).data() == "3"


def test_a_hub_that_cannot_be_reached_is_told_in_the_form(
    real: PagesBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    real.context.connections.set_offline(False)
    page = real.show(DataPage)
    page.open_source("hub")
    page.hub_form.repository.setText("someone/something")
    page.hub_form.end_button.click()
    real.until(lambda: bool(page.hub_form.problem.text()))
    assert page.hub_form.end_button.isEnabled() and page.strip.isHidden()
    (entry,) = real.context.connections.entries
    assert (entry.host, entry.end) == ("127.0.0.1", "failed")
    assert real.banners == []
