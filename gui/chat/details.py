"""The right pane of the chat room: how full the context is, and how this chat's replies are drawn.

Holds the settings of the chat on show as one value; says when a person changed it. Which settings
there are: details_groups.py. Presets and adapters add themselves: presets.py, adapters.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSpinBox, QVBoxLayout, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.context_length import ContextLength
from gui.chat.context_meter import ContextMeter
from gui.chat.default_words import value_text
from gui.chat.details_groups import COMMON, Group, groups, make_row
from gui.chat.details_page import DetailsPage
from gui.chat.details_section import DetailsSection
from gui.chat.number_field import NumberField
from gui.chat.recommended_line import RecommendedLine
from gui.chat.setting_row import SettingRow
from gui.chat.setting_words import reason_off
from gui.chat.spin_row import ChoiceRow, SeedRow, SpinRow
from gui.chat.text_row import TextRow
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import button, caps

# What Reset leaves alone: each has a place of its own where it is switched.
NOT_RESET = ("adapters", "adapters_off", "certainty", "unknown")


class DetailsPane(DetailsPage):
    """Context meter, sampling, seed, system prompt, the closed groups, Reset."""

    settings_changed = Signal(object)  # ChatSettings, as a person left them
    settings_shown = Signal(object)  # ChatSettings, however they came to be
    view_changed = Signal(object, bool)  # open groups (list of keys), is each setting explained

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._settings = ChatSettings()
        self._recommended: dict[str, Any] = {}
        self._is_explained = False
        self._last_seed: Callable[[], int | None] = _no_seed
        self.rows: dict[str, SettingRow] = {}
        self.groups: dict[str, DetailsSection] = {}
        self._names = {one.key: one.names for one in groups()}
        self.meter = ContextMeter(theme, self)
        self.context_length = ContextLength(theme)
        self.recommended = RecommendedLine(theme)
        self.reset_button = button(tr("Reset"), "chip")
        self._lay_out()
        self._connect()
        self.set_settings(self._settings)

    # ---- what the room tells ----

    @property
    def settings(self) -> ChatSettings:
        return self._settings

    def set_settings(self, settings: ChatSettings) -> None:
        """Show a chat's settings, without telling them as a change."""
        self.flush()
        self._settings = settings
        for name, row in self.rows.items():
            row.set_value(getattr(settings, name))
        self._show_state()

    def set_recommended(self, values: dict[str, Any], source: str) -> None:
        """What the maker of the loaded model says of sampling; {} where that is not known."""
        self._recommended = values
        self.recommended.set_values(values, source)
        self._show_state()

    def set_last_seed(self, last_seed: Callable[[], int | None]) -> None:
        """Where the seed's lock finds the seed of the last reply."""
        self._last_seed = last_seed

    def set_view(self, open_groups: Iterable[str], is_explained: bool) -> None:
        """Which groups are open, and whether sentences stand under the names."""
        opened = set(open_groups)
        for key, group in self.groups.items():
            group.set_open(key in opened)
        self.explain_button.setChecked(is_explained)

    def add_section(self, title: str, section: QWidget) -> None:
        """A further part of the pane, with its heading, above Sampling."""
        self._sections.addWidget(caps(title))
        self._sections.addWidget(section)
        self._sections.addSpacing(6)

    def add_head(self, widget: QWidget) -> None:
        """A widget at the top of the pane."""
        self.head.insertWidget(self.head.count() - 1, widget, 1)

    def show_refusal(self, name: str, words: str) -> None:
        """What the engine said of a setting, beside it, until it is changed."""
        self.row(name).show_problem(words)
        self.groups_of(name)[0].set_open(True)

    def flush(self) -> None:
        """Tell text that was typed a moment ago now."""
        for row in self.rows.values():
            row.flush()

    # ---- rows ----

    def row(self, name: str) -> SettingRow:
        """The row of a setting, made now where its group was never open."""
        if name not in self.rows:
            group = self.groups_of(name)[0]
            is_open = group.is_open
            group.set_open(True)
            group.set_open(is_open)
        return self.rows[name]

    def groups_of(self, name: str) -> list[DetailsSection]:
        """The group that holds a setting; none where it is always in view."""
        return [self.groups[key] for key, names in self._names.items() if name in names]

    @property
    def fields(self) -> dict[str, NumberField]:
        """The rows with a slider that were made so far."""
        return {name: row for name, row in self.rows.items() if isinstance(row, NumberField)}

    @property
    def max_tokens(self) -> QSpinBox:
        return cast(SpinRow, self.row("max_tokens")).spin

    @property
    def seed(self) -> QSpinBox:
        return cast(SpinRow, self.rows["seed"]).spin

    @property
    def overflow(self) -> CalmComboBox:
        return cast(ChoiceRow, self.rows["overflow"]).combo

    @property
    def system_prompt(self) -> QPlainTextEdit:
        return cast(TextRow, self.rows["system_prompt"]).edit

    # ---- changes ----

    def change(self, name: str, value: object) -> None:
        """One setting as a person left it."""
        if getattr(self._settings, name) != value:
            self._settings = self._settings.with_value(name, value)
            if name in self.rows:
                self.rows[name].set_value(value)
            self._show_state()
            self.settings_changed.emit(self._settings)

    def replace(self, settings: ChatSettings) -> None:
        """Many settings at once, told as one change."""
        self.set_settings(settings)
        self.settings_changed.emit(settings)

    def default(self, name: str) -> object:
        """What a setting is put back to: the maker's word where it is known."""
        return self._recommended.get(name, getattr(ChatSettings(), name))

    def _fresh(self) -> ChatSettings:
        kept = {name: getattr(self._settings, name) for name in NOT_RESET}
        return ChatSettings(**{**self._recommended, **kept})

    # ---- making ----

    def _lay_out(self) -> None:
        self._lay_out_head()
        column = self.column
        column.addWidget(caps(tr("Model")))
        column.addWidget(self.meter)
        column.addWidget(self.context_length)
        column.addWidget(self._made("overflow"))
        column.addSpacing(6)
        self._sections = QVBoxLayout()
        self._sections.setSpacing(10)
        column.addLayout(self._sections)
        column.addWidget(caps(tr("Sampling")))
        column.addWidget(self.recommended)
        seed = SeedRow(self.theme, lambda: self._last_seed())
        column.addLayout(_close([*map(self._made, COMMON), self._keep("seed", seed)], 4))
        column.addSpacing(6)
        column.addLayout(self._made_system_prompt())
        column.addSpacing(6)
        column.addLayout(_close([self._made_group(group) for group in groups()], 2))
        column.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setAccessibleName(tr("Settings of this chat"))

    def _lay_out_head(self) -> None:
        self.explain_button.setCheckable(True)
        self.explain_button.setToolTip(tr("Put a sentence under each setting that explains it"))
        self.head.addWidget(self.explain_button)

    def _made_system_prompt(self) -> QVBoxLayout:
        """The field under a heading, which is its name and has its mark."""
        row = self._made("system_prompt")
        row.label.hide()
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(caps(tr("System prompt")))
        head.addWidget(row.reset)
        head.addStretch(1)
        self.system_prompt.setPlaceholderText(
            tr("None: the model's own. Say here who it should be.")
        )
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(row)
        return column

    def _made_group(self, group: Group) -> DetailsSection:
        def make() -> QWidget:
            return self._made_body(group.names)

        section = DetailsSection(self.theme, group.key, group.title, group.tip, make)
        section.toggled.connect(self._on_view_changed)
        self.groups[group.key] = section
        return section

    def _made_body(self, names: tuple[str, ...]) -> QWidget:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(10)
        for name in names:
            row = self._made(name)
            row.set_value(getattr(self._settings, name))
            layout.addWidget(row)
        self._show_state()
        return body

    def _made(self, name: str) -> SettingRow:
        return self._keep(name, make_row(self.theme, name))

    def _keep(self, name: str, row: SettingRow) -> SettingRow:
        self.rows[name] = row
        row.set_explained(self._is_explained)
        row.changed.connect(lambda value: self.change(name, value))
        row.reset_asked.connect(lambda: self._on_one_reset(name))
        return row

    def _connect(self) -> None:
        self.reset_button.clicked.connect(self._on_reset)
        self.recommended.use_asked.connect(self._on_recommended_asked)
        self.explain_button.toggled.connect(self._on_explain_toggled)

    # ---- state ----

    def _show_state(self) -> None:
        """Marks, what has no effect, and whether there is anything to reset."""
        settings = self._settings
        plain = ChatSettings()
        for name, row in self.rows.items():
            default = self.default(name)
            is_default = getattr(settings, name) in (default, getattr(plain, name))
            row.show_default(is_default, value_text(name, default))
            row.set_off(reason_off(settings, name))
        for key, names in self._names.items():
            changed = [name for name in names if getattr(settings, name) != getattr(plain, name)]
            self.groups[key].set_n_changed(len(changed))
        self.recommended.set_settings(settings)
        self.reset_button.setEnabled(self._fresh() != settings)
        self.settings_shown.emit(settings)
        self.reset_button.setToolTip(
            tr("Put every setting of this chat back to what the model's maker recommends")
            if self._recommended
            else tr("Put every setting of this chat back to its default")
        )

    # ---- slots ----

    def _on_one_reset(self, name: str) -> None:
        self.flush()
        self.change(name, self.default(name))

    @Slot()
    def _on_reset(self) -> None:
        self.flush()
        self.replace(self._fresh())

    @Slot()
    def _on_recommended_asked(self) -> None:
        self.flush()
        settings = self._settings
        for name, value in self._recommended.items():
            settings = settings.with_value(name, value)
        self.replace(settings)

    @Slot(bool)
    def _on_explain_toggled(self, is_explained: bool) -> None:
        self._is_explained = is_explained
        for row in self.rows.values():
            row.set_explained(is_explained)
        self._on_view_changed()

    @Slot()
    def _on_view_changed(self) -> None:
        opened = [key for key, group in self.groups.items() if group.is_open]
        self.view_changed.emit(opened, self._is_explained)


def _close(widgets: list[SettingRow] | list[DetailsSection], spacing: int) -> QVBoxLayout:
    """Widgets below one another with little between them."""
    column = QVBoxLayout()
    column.setSpacing(spacing)
    for widget in widgets:
        column.addWidget(widget)
    return column


def _no_seed() -> int | None:
    return None
