"""Columns: several answers to one prompt, as conversations of their own, one of which is kept."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.process.messages import Done, Token, Tokens
from gui.chat.chat_settings import ChatSettings
from tests.fakes.fake_engine import generated
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.columns_helpers import Side, side_of

__all__ = ["bench", "context"]  # fixtures


@pytest.fixture
def side(bench: Bench) -> Side:
    return side_of(bench)


def test_one_model_asked_twice_is_one_batch_whose_replies_are_versions(side: Side) -> None:
    side.ask("Why is the sea salt?")
    (request,) = side.bench.engine.generates
    assert request.n_replies == 2
    side.answer("Rivers carry salt into it.", "Because rivers carry salt there.")
    assert side.shown() == [
        ["Why is the sea salt?", "Rivers carry salt into it."],
        ["Why is the sea salt?", "Because rivers carry salt there."],
    ]
    kept = side.bench.kept().conversation
    question = kept.path()[0]
    assert [kept.turn(one).content for one in kept.children(question.id)] == [
        "Rivers carry salt into it.",
        "Because rivers carry salt there.",
    ]
    replies = [kept.turn(one) for one in kept.children(question.id)]
    assert [turn.details["seed"] for turn in replies] == [7, 8]
    assert all(turn.details["made_with"]["sampling"] for turn in replies)


def test_columns_go_on_as_conversations_and_one_is_kept(side: Side) -> None:
    side.ask("Name a fish.")
    side.answer("Cod.", "Eel.")
    side.ask("And another.")
    assert len(side.bench.engine.generates) == 3  # they stand at different places now
    first, second = side.bench.engine.generates[-2:]
    said = [message.content for message in second.messages or []]
    assert said[-3:] == ["Name a fish.", "Eel.", "And another."]
    for request, text in ((first, "Ray."), (second, "Tuna.")):
        side.bench.engine.tell(
            Tokens(job=request.job, items=[Token(id=1, piece=text.encode(), text=text)])
        )
        side.bench.engine.tell(Done(job=request.job, result=generated()))
    side.bench.settle()
    assert [column[-1] for column in side.shown()] == ["Ray.", "Tuna."]
    side.views[1].keep.click()
    side.bench.settle()
    assert side.bench.shown() == ["Name a fish.", "Eel.", "And another.", "Tuna."]
    assert side.bench.kept_texts() == ["Name a fish.", "Eel.", "And another.", "Tuna."]


def test_ask_again_is_further_versions_also_by_its_key(side: Side) -> None:
    side.ask("Name a fish.")
    side.answer("Cod.", "Eel.")
    for press in (
        side.view.again.click,
        lambda: QTest.keyClick(
            side.bench.room.work.composer.edit, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier
        ),
    ):
        n_before = len(side.bench.engine.generates)
        press()
        side.bench.qtbot.waitUntil(lambda: len(side.bench.engine.generates) > n_before)  # noqa: B023
        assert side.bench.engine.generates[-1].n_replies == 2
        side.answer("Ray.", "Tuna.")
    assert side.shown() == [["Name a fish.", "Ray."], ["Name a fish.", "Tuna."]]
    question = side.bench.kept().conversation.path()[0]
    assert len(side.bench.kept().conversation.children(question.id)) == 6


def test_a_chat_begun_in_columns_has_a_title(side: Side) -> None:
    side.ask("Name a fish.")
    side.answer("Cod.", "Eel.")
    assert side.bench.titles() == ["Name a fish."]
    assert side.bench.room.work.header.title.text() == "Name a fish."


def test_what_the_columns_agree_on_is_marked(side: Side) -> None:
    side.ask("Where is it dark?")
    side.answer("It is dark below a thousand metres.", "Far down, below a thousand metres, say I.")
    view = side.views[0]
    (_, reply_id) = view.transcript.message_ids()
    marks = view.transcript.marks_of(reply_id)
    assert marks is not None
    agreed = [token.text for token in marks.tokens if marks.level(marks.tokens.index(token))]
    assert agreed == ["below a thousand metres"]
    assert view.status.text() == "57 % in common" and view.status.toolTip()


def test_only_answers_to_one_question_are_compared(side: Side) -> None:
    for words in ("Name a fish.", "Name another fish."):
        n_before = len(side.bench.engine.generates)
        side.ask(words)
        for request in side.bench.engine.generates[n_before:]:
            side.answer(*["It is a cod."] * request.n_replies, request=request)
    assert [view.status.text() for view in side.views] == ["100 % in common"] * 2
    side.view.add.click()  # it stands before the second question
    assert side.shown()[2] == ["Name a fish.", "It is a cod."]
    assert [view.status.text() for view in side.views] == [""] * 3


def test_three_and_four_columns_and_one_taken_away(side: Side) -> None:
    side.view.add.click()
    side.view.add.click()
    assert len(side.views) == 4 and not side.view.add.isEnabled()
    side.views[2].panel.row("temperature").changed.emit(0.3)
    side.views[1].remove.click()
    assert len(side.views) == 3
    assert side.feature.columns[1].own.values == {"temperature": 0.3}
    side.ask("Hello")
    assert [one.n_replies for one in side.bench.engine.generates] == [2, 1]
    assert not any(view.remove.isEnabled() for view in side.views)


def test_a_column_has_settings_of_its_own_by_the_rows_of_the_details(side: Side) -> None:
    view = side.views[1]
    assert "as the chat" in view.chip.accessibleName()
    view.chip.click()
    assert view.panel.isVisible()
    for name, value in (("temperature", 0.2), ("top_p", 0.5), ("top_k", 7), ("min_p", 0.1)):
        view.panel.rows[name].changed.emit(value)
    view.panel.row("seed").changed.emit(5)
    view.panel.row("stop").changed.emit(["END"])
    view.panel.close()
    side.ask("Hello")
    one, other = side.bench.engine.generates
    assert one.n_replies == other.n_replies == 1
    drawn = other.sampling
    assert (drawn.temperature, drawn.top_p, drawn.top_k) == (0.2, 0.5, 7)
    assert (drawn.min_p, drawn.seed, other.stop) == (0.1, 5, ["END"])
    assert one.sampling.temperature == ChatSettings().temperature and one.stop == []
    assert "Temperature 0.20" in view.chip.toolTip() and "Seed 5" in view.chip.toolTip()


def test_a_mark_puts_the_chats_value_back_and_the_chat_shows_through(side: Side) -> None:
    view, details = side.views[0], side.bench.room.details
    view.panel.row("temperature").changed.emit(0.2)
    details.change("top_k", 11)
    row = view.panel.row("temperature")
    assert row.reset.isVisibleTo(row) and "0.80" in row.reset.toolTip()
    row.reset.click()
    assert side.feature.columns[0].own.values == {}
    assert not row.reset.isVisibleTo(row)
    view.panel.row("top_k").changed.emit(3)
    view.panel.as_chat.click()
    side.ask("Hello")
    (request,) = side.bench.engine.generates
    assert request.sampling.top_k == 11


def test_a_preset_sets_a_column(side: Side) -> None:
    view = side.views[1]
    side.bench.qtbot.waitUntil(lambda: bool(view.panel.listing.presets))
    preset = next(one for one in view.panel.listing.presets if one.sampling)
    view.chip.click()
    combo = view.panel.preset
    combo.setCurrentIndex(combo.findData(preset.name))
    settings = preset.used_on(ChatSettings())
    assert side.feature.columns[1].own.over(ChatSettings()) == settings
    assert preset.name in view.chip.accessibleName()
    combo.setCurrentIndex(0)
    assert side.feature.columns[1].own.values == {}
    view.panel.close()


def test_adapters_are_on_or_off_in_a_column(bench: Bench) -> None:
    from engine.process.messages import Adapter

    bench.room.details.change("adapters", [Adapter("/a.gguf", 1.0)])
    side = side_of(bench)
    panel = side.views[1].panel
    side.views[1].chip.click()
    assert panel.adapters.isVisible() and panel.adapters.isChecked()
    panel.adapters.click()
    panel.close()
    side.ask("Hello")
    first, second = bench.engine.generates
    assert [one.path for one in first.adapters] == ["/a.gguf"] and second.adapters == []
    assert "no adapters" in side.views[1].chip.accessibleName()


def test_every_control_has_a_name_a_tooltip_and_takes_the_keys(side: Side) -> None:
    for view in side.views:
        view.chip.click()
        parts = (view.model, view.chip, view.keep, view.remove, view.panel.preset)
        for part in (*parts, view.panel.as_chat):
            named = part.accessibleName() or (isinstance(part, QAbstractButton) and part.text())
            assert part.toolTip() and named
            assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
        view.panel.close()
    for chip in (side.view.add, side.view.again, side.view.close_button):
        assert chip.toolTip() and chip.text()


def test_keys_go_to_a_column_and_by_tab_to_its_controls(side: Side) -> None:
    edit = side.bench.room.work.composer.edit
    side.ask("Hello")
    side.answer("A", "B")
    QTest.keyClick(edit, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert side.views[1].transcript.hasFocus()
    QTest.keyClick(side.views[1].transcript, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert side.views[1].keep.hasFocus()


@pytest.mark.parametrize("font_px", [13, 20])
@pytest.mark.parametrize("n_columns", [2, 3, 4])
def test_nothing_is_cut_or_covered_in_a_small_window(
    side: Side, font_px: int, n_columns: int
) -> None:
    room = side.bench.room
    side.bench.context.theme.set_font_px(font_px)
    room.resize(1024 - 66, 700 - 90)  # what the window leaves it
    while len(side.views) < n_columns:
        side.view.add.click()
    side.ask("Hello")
    side.answer(*["A B C D"] * n_columns)
    side.bench.qtbot.waitUntil(lambda: side.view.width() == room.work.width())
    try:
        for view in side.views:
            parts = [view.model, view.chip, view.keep]
            parts += [view.remove] if view.remove.isVisible() else []
            _assert_apart(view, [*parts, view.status, view.transcript])
            assert view.keep.width() >= view.keep.sizeHint().width()
            assert view.transcript.height() >= 3 * view.fontMetrics().lineSpacing()
        _assert_apart(side.view, [side.view.plan, side.view.again, side.view.close_button])
        assert all(view.isVisibleTo(side.view) for view in side.views)
    finally:
        side.bench.context.theme.set_font_px(0)


def _assert_apart(parent: QWidget, parts: list[QWidget]) -> None:
    """All stand within their parent and none over another."""
    boxes = [QRect(part.mapTo(parent, QPoint(0, 0)), part.size()) for part in parts]
    for index, box in enumerate(boxes):
        assert parent.rect().contains(box), (parts[index], box, parent.rect())
        assert not any(box.intersects(other) for other in boxes[:index]), (parts[index], boxes)
