"""The samplers' settings beside the stages: the same rows as in a chat's details, for looking only.
Nothing here changes a chat.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.default_words import value_text
from gui.chat.details_groups import COMMON, Group, groups, make_row
from gui.chat.details_page import DetailsPage
from gui.chat.details_section import DetailsSection
from gui.chat.setting_row import SettingRow
from gui.chat.setting_words import reason_off
from gui.chat.spin_row import SeedRow
from gui.theme import Theme
from gui.tokens.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button

SHOWN_GROUPS = ("samplers", "repetition", "mirostat")


class StageControls(DetailsPage):
    """Buttons, the common settings, the closed groups.

    Args:
        last_seed: the seed that was rolled last, which the seed's lock keeps; None for none.
    """

    changed = Signal()  # settings is another

    def __init__(
        self, theme: Theme, last_seed: Callable[[], int | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, parent)
        self.settings = ChatSettings()
        self.rows: dict[str, SettingRow] = {}
        self.groups: dict[str, DetailsSection] = {}
        self.reset = button(tr("Reset"), "chip", tr("Put every setting here back to its default"))
        self.as_in_chat = button(
            tr("As in this chat"), "chip", tr("Take the settings of the chat that is open")
        )
        self._lay_out(SeedRow(theme, last_seed))
        self.setAccessibleName(tr("Settings of the samplers"))
        self.reset.clicked.connect(lambda: self.set_settings(ChatSettings()))
        self._show_state()

    def set_settings(self, settings: ChatSettings) -> None:
        """Other settings altogether."""
        self.settings = settings
        for name, row in self.rows.items():
            row.set_value(getattr(settings, name))
        self._show_state()
        self.changed.emit()

    def change(self, name: str, value: Any) -> None:
        """One setting as a person left it."""
        if getattr(self.settings, name) != value:
            self.settings = self.settings.with_value(name, value)
            self.rows[name].set_value(value)
            self._show_state()
            self.changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(self.theme.px(230), self.theme.px(200))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.theme.px(190), self.theme.px(120))

    # ---- making ----

    def _lay_out(self, seed: SeedRow) -> None:
        self.explain_button.hide()
        self.column.setContentsMargins(0, 0, 8, 0)
        buttons = FlowLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.reset)
        buttons.addWidget(self.as_in_chat)
        self.column.addLayout(buttons)
        self.column.setSpacing(4)
        for name in COMMON:
            self.column.addWidget(self._kept(name, make_row(self.theme, name)))
        self.column.addWidget(self._kept("seed", seed))
        for group in groups():
            if group.key in SHOWN_GROUPS:
                self.column.addWidget(self._section(group))
        self.column.addStretch(1)

    def _section(self, group: Group) -> DetailsSection:
        make = partial(self._body, group.names)
        section = DetailsSection(self.theme, group.key, group.title, group.tip, make)
        self.groups[group.key] = section
        return section

    def _body(self, names: tuple[str, ...]) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 6)
        for name in names:
            column.addWidget(self._kept(name, make_row(self.theme, name)))
        self._show_state()
        return body

    def _kept(self, name: str, row: SettingRow) -> SettingRow:
        self.rows[name] = row
        row.set_value(getattr(self.settings, name))
        row.changed.connect(lambda value: self.change(name, value))
        row.reset_asked.connect(lambda: self.change(name, getattr(ChatSettings(), name)))
        return row

    @Slot()
    def _show_state(self) -> None:
        plain = ChatSettings()
        for name, row in self.rows.items():
            default = getattr(plain, name)
            is_default = getattr(self.settings, name) == default
            row.show_default(is_default, value_text(name, default))
            row.set_off(reason_off(self.settings, name))
        for group in groups():
            if group.key in self.groups:
                names = (
                    getattr(self.settings, name) != getattr(plain, name) for name in group.names
                )
                self.groups[group.key].set_n_changed(sum(names))
        self.reset.setEnabled(self.settings != plain)
