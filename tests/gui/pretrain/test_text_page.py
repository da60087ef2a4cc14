"""The text page: bringing text, what it is before it is taken, its cleaning as it happens, reading
it, and what can be taken back.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from engine.process.messages import Failed, Progress
from engine.process.pretrain_messages import (
    CleaningTold,
    CorpusPage,
    CorpusSource,
    DeleteCorpus,
    LookAtSource,
    MakeCorpus,
    ReadCorpus,
    RenameCorpus,
    SourceLook,
)
from gui.pretrain.text_form import TextForm
from gui.pretrain.text_page import TextPage
from gui.pretrain.text_words import bytes_text, gain_of
from tests.fakes.fake_texts import BOOK, CLEANING, N_TEXTS, STORIES, STORIES_PATH
from tests.gui.fitting import misfits
from tests.gui.pretrain.room_helpers import PretrainBench, bench, unnamed

__all__ = ["bench"]  # a fixture


@pytest.fixture
def page(bench: PretrainBench) -> TextPage:
    """Looked at, its texts known."""
    bench.until(lambda: bench.text.desk.is_listed)
    return bench.text


def asked(bench: PretrainBench, kind: type) -> list:  # type: ignore[type-arg]  # of that kind
    return bench.engine.asked(kind)


def make(bench: PretrainBench, page: TextPage) -> MakeCorpus:
    """Stories are being made."""
    page.open_source("stories")
    bench.until(lambda: page.stories_form.end_button.isEnabled())
    page.stories_form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert isinstance(request, MakeCorpus)
    return request


# ---- where it comes from ----


def test_an_empty_room_explains_itself_and_offers_what_needs_no_network(page: TextPage) -> None:
    assert page.view_key == "sources"
    names = list(page.sources.doors)
    assert names[:2] == ["stories", "python"]
    for key in names:
        page.sources.doors[key].click()
        assert page.view_key == key
        shown = page.stack.currentWidget()
        assert shown is not None
        QTest.keyClick(shown, Qt.Key.Key_Escape)
        assert page.view_key == "sources"


def test_texts_that_are_there_are_listed_and_used_by_enter(
    bench: PretrainBench, page: TextPage
) -> None:
    texts = page.sources.list
    assert [texts.item(n).text() for n in range(texts.count())] == ["Stories", "My book"]
    texts.setCurrentRow(1)
    QTest.keyClick(texts, Qt.Key.Key_Return)
    assert bench.room.state.draft.corpus.path == BOOK.path and page.view_key == "corpus"
    assert bench.room.header.facts.whole == "My book · 88 kB · 40 texts"


def test_stories_are_learned_in_their_own_way_and_other_texts_as_before(
    bench: PretrainBench, page: TextPage
) -> None:
    texts, before = page.sources.list, bench.room.state.draft.train
    texts.setCurrentRow(0)
    QTest.keyClick(texts, Qt.Key.Key_Return)
    train = bench.room.state.draft.train
    assert (train.matrix_rate, train.minutes, train.batch) == (0.005, 5.5, 6)
    page.show_view("sources")
    texts.setCurrentRow(1)
    QTest.keyClick(texts, Qt.Key.Key_Return)
    assert bench.room.state.draft.train == before


def test_stories_are_looked_at_before_they_are_written(
    bench: PretrainBench, page: TextPage
) -> None:
    bench.engine.looks["stories"] = SourceLook("20,000 stories", texts=["Mira had a ball."])
    page.open_source("stories")
    form = page.stories_form
    assert form.n_stories.value() == 24_000 and form.cleaning.validation == 0.01
    bench.until(lambda: form.look.words.text() == "20,000 stories")
    assert form.look.texts.toPlainText() == "Mira had a ball."
    form.n_stories.setValue(500)
    form.seed.setValue(7)
    bench.until(lambda: not form.look.is_looking)
    wanted = CorpusSource("stories", n_stories=500, seed=7)
    assert asked(bench, LookAtSource)[-1].source == wanted
    form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert request.sources == [wanted] and request.name == "Stories"
    assert "near" not in request.cleaning.steps, "stories of a little world are alike on purpose"


def test_python_needs_nothing_but_a_button(bench: PretrainBench, page: TextPage) -> None:
    page.open_source("python")
    bench.until(lambda: page.python_form.end_button.isEnabled())
    page.python_form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert request.sources == [CorpusSource("python")]
    assert len(request.cleaning.steps) == 7


def test_what_cannot_be_used_says_why_and_is_not_taken(
    bench: PretrainBench, page: TextPage
) -> None:
    bench.engine.looks["/x/photo.jpg"] = SourceLook(
        "", problem="This is a picture.", hint="Choose a text."
    )
    page.open_paths(["/x/photo.jpg"])
    form = page.files_form
    bench.until(lambda: not form.look.is_looking)
    assert form.look.problem.text() == "This is a picture. Choose a text."
    assert not form.end_button.isEnabled()
    form.add_paths(["/x/good.md"])
    bench.until(lambda: form.end_button.isEnabled())
    form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert [one.path for one in request.sources] == ["/x/good.md"], "the good one alone"


def test_too_little_text_is_told_before_it_is_taken(bench: PretrainBench, page: TextPage) -> None:
    page.open_paths(["/x/short.md"])
    form = page.files_form
    assert "writer in its style" in form.words.text()
    bench.until(lambda: form.look.warning.isVisibleTo(form))
    assert "very little text (88 kB)" in form.look.warning.text()
    bench.engine.looks["/x/long.md"] = SourceLook("a book", n_bytes=2_000_000, texts=["Once"])
    form.add_paths(["/x/long.md"])
    bench.until(lambda: form.look.warning.isHidden() and not form.look.is_looking)
    assert form.end_button.isEnabled()


def test_files_are_dropped_and_taken_out_again(bench: PretrainBench, page: TextPage) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/x/one.md"), QUrl.fromLocalFile("/x/two")])
    held = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    drop = QDropEvent(QPointF(50, 50), *held)
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(50, 50), *held))
    QApplication.sendEvent(page, drop)
    form = page.files_form
    assert page.view_key == "path" and form.paths == ["/x/one.md", "/x/two"]
    assert form.name.text() == "one"
    form.list.setCurrentRow(0)
    QTest.keyClick(form.list, Qt.Key.Key_Delete)
    assert form.paths == ["/x/two"] and form.name.text() == "two"
    form.add_paths(["/x/two"])
    assert form.paths == ["/x/two"], "each once"


def test_a_column_is_chosen_where_there_are_several(bench: PretrainBench, page: TextPage) -> None:
    known = SourceLook("one table", texts=["a"], columns=["title", "body"], column="body")
    bench.engine.looks["/x/t.parquet"] = known
    page.open_paths(["/x/t.parquet"])
    form = page.files_form
    bench.until(lambda: form.column_choice.isVisibleTo(form))
    assert form.column_choice.currentText() == "body"
    form.column_choice.setCurrentIndex(0)
    form.column_choice.activated.emit(0)
    bench.until(lambda: asked(bench, LookAtSource)[-1].source.column == "title")
    bench.until(lambda: not form.look.is_looking)
    form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert request.sources == [CorpusSource("path", path="/x/t.parquet", column="title")]


def test_the_hub_is_asked_only_when_a_button_is_pressed(
    bench: PretrainBench, page: TextPage
) -> None:
    page.open_source("hub")
    form = page.hub_form
    assert form.offline.isVisibleTo(form) and not form.end_button.isEnabled()
    chip = form.presets["TinyStories"]
    assert isinstance(chip, QPushButton)
    chip.click()
    assert form.repository.text() == "roneneldan/TinyStories" and form.most_mb.value() == 50
    bench.qtbot.wait(2 * 250)  # the time in which the other forms would have asked
    assert not asked(bench, LookAtSource)
    form.look_button.click()
    bench.until(lambda: not form.look.is_looking)
    (look,) = asked(bench, LookAtSource)
    assert look.source.repository == "roneneldan/TinyStories"
    assert look.source.most_bytes == 50_000_000
    form.online_button.click()
    assert not form.offline.isVisibleTo(form)


def test_a_preset_of_a_revision_keeps_it_and_its_column(
    bench: PretrainBench, page: TextPage
) -> None:
    page.open_source("hub")
    form = page.hub_form
    chip = form.presets["Tiny Shakespeare"]
    assert isinstance(chip, QPushButton)
    chip.click()
    (source,) = form.sources()
    assert source.repository == "karpathy/tiny_shakespeare@refs/convert/parquet"
    assert source.column == "text" and form.name.text() == "tiny_shakespeare"
    form.repository.setText("https://huggingface.co/datasets/someone/other/tree/main")
    (source,) = form.sources()
    assert source.repository == "someone/other" and source.column == ""


def test_a_name_that_is_no_repository_is_told_beside_the_field(
    bench: PretrainBench, page: TextPage
) -> None:
    page.open_source("hub")
    page.hub_form.repository.setText("shakespeare")
    page.hub_form.end_button.click()
    assert "owner and a name" in page.hub_form.repository.accessibleDescription()
    assert not asked(bench, MakeCorpus)


def test_cleaning_can_be_changed_and_is_folded_away(bench: PretrainBench, page: TextPage) -> None:
    page.open_source("python")
    form = page.python_form
    cleaning = form.cleaning
    assert cleaning.body.isHidden() and cleaning.button.text() == "Cleaning: 7 of 7 steps"
    cleaning.button.click()
    assert cleaning.body.isVisibleTo(form)
    cleaning.boxes["near"].click()
    cleaning.languages.setText("en, DE")
    cleaning.share.setValue(10.0)
    bench.until(lambda: form.end_button.isEnabled())
    form.end_button.click()
    (request,) = asked(bench, MakeCorpus)
    assert "near" not in request.cleaning.steps and request.cleaning.languages == ["en", "de"]
    assert request.validation == 0.1


# ---- while it is made ----


def test_cleaning_is_seen_as_it_happens(bench: PretrainBench, page: TextPage) -> None:
    request = make(bench, page)
    assert page.view_key == "making" and page.making.title.text() == "Stories"
    bench.engine.tell(Progress(job=request.job, fraction=0.4, what=""))
    bench.engine.tell(CleaningTold(request.job, CLEANING, n_documents=8_000, n_bytes=4_400_000))
    assert page.making.kept.text() == "8,000 texts kept so far, 4.4 MB"
    assert "40 %" in page.making.strip.words.text()
    rows = page.making.steps.rows
    assert rows["exact"].words.text() == "800 dropped (410 kB)"
    assert rows["normalise"].words.text() == "312 changed"
    assert bench.room.header.facts.whole == "making “Stories”"
    rows["repetition"].button.click()
    words = [one.text() for one in rows["repetition"].body.findChildren(QLabel)]
    assert any("62 % of its lines" in one for one in words)
    assert any("Buy now!!!" in one for one in words)


def test_a_made_text_is_in_use_and_says_what_one_gets(bench: PretrainBench, page: TextPage) -> None:
    request = make(bench, page)
    bench.engine.done(request, STORIES)
    assert page.view_key == "corpus" and bench.room.state.corpus == STORIES
    assert bench.room.state.draft.corpus.path == STORIES_PATH
    assert page.corpus.gain.title.text() == "You get an assistant"
    assert page.corpus.warning.isHidden() and page.next_button.isEnabled()
    assert bench.told == "“Stories” is ready: 12 MB"
    page.next_button.click()
    assert bench.room.page_key == "tokenizer"


def test_stop_goes_back_to_the_form_and_keeps_nothing(bench: PretrainBench, page: TextPage) -> None:
    request = make(bench, page)
    page.making.strip.stop_button.click()
    assert bench.engine.cancelled == [request.job]
    assert page.view_key == "stories" and page.desk.making == ""
    assert page.stories_form.end_button.isEnabled() and bench.room.state.corpus is None


def test_a_failure_is_told_in_the_form_which_is_as_it_was(
    bench: PretrainBench, page: TextPage
) -> None:
    request = make(bench, page)
    bench.engine.tell(
        Failed(job=request.job, message="The disk is full.", hint="Make room.", detail="28")
    )
    assert page.view_key == "stories"
    assert page.stories_form.problem.text() == "The disk is full. Make room."
    assert page.stories_form.end_button.isEnabled()


def test_one_text_is_made_after_another(bench: PretrainBench, page: TextPage) -> None:
    make(bench, page)
    page.show_view("sources")
    page.open_paths(["/x/one.md"])
    assert page.view_key == "making" and "One text after another" in bench.told
    assert len(asked(bench, MakeCorpus)) == 1


# ---- a text that is there ----


def test_own_text_promises_a_writer_and_warns_where_it_is_little(
    bench: PretrainBench, page: TextPage
) -> None:
    from msgspec import structs

    little = structs.replace(BOOK, warnings=["This is very little text (88 kB)."])
    page.desk.use(little)
    assert page.corpus.gain.title.text() == "You get a writer in its style"
    assert "beginning a text" in page.corpus.gain_words.text()
    assert page.corpus.warning.isVisibleTo(page.corpus)
    assert page.corpus.warning.text() == "This is very little text (88 kB)."


def test_texts_are_read_page_by_page(bench: PretrainBench, page: TextPage) -> None:
    page.desk.use(STORIES)
    reader = page.corpus.reader
    QAbstractItemModelTester(reader.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    bench.until(lambda: reader.model.rowCount() == 50)
    assert reader.text.toPlainText() == "Story 0. Mira put the red ball in the box."
    reader.list.scrollToBottom()
    bench.until(lambda: reader.model.rowCount() == 100)
    reader.list.scrollToBottom()
    bench.until(lambda: reader.model.rowCount() == N_TEXTS)
    reader.list.setCurrentIndex(reader.model.index(77, 0))
    assert reader.text.toPlainText().startswith("Story 77.")
    reader.part.buttons["held_out"].click()
    bench.until(lambda: reader.text.toPlainText().startswith("Held out 0."))
    assert {one.part for one in asked(bench, ReadCorpus)} == {"kept", "held_out"}


def test_a_page_that_comes_late_belongs_to_no_other_text(
    bench: PretrainBench, page: TextPage
) -> None:
    bench.engine.holds = (ReadCorpus,)
    page.desk.use(STORIES)
    reader = page.corpus.reader
    page.desk.use(BOOK)
    old, new = asked(bench, ReadCorpus)
    assert old.job in bench.engine.cancelled and new.corpus == BOOK.id
    bench.engine.done(new, CorpusPage([], 0))
    assert reader.model.rowCount() == 0 and not reader.model.canFetchMore(reader.list.rootIndex())


def test_a_text_is_renamed_and_back(bench: PretrainBench, page: TextPage) -> None:
    page.desk.use(STORIES)
    name = page.corpus.name
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "Tales")
    QTest.keyClick(name, Qt.Key.Key_Return)
    bench.until(lambda: bench.room.state.corpus is not None and "“Tales”" in bench.told)
    assert bench.room.state.corpus is not None and bench.room.state.corpus.name == "Tales"
    bench.context.notices.undo()
    bench.until(lambda: asked(bench, RenameCorpus)[-1].name == "Stories")
    bench.until(lambda: page.desk.info is not None and page.desk.info.name == "Stories")


def test_a_text_is_deleted_and_comes_back(bench: PretrainBench, page: TextPage) -> None:
    page.desk.use(STORIES)
    page.corpus.delete.click()
    bench.until(lambda: page.view_key == "sources")
    assert bench.room.state.draft.corpus.path == "" and not page.next_button.isEnabled()
    assert [one.name for one in page.desk.corpora] == ["My book"]
    bench.context.notices.undo()
    bench.until(lambda: bench.room.state.draft.corpus.path == STORIES_PATH)
    assert asked(bench, DeleteCorpus)[-1].is_undone


def test_a_file_of_a_run_toml_is_read_as_it_is(bench: PretrainBench, page: TextPage) -> None:
    bench.room.state.change(corpus__path="/elsewhere/plain.txt")
    bench.until(lambda: page.sources.bare_words.isVisibleTo(page))
    assert "/elsewhere/plain.txt" in page.sources.bare_words.text()
    page.sources.bare_button.click()
    assert page.view_key == "path" and page.files_form.paths == ["/elsewhere/plain.txt"]


def test_sizes_in_words() -> None:
    sizes = (1, 999, 88_000, 1_115_394, 9_969_016, 12_400_000, 10**10)
    assert [bytes_text(n) for n in sizes] == [
        "1 byte",
        "999 bytes",
        "88 kB",
        "1.1 MB",
        "10 MB",
        "12 MB",
        "10 GB",
    ]
    assert gain_of(STORIES) != gain_of(BOOK)


@pytest.mark.parametrize("view", ["sources", "stories", "python", "path", "hub", "corpus"])
def test_every_control_has_a_name_and_a_tooltip(
    bench: PretrainBench, page: TextPage, view: str
) -> None:
    page.desk.use(STORIES)
    if view in ("sources", "corpus"):
        page.show_view(view)
    else:
        page.open_source(view)
        form = page.stack.currentWidget()
        assert isinstance(form, TextForm)
        form.cleaning.button.click()
        bench.until(lambda: not form.look.is_looking)
    assert not (wrong := unnamed(bench.room)), "\n".join(wrong)


@pytest.mark.parametrize("font_px", [0, 20])
@pytest.mark.parametrize("view", ["sources", "stories", "python", "path", "hub", "corpus"])
def test_every_view_fits_a_small_window(
    bench: PretrainBench, page: TextPage, font_px: int, view: str, tmp_path: Path
) -> None:
    page.desk.use(STORIES)
    bench.context.theme.set_font_px(font_px)
    bench.room.resize(1024 - 74, 640)
    if view in ("stories", "python", "path", "hub"):
        page.open_source(view)
    else:
        page.show_view(view)
    if view == "path":
        page.files_form.add_paths([str(tmp_path / f"{n}.md") for n in range(9)])
        page.files_form.cleaning.button.click()
    bench.until(lambda: bench.room.height() == 640)
    assert not (wrong := misfits(bench.room)), "\n".join(wrong)
