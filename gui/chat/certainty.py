"""Certainty: colours each token of the replies by how probable it was, and opens what else could
have stood there. A button in the header, kept per chat.
"""

from PySide6.QtCore import QEvent, QObject, Slot

from gui.chat.certainty_legend import CertaintyLegend
from gui.chat.certainty_popup import CertaintyPopup
from gui.chat.certainty_tokens import CertaintyTokens
from gui.chat.chat_settings import ChatSettings
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.icons import icon
from gui.widgets.shy_button import ShyButton

SHORTCUT = "Ctrl+Shift+C"


class CertaintyFeature(Feature):
    """The button, the legend, and what they switch."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.button = ShyButton(tr("Certainty"), "")
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
        parts.context.theme.changed.connect(self._dress)
        self._dress()
        self._show(parts.session.settings)

    def save_state(self) -> None:
        """The window is closing: nothing is asked for any more."""
        self.popup.close()
        self.tokens.clear()

    def _name_parts(self) -> None:
        self.button.setCheckable(True)
        self.button.setToolTip(
            tr(
                "Colour each token by how probable it was (Ctrl+Shift+C). Rest the mouse on one to"
                " see what else could have stood there; click that to go on from it. By keys:"
                " Alt+Left and Alt+Right go from token to token, with Shift to the next surprising"
                " one; then Down, Enter."
            )
        )
        legend = f"{self.legend.accessibleName()}. {self.legend.toolTip()}"
        self.button.setAccessibleDescription(legend)

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
        is_on = self.button.isChecked()
        is_roomy = self.parts.work.header.has_place_for(self.legend)
        self.legend.setVisible(is_on and is_roomy)
        self.low_legend.setVisible(is_on and not is_roomy)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Also when another tool of the header came or went, or the title is another.
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return super().eventFilter(watched, event)

    # ---- slots ----

    @Slot()
    def _dress(self) -> None:
        palette = self.parts.context.theme.palette
        self.button.setIcon(icon("certainty", palette.text_dim, palette.accent))

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
