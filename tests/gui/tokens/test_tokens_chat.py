"""The chat page of the Tokens room: messages that are edited, and what a template makes of them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from engine.process.messages import ChatMessage, ModelList, Render
from engine.process.token_messages import RenderChat
from gui.tokens.chat_draft import ROLES, ChatDraft
from gui.tokens.chat_page import ChatPage, KeptChat
from gui.tokens.chat_result import chat_tokens
from gui.tokens.from_chat import ChatPrompt, Origin
from gui.tokens.kept_file import KeptFile
from tests.fakes.fake_engine import model_info
from tests.fakes.fake_tokens import TEMPLATE_FAILURE
from tests.fakes.rendered import rendered_chat
from tests.gui.tokens_page_helpers import PageBench, page_bench

__all__ = ["page_bench"]


@pytest.fixture
def page(page_bench: PageBench) -> ChatPage:
    """The page with the starter in use and its first messages rendered."""
    page_bench.use("starter")
    page = page_bench.show(ChatPage(page_bench.parts))
    page_bench.until(lambda: page.view.shown is not None)
    return page


def click(button: QPushButton) -> None:
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(page: ChatPage) -> list[str]:
    return [card.edit.toPlainText() for card in page.list.cards]


def band_titles(page: ChatPage) -> list[str]:
    return [band.title for band in page.view.tokens.bands]


def wait_rendered(bench: PageBench, page: ChatPage, words: str) -> None:
    bench.until(lambda: words in page.view.tokens.tokens.text())


def last_request(bench: PageBench) -> RenderChat:
    request = bench.engine.asked(RenderChat)[-1]
    assert isinstance(request, RenderChat)
    return request


# ---- messages and their tokens ----


def test_messages_are_bands_of_tokens_with_the_special_ones_marked(page: ChatPage) -> None:
    assert band_titles(page) == ["System", "You", "Reply begins"]
    assert page.view.tokens.tokens.special.count(1) > 0
    assert page.template.text() == "Through the template of starter"


def test_the_tokens_follow_the_typing(page_bench: PageBench, page: ChatPage) -> None:
    edit = page.list.cards[1].edit
    edit.selectAll()
    n_before = len(page_bench.engine.asked(RenderChat))
    QTest.keyClicks(edit, "Why is the sea dark?")
    wait_rendered(page_bench, page, "Why is the sea dark?")
    n_asked = len(page_bench.engine.asked(RenderChat)) - n_before
    assert n_asked < len("Why is the sea dark?"), "every key was asked for"
    assert last_request(page_bench).messages[1].content == "Why is the sea dark?"


def test_an_answer_that_was_overtaken_is_not_shown(page_bench: PageBench, page: ChatPage) -> None:
    page_bench.engine.holds = (RenderChat,)
    n_before = len(page_bench.engine.asked(RenderChat))
    for n, words in enumerate(("the first text", "the second text"), 1):
        page.list.cards[1].edit.setPlainText(words)
        wanted = n_before + n
        page_bench.until(lambda n=wanted: len(page_bench.engine.asked(RenderChat)) == n)  # type: ignore[misc]
    page_bench.engine.let_go()
    assert "the second text" in page.view.tokens.tokens.text()
    assert "the first text" not in page.view.tokens.tokens.text()


def test_the_words_that_begin_the_answer_can_be_left_out(
    page_bench: PageBench, page: ChatPage
) -> None:
    n_before = len(page.view.tokens.tokens)
    page.begin_box.setFocus()
    QTest.keyClick(page.begin_box, Qt.Key.Key_Space)
    page_bench.until(lambda: "Reply begins" not in band_titles(page))
    assert len(page.view.tokens.tokens) < n_before
    assert last_request(page_bench).add_generation_prompt is False


def test_counts_of_messages_and_template_add_up_to_all(page: ChatPage) -> None:
    chat = page.view.shown
    assert chat is not None
    total = len(chat.prompt.tokens)
    assert sum(chat.own) + chat.n_template == total
    assert sum(chat.own) + sum(chat.around) + chat.n_begun == total
    own, around = chat.counts[1]
    assert page.list.cards[1].count.text() == f"{own} + {around}"
    assert f"{total} tokens" in page.view.facts.text()
    assert f"{chat.n_template} of the template" in page.view.facts.text()


@given(
    st.lists(st.tuples(st.sampled_from(ROLES), st.text(st.characters(codec="utf-8"))), max_size=6),
    st.booleans(),
)
def test_counts_never_exceed_the_tokens(said: list[tuple[str, str]], begins: bool) -> None:
    messages = [ChatMessage(role, text) for role, text in said]  # type: ignore[arg-type]  # a Role
    rendered = rendered_chat(Render(job=1, messages=messages))
    chat = chat_tokens(rendered, messages, begins_answer=begins)
    assert len(chat.own) == len(messages) and min((*chat.own, *chat.around, 0)) == 0
    assert sum(chat.own) <= len(chat.prompt.tokens)
    assert begins or all(band.role != "reply" for band in chat.prompt.bands)


# ---- the list ----


def test_messages_are_added_moved_and_deleted_and_it_is_undone(
    page_bench: PageBench, page: ChatPage
) -> None:
    click(page.list.add_button)
    assert page.list.cards[-1].role.currentData() == "assistant"
    assert page.list.cards[-1].edit.hasFocus()
    QTest.keyClicks(page.list.cards[-1].edit, "Eleven km.")
    wait_rendered(page_bench, page, "Eleven km.")
    page.list.cards[-1].up.click()
    assert texts(page)[1] == "Eleven km."
    page.list.cards[1].delete.click()
    assert "Eleven km." not in texts(page)
    assert page.undo_words()[0] == "deleting a message"
    assert page.undo()
    assert texts(page)[1] == "Eleven km."
    assert page.undo() and page.undo()
    assert len(page.list.cards) == 2
    assert page.redo()
    assert texts(page)[2] == "Eleven km.", "what was typed is there again"


def test_keys_move_and_delete_a_message(page: ChatPage) -> None:
    before = texts(page)
    edit = page.list.cards[1].edit
    QTest.keyClick(edit, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert texts(page) == before[::-1]
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(edit, Qt.Key.Key_Backspace, held)
    assert texts(page) == before[:1]


def test_another_role_is_another_band(page_bench: PageBench, page: ChatPage) -> None:
    combo = page.list.cards[1].role
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    page_bench.until(lambda: "Model" in band_titles(page))
    assert last_request(page_bench).messages[1].role == "assistant"


def test_without_messages_a_sentence_says_what_to_do(page_bench: PageBench, page: ChatPage) -> None:
    while page.list.cards:
        page.list.cards[0].delete.click()
    page_bench.until(lambda: "There is no message" in page.view.problem.text())
    assert len(page.view.tokens.tokens) == 0
    assert not page.view.json_button.isEnabled()


def test_a_step_takes_back_no_words() -> None:
    draft = ChatDraft()
    draft.begin_with([ChatMessage("user", "one")])
    first = draft.entries[0].id
    draft.add()
    draft.set_text(first, "one, and more")
    draft.stack.undo()
    assert [one.content for one in draft.messages()] == ["one, and more"]


# ---- what goes wrong ----


def test_a_template_that_refuses_says_its_own_reason_and_nothing_is_lost(
    page_bench: PageBench, page: ChatPage
) -> None:
    shown = page.view.tokens.tokens.text()
    click(page.list.add_button)
    page.list.cards[-1].role.setCurrentIndex(1)
    page.list.cards[-1].role.activated.emit(1)
    QTest.keyClicks(page.list.cards[-1].edit, "And then?")
    page_bench.until(lambda: TEMPLATE_FAILURE in page.view.problem.text())
    assert page.view.problem.isVisible()
    assert page.view.tokens.tokens.text() == shown, "the tokens before are gone"
    assert texts(page)[-1] == "And then?"
    page.list.cards[-1].delete.click()
    page_bench.until(lambda: not page.view.problem.isVisible())


def test_half_a_character_is_said_in_words(page_bench: PageBench, page: ChatPage) -> None:
    n_before = len(page_bench.engine.asked(RenderChat))
    page.draft.set_text(page.draft.entries[1].id, "half \ud83d")
    page_bench.until(lambda: "half of a character" in page.view.problem.text())
    assert "Message 2" in page.view.problem.text()
    assert len(page_bench.engine.asked(RenderChat)) == n_before


def test_a_tokenizer_without_a_template_offers_those_that_have_one(
    page_bench: PageBench, page: ChatPage
) -> None:
    named = model_info("/models/other.gguf", "Other")
    bare = model_info("/models/base.gguf", "Base", template="none")
    page_bench.engine.listing = ModelList(models=[named, bare])
    page_bench.use("cl100k_base")
    page_bench.until(lambda: page.none.choices.count() == 2)
    assert page.none.isVisible() and not page.view.isVisible()
    assert "cl100k_base has no chat template" in page.none.words.text()
    named_buttons = {one.text(): one for one in page.none.findChildren(QPushButton)}
    assert set(named_buttons) == {"The starter model", "Other"}
    other = named_buttons["Other"]
    click(other)
    page_bench.until(lambda: page_bench.state.source == "/models/other.gguf")
    page_bench.until(lambda: page.view.isVisible() and page.view.shown is not None)
    assert len(page.list.cards) == 2


# ---- looking and copying ----


def test_pointing_tells_of_a_token_and_buttons_copy(page: ChatPage) -> None:
    view = page.view.tokens
    box = view.token_rect(0)
    QTest.mouseMove(view.viewport(), box.center().toPoint())
    QTest.mouseMove(view.viewport(), box.center().toPoint() + QPoint(1, 0))
    assert "· id 0 ·" in page.view.tools.info.text()
    assert "special" in page.view.tools.info.text()
    clipboard = QGuiApplication.clipboard()
    click(page.view.tools.ids_button)
    assert json.loads(clipboard.text()) == list(view.tokens.ids)
    click(page.view.tools.text_button)
    assert clipboard.text() == view.tokens.text()
    click(page.view.json_button)
    copied = json.loads(clipboard.text())
    assert b"".join(bytes.fromhex(one) for one in copied["pieces_hex"]) == view.tokens.data
    assert [one["role"] for one in copied["messages"]] == ["system", "user"]
    assert copied["spans"][-1][1] == len(view.tokens.data)


def test_search_finds_in_the_rendered_text(page: ChatPage) -> None:
    QTest.keyClicks(page.view.tools.search, "deep")
    first, end = page.view.tokens.found
    assert "deep" in page.view.tokens.tokens.text(first, end)


# ---- what is remembered ----


def test_messages_are_there_again_next_time(page_bench: PageBench, page: ChatPage) -> None:
    page.list.cards[1].edit.setPlainText("Kept for next time")
    page.begin_box.setChecked(False)
    page_bench.leave(page)
    again = page_bench.show(ChatPage(page_bench.parts))
    assert texts(again)[1] == "Kept for next time"
    assert not again.begin_box.isChecked()


def test_nothing_of_a_temporary_chat_is_written(page_bench: PageBench, page: ChatPage) -> None:
    page.list.cards[1].edit.setPlainText("mine to keep")
    wait_rendered(page_bench, page, "mine to keep")
    secret = ChatMessage("user", "nobody may read this")
    page.take(ChatPrompt((secret,), "starter", Origin("t1", "", is_private=True)))
    wait_rendered(page_bench, page, "nobody may read this")
    page_bench.leave(page)
    kept = [one.read_bytes() for one in page_bench.context.paths.home.rglob("*") if one.is_file()]
    assert not any(b"nobody may read this" in one for one in kept)
    again = page_bench.show(ChatPage(page_bench.parts))
    assert texts(again)[1] == "mine to keep"


def test_what_cannot_be_read_is_begun_anew(page_bench: PageBench) -> None:
    (page_bench.context.paths.home / "tokens_chat.json").write_bytes(b'{"messages": 3')
    page_bench.use("starter")
    page = page_bench.show(ChatPage(page_bench.parts))
    assert len(page.list.cards) == 2


def test_a_chat_comes_with_its_model_and_can_be_taken_back(
    page_bench: PageBench, page: ChatPage
) -> None:
    before = texts(page)
    said = (ChatMessage("system", "Be kind."), ChatMessage("user", "Hello there"))
    page.take(ChatPrompt(said, "/models/other.gguf", Origin("c1", "A chat")))
    wait_rendered(page_bench, page, "Hello there")
    assert last_request(page_bench).source == "/models/other.gguf"
    assert page.undo()
    assert texts(page) == before


def test_a_chat_whose_model_is_gone_goes_through_the_one_in_use(
    page_bench: PageBench, page: ChatPage
) -> None:
    page.take(ChatPrompt((ChatMessage("user", "Hello"),), "/gone.gguf", Origin("c1", "A chat")))
    wait_rendered(page_bench, page, "Hello")
    assert last_request(page_bench).source == "starter"


def test_a_damaged_file_of_what_was_kept_is_set_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_bytes(b'{"messages": [')
    told: list[str] = []
    kept = KeptFile(path, KeptChat(), lambda message, hint, detail: told.append(hint))
    assert kept.value == KeptChat()
    assert told == ["The old file is “kept.json.damaged”."]
    assert (tmp_path / "kept.json.damaged").read_bytes() == b'{"messages": ['
