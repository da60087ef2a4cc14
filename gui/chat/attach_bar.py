"""Above the message field: what is attached, what it costs, and which file waits for its password.

Shows values and emits wishes; reads no file and knows no chat.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from gui.chat.attach_words import chip_text
from gui.chat.attachments import Attachment
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, icon_button, label, set_kind
from gui.widgets.plain_tip import plain_tip


class Chip(QFrame):
    """One attached document: its name and cost, which opens it, and a button that removes it."""

    open_requested = Signal(str)  # document id
    remove_requested = Signal(str)

    def __init__(self, theme: Theme, document_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.document_id = document_id
        self.setObjectName("attach-chip")
        self.words = button("", "quiet")
        self.remove = icon_button(tr("Remove"))
        row = self._row = QHBoxLayout(self)
        row.setSpacing(0)
        row.addWidget(self.words)
        row.addWidget(self.remove)
        self.words.clicked.connect(lambda: self.open_requested.emit(self.document_id))
        self.remove.clicked.connect(lambda: self.remove_requested.emit(self.document_id))
        self.refresh_look()

    def show_attachment(self, attachment: Attachment, *, is_counting: bool) -> None:
        """Its name, the chosen parts and their cost."""
        document = attachment.document
        text = chip_text(attachment, is_counting=is_counting)
        self.words.setText(text.replace("&", "&&"))
        self.words.setAccessibleName(tr("Attached: {text}").format(text=text))
        self.remove.setAccessibleName(tr("Remove {name}").format(name=document.name))
        leave = tr("Leave “{name}” out of the message").format(name=document.name)
        self.remove.setToolTip(plain_tip(leave))
        if document.is_divided:
            tip = tr("Choose which pages, sections or rows go with the message")
        else:
            tip = tr("Look at the text that goes with the message")
        note = f"\n{document.note[:1].upper()}{document.note[1:]}." if document.note else ""
        self.words.setToolTip(plain_tip(f"{document.name}\n{tip}{note}"))

    def refresh_look(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        self._row.setContentsMargins(px(2), 0, px(2), 0)
        self.setStyleSheet(
            f"#attach-chip {{ border: 1px solid {palette.line}; border-radius: {px(8)}px;"
            f" background: {palette.window}; }}"
            f"#attach-chip QPushButton {{ padding: {px(1)}px {px(4)}px; min-height: {px(18)}px;"
            f" color: {palette.text}; }}"
            f"#attach-chip QToolButton {{ padding: {px(1)}px; }}"
        )
        self.words.setIcon(icon("file", palette.text_dim))
        self.remove.setIcon(icon("close", palette.text_dim))
        self.remove.setIconSize(QSize(px(12), px(12)))


class PasswordRow(QFrame):
    """Asks for the password of one file."""

    password_given = Signal(str)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = label("", "dim", wrap=True)
        self.field = QLineEdit(self)
        self.open_button = button(tr("Open"), "chip", tr("Read the file with this password"))
        self.leave_button = button(tr("Leave it"), "chip", tr("Do not attach this file"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        for part in (self.field, self.open_button, self.leave_button):
            row.addWidget(part)
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(tr("Password of the file"))
        self.field.setToolTip(tr("Used once to open the file; it is not kept"))
        self.field.returnPressed.connect(self._on_given)
        self.open_button.clicked.connect(self._on_given)
        self.leave_button.clicked.connect(self.given_up)
        self.hide()

    def ask(self, sentence: str) -> None:
        self.words.setText(sentence)
        self.field.clear()
        self.show()
        self.field.setFocus()

    @Slot()
    def _on_given(self) -> None:
        if self.field.text():
            self.password_given.emit(self.field.text())


class AttachBar(QWidget):
    """The chips, the line with their sum, and the row that asks for a password."""

    open_requested = Signal(str)  # document id
    remove_requested = Signal(str)
    choose_requested = Signal()  # something does not fit

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chips: dict[str, Chip] = {}
        self.reading = label("", "faint")
        self.sum = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.choose_button = button(
            tr("Choose pages…"), "chip", tr("Say which pages, sections or rows go with the message")
        )
        self.password = PasswordRow(self)
        self._flow = FlowLayout()
        self._lay_out()
        self.choose_button.clicked.connect(self.choose_requested)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_reading(0)
        self.show_sum("", fits=True, can_choose=False)

    def show_items(self, items: list[Attachment], *, is_counting: bool) -> None:
        """One chip per attached document, in their order."""
        wanted = [item.document.id for item in items]
        for document_id in [one for one in self.chips if one not in wanted]:
            self._take_away(self.chips.pop(document_id))
        for item in items:
            chip = self.chips.get(item.document.id) or self._add(item.document.id)
            chip.show_attachment(item, is_counting=is_counting)
        self._show_self()

    def show_reading(self, n_files: int) -> None:
        """How many files are still being read."""
        text = tr("Reading {n} files…") if n_files > 1 else tr("Reading the file…")
        self.reading.setText(text.format(n=n_files) if n_files else "")
        self.reading.setVisible(n_files > 0)
        self._show_self()

    def show_sum(self, text: str, *, fits: bool, can_choose: bool) -> None:
        """The cost of all, and the way out where it does not fit."""
        self.sum.setText(text)
        self.sum.setVisible(bool(text))
        set_kind(self.sum, "faint" if fits else "bad")
        self.choose_button.setVisible(bool(text) and can_choose and not fits)

    def ask_password(self, sentence: str) -> None:
        self.password.ask(sentence)
        self._show_self()

    def end_password(self) -> None:
        self.password.hide()
        self._show_self()

    # ---- inside ----

    def _lay_out(self) -> None:
        bottom = QHBoxLayout()
        bottom.addWidget(self.sum, 1)
        bottom.addWidget(self.choose_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addLayout(self._flow)
        layout.addWidget(self.reading)
        layout.addWidget(self.password)
        layout.addLayout(bottom)
        self.sum.setWordWrap(True)
        self.sum.setAccessibleName(tr("Cost of what is attached"))
        self.setAccessibleName(tr("Attached to this message"))

    def _add(self, document_id: str) -> Chip:
        chip = Chip(self._theme, document_id, self)
        chip.open_requested.connect(self.open_requested)
        chip.remove_requested.connect(self.remove_requested)
        self.chips[document_id] = chip
        self._flow.addWidget(chip)
        return chip

    def _take_away(self, chip: Chip) -> None:
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def _show_self(self) -> None:
        is_asking = not self.password.isHidden()
        self.setVisible(bool(self.chips) or is_asking or not self.reading.isHidden())

    @Slot()
    def _on_theme_changed(self) -> None:
        self._flow.setSpacing(self._theme.px(6))
        self.password.field.setFixedWidth(self._theme.px(140))
        for chip in self.chips.values():
            chip.refresh_look()
