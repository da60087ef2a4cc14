"""A popup with all that a column can be set to otherwise than the chat: a preset, its adapters,
every setting of the details pane by the same rows, its system prompt. A mark beside a row puts the
chat's value back. Emits wishes; keeps nothing.
"""

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QVBoxLayout, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.columns.column_state import ColumnSettings
from gui.chat.default_words import value_text
from gui.chat.details_groups import COMMON, Group, groups, make_row
from gui.chat.details_page import DetailsPage
from gui.chat.details_section import DetailsSection
from gui.chat.preset_folder import Listing
from gui.chat.setting_row import SettingRow
from gui.chat.setting_words import reason_off
from gui.chat.spin_row import SeedRow
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, label

WIDTH_PX, TALLEST_PX = 330, 520


class ColumnPanel(QFrame):
    """The settings of one column; what it is made of is made when it is first opened."""

    changed = Signal(object)  # ColumnSettings, as a person left them

    def __init__(self, theme: Theme, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme, self._number = theme, number
        self._own, self._chat = ColumnSettings(), ChatSettings()
        self._names = {one.key: one.names for one in groups()}
        self._page: DetailsPage | None = None
        self.listing = Listing()
        self.rows: dict[str, SettingRow] = {}
        self.sections: dict[str, DetailsSection] = {}
        self.preset = CalmComboBox(self)
        self.adapters = QCheckBox(tr("The chat's adapters"), self)
        self.as_chat = button(
            tr("As the chat"), "quiet", tr("Set this column as the chat is, in everything")
        )
        # A widget without a parent would be the garbage collector's to end, in whichever thread.
        self.as_chat.setParent(self)
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("Settings of column {n}").format(n=number))

    # ---- what it is told ----

    def set_settings(self, own: ColumnSettings, chat: ChatSettings) -> None:
        """Show a column's settings over the chat's, without telling them as a change."""
        self._own, self._chat = own, chat
        if self._page is not None:
            self._show()

    def set_presets(self, listing: Listing) -> None:
        self.listing = listing
        if self._page is not None:
            self._show_presets()

    def show_below(self, widget: QWidget) -> None:
        """Open under a widget, within the screen."""
        if self._page is None:
            self._make()
        self._show()
        px, screen = self._theme.px, widget.screen().availableGeometry()
        self.setFixedWidth(min(px(WIDTH_PX), screen.width()))
        self.resize(self.width(), min(px(TALLEST_PX), screen.height() - px(16)))
        place = widget.mapToGlobal(QPoint(0, widget.height() + 4))
        x = max(screen.left(), min(place.x(), screen.right() - self.width()))
        y = max(screen.top(), min(place.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.preset.setFocus()

    def row(self, name: str) -> SettingRow:
        """The row of a setting, made now where its group was never open."""
        if self._page is None:
            self._make()
        for key, names in self._names.items():
            if name in names and name not in self.rows:
                self.sections[key].set_open(True)
        return self.rows[name]

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for row in self.rows.values():
            row.flush()

    # ---- making ----

    def _make(self) -> None:
        page = self._page = DetailsPage(self._theme)
        column = page.column
        self._lay_out(page)
        column.addWidget(self.preset)
        column.addWidget(self.adapters)
        for name in COMMON:
            column.addWidget(self._made(name, make_row(self._theme, name)))
        column.addWidget(self._made("seed", SeedRow(self._theme, lambda: None)))
        for group in groups():
            column.addWidget(self._made_section(group))
        for name in ("overflow", "system_prompt"):
            column.addWidget(self._made(name, make_row(self._theme, name)))
        column.addStretch(1)
        self._connect(page)
        self._show_presets()

    def _lay_out(self, page: DetailsPage) -> None:
        title = label(tr("Column {n}").format(n=self._number), "heading")
        self.preset.setAccessibleName(tr("Preset of column {n}").format(n=self._number))
        self.preset.setToolTip(tr("Set this column as a preset says"))
        self.preset.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.preset.setMinimumContentsLength(8)
        page.explain_button.setCheckable(True)
        page.explain_button.setToolTip(tr("Put a sentence under each setting that explains it"))
        for part in (title, self.as_chat, page.explain_button):
            page.head.addWidget(part)
        page.head.insertStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(page)

    def _made_section(self, group: Group) -> DetailsSection:
        def make() -> QWidget:
            body = QWidget()
            layout = QVBoxLayout(body)
            layout.setContentsMargins(0, 0, 0, 6)
            layout.setSpacing(10)
            for name in group.names:
                layout.addWidget(self._made(name, make_row(self._theme, name)))
            self._show()
            return body

        section = DetailsSection(self._theme, group.key, group.title, group.tip, make)
        self.sections[group.key] = section
        return section

    def _made(self, name: str, row: SettingRow) -> SettingRow:
        self.rows[name] = row
        row.set_explained(self._page is not None and self._page.explain_button.isChecked())
        row.changed.connect(lambda value: self._change(name, value))
        row.reset_asked.connect(lambda: self._change(name, getattr(self._chat, name)))
        return row

    def _connect(self, page: DetailsPage) -> None:
        page.explain_button.toggled.connect(self._on_explain_toggled)
        self.preset.currentIndexChanged.connect(self._on_preset_chosen)
        self.adapters.toggled.connect(self._on_adapters_toggled)
        self.as_chat.clicked.connect(self._on_as_chat)

    # ---- state ----

    def _show(self) -> None:
        settings = self._own.over(self._chat)
        for name, row in self.rows.items():
            value, chat_value = getattr(settings, name), getattr(self._chat, name)
            row.set_value(value)
            row.show_default(value == chat_value, value_text(name, chat_value))
            row.set_off(reason_off(settings, name))
        for key, names in self._names.items():
            n_own = sum(name in self._own.values for name in names)
            self.sections[key].set_n_changed(n_own)
        self._show_adapters()
        self.as_chat.setEnabled(bool(self._own.values) or not self._own.has_adapters)
        with QSignalBlocker(self.preset):
            self.preset.choose(self._own.values.get("preset", ""))

    def _show_adapters(self) -> None:
        is_other = bool(self._own.model_path)
        with QSignalBlocker(self.adapters):
            self.adapters.setChecked(self._own.has_adapters and not is_other)
        self.adapters.setVisible(bool(self._chat.adapters))
        self.adapters.setEnabled(not is_other)
        self.adapters.setToolTip(
            tr("The chat's adapters belong to its own model: another is asked without them.")
            if is_other
            else tr("Whether the chat's adapters are on in this column")
        )

    def _show_presets(self) -> None:
        with QSignalBlocker(self.preset):
            self.preset.clear()
            self.preset.add_choices(_choices(preset.name for preset in self.listing.presets))
            self.preset.choose(self._own.values.get("preset", ""))

    def _tell(self, own: ColumnSettings) -> None:
        if own != self._own:
            self.set_settings(own, self._chat)
            self.changed.emit(own)

    def _change(self, name: str, value: object) -> None:
        self._tell(self._own.with_value(name, value, self._chat))

    # ---- slots ----

    @Slot(int)
    def _on_preset_chosen(self, _index: int) -> None:
        name = self.preset.currentData()
        preset = self.listing.find(name) if name else None
        settings = preset.used_on(self._chat) if preset is not None else self._chat
        self._tell(self._own.with_all(settings, self._chat))

    @Slot(bool)
    def _on_adapters_toggled(self, has_adapters: bool) -> None:
        self._tell(self._own.with_adapters(has_adapters))

    @Slot(bool)
    def _on_explain_toggled(self, is_explained: bool) -> None:
        for row in self.rows.values():
            row.set_explained(is_explained)

    @Slot()
    def _on_as_chat(self) -> None:
        self._tell(self._own.with_all(self._chat, self._chat).with_adapters(True))


def _choices(names: Iterable[str]) -> list[tuple[str, object]]:
    return [(tr("Preset: none"), ""), *((name, name) for name in names)]
