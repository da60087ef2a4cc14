"""The branches of a chat: in a list with their first words, made from any message, forked at a
token, and found from outside.
"""

import time

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.process.messages import Candidate, Token, Tokens, Top
from gui.chat.branch_list import branches_of
from gui.chat.branches import BranchesFeature
from gui.chat.conversation import Conversation, Turn
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]


def ids(bench: Bench) -> list[str]:
    return bench.room.work.transcript.message_ids()


def feature(bench: Bench) -> BranchesFeature:
    return next(one for one in bench.room.features if isinstance(one, BranchesFeature))


def two_branches(bench: Bench) -> None:
    """A question about the dark, and the same message written anew about the cold."""
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.room.work.transcript.edit_requested.emit(ids(bench)[0])
    bench.ask("Why is it cold?", "No sun.")


# ---- the list ----


@given(st.lists(st.integers(0, 30), max_size=40), st.sets(st.integers(1, 40), max_size=4))
def test_every_leaf_is_listed_once(parents: list[int], removed: set[int]) -> None:
    turns = [Turn("0", None, "user", "0")]
    turns += [Turn(str(n), str(p % n), "user", str(n)) for n, p in enumerate(parents, 1)]
    conversation = Conversation(turns, "0", [str(n) for n in removed if n <= len(parents)])
    branches = branches_of(conversation)
    assert conversation.n_branches == len(branches) == len({one.leaf_id for one in branches})
    for branch in branches:
        assert not conversation.children(branch.leaf_id)
        path = [turn.id for turn in conversation.path_to(branch.leaf_id)]
        assert len(path) == branch.n_messages and branch.departs_id in path
        others = [one for one in branches if one is not branch]
        elsewhere = {t.id for one in others for t in conversation.path_to(one.leaf_id)}
        assert branch.departs_id not in elsewhere


def test_a_chat_of_ten_thousand_messages_is_walked_without_recursion() -> None:
    turns = [Turn(str(n), str(n - 1) if n else None, "user", str(n)) for n in range(10_000)]
    begun_s = time.perf_counter()
    (branch,) = branches_of(Conversation(turns, "9999"))
    assert branch.n_messages == 10_000 and branch.is_shown
    assert time.perf_counter() - begun_s < 1.0


