"""Certainty, forks and step mode with the real worker and the starter model."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.chats.store import ChatStore
from engine.process.messages import Token
from gui.theme import palettes
from tests.gui.certainty_helpers import certainty, rest_on, step
from tests.gui.real_window import SHORT, Open, RealWindow, open_window, real

__all__ = ["Open", "open_window", "real"]

pytestmark = pytest.mark.real_model
SEA = "Why is the sea salty?"


def kept_tokens(real: RealWindow, message_id: str) -> list[Token]:
    real.settle()
    with ChatStore(real.context.paths.chats) as store:
        return store.tokens(message_id)


def test_colours_say_what_was_kept_and_a_fork_goes_on_with_the_token(real: RealWindow) -> None:
    real.room.details.change("max_tokens", 24)
    certainty(real.room).button.click()
    real.ask(SEA)
    reply_id = real.ids()[-1]
    real.until(lambda: real.transcript.marks_of(reply_id) is not None)
    real.until(lambda: real.transcript.is_settled)
    marks, tokens = real.transcript.marks_of(reply_id), kept_tokens(real, reply_id)
    assert marks is not None and marks.tokens == tokens and marks.says(real.texts()[-1])
    image = real.transcript.viewport().grab().toImage()
    ramp = palettes()["light"].surprise
    surprising = [index for index in range(len(marks)) if marks.level(index)]
    assert surprising, "a model this small is surprised by something"
    for index in surprising:
        rect = real.transcript.token_rect(reply_id, index)
        assert rect is not None
        spot = rect.topLeft().toPoint()
        colours = {
            image.pixelColor(spot.x() + dx, spot.y() + dy).name().upper()
            for dx in range(round(rect.width()) + 1)
            for dy in range(1, 6)
        }
        assert ramp[marks.level(index) - 1] in colours, marks.tokens[index]
    # Fork at the most surprising one: the branch goes on from exactly these tokens.
    place = max(surprising, key=marks.level)
    rest_on(real.transcript, reply_id, place)
    popup = certainty(real.room).popup.popup
    real.until(popup.isVisible)
    chosen = next(one for one in popup.candidates() if one.id != tokens[place].id)
    row = popup.candidates().index(chosen)
    real.click(popup.list, popup.list.row_rect(row).center().toPoint())
    real.until(lambda: real.ids()[-1] != reply_id)
    real.wait_for_end()
    forked = kept_tokens(real, real.ids()[-1])
    assert [one.id for one in forked[: place + 1]] == [
        *(one.id for one in tokens[:place]),
        chosen.id,
    ]
    assert len(forked) > place + 1 and real.view().n_versions == 2


def test_picking_the_likeliest_token_every_time_is_greedy_generation(real: RealWindow) -> None:
    real.ask(SHORT)
    greedy = real.texts()[-1]
    ids = [one.id for one in kept_tokens(real, real.ids()[-1])]
    feature = step(real.room)
    real.click(feature.button)
    while feature.button.isChecked():
        real.until(lambda: not feature.button.isChecked() or _can_pick(real))
        if feature.button.isChecked():
            QTest.keyClick(feature.panel.field, Qt.Key.Key_1)
    real.wait_for_end()
    assert real.texts()[-1] == greedy and real.view().n_versions == 2
    assert [one.id for one in kept_tokens(real, real.ids()[-1])] == ids
    assert QApplication.focusWidget() is real.edit


def _can_pick(real: RealWindow) -> bool:
    run = step(real.room).run
    return run is not None and run.top is not None


def test_a_reply_without_probabilities_is_scored_by_the_model(real: RealWindow) -> None:
    real.ask(SHORT)
    reply_id, text = real.ids()[-1], real.texts()[-1]
    known = {one.id: one.logprob for one in kept_tokens(real, reply_id)}
    real.room.session.save_text(reply_id, text + " It is old.")
    certainty(real.room).button.click()

    def is_scored() -> bool:
        marks = real.transcript.marks_of(reply_id)
        return marks is not None and marks.says(text + " It is old.")

    real.until(is_scored)
    marks = real.transcript.marks_of(reply_id)
    assert marks is not None
    first = marks.tokens[0]
    assert first.logprob == pytest.approx(known[first.id], abs=0.05) and first.top is not None
    real.until(lambda: kept_tokens(real, reply_id) == marks.tokens)
