"""The details pane: every setting has a control that explains itself, says when it has no effect,
and goes back to its default.
"""

from typing import cast

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.process.messages import Array, ChatMessage, Failed, Generate, Rendered, Span
from gui.chat.bias_rows import BiasRows
from gui.chat.chat_settings import ChatSettings, from_json, to_json
from gui.chat.context_count import ContextCounts, attached_letters, counts_of
from gui.chat.context_length import cost_text
from gui.chat.context_meter import ContextMeter
from gui.chat.conversation import Turn
from gui.chat.details import DetailsPane
from gui.chat.spin_row import SeedRow
from gui.chat.text_row import TextRow
from gui.theme import Theme
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]  # fixtures

ALL = ["samplers", "repetition", "mirostat", "output"]
NOT_IN_PANE = {"adapters", "adapters_off", "certainty", "preset", "unknown"}


@pytest.fixture
def details(qtbot: QtBot, qapp: QApplication) -> DetailsPane:
    theme = Theme(qapp)
    theme.set_mode("light")
    pane = DetailsPane(theme)
    pane.resize(284, 700)
    qtbot.addWidget(pane)
    with qtbot.waitExposed(pane):
        pane.show()
    return pane


def text_row(details: DetailsPane, name: str) -> TextRow:
    return cast(TextRow, details.row(name))


def test_every_setting_of_a_chat_has_a_control(details: DetailsPane) -> None:
    details.set_view(ALL, False)
    assert set(details.rows) == set(ChatSettings.__struct_fields__) - NOT_IN_PANE
    for name, row in details.rows.items():
        assert row.tip.endswith((".", ";")), name
        for field in row.fields:
            assert field.accessibleName() and field.toolTip(), name


def test_groups_open_by_key_are_made_then_and_say_what_is_changed(
    qtbot: QtBot, details: DetailsPane
) -> None:
    group = details.groups["repetition"]
    assert group.body is None and "repeat_penalty" not in details.rows
    details.set_settings(ChatSettings(repeat_penalty=1.2))
    assert "1 changed" in group.heading.text()
    group.heading.setFocus()
    with qtbot.waitSignal(details.view_changed) as told:
        QTest.keyClick(group.heading, Qt.Key.Key_Space)
    assert told.args == [["repetition"], False]
    row = details.fields["repeat_penalty"]
    assert row.isVisible() and row.value() == 1.2 and "changed" not in group.heading.text()


def test_sentences_stand_under_the_names_when_asked_for(details: DetailsPane) -> None:
    row = details.rows["temperature"]
    assert not row.explanation.isVisible()
    details.explain_button.click()
    assert row.explanation.isVisible() and "likeliest" in row.explanation.text()
    details.set_view(["mirostat"], True)
    assert details.rows["mirostat"].explanation.isVisible()


def test_a_setting_without_effect_is_off_and_says_why(details: DetailsPane) -> None:
    details.set_view(["mirostat", "repetition"], False)
    top_k, tau = details.fields["top_k"], details.fields["mirostat_tau"]
    assert top_k.spin.isEnabled() and not tau.spin.isEnabled()
    details.change("mirostat", 2)
    assert not top_k.spin.isEnabled() and "Mirostat" in top_k.spin.toolTip()
    assert tau.spin.isEnabled()
    details.change("temperature", 0.0)
    assert not tau.spin.isEnabled() and "temperature 0" in details.seed.toolTip()
    assert details.fields["repeat_penalty"].spin.isEnabled()
    details.change("temperature", 0.8)
    details.change("mirostat", 0)
    assert top_k.spin.isEnabled() and "likeliest" in top_k.spin.toolTip()


def test_a_changed_setting_is_marked_and_put_back_alone(details: DetailsPane) -> None:
    row = details.fields["top_p"]
    assert not row.reset.isVisible()
    row.spin.setValue(0.5)
    assert row.reset.isVisible() and "0.95" in row.reset.toolTip()
    details.change("top_k", 7)
    row.reset.click()
    assert details.settings == ChatSettings(top_k=7)
    assert row.value() == 0.95 and not row.reset.isVisible()


