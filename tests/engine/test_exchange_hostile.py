"""Files of chats made to do harm: refused in one sentence, or read as far as they hold."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.chats import exchange, unpacked
from engine.chats.exchange import import_chats, read_all, read_chats, read_file, to_json
from engine.chats.store import ChatStore
from engine.errors import AppError
from tests.engine import chats_of_others as others
from tests.engine.chats_of_others import data


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\0\1\2",
        b"just words",
        b"[]",
        b"{}",
        b"[1, 2, 3]",
        b'{"mapping": {}}',
        b'{"mapping": [',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'[{"conversations": [[[[]]]]}]',
        b"PK\x03\x04 not a zip",
        b"\xff\xfe\xd8",
        b"1e999",
        b"<html><script>alert(1)</script>",
    ],
)
def test_what_holds_no_chats_is_refused_in_one_sentence(hostile: bytes) -> None:
    with pytest.raises(AppError) as caught:
        read_chats(hostile, "file.json")
    assert "file.json" in caught.value.message and caught.value.hint


def node(parent: Any, role: str = "user", text: Any = "x") -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    return {"parent": parent, "message": {"author": {"role": role}, "content": content}}


def test_cycles_and_missing_parents_are_put_in_order() -> None:
    mapping = {
        "a": node("b"),
        "b": node("a"),
        "self": node("self"),
        "orphan": node("nowhere", text="kept"),
        "child": node("orphan", "assistant", "kept too"),
        "odd": node(3, text=5),
        "none": None,
    }
    reading = read_all(data({"mapping": mapping, "current_node": "a", "title": 3}), "x")
    (chat,) = reading.chats
    assert [one.content for one in chat.messages[:2]] == ["kept", "kept too"]
    assert "Messages left out, as their place in their chat is unclear: 3." in reading.problems


def test_a_chain_of_twenty_thousand_needs_no_recursion() -> None:
    mapping = {
        str(n): node(str(n - 1) if n else None, "assistant" if n % 2 else "user", f"m{n}")
        for n in range(20_000)
    }
    (chat,) = read_chats(data({"mapping": mapping, "current_node": "19999"}), "x")
    assert len(chat.messages) == 20_000 and chat.head_id == "19999"


def test_reasoning_that_never_closes_costs_no_time() -> None:
    text = "</details>" + '<details type="reasoning">' * 50_000
    history = {"messages": {"a": {"role": "assistant", "content": text}}, "currentId": "a"}
    (chat,) = read_chats(data({"history": history}), "x")
    assert chat.messages[0].content == text


def test_a_file_beyond_the_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacked, "MAX_FILE_BYTES", 1000)
    path = tmp_path / "big.json"
    path.write_bytes(b" " * 1001)
    with pytest.raises(AppError, match=r"big\.json.* is larger"):
        read_file(path)
    with pytest.raises(AppError, match="is larger"):
        read_chats(b" " * 1001, "big.json")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", " " * 100_000)
    assert len(packed.getvalue()) < 1000
    with pytest.raises(AppError, match="is larger"):
        read_chats(packed.getvalue(), "bomb.zip")
    with pytest.raises(AppError, match="cannot be read"):
        read_file(tmp_path / "missing.json")


def test_deep_details_are_left_out() -> None:
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    with ChatStore.in_memory() as store:
        chat_id = store.create_chat("x")
        store.add_message(chat_id, None, "user", "kept")
        store.add_message(chat_id, None, "user", "deep", details={"x": deep})
        reading = read_all(to_json([store.open_chat(chat_id)]).encode(), "x")
    assert [one.content for one in reading.chats[0].messages] == ["kept"]


def test_more_than_the_bound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MAX_CHATS", 2)
    monkeypatch.setattr(exchange, "MAX_MESSAGES", 1)
    short = {"messages": others.FLAT[:1]}
    reading = read_all(data([short, {"messages": others.FLAT}, short, short]), "x")
    assert len(reading.chats) == 2 and len(reading.problems) == 2


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(["user", "assistant", "system", "text", "a", "b", "\ud800", "x" * 50]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(others.KEYS), inner, max_size=6)
    ),
    max_leaves=25,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(others.ALL), st.lists(st.tuples(st.integers(0, 200), junk), max_size=4))
def test_wrong_types_anywhere_are_refused_or_read(document: Any, changes: list[Any]) -> None:
    """Each document with some of its values replaced by anything: chats or a sentence."""
    changed = json.loads(json.dumps(document))
    for place, value in changes:
        others.replace_at(changed, place, value)
    try:
        chats = read_chats(data(changed), "x.json")
    except AppError:
        return
    with ChatStore.in_memory() as store:
        for chat_id in import_chats(store, chats):
            store.open_chat(chat_id).path()
        store.search("a")
