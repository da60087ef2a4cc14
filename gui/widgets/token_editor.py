"""The token editor: a text that is edited, coloured by its tokens at every moment. Shows and edits
a TokenDocument; where its tokens come from is gui/tokens/feeder.py's.

Made of layers, each a file on the one before: token_editor_view (what is in view and where),
_scroll, _page (painting), _caret (moves, selection), _edit (changes, clipboard), _keys, _mouse, and
this one.
"""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleTextCursorEvent
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor_mouse import EditorMouse


class TokenEditor(EditorMouse):
    """Signals: edited, tokens_changed, cursor_token(int), token_pointed(int), token_clicked(int),
    refused(message, hint), file_dropped(path).

    `describe(token)` gives a token's tooltip; set it. `choose_token`, `show_token`, `set_matches`
    mark and scroll.
    """

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self.setAccessibleName(self.tr("Text, coloured by its tokens"))
        self.cursor_token.connect(self._on_cursor_token)

    def set_text(self, text: str) -> None:
        """Show another text from its beginning; it can be undone."""
        self.document.set_text(text)
        self.set_caret(0)

    def detach(self) -> None:
        """Hear no more of the document, which lives on."""
        self.document.watchers.remove(self)

    def text(self) -> str:
        return self.document.text.text()

    def set_read_only(self, is_read_only: bool) -> None:
        """Nothing can be changed; selecting and copying stay."""
        self.is_read_only = is_read_only
        self.setAcceptDrops(not is_read_only)

    def set_placeholder(self, words: str) -> None:
        """What stands there while there is no text."""
        self.placeholder = words
        self.viewport().update()

    def _on_cursor_token(self, token: int) -> None:
        """Tell a screen reader where the caret is, and at which token."""
        self.setAccessibleDescription(self.describe(token) if token >= 0 else "")
        if QAccessible.isActive():
            QAccessible.updateAccessibility(
                QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            )
            QAccessible.updateAccessibility(QAccessibleTextCursorEvent(self, self.place))
