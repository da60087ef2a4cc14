"""The chat room's Qt-free state: tree and branches, what is sent, a reply in the making, settings,
rows of the list.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.process.messages import (
    Cancelled,
    ChatMessage,
    Done,
    Dropped,
    Failed,
    Generated,
    PromptProgress,
    Reply,
    Span,
    Token,
    Tokens,
)
from gui.chat.chat_rows import HeadingRow, age_of, group_of, rows_of
from gui.chat.chat_settings import ChatSettings, from_json, to_json
from gui.chat.context_count import counts_of
from gui.chat.conversation import Conversation, Turn, first_words
from gui.chat.streaming import StreamingReply
from tests.fakes.rendered import rendered_text


def talk() -> Conversation:
    """q1 - a1 - q2 - a2, and a1b beside a1."""
    conversation = Conversation()
    conversation.add(Turn("q1", None, "user", "Why is it dark?"))
    conversation.add(Turn("a1", "q1", "assistant", "Water absorbs light."))
    conversation.add(Turn("q2", "a1", "user", "As a haiku."))
    conversation.add(Turn("a2", "q2", "assistant", "Blue sinks", state="stopped"))
    conversation.add(Turn("a1b", "q1", "assistant", "No light comes."))
    return conversation


def shown(conversation: Conversation) -> list[str]:
    return [turn.id for turn in conversation.path()]


# ---- tree ----


def test_a_new_version_is_shown_and_counted() -> None:
    conversation = talk()
    assert shown(conversation) == ["q1", "a1b"]
    assert conversation.version_of("a1b") == (2, 2)
    assert conversation.version_of("q1") == (1, 1)


def test_switching_a_version_brings_its_whole_branch_back() -> None:
    conversation = talk()
    assert conversation.switch_version("a1b", -1) == "a2"
    assert shown(conversation) == ["q1", "a1", "q2", "a2"]
    assert conversation.switch_version("a1", 1) == "a1b"
    assert shown(conversation) == ["q1", "a1b"]


def test_switching_remembers_which_of_two_ends_was_shown() -> None:
    conversation = talk()
    conversation.switch_version("a1b", -1)
    conversation.add(Turn("a2b", "q2", "assistant", "Lanterns"))
    conversation.switch_version("a2b", -1)
    conversation.switch_version("a1", 1)
    assert conversation.switch_version("a1b", -1) == "a2"


def test_at_the_ends_a_switch_changes_nothing() -> None:
    conversation = talk()
    assert conversation.switch_version("a1b", 1) == "a1b"
    assert conversation.switch_version("q1", -1) == "a1b"


def test_the_head_given_at_the_start_is_shown_and_an_unknown_one_is_not() -> None:
    turns = [Turn("q", None, "user", "x"), Turn("a", "q", "assistant", "y")]
    assert shown(Conversation(turns, "a")) == ["q", "a"]
    assert Conversation(turns, "gone").is_empty


@given(st.lists(st.integers(0, 30), max_size=40), st.lists(st.integers(-2, 2), max_size=20))
def test_any_tree_keeps_its_branches_whole(parents: list[int], steps: list[int]) -> None:
    conversation = Conversation([Turn("0", None, "user", "0")], "0")
    for number, parent in enumerate(parents, 1):
        conversation.add(Turn(str(number), str(parent % number), "user", str(number)))
    for step in steps:
        turn = conversation.path()[abs(step) % len(conversation.path())]
        conversation.switch_version(turn.id, step)
        path = conversation.path()
        assert path[0].parent_id is None and path[-1].id == conversation.head_id
        assert all(b.parent_id == a.id for a, b in pairwise(path))
        version, n_versions = conversation.version_of(turn.id)
        assert 1 <= version <= n_versions


def test_a_removed_turn_gives_way_to_its_neighbour_and_comes_back_with_its_branch() -> None:
    conversation = talk()
    conversation.switch_version("a1b", -1)
    conversation.remove("a1")
    assert shown(conversation) == ["q1", "a1b"] and conversation.version_of("a1b") == (1, 1)
    conversation.put_back("a1")
    assert shown(conversation) == ["q1", "a1", "q2", "a2"]
    assert conversation.version_of("a1") == (1, 2)


def test_removing_the_only_version_shows_what_stands_before_it() -> None:
    conversation = talk()
    conversation.switch_version("a1b", -1)
    conversation.remove("q2")
    assert shown(conversation) == ["q1", "a1"]
    conversation.remove("q1")
    assert conversation.is_empty
    conversation.put_back("q1")
    assert shown(conversation) == ["q1", "a1"]


def test_what_was_removed_stays_so_when_the_chat_is_opened_again() -> None:
    turns = [Turn("q", None, "user", "x"), Turn("a", "q", "assistant", "y")]
    assert shown(Conversation(turns, "a", ["a", "unknown"])) == ["q"]


# ---- what is sent ----


def test_a_request_holds_what_stands_before_the_reply_and_its_beginning_as_prefill() -> None:
    conversation = talk()
    settings = ChatSettings(system_prompt="Be brief.", temperature=0.2, max_tokens=9, seed=7)
    request = conversation.request_for("a2", 5, settings, is_base=False)
    assert request.job == 5 and request.prompt is None and request.prefill == "Blue sinks"
    assert request.messages == [
        ChatMessage(role="system", content="Be brief."),
        ChatMessage(role="user", content="Why is it dark?"),
        ChatMessage(role="assistant", content="Water absorbs light."),
        ChatMessage(role="user", content="As a haiku."),
    ]
    assert request.sampling.temperature == 0.2 and request.sampling.seed == 7
    assert request.max_tokens == 9 and request.overflow == "stop"


def test_a_blank_system_prompt_is_not_sent() -> None:
    request = talk().request_for("a1b", 1, ChatSettings(system_prompt=" \n"), is_base=False)
    assert request.messages == [ChatMessage(role="user", content="Why is it dark?")]


def test_a_base_model_gets_one_text() -> None:
    request = talk().request_for("a2", 1, ChatSettings(system_prompt="x"), is_base=True)
    assert request.messages is None and request.prefill == ""
    assert request.prompt == "Why is it dark?Water absorbs light.As a haiku.Blue sinks"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why is it dark?", "Why is it dark?"),
        ("  two\n lines ", "two lines"),
        ("word " * 20, "word word word word word word word word word…"),
        ("x" * 60, "x" * 48 + "…"),
        ("", ""),
    ],
)
def test_the_first_words_make_a_title(text: str, title: str) -> None:
    assert first_words(text) == title


# ---- a reply in the making ----


def token(text: str, reply: int = 0) -> Token:
    return Token(id=1, piece=text.encode(), text=text, reply=reply)


def generated(finish: str = "stop") -> Generated:
    reply = Reply(text="", finish=finish, n_generated=3, seed=7)  # type: ignore[arg-type]  # one of Finish
    return Generated(
        replies=[reply],
        n_prompt=245,
        n_reused=212,
        n_decoded=33,
        n_generated=3,
        tokens_per_s=152.4,
        first_token_ms=41.2,
        slices=[33],
        n_threads=2,
    )


def test_tokens_become_text_and_wait_to_be_saved() -> None:
    reply = StreamingReply("a", text="Blue ")
    assert reply.take(Tokens(job=1, items=[token("si"), token("nks"), token("no", reply=1)])) == (
        "sinks"
    )
    assert reply.text == "Blue sinks" and reply.n_tokens == 2
    text, tokens = reply.take_unsaved()
    assert text == "sinks" and [one.text for one in tokens] == ["si", "nks"]
    assert reply.take_unsaved() == ("", [])


def test_reading_is_told_until_the_first_token() -> None:
    reply = StreamingReply("a")
    assert not reply.is_reading()
    reply.take(PromptProgress(job=1, n_done=1024, n_total=3500, n_reused=0))
    assert reply.is_reading() and (reply.n_prompt_done, reply.n_prompt_total) == (1024, 3500)
    reply.take(Tokens(job=1, items=[token("a")]))
    assert not reply.is_reading()


def test_a_finished_reply_keeps_what_it_cost() -> None:
    reply = StreamingReply("a")
    reply.take(Done(job=1, result=generated()))
    assert reply.end == "done"
    assert reply.details["n_reused"] == 212 and reply.details["seed"] == 7


@pytest.mark.parametrize("finish", ["length", "context", "cancelled"])
def test_a_reply_that_did_not_end_by_itself_counts_as_stopped(finish: str) -> None:
    reply = StreamingReply("a")
    reply.take(Done(job=1, result=generated(finish)))
    assert reply.end == "stopped" and reply.details["finish"] == finish


def test_cancelled_with_and_without_figures() -> None:
    bare, full = StreamingReply("a"), StreamingReply("b")
    bare.take(Cancelled(job=1))
    full.take(Cancelled(job=1, result=generated("cancelled")))
    assert bare.end == full.end == "stopped"
    assert bare.details == {"finish": "cancelled"} and full.details["n_generated"] == 3


def test_a_failure_keeps_text_and_words() -> None:
    reply = StreamingReply("a", text="half")
    failed = Failed(job=1, message="The engine stopped.")
    reply.take(failed)
    assert reply.end == "failed" and reply.text == "half" and reply.failure == failed


def test_what_was_left_out_is_known_by_its_first_words() -> None:
    reply = StreamingReply("a", sent=["Be brief.", "Why is it dark?", "Water absorbs light."])
    reply.take(Dropped(job=1, messages=[1, 2], n_tokens=31))
    reply.take(Done(job=1, result=generated()))
    assert reply.details["dropped"] == ["Why is it dark?", "Water absorbs light."]
    assert reply.details["n_dropped_tokens"] == 31


# ---- settings ----


@given(
    st.builds(
        ChatSettings,
        temperature=st.floats(0, 2),
        top_p=st.floats(0, 1),
        top_k=st.integers(0, 200),
        max_tokens=st.integers(1, 131_072) | st.just(-1),
        seed=st.none() | st.integers(0, 2**31 - 1),
        system_prompt=st.text(max_size=20),
        overflow=st.sampled_from(["stop", "drop_oldest", "fail"]),
    )
)
def test_settings_round_trip(settings: ChatSettings) -> None:
    assert from_json(to_json(settings)) == settings


def test_defaults_are_not_written_and_unknown_keys_are_kept() -> None:
    assert to_json(ChatSettings()) == "{}"
    read = from_json('{"grammar": "root ::= x", "top_k": 20}')
    assert json.loads(to_json(read)) == {"grammar": "root ::= x", "top_k": 20}


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[1]", '{"temperature": "hot"}', '{"temperature": 99}', '{"top_k": -1}',
     '{"seed": -5}', '{"max_tokens": 0}', '{"overflow": "explode"}'],
)  # fmt: skip
def test_a_bad_value_falls_back_alone(text: str) -> None:
    read = from_json(text)
    assert read.sampling() == ChatSettings().sampling() and read.overflow == "stop"
    assert read.max_tokens == -1


def test_a_bad_value_leaves_its_neighbours() -> None:
    assert from_json('{"temperature": "hot", "min_p": 0.2}').min_p == 0.2


# ---- context ----


def test_tokens_are_counted_by_what_they_are() -> None:
    # <s>Be brief.|<u>Hi|<a>Yes no : a token for every two characters
    text = "<s>Be brief.<u>Hi<a>Yes no"
    starts = list(range(0, len(text), 2))
    spans = [Span(3, 12, 0), Span(15, 17, 1), Span(20, 26, 2)]
    rendered = rendered_text(text, spans, starts)
    messages = [
        ChatMessage(role="system", content="Be brief."),
        ChatMessage(role="user", content="Hi"),
        ChatMessage(role="assistant", content="Yes no"),
    ]
    counts = counts_of(rendered, messages, 100)
    assert (counts.system, counts.history, counts.reply) == (8, 2, 3)
    assert counts.used == len(starts) and counts.free == 87


# ---- rows ----


@dataclass(frozen=True)
class Entry:
    id: str
    title: str
    updated_s: float
    folder_id: str | None = None
    pinned: bool = False
    kind: str = "chat"


NOON = datetime(2031, 3, 14, 12, 0)


def entry(name: str, ago: timedelta) -> Entry:
    return Entry(name, name, (NOON - ago).timestamp())


def test_chats_stand_under_their_day_newest_first() -> None:
    chats = [
        entry("old", timedelta(days=40)),
        entry("week", timedelta(days=3)),
        entry("now", timedelta(minutes=2)),
        entry("yesterday", timedelta(hours=13)),
        entry("earlier today", timedelta(hours=5)),
    ]
    rows = [row.key if isinstance(row, HeadingRow) else row.title for row in rows_of(chats, NOON)]
    assert rows == [
        "today", "now", "earlier today", "yesterday", "yesterday", "week", "week", "earlier", "old"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ago", "unit", "n"),
    [
        (timedelta(seconds=30), "now", 0),
        (timedelta(minutes=2), "minutes", 2),
        (timedelta(hours=3), "hours", 3),
        (timedelta(days=2), "weekday", 0),
        (timedelta(days=30), "date", 0),
        (timedelta(seconds=-90), "now", 0),
    ],
)
def test_an_age_is_told_in_the_unit_that_fits(ago: timedelta, unit: str, n: int) -> None:
    age = age_of((NOON - ago).timestamp(), NOON)
    assert (age.unit, age.n) == (unit, n)


def test_the_week_ends_after_seven_days() -> None:
    assert group_of((NOON - timedelta(days=7)).timestamp(), NOON) == "week"
    assert group_of((NOON - timedelta(days=8)).timestamp(), NOON) == "earlier"
