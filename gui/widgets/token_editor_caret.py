"""Caret and selection of the token editor: where moves go. Places are bytes of the text."""

from __future__ import annotations

import re
from typing import Literal

from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import Edit, TokenDocument
from gui.widgets.token_editor_page import EditorPage

Move = Literal[
    "left", "right", "word_left", "word_right", "up", "down", "page_up", "page_down",
    "row_start", "row_end", "paragraph_start", "paragraph_end", "start", "end",
]  # fmt: skip
_WORD = re.compile(r"\w+|[^\w\s]+|\s+")


class EditorCaret(EditorPage):
    """Moves the caret."""

    cursor_token = Signal(int)  # the token at the caret; -1 for none

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self._goal_x = -1.0  # where up and down go along
        self._told_token = -1

    # ---- caret ----

    @property
    def selection(self) -> tuple[int, int]:
        """Bytes selected: from, up to."""
        return min(self.place, self.anchor), max(self.place, self.anchor)

    def selected_text(self) -> str:
        return self.document.text.text(*self.selection)

    def set_caret(
        self, place: int, *, keeps_anchor: bool = False, keeps_goal: bool = False
    ) -> None:
        """Put the caret between two characters, and show it."""
        self.place = self.document.text.whole_at(place)
        if not keeps_anchor:
            self.anchor = self.place
        if not keeps_goal:
            self._goal_x = -1.0
        self.ensure_visible(self.place)
        self.viewport().update()
        self._tell_caret()

    def select(self, start: int, end: int) -> None:
        """Select bytes; the caret stands at the end of them."""
        self.anchor = self.document.text.whole_at(start)
        self.set_caret(end, keeps_anchor=True)

    def selectAll(self) -> None:
        """Select the whole text; the view stays where it is."""
        self.anchor, self.place = 0, self.document.n_bytes
        self.viewport().update()
        self._tell_caret()

    def move_caret(self, move: Move, *, keeps_anchor: bool = False) -> None:
        """Move as a key says. Without keeps_anchor a selection ends at the side gone to."""
        self.document.history.close()
        first, end = self.selection
        if first < end and not keeps_anchor and move in ("left", "right"):
            self.set_caret(first if move == "left" else end)
            return
        keeps_goal = move in ("up", "down", "page_up", "page_down")
        if keeps_goal and self._goal_x < 0:
            self._goal_x = self.caret_rect().x()
        self.set_caret(self._moved_to(move), keeps_anchor=keeps_anchor, keeps_goal=keeps_goal)

    def _moved_to(self, move: Move) -> int:
        match move:
            case "left" | "right":
                return self._beside(self.place, -1 if move == "left" else 1)
            case "word_left" | "word_right":
                return self._word_beside(-1 if move == "word_left" else 1)
            case "up" | "down":
                return self._row_beside(-1 if move == "up" else 1)
            case "page_up" | "page_down":
                return self._page_beside(-1 if move == "page_up" else 1)
            case "row_start" | "row_end":
                return self._row_edge(at_end=move == "row_end")
            case "paragraph_start" | "paragraph_end":
                return self._paragraph_edge(at_end=move == "paragraph_end")
            case "start":
                return 0
            case "end":
                return self.document.n_bytes

    def _beside(self, place: int, step: int) -> int:
        """The place one seen character on."""
        text = self.document.text
        number = text.segment_at(place)
        base = int(text.starts[number])
        if step < 0 and place == base:
            if number == 0:
                return 0
            number -= 1
            base = int(text.starts[number])
        laid = self._segment(number).laid
        units = laid.units(place - base)
        turn = laid.layout.nextCursorPosition if step > 0 else laid.layout.previousCursorPosition
        return base + laid.byte(turn(units))

    def _word_beside(self, step: int) -> int:
        """Where the next word begins, or the one before."""
        text = self.document.text
        number = text.segment_at(self.place)
        if step < 0 and self.place == int(text.starts[number]):
            number = max(0, number - 1)
        base = int(text.starts[number])
        starts = [
            base + len(text.segments[number][: found.start()].encode())
            for found in _WORD.finditer(text.segments[number])
            if not found[0].isspace()
        ]
        ends = [base, *starts, int(text.starts[number + 1])]
        if step > 0:
            return next((one for one in ends if one > self.place), self.document.n_bytes)
        return next((one for one in reversed(ends) if one < self.place), 0)

    def _row_beside(self, step: int) -> int:
        """The place in the row above or below."""
        height = self._look.row_height
        self.ensure_visible(self.place)
        wanted = self.caret_rect().center().y() + step * height
        if wanted < self._look.margin or wanted > self.viewport().height():
            self.scroll_by(step * height)
            wanted = self.caret_rect().center().y() + step * height
        return self._near_row(wanted)

    def _page_beside(self, step: int) -> int:
        height = max(self._look.row_height, self.viewport().height() - self._look.row_height)
        self.ensure_visible(self.place)
        self.scroll_by(step * height)
        # From where the caret is now: near an end the view went less far than the caret is to go.
        return self._near_row(self.caret_rect().center().y() + step * height)

    def _near_row(self, y: float) -> int:
        """The place at the goal in a row of the viewport; beyond the text an end of it."""
        if self._top == 0 and y < self.caret_rect(0).top():
            return 0
        end = self.document.n_bytes
        if y > self.viewport().height() / 2 and y > self.caret_rect(end).bottom():
            return end
        return self.place_near(QPointF(self._goal_x, y))

    def _row_edge(self, *, at_end: bool) -> int:
        number = self.document.text.segment_at(self.place)
        base = int(self.document.text.starts[number])
        laid = self._segment(number).laid
        row = laid.row_of(laid.units(self.place - base))
        first, end = laid.row_units(row)
        if not at_end:
            return base + laid.byte(first)
        is_last = row + 1 == len(laid.rows) and not laid.text.endswith("\n")
        return base + laid.byte(end if is_last else laid.layout.previousCursorPosition(end))

    def _paragraph_edge(self, *, at_end: bool) -> int:
        text = self.document.text
        number = text.segment_at(self.place)
        if at_end:
            while number + 1 < len(text) and not text.segments[number].endswith("\n"):
                number += 1
            end = int(text.starts[number + 1])
            return end - 1 if text.segments[number].endswith("\n") else end
        while number and not text.segments[number - 1].endswith("\n"):
            number -= 1
        return int(text.starts[number])

    def word_at(self, place: int) -> tuple[int, int]:
        """The bytes of the word, the blanks or the signs at a place."""
        text = self.document.text
        number = text.segment_at(place)
        base = int(text.starts[number])
        for found in _WORD.finditer(text.segments[number]):
            start = base + len(text.segments[number][: found.start()].encode())
            end = start + len(found[0].encode())
            if start <= place < end:
                return start, end
        return place, place

    def paragraph_at(self, place: int) -> tuple[int, int]:
        """The bytes of the paragraph at a place, with its line break."""
        text = self.document.text
        last = text.segment_at(place)
        first = last
        while first and not text.segments[first - 1].endswith("\n"):
            first -= 1
        while last + 1 < len(text) and not text.segments[last].endswith("\n"):
            last += 1
        return int(text.starts[first]), int(text.starts[last + 1])

    def _tell_caret(self) -> None:
        """Say which token the caret is at, where that is another than before."""
        tokens = self.document.tokens
        token = tokens.at(self.place)
        if token < 0 and self.place and len(tokens):
            token = tokens.at(self.place - 1)
        if token != self._told_token:
            self._told_token = token
            self.cursor_token.emit(token)

    def text_edited(self, edit: Edit) -> None:
        super().text_edited(edit)
        self._tell_caret()
