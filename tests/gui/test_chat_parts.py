"""The chat room's parts, each alone: composer, details, meter, header, strip, words."""

from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from gui.chat.chat_settings import ChatSettings
from gui.chat.composer import MOST_LINES, Composer
from gui.chat.context_count import ContextCounts
from gui.chat.context_meter import ContextMeter
from gui.chat.continue_strip import ContinueStrip
from gui.chat.conversation import Turn
from gui.chat.details import DetailsPane
from gui.chat.header import Header
from gui.chat.words import dropped_text, footer_text, model_facts, model_label, size_text
from gui.chat.work_area import WorkArea
from gui.theme import Theme
from tests.fakes.fake_engine import model_info

W = TypeVar("W", bound=QWidget)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp)
    theme.set_mode("light")
    return theme


def shown(qtbot: QtBot, widget: W) -> W:
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


# ---- the work area ----


def test_a_tall_view_that_is_not_seen_takes_no_room_from_the_strips(
    qtbot: QtBot, theme: Theme
) -> None:
    work, view, strip = WorkArea(theme), QWidget(), QLabel("above the field")
    view.setMinimumHeight(900)
    strip.setFixedHeight(200)
    work.add_view(view)
    work.add_strip(strip)
    work.resize(700, 560)
    shown(qtbot, work)
    assert work.height() == 560
    below = work.composer.mapTo(work, work.composer.rect().topLeft()).y()
    assert strip.mapTo(work, strip.rect().bottomLeft()).y() < below
    assert below + work.composer.height() <= work.height()


# ---- composer ----


@pytest.fixture
def composer(qtbot: QtBot, theme: Theme) -> Composer:
    composer = Composer(theme)
    composer.resize(500, 80)
    return shown(qtbot, composer)


def test_enter_sends_and_shift_enter_makes_a_line(qtbot: QtBot, composer: Composer) -> None:
    QTest.keyClicks(composer.edit, "one")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(composer.edit, "two")
    with qtbot.waitSignal(composer.send_requested) as sent:
        QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert sent.args == ["one\ntwo"]


def test_a_blank_text_is_not_sent(qtbot: QtBot, composer: Composer) -> None:
    QTest.keyClicks(composer.edit, "  ")
    assert not composer.send_button.isEnabled()
    with qtbot.assertNotEmitted(composer.send_requested):
        QTest.keyClick(composer.edit, Qt.Key.Key_Return)


def test_while_writing_enter_waits_and_the_button_stops(qtbot: QtBot, composer: Composer) -> None:
    composer.set_text("next question")
    composer.set_writing(True)
    assert composer.stop_button.isVisible() and not composer.send_button.isVisible()
    with qtbot.assertNotEmitted(composer.send_requested):
        QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    with qtbot.waitSignal(composer.stop_requested):
        QTest.mouseClick(composer.stop_button, Qt.MouseButton.LeftButton)
    assert composer.text() == "next question"


def test_the_field_grows_to_eight_lines_and_no_further(composer: Composer) -> None:
    heights = []
    for n_lines in (1, 2, MOST_LINES, MOST_LINES + 5):
        composer.set_text("\n".join(["x"] * n_lines))
        heights.append(composer.edit.height())
    one, two, most, beyond = heights
    line = composer.edit.fontMetrics().lineSpacing()
    assert two == one + line and most == one + (MOST_LINES - 1) * line and beyond == most


def test_a_long_line_wraps_and_grows_too(composer: Composer) -> None:
    before = composer.edit.height()
    composer.set_text("many words " * 30)
    assert composer.edit.height() > before


def test_a_draft_put_in_is_not_told_as_typed(qtbot: QtBot, composer: Composer) -> None:
    with qtbot.assertNotEmitted(composer.text_changed):
        composer.set_text("a draft")
    assert composer.send_button.isEnabled()
    with qtbot.waitSignal(composer.text_changed) as typed:
        QTest.keyClicks(composer.edit, "!")
    assert typed.args == ["a draft!"]


# ---- details ----


@pytest.fixture
def details(qtbot: QtBot, theme: Theme) -> DetailsPane:
    pane = DetailsPane(theme)
    pane.resize(280, 700)
    return shown(qtbot, pane)


def test_settings_are_shown_without_being_told(qtbot: QtBot, details: DetailsPane) -> None:
    settings = ChatSettings(
        temperature=0.35, top_k=12, seed=7, max_tokens=64, system_prompt="Hi", overflow="fail"
    )
    with qtbot.assertNotEmitted(details.settings_changed):
        details.set_settings(settings)
    assert details.fields["temperature"].value() == 0.35
    assert details.fields["temperature"].slider.value() == 7
    assert details.seed.value() == 7 and details.max_tokens.value() == 64
    assert details.overflow.currentData() == "fail"
    assert details.system_prompt.toPlainText() == "Hi"


