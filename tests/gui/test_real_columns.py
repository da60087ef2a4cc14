"""Columns over the real starter: two settings side by side, another file's model in a worker of its
own, stopped in the middle, kept, and replayed from what is noted.
"""

import shutil
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt

from engine.models.starter import starter_path
from gui.chat.columns.columns import Columns
from gui.chat.receipt import read_receipt
from gui.chat.replay import Replay
from tests.gui.real_window import ENDLESS, LOAD_MS, SHORT, Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]


def columns_of(window: RealWindow) -> Columns:
    feature = next(one for one in window.room.features if isinstance(one, Columns))
    window.click(feature.button)
    window.until(lambda: bool(feature.library.presets.presets))
    return feature


def replies_of(window: RealWindow, feature: Columns) -> list[str]:
    turns = [page.last_reply() for page in feature.pages]
    return [turn.content if turn is not None else "" for turn in turns]


def n_workers() -> int:
    """Engine workers that this process started."""
    return sum(map(is_worker, psutil.Process().children()))


def is_worker(child: psutil.Process) -> bool:
    try:
        return "engine.process.worker" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:  # gone meanwhile
        return False


@pytest.fixture
def twin(real: RealWindow) -> str:
    """The starter under another path, which counts as another model."""
    path = real.context.paths.models / "twin.gguf"
    shutil.copy(starter_path(), path)
    return str(path)


def test_two_temperatures_side_by_side_one_kept_and_replayed(real: RealWindow) -> None:
    details = real.room.details
    details.change("max_tokens", 24)
    feature = columns_of(real)
    assert feature.view is not None
    other = feature.view.views[1]
    other.panel.row("temperature").changed.emit(1.5)
    other.panel.row("seed").changed.emit(11)
    real.send(ENDLESS)
    real.wait_for_end()
    calm, wild = replies_of(real, feature)
    assert calm and wild and calm != wild
    conversation = real.kept().conversation
    kept = [conversation.turn(column.head_id or "") for column in feature.columns]
    receipts = [read_receipt(turn.details) for turn in kept]
    assert all(receipt is not None for receipt in receipts)
    assert [one.sampling.temperature for one in receipts if one] == [0.0, 1.5]
    assert kept[1].details["seed"] == 11
    real.click(other.keep)
    assert not feature.is_open and real.texts() == [ENDLESS, wild]
    assert real.kept_texts() == [ENDLESS, wild]
    replay = next(one for one in real.room.features if isinstance(one, Replay))
    replay.replay_last()
    real.until(lambda: not replay.is_running)
    assert replay.strip.isVisible() and "same" in replay.strip.words.text()


def test_one_model_asked_three_times_in_one_batch(real: RealWindow) -> None:
    details = real.room.details
    details.change("max_tokens", 12)
    details.change("temperature", 1.2)
    feature = columns_of(real)
    assert feature.view is not None
    real.click(feature.view.add)
    real.send(ENDLESS)
    real.wait_for_end()
    replies = replies_of(real, feature)
    assert len(set(replies)) == 3
    conversation = real.kept().conversation
    seeds = [conversation.turn(one.head_id or "").details["seed"] for one in feature.columns]
    assert len(set(seeds)) == 3
    for column in feature.columns:
        turn = conversation.turn(column.head_id or "")
        assert turn.state in ("done", "stopped") and read_receipt(turn.details) is not None
    assert n_workers() == 1
    replay = next(one for one in real.room.features if isinstance(one, Replay))
    replay.replay(feature.columns[0].head_id or "")
    real.until(lambda: not replay.is_running)
    # Drawn alone, which rounds otherwise than three at once: a few tokens on it may part.
    words = replay.strip.words.text()
    assert replay.strip.isVisible() and ("12 tokens" in words or "Different from token" in words)


def test_another_model_in_a_worker_of_its_own_stopped_and_asked_again(
    real: RealWindow, twin: str
) -> None:
    feature = columns_of(real)
    assert feature.view is not None
    combo = feature.view.views[1].model
    real.until(lambda: combo.findData(twin) >= 0)
    combo.setCurrentIndex(combo.findData(twin))
    assert "column 2" in feature.view.plan.text()
    real.send(ENDLESS)
    pages = feature.pages
    real.until(lambda: all(page.reply and page.reply.n_tokens > 4 for page in pages), LOAD_MS)
    assert n_workers() == 2
    real.key(Qt.Key.Key_Escape)
    real.wait_for_end()
    conversation = real.kept().conversation
    turns = [conversation.turn(column.head_id or "") for column in feature.columns]
    assert [turn.state for turn in turns] == ["stopped", "stopped"]
    assert all(turn.content for turn in turns) and feature.is_open

    real.room.details.change("max_tokens", 8)
    feature.ask_again()
    real.until(lambda: real.room.session.is_busy)
    real.wait_for_end()
    first, second = replies_of(real, feature)
    assert first == second  # the same weights, greedily, in two processes
    assert n_workers() == 2
    real.key(Qt.Key.Key_Escape)
    real.until(lambda: n_workers() == 1)
    assert not feature.is_open


def test_the_window_closes_in_the_middle_and_opens_with_its_columns(
    open_window: Open, tmp_path: Path
) -> None:
    window = open_window()
    path = window.context.paths.models / "twin.gguf"
    shutil.copy(starter_path(), path)
    feature = columns_of(window)
    assert feature.view is not None
    combo = feature.view.views[1].model
    window.until(lambda: combo.findData(str(path)) >= 0)
    combo.setCurrentIndex(combo.findData(str(path)))
    window.send(ENDLESS)
    pages = feature.pages
    window.until(lambda: all(page.reply and page.reply.n_tokens > 2 for page in pages), LOAD_MS)
    window.type(SHORT)
    chat_id = window.room.session.chat_id
    again = open_window()
    assert n_workers() == 1
    feature = next(one for one in again.room.features if isinstance(one, Columns))
    again.until(lambda: feature.is_open)
    assert again.room.session.chat_id == chat_id
    assert [column.own.model_path for column in feature.columns] == ["", str(path)]
    assert all(replies_of(again, feature)) and again.edit.toPlainText() == SHORT
    kept = again.kept().conversation
    assert {kept.turn(one.head_id or "").state for one in feature.columns} == {"stopped"}
