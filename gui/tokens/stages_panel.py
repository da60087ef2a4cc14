"""What could stand at a place of the text: the model's own distribution, and what each sampler
makes of it, with the samplers' settings live beside it. A person may be the sampler: pick a
candidate, or roll one, and put it into the text.

The place is the chosen token's, told from what stands before it; with none chosen, the text's end.
"""

from __future__ import annotations

import math
import random

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.process.messages import Candidate
from engine.process.token_messages import Stage
from gui.chat.spin_row import NEW_SEEDS
from gui.tokens.link_note import LinkNote
from gui.tokens.model_link import link_of
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.pick_list import PickList
from gui.tokens.place import place_before, put_at, refusal, words_before
from gui.tokens.stage_controls import StageControls
from gui.tokens.stage_facts import drawn, foot_words
from gui.tokens.stage_list import StageList
from gui.tokens.stage_look import Question, StageLook
from gui.tokens.words import tr
from gui.widgets.announce import announce
from gui.widgets.candidate_list import CandidateLine
from gui.widgets.kinds import button, label
from gui.widgets.ramp import share_text, spoken_piece, visible_piece

COUNT = 12
_BESIDE_FROM_PX = 540  # narrower, the parts stand below one another
_SHARES = (0, 4, 3)  # of the width that is left
_LEAST_ROWS = 2


