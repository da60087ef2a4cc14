"""A dataset of the hub by its name, or one of a few that are known to be good. Opens a connection
only when a button is pressed, and none while the window is offline.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QWidget

from engine.process.pretrain_messages import CorpusSource
from finetune.corpus.presets import Preset, presets
from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_form import TextForm
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.field_problems import FieldProblems
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label

FIELD_PX, MB = 300, 1_000_000
MOST_MB, FIRST_MB = 10_000, 20
HUB_PREFIXES = ("https://huggingface.co/datasets/", "http://huggingface.co/datasets/", "datasets/")


class HubTextForm(TextForm):
    """Repository, file, and how much of it."""

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        words = tr("Fetches a public dataset once; it is a text of yours then, on your disk.")
        empty = tr("Nothing was asked yet: “Look first” shows its first texts.")
        super().__init__(theme, desk, tr("From the hub"), words, parent, empty_words=empty)
        self._connections = desk.parts.context.connections
        self._guard = WheelGuard(self)
        self._preset_column = ""
        self.repository, self.file, self.most_mb = QLineEdit(), QLineEdit(), QSpinBox()
        self.problems = FieldProblems()
        self.offline = label(
            tr("Bathysphere is offline, so nothing is asked for."), "warn", wrap=True
        )
        self.online_button = button(
            tr("Work online"),
            "chip",
            tr("Let the window open connections, until you say otherwise"),
        )
        self.look_button = button(
            tr("Look first"), "", tr("Ask the hub what this is, and show its first texts")
        )
        self.presets = {one.name: self._preset_button(one) for one in presets()}
        self._set_up()
        for field in (self.repository, self.file):
            field.textChanged.connect(self._on_typed)
        self.most_mb.valueChanged.connect(self._on_typed)
        self.look_button.clicked.connect(self._on_look)
        self.online_button.clicked.connect(lambda: self._connections.set_offline(False))
        self._connections.changed.connect(self._show_offline)
        self._show_offline()

    def _preset_button(self, preset: Preset) -> QWidget:
        tip = f"{preset.words} {preset.source.repository} · {preset.license}"
        one = button(preset.name, "chip", tip)
        one.clicked.connect(lambda: self.take_preset(preset))
        return one

    def _set_up(self) -> None:
        self.repository.setPlaceholderText("roneneldan/TinyStories")
        self.repository.setToolTip(
            tr("Owner and name, as the hub writes them, or the page’s address")
        )
        self.file.setPlaceholderText(tr("the first that fits"))
        self.file.setToolTip(tr("A file of the dataset, such as data/train.parquet"))
        self.most_mb.setRange(0, MOST_MB)
        self.most_mb.setSpecialValueText(tr("all"))
        self.most_mb.setValue(FIRST_MB)
        self.most_mb.setSingleStep(10)
        self.most_mb.setSuffix(" MB")
        self.most_mb.setToolTip(tr("Reads no further than this much text; 0 for all"))
        self._guard.watch(self.most_mb)
        rows = self.add_section(tr("Dataset of the hub"))
        line = QHBoxLayout()
        line.addWidget(self.offline, 1)
        line.addWidget(self.online_button)
        rows.addLayout(line)
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(6)
        for one in self.presets.values():
            flow.addWidget(one)
        rows.addSpacing(self.theme.px(8))
        rows.addWidget(pane)
        rows.addSpacing(self.theme.px(4))
        self.add_row(rows, tr("Repository"), tr("owner/name"), self.repository)
        rows.addWidget(self.problems.note("repository", self.repository))
        self.add_row(rows, tr("File"), tr("May stay empty"), self.file)
        self.add_row(rows, tr("At most"), tr("20 MB raise a small model"), self.most_mb)
        looks = QHBoxLayout()
        looks.addStretch(1)
        looks.addWidget(self.look_button)
        rows.addLayout(looks)
        self.add_end(tr("Fetch"), tr("Fetch, clean and keep it (Ctrl+Enter)"))

    def take_preset(self, preset: Preset) -> None:
        """Fill the fields."""
        source = preset.source
        self.repository.setText(source.repository)
        self.file.setText(source.path)
        self.most_mb.setValue(source.most_bytes // MB)
        self._preset_column = source.column  # after the fields, whose changes forget it

    @property
    def repository_name(self) -> str:
        """owner/name, or owner/name@revision, whatever was pasted."""
        text = self.repository.text().strip().rstrip("/")
        for prefix in HUB_PREFIXES:
            text = text.removeprefix(prefix)
        name, at, revision = text.partition("@")
        return "/".join(name.split("/")[:2]) + at + revision

    def sources(self) -> list[CorpusSource]:
        return [
            CorpusSource(
                "hub",
                path=self.file.text().strip(),
                repository=self.repository_name,
                column=self.chosen_column or self._preset_column,
                most_bytes=self.most_mb.value() * MB,
            )
        ]

    def first_name(self) -> str:
        name = self.repository_name.partition("@")[0]
        return name.rpartition("/")[2] or tr("From the hub")

    @property
    def can_end(self) -> bool:
        return bool(self.repository_name)

    @property
    def is_named_right(self) -> bool:
        """Whether it is an owner and a name; says so beside the field where it is not."""
        name = self.repository_name
        owner, _, rest = name.partition("@")[0].partition("/")
        if owner and rest and not any(one.isspace() for one in name):
            self.problems.show({})
            return True
        words = tr("A repository is an owner and a name, such as roneneldan/TinyStories.")
        self.problems.show({"repository": words})
        return False

    @Slot()
    def refresh(self) -> None:
        """Nothing is asked by itself: only what was looked at is shown."""
        if not self._is_named:
            self.name.setText(self.first_name())
        self.show_ready()

    @Slot()
    def _on_typed(self) -> None:
        self.problems.show({})
        self._preset_column = ""
        self.look.forget()
        self.column_choice.clear()
        self._column_row.hide()
        self.refresh()

    @Slot()
    def _on_column(self) -> None:
        self._on_look()

    @Slot()
    def _on_look(self) -> None:
        if self.is_named_right:
            self.look.look(self.sources())

    @Slot()
    def _on_end(self) -> None:
        if self.is_named_right:
            super()._on_end()

    @Slot()
    def _show_offline(self) -> None:
        self.offline.setVisible(self._connections.is_offline)
        self.online_button.setVisible(self._connections.is_offline)

    def fit_fields(self) -> None:
        super().fit_fields()
        for field in (self.repository, self.file):
            field.setFixedWidth(self.width_for(FIELD_PX))
        self.most_mb.setFixedWidth(self.width_for(110))
