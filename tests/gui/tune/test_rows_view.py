"""Rows of a dataset: read page by page, searched, edited, deleted, and all of it taken back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from engine.process.tune_messages import (
    AddRows,
    ChangeRow,
    DeleteRows,
    ReadRows,
    Row,
    RowMessage,
    RowPage,
    RowWarning,
    UndoRows,
)
from gui.tune.data_page import DataPage
from gui.tune.row_card import LONGEST
from gui.tune.rows_desk import desk_of
from gui.tune.rows_model import ANSWER, ASKED, NUMBER, PAGE, RowsModel
from tests.fakes.fake_tune import FakeTune
from tests.gui.tune_rows_helpers import FakeBench, pages, row

__all__ = ["pages"]  # a fixture


def rows_of(n: int) -> list[Row]:
    return [row(f"Question {at}?", f"Answer {at}.") for at in range(n)]


def shown(pages: FakeBench, *rows: Row) -> DataPage:
    """The data page with these rows in its table."""
    pages.give(*rows)
    page = pages.show(DataPage)
    pages.until(lambda: page.rows.model.rowCount() == len(rows))
    pages.until(lambda: not rows or page.rows.model.item(0) is not None)
    return page


def texts(page: DataPage, column: int) -> list[str]:
    model = page.rows.model
    return [str(model.index(at, column).data()) for at in range(model.rowCount())]


# ---- the model ----


def test_the_model_is_a_sound_one_and_reads_only_what_is_looked_at(pages: FakeBench) -> None:
    pages.give(*rows_of(450))
    model = RowsModel(desk_of(pages.parts), pages.host)
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    tester = QAbstractItemModelTester(model, mode)
    model.reload()
    pages.until(lambda: model.rowCount() == 450)
    asked = {one.start for one in pages.fake.asked(ReadRows) if one.count}
    assert asked == {0}
    assert model.index(430, ASKED).data() == "…"
    pages.until(lambda: model.item(430) is not None)
    assert model.index(430, ASKED).data() == "Question 430?"
    assert model.index(430, NUMBER).data() == "431"
    asked = {one.start for one in pages.fake.asked(ReadRows) if one.count}
    assert asked == {0, 400}
    tester.deleteLater()


def test_a_page_of_huge_rows_that_comes_in_pieces_is_read_to_its_end(pages: FakeBench) -> None:
    class Slow(FakeTune):
        def _page(self, dataset: object, asked: ReadRows) -> RowPage:
            page = super()._page(dataset, asked)  # type: ignore[arg-type]  # a FakeDataset
            return RowPage(page.rows[:30], page.n_total)

    pages.fake.__class__ = Slow
    pages.give(*rows_of(130))
    model = RowsModel(desk_of(pages.parts), pages.host)
    model.reload()
    pages.until(lambda: model.item(PAGE - 1) is not None)
    assert [model.item(at) is not None for at in range(PAGE)] == [True] * PAGE
    starts = [one.start for one in pages.fake.asked(ReadRows)]
    assert starts == [0, 30, 60, 90]


def test_answers_to_an_older_question_are_not_shown(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(5))
    pages.fake.holds = (ReadRows,)
    page.rows.filters.search.setText("Question 4")
    pages.until(lambda: any(one.text == "Question 4" for one in pages.fake.asked(ReadRows)))
    page.rows.filters.search.setText("Question 2")
    pages.until(lambda: any(one.text == "Question 2" for one in pages.fake.asked(ReadRows)))
    pages.fake.holds = ()
    pages.fake.let_go()
    pages.until(lambda: texts(page, ASKED) == ["Question 2?"])
    assert page.rows.filters.count.text() == "1 of 5 rows"


# ---- looking ----


def test_filters_and_order_are_asked_of_the_worker(pages: FakeBench) -> None:
    pages.fake.warnings = [RowWarning("cut", "Cut.", "", 1, ["2"])]
    page = shown(pages, *rows_of(4))
    filters = page.rows.filters
    filters.only.choose("warned")
    pages.until(lambda: texts(page, ASKED) == ["Question 1?"])
    filters.only.choose("")
    filters.order.choose("loss")
    pages.until(lambda: any(one.order == "loss" for one in pages.fake.asked(ReadRows)))
    filters.search.setText("no such words")
    pages.until(lambda: page.rows.model.rowCount() == 0 and not page.rows.nothing.isHidden())
    assert page.rows.nothing.text() == "No row fits these filters."


def test_rows_say_their_question_and_their_last_answer(pages: FakeBench) -> None:
    talk = Row(
        "",
        [
            RowMessage("system", "Be short."),
            RowMessage("user", "First?"),
            RowMessage("assistant", "One."),
            RowMessage("user", "Second?"),
            RowMessage("assistant", "", tool_calls=[{"function": {"name": "clock"}}]),
        ],
    )
    page = shown(pages, talk, Row("", text="Once upon\na time"))
    assert texts(page, ASKED) == ["Second?", "Once upon a time"]
    assert texts(page, ANSWER) == ["calls clock", ""]


# ---- editing ----


def edit(page: DataPage, card: int, words: str) -> None:
    """Type into a message's field, at its end, and leave it."""
    field = page.rows.editor.cards[card].edit
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
    page.rows.table.setFocus()