def test_the_list_shows_first_words_and_enter_goes_there(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    button, popup = feature(bench).button, feature(bench).popup
    assert not button.isVisible()
    bench.room.work.transcript.edit_requested.emit(ids(bench)[0])
    bench.ask("Why is it cold?", "No sun.")
    assert button.isVisible() and button.text() == "2"
    QTest.keyClick(bench.room, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert popup.isVisible() and popup.entries.count() == 2
    words = [popup.entries.item(row).text() for row in range(2)]
    assert words[0].startswith("Why is it cold?\nYou · 2 messages · ")
    QTest.keyClicks(popup.search, "dark")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert bench.shown() == bench.kept_texts() == ["Why is it dark?", "Water absorbs light."]
    assert bench.room.undo() and bench.kept_texts() == ["Why is it cold?", "No sun."]


# ---- from a message ----


def test_a_branch_into_a_new_chat_holds_what_came_before(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    old_id, reply_id = bench.room.session.chat_id, ids(bench)[1]
    bench.room.work.transcript.action_requested.emit("branch", reply_id)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Why is it dark?", "Water absorbs light."])
    copy_id = bench.room.session.chat_id
    assert copy_id != old_id and bench.room.session.title == "Why is it dark? (branch)"
    assert len(bench.kept(old_id).conversation.path()) == 4
    bench.qtbot.waitUntil(lambda: len(bench.titles()) == 2)
    assert bench.room.undo()
    bench.qtbot.waitUntil(lambda: bench.titles() == ["Why is it dark?"])


def test_going_on_from_an_earlier_reply_makes_a_branch_there(bench: Bench) -> None:
    bench.ask("Why is it dark?", "Water absorbs light.")
    bench.ask("And cold?", "No sun.")
    bench.room.work.transcript.action_requested.emit("go-on", ids(bench)[1])
    assert bench.shown() == ["Why is it dark?", "Water absorbs light."]
    bench.ask("And deep?", "Eleven kilometres.")
    assert bench.kept_texts()[2:] == ["And deep?", "Eleven kilometres."]
    turn = bench.room.session.conversation.path()[2]
    assert bench.room.session.conversation.version_of(turn.id) == (2, 2)


def test_a_message_on_another_branch_is_shown_where_it_stands(bench: Bench) -> None:
    two_branches(bench)
    chat_id, conversation = bench.room.session.chat_id, bench.room.session.conversation
    dark = next(b for b in branches_of(conversation) if b.words == "Why is it dark?")
    bench.room.session.new_chat()
    bench.room.session.show_message(chat_id, dark.departs_id)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["Why is it dark?", "Water absorbs light."])
    assert bench.room.work.transcript.current_message == 0


# ---- at a token ----


def token(number: int, text: str, other: int = 0) -> Token:
    top = Top([Candidate(other, b" alt", -2.0)], 0.1, [], 0.0) if other else None
    return Token(number, text.encode(), text, -0.1, 0, top)


def test_a_fork_begins_with_exactly_these_tokens_and_goes_on(bench: Bench) -> None:
    bench.send("Why is it dark?")
    job = bench.engine.generates[-1].job
    bench.engine.tell(
        Tokens(job=job, items=[token(11, "Water"), token(12, " absorbs", 99), token(13, " it.")])
    )
    bench.engine.finish()
    bench.settle()
    reply_id, session = ids(bench)[1], bench.room.session
    session.fork(reply_id, [11, 99], "Water alt")
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    request = bench.engine.generates[-1]
    assert (request.prefill, request.prefill_ids) == ("", [11, 99])
    bench.qtbot.waitUntil(lambda: bench.shown()[1] == "Water alt")
    bench.engine.tell(Tokens(job=request.job, items=[token(14, " scatters.")]))
    bench.engine.finish()
    assert bench.kept_texts()[1] == bench.shown()[1] == "Water alt scatters."
    kept: list[Token] = []
    session.store.call(lambda store: store.tokens(ids(bench)[1]), kept.extend)
    bench.qtbot.waitUntil(lambda: bool(kept))
    assert [one.id for one in kept] == [11, 99, 14] and kept[1].logprob == -2.0
    assert session.conversation.version_of(ids(bench)[1]) == (2, 2)
    assert bench.room.undo() and bench.kept_texts()[1] == "Water absorbs it."


def test_another_model_is_given_the_text_and_not_foreign_tokens(bench: Bench) -> None:
    bench.send("Why is it dark?")
    bench.engine.say("Water", " absorbs")
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    bench.engine.model = model_info("/models/big.gguf", "Big")
    bench.engine.model = type(bench.engine.model)(
        **{f: getattr(bench.engine.model, f) for f in bench.engine.model.__struct_fields__}
        | {"fingerprint": "another"}
    )
    bench.room.loader.load("/models/big.gguf")
    bench.engine.answer()
    bench.room.work.strip.continue_button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) == 2)
    request = bench.engine.generates[-1]
    assert (request.prefill, request.prefill_ids) == ("Water absorbs", [])


def test_a_reply_by_hand_is_saved_as_it_grows_and_is_a_version(bench: Bench) -> None:
    bench.ask("Why is it dark?", "First answer")
    session, turns = bench.room.session, list[Turn]()
    session.begin_own_reply(ids(bench)[0], turns.append)
    bench.qtbot.waitUntil(lambda: bool(turns))
    reply_id = turns[0].id
    assert session.is_busy and session.is_written_by_hand
    session.append_own(reply_id, "Water", [token(11, "Water")])
    session.append_own(reply_id, " is", [token(12, " is")])
    assert bench.shown()[1] == bench.kept_texts()[1] == "Water is"
    session.replace_own(reply_id, "Water", [token(11, "Water")])
    session.append_own(reply_id, " absorbs.", [token(13, " absorbs.")])
    assert bench.shown()[1] == bench.kept_texts()[1] == "Water absorbs."
    assert bench.kept().conversation.turn(reply_id).state == "streaming"
    session.finish_own(reply_id, {"finish": "stop"})
    kept: list[Token] = []
    session.store.call(lambda store: store.tokens(reply_id), kept.extend)
    bench.qtbot.waitUntil(lambda: bool(kept))
    assert [one.id for one in kept] == [11, 13] and not bench.room.session.is_busy
    assert bench.kept().conversation.turn(reply_id).state == "done"
    assert session.conversation.version_of(reply_id) == (2, 2)
    assert bench.room.undo() and bench.kept_texts()[1] == "First answer"
