"""Large files of chats for the store's tests, made past the store, which would sync each one."""

import sqlite3
from pathlib import Path


def fill(path: Path, n_chats: int, n_messages: int, content: str = "A sentence. " * 40) -> None:
    """Chats of one long branch each: chat c0 with messages m0-0, m0-1, ..."""
    with sqlite3.connect(path) as raw:
        chats = [(f"c{n}", f"Chat {n}", n, n, f"m{n}-{n_messages - 1}") for n in range(n_chats)]
        raw.executemany(
            "INSERT INTO chats (id, title, created_s, updated_s, head_id) VALUES (?, ?, ?, ?, ?)",
            chats,
        )
        raw.executemany(
            "INSERT INTO messages (id, chat_id, parent_id, role, content, created_s, state,"
            """ details) VALUES (?, ?, ?, ?, ?, 0, 'done', '{"n_prompt": 12}')""",
            (
                (
                    f"m{chat}-{number}",
                    f"c{chat}",
                    f"m{chat}-{number - 1}" if number else None,
                    "assistant" if number % 2 else "user",
                    content,
                )
                for chat in range(n_chats)
                for number in range(n_messages)
            ),
        )
    raw.close()
