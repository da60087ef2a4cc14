"""The pages of a staged room, each made when it is first looked at; the strip above them and the
details beside them follow the page on show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.staged.details_stack import DetailsStack
from gui.staged.header import StagedHeader
from gui.staged.page import StagedPage
from gui.staged.page_entry import PageEntry
from gui.theme import Theme
from gui.widgets.panes import Panes


class Pages(QObject):
    """Args:
    make: a page of its entry.
    """

    status_changed = Signal()  # what a page says of itself is another

    def __init__(
        self,
        theme: Theme,
        entries: Sequence[PageEntry],
        make: Callable[[PageEntry], StagedPage],
        panes: Panes,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.entries = {entry.key: entry for entry in entries}
        self.made: dict[str, StagedPage] = {}
        self._make, self._panes = make, panes
        self.header = StagedHeader(theme, panes.work)
        self.stack = QStackedWidget(panes.work)
        self.details = DetailsStack(panes.side)
        self.work = QWidget(panes.work)
        column = QVBoxLayout(self.work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.stack, 1)
        self.details_button = self.header.details_button
        self.details_button.toggled.connect(self._on_details_toggled)
        panes.details_wished.connect(self.details_button.setChecked)

    @property
    def key(self) -> str:
        """Of the page on show."""
        shown = self.stack.currentWidget()
        return next((key for key, page in self.made.items() if page is shown), "")

    @property
    def page(self) -> StagedPage | None:
        """The one on show."""
        return self.made.get(self.key)

    def page_of(self, key: str) -> StagedPage:
        """Made now if nobody looked at it yet."""
        if key not in self.made:
            page = self._make(self.entries[key])
            self.made[key] = page
            page.status_changed.connect(self.status_changed)
            self.stack.addWidget(page)
            self.details.add_details(key, page.details())
        return self.made[key]

    def show(self, key: str) -> None:
        """Put a page on show, with its tools and its details."""
        page = self.page_of(key)
        self.stack.setCurrentWidget(page)
        self.header.set_tools(page.header_widget())
        self._on_details_toggled(self.details_button.isChecked())

    @Slot(bool)
    def _on_details_toggled(self, is_on: bool) -> None:
        if not self.made:
            return  # the panes keep what they were restored to
        has_some = self.details.show_details(self.key)
        self.details_button.setVisible(has_some)
        self._panes.show_details(is_on and has_some)