class StagesPanel(TokensPanel):
    """stages | bars | settings."""

    scrolls_itself = True

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self.link = link_of(parts)
        self.look = StageLook(self.link, self)
        self.note = LinkNote(self.link, self)
        self.stages = StageList(theme)
        self.list = PickList(theme)
        self.bars = QScrollArea()
        self.foot = label("", "faint", wrap=True)
        self.roll = button(tr("Roll"), "chip")
        self.put = button(tr("Put it into the text"), "chip")
        self.rolled_words = label("", "dim", wrap=True)
        self.rolled_words.hide()
        self.controls = StageControls(theme, lambda: self.seed)
        self.seed: int | None = None  # of the last roll
        self.rolled: Candidate | None = None
        self._waiting_roll = False
        self._next_byte = -1  # where to look once the text's tokens are known
        self._lay_out()
        self._name_parts()
        self._connect()

    @property
    def title(self) -> str:
        before = words_before(self.parts, place_before(self.parts))
        return tr("After “{text}”").format(text=before) if before else ""

    # ---- the page's calls ----

    def on_token_chosen(self, index: int) -> None:
        self._ask_anew()

    def on_text_changed(self) -> None:
        if self._next_byte >= 0:  # behind what was put in, the next place
            byte, self._next_byte = self._next_byte, -1
            self.parts.state.choose_token(self.parts.state.document.token_at(byte))
        self._ask_anew()

    def on_tokenizer_changed(self) -> None:
        self._clear("")

    def on_shown(self) -> None:
        self._ask_anew()

    def on_hidden(self) -> None:
        self.look.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.controls.as_in_chat.setVisible(self.parts.context.chat_settings is not None)
        self._ask_anew()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.look.stop()

    # ---- asking ----

    def _ask_anew(self) -> None:
        """Another place or text: a roll there is none any more."""
        self._forget_roll()
        self._ask()

    @Slot()
    def _ask(self, count: int = COUNT) -> None:
        document = self.parts.state.document
        if not self.isVisible():
            return
        if not self.link.is_ready:
            self._clear("")
            return
        if document.is_stale:
            self.look.stop()  # told again when the text's tokens are known
            return
        place, tokens = place_before(self.parts), document.tokens
        chosen = int(tokens.ids[place]) if place < len(tokens) else -1
        ids = tuple(self.link.ids_before(place))
        self.look.ask(Question(ids, self.controls.settings.sampling(), chosen, count))

    @Slot(object, object)
    def _on_answered(self, question: Question, stages: list[Stage]) -> None:
        if question.count > COUNT:  # asked only to be drawn from: too many to be shown
            if self._waiting_roll and stages:
                self._waiting_roll = False
                self._take_roll(drawn(stages[-1], self.seed or 0))
            return
        self.stages.set_stages(stages)
        self._show_stage()

    @Slot(str)
    def _on_failed(self, words: str) -> None:
        self._waiting_roll = False
        self._clear(words)

    @Slot()
    def _on_link_changed(self) -> None:
        self._ask_anew()

    # ---- showing ----

    def _clear(self, words: str) -> None:
        self.look.stop()
        self._forget_roll()
        self.stages.set_stages([])
        self.list.set_lines([])
        self.foot.setText(words)
        self.roll.setEnabled(False)

    @Slot()
    def _show_stage(self) -> None:
        stage = self.stages.stage
        if stage is None:
            return
        current = self.list.current
        place, tokens = place_before(self.parts), self.parts.state.document.tokens
        here = int(tokens.ids[place]) if place < len(tokens) else -1
        lines = [_line(number, one, here) for number, one in enumerate(stage.candidates)]
        tip = (
            tr("Put “{token}” in the place of the chosen token")
            if place < len(tokens)
            else tr("Put “{token}” at the end of the text")
        )
        self.list.set_lines(lines, tip)
        self.list.set_current(current)
        words = foot_words(stage)
        if here >= 0 and stage.chosen_logprob is None:
            words += " · " + tr("chosen: ruled out here")
        self.foot.setText(words)
        self.roll.setEnabled(True)

    # ---- being the sampler ----

    @Slot(QRectF)
    def _on_place_wanted(self, line: QRectF) -> None:
        centre = line.center().toPoint()
        self.bars.ensureVisible(centre.x(), centre.y(), 0, round(line.height()))

    @Slot(int)
    def _on_picked(self, index: int) -> None:
        stage = self.stages.stage
        if stage is not None and index < len(stage.candidates):
            self._put(stage.candidates[index])

    def _put(self, candidate: Candidate) -> None:
        why_not = refusal(self.parts, candidate.id, candidate.piece)
        if why_not:
            self._say(why_not)
            announce(self.list, why_not)
            return
        self._forget_roll()
        place = place_before(self.parts)
        self._next_byte = put_at(self.parts, place, candidate.piece.decode(), replaces=True)

    @Slot()
    def _on_roll(self) -> None:
        stages = self.stages.all
        if not stages:
            return
        fixed = self.controls.settings.seed
        self.seed = random.randrange(NEW_SEEDS) if fixed is None else fixed
        found = drawn(stages[-1], self.seed)
        if found is None:
            # The die fell on one of those not listed: ask for all of them.
            self._waiting_roll = True
            self._ask(stages[-1].n_left)
        else:
            self._take_roll(found)

    def _take_roll(self, found: Candidate | None) -> None:
        self.rolled = found
        self.put.setEnabled(found is not None)
        if found is None:
            return
        words = tr("drew “{token}” ({share}) with seed {seed}").format(
            token=visible_piece(found.piece),
            share=share_text(math.exp(found.logprob)),
            seed=self.seed,
        )
        self._say(words)
        announce(self.roll, words)
        shown = self.stages.stage
        ids = [one.id for one in shown.candidates] if shown is not None else []
        self.list.set_current(ids.index(found.id) if found.id in ids else -1)

    @Slot()
    def _on_put(self) -> None:
        if self.rolled is not None:
            self._put(self.rolled)

    def _say(self, words: str) -> None:
        self.rolled_words.setText(words)
        self.rolled_words.setVisible(bool(words))

    def _forget_roll(self) -> None:
        self.rolled, self._waiting_roll = None, False
        self.put.setEnabled(False)
        self._say("")

    @Slot()
    def _on_as_in_chat(self) -> None:
        settings = self.parts.context.chat_settings
        if settings is not None:
            self.controls.set_settings(settings())

    @Slot()
    def _on_settings_changed(self) -> None:
        self._forget_roll()
        self._ask()

    # ---- making ----

    def _lay_out(self) -> None:
        self.row = _Row(QBoxLayout.Direction.LeftToRight)
        self.row.setSpacing(12)
        self.row.addWidget(self.stages)
        self.row.addLayout(self._middle())
        self.row.addWidget(self.controls)
        inner = QWidget()
        inner.setLayout(self.row)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.area = QScrollArea(self)
        for area, page in ((self.area, inner), (self.bars, self.list)):
            page.setProperty("kind", "page")
            area.setWidget(page)
            area.setWidgetResizable(True)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.area, 1)

    def _middle(self) -> QVBoxLayout:
        dice = QHBoxLayout()
        dice.addWidget(self.roll)
        dice.addWidget(self.put)
        dice.addStretch(1)
        middle = QVBoxLayout()
        middle.addWidget(self.bars, 1)
        middle.addWidget(self.foot)
        middle.addLayout(dice)
        middle.addWidget(self.rolled_words)
        return middle

    def _name_parts(self) -> None:
        self.roll.setToolTip(
            tr("Draw a token from what the last stage left, by the probabilities there")
        )
        self.put.setToolTip(tr("Put the token that was drawn where you look"))
        self.put.setEnabled(False)
        self.roll.setEnabled(False)
        self.list.setToolTip(tr("Be the sampler: a click puts a token into the text"))

    def _connect(self) -> None:
        self.look.answered.connect(self._on_answered)
        self.look.failed.connect(self._on_failed)
        self.link.changed.connect(self._on_link_changed)
        self.stages.stage_chosen.connect(self._show_stage)
        self.list.picked.connect(self._on_picked)
        self.list.place_wanted.connect(self._on_place_wanted)
        self.roll.clicked.connect(self._on_roll)
        self.put.clicked.connect(self._on_put)
        self.controls.changed.connect(self._on_settings_changed)
        self.controls.as_in_chat.clicked.connect(self._on_as_in_chat)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= self.parts.context.theme.px(_BESIDE_FROM_PX)
        directions = QBoxLayout.Direction
        self.row.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        for part, share in enumerate(_SHARES):
            self.row.setStretch(part, share if beside else 0)
        self.stages.set_whole(not beside)
        n_rows = _LEAST_ROWS if beside else COUNT
        self.bars.setMinimumHeight(n_rows * self.list.row_height)


class _Row(QBoxLayout):
    """Beside one another the parts scroll by themselves, in whatever height there is."""

    def hasHeightForWidth(self) -> bool:
        is_stacked = self.direction() == QBoxLayout.Direction.TopToBottom
        return is_stacked and super().hasHeightForWidth()


def _line(number: int, candidate: Candidate, here: int) -> CandidateLine:
    return CandidateLine(
        visible_piece(candidate.piece),
        math.exp(candidate.logprob),
        is_chosen=candidate.id == here,
        key=str(number + 1) if number < 9 else "",
        words=spoken_piece(candidate.piece),
    )