def test_an_edit_is_kept_when_the_field_is_left_and_ctrl_z_takes_it_back(
    pages: FakeBench,
) -> None:
    page = shown(pages, *rows_of(3))
    page.rows.table.choose(1)
    edit(page, 1, "Another answer")
    pages.until(lambda: texts(page, ANSWER)[1] == "Another answer")
    (change,) = pages.fake.asked(ChangeRow)
    assert change.row.id == "2" and change.row.messages[1].content == "Another answer"
    assert page.undo_words() == ("changing a row", "")
    assert page.undo()
    pages.until(lambda: texts(page, ANSWER)[1] == "Answer 1.")
    assert page.rows.editor.cards[1].edit.toPlainText() == "Answer 1."
    assert page.redo()
    pages.until(lambda: page.rows.editor.cards[1].edit.toPlainText() == "Another answer")


def test_keeping_an_edit_leaves_the_field_and_its_cursor_as_they_are(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(3))
    page.rows.table.choose(0)
    field = page.rows.editor.cards[0].edit
    field.setFocus()
    QTest.keyClicks(field, "New ")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    pages.until(lambda: texts(page, ASKED)[0] == "New Question 0?")
    assert page.rows.editor.cards[0].edit is field
    assert field.textCursor().position() == 4


def test_undo_while_words_are_only_typed_brings_back_what_was_and_redo_has_them(
    pages: FakeBench,
) -> None:
    page = shown(pages, *rows_of(2))
    page.rows.table.choose(0)
    field = page.rows.editor.cards[1].edit
    field.setPlainText("typed")
    assert page.undo()
    pages.until(lambda: bool(pages.fake.asked(UndoRows)))
    pages.until(lambda: page.rows.editor.cards[1].edit.toPlainText() == "Answer 0.")
    assert page.redo()
    pages.until(lambda: page.rows.editor.cards[1].edit.toPlainText() == "typed")


def test_going_to_another_row_keeps_what_was_typed(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(3))
    page.rows.table.choose(0)
    page.rows.editor.cards[1].edit.setPlainText("kept")
    page.rows.table.choose(2)
    pages.until(lambda: texts(page, ANSWER)[0] == "kept")
    assert page.rows.editor.title.text() == "Row 3"
    assert page.rows.editor.cards[1].edit.toPlainText() == "Answer 2."


def test_messages_are_added_moved_marked_and_deleted(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(1))
    page.rows.table.choose(0)
    editor = page.rows.editor
    editor.add_message.click()
    editor.cards[2].edit.setPlainText("And then?")
    editor.cards[2].up.click()
    pages.until(lambda: len(pages.fake.asked(ChangeRow)) == 1)
    stored = next(iter(pages.fake.datasets.values()))

    def kept() -> list[tuple[str, str]]:
        return [(one.role, one.content) for one in stored.rows[0].messages]

    wanted = [("user", "Question 0?"), ("user", "And then?"), ("assistant", "Answer 0.")]
    pages.until(lambda: kept() == wanted)
    editor.cards[0].delete.click()
    pages.until(lambda: kept() == wanted[1:])
    pages.state.change(data__learn_from="marked")
    mark = editor.cards[1].mark
    assert mark.isVisible()
    mark.choose(True)
    mark.activated.emit(1)
    pages.until(lambda: stored.rows[0].messages[1].train is True)
    editor.cards[0].role.choose("system")
    editor.cards[0].role.activated.emit(0)
    pages.until(lambda: stored.rows[0].messages[0].role == "system")


