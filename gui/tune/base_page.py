"""The first page: which model is taught, and what that takes. Lists the models of this machine,
asks for files and folders, and puts the choice into the draft.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import Failed
from engine.process.tune_messages import BaseInfo, BaseList, ListBases
from gui.icons import icon
from gui.staged.facts import Facts, details_panel
from gui.staged.field_inputs import SwitchInput
from gui.staged.field_row import FieldRow
from gui.tune.base_list import BaseList as BaseListView
from gui.tune.base_words import base_facts, machine_facts, why_words
from gui.tune.fields import config_fields
from gui.tune.folder_base import FolderBase
from gui.tune.intro import Intro
from gui.tune.memory_bars import MemoryBars
from gui.tune.parts import TunePage, TuneParts
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, label, set_kind

MANY = 6  # more models than these are filtered by typing


class BasePage(TunePage):
    """The model in Chat is chosen at first."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._found: list[BaseInfo] = []
        self._has_preselected = False
        self.form = FormPage(theme, tr("Which model do you want to teach?"), self)
        self.intro = Intro(parts, self)
        self.search = QLineEdit(self)
        self.bases = BaseListView(theme, self)
        self.state_words = label("", "faint", wrap=True)
        self.file_button = button(
            tr("Choose a GGUF file…"), "", tr("Any model file (GGUF) of this machine")
        )
        self.folder_button = button(
            tr("Choose a Hugging Face folder…"),
            "",
            tr("A folder with config.json and safetensors: it is made a GGUF once, then taught"),
        )
        self.folder = FolderBase(parts, self)
        self.memory = MemoryBars(theme, self)
        self.memory_words = label("", "faint", wrap=True)
        self.four_bits = FieldRow(theme, config_fields(), "base.in_4_bits", SwitchInput(), self)
        self._facts = (Facts(theme, tr("This base")), Facts(theme, tr("This machine")))
        self._panel = details_panel(theme, self._facts, self)
        self._lay_out()
        self._connect()
        self._dress()
        self._on_draft()
        self._show_base()

    # ---- making ----

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.form.title.setWordWrap(True)
        lead = tr("It learns on this machine; the file itself stays as it is.")
        self.form.column.addWidget(label(lead, "dim", wrap=True))
        self.form.column.addWidget(self.intro)
        rows = self.form.add_section(tr("Models on this machine"))
        for part in (self.search, self.bases, self.state_words):
            rows.addWidget(part)
        rows.addWidget(self._buttons())
        self.form.column.addWidget(self.folder)
        rows = self.form.add_section(tr("Memory while it learns"))
        rows.addWidget(self.memory)
        rows.addWidget(self.memory_words)
        rows.addWidget(self.four_bits)
        rows = self.form.add_section(tr("Why you can train a quantised file"))
        rows.setSpacing(self.parts.context.theme.px(8))
        for words in why_words():
            rows.addWidget(label(words, "dim", wrap=True))
        self.form.column.addStretch(1)

    def _buttons(self) -> QWidget:
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        flow.setContentsMargins(0, 8, 0, 4)
        flow.addWidget(self.file_button)
        flow.addWidget(self.folder_button)
        return pane

    def _connect(self) -> None:
        state, context = self.parts.state, self.parts.context
        self.search.setPlaceholderText(tr("Find a model"))
        self.search.setAccessibleName(tr("Find a model"))
        self.search.setToolTip(tr("Only models with these words are listed"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_query)
        self.bases.base_chosen.connect(self._on_base_chosen)
        self.file_button.clicked.connect(self.ask_for_file)
        self.folder_button.clicked.connect(self.ask_for_folder)
        self.folder.made.connect(self._on_made)
        self.four_bits.changed.connect(lambda _, is_on: state.change(base__in_4_bits=is_on))
        state.draft_changed.connect(self._on_draft)
        state.base_changed.connect(self._show_base)
        context.model.changed.connect(self._on_model_in_use)
        context.theme.changed.connect(self._dress)
        self.parts.add_action(tr("Teach a &GGUF file…"), self.ask_for_file, None)
        self.parts.add_action(tr("Teach a &Hugging Face folder…"), self.ask_for_folder, None)

    def details(self) -> QWidget | None:
        return self._panel

    def header_words(self) -> str:
        return tr("step 1: the base")

    # ---- which there are ----

    def on_shown(self) -> None:
        self._preselect()
        self.list_bases()

    def list_bases(self) -> None:
        """Ask for the models anew; folders may have changed."""
        context = self.parts.context
        folders = [str(context.paths.models), *context.settings.value.models_folders]
        if not self._found:
            self.state_words.setText(tr("Looking at the models…"))
        self.parts.worker.ask(
            lambda job: ListBases(job=job, folders=folders), self._on_listed, self._on_list_failed
        )

    def _on_listed(self, found: BaseList) -> None:
        self._found = sorted(found.items, key=lambda info: (bool(info.reason), info.name.lower()))
        self._show_list()

    def _on_list_failed(self, failed: Failed) -> None:
        self.state_words.setText(f"{failed.message} {failed.hint}".strip())
        self.state_words.show()

    def _show_list(self) -> None:
        """The models found, and the chosen one where it is from elsewhere."""
        base, model = self.parts.state.base, self.parts.context.model.value
        shown = list(self._found)
        if base is not None and all(one.path != base.path for one in shown):
            shown.insert(0, base)
        in_chat = model.path if model is not None else ""
        self.bases.show_bases(shown, self.parts.state.draft.base.path, in_chat)
        self.search.setVisible(len(shown) > MANY)
        self._on_query(self.search.text() if len(shown) > MANY else "")

    @Slot(str)
    def _on_query(self, query: str) -> None:
        n_shown = self.bases.filter(query)
        nothing = tr("No model has these words.") if self.bases.bases else tr("No model is here.")
        self.state_words.setText(nothing)
        self.state_words.setVisible(not n_shown)

    # ---- choosing ----

    @Slot()
    def _on_model_in_use(self) -> None:
        self._preselect()
        self._show_list()

    def _preselect(self) -> None:
        """The model in Chat, where no other was chosen."""
        model, state = self.parts.context.model.value, self.parts.state
        if model is not None and not state.draft.base.path and not self._has_preselected:
            self._has_preselected = True
            state.change(base__path=model.path)

    @Slot(str)
    def _on_base_chosen(self, path: str) -> None:
        self.parts.state.change(base__path=path)

    @Slot(str)
    def _on_made(self, path: str) -> None:
        self.parts.state.change(base__path=path)
        self.list_bases()

    @Slot()
    def ask_for_file(self) -> None:
        """Any GGUF file on this machine."""
        dialog = QFileDialog(self.window(), tr("Teach a model"))
        dialog.setDirectory(str(self.parts.context.paths.models))
        dialog.setNameFilters([tr("Models (*.gguf)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._open(dialog).fileSelected.connect(self._on_base_chosen)

    @Slot()
    def ask_for_folder(self) -> None:
        """A folder of safetensors with its config.json."""
        dialog = QFileDialog(self.window(), tr("A Hugging Face model’s folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._open(dialog).fileSelected.connect(self.look_at_folder)

    def _open(self, dialog: QFileDialog) -> QFileDialog:
        self.parts.show_page("base")
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    @Slot(str)
    def look_at_folder(self, path: str) -> None:
        """Show what a folder is, and offer to make it a GGUF."""
        self.folder.look_at(path)
        self.form.ensureWidgetVisible(self.folder)

    # ---- what is shown ----

    @Slot()
    def _on_draft(self) -> None:
        draft = self.parts.state.draft
        self.bases.choose(draft.base.path)
        self.four_bits.set_value(draft.base.in_4_bits)

    @Slot()
    def _show_base(self) -> None:
        """The chosen base's figures."""
        info = self.parts.state.base
        is_known = info is not None and not info.reason
        self.memory.setVisible(is_known)
        if info is not None and is_known:
            self.memory.show_base(info)
        self.memory_words.setText(self._memory_note(info))
        set_kind(self.memory_words, "bad" if info is not None and info.reason else "faint")
        self.four_bits.setVisible(info is not None and info.can_4_bits)
        self._facts[0].show_facts(base_facts(info) if info is not None else [])
        self._facts[1].show_facts(machine_facts(info) if info is not None else [])
        self._show_list()

    def _memory_note(self, info: BaseInfo | None) -> str:
        if info is None:
            is_asked = bool(self.parts.state.draft.base.path)
            return tr("Looking at it…") if is_asked else tr("Choose a model above.")
        if info.reason:
            return info.reason
        note = tr("An estimate; the How page measures it before you start.")
        return f"{info.note} {note}".strip()

    @Slot()
    def _dress(self) -> None:
        colour = self.parts.context.theme.palette.text
        self.file_button.setIcon(icon("file", colour))
        self.folder_button.setIcon(icon("folder", colour))
