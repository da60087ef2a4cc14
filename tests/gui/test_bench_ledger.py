"""The kill bench tells what was confirmed and is not in the file any more, and nothing else."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.chats.store import ChatStore
from gui.bench_ledger import LATE_S, Ledger, read_line

MESSAGE, REPLY = "Why is the sea salt?", "Rivers carry salt"


@dataclass
class Case:
    """A file with one turn and a draft, and a ledger that was told all of it."""

    store: ChatStore
    path: Path
    ledger: Ledger
    chat: str
    question: str
    reply: str

    def lost(self) -> list[str]:
        return self.ledger.lost(self.path)

    def typed(self, number: int, text: str, edit: str = "", at_s: float = 3.0) -> None:
        self.ledger.hear(["typed", at_s, self.chat, number, text, edit])

    def look(self, n_typed: int, draft: str, texts: dict[str, str], at_s: float = 4.0) -> None:
        line = ["look", at_s, self.chat, n_typed, at_s, draft, "", self.reply, texts]
        self.ledger.hear(line)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with ChatStore(tmp_path / "chats.db") as store:
        chat = store.create_chat()
        question = store.add_message(chat, None, "user", MESSAGE)
        reply = store.begin_reply(chat, question)
        store.append_reply(reply, REPLY, [])
        store.set_draft(chat, "And the")
        ledger = Ledger()
        ledger.hear(["turn", 1.0, chat, question, None, MESSAGE])
        ledger.hear(["turn", 1.0, chat, reply, question, ""])
        result = Case(store, tmp_path / "chats.db", ledger, chat, question, reply)
        result.typed(1, "And the")
        result.look(1, "And the", {question: MESSAGE, reply: REPLY})
        yield result


def test_a_file_that_has_everything_has_lost_nothing(case: Case) -> None:
    assert case.ledger.n_confirmed == 3
    assert case.lost() == []
    assert case.lost() == [], "nor is it lost when it is looked at again"


@pytest.mark.parametrize("which", ["question", "reply"])
def test_a_message_that_is_gone_is_lost(case: Case, which: str) -> None:
    raw = sqlite3.connect(case.path)
    gone = case.question if which == "question" else case.reply
    raw.execute("DELETE FROM messages WHERE id = ?", (gone,))
    raw.commit()
    raw.close()
    assert any(f"version {gone}" in one for one in case.lost())


def test_words_that_are_gone_are_lost_and_later_ones_are_not(case: Case) -> None:
    case.store.append_reply(case.reply, " into it.", [])
    assert case.lost() == []
    case.store.finish_reply(case.reply, "done", REPLY[:-2])
    assert [one for one in case.lost() if one.startswith(f"text of {case.reply}")]
    case.store.set_content(case.question, MESSAGE + " More.")
    assert [one for one in case.lost() if one.startswith(f"text of {case.question}")]


def test_an_edit_may_be_there_until_it_is_confirmed_and_must_be_from_then_on(case: Case) -> None:
    case.ledger.hear(["wish", 5.0, case.reply, "Salt."])
    assert case.lost() == []
    case.ledger.hear(["wish", 5.0, case.reply, "Salt."])
    case.store.finish_reply(case.reply, "done", "Salt.")
    assert case.lost() == []
    case.ledger.hear(["wish", 6.0, case.reply, "Salt and more."])
    case.look(1, "And the", {case.reply: "Salt and more."}, 6.1)
    assert case.lost(), "the file has the words before"


def test_a_draft_may_be_a_later_one_and_no_earlier_one(case: Case) -> None:
    case.typed(2, "And the lake")
    case.store.set_draft(case.chat, "And the lake")
    assert case.lost() == []
    case.typed(3, "And the lake of")
    case.look(3, "And the lake of", {}, 4.2)
    assert [one for one in case.lost() if one.startswith("draft: 'And the lake'")]


def test_a_draft_may_go_with_the_message_it_became_and_only_then(case: Case) -> None:
    case.store.set_draft(case.chat, "")
    assert [one for one in case.lost() if one.startswith("draft: ''")]
    case.store.set_draft(case.chat, "And the")
    assert case.lost(), "once: what the file had then was what there was"
    assert case.lost() == []
    case.ledger.hear(["send", 5.0, case.chat, "And the"])
    case.store.set_draft(case.chat, "")
    assert case.lost(), "the message is not there"
    case.look(1, "And the", {}, 5.1)
    case.ledger.hear(["send", 5.2, case.chat, "And the"])
    case.store.add_message(case.chat, case.reply, "user", "And the")
    case.ledger.hear(["acts", 5.2, case.chat])
    assert case.lost() == []


def test_typing_that_the_window_keeps_to_itself_is_lost(case: Case) -> None:
    case.typed(2, "And the lake", at_s=5.0)
    case.look(2, "And the", {}, 5.0 + LATE_S / 2)
    assert case.lost() == []
    case.typed(3, "And the lake", at_s=10.0)
    case.look(3, "And the", {}, 10.0 + LATE_S + 1)
    assert any("not handed over within" in one for one in case.lost())
    assert case.lost() == []


def test_a_message_in_the_middle_of_being_edited_is_kept_like_a_draft(case: Case) -> None:
    case.typed(2, "And the", "Why is the")
    case.ledger.hear(["look", 4.5, case.chat, 2, 4.5, "And the", "Why is the", case.reply, {}])
    assert [one for one in case.lost() if one.startswith("edited message: ''")]


def test_a_branch_that_was_shown_is_shown_unless_another_was_asked_for(case: Case) -> None:
    case.store.set_head(case.chat, case.question)
    assert [one for one in case.lost() if one.startswith("branch shown")]
    case.ledger.hear(["acts", 5.0, case.chat])
    case.store.set_head(case.chat, case.reply)
    assert case.lost() == []


def test_a_chat_that_is_gone_is_lost(case: Case) -> None:
    case.store.delete(case.chat)
    assert f"chat {case.chat}" in case.lost()


def test_the_time_until_a_draft_is_saved_is_measured(case: Case) -> None:
    case.typed(2, "And the lake", at_s=5.0)
    case.look(2, "And the", {}, 5.1)
    case.look(2, "And the lake", {}, 5.25)
    assert case.ledger.slowest_draft_s == pytest.approx(0.25)


def test_a_line_that_was_cut_off_is_no_line() -> None:
    assert read_line('["acts", 1.0, "c"]\n') == ["acts", 1.0, "c"]
    assert read_line('["acts", 1.0') is None
