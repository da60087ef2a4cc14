"""The line that says what the maker of the loaded model recommends, while something else is set."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.default_words import values_text
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip


class RecommendedLine(QWidget):
    """Shown while a recommendation is known and not in use."""

    use_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, Any] = {}
        self.words = label("", "faint", wrap=True)
        self.use = button(tr("Use the maker's values"), "link")
        self.use.clicked.connect(self.use_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.words)
        self.hide()

    def set_values(self, values: dict[str, Any], source: str) -> None:
        self._values = values
        self.words.setText(values_text(values))
        tip = tr("What the model's own page says of sampling. Source: {source}.")
        self.use.setToolTip(plain_tip(tip.format(source=source)))

    def set_settings(self, settings: ChatSettings) -> None:
        """Stand aside where all of it is set already."""
        differs = any(getattr(settings, name) != value for name, value in self._values.items())
        self.setVisible(differs)
