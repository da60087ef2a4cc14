"""One tokenizer of the compare page: its name, what the text costs with it, its tokens."""

from __future__ import annotations

from PySide6.QtCore import QMargins, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from gui.icons import icon
from gui.theme import Theme
from gui.tokens.compare_run import Compared
from gui.tokens.compare_text import Cut
from gui.tokens.tokenizer_menu import source_name
from gui.tokens.words import tr
from gui.widgets.kinds import button, icon_button, label, set_kind
from gui.widgets.token_paint import Marks
from gui.widgets.token_text import token_text
from gui.widgets.token_view import TokenView


class CompareColumn(QFrame):
    """Shows what it is told; asks by signal."""

    choose_asked = Signal(QWidget)  # another tokenizer in its place; the button that asks
    remove_asked = Signal(QWidget)  # the column itself
    moved = Signal(QWidget, int)  # scrolled by a person: the column, the byte at its upper edge

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cut: Cut | None = None
        self._name = ""
        self.name = button("", "chip", tr("Compare another tokenizer in this place"))
        self.remove = icon_button(tr("Take this tokenizer out of the comparison"))
        self.count = label("", "title")
        self.facts = label("", "dim", wrap=True)
        self.context_words = label("", "faint", wrap=True)
        self.context_bar = QProgressBar(self)
        self.own = label("", "faint", wrap=True)
        self.progress = QProgressBar(self)
        self.note = label("", "dim", wrap=True)
        self.tokens = TokenView(theme, self)
        self._explain()
        self._lay_out()
        self.name.clicked.connect(lambda: self.choose_asked.emit(self.name))
        self.remove.clicked.connect(lambda: self.remove_asked.emit(self))
        self.tokens.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._dress)
        self._dress()

    def show_compared(self, one: Compared, first: Cut | None) -> None:
        """All there is to say. first: the cut that others are measured against, None for the first
        column itself or where it has none."""
        name = one.info.name if one.info is not None else source_name(one.source)
        self._name = name
        self._fit_name()
        self.name.setAccessibleName(tr("Tokenizer: {name}").format(name=name))
        self.tokens.setAccessibleName(tr("Tokens of {name}").format(name=name))
        self.progress.setVisible(0.0 <= one.done < 1.0)
        self.progress.setValue(round(one.done * 1000))
        self._show_note(one)
        if one.cut is not self._cut:
            self._show_cut(one.cut)
        self.count.setText(f"{one.cut.n_tokens:,}" if one.cut is not None else "–")
        self.facts.setText(_facts(one.cut, first) if one.cut is not None else "")
        self._show_context(one)

    def show_alone(self, alone: bytes) -> None:
        """Mark the boundaries that are this tokenizer's alone."""
        self.tokens.set_marks(Marks(alone=alone))
        n = alone.count(1)
        words = tr("{n} boundaries of its own") if n != 1 else tr("{n} boundary of its own")
        self.own.setText(words.format(n=f"{n:,}") if alone else "")

    def follow(self, place: int) -> None:
        """Bring a byte of the text to the upper edge."""
        if self._cut is not None and len(self._cut.ends):
            self.tokens.go_to(self._cut.token_at(place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_name()

    # ---- parts ----

    def _fit_name(self) -> None:
        """A name that has no room is cut at its end."""
        room = self.width() - self.remove.sizeHint().width() - self._theme.px(60)
        mode = Qt.TextElideMode.ElideRight
        words = self.name.fontMetrics().elidedText(self._name, mode, max(room, self._theme.px(60)))
        self.name.setText(words.replace("&", "&&"))

    def _show_cut(self, cut: Cut | None) -> None:
        self._cut = cut
        top = self.tokens.first_in_view() if len(self.tokens.tokens) else 0
        shown = cut.tokens if cut is not None else None
        self.tokens.set_tokens(shown if shown is not None else token_text([], b"", []))
        self.tokens.setVisible(shown is not None)
        self.own.clear()
        if shown is not None and 0 < top < len(shown):
            self.tokens.go_to(top)

    def _show_note(self, one: Compared) -> None:
        too_large = one.cut is not None and one.cut.tokens is None
        large = tr("The text is larger than 1 MB: its tokens are counted, not shown.")
        self.note.setText(one.problem or (large if too_large else ""))
        set_kind(self.note, "warn" if one.problem else "dim")
        self.note.setVisible(bool(self.note.text()))

    def _show_context(self, one: Compared) -> None:
        n_ctx = one.info.n_ctx if one.info is not None else 0
        self.context_bar.setVisible(n_ctx > 0 and one.cut is not None)
        if one.cut is None or one.info is None:
            self.context_words.clear()
        elif n_ctx:
            share = one.cut.n_tokens / n_ctx
            self.context_bar.setValue(min(1000, round(share * 1000)))
            self.context_words.setText(context_words(share, n_ctx))
            set_kind(self.context_words, "warn" if share > 1.0 else "faint")
        else:
            self.context_words.setText(tr("No context window: a vocabulary alone"))
            set_kind(self.context_words, "faint")

    @Slot(int)
    def _on_scrolled(self, _value: int) -> None:
        """Only what a person scrolls leads the others; what follows does not lead back."""
        bar, view = self.tokens.verticalScrollBar(), self.tokens
        leads = view.hasFocus() or bar.isSliderDown() or view.viewport().underMouse()
        if leads and self._cut is not None and len(self._cut.ends):
            tokens = self.tokens.tokens
            self.moved.emit(self, tokens.start(self.tokens.first_in_view()))

    # ---- building ----

    def _explain(self) -> None:
        self.setProperty("kind", "work")
        self.count.setToolTip(tr("Tokens that the text becomes"))
        self.facts.setToolTip(
            tr("The more bytes a token holds, the cheaper and quicker the text is for the model")
        )
        window = tr("The context window is how many tokens a model can look at together")
        for one in (self.context_words, self.context_bar):
            one.setToolTip(window)
        self.context_bar.setRange(0, 1000)
        self.context_bar.setAccessibleName(tr("Part of the context window"))
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName(tr("Counting"))
        self.own.setToolTip(
            tr("Places where this tokenizer cuts and none of the others does: marked with a line")
        )

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.remove)
        self._head = QVBoxLayout()
        self._head.addLayout(top)
        for part in (self.count, self.facts, self.context_words, self.context_bar, self.own):
            self._head.addWidget(part)
        self._head.addWidget(self.progress)
        self._head.addWidget(self.note)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._head)
        self._column.addWidget(self.tokens, 1)
        self._column.addStretch(0)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._head.setContentsMargins(QMargins(px(12), px(8), px(12), px(4)))
        self._head.setSpacing(px(3))
        self.setMinimumWidth(px(170))
        self.remove.setIcon(icon("close", self._theme.palette.text_dim))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


def context_words(share: float, n_ctx: int) -> str:
    """ "0.4 % of 8,192"."""
    digits = 0 if share >= 0.1 else 1 if share >= 0.001 else 2
    words = tr("{share} % of its context of {n}")
    if share > 1.0:
        words = tr("{share} % of its context of {n}: it does not fit")
    return words.format(share=f"{share * 100:,.{digits}f}", n=f"{n_ctx:,}")


def _facts(cut: Cut, first: Cut | None) -> str:
    words = [tr("{n} bytes per token").format(n=f"{cut.bytes_per_token:.2f}")]
    if first is not None and first.n_tokens:
        words.append(against(cut.n_tokens, first.n_tokens))
    return " · ".join(words)


def against(n_tokens: int, n_first: int) -> str:
    """How many tokens more or less than the first one's."""
    change = n_tokens / n_first - 1.0
    if n_tokens == n_first:
        return tr("as many as the first")
    words = tr("{n} % more than the first") if change > 0 else tr("{n} % fewer than the first")
    return words.format(n=f"{abs(change) * 100:,.1f}")
