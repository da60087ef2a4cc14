"""Copying tokens out of the editor: ids, JSON, or an image; of the selection, or of everything
where nothing is selected (an image: what is in view).
"""

from __future__ import annotations

import json
import threading
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from gui.tokens.document import TokenDocument
from gui.tokens.feeder import TokenFeeder
from gui.tokens.parts import TokensParts
from gui.tokens.token_image import picture_of
from gui.tokens.vocabulary import VocabularyTable
from gui.tokens.words import tr
from gui.widgets.token_editor import TokenEditor


class Taken(Struct, frozen=True):
    """Tokens that are copied: ids, and their places in bytes of the text that they cover."""

    ids: list[int]
    spans: list[tuple[int, int]]


class TokenCopier(QObject):
    """The lines of the room's menu and of the editor's."""

    _copied = Signal(str, int)  # JSON text, how many tokens

    def __init__(
        self,
        parts: TokensParts,
        editor: TokenEditor,
        feeder: TokenFeeder,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._parts, self._editor, self._feeder, self._page = parts, editor, feeder, parent
        self._threads: list[threading.Thread] = []
        self._copied.connect(self._on_json)

    def add_actions(self) -> None:
        add = self._parts.add_action
        add(tr("Copy the &ids"), self.copy_ids, "Ctrl+Shift+I")
        add(tr("Copy as &JSON"), self.copy_json, "Ctrl+Shift+J")
        add(tr("Copy as an i&mage"), self.copy_image, "Ctrl+Shift+G")
        add(tr("&Save as an image…"), self.save_image, None)

    def add_to_menu(self, menu: QMenu) -> None:
        lines = [
            (tr("Copy the ids"), self.copy_ids),
            (tr("Copy as JSON"), self.copy_json),
            (tr("Copy as an image"), self.copy_image),
            (tr("Save as an image…"), self.save_image),
        ]
        for words, do in lines:
            menu.addAction(words).triggered.connect(do)

    # ---- ids and JSON ----

    def copy_ids(self) -> None:
        """As a list: [1, 2]."""
        if self._is_ready():
            taken = taken_of(self._editor.document, *self._editor.selection)
            self._put(json.dumps(taken.ids), len(taken.ids))

    def copy_json(self) -> None:
        """As `bathysphere tokenize --json` prints it; a long text's is made off this thread."""
        if not self._is_ready():
            return
        vocabulary = self._parts.state.vocabulary
        assert vocabulary is not None
        taken = taken_of(self._editor.document, *self._editor.selection)
        text_ok = self._feeder.text_ok

        def work() -> None:
            self._copied.emit(json_text(taken, vocabulary, text_ok), len(taken.ids))

        if len(taken.ids) < 2_000:
            self._put(json_text(taken, vocabulary, text_ok), len(taken.ids))
            return
        thread = threading.Thread(target=work, name="copy as JSON")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def close(self) -> None:
        """The window is closing."""
        for thread in self._threads:
            thread.join()

    def _on_json(self, text: str, n_tokens: int) -> None:
        self._put(text, n_tokens)

    def _put(self, text: str, n_tokens: int) -> None:
        QGuiApplication.clipboard().setText(text)
        words = tr("1 token copied.") if n_tokens == 1 else tr("{n} tokens copied.")
        self._parts.context.notices.tell(words.format(n=f"{n_tokens:,}"))

    def _is_ready(self) -> bool:
        if self._editor.document.is_stale or self._parts.state.info is None:
            self._parts.context.notices.tell(
                tr("The tokens are still on their way; copy again in a moment.")
            )
            return False
        return True

    # ---- image ----

    def copy_image(self) -> None:
        """The selection, or what is in view, twice as large as on the screen."""
        picture, is_cut = picture_of(self._editor, self._parts.context.theme)
        QGuiApplication.clipboard().setImage(picture)
        words = tr("The image is copied.")
        cut = tr("It ends where an image would be too high.")
        self._parts.context.notices.tell(f"{words} {cut}" if is_cut else words)

    def save_image(self) -> None:
        """As a PNG file."""
        dialog = QFileDialog(self._page, tr("Save as an image"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("Images (*.png)")])
        dialog.setDefaultSuffix("png")
        dialog.selectFile("tokens.png")
        dialog.fileSelected.connect(self.save_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Write the image into a file."""
        picture, _ = picture_of(self._editor, self._parts.context.theme)
        path = path if path.lower().endswith(".png") else f"{path}.png"
        name = Path(path).name
        if picture.save(path):
            self._parts.context.notices.tell(tr("“{name}” is saved.").format(name=name))
        else:
            self._parts.context.notices.show_failure(
                tr("“{name}” could not be written.").format(name=name),
                tr("Choose a folder that you may write to, on a disk with space."),
            )


def taken_of(document: TokenDocument, start: int, end: int) -> Taken:
    """The tokens that have bytes between two places; all of them where the places are one. Spans
    are counted from the first one's beginning."""
    tokens = document.tokens
    first, last = tokens.between(start, end) if start < end else (0, len(tokens))
    base = tokens.start(first) if last > first else 0
    ends = (tokens.ends[first:last] - base).tolist()
    starts = [0, *ends[:-1]]
    return Taken(tokens.ids[first:last].tolist(), list(zip(starts, ends, strict=True)))


def json_text(taken: Taken, vocabulary: VocabularyTable, text_ok: bool) -> str:
    pieces = [vocabulary.piece(one).hex() for one in taken.ids]
    spans = [list(one) for one in taken.spans]
    found = {"ids": taken.ids, "pieces_hex": pieces, "spans": spans, "text_ok": text_ok}
    return json.dumps(found)
