"""The row of buttons under the current message, gone through by keys: Tab comes to the next one,
and past the last leaves the page.

What a button is comes from transcript_row.py; what it does when it is pressed is the business of
transcript_input.py.
"""

from gui.widgets.transcript_mouse import TranscriptMouse
from gui.widgets.transcript_row import MessageAction


class TranscriptRow(TranscriptMouse):
    """A page whose current message's buttons can be focused."""

    @property
    def more_actions(self) -> list[MessageAction]:
        """What others added to the menu and the row of buttons."""
        return self.column.added

    def describe_button(self, what: str) -> None:
        """A button of the current message is the one that keys press; "": none any more."""
        raise NotImplementedError

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab goes through the current message's buttons first."""
        if self.current_message < 0 or not self._step_button(1 if forwards else -1):
            return super().focusNextPrevChild(forwards)
        return True

    def _step_button(self, step: int) -> bool:
        names = ["", *self.column.frame(self.current_message).actions]
        at = names.index(self.focused_button) if self.focused_button in names else 0
        if not 0 <= at + step < len(names):
            self.focus_button("")
            return False
        self.focus_button(names[at + step])
        return True

    def focus_button(self, what: str) -> None:
        """Make a button the one that keys press; "": none."""
        self.focused_button = what
        if what:
            self.show_whole_row()
        self.describe_button(what)
        self.viewport().update()

    def show_whole_row(self) -> None:
        """Scroll so that the current message's buttons are seen."""
        index, height = self.current_message, self.viewport().height()
        bottom = self.column.top(index) + self.column.frame(index).row.bottom()
        if not self.top <= bottom <= self.top + height:
            self.verticalScrollBar().setValue(round(bottom - height))
