"""Rows out of a real store of chats: what was rated or corrected, and chats picked by hand."""

from __future__ import annotations

from PySide6.QtCore import Qt

from engine.chats.store import ChatStore
from engine.process.tune_messages import AddRows, Row
from gui.tune.chats_form import ChatsForm
from gui.tune.data_page import DataPage
from tests.gui.tune_rows_helpers import FakeBench, pages

__all__ = ["pages"]  # a fixture
SETTINGS = '{"system_prompt": "Be brief."}'


def fill(pages: FakeBench) -> dict[str, str]:
    """Three chats: one with a good reply behind another, one corrected, one bad; ids by title."""
    ids = {}
    with ChatStore(pages.context.paths.chats) as store:
        for title, rating, correction in (
            ("good", 1, ""),
            ("corrected", -1, "The ray glides."),
            ("bad", -1, ""),
        ):
            chat = ids[title] = store.create_chat(title, settings=SETTINGS)
            asked = store.add_message(chat, None, "user", f"First of {title}?")
            first = store.add_message(chat, asked, "assistant", "One.")
            again = store.add_message(chat, first, "user", f"Second of {title}?")
            reply = store.add_message(chat, again, "assistant", "Two.")
            store.set_rating(reply, rating)
            store.set_correction(reply, correction)
    return ids


def opened(pages: FakeBench) -> tuple[DataPage, ChatsForm]:
    page = pages.show(DataPage)
    page.open_source("chats")
    return page, page.chats_form


def said(row: Row) -> list[tuple[str, str, bool | None]]:
    return [(one.role, one.content, one.train) for one in row.messages]


def test_rated_replies_become_rows_of_which_the_last_answer_is_learned(pages: FakeBench) -> None:
    fill(pages)
    page, form = opened(pages)
    pages.until(lambda: form.found.text() == "2 rows")
    assert "The ray glides." in form.preview.toPlainText()
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows" and page.rows.model.rowCount() == 2)
    (asked,) = pages.fake.asked(AddRows)
    by_answer = {row.messages[-1].content: said(row) for row in asked.rows}
    tail = [("user", "First of good?", None), ("assistant", "One.", False)]
    assert by_answer["Two."][-4:] == [
        *tail,
        ("user", "Second of good?", None),
        ("assistant", "Two.", True),
    ]
    assert by_answer["The ray glides."][-1] == ("assistant", "The ray glides.", True)
    assert pages.state.draft.data.learn_from == "last"


def test_only_corrected_or_only_good_ones_can_be_wanted(pages: FakeBench) -> None:
    fill(pages)
    _, form = opened(pages)
    pages.until(lambda: len(form.rows) == 2)
    form.judgement.choose("corrected")
    pages.until(lambda: [row.messages[-1].content for row in form.rows] == ["The ray glides."])
    form.judgement.choose("good")
    pages.until(lambda: [row.messages[-1].content for row in form.rows] == ["Two."])


def test_chats_are_picked_from_a_list_that_can_be_searched(pages: FakeBench) -> None:
    fill(pages)
    page, form = opened(pages)
    form.kind.buttons["picked"].click()
    pages.until(lambda: form.chats.count() == 3)
    pages.until(lambda: form.found.text() == "Tick the chats to learn from.")
    form.search.setText("CORR")
    shown = [at for at in range(3) if not form.chats.item(at).isHidden()]
    assert [form.chats.item(at).text() for at in shown] == ["corrected"]
    form.chats.item(shown[0]).setCheckState(Qt.CheckState.Checked)
    pages.until(lambda: form.found.text() == "1 row")
    (row,) = form.rows
    assert row.messages[-1].content == "The ray glides." and row.source == "chat “corrected”"
    assert {one.role for one in row.messages} <= {"system", "user", "assistant"}
    form.end_button.click()
    pages.until(lambda: page.view_key == "rows")
    assert pages.state.draft.data.learn_from == "all"


def test_without_any_rated_reply_the_form_says_how_there_come_to_be_some(pages: FakeBench) -> None:
    _, form = opened(pages)
    pages.until(lambda: form.found.text().startswith("No reply is rated"))
    assert not form.end_button.isEnabled()
    form.kind.buttons["picked"].click()
    pages.until(lambda: form.found.text() == "There is no chat yet.")


def test_rows_that_cannot_be_kept_leave_the_form_as_it_was(pages: FakeBench) -> None:
    fill(pages)
    _, form = opened(pages)
    pages.until(lambda: form.end_button.isEnabled())
    pages.fake.fails[AddRows] = ("The disk is full.", "Free some space.")
    form.end_button.click()
    pages.until(lambda: form.problem.text() == "The disk is full. Free some space.")
    assert form.end_button.isEnabled() and len(form.rows) == 2


def test_leaving_the_form_ends_its_thread(pages: FakeBench) -> None:
    page, form = opened(pages)
    assert form.reader._thread is not None
    page.leave()
    assert form.reader._thread is None
