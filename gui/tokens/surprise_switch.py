"""The switch of the surprise map in the room's header, and what its colours mean beside it where
there is room.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.chat.certainty_legend import CertaintyLegend
from gui.icons import icon
from gui.theme import Theme
from gui.tokens.parts import TokensParts
from gui.tokens.surprise import map_of
from gui.tokens.words import tr
from gui.widgets.shy_button import ShyButton

SHORTCUT = "Ctrl+Shift+M"
PANEL = "surprise"
LEGEND_FROM_PX = 1250  # a window of this width has room for the legend


class SurpriseLegend(CertaintyLegend):
    """The same ramp as over replies; what it means over any text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setToolTip(
            tr(
                "How probable the model held each token before it saw it. A grey token is not"
                " known: the text before it changed, or the model has not come to it yet."
            )
        )


class SurpriseSwitch(QWidget):
    """The button, the legend, and the key that works all over the room."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._theme = parts.context.theme
        self.map = map_of(parts)
        self.legend = SurpriseLegend(self._theme, self)
        self.button = ShyButton(tr("Surprise map"), "")
        self.button.setCheckable(True)
        self._tip = tr(
            "Colour each token by how surprising it is to the loaded model: none over 50 %, then"
            " under 50, 10 and 1 per cent (Ctrl+Shift+M)"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.legend)
        row.addWidget(self.button)
        parts.add_action(tr("Surprise &map"), self.button.click, SHORTCUT)
        self.button.clicked.connect(self._on_clicked)
        self.map.changed.connect(self._show)
        self._theme.changed.connect(self._dress)
        self._dress()
        self._show()

    @Slot(bool)
    def _on_clicked(self, is_on: bool) -> None:
        self.map.set_on(is_on)
        if self.map.status == "blocked":
            self._parts.show_panel(PANEL)  # which says what is missing, and helps

    @Slot()
    def _show(self) -> None:
        self.button.setChecked(self.map.is_on)
        words = self._status_words()
        self.button.setToolTip(f"{self._tip}. {words}" if words else self._tip)
        self.button.setAccessibleDescription(words or self._tip)
        running = self.map.status == "running"
        shown = tr("Surprise map · {share} %").format(share=self.share()) if running else ""
        self.button.setText(shown or tr("Surprise map"))
        self._fit()

    def share(self) -> int:
        """Per cent of the text's tokens that were told."""
        n_tokens = len(self.map.logprobs)
        return 100 * self.map.n_told // n_tokens if n_tokens else 0

    def _status_words(self) -> str:
        return {
            "blocked": tr("The panel below says what is missing."),
            "running": tr("The model reads the text."),
            "stopped": tr("Stopped before the end."),
            "failed": self.map.failure,
        }.get(self.map.status, "")

    def _fit(self) -> None:
        is_roomy = self.window().width() >= self._theme.px(LEGEND_FROM_PX)
        self.legend.setVisible(self.map.is_on and is_roomy)

    def _dress(self) -> None:
        palette = self._theme.palette
        self.button.setIcon(icon("certainty", palette.text_dim, palette.accent))
        self._fit()

    def minimumSizeHint(self) -> QSize:
        # Words are shown whole or not at all: the header decides, and others shrink first.
        return self.sizeHint()

    # ---- seen or not ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.window().installEventFilter(self)
        self.map.set_seen(True)
        self._fit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.window().removeEventFilter(self)
        self.map.set_seen(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)
