"""The text of the Tokens room as it is found again after a restart or a crash: written soon after a
change, off the window's thread, up to a size.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer

from gui.tokens.document import TokenDocument
from gui.tokens.kept_file import KeptFile, Tell
from gui.tokens.words import tr

FILE = "tokens_text.json"
LONGEST_BYTES = 4_000_000
KEEP_MS = 500


class KeptText(msgspec.Struct, frozen=True):
    """text, and the byte the caret is at. is_used: somebody has been here before."""

    text: str = ""
    place: int = 0
    is_used: bool = False


class KeptTextFile(QObject):
    """Keeps the last text that was short enough, and none that is private. `note` says so."""

    def __init__(self, home: Path, tell: Tell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = KeptFile(home / FILE, KeptText(), tell, self)
        self._document: TokenDocument | None = None
        self._place = 0
        self._revision = -1
        self.note = ""
        self._timer = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._timer.timeout.connect(self._take)

    @property
    def value(self) -> KeptText:
        return self._file.value

    def keep_text(self, document: TokenDocument, place: int, *, is_private: bool) -> None:
        """This is the text now. It is looked at a moment later, so that typing costs nothing."""
        self.note = ""
        if is_private:
            self.note = tr("This text is of a temporary chat and is not kept.")
        elif document.n_bytes > LONGEST_BYTES:
            self.note = tr("A text over 4 MB is not kept for the next start.")
        if self.note:
            self._timer.stop()
            return
        self._document, self._place = document, place
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Write what is not written yet, and wait for it."""
        self._timer.stop()
        self._take()
        self._file.flush()

    def _take(self) -> None:
        document = self._document
        if document is None or self.note:
            return
        if document.revision == self._revision and self._place == self.value.place:
            return
        self._revision = document.revision
        self._file.keep(KeptText(document.text.text(), self._place, is_used=True))
