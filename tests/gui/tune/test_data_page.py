"""The data page: from nothing to rows by every way, and what is said where a way is blocked."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit

from engine.process.tune_messages import (
    AddRows,
    BadRow,
    DatasetInfo,
    DeleteDataset,
    DuplicateGroup,
    ExportDataset,
    FileLook,
    FindDuplicates,
    ImportFile,
    ImportHub,
    LookAtFile,
    MakeIdentity,
    RenameDataset,
    Row,
)
from gui.tune.data_page import DataPage
from gui.tune.duplicates_panel import GroupModel
from gui.tune.problem_list import FILE, ProblemModel
from gui.tune.rows_openers import OPEN_FILE, OPEN_IDENTITY, OPEN_RATED, fill_openers
from tests.gui.tune_rows_helpers import FakeBench, pages, row

__all__ = ["pages"]  # a fixture

NARROW = (610, 520)  # what a window of 1024 x 700 leaves at a font half as large again
PATH = "/data/chats.jsonl"


def look(*rows: Row, **more: object) -> FileLook:
    fields: dict[str, object] = {
        "format": "messages",
        "columns": {},
        "problems": [],
        "n_bytes": 33_000,
        "words": "JSONL: conversations",
        **more,
    }
    return FileLook(path=PATH, rows=list(rows), **fields)  # type: ignore[arg-type]  # as named


def looked(pages: FakeBench, found: FileLook) -> DataPage:
    """The page with a file looked at."""
    pages.fake.looks[PATH] = found
    page = pages.show(DataPage)
    page.open_file(PATH)
    pages.until(lambda: page.file_form.look is not None)
    return page


# ---- nothing yet ----


def test_an_empty_page_offers_every_way_and_says_nothing_is_done(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    assert page.view_key == "sources" and not page.is_done and page.status_words == ""
    assert set(page.sources.doors) == {"identity", "file", "chats", "typed", "hub"}
    for key, view in (("identity", page.identity_form), ("typed", page.typed_form)):
        page.sources.doors[key].click()
        assert page.stack.currentWidget() is view
        QTest.keyClick(view, Qt.Key.Key_Escape)
        assert page.view_key == "sources"


def test_the_page_makes_its_views_when_they_are_looked_at(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    assert "identity_form" not in page.__dict__ and "rows" not in page.__dict__


# ---- a file ----


def test_a_file_is_looked_at_then_taken(pages: FakeBench) -> None:
    page = looked(pages, look(row("Who?", "Me."), row("What?", "That.")))
    form = page.file_form
    assert form.facts.text() == "chats.jsonl · 33 kB · JSONL: conversations"
    assert "Who?" in form.preview.toPlainText() and "That." in form.preview.toPlainText()
    assert form.name.text() == "chats" and form.end_button.isEnabled()
    form.name.setText("night porter")
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 2)
    (asked,) = pages.fake.asked(ImportFile)
    assert (asked.path, asked.name, asked.dataset) == (PATH, "night porter", "")
    assert pages.state.dataset is not None
    assert pages.state.draft.data.path == pages.state.dataset.path
    assert page.status_words == "2 rows" and page.is_done
    assert page.header.name.text() == "night porter" and "2 rows" in page.header_words()
    assert pages.told == "2 rows taken"


def test_rows_that_cannot_be_taken_are_listed_before(pages: FakeBench) -> None:
    bad = [BadRow(3, "The JSON breaks at character 1.", "not json")]
    page = looked(pages, look(row("a", "b"), problems=bad))
    form = page.file_form
    assert form.problem_list.isVisibleTo(form)
    assert form.problem_list.known.index(0, 1).data() == "The JSON breaks at character 1."
    assert form.end_button.isEnabled()


def test_columns_of_no_known_name_are_mapped_by_hand(pages: FakeBench) -> None:
    columns = {"q": "Who keeps the keys?", "a": "I do."}
    page = looked(pages, look(format="", columns=columns, words=""))
    form = page.file_form
    assert form.is_by_hand and not form.end_button.isEnabled()
    pages.fake.looks[PATH] = look(row("Who keeps the keys?", "I do."), format="", columns=columns)
    for role, column in (("user", "q"), ("assistant", "a")):
        combo = form.columns[role]
        assert combo.isVisibleTo(form)
        combo.choose(column)
        combo.activated.emit(combo.currentIndex())
    pages.until(lambda: form.end_button.isEnabled())
    assert pages.fake.asked(LookAtFile)[-1].mapping == {"user": "q", "assistant": "a"}
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows")
    assert pages.fake.asked(ImportFile)[0].mapping == {"user": "q", "assistant": "a"}


def test_another_format_is_looked_at_anew(pages: FakeBench) -> None:
    page = looked(pages, look(row("a", "b")))
    form = page.file_form
    form.format.choose("text")
    form.format.activated.emit(form.format.currentIndex())
    pages.until(lambda: pages.fake.asked(LookAtFile)[-1].format == "text")


def test_an_empty_file_is_said_in_the_form_and_nothing_is_taken(pages: FakeBench) -> None:
    pages.fake.fails[LookAtFile] = ("“chats.jsonl” is empty.", "Choose another file.")
    page = pages.show(DataPage)
    page.open_file(PATH)
    form = page.file_form
    pages.until(lambda: form.problem.isVisibleTo(form))
    assert form.problem.text() == "“chats.jsonl” is empty. Choose another file."
    assert not form.end_button.isEnabled() and not pages.banners


def test_an_import_shows_how_far_it_is_and_can_be_stopped(pages: FakeBench) -> None:
    page = looked(pages, look(row("a", "b")))
    pages.fake.holds = (ImportFile,)
    page.file_form.end_button.click()
    assert page.strip.is_running and not page.file_form.end_button.isEnabled()
    pages.fake.progress(0.42)
    assert page.strip.words.text() == "Taking “chats.jsonl” · 42 %"
    page.strip.stop_button.click()
    (asked,) = pages.fake.asked(ImportFile)
    assert pages.fake.cancelled[-1] == asked.job
    pages.fake.let_go()
    assert page.strip.isHidden() and page.file_form.end_button.isEnabled()
    assert pages.state.dataset is None and page.view_key == "file"


def test_a_full_disk_while_taking_leaves_the_form_as_it_was(pages: FakeBench) -> None:
    page = looked(pages, look(row("a", "b")))
    pages.fake.fails[ImportFile] = ("The disk is full.", "Free some space.")
    page.file_form.end_button.click()
    form = page.file_form
    pages.until(lambda: form.problem.text() == "The disk is full. Free some space.")
    assert form.end_button.isEnabled() and page.strip.isHidden()
    assert form.problem.toolTip() == "Errno 28"


def test_rows_of_a_file_can_go_to_the_dataset_in_use(pages: FakeBench) -> None:
    dataset = pages.give(row("old", "row"))
    page = looked(pages, look(row("new", "row")))
    page.file_form.into.choose(dataset.id)
    assert not page.file_form.name.isEnabled()
    page.file_form.end_button.click()
    pages.until(lambda: page.rows.model.rowCount() == 2)


def test_a_file_is_dropped_onto_the_page(pages: FakeBench, tmp_path: Path) -> None:
    file = tmp_path / "dropped.jsonl"
    file.write_text("{}")
    pages.fake.looks[str(file)] = look(row("a", "b"))
    page = pages.show(DataPage)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier
    enter = QDragEnterEvent(page.rect().center(), copy, mime, left, none.NoModifier)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted() and page.drop.isVisible()
    drop = QDropEvent(QPointF(page.rect().center()), copy, mime, left, none.NoModifier)
    QApplication.sendEvent(page, drop)
    pages.until(lambda: page.file_form.look is not None)
    assert page.view_key == "file" and not page.drop.isVisible()


# ---- the hub ----


def test_the_hub_is_not_asked_while_offline_and_that_is_said(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    page.open_source("hub")
    form = page.hub_form
    assert pages.context.connections.is_offline and form.offline.isVisibleTo(form)
    form.repository.setText("https://huggingface.co/datasets/HuggingFaceTB/smoltalk/tree/main")
    assert form.repository_name == "HuggingFaceTB/smoltalk" and form.name.text() == "smoltalk"
    form.end_button.click()
    pages.until(lambda: "offline" in form.problem.text())
    assert not pages.fake.datasets and not pages.context.connections.entries
    form.online_button.click()
    assert not form.offline.isVisibleTo(form)
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows")
    (entry,) = pages.context.connections.entries
    assert entry.why == "the dataset HuggingFaceTB/smoltalk" and entry.end == "done"
    assert pages.fake.asked(ImportHub)[-1].n_rows_max == 1_000


def test_what_is_no_repository_is_said_beside_its_field(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    page.open_source("hub")
    page.hub_form.repository.setText("smoltalk")
    page.hub_form.end_button.click()
    assert "owner" in page.hub_form.repository.accessibleDescription()
    assert not pages.fake.asked(ImportHub)


# ---- who it is ----


def test_the_form_of_who_it_is_shows_its_rows_while_one_types(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    page.open_source("identity")
    form = page.identity_form
    QTest.keyClicks(form.its_name, "Otis")
    form.traits.setPlainText("night porter\n\n  polite  ")
    form.refusals.setPlainText("give legal advice: ask a lawyer")
    pages.until(lambda: "I am Otis." in form.preview.toPlainText())
    assert len(form.preview.rows) == 20 and form.preview_words.text() == "20 rows"
    who = pages.fake.asked(MakeIdentity)[-1].identity
    assert who.traits == ["night porter", "polite"]
    assert who.refusals == ["give legal advice: ask a lawyer"]
    assert form.name.text() == "Who Otis is"
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 20)
    assert pages.told == "20 rows in “Who Otis is”"


def test_a_nameless_one_is_asked_for_its_name(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    page.open_source("identity")
    page.identity_form.end_button.click()
    assert "name" in page.identity_form.its_name.accessibleDescription()
    assert not pages.fake.asked(AddRows)


def test_what_was_typed_into_the_form_is_there_next_time(pages: FakeBench) -> None:
    page = pages.show(DataPage)
    page.identity_form.its_name.setText("Otis")
    page.identity_form.refusals.setPlainText("sing")
    again = pages.show(DataPage)
    assert again.identity_form.its_name.text() == "Otis"
    assert again.identity_form.refusals.toPlainText() == "sing"


# ---- typed by hand ----


def test_a_first_row_typed_by_hand_makes_a_dataset_and_leads_to_the_next(
    pages: FakeBench,
) -> None:
    page = pages.show(DataPage)
    page.new_row()
    form = page.typed_form
    form.editor.cards[0].edit.setPlainText("Who keeps the keys?")
    form.editor.cards[1].edit.setPlainText("I do.")
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 1)
    assert page.rows.editor.is_new and not page.rows.editor.isHidden()
    assert page.header_words().startswith("1 row") and page.header.name.text() == "Typed by hand"


# ---- datasets of the user ----


def test_datasets_are_listed_opened_renamed_deleted_and_had_back(pages: FakeBench) -> None:
    pages.fake.new_dataset("older", [row("a", "b")])
    pages.fake.new_dataset("newer", [row("c", "d"), row("e", "f")])
    page = pages.show(DataPage)
    listed = page.sources.datasets
    pages.until(lambda: [one.name for one in listed.infos] == ["newer", "older"])
    listed.item(0).setText("  night   porter ")
    pages.until(lambda: [one.name for one in listed.infos] == ["night porter", "older"])
    assert pages.fake.asked(RenameDataset)[0].name == "night porter"
    listed.setCurrentRow(0)
    QTest.keyClick(listed, Qt.Key.Key_Return)
    pages.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 2)
    page.show_view("sources")
    listed.setCurrentRow(0)
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    pages.until(lambda: pages.state.dataset is None)
    assert [one.name for one in listed.infos] == ["older"] and not page.is_done
    assert pages.state.draft.data.path == ""
    assert pages.context.notices.undo()
    pages.until(lambda: pages.state.dataset is not None)
    assert [one.restore for one in pages.fake.asked(DeleteDataset)] == [False, True]
    assert pages.state.draft.data.path == pages.state.dataset.path  # type: ignore[union-attr]  # awaited


def test_a_dataset_without_a_name_keeps_the_one_it_has(pages: FakeBench) -> None:
    pages.fake.new_dataset("mine", [row("a", "b")])
    page = pages.show(DataPage)
    listed = page.sources.datasets
    pages.until(lambda: listed.count() == 1)
    listed.item(0).setText("   ")
    assert listed.item(0).text() == "mine" and not pages.fake.asked(RenameDataset)


def test_the_draft_of_last_time_finds_its_dataset(pages: FakeBench) -> None:
    dataset = pages.fake.new_dataset("mine", [row("a", "b")])
    pages.state.change(data__path=dataset.info.path)
    page = pages.show(DataPage)
    pages.until(lambda: pages.state.dataset == dataset.info)
    pages.until(lambda: page.view_key == "rows")


def test_a_file_that_a_run_learns_from_as_it_is_can_be_made_a_dataset(pages: FakeBench) -> None:
    pages.fake.looks[PATH] = look(row("a", "b"))
    pages.state.set_dataset(DatasetInfo("", "chats.jsonl", PATH, -1))
    page = pages.show(DataPage)
    assert page.is_done and page.status_words == "chats.jsonl"
    assert PATH in page.sources.bare_words.text()
    page.sources.bare_button.click()
    pages.until(lambda: page.file_form.look is not None)


def test_rows_are_exported(pages: FakeBench, tmp_path: Path) -> None:
    pages.give(row("a", "b"))
    page = pages.show(DataPage)
    page.desk.export(str(tmp_path / "out.jsonl"))
    pages.until(lambda: pages.told == "1 row written to out.jsonl")
    assert pages.fake.asked(ExportDataset)[0].path == str(tmp_path / "out.jsonl")


# ---- repeated rows, problems ----


def test_repeated_rows_are_grouped_and_all_but_the_first_deleted(pages: FakeBench) -> None:
    pages.give(*[row(f"q{at}", "a") for at in range(6)])
    pages.fake.groups = [
        DuplicateGroup(["1", "2"], 1.0, "q0 a"),
        DuplicateGroup(["3", "4", "5"], 0.91, "q2 a"),
    ]
    page = pages.show(DataPage)
    page.header.views.buttons["duplicates"].click()
    panel = page.duplicates
    pages.until(lambda: panel.model.rowCount() == 2)
    assert panel.model.index(0).data().startswith("3 rows, 91 % alike")
    assert panel.model.index(1).data().startswith("2 rows, the same")
    assert panel.words.text().startswith("3 rows say what another says")
    panel.delete_all.click()
    pages.until(lambda: pages.told == "3 rows deleted")
    assert [one.id for one in next(iter(pages.fake.datasets.values())).rows] == ["1", "3", "6"]
    pages.fake.groups = []
    assert page.undo()
    pages.until(lambda: len(pages.fake.asked(FindDuplicates)) == 3)
    pages.until(lambda: panel.words.text() == "No row says what another says.")


def test_only_chosen_groups_are_thinned_out_by_the_delete_key(pages: FakeBench) -> None:
    pages.give(*[row(f"q{at}", "a") for at in range(4)])
    pages.fake.groups = [
        DuplicateGroup(["1", "2"], 1.0, "q0"),
        DuplicateGroup(["3", "4"], 1.0, "q2"),
    ]
    page = pages.show(DataPage)
    page.show_view("duplicates")
    pages.until(lambda: page.duplicates.model.rowCount() == 2)
    page.duplicates.list.setCurrentIndex(page.duplicates.model.index(1))
    QTest.keyClick(page.duplicates, Qt.Key.Key_Delete)
    pages.until(lambda: pages.told == "1 row deleted")
    assert [one.id for one in next(iter(pages.fake.datasets.values())).rows] == ["1", "2", "3"]


def test_every_problem_is_listed_and_copied_with_its_line(pages: FakeBench) -> None:
    dataset = pages.fake.new_dataset("mine", [row("a", "b")])
    dataset.problems = [BadRow(at, "No answer.", f"row {at}") for at in range(1, 2_501)]
    page = pages.show(DataPage)
    page.desk.use(dataset.info)
    assert page.header.views.buttons["problems"].text() == "Problems: 2,500"
    page.header.views.buttons["problems"].click()
    pages.until(lambda: page.problems.list.known.rowCount() == 2_500)
    page.problems.copy_button.click()
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 2_500 and lines[2_499] == "line 2500: No answer.  row 2500"


def test_problems_of_several_files_name_theirs(pages: FakeBench) -> None:
    dataset = pages.fake.new_dataset("mine", [row("a", "b")])
    dataset.problems = [BadRow(3, "No answer.", "x", "a.jsonl")]
    page = pages.show(DataPage)
    page.desk.use(dataset.info)
    page.header.views.buttons["problems"].click()
    table = page.problems.list
    pages.until(lambda: table.known.rowCount() == 1)
    assert table.isColumnHidden(FILE)  # all are of one
    dataset.problems.append(BadRow(3, "Broken.", "y", "b.csv"))
    page.desk.use(dataset.info)
    pages.until(lambda: table.known.rowCount() == 2)
    assert not table.isColumnHidden(FILE) and table.columnWidth(FILE) > 0
    assert [table.known.index(at, FILE).data() for at in (0, 1)] == ["a.jsonl", "b.csv"]
    page.problems.copy_button.click()
    assert QApplication.clipboard().text().splitlines() == [
        "line 3 of a.jsonl: No answer.  x",
        "line 3 of b.csv: Broken.  y",
    ]


def test_the_model_of_groups_is_a_sound_one() -> None:
    model = GroupModel()
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    tester = QAbstractItemModelTester(model, mode)
    model.set_groups([DuplicateGroup(["1", "2"], 1.0, "a"), DuplicateGroup(list("345"), 0.9, "b")])
    assert [len(one.ids) for one in model.groups] == [3, 2]
    tester.deleteLater()


def test_the_model_of_problems_is_a_sound_one() -> None:
    model = ProblemModel()
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    tester = QAbstractItemModelTester(model, mode)
    model.set_problems([BadRow(1, "a", "b")])
    model.add_problems([BadRow(2, "c", "d"), BadRow(3, "e", "f")])
    assert model.rowCount() == 3 and model.index(2, 0).data() == "3"
    tester.deleteLater()


# ---- numbers ----


def test_numbers_of_a_dataset_wait_for_a_base_and_then_show(pages: FakeBench) -> None:
    pages.give(*[row("one two three", "four " * at) for at in range(1, 40)])
    page = pages.show(DataPage)
    page.header.views.buttons["stats"].click()
    assert "choose the base" in page.stats.note.words.text()
    page.stats.note.button.click()
    assert pages.pages_shown == ["base"]
    pages.state.change(base__path="/models/base.gguf")
    pages.until(lambda: pages.state.checked is not None)
    facts = {name: value.text() for name, value in page.stats.facts.items()}
    assert facts["Rows"].startswith("39 rows") and facts["Lengths"].startswith("4 to 42")
    assert sum(bar.n for bar in page.stats.chart.bars) == 39
    QTest.keyClick(page.stats.chart, Qt.Key.Key_Right)
    assert page.stats.chart.accessibleDescription() == "rows of 0 to 1 tokens: 0"


# ---- for other rooms ----


def test_other_rooms_open_the_forms_and_files(pages: FakeBench) -> None:
    pages.fake.looks[PATH] = look(row("a", "b"))
    page = pages.show(DataPage)
    fill_openers(pages.parts, lambda: page)
    openers = pages.context.openers
    openers[OPEN_IDENTITY]()
    assert page.view_key == "identity" and pages.pages_shown == ["data"]
    openers[OPEN_RATED]()
    assert page.view_key == "chats" and page.chats_form.kind.value == "rated"
    openers[OPEN_FILE](PATH)
    pages.until(lambda: page.file_form.look is not None)
    assert {"Open a file of rows…", "Write a row", "Search rows"} <= set(pages.actions)
    page.show_view("sources")


# ---- manners ----


@pytest.mark.parametrize("view", ["sources", "identity", "hub", "typed", "chats", "rows", "stats"])
def test_every_control_has_a_name_and_a_tooltip(pages: FakeBench, view: str) -> None:
    pages.give(row("a", "b"))
    page = pages.show(DataPage)
    page.show_view(view)
    if view == "rows":
        pages.until(lambda: page.rows.model.item(0) is not None)
        page.rows.table.choose(0)
        assert page.rows.editor.cards
    kinds = QAbstractButton | QLineEdit | QComboBox | QPlainTextEdit
    controls = [one for one in page.findChildren(object) if isinstance(one, kinds)]  # type: ignore[type-var]  # of any kind
    for one in controls:
        if not one.isVisible() or one.objectName().startswith("qt_"):
            continue
        name = one.accessibleName() or (one.text() if isinstance(one, QAbstractButton) else "")
        assert name and one.toolTip(), (view, type(one).__name__, name, one.toolTip())


@pytest.mark.parametrize("view", ["sources", "identity", "hub", "typed", "chats", "rows", "stats"])
def test_a_small_page_at_a_large_font_cuts_nothing_at_the_side(pages: FakeBench, view: str) -> None:
    pages.context.theme.set_font_px(20)
    pages.give(row("a", "b"))
    page = pages.show(DataPage, NARROW)
    page.show_view(view)
    QApplication.processEvents()
    shown = page.stack.currentWidget()
    assert page.minimumSizeHint().width() <= NARROW[0], (view, page.minimumSizeHint())
    assert shown is not None
    for one in shown.findChildren(QAbstractButton):
        if one.isVisible():
            right = one.mapTo(page, one.rect().topRight()).x()
            assert right <= page.width(), (view, one.text(), right)
