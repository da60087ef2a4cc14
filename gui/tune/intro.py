"""What the room is, and a first step, for who has not taught a model yet."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from gui.icons import icon
from gui.tune.parts import TuneParts
from gui.tune.rows_openers import OPEN_IDENTITY
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, frame, label


class Intro(QWidget):
    """There while there is neither a run nor data."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.identity_button = button(
            tr("Teach it who it is"),
            "primary",
            tr("A name, a maker, a manner: rows are written from a form, then it learns them"),
        )
        self.data_button = button(
            tr("Bring conversations"),
            "",
            tr("A file, own chats, a dataset of the hub, or rows typed by hand"),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._card())
        self.identity_button.clicked.connect(self._on_identity)
        self.data_button.clicked.connect(lambda: parts.show_page("data"))
        parts.state.draft_changed.connect(self.show_where_new)
        parts.context.runs.changed.connect(self.show_where_new)
        parts.context.theme.changed.connect(self._dress)
        self.show_where_new()
        self._dress()

    def _card(self) -> QFrame:
        px = self._parts.context.theme.px
        card = frame("card")
        rows = QVBoxLayout(card)
        rows.setContentsMargins(px(16), px(12), px(16), px(12))
        rows.setSpacing(px(8))
        rows.addWidget(label(tr("Teach the model you are talking to"), "heading", wrap=True))
        words = tr(
            "Show it conversations as they should be; it learns them on this machine, and a few "
            "minutes later you chat with it. The steps at the left lead through it: choose a base, "
            "bring data, see token by token what will be learned, start, watch, compare."
        )
        rows.addWidget(label(words, "dim", wrap=True))
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        for one in (self.identity_button, self.data_button):
            flow.addWidget(one)
        rows.addWidget(pane)
        return card

    @Slot()
    def show_where_new(self) -> None:
        has_run = any(run.kind == "sft" for run in self._parts.context.runs.summaries)
        is_new = not has_run and not self._parts.state.draft.data.path
        self.setVisible(is_new)

    @Slot()
    def _on_identity(self) -> None:
        self._parts.context.openers[OPEN_IDENTITY]()

    @Slot()
    def _dress(self) -> None:
        palette = self._parts.context.theme.palette
        self.identity_button.setIcon(icon("tune", palette.on_accent))
        self.data_button.setIcon(icon("file", palette.text))