def test_the_makers_values_are_offered_and_used_by_reset(details: DetailsPane) -> None:
    details.set_recommended({"temperature": 0.2, "top_p": 0.9}, "a card")
    assert details.recommended.isVisible() and not details.rows["temperature"].reset.isVisible()
    told: list[ChatSettings] = []
    details.settings_changed.connect(told.append)
    details.recommended.use.click()
    assert told == [ChatSettings(temperature=0.2, top_p=0.9)]
    assert not details.recommended.isVisible() and not details.reset_button.isEnabled()
    details.change("min_p", 0.3)
    details.reset_button.click()
    assert details.settings == ChatSettings(temperature=0.2, top_p=0.9) and len(told) == 3
    details.set_recommended({}, "")
    assert not details.recommended.isVisible()


def test_reset_is_one_change_and_leaves_adapters_alone(details: DetailsPane) -> None:
    settings = ChatSettings(temperature=1.5, stop=["x"], certainty=True)
    details.set_settings(settings)
    told: list[ChatSettings] = []
    details.settings_changed.connect(told.append)
    details.reset_button.click()
    assert told == [ChatSettings(certainty=True)]


def test_a_seed_is_locked_to_the_last_reply_and_freed(details: DetailsPane) -> None:
    row = cast(SeedRow, details.rows["seed"])
    details.set_last_seed(lambda: 4711)
    row.lock.click()
    assert details.settings == ChatSettings(seed=4711) and details.seed.text() == "4711"
    row.lock.click()
    assert details.settings == ChatSettings() and details.seed.text() == "random"
    details.set_last_seed(lambda: None)
    row.lock.click()
    assert details.settings != ChatSettings()


def test_words_can_be_typed_for_special_numbers(details: DetailsPane) -> None:
    details.set_view(["output"], False)
    spin = cast(QAbstractSpinBox, details.row("reasoning_budget").fields[0])
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, "none")
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert details.settings.reasoning_budget == 0
    spin.selectAll()
    QTest.keyClicks(spin, "no limit")
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert details.settings.reasoning_budget == -1


def test_stop_strings_are_lines_with_escapes(qtbot: QtBot, details: DetailsPane) -> None:
    row = text_row(details, "stop")
    with qtbot.waitSignal(details.settings_changed):
        row.edit.setPlainText("END\n\\n\\n\n\nEND\na\\\\b")
    assert details.settings.stop == ["END", "\n\n", "a\\b"]
    details.set_settings(ChatSettings())
    assert row.edit.toPlainText() == ""
    details.set_settings(ChatSettings(stop=["\t"]))
    assert row.edit.toPlainText() == "\\t"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("json_schema", '{"type": ', "line 1"),
        ("json_schema", "[1]", "object"),
        ("json_schema", '{"titel": 1}', "properties"),
        ("json_schema", '{"type": "object"}', ""),
        ("grammar", 'answer ::= "yes"', "root"),
        ("grammar", 'root ::= "yes"', ""),
    ],
)
def test_what_is_typed_is_checked_beside_the_field_and_kept(
    qtbot: QtBot, details: DetailsPane, name: str, text: str, words: str
) -> None:
    details.set_view(["output"], False)
    row = text_row(details, name)
    with qtbot.waitSignal(details.settings_changed):
        row.edit.setPlainText(text)
    qtbot.waitUntil(lambda: bool(row.problem.text()) == bool(words))
    assert words in row.problem.text() and row.problem.isVisible() == bool(words)
    assert getattr(details.settings, name) == text


def test_a_schema_and_a_grammar_exclude_each_other(details: DetailsPane) -> None:
    details.set_view(["output"], False)
    details.change("json_schema", '{"type": "object"}')
    grammar = details.row("grammar")
    assert not grammar.fields[0].isEnabled() and "not both" in grammar.fields[0].toolTip()
    details.change("json_schema", "")
    assert grammar.fields[0].isEnabled()


