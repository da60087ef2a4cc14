"""What kind of tokenizer, and how large: the upper card of the tokenizer page. It changes the draft
and knows of training only whether one is going on.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from finetune.pretraining.config import TokenizerKind
from gui.pretrain.state import PretrainState
from gui.pretrain.tokenizer_words import kind_names, kind_words, vocab_warning
from gui.pretrain.vocab_dial import VocabDial
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label


class TokenizerForm(Card):
    """Kind, vocabulary, and what to do."""

    train_asked = Signal()
    leave_asked = Signal()  # one is to be trained with the run

    def __init__(self, theme: Theme, state: PretrainState, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("How text is cut"), parent)
        self._state = state
        self._is_training = False
        self.kind = Choice([(key, name) for key, name in kind_names().items()], wraps=True)
        for key, one in self.kind.buttons.items():
            one.setToolTip(kind_words(_kind(key)))
        self.words = label("", "dim", wrap=True)
        self.dial_name = label(tr("Vocabulary"))
        self.dial = VocabDial(theme)
        self.warning = label("", "warn", wrap=True)
        self.problem = label("", "bad", wrap=True)
        self.train_button = button(
            tr("Train it now"),
            "primary",
            tr("Watch the merges happen; the model is then raised with this tokenizer"),
        )
        self.leave_button = button(
            tr("Leave it to the run"),
            "",
            tr("A tokenizer of this kind is trained when the model is started"),
        )
        self.status = label("", "faint", wrap=True)
        pane = FlowPane()
        flow = FlowLayout(pane)
        flow.setSpacing(8)
        for one in (self.train_button, self.leave_button):
            flow.addWidget(one)
        parts = (self.kind, self.words, self.dial_name, self.dial, self.warning)
        for part in (*parts, pane, self.status, self.problem):
            self.column.addWidget(part)
        self.kind.changed.connect(self._on_kind)
        self.dial.changed.connect(self._on_vocab)
        self.train_button.clicked.connect(self.train_asked)
        self.leave_button.clicked.connect(self.leave_asked)
        for changed in (state.draft_changed, state.corpus_changed, state.tokenizer_changed):
            changed.connect(self.show_draft)
        self.show_draft()
        self.say_problem("")

    def set_training(self, is_training: bool) -> None:
        """Whether one is being trained: nothing is changed meanwhile."""
        self._is_training = is_training
        self.show_draft()

    def say_problem(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    @Slot()
    def show_draft(self) -> None:
        """The plan as it is now."""
        table, tokenizer = self._state.draft.tokenizer, self._state.tokenizer
        self.kind.set_value(table.kind)
        self.words.setText(kind_words(table.kind))
        self.dial.set_value(table.vocab)
        for part in (self.dial_name, self.dial):
            part.setVisible(table.kind == "bpe")
        warning = vocab_warning(self._state.corpus, table.kind, table.vocab)
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        self.kind.setEnabled(not self._is_training)
        self.dial.setEnabled(not self._is_training)
        has_text = bool(self._state.draft.corpus.path)
        self.train_button.setEnabled(has_text and not self._is_training)
        self.leave_button.setVisible(bool(table.path))
        self.leave_button.setEnabled(not self._is_training)
        if self._is_training:
            words = ""
        elif tokenizer is not None:
            words = tr("In use: “{name}”").format(name=tokenizer.name)
        elif table.path:
            words = tr("In use: {path}").format(path=table.path)
        elif not has_text:
            words = tr("Choose a text first; it is trained on that.")
        else:
            words = tr("Nothing needs to be done here: it is trained when the model is started.")
        self.status.setText(words)
        self.status.setVisible(bool(words))

    @Slot(str)
    def _on_kind(self, key: str) -> None:
        self.say_problem("")
        self._state.change(tokenizer__kind=_kind(key), tokenizer__path="")

    @Slot(int)
    def _on_vocab(self, n_vocab: int) -> None:
        self.say_problem("")
        self._state.change(tokenizer__vocab=n_vocab, tokenizer__path="")


def _kind(key: str) -> TokenizerKind:
    return next(kind for kind in kind_names() if kind == key)