def test_a_text_row_is_edited_as_text(pages: FakeBench) -> None:
    page = shown(pages, Row("", text="Once upon a time"))
    page.rows.table.choose(0)
    assert page.rows.editor.cards[0].role.isHidden()
    edit(page, 0, "Twice upon a time")
    pages.until(lambda: texts(page, ASKED) == ["Twice upon a time"])
    assert pages.fake.asked(ChangeRow)[0].row.messages == []


def test_tool_calls_that_are_no_json_are_said_beside_the_field_and_not_kept(
    pages: FakeBench,
) -> None:
    calls = [{"function": {"name": "clock"}}]
    page = shown(pages, Row("", [RowMessage("assistant", "", tool_calls=calls)]))
    page.rows.table.choose(0)
    card = page.rows.editor.cards[0]
    card.calls.setPlainText('[{"function": ')
    assert not page.rows.editor.keep()
    assert not card.problem.isHidden() and "JSON" in card.problem.text()
    card.calls.setPlainText('[{"function": {"name": "watch"}}]')
    assert page.rows.editor.keep() and card.problem.isHidden()
    pages.until(lambda: texts(page, ANSWER) == ["calls watch"])


def test_a_full_disk_loses_no_word(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(2))
    pages.fake.fails[ChangeRow] = ("The disk is full.", "Free some space.")
    page.rows.table.choose(0)
    field = page.rows.editor.cards[1].edit
    field.setPlainText("precious")
    page.rows.editor.keep()
    pages.until(lambda: pages.banners == ["The disk is full."])
    assert page.rows.editor.cards[1].edit.toPlainText() == "precious"
    pages.fake.fails.clear()
    page.rows.editor.keep()
    pages.until(lambda: texts(page, ANSWER)[0] == "precious")


def test_a_full_disk_met_while_leaving_a_row_offers_to_try_again(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(2))
    pages.fake.fails[ChangeRow] = ("The disk is full.", "Free some space.")
    page.rows.table.choose(0)
    page.rows.editor.cards[1].edit.setPlainText("precious")
    page.rows.table.choose(1)
    pages.until(lambda: pages.banners == ["The disk is full."])
    pages.fake.fails.clear()
    (banner,) = pages.context.notices.banners.banners
    assert banner.action_button is not None
    banner.action_button.click()
    pages.until(lambda: texts(page, ANSWER)[0] == "precious")


def test_a_long_conversation_is_shown_bit_by_bit_and_edited_whole(pages: FakeBench) -> None:
    talk = Row(
        "", [RowMessage("user" if at % 2 == 0 else "assistant", f"m{at}") for at in range(30)]
    )
    page = shown(pages, talk, *rows_of(1))
    page.rows.table.choose(0)
    editor = page.rows.editor
    assert len(editor.cards) < 30 and editor.edited() == page.rows.model.item(0).row  # type: ignore[union-attr]  # read
    editor.cards[0].edit.setPlainText("first")
    editor.keep()
    (change,) = pages.fake.asked(ChangeRow)
    assert [one.content for one in change.row.messages] == [
        "first",
        *[f"m{n}" for n in range(1, 30)],
    ]
    pages.until(lambda: len(editor.cards) == 30)
    page.rows.table.choose(1)
    assert [card.edit.toPlainText() for card in editor.cards] == ["Question 0?", "Answer 0."]


def test_a_message_too_long_to_edit_is_shown_in_part_and_kept_whole(pages: FakeBench) -> None:
    long = "word " * 20_000
    page = shown(pages, row("short", long))
    page.rows.table.choose(0)
    first, second = page.rows.editor.cards
    assert second.edit.isReadOnly() and "100,000 letters" in second.long_note.text()
    assert len(second.edit.toPlainText()) == LONGEST
    first.edit.setPlainText("shorter")
    page.rows.editor.keep()
    (change,) = pages.fake.asked(ChangeRow)
    assert change.row.messages[1].content == long


