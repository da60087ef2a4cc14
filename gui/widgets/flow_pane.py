"""A pane whose least height follows from its width: what is set in rows within it is never cut."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class FlowPane(QWidget):
    """For splitters, which ask for a least height and do not tell for which width."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return done

    def fit(self) -> None:
        """Take the least height for the width there is."""
        layout = self.layout()
        if layout is not None:
            flows = layout.hasHeightForWidth()
            width = max(0, self.width())
            least = layout.totalMinimumHeightForWidth(width) if flows else -1
            self.setMinimumHeight(least if least >= 0 else layout.totalMinimumSize().height())
