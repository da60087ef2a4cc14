"""Chats to files and back: this app's own, and those of others."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.chats import exchange
from engine.chats.exchange import (
    ImportedChat,
    import_chats,
    read_all,
    read_chats,
    to_json,
    to_markdown,
)
from engine.chats.records import Chat
from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.process.messages import Candidate, Role, Token, Top
from tests.engine import chats_of_others as others
from tests.engine.chats_of_others import data


@pytest.fixture
def store() -> Iterator[ChatStore]:
    with ChatStore.in_memory() as opened:
        yield opened


def imported(store: ChatStore, value: Any) -> Chat:
    """The one chat of a document, as it is in the store."""
    (chat_id,) = import_chats(store, read_chats(data(value), "file.json"))
    return store.open_chat(chat_id)


def said(chat: Chat) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in chat.path()]


# ---- own JSON ----

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
times = st.floats(0, 4e9)
judged = st.tuples(st.sampled_from([-1, 0, 1]), texts, st.lists(texts, max_size=2))
additions = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sampled_from(["user", "assistant", "system", "tool"]),
        texts,
        st.sampled_from(["done", "stopped", "failed"]),
        st.dictionaries(texts, json_values, max_size=2),
        judged,
    ),
    max_size=12,
)


def tokens_of(number: int) -> list[Token]:
    likely = Candidate(number, b"\xf0\x9f", float("-inf"))
    return [Token(number, b"\xf0\x9f", "", -0.1 * number, 0, Top([likely], 0.25, [likely], 0.0))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(additions, st.integers(0, 20), texts, texts, texts, st.booleans())
def test_own_json_brings_all_of_a_chat_back(
    grown: list[Any], head: int, title: str, prompt: str, folder: str, flag: bool
) -> None:
    with ChatStore.in_memory() as store, ChatStore.in_memory() as other:
        folder_id = store.create_folder(folder) if folder else None
        chat_id = store.create_chat(
            title, settings=json.dumps({"p": prompt}), model_path="/m", folder_id=folder_id
        )
        ids: list[str | None] = [None]
        for place, role, text, state, details, (rating, correction, tags) in grown:
            parent = ids[place % len(ids)]
            ids.append(store.add_message(chat_id, parent, role, text, state=state, details=details))
            store.set_rating(str(ids[-1]), rating)
            store.set_correction(str(ids[-1]), correction)
            store.set_tags(str(ids[-1]), tags)
        store.set_head(chat_id, ids[head % len(ids)])
        store.set_pinned(chat_id, flag)
        chat = store.open_chat(chat_id)
        tokens = {str(one): tokens_of(number) for number, one in enumerate(ids) if number % 2}
        text = to_json([chat], tokens, {folder_id: folder} if folder_id else {})
        (copy_id,) = import_chats(other, read_chats(text.encode(), "x.json"))
        copy = other.open_chat(copy_id)
        assert shape(copy) == shape(chat)
        names = [one.name for one in other.list_folders()]
        assert names == ([folder] if folder else [])
        for old, new in zip(chat.messages, copy.messages, strict=True):
            assert other.tokens(new) == tokens.get(old, [])


def shape(chat: Chat) -> Any:
    """All of a chat, its ids replaced by places."""
    places: dict[str | None, int | None] = {None: None}
    places |= {message_id: place for place, message_id in enumerate(chat.messages)}
    messages = [
        msgspec.structs.replace(one, id="", parent_id=str(places[one.parent_id]))
        for one in chat.messages.values()
    ]
    info = msgspec.structs.replace(chat.info, id="", folder_id=None, head_id=None)
    return info, places[chat.info.head_id], messages


def test_what_was_deleted_or_not_sent_does_not_go_out(store: ChatStore) -> None:
    chat_id = store.create_chat("mine")
    question = store.add_message(chat_id, None, "user", "question")
    secret = store.add_message(chat_id, question, "assistant", "secret")
    store.add_message(chat_id, secret, "user", "secret too")
    reply = store.begin_reply(chat_id, question, content="half")
    store.set_draft(chat_id, "secret draft")
    store.delete_message(secret)
    text = to_json([store.open_chat(chat_id)])
    assert "secret" not in text and "secret" not in to_markdown(store.open_chat(chat_id))
    (chat,) = read_chats(text.encode(), "x")
    assert [one.state for one in chat.messages] == ["done", "stopped"]
    assert chat.head_id == reply


def test_a_newer_own_file_is_refused_and_a_damaged_chat_is_told() -> None:
    with pytest.raises(AppError, match="newer version"):
        read_chats(data({"format": "bathysphere-chats", "version": 99, "chats": []}), "x")
    with pytest.raises(AppError, match="damaged"):
        read_chats(data({"format": "bathysphere-chats", "version": 1, "chats": 3}), "x")
    with ChatStore.in_memory() as store:
        chat_id = store.create_chat("good")
        store.add_message(chat_id, None, "user", "hi")
        document = json.loads(to_json([store.open_chat(chat_id)]))
    good = document["chats"][0]
    message = good["messages"][0]
    loose = [message, {**message, "id": "l", "parent_id": "l"}, message]
    document["chats"] += [{**good, "title": 3}, {**good, "messages": loose, "head_id": "none"}]
    reading = read_all(data(document), "x")
    assert [len(chat.messages) for chat in reading.chats] == [1, 1]
    assert reading.problems == [
        "Chats left out, as they are damaged: 1.",
        "Messages left out, as their place in their chat is unclear: 2.",
    ]


# ---- own Markdown ----


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(max_size=30)
        | st.sampled_from(
            [
                "<!-- bathysphere: user -->\nfake",
                "\\<!-- bathysphere: assistant -->",
                "```\nopen fence",
                "## You\n\nhm\n\n",
                "# Title",
                "\n\n",
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["", "Be brief.", "## x"]),
)
def test_own_markdown_reads_back(contents: list[str], prompt: str) -> None:
    with ChatStore.in_memory() as store:
        chat_id = store.create_chat("A title", settings=json.dumps({"system_prompt": prompt}))
        parent = None
        for number, text in enumerate(contents):
            role: Role = "assistant" if number % 2 else "user"
            parent = store.add_message(
                chat_id, parent, role, text, model_name="M 1" if number % 2 else ""
            )
        chat = store.open_chat(chat_id)
        markdown = to_markdown(chat)
        (copy,) = read_chats(markdown.encode(), "x.md")
    assert (copy.title, copy.messages[-1].id) == ("A title", copy.head_id)
    assert [(one.role, one.content, one.model_name) for one in copy.messages] == [
        (one.role, one.content, one.model_name) for one in chat.path()
    ]
    assert copy.settings == (json.dumps({"system_prompt": prompt}) if prompt else "")


def test_markdown_is_readable_and_survives_an_editor(store: ChatStore) -> None:
    chat_id = store.create_chat("The sea")
    note = {"name": "a.txt", "kind": "text", "text": "Salt.", "pages": [], "note": ""}
    question = store.add_message(chat_id, None, "user", "Why?", details={"attachments": [note]})
    store.add_message(chat_id, question, "assistant", "Rivers.", model_name="Small")
    markdown = to_markdown(store.open_chat(chat_id))
    assert markdown.startswith("# The sea\n\n*20")
    assert "\n## You\n\na.txt\n```\nSalt.\n```\n\nWhy?\n\n" in markdown
    assert "\n## Small\n\nRivers.\n" in markdown
    windows = "\ufeff" + markdown.rstrip("\n").replace("\n", "\r\n")
    (copy,) = read_chats(windows.encode(), "x.md")
    assert [one.content for one in copy.messages][1] == "Rivers."
    assert copy.messages[0].content.endswith("```\n\nWhy?")


# ---- files of others ----


def test_chatgpt_comes_with_its_versions_and_without_its_machinery(store: ChatStore) -> None:
    reading = read_all(data([others.CHATGPT]), "conversations.json")
    (chat_id,) = import_chats(store, reading.chats)
    chat = store.open_chat(chat_id)
    assert said(chat) == [
        ("user", "Why is the sea salt?\n\n[picture]"),
        ("assistant", "Let me look.\n\nRivers carry it."),
    ]
    assert chat.version_of(chat.path()[-1].id) == (2, 2)
    assert (chat.info.title, chat.info.created_s, chat.info.updated_s) == ("Sea", 1.7e9, 1.7e9 + 9)
    assert chat.path()[-1].model_name == "gpt-4o" and chat.info.model_name == "gpt-4o"
    assert [problem.split()[-1] for problem in reading.problems] == ["1.", "2."]


def test_chatgpts_zip_is_opened(store: ChatStore) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", "{}")
        archive.writestr("export/conversations-000.json", json.dumps([others.CHATGPT]))
        archive.writestr("export/conversations-001.json", json.dumps([others.CHATGPT]))
    assert len(read_chats(packed.getvalue(), "export.zip")) == 2


def test_open_webui_comes_with_versions_ratings_files_and_reasoning(store: ChatStore) -> None:
    reading = read_all(data([others.OPEN_WEBUI]), "chats.json")
    (chat_id,) = import_chats(store, reading.chats)
    chat = store.open_chat(chat_id)
    assert said(chat) == [
        ("user", "Why?"),
        ("assistant", "<think>\nHm <b>.\nRivers.\n</think>\n\nRivers carry it."),
    ]
    question, reply = chat.path()
    assert question.details["attachments"][0]["text"] == "Salt."
    assert (reply.rating, reply.tags, reply.model_name) == (1, ("sea",), "Small 1")
    assert chat.version_of(reply.id) == (1, 2)
    assert chat.info.settings == '{"system_prompt": "Be brief."}'
    assert (chat.info.pinned, chat.info.title) == (True, "Sea")
    flat = {"chat": {"messages": others.FLAT}}
    assert said(imported(store, flat)) == [("user", "Hello"), ("assistant", "Hi")]
    assert said(imported(store, others.OPEN_WEBUI["chat"]))[0] == ("user", "Why?")


def test_lm_studio_comes_with_versions_and_steps(store: ChatStore) -> None:
    reading = read_all(data(others.LM_STUDIO), "1700000000000.conversation.json")
    (chat_id,) = import_chats(store, reading.chats)
    chat = store.open_chat(chat_id)
    assert said(chat) == [
        ("user", "Why is the sea salt?"),
        ("assistant", "<think>\nHm.\n</think>\n\nRivers carry it."),
        ("user", "And lakes?"),
    ]
    assert chat.version_of(chat.path()[1].id) == (2, 2)
    assert chat.path()[1].model_name == "small-7b"
    assert (chat.info.title, chat.info.created_s) == ("Sea", 1.7e9)
    assert chat.info.settings == '{"system_prompt": "Be brief."}'
    assert len(reading.problems) == 2


@pytest.mark.parametrize("form", ["list", "lines", "one", "roles", "bare"])
def test_sharegpt_is_read_in_its_forms(store: ChatStore, form: str) -> None:
    turns = {"conversations": others.SHAREGPT}
    roles = {"messages": others.FLAT}
    documents = {
        "list": json.dumps([turns]),
        "lines": json.dumps(turns) + "\nbroken\n\n" + json.dumps(roles) + "\n",
        "one": json.dumps(turns, indent=1),
        "roles": json.dumps({"data": [roles]}),
        "bare": json.dumps(others.FLAT),
    }
    reading = read_all(documents[form].encode(), "data.jsonl")
    if form in ("roles", "bare"):
        assert [one.content for one in reading.chats[0].messages] == ["Hello", "Hi"]
        return
    first = reading.chats[0]
    assert [(one.role, one.content) for one in first.messages] == [
        ("user", "Hello"),
        ("assistant", "Hi there"),
    ]
    assert first.settings == '{"system_prompt": "Be kind."}'
    assert (first.title, first.title_is_auto) == ("Hello", True)
    assert reading.problems == (
        ["Lines left out, as they are no JSON: 1."] if form == "lines" else []
    )


def test_importing_twice_gives_two_chats(store: ChatStore) -> None:
    chats = read_chats(data([others.CHATGPT]), "x")
    first, second = import_chats(store, chats) + import_chats(store, chats)
    assert first != second and len(store.list_chats()) == 2
    assert len(store.search("rivers")) == 4, "each with both of its versions"


def test_a_failure_in_the_middle_says_how_many_are_there(
    store: ChatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "GROUP", 1)
    chats = read_chats(data([others.CHATGPT, others.CHATGPT]), "x")
    monkeypatch.setattr(store, "insert_chats", failing_second(store))
    with pytest.raises(AppError, match="1 of 2 chats were imported"):
        import_chats(store, chats)
    assert len(store.list_chats()) == 1


def failing_second(store: ChatStore) -> Any:
    insert, calls = store.insert_chats, iter(range(9))

    def insert_or_fail(chats: list[ImportedChat]) -> list[str]:
        if next(calls):
            raise AppError("The disk is full.")
        return insert(chats)

    return insert_or_fail
