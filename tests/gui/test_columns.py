"""Columns: several answers to one prompt, as conversations of their own, one of which is kept."""

from dataclasses import dataclass

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from engine.process.messages import Done, Generated, ModelInfo, Reply, Token, Tokens
from gui.chat.chat_settings import ChatSettings
from gui.chat.columns.agreement import agreed_ranges, agreed_share
from gui.chat.columns.column_state import Column, ColumnSettings, make_plan, memory_of
from gui.chat.columns.columns import Columns
from tests.fakes.fake_engine import generated, model_info
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures

GB = 10**9


@dataclass
class Side:
    """The columns of a bench."""

    bench: Bench
    feature: Columns

    def ask(self, text: str) -> None:
        assert self.feature.view is not None
        n_before = len(self.bench.engine.generates)
        composer = self.feature.view.composer
        composer.edit.setPlainText(text)
        composer.send_button.click()
        self.bench.qtbot.waitUntil(lambda: len(self.bench.engine.generates) > n_before)

    def answer(self, *texts: str) -> None:
        """All replies of the last request."""
        job = self.bench.engine.generates[-1].job
        items = [
            Token(id=1, piece=text.encode(), text=text, logprob=-0.1, reply=number)
            for number, text in enumerate(texts)
        ]
        self.bench.engine.tell(Tokens(job=job, items=items))
        replies = [Reply(text, "stop", 1, seed=7 + n) for n, text in enumerate(texts)]
        result = Generated(
            replies=replies,
            n_prompt=9,
            n_reused=0,
            n_decoded=9,
            n_generated=len(texts),
            tokens_per_s=100.0,
            first_token_ms=20.0,
            slices=[9],
            n_threads=2,
        )
        self.bench.engine.tell(Done(job=job, result=result))
        self.bench.settle()

    def shown(self) -> list[list[str]]:
        assert self.feature.view is not None
        pages = [view.transcript for view in self.feature.view.views]
        return [[page.text_of(one) for one in page.message_ids()] for page in pages]


@pytest.fixture
def side(bench: Bench) -> Side:
    feature = next(one for one in bench.room.features if isinstance(one, Columns))
    feature.button.click()
    return Side(bench, feature)


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
    assert [kept.turn(one).details["seed"] for one in kept.children(question.id)] == [7, 8]


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
    assert side.feature.view is not None
    side.feature.view.views[1].keep.click()
    side.bench.settle()
    assert side.bench.shown() == ["Name a fish.", "Eel.", "And another.", "Tuna."]
    assert side.bench.kept_texts() == ["Name a fish.", "Eel.", "And another.", "Tuna."]


def test_a_column_has_settings_of_its_own(side: Side) -> None:
    assert side.feature.view is not None
    side.feature.view.views[1].temperature.setValue(0.0)
    side.feature.view.views[1].seed.setValue(5)
    side.ask("Hello")
    one, other = side.bench.engine.generates
    assert one.n_replies == other.n_replies == 1
    assert (other.sampling.temperature, other.sampling.seed) == (0.0, 5)
    assert one.sampling.temperature == ChatSettings().temperature
    assert "share" in side.feature.view.plan.text()


def test_what_the_columns_agree_on_is_marked(side: Side) -> None:
    side.ask("Where is it dark?")
    side.answer("It is dark below a thousand metres.", "Far down, below a thousand metres, say I.")
    assert side.feature.view is not None
    view = side.feature.view.views[0]
    (_, reply_id) = view.transcript.message_ids()
    marks = view.transcript.marks_of(reply_id)
    assert marks is not None
    agreed = [token.text for token in marks.tokens if marks.level(marks.tokens.index(token))]
    assert agreed == ["below a thousand metres"]
    assert "57 %" in view.status.text()


def test_three_and_four_columns_and_one_taken_away(side: Side) -> None:
    view = side.feature.view
    assert view is not None
    view.add.click()
    view.add.click()
    assert len(view.views) == 4 and not view.add.isEnabled()
    view.views[2].remove.click()
    assert len(view.views) == 3
    side.ask("Hello")
    assert side.bench.engine.generates[-1].n_replies == 3


def test_stop_and_leave(side: Side) -> None:
    side.ask("Hello")
    assert side.feature.view is not None
    side.feature.view.composer.stop_button.click()
    assert side.bench.engine.cancelled == [side.bench.engine.generates[-1].job]
    side.answer("A", "B")
    QTest.mouseClick(side.feature.view.close_button, Qt.MouseButton.LeftButton)
    assert side.bench.room.work.transcript.isVisible() and not side.feature.is_open


# ---- without a window ----


def test_agreement_needs_three_words_in_all_texts() -> None:
    texts = ["The sea is salt, they say.", "I know: the sea IS salt!", "THE SEA is salt"]
    assert [text[a:b] for text, [(a, b)] in zip(texts, agreed_ranges(texts), strict=True)] == [
        "The sea is salt", "the sea IS salt", "THE SEA is salt"
    ]  # fmt: skip
    assert agreed_ranges(["one two three"]) == [[]]
    assert agreed_ranges(["one two", "one two"]) == [[], []]
    assert agreed_share("one two three four", [(0, 13)]) == 0.75


def test_what_does_not_fit_is_answered_in_turn() -> None:
    big = msgspec.structs.replace(model_info("/models/big.gguf"), size_bytes=4 * GB)
    models: dict[str, ModelInfo] = {big.path: big}
    columns = [Column(1), Column(2, ColumnSettings(model_path=big.path))]
    assert make_plan(columns, models, 8 * GB, 4096).at_once
    assert not make_plan(columns, models, 2 * GB, 4096).at_once
    assert memory_of(big, 4096) > 4 * GB


def test_plan_batches_what_shares_all_but_the_seed() -> None:
    columns = [Column(1), Column(2), Column(3, ColumnSettings(seed=3)), Column(4, head_id="x")]
    plan = make_plan(columns, {}, GB, 4096)
    assert [[one.number for one in batch] for batch in plan.batches] == [[1, 2], [3], [4]]


def test_every_control_has_a_name_and_a_tooltip(side: Side) -> None:
    assert side.feature.view is not None
    for view in side.feature.view.views:
        for part in (view.model, view.temperature, view.seed, view.adapters, view.keep):
            named = part.text() if isinstance(part, QAbstractButton) else part.accessibleName()
            assert part.toolTip() and named
