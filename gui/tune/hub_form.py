"""A dataset of the hub by its name. Opens a connection only when its button is pressed, and none
while the window is offline.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QWidget

from gui.chat.wheel_guard import WheelGuard
from gui.theme import Theme
from gui.tune.rows_desk import RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr
from gui.widgets.field_problems import FieldProblems
from gui.widgets.kinds import button, label

FIELD_PX = 300
MOST_ROWS = 100_000_000
HUB_PREFIXES = ("https://huggingface.co/datasets/", "http://huggingface.co/datasets/", "datasets/")
# Takes repository, file, name, how many rows (0: all).
TakeHub = Callable[[str, str, str, int], object]

EXAMPLE = "HuggingFaceTB/everyday-conversations-llama3.1-2k"


class HubForm(SourceForm):
    """Name, file and how many rows. take: fetches it."""

    def __init__(
        self, theme: Theme, desk: RowsDesk, take: TakeHub, parent: QWidget | None = None
    ) -> None:
        words = tr("Fetches a public dataset once; it is a dataset of yours then, on your disk.")
        super().__init__(theme, desk, tr("From the hub"), words, parent)
        self._take = take
        self._connections = desk.parts.context.connections
        self._guard = WheelGuard(self)
        self.repository, self.file = QLineEdit(), QLineEdit()
        self.n_rows = QSpinBox()
        self.problems = FieldProblems()
        self.offline = label(
            tr("Bathysphere is offline, so nothing is asked for."), "warn", wrap=True
        )
        self.online_button = button(
            tr("Work online"),
            "chip",
            tr("Let the window open connections, until you say otherwise"),
        )
        self._set_up()
        self.repository.textChanged.connect(self._on_typed)
        self.end_button.clicked.connect(self._on_end)
        self.online_button.clicked.connect(self._on_online)
        self._connections.changed.connect(self._show_offline)
        self._show_offline()

    def _set_up(self) -> None:
        self.repository.setPlaceholderText(EXAMPLE)
        self.repository.setToolTip(
            tr("Owner and name, as the hub writes them, or the page’s address")
        )
        self.file.setPlaceholderText(tr("the first that fits"))
        self.file.setToolTip(tr("A file of the dataset, such as data/train.parquet"))
        self.n_rows.setRange(0, MOST_ROWS)
        self.n_rows.setSpecialValueText(tr("all"))
        self.n_rows.setValue(1_000)
        self.n_rows.setSingleStep(1_000)
        self.n_rows.setToolTip(tr("Reads no further than these rows; 0 for all"))
        self._guard.watch(self.n_rows)
        rows = self.add_section(tr("Dataset of the hub"))
        line = QHBoxLayout()
        line.addWidget(self.offline, 1)
        line.addWidget(self.online_button)
        rows.addLayout(line)
        self.add_row(rows, tr("Repository"), tr("owner/name"), self.repository)
        rows.addWidget(self.problems.note("repository", self.repository))
        self.add_row(rows, tr("File"), tr("May stay empty"), self.file)
        self.add_row(rows, tr("Rows at most"), tr("A thousand show what it is like"), self.n_rows)
        self.add_end(tr("Fetch"), tr("Fetch these rows (Ctrl+Enter)"))

    def begin(self) -> None:
        """The form is looked at."""
        self.say_problem("")
        self.repository.setFocus()

    @Slot()
    def refill_into(self) -> None:
        """Rows of the hub always make a dataset of their own."""
        super().refill_into()
        self.into.choose("")
        self.into.setEnabled(False)

    @property
    def repository_name(self) -> str:
        """owner/name, whatever was pasted."""
        text = self.repository.text().strip().rstrip("/")
        for prefix in HUB_PREFIXES:
            text = text.removeprefix(prefix)
        return "/".join(text.split("/")[:2])

    @Slot()
    def _on_typed(self) -> None:
        self.problems.show({})
        self.name.setText(self.repository_name.rpartition("/")[2])

    @Slot()
    def _on_end(self) -> None:
        name = self.repository_name
        if not all(name.partition("/")[::2]) or any(one.isspace() for one in name):
            words = tr("A repository is an owner and a name, such as HuggingFaceTB/smoltalk.")
            self.problems.show({"repository": words})
            return
        self.say_problem("")
        self._take(name, self.file.text().strip(), self.new_name, self.n_rows.value())

    @Slot()
    def _on_online(self) -> None:
        self._connections.set_offline(False)

    @Slot()
    def _show_offline(self) -> None:
        self.offline.setVisible(self._connections.is_offline)
        self.online_button.setVisible(self._connections.is_offline)

    def fit_fields(self) -> None:
        super().fit_fields()
        for field in (self.repository, self.file):
            field.setFixedWidth(self.width_for(FIELD_PX))
