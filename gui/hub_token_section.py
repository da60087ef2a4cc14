"""The part of the settings about the hub: paste a token, see that one is there, check it, remove
it. Nothing of a token is held here once it is in the keyring."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import shiboken6
from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.errors import AppError
from engine.models.hub_token import checked
from engine.process.messages import AnyEvent, CheckHubToken, Done, Failed, HubUser
from gui.connections import HUB
from gui.context import AppContext
from gui.hub_token import TokenKeeper, TokenState
from gui.widgets.field_problems import FieldProblems
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind


class HubTokenSection(QWidget):
    """Rows for a card of the settings. The keyring is asked when they are first seen, not with the
    page: it may ask its owner to unlock it."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._state = TokenState()
        self._was_asked = False
        self._is_checking = False
        self.keeper = TokenKeeper(self)
        self.field = QLineEdit()
        self.problems = FieldProblems()
        self.keep_button = button(
            self.tr("Keep"), "primary", self.tr("Put it into this system’s keyring (Enter)")
        )
        self.check_button = button(
            self.tr("Check"),
            "",
            self.tr("Ask the hub whose token this is; opens one connection"),
        )
        self.remove_button = button(
            self.tr("Remove"),
            "",
            self.tr("Take it out of the keyring; on the hub it stays valid until you revoke it"),
        )
        self.page_button = button(
            self.tr("Make a token…"),
            "link",
            self.tr("Your tokens’ page on the hub, in your browser"),
        )
        self.state = label(self.tr("Looking into the keyring…"), wrap=True)
        self.answer = label("", "dim", wrap=True)
        self._lay_out()
        self._connect()
        self._dress()
        self._show_buttons()

    # ---- building ----

    def _lay_out(self) -> None:
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(self.tr("Token of the hub"))
        self.field.setPlaceholderText(self.tr("Paste a token: hf_…"))
        self.field.setToolTip(
            self.tr("A token is a password for programs; the hub makes as many as you want")
        )
        # A secret is nothing to learn words from.
        self.field.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self._column = QVBoxLayout(self)
        self._column.addWidget(label(self.tr("Token")))
        self._column.addWidget(label(self._what_for(), "faint", wrap=True))
        self._line = QHBoxLayout()
        self._line.addWidget(self.field, 1)
        self._line.addWidget(self.keep_button)
        self._column.addLayout(self._line)
        self._column.addWidget(self.problems.note("token", self.field))
        self._column.addWidget(self.state)
        self._column.addWidget(self.answer)
        self._buttons = FlowLayout()
        for one in (self.check_button, self.remove_button, self.page_button):
            self._buttons.addWidget(one)
        self._column.addLayout(self._buttons)
        self.answer.hide()

    def _what_for(self) -> str:
        words = self.tr(
            "For models and datasets that ask for consent first, and for what you put there. It "
            "is kept in this system’s keyring alone, and sent to %s alone."
        )
        return words % (urlsplit(_hub()).netloc or _hub())

    def _connect(self) -> None:
        self.keeper.found.connect(self._on_found)
        self.keeper.failed.connect(self._on_refused)
        self.field.returnPressed.connect(self._on_keep)
        self.field.textEdited.connect(self._on_edited)
        self.keep_button.clicked.connect(self._on_keep)
        self.check_button.clicked.connect(self._on_check)
        self.remove_button.clicked.connect(self._on_remove)
        self.page_button.clicked.connect(self._on_page)
        self._context.theme.changed.connect(self._dress)

    @Slot()
    def _dress(self) -> None:
        px = self._context.theme.px
        self._column.setContentsMargins(0, px(10), 0, px(10))
        self._column.setSpacing(px(6))
        self._line.setSpacing(px(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_asked:
            self._was_asked = True
            QTimer.singleShot(0, self, self._on_first_seen)

    @Slot()
    def _on_first_seen(self) -> None:
        self.keeper.look()
        self._show_buttons()

    # ---- what is done ----

    @Slot()
    def _on_edited(self) -> None:
        self.problems.show({})

    @Slot()
    def _on_keep(self) -> None:
        if self.keeper.is_busy:
            return
        try:
            token = checked(self.field.text())
        except AppError as error:
            self.problems.show({"token": str(error)})
            return
        self.problems.show({})
        self._say("")
        self.keeper.keep(token)
        self._show_buttons()

    @Slot()
    def _on_remove(self) -> None:
        self._say("")
        self.keeper.remove()
        self._show_buttons()

    @Slot()
    def _on_check(self) -> None:
        self._is_checking = True
        self._say(self.tr("Asking the hub…"))
        self._show_buttons()
        self._context.engine.submit(lambda job: CheckHubToken(job=job), self._on_checked)

    @Slot()
    def _on_page(self) -> None:
        url = f"{_hub().rstrip('/')}/settings/tokens"
        if not self._context.connections.open_in_browser(url):
            self._context.notices.show_failure(
                self.tr("No browser answered."), self.tr("The page is %s") % url
            )

    # ---- what came of it ----

    @Slot(object)
    def _on_found(self, state: TokenState) -> None:
        if state.source == "keyring":
            self.field.setText("")  # not clear(): that one can be undone
        self._state = state
        self.state.setText(self._words_of(state))
        set_kind(self.state, "warn" if state.trouble else "")
        self._show_buttons()

    @Slot(object)
    def _on_refused(self, error: AppError) -> None:
        self._context.notices.show_error(error)
        self._show_buttons()

    def _on_checked(self, event: AnyEvent) -> None:
        if not shiboken6.isValid(self):
            return  # the engine ends after the page
        self._is_checking = False
        result = event.result if isinstance(event, Done) else None
        if isinstance(result, HubUser):
            self._say(self._words_of_user(result), "good")
        elif isinstance(event, Failed):
            self._say(f"{event.message} {event.hint}".strip(), "bad")
        else:
            self._say("")
        self._show_buttons()

    def _words_of(self, state: TokenState) -> str:
        words: list[str] = []
        if state.trouble is not None:
            words.append(state.trouble.message if state.source else str(state.trouble))
        if state.source == "keyring":
            words.append(self.tr("A token is kept%s.") % self._ending(state))
            if state.in_environment:
                words.append(self.tr("It goes before the one in HF_TOKEN."))
        elif state.source:
            words.append(self.tr("The environment’s HF_TOKEN is used%s.") % self._ending(state))
        elif state.trouble is None:
            words.append(self.tr("No token is kept. What is public needs none."))
        return " ".join(words)

    def _ending(self, state: TokenState) -> str:
        return self.tr("; it ends in …%s") % state.ending if state.ending else ""

    def _words_of_user(self, user: HubUser) -> str:
        may = {
            "read": self.tr("it may read"),
            "write": self.tr("it may read and write"),
            "fineGrained": self.tr("it may what you chose for it"),
        }.get(user.role, "")
        whose = self.tr("The hub takes it: it is a token of %s") % user.name
        return f"{whose}; {may}." if may else f"{whose}."

    def _say(self, words: str, kind: str = "dim") -> None:
        self.answer.setText(words)
        self.answer.setVisible(bool(words))
        set_kind(self.answer, kind)

    def _show_buttons(self) -> None:
        is_free = not self.keeper.is_busy
        has_keyring = self._state.trouble is None
        self.field.setEnabled(has_keyring)
        self.keep_button.setEnabled(is_free and has_keyring)
        self.check_button.setEnabled(is_free and bool(self._state.source) and not self._is_checking)
        self.remove_button.setEnabled(is_free and self._state.source == "keyring")


def _hub() -> str:
    return os.environ.get("HF_ENDPOINT") or HUB
