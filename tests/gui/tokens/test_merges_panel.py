"""The merges panel through its own widgets, over small real tokenizers."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.token_messages import MergeHistory
from gui.context import AppContext
from gui.tokens.merge_steps import MergeSteps, word_around
from gui.tokens.merges_panel import MergesPanel
from tests.engine.tokenizer_files import gguf_bpe, gguf_ugm, gguf_wpm
from tests.gui.vocabulary_helpers import HereWorker, Wishes, parts_of


class Bench:
    def __init__(self, qtbot: QtBot, context: AppContext, path: Path) -> None:
        self.qtbot = qtbot
        self.worker = HereWorker(path)
        self.parts = parts_of(context, self.worker, Wishes())
        self.panel = MergesPanel(self.parts)
        qtbot.addWidget(self.panel)
        self.panel.resize(800, 420)
        self.panel.show()

    def show(self, word: str) -> MergesPanel:
        self.panel.set_word(word)
        self.worker.answer_all()
        return self.panel


@pytest.fixture
def merges(qtbot: QtBot, context: AppContext, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(qtbot, context, gguf_bpe(tmp_path, "gpt-2"))
    yield bench
    bench.panel.save_state()


def steps_of(panel: MergesPanel) -> MergeSteps:
    assert panel.steps is not None
    return panel.steps


def test_a_word_is_shown_at_its_end(merges: Bench) -> None:
    panel = merges.show("hello")
    assert panel.slider.maximum() == panel.moment == 3
    assert panel.chips.texts == ["he", "llo"]
    assert panel.title == "How “hello” was merged"
    assert "Nothing merges any more: 2 tokens." in panel.words.text()


def test_keys_go_back_and_forward(merges: Bench) -> None:
    panel = merges.show("hello")
    panel.slider.setFocus()
    QTest.keyClick(panel.slider, Qt.Key.Key_Home)
    assert panel.chips.texts == ["h", "e", "l", "l", "o"]
    assert panel.chips.marked == (-1, 0)
    assert "Next: h and e (rank 2)." in panel.words.text()
    QTest.keyClick(panel.slider, Qt.Key.Key_Right)
    assert panel.chips.texts == ["he", "l", "l", "o"] and panel.chips.marked == (0, 1)
    assert "h and e became he (rank 2)." in panel.words.text()
    assert panel.slider.accessibleDescription() == panel.words.text()
    QTest.keyClick(panel.slider, Qt.Key.Key_Left)
    assert panel.chips.texts == ["h", "e", "l", "l", "o"]


def test_buttons_go_to_both_ends_and_step(merges: Bench) -> None:
    panel = merges.show("hello")
    click = QTest.mouseClick
    assert not panel.forward_button.isEnabled()
    click(panel.first_button, Qt.MouseButton.LeftButton)
    assert panel.moment == 0 and not panel.back_button.isEnabled()
    click(panel.forward_button, Qt.MouseButton.LeftButton)
    assert panel.moment == 1
    click(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.moment == 0
    click(panel.last_button, Qt.MouseButton.LeftButton)
    assert panel.moment == 3


def test_playing_runs_to_the_end_and_stops(merges: Bench) -> None:
    panel = merges.show("hello")
    panel._playing.setInterval(1)
    QTest.mouseClick(panel.play_button, Qt.MouseButton.LeftButton)
    assert panel.moment == 0 and panel.is_playing
    assert panel.play_button.accessibleName() == "Pause"
    merges.qtbot.waitUntil(lambda: panel.moment == 3)
    assert panel.play_button.accessibleName() == "Play the merges"


def test_hiding_stops_playing(merges: Bench) -> None:
    panel = merges.show("hello")
    QTest.mouseClick(panel.play_button, Qt.MouseButton.LeftButton)
    panel.hide()
    assert not panel.is_playing


def test_the_tree_has_a_node_for_each_byte_and_each_merge(merges: Bench) -> None:
    panel = merges.show("hello")
    nodes = steps_of(panel).nodes()
    assert [node.piece for node in nodes] == [b"h", b"e", b"l", b"l", b"o", b"he", b"ll", b"llo"]
    boxes = panel.tree.boxes
    for node, box in zip(nodes, boxes, strict=True):
        if node.step >= 0:
            assert box.bottom() < boxes[node.left].top()
            assert boxes[node.left].center().x() <= box.center().x()
    same_height = [box for node, box in zip(nodes, boxes, strict=True) if node.height == 0]
    assert all(a.right() <= b.left() for a, b in pairwise(same_height))
    assert "ll + o: llo" in panel.tree.accessibleDescription()
    panel.slider.setValue(2)
    assert panel.tree.box_of_last == boxes[6]


def test_typing_asks_for_the_last_word_only(merges: Bench) -> None:
    n_before = len(merges.worker.requests)
    QTest.keyClicks(merges.panel.field, "world")
    merges.qtbot.waitUntil(lambda: not merges.panel._typing.isActive())
    asked = merges.worker.requests[n_before:]
    assert [one.word for one in asked if isinstance(one, MergeHistory)] == ["world"]
    merges.worker.answer_all()
    assert b"".join(steps_of(merges.panel).merges.pieces) == b"world"


def test_the_word_around_the_chosen_token_is_taken(merges: Bench) -> None:
    document = merges.parts.state.document
    document.set_text("say hello now")
    lengths = np.array([3, 3, 3, 4], np.int32)
    document.put_tokens(0, np.arange(4, dtype=np.int32), lengths, np.zeros(4, np.uint8))
    merges.panel.on_token_chosen(2)
    merges.worker.answer_all()
    assert merges.panel.field.text() == " hello"


def test_a_word_from_elsewhere_is_shown(merges: Bench) -> None:
    merges.parts.state.look_at_word("lazy")
    merges.worker.answer_all()
    assert merges.panel.field.text() == "lazy" and merges.panel.chips.texts == ["laz", "y"]


def test_too_long_a_word_gets_a_sentence(merges: Bench) -> None:
    panel = merges.show("a" * 1_001)
    assert "too long to replay" in panel.words.text()
    assert panel.steps is None and not panel.slider.isEnabled()


def test_no_word_says_what_to_do(merges: Bench) -> None:
    panel = merges.show("")
    assert panel.chips.texts == [] and "type a word" in panel.words.text()


@pytest.mark.parametrize("make", [gguf_ugm, gguf_wpm])
def test_choices_are_shown_as_a_lattice(
    make: Callable[[Path], Path], qtbot: QtBot, context: AppContext, tmp_path: Path
) -> None:
    bench = Bench(qtbot, context, make(tmp_path))
    panel = bench.show("hello")
    assert panel.pictures.currentWidget() is panel.lattice_scroll
    assert not panel.slider.isVisible()
    rows = panel.lattice.rows
    assert all(one.is_taken for one in rows[0])
    assert [one.piece for one in rows[0]] == steps_of(panel).merges.pieces
    for row in rows:
        assert all(a.end <= b.start for a, b in pairwise(row))
    assert "taken" in panel.lattice.accessibleDescription()
    assert not panel.grab().isNull()


@pytest.mark.parametrize(
    ("text", "start", "end", "word"),
    [
        (b"say hello now", 6, 8, " hello"),
        (b"hello", 0, 2, "hello"),
        (b" hello", 0, 1, " hello"),
        ("ein Öltank".encode(), 4, 6, " Öltank"),
        (b"", 0, 0, ""),
    ],
)
def test_words_end_at_white_space(text: bytes, start: int, end: int, word: str) -> None:
    assert word_around(text, start, end) == word
