"""A part of the details pane that opens and closes at a click on its heading, and is made only when
it is first opened.
"""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from gui import icons
from gui.chat.words import tr
from gui.theme import Theme


class DetailsSection(QWidget):
    """A heading and, while it is open, what belongs to it.

    Args:
        key: the name it is remembered by.
        make: makes the body, once.
    """

    toggled = Signal(str, bool)  # key, is it open now

    def __init__(
        self,
        theme: Theme,
        key: str,
        title: str,
        tip: str,
        make: Callable[[], QWidget],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.key, self._title, self._make = key, title, make
        self._theme = theme
        self._n_changed = 0
        self.body: QWidget | None = None
        self.heading = QToolButton(self)
        self.heading.setToolTip(tip)
        self.heading.setProperty("kind", "section")
        self.heading.setCheckable(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._layout.addWidget(self.heading, 0, Qt.AlignmentFlag.AlignLeft)
        self.heading.toggled.connect(self._on_toggled)
        theme.changed.connect(self._show_heading)
        self._show_heading()

    @property
    def is_open(self) -> bool:
        return self.heading.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close without telling it as a person's wish."""
        with QSignalBlocker(self.heading):
            self.heading.setChecked(is_open)
        self._show(is_open)

    def set_n_changed(self, n_changed: int) -> None:
        """How many settings in it are not at their default: said while it is closed."""
        if n_changed != self._n_changed:
            self._n_changed = n_changed
            self._show_heading()

    def _show(self, is_open: bool) -> None:
        if is_open and self.body is None:
            self.body = self._make()
            self._layout.addWidget(self.body)
        if self.body is not None:
            self.body.setVisible(is_open)
        self._show_heading()

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self._show(is_open)
        self.toggled.emit(self.key, is_open)

    @Slot()
    def _show_heading(self) -> None:
        arrow = "chevron-down" if self.is_open else "chevron-right"
        self.heading.setIcon(icons.icon(arrow, self._theme.palette.text_faint))
        n_changed = self._n_changed
        changed = tr("{n} changed").format(n=n_changed) if n_changed else ""
        shown = changed if not self.is_open else ""
        self.heading.setText(" · ".join(part for part in (self._title.upper(), shown) if part))
        state = tr("open") if self.is_open else tr("closed")
        self.heading.setAccessibleName(", ".join(p for p in (self._title, state, shown) if p))
