"""What Bathysphere is, in a small window of its own beside the main one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui import icons
from gui.theme import Theme
from gui.version import app_version
from gui.widgets.kinds import button, label


class AboutDialog(QDialog):
    """Name, version, what it is for, where the name is from."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Bathysphere"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        sign = QLabel()
        sign.setPixmap(icons.pixmap("bathysphere", "", px(88), self.devicePixelRatioF()))
        words = QVBoxLayout()
        words.setSpacing(px(6))
        words.addWidget(label("Bathysphere", "title"))
        words.addWidget(label(self.tr("Version %s") % app_version(), "dim"))
        words.addSpacing(px(6))
        for text in self._texts():
            words.addWidget(label(text, wrap=True))
        words.addStretch(1)
        close = button(self.tr("Close"), "primary")
        close.setDefault(True)
        close.clicked.connect(self.close)
        words.addSpacing(px(12))
        words.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(24), px(24), px(24), px(20))
        row.setSpacing(px(24))
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.setFixedWidth(px(520))

    def _texts(self) -> list[str]:
        return [
            self.tr(
                "A window into language models, on your own machine: talk with them, look inside "
                "them, change them. Nothing leaves this computer."
            ),
            self.tr("Named after the first vessel with a window into the deep."),
        ]
