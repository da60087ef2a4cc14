"""The transcript: a chat's messages, of any number and length, with streaming, selection and
copying.

Shows MessageViews and emits wishes; knows no chat, no model and no file. While a reply streams,
the screen is painted at most 30 times a second. Layout and scrolling are in transcript_page.py,
mouse, keys and clipboard in transcript_input.py.

Later views map characters to tokens through `MessageItem.blocks`: every run says where in the
message's text it stands (`Run.source`), and `LaidBlock.range_rects` where on the screen.
"""

from collections.abc import Sequence

from msgspec.structs import replace
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QHideEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.widgets.markdown_thoughts import answer_of
from gui.widgets.transcript_column import Place
from gui.widgets.transcript_input import TranscriptInput
from gui.widgets.transcript_item import MessageItem, MessageView
from gui.widgets.transcript_menu import Line, lines_of
from gui.widgets.transcript_page import FRAME_MS
from gui.widgets.transcript_row import MessageAction, tooltip, tr
from gui.widgets.transcript_target import Target

__all__ = ["MessageAction", "MessageView", "Transcript"]

_SPOKEN_CHARS = 4_000
_READ_CHARS = 20_000  # where a reply is looked through for its answer


class Transcript(TranscriptInput):
    """The messages of a chat. All methods are cheap; layout follows in slices."""

    link_activated = Signal(str, str)  # a safe URL that the reader clicked, and its words
    version_requested = Signal(str, int)  # message id, version wanted (from 1)
    edit_requested = Signal(str)  # message id
    regenerate_requested = Signal(str)  # message id
    continue_requested = Signal(str)  # message id
    delete_requested = Signal(str)  # message id
    action_requested = Signal(str, str)  # key of an added action, message id
    copied = Signal()  # something was put on the clipboard

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._is_flush_due = False
        self._flush_timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._flush_timer.timeout.connect(self._on_flush_due)
        self.setAccessibleName(tr("Conversation"))

    def add_message_action(self, action: MessageAction) -> None:
        """A further line in every message's menu, and a button where it says so; `action_requested`
        tells when it is chosen."""
        self.more_actions.append(action)

    def lines_of(self, index: int) -> list[Line]:
        """All that can be done with a message right now; `act` does what a line's target says."""
        return lines_of(self.column, index)

    # ---- messages ----

    def set_messages(self, views: Sequence[MessageView]) -> None:
        """Show other messages, from their end."""
        self.selection.clear()
        self.clear_hover()
        self.set_current(-1)
        self.column.set_views(views)
        self.scroll_to_end()
        self._describe()

    def set_messages_again(self, views: Sequence[MessageView]) -> None:
        """The same messages, each in another state; the reader's place stays."""
        assert [view.id for view in views] == self.message_ids()
        place, follows = self._place, self.follows
        self.column.set_views(views)
        if follows:
            self.scroll_to_end()
        else:
            self.hold_place(place)
        self._describe()

    def replace_messages(self, start: int, views: Sequence[MessageView]) -> None:
        """Other messages in place of those from an index on: another version, another branch.

        The first of them appears where the one before it stood, and is the current one where that
        was. What is sent, and what is written at the end that the reader follows, is followed.
        """
        place = self._place_of_others(start, views)
        for item in self.column.items[start:]:
            self.selection.drop_message(item.view.id)
        current = min(self.current_message, start + len(views) - 1)
        self.column.replace_from(start, views)
        if place is not None:
            self.hold_place(self._within(place, start))
        elif any(view.role == "user" for view in views):
            self.scroll_to_end()
        else:
            self.settle()
        self._describe()
        if self.current_message >= start:
            self.make_current(current)
        self.clear_hover()
        self.hover_again()

    def _place_of_others(self, start: int, views: Sequence[MessageView]) -> Place | None:
        """What to keep in place when others come from an index on; None: whoever follows the end
        goes on so, and what was sent is gone to."""
        is_written = bool(views) and views[-1].streaming
        is_sent = is_written and any(view.role == "user" for view in views)
        if is_sent or not self.column.items:
            return None
        if start == len(self.column.items) or not views:
            return None if self.follows and is_written else self._place_before(start)
        offset = self.top - self.column.top(start)
        if offset <= -self.viewport().height():
            return self._place_before(start)
        is_out_of_sight = offset > self.column.frame(start).heading.bottom()
        if self.follows and (is_written or is_out_of_sight):
            return None
        return Place(views[0].id, -1, offset)

    def _place_before(self, start: int) -> Place | None:
        """The reader's place, told from a message before an index."""
        place = self._place
        index = self.column.index_of(place.message_id) if place is not None else None
        if index is not None and index < start:
            return place
        before = start - 1
        if before < 0:
            return None
        return Place(self.column.items[before].view.id, -1, self.top - self.column.top(before))

    def _within(self, place: Place, start: int) -> Place:
        """A place in the first of the other messages; its beginning where it is too short."""
        is_there = self.column.index_of(place.message_id) == start
        if is_there and place.block < 0 and place.offset >= self.column.height(start):
            return replace(place, offset=0.0)
        return place

    def make_current(self, index: int) -> None:
        """Make a message the one that keys act on (-1: none), and say it to a screen reader."""
        self.set_current(index)
        if index >= 0:
            self.describe_message(index)

    def prepend_messages(self, views: Sequence[MessageView]) -> None:
        """Earlier messages, before all others; what is in view stays where it is."""
        self.column.prepend(views)
        self.clear_hover()
        if self.current_message >= 0:
            self.current_message += len(views)
        self.settle()

    def append_message(self, view: MessageView) -> None:
        """One more message at the end. What the user said brings the view there."""
        self.column.append(view)
        if view.role == "user":
            self.scroll_to_end()
        else:
            self.settle()
        self._describe()

    def begin_reply(self, view: MessageView) -> None:
        """A reply that will stream: a new message, or one that is there and is written anew."""
        view = replace(view, streaming=True)
        if self.column.index_of(view.id) is None:
            self.append_message(view)
        else:
            self.update_message(view)

    def append_text(self, message_id: str, text: str) -> None:
        """More words of a streaming reply; shown at once or with the next of 30 paints a second.

        Raises:
            KeyError: there is no such message.
        """
        self.column.append_text(message_id, text)
        if self._flush_timer.isActive():
            self._is_flush_due = True
        else:
            self._flush()

    def finish_reply(self, message_id: str, view: MessageView) -> None:
        """The reply is whole; view says it all (text, footer), or has no text and keeps what
        came."""
        text = view.text or self.text_of(message_id)
        self.update_message(replace(view, id=message_id, text=text, streaming=False))
        self._announce(answer_of(text))

    def update_message(self, view: MessageView) -> None:
        """Another state of a message: text, version, footer.

        Raises:
            KeyError: there is no such message.
        """
        if not view.text.startswith(self.text_of(view.id)):
            self.selection.drop_message(view.id)
        self.column.set_view(view)
        self.settle()
        self._describe()

    def scroll_to(self, message_id: str) -> None:
        """Bring a message's heading to the upper edge.

        Raises:
            KeyError: there is no such message.
        """
        self._index(message_id)
        self.scroll_to_place(Place(message_id, -1, 0.0))

    def message_ids(self) -> list[str]:
        return [item.view.id for item in self.column.items]

    def text_of(self, message_id: str) -> str:
        """A message's text as it is now.

        Raises:
            KeyError: there is no such message.
        """
        return self.column.items[self._index(message_id)].text

    def _index(self, message_id: str) -> int:
        index = self.column.index_of(message_id)
        if index is None:
            raise KeyError(message_id)
        return index

    # ---- streaming ----

    def _flush(self) -> None:
        self._is_flush_due = False
        self._flush_timer.start()
        self.settle_growth()

    @Slot()
    def _on_flush_due(self) -> None:
        if self._is_flush_due:
            self._flush()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._flush_timer.stop()

    # ---- what is read aloud ----

    def _describe(self) -> None:
        """The last message is what a screen reader says of the transcript."""
        items = self.column.items
        last = _spoken(items[-1]) if items else ""
        if last != self.accessibleDescription():
            self.setAccessibleDescription(last)

    def _announce(self, text: str) -> None:
        """Have a screen reader say something, whatever it was saying of the transcript."""
        if QAccessible.isActive():
            event = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            QAccessible.updateAccessibility(event)
            QAccessible.updateAccessibility(
                QAccessibleAnnouncementEvent(self, text[:_SPOKEN_CHARS])
            )

    # ---- wishes ----

    def wish(self, what: str, index: int) -> None:
        view = self.column.items[index].view
        if what.startswith("do:"):
            self.action_requested.emit(what.removeprefix("do:"), view.id)
        elif what == "edit":
            self.edit_requested.emit(view.id)
        elif what == "regenerate":
            self.regenerate_requested.emit(view.id)
        elif what == "continue":
            self.continue_requested.emit(view.id)
        elif what == "delete":
            self.delete_requested.emit(view.id)
        elif what == "previous" and view.version > 1:
            self.version_requested.emit(view.id, view.version - 1)
        elif what == "next" and view.version < view.n_versions:
            self.version_requested.emit(view.id, view.version + 1)

    def open_link(self, target: Target) -> None:
        self.link_activated.emit(target.url, target.text)

    def describe_message(self, index: int) -> None:
        words = _spoken(self.column.items[index])
        self.setAccessibleDescription(words)
        self._announce(words)

    def describe_button(self, what: str) -> None:
        if not what:
            self.describe_message(self.current_message)
            return
        words = tooltip(what, self.more_actions)
        row = self.column.buttons(self.current_message)
        if any(one.what == what and one.is_on for one in row):
            words = tr("{words}: pressed").format(words=words)
        self.setAccessibleDescription(words)
        self._announce(words)

    def tell_copied(self) -> None:
        self.copied.emit()


def _spoken(item: MessageItem) -> str:
    """A message as it is read aloud: the answer, not the reasoning before it."""
    text = item.text
    ends = [item.blocks[at].end for at in item.thoughts if item.blocks[at].closes]
    if ends:
        text = text[ends[-1] :].lstrip()
    elif not item.is_user and not item.blocks:
        text = answer_of(text[:_READ_CHARS])
    return f"{_named(item.view)}: {text[:_SPOKEN_CHARS]}"


def _named(view: MessageView) -> str:
    if view.n_versions < 2:
        return view.heading
    words = tr("{heading}, version {n} of {all}")
    return words.format(heading=view.heading, n=view.version, all=view.n_versions)
