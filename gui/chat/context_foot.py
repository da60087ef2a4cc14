"""Keeps the context in view while the details pane is away: the chip below the composer, and the
numbers that it opens.
"""

from functools import cached_property

from PySide6.QtCore import QEvent, QObject, Slot

from gui.chat.chat_settings import ChatSettings
from gui.chat.context_chip import ContextChip, ContextPopup
from gui.chat.context_count import ContextCounts
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr

SHORTCUT = "Ctrl+Shift+M"


class ContextFoot(Feature):
    """The chip, its popup and its key."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._counts = ContextCounts()
        self.chip = ContextChip(parts.context.theme)
        parts.work.add_foot(self.chip)
        parts.add_action(tr("What fills the conte&xt"), self.show_numbers, SHORTCUT)
        self.chip.clicked.connect(self.show_numbers)
        parts.counter.counted.connect(self._on_counted)
        parts.details.settings_shown.connect(self._on_settings_shown)
        parts.work.header.details_toggled.connect(self._show)
        parts.work.composer.installEventFilter(self)
        self._on_settings_shown(parts.details.settings)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.chip.set_room(self.parts.work.composer.width())
        return super().eventFilter(watched, event)

    @cached_property
    def popup(self) -> ContextPopup:
        """The numbers, made when they are first asked for."""
        popup = ContextPopup(self.parts.context.theme, self.parts.room)
        popup.overflow_chosen.connect(self._on_overflow_chosen)
        popup.details_requested.connect(self._on_details_requested)
        return popup

    @Slot()
    def show_numbers(self) -> None:
        """What the context is spent on."""
        self._tell_popup()
        place = self.chip if self.chip.isVisible() else self.parts.work.composer
        self.popup.show_above(place)

    def _tell_popup(self) -> None:
        self.popup.meter.set_counts(self._counts)
        self.popup.overflow.set_value(self.parts.details.settings.overflow)

    # ---- slots ----

    @Slot()
    def _show(self) -> None:
        """In view where there is a context, and the details do not show it."""
        has_details = self.parts.work.header.details_button.isChecked()
        self.parts.work.show_foot(self.chip, self._counts.n_ctx > 0 and not has_details)

    @Slot(object)
    def _on_counted(self, counts: ContextCounts) -> None:
        self._counts = counts
        self.chip.set_counts(counts)
        if "popup" in self.__dict__:
            self.popup.meter.set_counts(counts)
        self._show()

    @Slot(object)
    def _on_settings_shown(self, settings: ChatSettings) -> None:
        self.chip.set_overflow(settings.overflow)

    @Slot(str)
    def _on_overflow_chosen(self, overflow: str) -> None:
        self.parts.details.change("overflow", overflow)

    @Slot()
    def _on_details_requested(self) -> None:
        self.parts.work.header.details_button.setChecked(True)
