"""What will be learned: each token with its fate, warnings with what helps, losses of the base."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from engine.process.messages import ChatMessage
from engine.process.tune_messages import (
    BaseInfo,
    CheckDataset,
    PreviewRow,
    ReadRows,
    Row,
    RowMessage,
    RowWarning,
    ScoreRows,
)
from gui.theme import palettes
from gui.tokens.from_chat import ChatPrompt, Origin
from gui.tune.learned_page import LearnedPage
from gui.tune.learned_words import why
from gui.tune.length_bars import bar_width, length_bars
from gui.widgets.token_paint import LEARNED, LEARNED_COLOURS, LEARNED_END, READ
from tests.gui.tune_rows_helpers import FakeBench, pages, row

__all__ = ["pages"]  # a fixture

BASE = "/models/base.gguf"
KEYS = row("Who keeps the keys?", "I keep the keys.")


def warning(kind: str, *ids: str, is_grave: bool = False) -> RowWarning:
    return RowWarning(kind, f"Something about {kind}.", "Do this.", len(ids), list(ids), is_grave)


def looked_at(pages: FakeBench, *rows: Row) -> LearnedPage:
    """The page with its first row on show."""
    pages.state.set_base(BaseInfo(BASE, "base", "llama", "", n_ctx_train=4096))
    pages.state.change(base__path=BASE)
    pages.give(*rows)
    page = pages.show(LearnedPage)
    pages.until(lambda: page.row.learned is not None and pages.state.checked is not None)
    return page


# ---- tokens ----


def test_a_row_says_how_much_is_learned_and_each_token_its_fate(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    assert page.row.title.text() == "Row 1"
    assert page.row.facts.text() == "5 of 12 tokens trained · end token learned"
    view = page.row.view
    fates = [int(one) for one in view.fates]
    assert fates == [READ] * 7 + [LEARNED] * 4 + [LEARNED_END]
    learned = b"".join(view.tokens.piece(at) for at, fate in enumerate(fates) if fate != READ)
    assert learned == b"I keep the keys. <end>"
    assert "learned. It is part of an answer." in view.describe(7)
    assert "learned: end token. It teaches the model to stop" in view.describe(11)
    assert "read, not learned. The template writes it" in view.describe(0)
    assert "read, not learned. It is given" in view.describe(1)


def test_the_colours_are_the_drawings_and_hold_their_contrast() -> None:
    def luminance(name: str) -> float:
        colour = QColor(name)
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for palette in palettes().values():
        green, blue = (
            QColor(palette.token[LEARNED_COLOURS[one]]) for one in (LEARNED, LEARNED_END)
        )
        assert green.green() > max(green.red(), green.blue())
        assert blue.blue() > max(blue.red(), blue.green())
        for fate in (LEARNED, LEARNED_END):
            assert contrast(palette.text, palette.token[LEARNED_COLOURS[fate]]) >= 4.5
        assert contrast(palette.text_faint, palette.pane) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_learned_tokens_are_painted_on_their_colours_and_others_on_none(
    pages: FakeBench, mode: str
) -> None:
    pages.context.theme.set_mode(mode)  # type: ignore[arg-type]  # one of the two
    page = looked_at(pages, KEYS)
    view, palette = page.row.view, pages.context.theme.palette
    picture = view.viewport().grab().toImage()

    def colour(token: int) -> str:
        box = view.token_rect(token)
        return picture.pixelColor(int(box.left()) + 2, int(box.top()) + 2).name().upper()

    assert colour(8) == palette.token[LEARNED_COLOURS[LEARNED]]
    assert colour(11) == palette.token[LEARNED_COLOURS[LEARNED_END]]
    assert colour(2) == palette.pane
    signs = page.row.legend.signs
    for fate, place in LEARNED_COLOURS.items():
        assert palette.token[place] in signs[fate].styleSheet()


def test_keys_go_through_tokens_and_rows_and_the_details_follow(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS, row("And the bell?", "I ring it."))
    details = page.details()
    assert details is page.details()
    facts = page._facts
    assert facts is not None and not facts.nothing.isHidden()
    page.row.view.setFocus()
    QTest.keyClick(page.row.view, Qt.Key.Key_End)
    assert facts.token == 11 and "stop" in facts.why.text()
    QTest.keyClick(page.row.view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    pages.until(lambda: page.row.title.text() == "Row 2" and facts.token == -1)
    pages.until(lambda: page.row.facts.text().startswith("4 of 10"))
    page.row.previous_button.click()
    pages.until(lambda: page.row.title.text() == "Row 1")
    facts.deleteLater()


def test_an_older_row_that_comes_late_is_not_shown(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS, row("And the bell?", "I ring it."), row("Who?", "Me."))
    pages.fake.holds = (PreviewRow,)
    page.table.choose(1)
    page.table.choose(2)
    pages.fake.holds = ()
    pages.fake.let_go()
    pages.until(lambda: b"Me. " in page.row.view.tokens.data)
    assert page.row.title.text() == "Row 3"


def test_a_choice_made_elsewhere_is_asked_for_anew(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    pages.state.change(data__learn_from="last", train__max_length=64)
    pages.until(lambda: pages.fake.asked(PreviewRow)[-1].learn_from == "last")
    last = pages.fake.asked(PreviewRow)[-1]
    assert last.max_length == 64 and last.base == BASE and page.row.item is not None


def test_a_row_that_the_template_refuses_says_so(pages: FakeBench) -> None:
    pages.fake.fails[PreviewRow] = ("The template knows no role “tool”.", "Change the role.")
    pages.state.change(base__path=BASE)
    pages.give(KEYS)
    page = pages.show(LearnedPage)
    pages.until(lambda: not page.row.problem.isHidden())
    assert page.row.problem.text() == "The template knows no role “tool”. Change the role."
    assert len(page.row.view.tokens) == 0


def test_reasons_tell_what_the_choice_of_learning_is() -> None:
    def reason(learn_from: str) -> str:
        return why(READ, is_special=False, is_text=False, learn_from=learn_from)  # type: ignore[arg-type]  # of the three

    assert "before the last" in reason("last") and "not marked" in reason("marked")
    assert why(LEARNED, is_special=False, is_text=True, learn_from="all").startswith(
        "All of a text"
    )


# ---- warnings ----


def test_nothing_wrong_is_said_too(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    assert not page.fine.isHidden() and page.cards.isHidden()
    assert page.is_done and page.status_words == ""
    assert page.header_words() == "4 of 8 tokens learned"


def test_warnings_stand_at_the_top_the_grave_ones_first(pages: FakeBench) -> None:
    pages.fake.warnings = [warning("cut", "1"), warning("no_end", "1", is_grave=True)]
    page = looked_at(pages, KEYS)
    assert [card.warning.kind for card in page.cards.cards] == ["no_end", "cut"]
    assert page.status_words == "2 warnings" and not page.is_done
    assert page.fine.isHidden() and not page.cards.isHidden()


def press(page: LearnedPage, words: str) -> None:
    buttons = [one for card in page.cards.cards for one in card.buttons if one.text() == words]
    assert buttons, [one.text() for card in page.cards.cards for one in card.buttons]
    buttons[0].click()


def test_rows_that_are_cut_are_helped_by_a_longer_limit(pages: FakeBench) -> None:
    pages.fake.warnings = [warning("cut", "1")]
    page = looked_at(pages, row("long", "word " * 1_500))
    press(page, "Allow 2,048 tokens")
    assert pages.state.draft.train.max_length == 2_048
    pages.until(lambda: pages.fake.asked(CheckDataset)[-1].max_length == 2_048)


def test_no_longer_limit_is_offered_than_the_base_was_made_for(pages: FakeBench) -> None:
    pages.fake.warnings = [warning("cut", "1")]
    page = looked_at(pages, row("long", "word " * 9_000))
    press(page, "Allow 4,096 tokens")
    pages.until(
        lambda: len(pages.fake.asked(CheckDataset)) == 2 and pages.state.checked is not None
    )
    words = [one.text() for card in page.cards.cards for one in card.buttons]
    assert words == ["Show these rows"]


@pytest.mark.parametrize("kind", ["empty_answer", "nothing_learned", "cannot_render"])
def test_rows_that_teach_nothing_are_deleted_at_once_and_come_back(
    pages: FakeBench, kind: str
) -> None:
    pages.fake.warnings = [warning(kind, "2")]
    page = looked_at(pages, KEYS, row("Hm", ""), row("Who?", "Me."))
    press(page, "Delete these rows")
    pages.until(lambda: page.model.rowCount() == 2 and pages.told == "1 row deleted")
    assert page.undo()
    pages.until(lambda: page.model.rowCount() == 3)


def test_the_rows_of_a_warning_are_shown_and_its_first_chosen(pages: FakeBench) -> None:
    pages.fake.warnings = [warning("languages", "2"), warning("unmasked_user", "3", is_grave=True)]
    page = looked_at(pages, KEYS, row("Hm", "Ja."), row("Who?", "Me."))
    press(page, "Show these rows")
    pages.until(lambda: page.model.rowCount() == 2)
    pages.until(lambda: page.row.title.text() == "Row 3")


@pytest.mark.parametrize(
    ("kind", "words", "leads_to"),
    [
        ("few_rows", "More data", "data"),
        ("languages", "More data", "data"),
        ("template", "Another base", "base"),
        ("double_bos", "Another base", "base"),
        ("no_end", "Another base", "base"),
        ("repeated", "Look at them", "data"),
    ],
)
def test_other_warnings_lead_where_they_can_be_helped(
    pages: FakeBench, kind: str, words: str, leads_to: str
) -> None:
    pages.fake.warnings = [warning(kind, "1")]
    page = looked_at(pages, KEYS)
    wished: list[str] = []
    page.desk.view_wished.connect(wished.append)
    press(page, words)
    assert pages.pages_shown == [leads_to]
    assert wished == (["duplicates"] if kind == "repeated" else [])


def test_marks_that_teach_nothing_can_be_set_aside(pages: FakeBench) -> None:
    pages.fake.warnings = [warning("nothing_learned", "1")]
    pages.state.change(data__learn_from="marked")
    page = looked_at(pages, KEYS)
    press(page, "Learn all answers")
    assert pages.state.draft.data.learn_from == "all"


# ---- the check ----


def test_without_a_base_the_page_leads_to_one(pages: FakeBench) -> None:
    pages.give(KEYS)
    page = pages.show(LearnedPage)
    assert "choose the base" in page.note.words.text()
    page.note.button.click()
    assert pages.pages_shown == ["base"] and not pages.fake.asked(CheckDataset)
    assert not page.is_done


def test_a_check_shows_how_far_it_is_and_is_stopped_and_begun_again(pages: FakeBench) -> None:
    pages.fake.holds = (CheckDataset,)
    pages.state.change(base__path=BASE)
    pages.give(KEYS)
    page = pages.show(LearnedPage)
    pages.until(lambda: bool(pages.fake.asked(CheckDataset)))
    pages.fake.progress(0.5)
    assert page.note.strip.words.text() == "Checking every row · 50 %"
    page.note.strip.stop_button.click()
    assert pages.fake.cancelled[-1] == pages.fake.asked(CheckDataset)[0].job
    assert page.note.button.text() == "Check them"
    pages.fake.holds = ()
    page.note.button.click()
    pages.until(lambda: pages.state.checked is not None and page.note.isHidden())


def test_a_check_that_fails_says_why_and_can_be_tried_again(pages: FakeBench) -> None:
    pages.fake.fails[CheckDataset] = ("The base is gone.", "Choose it again.")
    pages.state.change(base__path=BASE)
    pages.give(KEYS)
    page = pages.show(LearnedPage)
    pages.until(lambda: page.note.words.text() == "The base is gone. Choose it again.")
    assert len(pages.fake.asked(CheckDataset)) == 1
    pages.fake.fails.clear()
    page.note.button.click()
    pages.until(lambda: pages.state.checked is not None)


def test_rows_that_change_are_checked_anew(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS, row("Who?", "Me."))
    page.desk.delete_rows(["2"])
    pages.until(lambda: len(pages.fake.asked(CheckDataset)) == 2)
    pages.until(lambda: pages.state.checked is not None and pages.state.checked.stats.n_rows == 1)


# ---- losses ----


def test_losses_are_read_by_the_second_worker_and_odd_rows_come_first(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS, row("Who?", "Me."), row("Odd", "zxq."))
    pages.fake.holds = (ScoreRows,)
    page.losses_button.click()
    assert page.strip.is_running
    pages.fake.progress(0.25)
    assert page.strip.words.text() == "Reading every row · 25 %"
    page.losses_button.click()
    assert len(pages.fake.asked(ScoreRows)) == 1
    pages.fake.holds = ()
    pages.fake.let_go()
    pages.until(lambda: page.row.title.text() == "Row 3")
    assert page.filters.query.order == "loss" and page.strip.isHidden()
    pages.until(lambda: "loss 2.00" in page.row.facts.text())
    assert pages.fake.asked(ReadRows)[-1].order == "loss"


def test_reading_losses_can_be_stopped(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    pages.fake.holds = (ScoreRows,)
    page.losses_button.click()
    page.strip.stop_button.click()
    pages.fake.let_go()
    assert page.strip.isHidden() and page.filters.query.order == "file"
    assert pages.fake.cancelled[-1] == pages.fake.asked(ScoreRows)[0].job


def test_losses_that_cannot_be_read_are_told(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    pages.fake.fails[ScoreRows] = ("Too little memory for this base.", "Close other programs.")
    page.losses_button.click()
    pages.until(lambda: pages.banners == ["Too little memory for this base."])
    assert page.strip.isHidden()


# ---- ways on ----


def test_a_row_opens_in_the_tokens_room_and_knows_the_way_back(pages: FakeBench) -> None:
    gone: list[str] = []
    opened: list[ChatPrompt] = []
    pages.context.rooms["tokens"] = lambda: gone.append("tokens")
    pages.context.openers["tokens.chat"] = opened.append
    page = looked_at(pages, KEYS)
    page.row.tokens_button.click()
    assert gone == ["tokens"]
    (prompt,) = opened
    assert prompt.messages == (
        ChatMessage("user", "Who keeps the keys?"),
        ChatMessage("assistant", "I keep the keys."),
    )
    assert prompt.source == BASE
    assert prompt.origin == Origin("", "row 1 of night-porter", room="tune")


def test_a_text_opens_in_the_tokens_room_as_text(pages: FakeBench) -> None:
    opened: list[str] = []
    pages.context.rooms["tokens"] = lambda: None
    pages.context.openers["tokens.text"] = lambda text, _origin: opened.append(text)
    page = looked_at(pages, Row("", text="Once upon a time"))
    page.row.tokens_button.click()
    assert opened == ["Once upon a time"]


def test_a_role_that_the_tokens_room_does_not_know_is_not_offered(pages: FakeBench) -> None:
    pages.context.rooms["tokens"] = lambda: None
    page = looked_at(pages, Row("", [RowMessage("ipython", "1"), RowMessage("assistant", "2")]))
    assert not page.row.tokens_button.isEnabled()


def test_a_row_is_edited_on_the_data_page(pages: FakeBench) -> None:
    page = looked_at(pages, KEYS)
    wished: list[str] = []
    page.desk.row_wished.connect(lambda item: wished.append(item.row.id))
    page.row.edit_button.click()
    assert pages.pages_shown == ["data"] and wished == ["1"]


# ---- manners ----


def test_a_small_page_at_a_large_font_has_room_for_the_tokens(pages: FakeBench) -> None:
    pages.context.theme.set_font_px(20)
    pages.fake.warnings = [warning("cut", "1"), warning("no_end", "1"), warning("languages", "1")]
    page = looked_at(pages, KEYS)
    page.resize(610, 520)
    pages.until(lambda: page.cards.height() <= 0.3 * 520)
    assert page.minimumSizeHint().width() <= 610
    assert page.row.view.height() >= pages.context.theme.px(120)
    for one in page.findChildren(QAbstractButton):
        if one.isVisible():
            assert one.toolTip() and (one.text() or one.accessibleName())


def test_bars_of_lengths_are_few_and_round_and_count_every_row() -> None:
    for longest in (1, 31, 32, 33, 640, 1_023, 100_000):
        lengths = np.arange(0, longest + 1, max(1, longest // 500), dtype=np.int32)
        bars = length_bars(lengths)
        assert len(bars) <= 32 and sum(bar.n for bar in bars) == len(lengths)
        assert str(bar_width(longest)).rstrip("0") in ("1", "2", "5")
    assert length_bars(np.zeros(0, np.int32)) == []