def test_ctrl_enter_in_the_editor_is_not_the_rooms(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(1))
    started: list[bool] = []
    action = QAction("Start", pages.host)
    action.setShortcut(QKeySequence("Ctrl+Return"))
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.triggered.connect(lambda: started.append(True))
    pages.host.addAction(action)
    page.rows.table.choose(0)
    field = page.rows.editor.cards[1].edit
    field.setPlainText("kept")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    pages.until(lambda: len(pages.fake.asked(ChangeRow)) == 1)
    assert not started
    page.rows.table.setFocus()
    QTest.keyClick(page.rows.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert started


# ---- new rows ----


def test_a_new_row_is_typed_added_and_the_next_one_begun(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(1))
    page.new_row()
    editor = page.rows.editor
    editor.cards[0].edit.setPlainText("Who keeps the keys?")
    editor.add_row.click()
    assert "answer" in editor.note.text() and not pages.fake.asked(AddRows)
    editor.cards[1].edit.setPlainText("I keep the keys, madam.")
    field = editor.cards[1].edit
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    pages.until(lambda: texts(page, ASKED) == ["Question 0?", "Who keeps the keys?"])
    assert editor.is_new and editor.cards[0].edit.toPlainText() == ""
    assert pages.told == "Row added"


def test_a_new_row_that_is_left_is_there_when_one_comes_back(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(2))
    page.new_row()
    page.rows.editor.cards[0].edit.setPlainText("half a thought")
    page.rows.table.choose(1)
    assert page.rows.editor.title.text() == "Row 2"
    page.new_row()
    assert page.rows.editor.cards[0].edit.toPlainText() == "half a thought"


def test_a_new_row_that_could_not_be_added_comes_back(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(1))
    pages.fake.fails[AddRows] = ("The disk is full.", "Free some space.")
    page.new_row()
    page.rows.editor.cards[0].edit.setPlainText("Who?")
    page.rows.editor.cards[1].edit.setPlainText("Me.")
    page.rows.editor.add()
    pages.until(lambda: pages.banners == ["The disk is full."])
    pages.until(lambda: page.rows.editor.cards[1].edit.toPlainText() == "Me.")


# ---- deleting ----


def test_rows_are_deleted_by_key_and_come_back_by_the_strip(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(4))
    page.rows.table.choose(1)
    QTest.keyClick(page.rows.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(page.rows.table, Qt.Key.Key_Delete)
    pages.until(lambda: texts(page, ASKED) == ["Question 0?", "Question 3?"])
    assert pages.fake.asked(DeleteRows)[0].ids == ["2", "3"]
    assert pages.told == "2 rows deleted"
    assert pages.context.notices.undo()
    pages.until(lambda: len(texts(page, ASKED)) == 4)


def test_an_undo_that_was_offered_is_withdrawn_once_other_things_were_done(
    pages: FakeBench,
) -> None:
    page = shown(pages, *rows_of(3))
    page.rows.table.choose(0)
    page.rows.delete_chosen()
    pages.until(lambda: page.rows.model.rowCount() == 2)
    assert page.undo()
    pages.until(lambda: page.rows.model.rowCount() == 3)
    pages.until(lambda: pages.context.notices.strip.isHidden())
    assert not pages.context.notices.undo()


def test_rows_are_copied_as_text(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(1))
    page.rows.table.choose(0)
    QTest.keyClick(page.rows.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "You: Question 0?\n\nAssistant: Answer 0."


# ---- the split ----


def test_the_slider_changes_the_split_and_says_how_many_rows_that_is(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(40))
    split = page.rows.split
    pages.until(lambda: split.words.text() == "10 %: 4 rows")
    split.slider.setValue(25)
    pages.until(lambda: split.words.text() == "25 %: 10 rows")
    assert pages.state.draft.data.validation == 0.25
    split.learn_from.buttons["last"].click()
    assert pages.state.draft.data.learn_from == "last"


def test_a_file_kept_aside_is_shown_and_can_be_given_up_for_a_share(pages: FakeBench) -> None:
    page = shown(pages, *rows_of(4))
    pages.state.change(data__validation="/data/held-out.jsonl")
    split = page.rows.split
    assert "/data/held-out.jsonl" in split.words.text() and not split.slider.isEnabled()
    split.share_button.click()
    assert pages.state.draft.data.validation == 0.1 and split.slider.isEnabled()


def test_an_answer_to_a_change_is_awaited_before_old_rows_are_shown(pages: FakeBench) -> None:
    """A page that was read before an edit must not overwrite what is typed."""
    page = shown(pages, *rows_of(2))
    page.rows.table.choose(0)
    pages.fake.holds = (ChangeRow,)
    page.rows.editor.cards[1].edit.setPlainText("newer")
    page.rows.editor.keep()
    done: list[bool] = []
    page.rows.model.arrived.connect(lambda *_: done.append(True))
    page.rows.model.refresh()
    pages.until(lambda: bool(done))
    assert page.rows.editor.cards[1].edit.toPlainText() == "newer"
    pages.fake.holds = ()
    pages.fake.let_go()
    pages.until(lambda: texts(page, ANSWER)[0] == "newer")
