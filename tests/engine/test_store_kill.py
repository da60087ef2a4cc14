"""kill -9 of a process that writes chats: what a call had confirmed is in the file."""

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.chats.store import ChatStore, Message

ROOT = Path(__file__).parents[2]

# A busy chat. Each line says what a call that has returned had written.
BUSY = """
import sys
from pathlib import Path
from engine.chats.store import ChatStore
from engine.process.messages import Token

store = ChatStore(Path(sys.argv[1]))
say = lambda *words: print(*words, sep="\\t", flush=True)
chat = store.create_chat()
say("chat", chat)
parent = None
for turn in range(10_000):
    store.set_draft(chat, f"draft {turn}")
    say("draft", chat, turn)
    parent = store.add_message(chat, parent, "user", f"question {turn}")
    say("message", parent, f"question {turn}")
    reply = store.begin_reply(chat, parent)
    say("reply", reply)
    for part in range(6):
        store.append_reply(reply, f"<{part}>", [Token(part, b"x", "x", -1.0)])
        say("part", reply, part)
    store.finish_reply(reply, "done", details={"turn": turn})
    say("done", reply)
    store.add_message(chat, parent, "assistant", f"version {turn}", message_id=f"v{turn}")
    say("message", f"v{turn}", f"version {turn}")
    store.set_head(chat, reply)
    say("head", chat, reply)
    parent = reply
"""


def run_and_kill(path: Path, n_lines: int) -> list[list[str]]:
    """Let a child write, kill it once it has said so many lines; all that it said."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(n_lines)]
        # The child is by now in the midst of some later call.
        child.kill()
        said += child.stdout.readlines()
    assert len(said) >= n_lines
    return [line.rstrip("\n").split("\t") for line in said if line.endswith("\n")]


def check(path: Path, said: list[list[str]]) -> None:
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    for words in ("chat_words", "message_words"):
        raw.execute(f"INSERT INTO {words} ({words}, rank) VALUES ('integrity-check', 1)")
    raw.rollback()
    raw.close()
    with ChatStore(path) as store:
        assert store.notice is None
        assert store.recover() <= 1 and store.recover() == 0
        chat = store.open_chat(said[0][1])
        n_tokens = {one: len(store.tokens(one)) for one in chat.messages}
    confirmed: dict[str, int] = {}
    for kind, subject, *rest in said[1:]:
        if kind == "message":
            assert chat.messages[subject].content == rest[0]
        elif kind == "part":
            confirmed[subject] = int(rest[0]) + 1
        elif kind == "reply":
            confirmed[subject] = 0
        elif kind == "done":
            assert chat.messages[subject].state == "done" and chat.messages[subject].details
    for reply, n_parts in confirmed.items():
        check_reply(chat.messages[reply], n_parts, n_tokens[reply])
    drafts = [int(rest[0]) for kind, _, *rest in said if kind == "draft"]
    if drafts:
        assert chat.info.draft in (f"draft {drafts[-1]}", f"draft {drafts[-1] + 1}")


def check_reply(reply: Message, n_confirmed: int, n_tokens: int) -> None:
    """Text and tokens are those of the parts confirmed, and at most of one more."""
    assert reply.state in ("done", "stopped")
    n_parts = reply.content.count("<")
    assert reply.content == "".join(f"<{part}>" for part in range(n_parts))
    assert n_confirmed <= n_parts <= n_confirmed + 1
    assert n_tokens == n_parts


@pytest.mark.parametrize("seed", range(10))
def test_nothing_confirmed_is_lost(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "chats.db"
    check(path, run_and_kill(path, random.Random(seed).randint(1, 120)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 210))
def test_nothing_confirmed_is_lost_at_two_hundred_moments(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "chats.db"
    check(path, run_and_kill(path, random.Random(seed).randint(1, 600)))


def test_a_file_killed_again_and_again_stays_sound(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    for seed in range(4):
        check(path, run_and_kill(path, random.Random(seed).randint(20, 80)))
    with ChatStore(path) as store:
        assert len(store.list_chats()) == 4
