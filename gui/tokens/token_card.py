"""The details' first section: the chosen token as a large piece on its colour, its facts, and the
way to its equals.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.theme import Theme
from gui.tokens.occurrences import place_among
from gui.tokens.state import TokensState
from gui.tokens.token_words import facts_of, piece_text, shown_bytes
from gui.tokens.words import tr
from gui.widgets.kinds import button, caps, label

LONGEST_PIECE = 80


class TokenCard(QWidget):
    """Of the state's chosen token; says how to choose one where there is none."""

    next_asked = Signal()
    previous_asked = Signal()

    def __init__(self, theme: Theme, state: TokensState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._state = theme, state
        self.nothing = label(tr("Click a token in the text to look at it."), "dim", wrap=True)
        self.piece = label("", "", wrap=True)
        self.place = label("", "dim")
        before = tr("The token’s place before (Shift+F3)")
        self.previous_button = button(tr("Previous"), "chip", before)
        self.next_button = button(tr("Next"), "chip", tr("The token’s next place (F3)"))
        self._facts: list[tuple[QLabel, QLabel]] = []
        self._lay_out()
        self.next_button.clicked.connect(self.next_asked)
        self.previous_button.clicked.connect(self.previous_asked)
        state.token_chosen.connect(self.show_token)
        state.text_changed.connect(self.show_token)
        state.tokenizer_changed.connect(self.show_token)
        state.probabilities_changed.connect(self.show_token)
        theme.changed.connect(self.show_token)
        self.show_token()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(caps(tr("Token")))
        column.addWidget(self.nothing)
        column.addWidget(self.piece, 0, Qt.AlignmentFlag.AlignLeft)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        row = QHBoxLayout()
        row.addWidget(self.place)
        row.addStretch(1)
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        column.addLayout(row)

    @Slot()
    def show_token(self) -> None:
        """Show the chosen token anew."""
        state, index = self._state, self._state.chosen
        facts = facts_of(state, index)
        is_known = bool(facts) and int(state.document.tokens.ids[index]) >= 0
        self.nothing.setVisible(not facts)
        self.piece.setVisible(is_known)
        if is_known:
            self._show_piece(index)
        self._show_facts(facts)
        self._show_place(index if is_known else -1)

    def _show_piece(self, index: int) -> None:
        text = piece_text(shown_bytes(self._state, index)) or tr("(nothing)")
        cut = text if len(text) <= LONGEST_PIECE else text[:LONGEST_PIECE] + "…"
        self.piece.setText(cut)
        self.piece.setAccessibleName(tr("Piece: {piece}").format(piece=cut))
        theme = self._theme
        colour = theme.palette.token[int(self._state.document.tokens.colours[index])]
        font = theme.font("mono")
        self.piece.setFont(font)
        self.piece.setStyleSheet(
            f"background: {colour}; border-radius: {theme.px(3)}px; font-size: {theme.px(20)}px;"
            f" font-family: '{font.families()[0]}'; padding: {theme.px(2)}px {theme.px(5)}px;"
        )

    def _show_facts(self, facts: list[tuple[str, str]]) -> None:
        while len(self._facts) < len(facts):
            pair = (label("", "dim"), label("", "mono", wrap=True))
            pair[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            pair[1].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for column, one in enumerate(pair):
                self._grid.addWidget(one, len(self._facts), column)
            self._facts.append(pair)
        for n, (name, value) in enumerate(self._facts):
            has_one = n < len(facts)
            name.setText(facts[n][0] if has_one else "")
            value.setText(facts[n][1] if has_one else "")
            name.setVisible(has_one)
            value.setVisible(has_one)

    def _show_place(self, index: int) -> None:
        k, n = place_among(self._state.document.tokens.ids, index) if index >= 0 else (0, 0)
        self.place.setText(tr("{k} of {n} here").format(k=f"{k:,}", n=f"{n:,}") if n > 1 else "")
        for one in (self.previous_button, self.next_button):
            one.setVisible(n > 1)
