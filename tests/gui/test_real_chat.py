"""The window with the real worker, the starter model and the real store: a person chats, stops,
goes back, and things die meanwhile.
"""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from engine.chats.store import ChatStore
from engine.paths import Paths
from gui.menus import EditMenu
from gui.notices import Notices
from gui.widgets.banner import Banner
from tests.gui.real_window import ENDLESS, SHORT, Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]

WINDOW = str(Path(__file__).parents[1] / "fakes" / "real_window.py")
pytestmark = pytest.mark.real_model
FRANCE = "What is the capital of France? One word."
CTRL = Qt.KeyboardModifier.ControlModifier


def banners(notices: Notices) -> list[Banner]:
    return notices.banners.banners


# ---- turns ----


def test_a_first_chat_streams_and_the_second_turn_reuses_the_first(real: RealWindow) -> None:
    lengths: list[int] = []
    real.room.replies.text_arrived.connect(lambda *_: lengths.append(len(real.texts()[-1])))
    real.ask(SHORT)
    assert real.texts()[0] == SHORT and "Rome" in real.texts()[1]
    assert len(set(lengths)) > 1 and lengths == sorted(lengths)
    assert real.kept_texts() == real.texts()
    assert real.titles() == [SHORT]
    footer = real.view().footer
    assert "tok/s" in footer and "seed" in footer and "reused 0 of" in footer
    real.ask("And of Spain?")
    details = real.kept().conversation.path()[-1].details
    assert details["n_reused"] > 0 and details["n_decoded"] < details["n_prompt"]
    assert f"reused {details['n_reused']} of {details['n_prompt']}" in real.view().footer


def test_stop_ends_within_a_second_and_continue_goes_on(real: RealWindow) -> None:
    real.never_end()
    real.send(ENDLESS)
    real.write_some()
    began_s = time.monotonic()
    real.key(Qt.Key.Key_Escape)
    real.until(lambda: not real.room.session.is_busy)
    assert time.monotonic() - began_s < 1.0
    stopped = real.texts()[-1]
    assert stopped and real.kept_texts()[-1] == stopped
    assert real.kept().conversation.path()[-1].state == "stopped"
    assert real.view().footer.endswith("stopped")
    real.click(real.work.strip.continue_button)
    real.write_some()
    real.click(real.work.composer.stop_button)
    real.wait_for_end()
    assert real.texts()[-1].startswith(stopped) and len(real.texts()[-1]) > len(stopped)
    assert len(real.ids()) == 2 and real.kept_texts() == real.texts()


def test_regenerate_makes_a_second_version_and_the_arrows_switch(real: RealWindow) -> None:
    real.ask(SHORT)
    first = real.texts()[-1]
    wild = {"temperature": 2.0, "min_p": 0.0, "top_p": 1.0, "top_k": 0, "seed": 7, "max_tokens": 16}
    for name, value in wild.items():
        real.room.details.change(name, value)
    real.click_message(real.ids()[-1], "regenerate")
    real.wait_for_end()
    second = real.texts()[-1]
    assert second != first and (real.view().version, real.view().n_versions) == (2, 2)
    real.click_message(real.ids()[-1], "previous")
    assert real.texts()[-1] == first and real.view().version == 1
    assert real.kept_texts()[-1] == first
    real.click_message(real.ids()[-1], "next")
    assert real.texts()[-1] == second and real.kept_texts()[-1] == second


def test_an_edited_message_makes_a_branch_and_the_old_one_is_kept(real: RealWindow) -> None:
    real.ask(SHORT)
    old = real.texts()
    real.click_message(real.ids()[0], "edit")
    assert real.edit.toPlainText() == SHORT
    real.key(Qt.Key.Key_A, CTRL)
    real.ask(FRANCE)
    assert real.texts()[0] == FRANCE and "Paris" in real.texts()[1]
    assert (real.view(real.ids()[0]).version, real.view(real.ids()[0]).n_versions) == (2, 2)
    real.click_message(real.ids()[0], "previous")
    assert real.texts() == old == real.kept_texts()


# ---- chats ----


def test_a_deleted_message_and_a_deleted_chat_come_back(real: RealWindow) -> None:
    real.ask(SHORT)
    texts = real.texts()
    real.click_message(real.ids()[1], "delete")
    assert real.texts() == texts[:1]
    real.click(real.context.notices.strip.undo_button)
    assert real.texts() == texts and real.kept_texts() == texts
    real.room.session.delete(real.room.session.chat_id)
    real.until(lambda: not real.titles())
    assert real.work.welcome.isVisible()
    edit_menu = real.window.findChild(EditMenu)
    assert edit_menu is not None
    real.window.setFocus()
    edit_menu.undo_action.trigger()
    real.until(lambda: real.titles() == [SHORT])
    real.until(lambda: real.texts() == texts)


def test_a_chat_is_renamed_in_its_title(real: RealWindow) -> None:
    real.ask(SHORT)
    real.click(real.work.header.title)
    real.key(Qt.Key.Key_A, CTRL)
    QTest.keyClicks(real.work.header.title, "Capitals")
    real.key(Qt.Key.Key_Return)
    real.until(lambda: real.titles() == ["Capitals"])
    assert real.kept().title == "Capitals"


