"""The chat store's thread: order, answers on the window's thread, errors, and the flush at the
end.
"""

import threading
from pathlib import Path

from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.paths import Paths
from gui.chat.store_thread import StoreThread


def titles(path: Path) -> list[str]:
    with ChatStore(path) as store:
        return [row.title for row in store.list_chats()]


def test_work_runs_elsewhere_and_answers_here_in_order(qtbot: QtBot, paths: Paths) -> None:
    thread = StoreThread(paths.chats)
    workers: list[str] = []
    answers: list[tuple[int, str]] = []

    def work(_store: ChatStore, number: int) -> int:
        workers.append(threading.current_thread().name)
        return number

    for n in range(20):
        thread.call(
            lambda store, n=n: work(store, n),  # type: ignore[misc]  # a default in a lambda
            lambda n: answers.append((n, threading.current_thread().name)),
        )
    assert not answers
    qtbot.waitUntil(lambda: len(answers) == 20)
    assert [number for number, _ in answers] == list(range(20))
    assert {name for _, name in answers} == {"MainThread"}
    assert set(workers) == {"chat-store"}
    thread.close()


def test_a_slow_disk_does_not_hold_up_the_window(qtbot: QtBot, paths: Paths) -> None:
    thread, go = StoreThread(paths.chats), threading.Event()
    done: list[object] = []
    thread.call(lambda _store: go.wait(10), done.append)
    thread.call(lambda store: store.create_chat("x"), done.append)
    assert not done
    go.set()
    qtbot.waitUntil(lambda: len(done) == 2)
    thread.close()


def test_closing_finishes_what_is_queued(paths: Paths) -> None:
    thread = StoreThread(paths.chats)
    for n in range(50):
        thread.call(lambda store, n=n: store.create_chat(f"chat {n}"))  # type: ignore[misc]
    thread.close()
    assert len(titles(paths.chats)) == 50


def test_after_closing_nothing_is_called_back(qtbot: QtBot, paths: Paths) -> None:
    thread = StoreThread(paths.chats)
    called: list[object] = []
    thread.call(lambda store: store.list_chats(), called.append)
    thread.close()
    thread.close()
    thread.call(lambda store: store.list_chats(), called.append)
    qtbot.wait(1)
    assert called == []


def test_an_expected_failure_goes_to_its_own_listener_or_to_all(qtbot: QtBot, paths: Paths) -> None:
    thread = StoreThread(paths.chats)
    own: list[AppError] = []
    thread.call(lambda store: store.rename("nobody", "x"), None, own.append)
    qtbot.waitUntil(lambda: bool(own))
    assert own[0].hint
    with qtbot.waitSignal(thread.failed) as failed:
        thread.call(lambda store: store.rename("nobody", "x"))
    assert isinstance(failed.args[0], AppError)
    thread.close()


def test_a_bug_reaches_the_windows_thread_and_the_store_lives_on(
    qtbot: QtBot, paths: Paths
) -> None:
    thread = StoreThread(paths.chats)
    done: list[str] = []
    with capture_exceptions() as caught:
        thread.call(lambda _store: 1 // 0)
        thread.call(lambda store: store.create_chat("after"), done.append)
        qtbot.waitUntil(lambda: bool(done))
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    thread.close()


def test_a_file_that_cannot_be_opened_refuses_every_call_in_words(
    qtbot: QtBot, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("x")
    thread = StoreThread(blocked / "chats.db")
    errors: list[AppError] = []
    for _ in range(2):
        thread.call(lambda store: store.list_chats(), None, errors.append)
    qtbot.waitUntil(lambda: len(errors) == 2)
    assert all(error.message and error.hint for error in errors)
    thread.close()


def test_a_damaged_file_is_told(qtbot: QtBot, paths: Paths) -> None:
    paths.chats.write_bytes(b"no database at all " * 100)
    thread = StoreThread(paths.chats)
    with qtbot.waitSignal(thread.failed) as failed:
        pass
    assert isinstance(failed.args[0], AppError)
    thread.close()
    assert titles(paths.chats) == []