def test_biases_are_rows_of_a_text_and_a_number(details: DetailsPane) -> None:
    details.set_view(["output"], False)
    rows = cast(BiasRows, details.row("logit_bias"))
    rows.add.click()
    assert details.settings.logit_bias == {}
    QTest.keyClicks(rows.lines[0].text, " sea")
    QTest.keyClick(rows.lines[0].text, Qt.Key.Key_Return)
    rows.lines[0].bias.setValue(4.5)
    assert details.settings.logit_bias == {" sea": 4.5}
    assert details.settings.sampling().text_bias == {" sea": 4.5}
    rows.add.click()
    QTest.keyClicks(rows.lines[1].text, " sea")
    QTest.keyClick(rows.lines[1].text, Qt.Key.Key_Return)
    assert "twice" in rows.problem.text()
    rows.lines[0].remove.click()
    assert details.settings.logit_bias == {" sea": -5.0} and not rows.problem.text()
    details.set_settings(ChatSettings())
    assert not rows.lines


def test_settings_survive_the_disk_and_a_broken_value_falls_alone() -> None:
    settings = ChatSettings(
        stop=["\n"], logit_bias={"a": 1.0}, dry_breakers=("x",), dry_last_n=512, preset="Mine"
    )
    assert from_json(to_json(settings)) == settings
    broken = '{"stop": [""], "logit_bias": {"a": 1e9}, "typical_p": 2, "seed": 3, "dry_base": "x"}'
    assert from_json(broken) == ChatSettings(seed=3)


# ---- context ----


def test_the_meter_tells_attachments_apart(qtbot: QtBot, qapp: QApplication) -> None:
    turns = [Turn("a", None, "user", "why?", details={"attachments": [{"name": "x"}]})]
    messages = [ChatMessage("system", "Be"), ChatMessage("user", "file text why?")]
    letters = attached_letters(messages, turns)
    assert letters == [0, 10]
    text = "Befile text why?"
    starts = Array("int32", (16,), b"".join(i.to_bytes(4, "little") for i in range(16)))
    empty = Array("uint8", (0,), b"")
    rendered = Rendered(
        text=text,
        spans=[Span(0, 2, 0), Span(2, 16, 1)],
        ids=starts,
        text_starts=starts,
        pieces=empty,
        piece_bytes=empty,
        special=empty,
    )
    counts = counts_of(rendered, messages, 64, letters)
    assert counts == ContextCounts(system=2, history=4, attachments=10, n_ctx=64)
    assert counts.free == 48 and counts.without(6).attachments == 8
    meter = ContextMeter(Theme(qapp))
    qtbot.addWidget(meter)
    meter.set_counts(counts)
    assert "attachments&nbsp;10" in meter.parts.text()
    meter.set_counts(ContextCounts(history=4, n_ctx=64))
    assert "attachments" not in meter.parts.text()


def test_another_context_length_says_its_cost_and_loads_on_enter(bench: Bench) -> None:
    field = bench.room.details.context_length
    n_before = len(bench.engine.loads)
    field.spin.setValue(2048)
    assert field.cost.isVisible() and "memory" in field.cost.text()
    QTest.keyClick(field.spin, Qt.Key.Key_Escape)
    assert field.spin.value() == 8192 and not field.cost.isVisible()
    field.spin.setFocus()
    field.spin.selectAll()
    QTest.keyClicks(field.spin, "4096")
    QTest.keyClick(field.spin, Qt.Key.Key_Return)
    assert [load.n_ctx for load in bench.engine.loads[n_before:]] == [4096]
    path = bench.engine.model.path
    bench.engine.model = msgspec.structs.replace(bench.engine.model, n_ctx=4096)
    bench.engine.answer()
    assert field.spin.value() == 4096 and not field.apply.isVisible()
    assert bench.context.settings.value.model_lengths == {path: 4096}
    half = msgspec.structs.replace(model_info(), kv_bytes=800_000_000, n_ctx=8192)
    assert cost_text(half, 4096) == "Takes 400 MB of memory for the context, 800 MB now."


