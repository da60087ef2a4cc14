"""The messages one below the other, of which only those in view are laid out.

Does: heights of all, layout of a stretch, the reader's place when heights are corrected. Does
not: scroll, paint, know events. y counts from the first message's top.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from gui.widgets.block_look import Look
from gui.widgets.heights import Heights
from gui.widgets.laid_blocks import LaidBlocks
from gui.widgets.transcript_frame import Frame, content_top, content_width, frame_of, item_height
from gui.widgets.transcript_item import MessageItem, MessageView
from gui.widgets.transcript_row import MessageAction, RowButton, own_actions, row_of

# Parsed text kept in memory beyond what is in view.
MAX_PARSED_CHARS = 2_000_000
MIN_PARSED = 50
_FOOT_PX = 6  # below the last message's row


class Place(Struct, frozen=True):
    """A spot that stays what it is when heights above it change: so many pixels into a block (-1:
    the item's head)."""

    message_id: str
    block: int
    offset: float


class MessageColumn:
    """All messages of a chat. Call `measure` once before anything that needs places."""

    def __init__(self) -> None:
        self.items: list[MessageItem] = []
        self.laid_blocks = LaidBlocks()
        self.added: list[MessageAction] = []  # what others can do with a message
        self.is_locked: Callable[[], bool] = lambda: False  # nothing can be changed now
        self.width = 0.0
        self._look: Look | None = None
        self._heights = Heights()
        self._index: dict[str, int] = {}
        self._parsed: dict[str, int] = {}
        self._n_parsed_chars = 0
        self._growing: set[str] = set()

    # ---- messages ----

    def set_views(self, views: Iterable[MessageView]) -> None:
        self.laid_blocks.clear()
        self._parsed.clear()
        self._n_parsed_chars = 0
        self.items = [MessageItem(view, self.laid_blocks) for view in views]
        self._reindex()
        self._measure_all()

    def append(self, view: MessageView) -> MessageItem:
        item = MessageItem(view, self.laid_blocks)
        self.items.append(item)
        self._index[view.id] = len(self.items) - 1
        self._heights.insert(len(self._heights), 0.0)
        if self._look is not None:
            item.measure(self._look, self._width_of(item))
            self.update_height(len(self.items) - 1)
        return item

    def prepend(self, views: Sequence[MessageView]) -> None:
        """Messages before all others."""
        items = [MessageItem(view, self.laid_blocks) for view in views]
        self.items[0:0] = items
        self._reindex()
        if self._look is None:
            return
        for item in items:
            item.measure(self._look, self._width_of(item))
        self._heights.prepend(
            item_height(item, self._look, self.width, index == 0)
            for index, item in enumerate(items)
        )
        if len(items) < len(self.items):
            self.update_height(len(items))  # it was the first, and no more is

    def replace_from(self, start: int, views: Sequence[MessageView]) -> None:
        """Other messages in place of those from an index on."""
        for index in range(len(self.items) - 1, start - 1, -1):
            self._heights.remove(index)
            self._forget(self.items[index].view.id)
            self._growing.discard(self.items[index].view.id)
        del self.items[start:]
        self._reindex()
        for view in views:
            self.append(view)

    def set_view(self, view: MessageView) -> None:
        index = self._index[view.id]
        item = self.items[index]
        item.set_view(view)
        if self._look is not None:
            if not item.blocks:
                item.measure(self._look, self._width_of(item))
            self.update_height(index)

    def index_of(self, message_id: str) -> int | None:
        return self._index.get(message_id)

    def _reindex(self) -> None:
        self._index = {item.view.id: index for index, item in enumerate(self.items)}

    def last_reply(self) -> int:
        """Index of the last message if it is the model's; -1 otherwise."""
        last = len(self.items) - 1
        return last if last >= 0 and self.items[last].view.role == "assistant" else -1

    # ---- heights ----

    @property
    def look(self) -> Look:
        assert self._look is not None, "measure first"
        return self._look

    @property
    def total(self) -> float:
        return self._heights.total + (self.look.px(_FOOT_PX) if self.items else 0)

    def measure(self, look: Look, width: float) -> None:
        """Another look or width: all layouts go, all heights are estimates."""
        self._look, self.width = look, width
        self.laid_blocks.clear()
        self._measure_all()

    def _measure_all(self) -> None:
        if self._look is None:
            return
        look = self._look
        widths = {is_user: content_width(is_user, self.width, look) for is_user in (False, True)}
        for item in self.items:
            item.measure(look, widths[item.is_user])
        self._heights = Heights(
            item_height(item, look, self.width, index == 0) for index, item in enumerate(self.items)
        )

    def _width_of(self, item: MessageItem) -> float:
        return content_width(item.is_user, self.width, self.look)

    def update_height(self, index: int) -> bool:
        """Take an item's height over; True if it changed."""
        height = item_height(self.items[index], self.look, self.width, index == 0)
        return self._heights.set(index, height) != 0.0

    def top(self, index: int) -> float:
        return self._heights.top(index)

    def height(self, index: int) -> float:
        return self._heights[index]

    def index_at(self, y: float) -> int:
        """The message at y; -1 if there is none at all."""
        return self._heights.index_at(y) if self.items else -1

    def frame(self, index: int) -> Frame:
        buttons = self.buttons(index)
        return frame_of(self.items[index], self.look, self.width, index == 0, buttons)

    def buttons(self, index: int) -> list[RowButton]:
        """What stands under a message."""
        is_last, is_locked = index == self.last_reply(), self.is_locked()
        view = self.items[index].view
        return row_of(view, self.added, is_last_reply=is_last, is_locked=is_locked)

    def own_actions(self, index: int) -> list[str]:
        """What the transcript itself offers for a message."""
        is_last, is_locked = index == self.last_reply(), self.is_locked()
        return own_actions(self.items[index].view, is_last_reply=is_last, is_locked=is_locked)

    def content_top(self, index: int) -> float:
        """Where an item's first block begins."""
        return self.top(index) + content_top(self.items[index], self.look, self.width, index == 0)

    def block_top(self, index: int, block: int) -> float:
        """Where a block begins, its gap not counted."""
        item = self.items[index]
        return self.content_top(index) + item.heights.top(block) + item.gap(block)

    # ---- places ----

    def place_at(self, y: float) -> Place | None:
        """The spot at y, told from what begins there or is already begun."""
        # A scroll bar counts whole pixels, a message may begin at half a one.
        probe = y + 1
        index = self.index_at(probe)
        if index < 0:
            return None
        item, start = self.items[index], self.content_top(index)
        if probe - start >= item.content_height and index + 1 < len(self.items):
            # Between two messages the lower one is what the reader is about to read.
            return Place(self.items[index + 1].view.id, -1, y - self.top(index + 1))
        if probe < start or not item.blocks or probe - start >= item.heights.total:
            return Place(item.view.id, -1, y - self.top(index))
        block = item.heights.index_at(probe - start)
        return Place(item.view.id, block, y - start - item.heights.top(block))

    def steady_place(self, top: float, bottom: float) -> Place | None:
        """The spot at top, told from the first block in view that is laid out: what the reader
        sees of it stays where it is while what is above becomes known."""
        index = max(0, self.index_at(top))
        while index < len(self.items) and self.top(index) < bottom:
            item, start = self.items[index], self.content_top(index)
            block = item.heights.index_at(top - start) if item.blocks else 0
            while block < len(item.blocks) and start + item.heights.top(block) < bottom:
                if item.laid(block) is not None:
                    offset = top - start - item.heights.top(block)
                    return Place(item.view.id, block, offset)
                block += 1
            index += 1
        return self.place_at(top)

    def y_of(self, place: Place) -> float:
        """Where a place is now; the top if its message is gone."""
        index = self._index.get(place.message_id)
        if index is None:
            return 0.0
        item = self.items[index]
        if place.block < 0 or not item.blocks:
            return self.top(index) + place.offset
        block = min(place.block, len(item.blocks) - 1)
        return self.content_top(index) + item.heights.top(block) + place.offset

    # ---- laying out ----

    def lay_stretch(self, top: float, bottom: float, is_out_of_time: Callable[[], bool]) -> bool:
        """Lay out what stands between top and bottom, as far as the time goes.

        Returns:
            True if all of it was laid out already and no height changed: the stretch may be
            painted as it is.
        """
        index = self.index_at(top)
        settled = True
        while 0 <= index < len(self.items) and self.top(index) < bottom:
            start = self.content_top(index)
            settled &= self._lay_item(index, top - start, bottom - start, is_out_of_time)
            settled &= not self.update_height(index)
            index += 1
        self._forget_far()
        return settled

    def relay(self) -> None:
        """Formulas were drawn: what waited for them is laid out again when it is looked at."""
        for message_id in self.laid_blocks.drop_provisional():
            index = self._index.get(message_id)
            if index is not None:
                self.items[index].relay()

    def append_text(self, message_id: str, text: str) -> None:
        """More text of a message; it is parsed by the next `grow`."""
        self.items[self._index[message_id]].append(text)
        self._growing.add(message_id)

    def growing_top(self) -> float | None:
        """Above this nothing changes when the text that is waiting is shown; None: it may be
        anywhere."""
        index = self._index.get(next(iter(self._growing), ""))
        if index is None or len(self._growing) > 1:
            return None
        item = self.items[index]
        block = max(0, min(item.stable_blocks, len(item.blocks)) - 1)
        return self.content_top(index) + item.heights.top(block)

    def grow(self, is_out_of_time: Callable[[], bool]) -> bool:
        """Parse what messages have received, in view or not; True when nothing is left."""
        for message_id in list(self._growing):
            index = self._index.get(message_id)
            if index is not None:
                if not self.items[index].parse(0.0, is_out_of_time):
                    return False
                self.update_height(index)
            self._growing.discard(message_id)
        return True

    def _lay_item(
        self, index: int, top: float, bottom: float, is_out_of_time: Callable[[], bool]
    ) -> bool:
        item = self.items[index]
        self._remember(item)
        settled = item.parse(bottom, is_out_of_time)
        if not item.blocks or item.heights.total <= top:
            return settled
        block = item.heights.index_at(top)
        while block < len(item.blocks) and item.heights.top(block) < bottom:
            if item.laid(block) is None and is_out_of_time():
                return False
            settled &= not item.lay(block)
            block += 1
        return settled

    def _forget_far(self) -> None:
        """Keep the parsed text in memory bounded; what was seen last stays."""
        while self._n_parsed_chars > MAX_PARSED_CHARS and len(self._parsed) > MIN_PARSED:
            message_id = next(iter(self._parsed))
            self._forget(message_id)
            self.items[self._index[message_id]].forget()

    def _remember(self, item: MessageItem) -> None:
        """Note that an item's parsed text is in memory, the last used at the end."""
        self._forget(item.view.id)
        self._parsed[item.view.id] = len(item.view.text)
        self._n_parsed_chars += len(item.view.text)

    def _forget(self, message_id: str) -> None:
        self._n_parsed_chars -= self._parsed.pop(message_id, 0)
