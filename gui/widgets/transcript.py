"""The transcript: a chat's messages, of any number and length, with streaming, selection and
copying.

Shows MessageViews and emits wishes; knows no chat, no model and no file. While a reply streams,
the screen is painted at most 30 times a second. Layout and scrolling are in transcript_page.py,
mouse, keys and clipboard in transcript_input.py.

Later views map characters to tokens through `MessageItem.blocks`: every run says where in the
message's text it stands (`Run.source`), and `LaidBlock.range_rects` where on the screen.
"""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QHideEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.widgets.markdown_thoughts import answer_of
from gui.widgets.transcript_column import Place
from gui.widgets.transcript_input import TranscriptInput
from gui.widgets.transcript_item import MessageItem, MessageView
from gui.widgets.transcript_menu import MessageAction, tr
from gui.widgets.transcript_page import FRAME_MS
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
        """A further line in every message's menu; `action_requested` tells when it is chosen."""
        self.more_actions.append(action)

    # ---- messages ----

    def set_messages(self, views: Sequence[MessageView]) -> None:
        """Show other messages, from their end."""
        self.selection.clear()
        self.clear_hover()
        self.current_message = -1
        self.column.set_views(views)
        self.scroll_to_end()
        self._describe()

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
        self._announce(text)

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

    def remove_message(self, message_id: str) -> None:
        """Take a message out.

        Raises:
            KeyError: there is no such message.
        """
        self._index(message_id)
        self.selection.drop_message(message_id)
        self.clear_hover()
        self.current_message = -1
        self.column.remove(message_id)
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
        if QAccessible.isActive():
            event = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            QAccessible.updateAccessibility(event)
            QAccessible.updateAccessibility(
                QAccessibleAnnouncementEvent(self, answer_of(text)[:_SPOKEN_CHARS])
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
        self.setAccessibleDescription(_spoken(self.column.items[index]))

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
    return f"{item.view.heading}: {text[:_SPOKEN_CHARS]}"