def test_a_length_that_cannot_be_had_does_not_cost_the_model(bench: Bench) -> None:
    field = bench.room.details.context_length
    bench.engine.loads_wait = True
    field.spin.setValue(1024)
    field.apply.click()
    job = bench.engine.loads[-1].job
    bench.engine.tell(Failed(job=job, message="Too little memory.", hint="Choose less."))
    assert bench.banners() == ["Too little memory."]
    assert bench.engine.loads[-1].n_ctx == 8192 and bench.engine.loads[-1].job != job
    bench.engine.loads_wait = False
    bench.engine.answer()
    assert bench.room.loader.model is not None and field.spin.value() == 8192


# ---- in the room ----


def test_what_is_set_reaches_the_engine(bench: Bench) -> None:
    details = bench.room.details
    for name, value in {
        "typical_p": 0.7,
        "dry_multiplier": 0.8,
        "mirostat": 2,
        "stop": ["END"],
        "json_schema": '{"type": "object"}',
        "logit_bias": {" sea": -5.0},
        "max_tokens": 30,
        "reasoning_budget": 12,
    }.items():
        details.change(name, value)
    bench.send("Hello")
    asked: Generate = bench.engine.generates[-1]
    assert (asked.sampling.typical_p, asked.sampling.mirostat) == (0.7, 2)
    assert asked.sampling.dry_multiplier == 0.8 and asked.sampling.text_bias == {" sea": -5.0}
    assert asked.sampling.json_schema == '{"type": "object"}'
    assert (asked.stop, asked.max_tokens, asked.reasoning_budget) == (["END"], 30, 12)
    bench.engine.finish()
    bench.settle()
    assert bench.kept().settings == details.settings


def test_what_the_engine_refuses_stands_beside_the_field(bench: Bench) -> None:
    bench.room.details.change("json_schema", '{"type": "object", "not": {}}')
    bench.send("Hello")
    words = "This JSON schema cannot be held to: # uses not."
    bench.engine.tell(Failed(job=bench.engine.generates[-1].job, message=words, hint="Leave it."))
    row = bench.room.details.row("json_schema")
    assert row.problem.text() == f"{words} Leave it." and row.problem.isVisible()


def test_a_reset_is_one_step_that_can_be_undone(bench: Bench) -> None:
    details, session = bench.room.details, bench.room.session
    for name, value in {"temperature": 1.5, "top_k": 3, "stop": ["x"]}.items():
        details.change(name, value)
    before = session.settings
    details.reset_button.click()
    assert session.settings.stop == [] and session.settings.temperature != 1.5
    session.undo_stack.undo()
    bench.settle()
    assert session.settings == before == details.settings
    assert details.fields["temperature"].value() == 1.5


def test_open_groups_are_remembered(qtbot: QtBot, bench: Bench) -> None:
    bench.room.details.groups["output"].heading.click()
    bench.room.details.explain_button.click()
    again = open_room(qtbot, bench.context)
    try:
        assert again.room.details.groups["output"].is_open
        assert not again.room.details.groups["mirostat"].is_open
        assert again.room.details.explain_button.isChecked()
    finally:
        again.close()


def test_the_pane_scrolls_down_and_never_sideways(qtbot: QtBot, details: DetailsPane) -> None:
    details.set_view(ALL, True)
    details.resize(230, 300)
    qtbot.waitUntil(lambda: details.verticalScrollBar().maximum() > 0)
    assert details.horizontalScrollBar().maximum() == 0
    inner = details.widget()
    assert inner is not None
    shown = [one for one in inner.findChildren(QWidget) if one.isVisible()]
    assert all(one.mapTo(inner, one.rect().topRight()).x() <= inner.width() for one in shown)
