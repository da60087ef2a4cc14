"""The tree of continuations: growing, walking it by mouse and keys, going on from a branch."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.process.token_messages import GrowTree, Tree, TreeLevel, TreeNode
from gui.tokens.tree_panel import TreePanel
from gui.tokens.tree_shape import TreeShape
from tests.fakes.fake_engine import model_info
from tests.gui.probability_helpers import END_ID, ProbabilityBench, click, prob

__all__ = ["prob"]

KEYS = Qt.Key


def node(parent: int, piece: str, share: float, token: int = 50) -> TreeNode:
    return TreeNode(parent, token, piece.encode(), math.log(share))


FIRST = [node(-1, " water", 0.5), node(-1, " sea", 0.25)]
SECOND = [node(0, " is", 0.4), node(0, " was", 0.2), node(1, "<|im_end|>", 0.5, END_ID)]


@pytest.fixture
def panel(prob: ProbabilityBench) -> TreePanel:
    panel = TreePanel(prob.parts)
    prob.state.token_chosen.connect(panel.on_token_chosen)
    prob.state.text_changed.connect(panel.on_text_changed)
    prob.show(panel)
    return panel


def grown(prob: ProbabilityBench, count: int = 1) -> GrowTree:
    request = prob.wait_for(GrowTree, count)
    prob.engine.tell(TreeLevel(job=request.job, nodes=FIRST))
    prob.engine.tell(TreeLevel(job=request.job, nodes=SECOND))
    prob.finish(request, Tree(FIRST + SECOND))
    return request


def click_node(panel: TreePanel, index: int, *, twice: bool = False) -> None:
    place = panel.view.box(index).center().toPoint()
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=place)
    if twice:
        QTest.mouseDClick(panel.view, Qt.MouseButton.LeftButton, pos=place)


def test_it_grows_level_by_level_behind_the_end(prob: ProbabilityBench, panel: TreePanel) -> None:
    request = prob.wait_for(GrowTree)
    assert (request.ids, request.width, request.depth) == (prob.ids, 3, 4)
    assert panel.title == "How “the deep sea is dark and cold” could go on"
    assert panel.stop.isVisible() and not panel.again.isVisible()
    prob.engine.tell(TreeLevel(job=request.job, nodes=FIRST))
    assert len(panel.view.shape) == 2
    width = panel.view.minimumWidth()
    prob.engine.tell(TreeLevel(job=request.job, nodes=SECOND))
    assert len(panel.view.shape) == 5 and panel.view.minimumWidth() > width
    prob.finish(request, Tree(FIRST + SECOND))
    assert panel.again.isVisible() and not panel.stop.isVisible()
    assert panel.view.accessibleDescription() == "The tree has 5 tokens."


def test_it_grows_behind_the_chosen_token(prob: ProbabilityBench, panel: TreePanel) -> None:
    grown(prob)
    prob.state.choose_token(4)
    request = grown(prob, 2)
    assert request.ids == prob.ids[:5]
    start = prob.state.document.tokens.start(5)
    before = prob.text
    click_node(panel, 2)
    click(panel.go_on)
    assert prob.text == before[:start] + " water is" + before[start:]
    request = prob.wait_for(GrowTree, 3)
    last = prob.state.document.token_at(start + len(" water is") - 1)
    assert prob.state.chosen == last and request.ids == prob.ids[: last + 1]


def test_a_click_tells_the_branch_and_going_on_puts_it_in_and_grows_again(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    grown(prob)
    assert not panel.go_on.isEnabled()
    click_node(panel, 3)
    assert panel.words.text() == "“·water·was” · 10 % in all"
    words = panel.view.accessibleDescription()
    assert words == "was: 20 % here, 10 % for the whole branch"
    before = prob.text
    click(panel.go_on)
    assert prob.text == before + " water was"
    request = grown(prob, 2)
    assert request.ids == prob.ids
    prob.state.document.undo()
    assert prob.text == before


def test_a_double_click_goes_on(prob: ProbabilityBench, panel: TreePanel) -> None:
    grown(prob)
    before = prob.text
    click_node(panel, 1, twice=True)
    assert prob.text == before + " sea"


def test_arrow_keys_walk_the_branches_and_enter_goes_on(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    grown(prob)
    view, before = panel.view, prob.text
    view.setFocus()
    assert view.current == 0
    for key, expected in (
        (KEYS.Key_Right, 2),
        (KEYS.Key_Down, 3),
        (KEYS.Key_Down, 4),
        (KEYS.Key_Down, 4),
        (KEYS.Key_Up, 3),
        (KEYS.Key_Left, 0),
        (KEYS.Key_Left, 0),
        (KEYS.Key_Down, 1),
    ):
        QTest.keyClick(view, key)
        assert view.current == expected, key
    QTest.keyClick(view, KEYS.Key_Return)
    assert prob.text == before + " sea"


def test_a_special_token_is_not_put_in(prob: ProbabilityBench, panel: TreePanel) -> None:
    grown(prob)
    before = prob.text
    click_node(panel, 4)
    click(panel.go_on)
    assert prob.text == before and "<|im_end|>" not in prob.text
    assert "is no text" in panel.words.text()


def test_depth_and_width_grow_it_anew_one_job_at_a_time(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    first = prob.wait_for(GrowTree)
    panel.depth_box.setValue(6)
    panel.width_box.setValue(2)
    second = prob.wait_for(GrowTree, 2)
    assert (second.depth, second.width) == (6, 2) and first.job in prob.engine.cancelled
    prob.engine.tell(TreeLevel(job=first.job, nodes=FIRST))  # too late
    assert len(panel.view.shape) == 0
    prob.engine.tell(TreeLevel(job=second.job, nodes=FIRST))
    assert len(panel.view.shape) == 2


def test_stop_keeps_what_is_there_and_grow_begins_anew(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    request = prob.wait_for(GrowTree)
    prob.engine.tell(TreeLevel(job=request.job, nodes=FIRST))
    click(panel.stop)
    assert request.job in prob.engine.cancelled and len(panel.view.shape) == 2
    click(panel.again)
    grown(prob, 2)
    assert len(panel.view.shape) == 5


def test_nobody_looking_ends_it_and_coming_back_grows_it(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    first = prob.wait_for(GrowTree)
    prob.host.hide()
    assert first.job in prob.engine.cancelled
    prob.host.show()
    grown(prob, 2)
    prob.host.hide()
    prob.host.show()
    prob.qtbot.waitUntil(lambda: not panel.is_growing)
    assert len(prob.asked(GrowTree)) == 2  # it stands as it was


def test_a_failure_is_told_and_a_model_that_goes_too(
    prob: ProbabilityBench, panel: TreePanel
) -> None:
    prob.fail(prob.wait_for(GrowTree), "There is no text to go on from.")
    assert panel.words.text() == "There is no text to go on from."
    click(panel.again)
    grown(prob, 2)
    prob.context.model.set(None)
    assert panel.note.isVisible() and len(panel.view.shape) == 0 and not panel.again.isEnabled()
    prob.context.model.set(model_info())
    prob.wait_for(GrowTree, 3)


def test_the_likelier_branch_is_the_wider_one(prob: ProbabilityBench, panel: TreePanel) -> None:
    grown(prob)
    image = panel.view.grab().toImage()
    ground = image.pixelColor(1, 1)

    def thickness(index: int) -> int:
        box = panel.view.box(index)
        x, middle = round(box.left()) - 4, round(box.center().y())
        return sum(image.pixelColor(x, middle + dy) != ground for dy in range(-11, 12))

    assert thickness(0) > thickness(1) > 0


TREES = st.lists(st.tuples(st.integers(0, 30), st.floats(0.01, 1)), min_size=1, max_size=40)


@given(TREES)
def test_no_two_tokens_stand_in_one_place(choices: list[tuple[int, float]]) -> None:
    shape = TreeShape()
    for n, (parent, share) in enumerate(choices):
        shape.add([node(parent % (n + 1) - 1, f"{n},", share)])
    places = [(shape.levels[n], shape.row(n)) for n in range(len(shape))]
    for n, (level, row) in enumerate(places):
        others = [at for k, (one, at) in enumerate(places) if one == level and k != n]
        assert all(abs(row - other) >= 1 for other in others)
        way = shape.path(n)
        assert shape.total_share(n) == pytest.approx(math.prod(shape.share(one) for one in way))
        assert shape.data(n).decode() == "".join(f"{one}," for one in way)
        assert 0 <= row <= shape.n_rows - 1


def test_a_child_without_its_parent_is_refused() -> None:
    with pytest.raises(ValueError, match="node 0 follows 3"):
        TreeShape().add([node(3, "x", 0.5)])