def test_a_slider_and_a_typed_number_both_set(qtbot: QtBot, details: DetailsPane) -> None:
    field = details.fields["temperature"]
    with qtbot.waitSignal(details.settings_changed) as changed:
        field.slider.setValue(10)
    assert changed.args == [ChatSettings(temperature=0.5)]
    assert field.value() == 0.5
    field.spin.selectAll()
    with qtbot.waitSignal(details.settings_changed):
        QTest.keyClicks(field.spin, "1.15")
        QTest.keyClick(field.spin, Qt.Key.Key_Return)
    assert details.settings.temperature == 1.15 and field.slider.value() == 23


def test_whole_numbers_stay_whole(qtbot: QtBot, details: DetailsPane) -> None:
    with qtbot.waitSignal(details.settings_changed):
        details.fields["top_k"].slider.setValue(20)
    assert details.settings.top_k == 20 and isinstance(details.settings.top_k, int)


def test_seed_and_length_have_words_for_none(details: DetailsPane) -> None:
    assert details.seed.text() == "random" and details.max_tokens.text() == "no limit"
    details.seed.setValue(5)
    details.max_tokens.setValue(100)
    assert (details.settings.seed, details.settings.max_tokens) == (5, 100)
    details.seed.setValue(-1)
    details.max_tokens.setValue(0)
    assert (details.settings.seed, details.settings.max_tokens) == (None, -1)


def test_a_system_prompt_is_told_a_moment_later(qtbot: QtBot, details: DetailsPane) -> None:
    with qtbot.waitSignal(details.settings_changed) as changed:
        QTest.keyClicks(details.system_prompt, "Be brief.")
    assert changed.args == [ChatSettings(system_prompt="Be brief.")]


def test_a_prompt_typed_just_before_another_chat_is_not_lost(
    qtbot: QtBot, details: DetailsPane
) -> None:
    told: list[ChatSettings] = []
    details.settings_changed.connect(told.append)
    QTest.keyClicks(details.system_prompt, "Be brief.")
    details.set_settings(ChatSettings())
    assert told == [ChatSettings(system_prompt="Be brief.")]
    assert details.system_prompt.toPlainText() == ""


def test_reset_puts_all_back_and_keeps_what_it_does_not_know(
    qtbot: QtBot, details: DetailsPane
) -> None:
    assert not details.reset_button.isEnabled()
    details.set_settings(ChatSettings(temperature=0.1, overflow="fail", unknown={"grammar": "x"}))
    with qtbot.waitSignal(details.settings_changed) as changed:
        details.reset_button.click()
    assert changed.args == [ChatSettings(unknown={"grammar": "x"})]
    assert details.fields["temperature"].value() == 0.8 and not details.reset_button.isEnabled()


def test_every_control_has_a_name_and_a_sentence(details: DetailsPane) -> None:
    controls: list[QWidget] = [field.spin for field in details.fields.values()]
    controls += [field.slider for field in details.fields.values()]
    controls += [details.max_tokens, details.seed, details.system_prompt, details.overflow]
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip().endswith("."), control


# ---- context meter ----


def test_the_meter_draws_and_says_its_parts(qtbot: QtBot, theme: Theme) -> None:
    meter = ContextMeter(theme)
    meter.resize(300, 80)
    shown(qtbot, meter)
    meter.set_counts(ContextCounts(system=2048, history=2048, reply=1024, n_ctx=8192))
    assert meter.total.text() == "5,120 of 8,192"
    assert "free&nbsp;3,072" in meter.parts.text()
    image = meter.bar.grab().toImage()
    middle, series = image.height() // 2, theme.palette.series
    at = [image.pixelColor(round(image.width() * share), middle).name() for share in (0.1, 0.4)]
    assert [colour.upper() for colour in at] == [series[2], series[0]]
    assert image.pixelColor(round(image.width() * 0.9), middle).name().upper() == theme.palette.line


def test_without_a_model_the_meter_says_so(qtbot: QtBot, theme: Theme) -> None:
    meter = shown(qtbot, ContextMeter(theme))
    assert meter.total.text() == "no model loaded" and not meter.bar.isVisible()


def test_a_chat_that_does_not_fit_is_said_to_be_too_long(qtbot: QtBot, theme: Theme) -> None:
    meter = shown(qtbot, ContextMeter(theme))
    meter.set_counts(ContextCounts(system=11, history=700, reply=100, n_ctx=512))
    assert meter.total.text() == "811 of 512, too long"
    assert "over&nbsp;299" in meter.parts.text() and "free" not in meter.parts.text()
    meter.set_counts(ContextCounts(history=512, n_ctx=512))
    assert meter.total.text() == "512 of 512" and "free&nbsp;0" in meter.parts.text()


# ---- header ----