def test_a_draft_and_the_chat_are_there_when_the_window_opens_again(open_window: Open) -> None:
    first = open_window()
    first.ask(SHORT)
    texts = first.texts()
    first.type("And what about")
    second = open_window()
    second.until(lambda: second.texts() == texts)
    assert second.edit.toPlainText() == "And what about"
    assert second.room.session.title == SHORT
    assert SHORT.startswith(second.work.header.title.text().removesuffix("…"))


def test_a_reply_goes_on_in_its_own_chat_while_another_is_open(real: RealWindow) -> None:
    real.send(ENDLESS)
    writing_id, title = real.room.session.chat_id, real.room.session.title
    real.key(Qt.Key.Key_N, CTRL)
    real.ask(SHORT)
    assert real.texts()[0] == SHORT and "Rome" in real.texts()[1] and len(real.ids()) == 2
    other = real.texts()
    real.click_chat(title)
    real.until(lambda: bool(real.ids()) and real.texts()[0] == ENDLESS)
    assert real.room.session.is_busy and real.view().streaming
    seen = len(real.texts()[-1])
    real.write_some()
    assert len(real.texts()[-1]) > seen
    real.key(Qt.Key.Key_Escape)
    real.wait_for_end()
    assert real.kept_texts(writing_id) == real.texts() and len(real.ids()) == 2
    assert "Rome" not in real.texts()[1]
    assert sorted(real.titles()) == sorted([SHORT, title])
    real.click_chat(SHORT)
    real.until(lambda: real.texts() == other)


# ---- the context, the theme ----


def test_what_was_left_out_of_a_full_context_is_said(open_window: Open) -> None:
    real = open_window(n_ctx=256)
    real.room.details.change("max_tokens", 12)
    real.room.details.change("overflow", "drop_oldest")
    long_question = "Remember these words: " + " ".join(f"fish number {n}," for n in range(22))
    real.ask(long_question)
    assert not real.view().note
    real.ask(long_question.replace("fish", "whale"))
    assert "left out" in real.view().note and "Remember these words" in real.view().note
    details = real.kept().conversation.path()[-1].details
    assert details["n_dropped_tokens"] > 0 and details["dropped"]


def test_the_theme_changes_while_a_reply_streams(real: RealWindow) -> None:
    real.send(ENDLESS)
    for mode in ("dark", "light"):
        real.context.theme.set_mode(mode)
        pane = QColor(real.context.theme.palette.pane)
        real.write_some(4)
        picture = real.window.grab().toImage()
        corner = real.transcript.mapTo(real.window, real.transcript.rect().topLeft())
        assert picture.pixelColor(corner.x() + 3, corner.y() + 3) == pane
        assert real.room.session.is_busy
    real.key(Qt.Key.Key_Escape)
    real.wait_for_end()


# ---- what dies ----


def test_a_worker_killed_in_mid_reply_is_told_restarted_and_the_reply_goes_on(
    real: RealWindow,
) -> None:
    real.never_end()
    real.send(ENDLESS)
    real.write_some()
    first_pid = real.context.engine.pid
    psutil.Process(first_pid).kill()
    real.until(lambda: not real.room.session.is_busy, 2_000)
    assert [one.message for one in banners(real.context.notices)] == [
        "The engine stopped unexpectedly."
    ]
    assert "started again" in banners(real.context.notices)[0].hint
    broken = real.texts()[-1]
    assert broken and real.kept_texts()[-1] == broken
    assert real.kept().conversation.path()[-1].state == "failed"
    real.until(lambda: real.room.loader.model is not None)
    assert real.context.engine.pid != first_pid
    real.click(real.work.strip.continue_button)
    real.write_some()
    real.key(Qt.Key.Key_Escape)
    real.wait_for_end()
    assert real.texts()[-1].startswith(broken) and len(real.texts()[-1]) > len(broken)
    assert real.kept_texts() == real.texts()


def killed_in_mid_reply(question: str, n_saved: int) -> tuple[int, int]:
    """Open a window in a process of its own, send, and kill it once the store has so many letters.

    Returns:
        The pid of its worker, and how many letters were on the disk at least.
    """
    with subprocess.Popen(
        [sys.executable, WINDOW, question], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            worker_pid = saved = 0
            while saved < n_saved:
                what, number = child.stdout.readline().split()
                worker_pid = int(number) if what == "worker" else worker_pid
                saved = int(number) if what == "saved" else saved
        finally:
            child.kill()
    return worker_pid, saved


def test_a_window_killed_in_mid_reply_leaves_the_words_and_no_worker(
    open_window: Open, paths: Paths
) -> None:
    worker_pid, n_saved = killed_in_mid_reply(ENDLESS, 40)
    if psutil.pid_exists(worker_pid):
        psutil.Process(worker_pid).wait(timeout=2)
    raw = sqlite3.connect(paths.chats)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    with ChatStore(paths.chats) as store:
        assert store.notice is None and store.recover() == 1
        (row,) = store.list_chats()
        question, reply = store.open_chat(row.id).path()
    assert question.content == ENDLESS
    assert reply.state == "stopped" and len(reply.content) >= n_saved
    real = open_window()
    real.click_chat(row.title)
    real.until(lambda: real.texts() == [ENDLESS, reply.content])
    real.click(real.work.strip.continue_button)
    real.write_some()
    real.key(Qt.Key.Key_Escape)
    real.wait_for_end()
    assert real.kept_texts()[-1].startswith(reply.content)
    assert len(real.kept_texts()[-1]) > len(reply.content)
