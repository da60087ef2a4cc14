"""Certainty: colours each token of the replies by how probable it was, and opens what else could
have stood there. A button in the header, kept per chat.
"""

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtWidgets import QPushButton, QToolButton

from gui.chat.certainty_legend import CertaintyLegend
from gui.chat.certainty_popup import CertaintyPopup
from gui.chat.certainty_tokens import CertaintyTokens
from gui.chat.chat_settings import ChatSettings
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr

SHORTCUT = "Ctrl+Shift+C"
# Where the title would have less (at 13 px), the legend stands above the composer.
TITLE_PX = 110


class CertaintyFeature(Feature):
    """The button, the legend, and what they switch."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.button = QPushButton(tr("Certainty"))
        self.legend = CertaintyLegend(parts.context.theme)
        self.low_legend = CertaintyLegend(parts.context.theme)
        self.tokens = CertaintyTokens(parts, self)
        self.popup = CertaintyPopup(parts, self)
        self._name_parts()
        parts.work.header.add_tool(self.button)
        parts.work.header.add_tool(self.legend)
        parts.work.add_strip(self.low_legend)
        parts.work.header.installEventFilter(self)
        parts.add_action(tr("Show &certainty"), self.button.click, SHORTCUT)
        self.button.clicked.connect(self._on_clicked)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.session.branch_changed.connect(self._on_branch_changed)
        parts.session.settings_replaced.connect(self._on_settings)
        parts.details.settings_changed.connect(self._on_settings)
        self._show(parts.session.settings)

    def save_state(self) -> None:
        """The window is closing: nothing is asked for any more."""
        self.popup.close()
        self.tokens.clear()

    def _name_parts(self) -> None:
        self.button.setProperty("kind", "chip")
        self.button.setCheckable(True)
        self.button.setAccessibleName(tr("Certainty"))
        self.button.setToolTip(
            tr(
                "Colour each token by how probable it was (Ctrl+Shift+C). Rest the mouse on one to"
                " see what else could have stood there; click that to go on from it. By keys:"
                " Alt+Left and Alt+Right go from token to token, with Shift to the next surprising"
                " one; then Down, Enter."
            )
        )
        self.button.setAccessibleDescription(self.legend.accessibleName())

    def _show(self, settings: ChatSettings) -> None:
        is_on = settings.certainty
        self.button.setChecked(is_on)
        self.tokens.set_on(is_on)
        transcript = self.parts.work.transcript
        if (transcript.token_book is not None) != is_on:
            self.popup.close()
            transcript.set_token_book(self.tokens.book if is_on else None)
        self._fit()

    def _fit(self) -> None:
        """The legend stands in the header, or above the composer where the header is full."""
        header, px = self.parts.work.header, self.parts.context.theme.px
        kinds = (QPushButton, QToolButton)
        tools = [one for kind in kinds for one in header.findChildren(kind)]
        shown = [one for one in tools if one.isVisibleTo(header)]
        taken = sum(tool.sizeHint().width() + px(8) for tool in shown)
        room = header.width() - taken - self.legend.sizeHint().width() - px(28)
        is_on, is_roomy = self.button.isChecked(), room >= px(TITLE_PX)
        self.legend.setVisible(is_on and is_roomy)
        self.low_legend.setVisible(is_on and not is_roomy)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    # ---- slots ----

    @Slot(bool)
    def _on_clicked(self, is_on: bool) -> None:
        self.parts.details.change("certainty", is_on)
        self._show(self.parts.session.settings)

    @Slot()
    def _on_chat_opened(self) -> None:
        self.popup.close()
        self.tokens.clear()
        self._show(self.parts.session.settings)

    @Slot()
    def _on_branch_changed(self) -> None:
        self._show(self.parts.session.settings)

    @Slot(object)
    def _on_settings(self, settings: ChatSettings) -> None:
        self._show(settings)
