"""Temporary chats: talked in like any other, and gone without a trace."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.paths import Paths
from engine.process.messages import Token
from gui.chat.temporary import TemporaryFeature
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]
SECRET = "xylophone-under-water"
KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def begin(bench: Bench) -> None:
    QTest.keyClick(bench.room, Qt.Key.Key_P, KEYS)
    assert bench.room.session.is_temporary


def ask(bench: Bench, text: str, answer: str) -> None:
    """A whole turn, waited for in the temporary chat's own store."""
    bench.send(text)
    bench.engine.say(*answer.partition(" "))
    bench.engine.finish()
    done: list[bool] = []
    bench.room.session.store.call(lambda _store: None, lambda _: done.append(True))
    bench.qtbot.waitUntil(lambda: bool(done))


def files_with(folder: Path, secret: str) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


def words(bench: Bench) -> bool:
    (feature,) = [one for one in bench.room.features if isinstance(one, TemporaryFeature)]
    return feature.words.isVisible()


def test_a_temporary_chat_says_so_in_its_title(bench: Bench) -> None:
    bench.room.resize(1700, 800)
    begin(bench)
    title = bench.room.work.header.title
    bench.qtbot.waitUntil(lambda: title.text() == "Temporary: nothing is kept")
    assert title.isReadOnly()


def test_a_temporary_chat_works_and_leaves_no_trace(bench: Bench, paths: Paths) -> None:
    bench.ask("About whales", "Big.")
    whales = bench.room.session.chat_id
    assert not words(bench)
    begin(bench)
    assert words(bench) and bench.room.session.is_temporary
    ask(bench, f"Tell me of the {SECRET}", f"The {SECRET} is loud.")
    request = bench.engine.generates[-1]
    assert request.private and not bench.engine.generates[0].private
    assert len(bench.shown()) == 2 and SECRET in bench.shown()[1]
    session, reply_id = bench.room.session, bench.room.work.transcript.message_ids()[1]
    session.rate(reply_id, 1)
    bench.room.details.change("system_prompt", SECRET)
    QTest.keyClicks(bench.room.work.composer.edit, SECRET)
    session.save_draft()
    kept: list[Token] = []
    session.store.call(lambda store: store.tokens(reply_id), kept.extend)
    bench.qtbot.waitUntil(lambda: len(kept) == 3)
    assert bench.titles() == ["About whales"]
    bench.room.session.open(whales)
    bench.qtbot.waitUntil(lambda: bench.shown() == ["About whales", "Big."])
    assert not words(bench) and not session.is_temporary
    bench.settle()
    assert bench.titles() == ["About whales"]
    assert not bench.room.undo(), "what was done there is gone too"
    assert bench.shown() == ["About whales", "Big."]
    bench.context.settings.flush()
    assert files_with(paths.home, SECRET) == []


def test_versions_edits_and_undo_work_in_it(bench: Bench) -> None:
    begin(bench)
    ask(bench, "Why is it dark?", "First answer")
    n_before = len(bench.engine.generates)
    bench.room.desk.regenerate_last()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    bench.engine.say("Second answer")
    bench.engine.finish()
    assert bench.room.undo() and bench.shown()[1] == "First answer"
    transcript = bench.room.work.transcript
    transcript.delete_requested.emit(transcript.message_ids()[0])
    assert bench.shown() == []
    assert bench.room.undo() and bench.shown() == ["Why is it dark?", "First answer"]
    assert bench.kept_nothing()


def test_leaving_it_stops_its_reply(bench: Bench) -> None:
    begin(bench)
    bench.send("Write a long story")
    bench.engine.say("Once ")
    job = bench.engine.generates[-1].job
    bench.room.list.new_button.click()
    assert bench.engine.cancelled == [job] and bench.shown() == []
    bench.engine.finish("cancelled", cancelled=True)
    bench.settle()
    assert bench.kept_nothing() and bench.banners() == []
    bench.ask("About whales", "Big.")
    assert bench.titles() == ["About whales"]


def test_closing_the_window_forgets_it(bench: Bench, paths: Paths) -> None:
    begin(bench)
    bench.send(f"Tell me of the {SECRET}")
    bench.engine.say("Once ")
    bench.room.save_state()
    bench.context.settings.flush()
    assert bench.context.settings.value.last_chat == ""
    assert files_with(paths.home, SECRET) == []
