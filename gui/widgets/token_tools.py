"""What can be done with a view of tokens: go from special token to special token, search, copy; and
the line below that says what is pointed at. Who lays them out decides where they stand.
"""

from PySide6.QtCore import QCoreApplication, QObject, Qt, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.widgets.kinds import button, label
from gui.widgets.token_view import TokenView

_COPIED_LETTERS = 60


def _tr(text: str) -> str:
    return QCoreApplication.translate("TokenTools", text)


class TokenTools(QObject):
    """Buttons, a search field and a line of words for one view."""

    def __init__(self, tokens: TokenView, parent: QWidget) -> None:
        super().__init__(parent)
        self.tokens = tokens
        self.special_button = button(
            _tr("Next special token"),
            "chip",
            _tr(
                "Special tokens are written by the template: they say where a message begins and "
                "ends"
            ),
        )
        self.search = QLineEdit(parent)
        self.ids_button = button(_tr("Copy ids"), "chip", _tr("Copy all token ids as a list"))
        self.text_button = button(
            _tr("Copy text"), "chip", _tr("Copy the whole text after the template")
        )
        self.info = label("", "faint")
        self.info.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._name_search()
        self._connect()

    @property
    def all(self) -> list[QWidget]:
        """What is of use only while there are tokens."""
        return [self.special_button, self.ids_button, self.text_button, self.search]

    def set_usable(self, is_usable: bool) -> None:
        for part in self.all:
            part.setEnabled(is_usable)

    def invite(self) -> None:
        """Say what the mouse is good for."""
        self.info.setText(_tr("Point at a token to see its id and bytes; a click copies it."))

    def find_next(self, step: int) -> None:
        """The next match of the search (step -1: the one before)."""
        first, _ = self.tokens.found
        self._find(first + step if first >= 0 else self.tokens.first_in_view(), step)

    # ---- slots ----

    @Slot()
    def _on_special_asked(self) -> None:
        """The next special token after the current one, from the top again behind the last."""
        text, at = self.tokens.tokens, self.tokens.current
        found = text.next_special(at + 1 if at >= 0 else self.tokens.first_in_view())
        found = found if found >= 0 else text.next_special(0)
        if found >= 0:
            self.tokens.set_current(found)
            self.tokens.setFocus()

    @Slot()
    def _on_search_changed(self) -> None:
        self._find(self.tokens.first_in_view(), 1)

    def _find(self, first: int, step: int) -> None:
        words, text = self.search.text(), self.tokens.tokens
        found = text.find(words, first, step)
        if found < 0:
            found = text.find(words, 0 if step > 0 else len(text) - 1, step)
        self.tokens.set_found(found, self._end_of_match(found, words))
        if words:
            missing = _tr("“{words}” is not in these tokens.").format(words=words)
            self.info.setText(self.tokens.describe(found) if found >= 0 else missing)

    def _end_of_match(self, found: int, words: str) -> int:
        text, end = self.tokens.tokens, found + 1
        if found < 0 or words.startswith("#"):
            return end
        n_bytes, sought = text.start(end), words.lower().encode("utf-8", "replace")
        near = text.data[text.start(found) : n_bytes + len(sought)].lower()
        wanted = text.start(found) + max(0, near.find(sought)) + len(sought)
        while n_bytes < wanted and end < len(text):
            end += 1
            n_bytes = text.start(end)
        return end

    @Slot(int)
    def _on_pointed(self, token: int) -> None:
        if token >= 0:
            self.info.setText(self.tokens.describe(token))

    @Slot(str)
    def _on_copied(self, text: str) -> None:
        shown = " ".join(text.split())[:_COPIED_LETTERS]
        self.info.setText(_tr("Copied: {text}").format(text=shown) if shown else _tr("Copied"))

    # ---- building ----

    def _name_search(self) -> None:
        self.search.setPlaceholderText(_tr("Search text, or #id"))
        self.search.setAccessibleName(_tr("Search the tokens"))
        self.search.setToolTip(
            _tr("Finds text across tokens, or a token by its number: #198. Enter: the next one")
        )
        self.search.setClearButtonEnabled(True)

    def _connect(self) -> None:
        self.special_button.clicked.connect(self._on_special_asked)
        self.search.textChanged.connect(self._on_search_changed)
        self.ids_button.clicked.connect(lambda: self.tokens.copy(self.tokens.ids_text()))
        self.text_button.clicked.connect(lambda: self.tokens.copy(self.tokens.tokens.text()))
        self.tokens.pointed.connect(self._on_pointed)
        self.tokens.copied.connect(self._on_copied)