@pytest.fixture
def header(qtbot: QtBot, theme: Theme) -> Header:
    header = Header(theme)
    header.resize(700, 50)
    return shown(qtbot, header)


def test_a_title_is_edited_in_place(qtbot: QtBot, header: Header) -> None:
    header.set_title("Old", can_edit=True)
    header.title.setFocus()
    header.title.selectAll()
    QTest.keyClicks(header.title, "  New   title ")
    with qtbot.waitSignal(header.title_edited) as edited:
        QTest.keyClick(header.title, Qt.Key.Key_Return)
    assert edited.args == ["New title"] and header.title.text() == "New title"


def test_escape_and_a_blank_title_change_nothing(qtbot: QtBot, header: Header) -> None:
    header.set_title("Old", can_edit=True)
    with qtbot.assertNotEmitted(header.title_edited):
        QTest.keyClicks(header.title, "er")
        QTest.keyClick(header.title, Qt.Key.Key_Escape)
        assert header.title.text() == "Old"
        header.title.clear()
        QTest.keyClick(header.title, Qt.Key.Key_Return)
    assert header.title.text() == "Old"


def test_progress_comes_and_goes_with_its_cancel(qtbot: QtBot, header: Header) -> None:
    assert not header.progress.isVisible() and not header.cancel_button.isVisible()
    header.set_loading(-1.0)
    assert header.progress.maximum() == 0
    header.set_loading(0.45)
    assert header.progress.value() == 450 and header.cancel_button.isVisible()
    with qtbot.waitSignal(header.load_cancel_requested):
        header.cancel_button.click()
    header.set_loading(None)
    assert not header.progress.isVisible()


def test_a_long_model_name_is_cut_in_its_middle_and_told_whole(header: Header) -> None:
    name = "Some-Very-Long-Model-Name-With-Many-Parts-70B-Instruct · Q4_K_M"
    header.set_model(name, "tip")
    assert len(header.model_button.text()) < 40 and "…" in header.model_button.text()
    assert name in header.model_button.accessibleName()


# ---- strip ----


@pytest.mark.parametrize(
    ("turn", "is_visible", "can_continue"),
    [
        (None, False, False),
        (Turn("q", None, "user", "x"), False, False),
        (Turn("a", None, "assistant", "x"), False, False),
        (Turn("a", None, "assistant", "x", state="stopped"), True, True),
        (Turn("a", None, "assistant", "", state="failed"), True, False),
        (Turn("a", None, "assistant", "x", "stopped", details={"finish": "context"}), True, False),
    ],
)
def test_only_an_unfinished_reply_can_be_continued(
    qtbot: QtBot, theme: Theme, turn: Turn | None, is_visible: bool, can_continue: bool
) -> None:
    host = QWidget()
    strip = ContinueStrip(theme, host)
    shown(qtbot, host)
    strip.set_turn(turn)
    assert strip.isVisible() == is_visible
    assert strip.continue_button.isVisible() == can_continue


# ---- words ----


def test_the_footer_tells_what_a_reply_cost() -> None:
    details = {
        "n_generated": 98,
        "tokens_per_s": 152.4,
        "first_token_ms": 41.2,
        "n_reused": 212,
        "n_prompt": 1245,
        "seed": 7,
        "finish": "stop",
    }
    assert footer_text(details) == (
        "98 tokens · 152 tok/s · first after 41 ms · reused 212 of 1,245 prompt tokens · seed 7"
    )
    assert footer_text({"n_generated": 1} | details | {"n_generated": 1}).startswith("1 token ·")
    assert footer_text({"finish": "cancelled"}) == "stopped"
    assert footer_text({}) == ""


def test_what_was_dropped_is_said_by_name() -> None:
    assert dropped_text([], 0) == ""
    assert dropped_text(["Why?"], 12) == (
        "1 earlier message (12 tokens) was left out to fit the context: “Why?”."
    )
    assert dropped_text(["a", "b", "c"], 1200) == (
        "3 earlier messages (1,200 tokens) were left out to fit the context: “a” … “c”."
    )
    assert dropped_text([], 5) == "The first 5 tokens of the text were left out to fit the context."


def test_models_are_told_in_one_line() -> None:
    assert size_text(4_700_000_000) == "4.7 GB" and size_text(12_000) == "12 kB"
    assert model_facts(model_info(template="none")).endswith("base model")
    assert model_label(model_info()) == "SmolLM2 135M Instruct · Q4_1"
    assert model_label(model_info(name="x-Q4_1")) == "x-Q4_1"


def test_no_label_takes_markup_from_a_model(qtbot: QtBot, theme: Theme, header: Header) -> None:
    header.set_model("<b>x</b>", "tip")
    assert header.model_button.text() == "<b>x</b>"
    assert not [label for label in header.findChildren(QLabel) if "<b>" in label.text()]
