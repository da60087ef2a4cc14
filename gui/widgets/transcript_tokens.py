"""The part of the transcript that knows which token of a reply is looked at: by the mouse resting
on it, or by keys.

Works while `set_token_book` has given it the tokens. What is shown of a token is others' business:
they hear `token_pointed` and `token_left`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.widgets.token_boxes import TokenBox, folded_tokens, own_range, token_boxes
from gui.widgets.token_marks import TokenBook, TokenMarks
from gui.widgets.transcript_column import Place
from gui.widgets.transcript_page import TranscriptPage

HOVER_MS = 200
_NO_TOKEN = ("", -1)
_NEAR_PX = 2.0
_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class TranscriptTokens(TranscriptPage):
    """A page whose replies can be looked at token by token."""

    token_pointed = Signal(str, int, bool)  # message id, token, whether by keys
    token_left = Signal()  # the mouse is on no token any more
    reasoning_toggled = Signal()  # tokens stand elsewhere now, or are not shown any more
    tokens_skipped = Signal(str)  # message id: keys found none but those of folded reasoning

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        # What shows a token hears plain keys first; True where it did something with one.
        self.popup_key: Callable[[int], bool] = lambda key: False
        self._resting: tuple[str, int] = _NO_TOKEN
        self._hover_timer = QTimer(self, singleShot=True, interval=HOVER_MS)
        self._hover_timer.timeout.connect(self._on_rested)

    def set_token_book(self, book: TokenBook | None) -> None:
        """Colour replies by their tokens' probability, or no more."""
        self.token_book = book
        self.set_current_token(*_NO_TOKEN)
        self._stop_resting()
        self.viewport().update()

    def set_current_token(self, message_id: str, token: int) -> None:
        """Ring a token; "" and -1 for none."""
        if self.current_token != (message_id, token):
            self.current_token = (message_id, token)
            self.viewport().update()

    def toggle_thought(self, index: int, block: int) -> None:
        super().toggle_thought(index, block)
        self._stop_resting()
        self.reasoning_toggled.emit()

    def marks_of(self, message_id: str) -> TokenMarks | None:
        return self.token_book.find(message_id) if self.token_book is not None else None

    # ---- places ----

    def token_at(self, point: QPointF) -> tuple[str, int] | None:
        """Message and token under a point of the column; thin marks are hit a little beside."""
        index = self.column.index_at(point.y())
        if index < 0:
            return None
        item = self.column.items[index]
        if not item.blocks or self.marks_of(item.view.id) is None:
            return None
        corner = QPointF(self.column.frame(index).content.x(), self.column.content_top(index))
        local = point - corner
        block = item.heights.index_at(local.y())
        inside = local - QPointF(0, item.heights.top(block) + item.gap(block))
        # Marks first: they are thin, and stand upon their neighbours' edges.
        boxes = self._boxes(index, block)
        hit = [box for box in boxes if _is_hit(box, inside)]
        best = min(hit, key=lambda box: (not box.is_mark, _distance(box, inside)), default=None)
        return (item.view.id, best.token) if best is not None else None

    def token_rect(self, message_id: str, token: int) -> QRectF | None:
        """A token's (first) box on the viewport; None while it is not laid out."""
        index, marks = self.column.index_of(message_id), self.marks_of(message_id)
        if index is None or marks is None or not 0 <= token < len(marks):
            return None
        block = self._block_of(index, marks.span(token)[0])
        for number in (block, block + 1):
            for box in self._boxes(index, number):
                if box.holds(token):
                    x = self.column.frame(index).content.x()
                    place = box.rect.translated(x, self.column.block_top(index, number))
                    return self.viewport_rect(place)
        return None

    def _block_of(self, index: int, char: int) -> int:
        blocks = self.column.items[index].blocks
        starts = [own_range(blocks, number)[0] for number in range(len(blocks))]
        return max(0, bisect_right(starts, char) - 1)

    def _boxes(self, index: int, block: int) -> list[TokenBox]:
        item = self.column.items[index]
        marks = self.marks_of(item.view.id)
        laid = item.laid(block) if 0 <= block < len(item.blocks) else None
        if laid is None or marks is None:
            return []
        return token_boxes(laid, marks, own_range(item.blocks, block))

    # ---- the mouse ----

    def hover_token(self, point: QPointF) -> None:
        """The mouse is at a point of the viewport."""
        if self.token_book is None:
            return
        found = self.token_at(self.column_point(point)) or _NO_TOKEN
        if found == self._resting:
            return
        self._stop_resting()
        self._resting = found
        if found != _NO_TOKEN:
            self._hover_timer.start()
        else:
            self.token_left.emit()

    def _stop_resting(self) -> None:
        self._hover_timer.stop()
        self._resting = _NO_TOKEN

    @Slot()
    def _on_rested(self) -> None:
        self.token_pointed.emit(*self._resting, False)

    # ---- keys ----

    def token_key(self, event: QKeyEvent) -> bool:
        """Alt with left and right goes from token to token of the current message, with Shift
        from one surprising token to the next; False if a key means nothing here."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held == Qt.KeyboardModifier.NoModifier and self.popup_key(event.key()):
            return True
        alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
        step = _STEPS.get(event.key())
        if self.token_book is None or step is None or held not in (alt, alt | shift):
            return False
        index = self._token_message()
        if index >= 0:
            self._step_token(index, step, only_surprising=bool(held & shift))
        return index >= 0

    def _token_message(self) -> int:
        """The message whose tokens keys go through: the current one, else the last reply in
        view."""
        index = self.current_message
        if index < 0:
            index = self.column.index_at(self.top + self.viewport().height() - 1)
            while index >= 0 and self.column.items[index].view.role != "assistant":
                index -= 1
        marks = self.marks_of(self.column.items[index].view.id) if index >= 0 else None
        return index if marks is not None and len(marks) else -1

    def _step_token(self, index: int, step: int, *, only_surprising: bool) -> None:
        message_id = self.column.items[index].view.id
        marks = self.marks_of(message_id)
        assert marks is not None
        tokens = self._tokens_from(index, step)
        token = next((one for one in tokens if marks.level(one) or not only_surprising), None)
        if token is not None:
            self.current_message = index
            self._stop_resting()
            self._show_token(message_id, token)
            self.token_pointed.emit(message_id, token, True)
        elif folded_tokens(self.column.items[index].blocks, marks):
            self.tokens_skipped.emit(message_id)

    def _tokens_from(self, index: int, step: int) -> Iterator[int]:
        """The tokens before or behind the current one; without one, from what is seen on. Those of
        folded reasoning are stepped over."""
        item = self.column.items[index]
        marks = self.marks_of(item.view.id)
        if marks is None:
            return
        folded = folded_tokens(item.blocks, marks)
        if self.current_token[0] == item.view.id:
            token = self.current_token[1] + step
        else:
            token = self._first_seen(index) if step > 0 else len(marks) - 1
        while 0 <= token < len(marks):
            inside = next((one for one in folded if token in one), None)
            if inside is None:
                yield token
                token += step
            else:
                token = inside.stop if step > 0 else inside.start - 1

    def _first_seen(self, index: int) -> int:
        item = self.column.items[index]
        y = self.top - self.column.content_top(index)
        block = item.heights.index_at(max(0.0, y)) if item.blocks else 0
        top = y - item.heights.top(block) if item.blocks else 0.0
        boxes = (box for box in self._boxes(index, block) if box.rect.top() >= top - 1)
        return next((box.token for box in boxes), 0)

    def _show_token(self, message_id: str, token: int) -> None:
        """Ring a token, and scroll so that it is seen."""
        self.set_current_token(message_id, token)
        rect = self.token_rect(message_id, token)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        if rect is None:
            index, marks = self.column.index_of(message_id), self.marks_of(message_id)
            if index is not None and marks is not None:
                block = self._block_of(index, marks.span(token)[0])
                self.scroll_to_place(Place(message_id, block, -float(height) / 3))
        elif rect.top() < 0 or rect.bottom() > height:
            bar.setValue(bar.value() + round(rect.top() - height / 3))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop_resting()


def _is_hit(box: TokenBox, point: QPointF) -> bool:
    near = _NEAR_PX if box.is_mark else 0.0
    return box.rect.adjusted(-near, 0, near, 0).contains(point)


def _distance(box: TokenBox, point: QPointF) -> float:
    return abs(box.rect.center().x() - point.x())
