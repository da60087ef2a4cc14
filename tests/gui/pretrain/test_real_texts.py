"""Texts and tokenizers with the real worker: written, cleaned, read, trained, looked at in the
Tokens room.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.process.pretrain_messages import CleaningTold, MergesArrived
from gui.context import AppContext
from gui.tokens.room import TokensRoom
from tests.gui.pretrain.room_helpers import PretrainBench

SLOW_MS = 120_000


@pytest.fixture
def real(qtbot: QtBot, context: AppContext) -> Iterator[PretrainBench]:
    context.theme.apply()
    one = PretrainBench(qtbot, context, is_real=True)
    try:
        yield one
        assert one.banners == []
    finally:
        one.close()


def write_stories(real: PretrainBench, n_stories: int) -> None:
    """As a person does who begins with nothing."""
    page = real.text
    page.sources.doors["stories"].click()
    page.stories_form.n_stories.setValue(n_stories)
    real.until(lambda: page.stories_form.end_button.isEnabled(), SLOW_MS)
    real.until(lambda: not page.stories_form.look.is_looking, SLOW_MS)
    assert f"{n_stories:,} stories" in page.stories_form.look.words.text()
    page.stories_form.end_button.click()
    real.until(lambda: page.view_key == "corpus", SLOW_MS)


def test_from_nothing_to_a_tokenizer_that_the_tokens_room_opens(
    real: PretrainBench, qtbot: QtBot, context: AppContext
) -> None:
    write_stories(real, 400)
    text, state = real.text, real.room.state
    assert state.corpus is not None and state.corpus.n_documents == 400
    assert text.corpus.gain.title.text() == "You get an assistant"
    real.until(lambda: text.corpus.reader.model.rowCount() == 50, SLOW_MS)
    assert len(text.corpus.reader.text.toPlainText()) > 100

    real.room.show_page("tokenizer")
    page = real.tokenizer
    arrived: list[MergesArrived] = []
    page.desk.told.connect(
        lambda event: arrived.append(event) if isinstance(event, MergesArrived) else None
    )
    page.form.dial.field.setValue(512)
    page.form.train_button.click()
    real.until(lambda: state.tokenizer is not None, SLOW_MS)
    tokenizer = state.tokenizer
    assert tokenizer is not None and tokenizer.n_vocab == 512
    merges = [merge for event in arrived for merge in event.merges]
    assert len(merges) == tokenizer.n_merges
    real.until(lambda: page.merges.model.rowCount() == len(merges), SLOW_MS)
    assert merges[0].count > merges[-1].count > 0 and merges[-1].example
    assert tokenizer.corpus == state.corpus.id and tokenizer.bytes_per_token > 1.5
    assert [one.n_vocab for one in tokenizer.curve] == sorted(
        one.n_vocab for one in tokenizer.curve
    )
    assert {one.name for one in Path(tokenizer.path).iterdir()} >= {"tokenizer.json", "vocab.gguf"}

    tokens = TokensRoom(context, None)
    try:
        context.rooms["tokens"] = tokens.show
        page.open_button.click()
        real.until(lambda: tokens.state.source.endswith("vocab.gguf"), SLOW_MS)
        assert tokens.state.info is not None and tokens.state.info.n_tokens == 512
    finally:
        tokens.save_state()
        tokens.hide()
        tokens.deleteLater()


def test_own_files_are_cleaned_where_one_can_see_it(real: PretrainBench, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    prose = " ".join(
        f"On day {n} the keeper lit the lamp and wrote of the weather." for n in range(40)
    )
    (folder / "one.md").write_text(f"# The lamp\n\n{prose}\n", encoding="utf-8")
    (folder / "copy.md").write_text(f"# The lamp\n\n{prose}\n", encoding="utf-8")
    (folder / "two.html").write_text(
        f"<html><body><h1>Rain</h1><p>{prose.replace('lamp', 'bell')}</p></body></html>", "utf-8"
    )
    (folder / "short.txt").write_text("Too short.", encoding="utf-8")
    lines = [json.dumps({"text": prose.replace("keeper", name)}) for name in ("clerk", "cook")]
    (folder / "more.jsonl").write_text("\n".join(lines), encoding="utf-8")

    page = real.text
    page.open_paths([str(folder)])
    form = page.files_form
    real.until(lambda: form.end_button.isEnabled(), SLOW_MS)
    assert "very little text" in form.look.warning.text(), "told before it is taken"
    told: list[CleaningTold] = []
    page.desk.told.connect(
        lambda event: told.append(event) if isinstance(event, CleaningTold) else None
    )
    form.cleaning.button.click()
    form.cleaning.boxes["near"].click()  # the clerk's and the cook's days are much the same
    form.cleaning.boxes["repetition"].click()
    form.end_button.click()
    real.until(lambda: page.view_key == "corpus", SLOW_MS)
    assert told, "counts came while it was made"
    info = real.room.state.corpus
    assert info is not None and info.name == "notes" and info.warnings
    assert page.corpus.warning.text() == "\n".join(info.warnings)
    rows = page.corpus.steps.rows
    assert rows["exact"].count is not None and rows["exact"].count.n_dropped == 1
    assert rows["length"].count is not None and rows["length"].count.n_dropped == 1
    rows["exact"].button.click()
    words = " ".join(
        one.text() for one in rows["exact"].body.findChildren(type(rows["exact"].words))
    )
    assert "copy.md" in words or "one.md" in words
    assert rows["near"].words.text() == "left out"


def test_what_is_no_text_is_refused_in_a_sentence(real: PretrainBench, tmp_path: Path) -> None:
    page, form = real.text, real.text.files_form
    picture = tmp_path / "picture.bin"
    picture.write_bytes(bytes(range(256)) * 40)
    page.open_paths([str(picture)])
    real.until(lambda: form.look.problem.isVisibleTo(form), SLOW_MS)
    assert not form.end_button.isEnabled() and form.look.problem.text().count(".") >= 1
    tiny = tmp_path / "tiny.txt"
    tiny.write_text("A letter of two hundred bytes. " * 6, encoding="utf-8")
    form.list.clear()
    page.open_paths([str(tiny)])
    real.until(lambda: form.end_button.isEnabled(), SLOW_MS)
    form.end_button.click()
    real.until(lambda: form.problem.isVisibleTo(form), SLOW_MS)
    assert "too little text" in form.problem.text()
    assert not list(real.context.paths.corpora.glob("*/corpus.json"))


def test_a_text_is_deleted_and_comes_back_and_is_there_again(real: PretrainBench) -> None:
    page = real.text
    page.open_source("python")
    real.until(lambda: page.python_form.end_button.isEnabled(), SLOW_MS)
    page.python_form.end_button.click()
    real.until(lambda: page.view_key == "corpus", SLOW_MS)
    info = page.desk.info
    assert info is not None and info.n_documents > 50
    page.desk.rename(info, "Snakes")
    real.until(lambda: page.desk.info is not None and page.desk.info.name == "Snakes", SLOW_MS)
    page.corpus.delete.click()
    real.until(lambda: page.view_key == "sources", SLOW_MS)
    assert not Path(info.path).exists()
    real.context.notices.undo()
    real.until(lambda: page.view_key == "corpus", SLOW_MS)
    assert page.desk.info is not None and page.desk.info.name == "Snakes"
    assert Path(page.desk.info.path).is_dir()


def test_stopping_leaves_nothing_behind(real: PretrainBench) -> None:
    page = real.text
    page.open_source("stories")
    page.stories_form.n_stories.setValue(1_000_000)
    real.until(lambda: page.stories_form.end_button.isEnabled(), SLOW_MS)
    page.stories_form.end_button.click()
    real.until(lambda: "kept so far" in page.making.kept.text(), SLOW_MS)
    page.making.strip.stop_button.click()
    assert page.view_key == "stories"
    page.desk.list_corpora()
    real.until(lambda: page.desk.is_listed, SLOW_MS)
    real.until(lambda: not list(real.context.paths.corpora.glob("[!.]*")), SLOW_MS)
    assert page.desk.corpora == []
