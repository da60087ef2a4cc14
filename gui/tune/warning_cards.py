"""What the check found wrong, each as a card with what can be done about it at once."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.process.tune_messages import RowWarning
from gui.icons import pixmap
from gui.theme import Theme
from gui.tune.remedies import Remedy, remedies
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, frame, label

TALLEST_PX, LEAST_PX = 210, 72


class WarningCard(QFrame):
    """One warning; its rows can be shown."""

    rows_asked = Signal(object)  # the RowWarning

    def __init__(
        self, theme: Theme, warning: RowWarning, ways: list[Remedy], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self.warning = theme, warning
        self.setProperty("kind", "card")
        self.setAccessibleName(f"{warning.message} {warning.remedy}".strip())
        self._sign = label("")
        self.buttons = [button(one.words, "chip", one.tip) for one in ways]
        for one, way in zip(self.buttons, ways, strict=True):
            one.clicked.connect(lambda _checked=False, do=way.do: do())
        if warning.ids:
            show = button(tr("Show these rows"), "chip", tr("The rows that this is about"))
            show.clicked.connect(partial(self.rows_asked.emit, warning))
            self.buttons.append(show)
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self.warning.message, "heading", wrap=True))
        if self.warning.remedy:
            words.addWidget(label(self.warning.remedy, "dim", wrap=True))
        if self.buttons:
            line = QWidget()
            flow = FlowLayout(line)
            flow.setContentsMargins(0, 4, 0, 0)
            flow.setSpacing(6)
            for one in self.buttons:
                flow.addWidget(one)
            words.addWidget(line)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(words, 1)

    @Slot()
    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        name, colour = (
            ("error", palette.bad) if self.warning.is_grave else ("warning", palette.warn)
        )
        self._sign.setPixmap(pixmap(name, colour, px(18), self.devicePixelRatioF()))
        self._row.setContentsMargins(px(12), px(8), px(12), px(8))
        self._row.setSpacing(px(8))


class WarningCards(QScrollArea):
    """The graver ones first; as tall as they are, up to a bound. Hidden while there are none."""

    rows_asked = Signal(object)  # a RowWarning

    def __init__(self, theme: Theme, desk: RowsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self.cards: list[WarningCard] = []
        self._most = theme.px(TALLEST_PX)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page = frame("")
        self._page.setProperty("kind", "page")
        self._column = QVBoxLayout(self._page)
        self.setWidget(self._page)
        theme.changed.connect(self._dress)
        self._dress()
        self.hide()

    def show_warnings(self, warnings: list[RowWarning]) -> None:
        """Show these and no others."""
        for card in self.cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        ordered = sorted(warnings, key=lambda one: not one.is_grave)
        self.cards = [self._card(one) for one in ordered]
        self.setVisible(bool(self.cards))
        self._fit()

    def set_most(self, height: int) -> None:
        """Be no taller than this, in pixels."""
        px = self._theme.px
        self._most = max(px(LEAST_PX), min(height, px(TALLEST_PX)))
        self._fit()

    def _card(self, warning: RowWarning) -> WarningCard:
        card = WarningCard(self._theme, warning, remedies(warning, self._desk), self._page)
        card.rows_asked.connect(self.rows_asked)
        self._column.addWidget(card)
        return card

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]  # a QResizeEvent
        self._fit()

    def _fit(self) -> None:
        layout, width = self._column, max(1, self.viewport().width())
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else 0
        wanted = max(wanted, 0) or layout.totalSizeHint().height()
        self.setFixedHeight(min(wanted, self._most))

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(16), px(8), px(16), px(4))
        self._column.setSpacing(px(8))
        self._fit()
