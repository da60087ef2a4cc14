"""One token of the vocabulary in full, with what can be done with it. It asks the worker what the
token's own text becomes and which merge made it.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.scripts import script_of
from engine.process.token_messages import Encode, Encoded, MergeHistory, Merges
from gui.side_worker import SideWorker
from gui.tokens.merge_steps import MergeSteps
from gui.tokens.vocabulary import VocabularyTable, array_of
from gui.tokens.vocabulary_model import n_characters
from gui.tokens.vocabulary_words import (
    figure_name,
    figure_text,
    kind_meaning,
    kind_text,
    reach_meaning,
)
from gui.tokens.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, caps, label
from gui.widgets.token_text import bytes_text, shown


class VocabularyDetails(QWidget):
    """Empty until a token is chosen."""

    text_wanted = Signal(str)  # this text is to be put into the editor
    merges_wanted = Signal(str)  # how this word was merged is to be shown

    def __init__(self, worker: SideWorker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._jobs: list[int] = []
        self.token = -1
        self._text = ""
        self.heading = label("", "mono", wrap=True)
        self.values: dict[str, QLabel] = {}
        self.names: dict[str, QLabel] = {}
        self.copy_text_button = button(
            tr("Copy text"), tooltip=tr("Copy the token's text (Ctrl+C in the list)")
        )
        self.copy_id_button = button(
            tr("Copy id"), tooltip=tr("Copy the token's number (Ctrl+Shift+C in the list)")
        )
        self.show_button = button(
            tr("Show in text"), tooltip=tr("Put the token's text into the editor and go there")
        )
        self.merges_button = button(
            tr("How it was merged"), tooltip=tr("Replay how its letters became this token")
        )
        self._lay_out()
        self._connect()
        self.show_none()

    def show_none(self) -> None:
        """No token is chosen."""
        self._cancel()
        self.token = -1
        self.hide()

    def show_token(self, table: VocabularyTable, token: int, reach: str) -> None:
        """Another token; reach: as REACHES names it, "" for not checked."""
        self._cancel()
        self.token = token
        piece, kind = table.piece(token), table.kind(token)
        self._text = _text_of(piece)
        self.heading.setText(shown(piece))
        self.heading.setAccessibleName(tr("Token {piece}").format(piece=shown(piece)))
        self.names["figure"].setText(figure_name(table.figure))
        self._set("id", str(token))
        self._set("bytes", bytes_text(piece) or "–")
        self._set("length", str(n_characters(piece)))
        self._set("kind", f"{kind_text(kind)}. {kind_meaning(kind)}")
        self._set("figure", figure_text(table.figure_of(token), table.figure))
        self._set("script", _script_text(self._text))
        self._set("own", "")
        self._set("merge", "")
        self._set("reach", reach_meaning(reach) if reach else tr("Not checked yet."))
        self._enable(is_text=bool(self._text), merges=kind not in ("control", "unknown", "unused"))
        self.show()
        self._ask(table)

    @Slot()
    def copy_text(self) -> None:
        if self._text:
            QGuiApplication.clipboard().setText(self._text)

    @Slot()
    def copy_id(self) -> None:
        if self.token >= 0:
            QGuiApplication.clipboard().setText(str(self.token))

    def save_state(self) -> None:
        """The window is closing: nothing is waited for any more."""
        self._cancel()

    # ---- what the worker knows ----

    def _ask(self, table: VocabularyTable) -> None:
        source, text = table.source, self._text
        if not text:
            self._set("own", tr("It has no text of its own."))
            return

        def on_encoded(result: Encoded) -> None:
            ids = array_of(result.ids).tolist()
            self._set("own", _own_words(table, ids, self.token))

        def on_merges(result: Merges) -> None:
            self._set("merge", _merge_words(result, self.token))

        def on_failed(failed: Failed) -> None:
            self._set("merge", failed.message)

        self._jobs = [
            self._worker.ask(
                lambda job: Encode(job=job, source=source, text=text, inside=True), on_encoded
            ),
            self._worker.ask(
                lambda job: MergeHistory(job=job, source=source, word=text), on_merges, on_failed
            ),
        ]

    def _cancel(self) -> None:
        for job in self._jobs:
            self._worker.cancel(job)
        self._jobs = []

    # ---- making ----

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for key, name in _rows():
            self.names[key] = label(name, "dim")
            self.values[key] = label("", "mono" if key in ("id", "bytes") else "", wrap=True)
            self.values[key].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            form.addRow(self.names[key], self.values[key])
        actions = FlowLayout()
        actions.setSpacing(6)
        for one in self._buttons():
            actions.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(caps(tr("Token")))
        column.addWidget(self.heading)
        column.addLayout(form)
        column.addLayout(actions)
        column.addStretch(1)

    def _buttons(self) -> Sequence[QWidget]:
        return (
            self.copy_text_button,
            self.copy_id_button,
            self.show_button,
            self.merges_button,
        )

    def _connect(self) -> None:
        self.copy_text_button.clicked.connect(self.copy_text)
        self.copy_id_button.clicked.connect(self.copy_id)
        self.show_button.clicked.connect(lambda: self.text_wanted.emit(self._text))
        self.merges_button.clicked.connect(lambda: self.merges_wanted.emit(self._text))

    def _enable(self, *, is_text: bool, merges: bool) -> None:
        self.copy_text_button.setEnabled(is_text)
        self.show_button.setEnabled(is_text)
        self.merges_button.setEnabled(is_text and merges)

    def _set(self, key: str, words: str) -> None:
        self.values[key].setText(words)
        self.values[key].setVisible(bool(words))
        self.names[key].setVisible(bool(words))


def _rows() -> list[tuple[str, str]]:
    return [
        ("id", tr("Id")),
        ("bytes", tr("Bytes")),
        ("length", tr("Characters")),
        ("kind", tr("Type")),
        ("figure", tr("Merge rank")),
        ("script", tr("Script")),
        ("merge", tr("Made of")),
        ("own", tr("Its own text becomes")),
        ("reach", tr("Round trip")),
    ]


def _text_of(piece: bytes) -> str:
    """A piece as text, "" where it is a part of a character."""
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _script_text(text: str) -> str:
    name = script_of(text) if text else ""
    return {"Common": tr("no letters"), "Other": tr("other")}.get(name, name)


def _own_words(table: VocabularyTable, ids: list[int], token: int) -> str:
    if ids == [token]:
        return tr("this token")
    pieces = "  ".join(f"{shown(table.piece(one))} ({one})" for one in ids[:12])
    return pieces + (" …" if len(ids) > 12 else "")


def _merge_words(merges: Merges, token: int) -> str:
    """The last merge of a token that merges make."""
    if merges.ids != [token] or not merges.steps:
        return ""
    steps, last = MergeSteps(merges), len(merges.steps) - 1
    place = merges.steps[last].place
    left, right = steps.pieces_at(last)[place : place + 2]
    return tr("{left} + {right}").format(left=shown(left), right=shown(right))
