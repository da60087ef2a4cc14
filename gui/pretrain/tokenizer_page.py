"""The tokenizer page: how text is cut, and the merges as they happen. What is trained here is the
tokenizer of the next model; left alone, one is trained with the run.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.process.messages import AnyEvent, Failed
from engine.process.pretrain_messages import MergesArrived, RaisedTokenizer
from gui.icons import icon
from gui.pretrain.curve_card import CurveCard, LongestCard
from gui.pretrain.merges_card import MergesCard
from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.text_details import Lesson
from gui.pretrain.tokenizer_desk import TokenizerDesk
from gui.pretrain.tokenizer_form import TokenizerForm
from gui.pretrain.tokenizer_words import (
    default_name,
    kind_names,
    rate_words,
    tokenizer_facts,
)
from gui.pretrain.words import tr
from gui.staged.cards import Card, CardPage
from gui.staged.facts import Fact, Facts, details_panel
from gui.staged.job_strip import JobStrip
from gui.staged.kept_list import KeptList
from gui.tokens.from_chat import OPEN_TOKENIZER
from gui.widgets.announce import announce
from gui.widgets.kinds import button, frame, label, set_kind

LIST_PX = 120
VOCABULARY = "vocab.gguf"  # in a tokenizer's folder


class TokenizerPage(PretrainPage):
    """Page 2."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme, self.desk = theme, TokenizerDesk(parts, self)
        self.form = TokenizerForm(theme, parts.state)
        self.strip = JobStrip(theme)
        self.merges = MergesCard(theme)
        self.curve, self.longest = CurveCard(theme), LongestCard(theme)
        self.made = Card(theme, tr("Trained"))
        self.made_words = label("", "dim", wrap=True)
        self.open_button = button(
            tr("Open in Tokens"), "", tr("Look at its whole vocabulary, and at texts through it")
        )
        self.kept = Card(theme, tr("Your tokenizers"))
        tip = tr("Enter uses one for the next model, Delete puts it into the bin")
        self.list = KeptList(theme, tr("Your tokenizers"), tip, tokenizer_facts, can_rename=False)
        self.next_button = button(tr("Next: model"), "primary", tr("Go on to its size (Alt+3)"))
        self.next_button.hide()
        self.facts = Facts(theme, tr("This tokenizer"))
        self._panel = self._details()
        self._lay_out()
        self._connect()
        self._dress()
        self._show_tokenizer()

    # ---- building ----

    def _lay_out(self) -> None:
        work = frame("work", self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(work)
        inside = QVBoxLayout(work)
        inside.setContentsMargins(0, 0, 0, 0)
        page = CardPage(self._theme, work)
        inside.addWidget(page)
        row = QHBoxLayout()
        row.addWidget(self.made_words, 1)
        row.addWidget(self.open_button)
        self.made.column.addLayout(row)
        self.kept.column.addWidget(self.list)
        cards = (self.form, self.strip, self.made, self.merges, self.curve, self.longest, self.kept)
        for card in cards:
            page.column.addWidget(card)
        page.column.addStretch(1)

    def _details(self) -> QWidget:
        lesson = Lesson(
            tr(
                "A model never sees letters. It sees numbers, one for each piece of text in its "
                "vocabulary; which pieces there are is counted from the text before anything is "
                "learned. A byte-pair tokenizer is a list of merges, in their order."
            )
        )
        return details_panel(self._theme, [self.facts, lesson], self)

    def _connect(self) -> None:
        desk, state, parts = self.desk, self.parts.state, self.parts
        self.form.train_asked.connect(self.train)
        self.form.leave_asked.connect(lambda: desk.use(None))
        self.open_button.clicked.connect(self.open_in_tokens)
        self.next_button.clicked.connect(lambda: parts.show_page("model"))
        self.list.open_asked.connect(desk.use)
        self.list.delete_asked.connect(desk.delete)
        desk.tokenizers_changed.connect(self._show_list)
        desk.training_changed.connect(self._on_training)
        desk.told.connect(self._hear)
        desk.trained.connect(self._on_trained)
        desk.training_failed.connect(self._on_failed)
        state.tokenizer_changed.connect(self._show_tokenizer)
        parts.add_action(tr("Train the to&kenizer"), self._on_action, "Ctrl+Shift+T")
        parts.add_action(tr("Open the tokenizer in Tokens"), self.open_in_tokens, None)
        self._theme.changed.connect(self._dress)

    # ---- training ----

    def _on_action(self) -> None:
        self.parts.show_page("tokenizer")
        if self.form.train_button.isEnabled():
            self.train()

    @Slot()
    def train(self) -> None:
        """Train one as the draft says, on the draft's text."""
        state, table = self.parts.state, self.parts.state.draft.tokenizer
        if self.desk.is_training:
            return
        self.form.say_problem("")
        corpus = state.corpus
        name = default_name(corpus, table.kind, table.vocab)
        where = corpus.id if corpus is not None else state.draft.corpus.path
        self.desk.train(where, table.kind, table.vocab, name)

    @Slot()
    def _on_training(self) -> None:
        is_training = self.desk.is_training
        self.form.set_training(is_training)
        if is_training:
            self.strip.begin(tr("Training the tokenizer"), self.desk.stop)
            self.merges.begin()
        else:
            self.strip.end()
            self.merges.end()
        self._show_tokenizer()
        self.status_changed.emit()

    @Slot(object)
    def _hear(self, event: AnyEvent) -> None:
        self.strip.hear(event)
        if isinstance(event, MergesArrived):
            self.merges.add(event.merges, event.n_done, event.n_merges)

    @Slot(object)
    def _on_trained(self, info: RaisedTokenizer) -> None:
        words = tr("“{name}” is trained: {facts}").format(
            name=info.name, facts=tokenizer_facts(info)
        )
        announce(self.made, words)
        self.parts.context.notices.tell(words)

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        self.form.say_problem(" ".join(filter(None, (failed.message, failed.hint))))
        self.form.problem.setToolTip(failed.detail)

    # ---- what is shown ----

    @Slot()
    def _show_tokenizer(self) -> None:
        """The one in use, or the one that is being trained; card by card, in turns to come."""
        info, is_training = self.parts.state.tokenizer, self.desk.is_training
        table = self.parts.state.draft.tokenizer
        has_merges = table.kind == "bpe" if is_training else info is not None and bool(info.merges)
        self.merges.setVisible(has_merges)
        if info is None or is_training:
            for card in (self.made, self.curve, self.longest):
                card.hide()
        else:
            self._show_made(info)
            QTimer.singleShot(0, self, self._show_curve)
        self.facts.show_facts([] if info is None else _facts(info))
        self.status_changed.emit()

    def _show_made(self, info: RaisedTokenizer) -> None:
        self.made.title.setText(info.name)
        self.made.note.setText(tokenizer_facts(info))
        lines = list(info.warnings) or [tr("The next model is raised with it.")]
        self.made_words.setText("\n".join(lines))
        set_kind(self.made_words, "warn" if info.warnings else "dim")
        self.made.show()
        self.merges.show_merges(info.merges, info.n_merges)

    @Slot()
    def _show_curve(self) -> None:
        info = self.parts.state.tokenizer
        if info is not None and not self.desk.is_training:
            self.curve.show_tokenizer(info)
            self.curve.setVisible(len(info.curve) > 1)
            QTimer.singleShot(0, self, self._show_longest)

    @Slot()
    def _show_longest(self) -> None:
        info = self.parts.state.tokenizer
        if info is not None and not self.desk.is_training:
            self.longest.show_longest(info.longest)

    @Slot()
    def _show_list(self) -> None:
        info = self.desk.info
        self.list.show_infos(self.desk.tokenizers, info.path if info is not None else "")
        self.kept.setVisible(bool(self.desk.tokenizers))

    def open_in_tokens(self) -> None:
        """Its vocabulary in the Tokens room."""
        info = self.parts.state.tokenizer
        if info is None:
            self.parts.context.notices.tell(tr("Train a tokenizer first, or choose one"))
            return
        self.parts.context.rooms["tokens"]()
        self.parts.context.openers[OPEN_TOKENIZER](str(Path(info.path) / VOCABULARY))

    # ---- what the room asks ----

    def on_shown(self) -> None:
        self._show_list()
        if not self.desk.is_listed:
            self.desk.list_tokenizers()

    def details(self) -> QWidget:
        return self._panel

    def header_widget(self) -> QWidget:
        return self.next_button

    def header_words(self) -> str:
        if self.desk.is_training:
            return tr("training the tokenizer")
        info = self.parts.state.tokenizer
        return tokenizer_facts(info) if info is not None else tr("trained with the run")

    @Slot()
    def _dress(self) -> None:
        self.list.setFixedHeight(self._theme.px(LIST_PX))
        self.open_button.setIcon(icon("tokens", self._theme.palette.text_dim))


def _facts(info: RaisedTokenizer) -> list[Fact]:
    found = [
        Fact(tr("kind"), kind_names()[info.kind], tr("How its tokens were found")),
        Fact(tr("tokens"), f"{info.n_vocab:,}", tr("Bytes and marks among them")),
        Fact(tr("merges"), f"{info.n_merges:,}", tr("Pairs that became one, in their order")),
    ]
    if info.bytes_per_token:
        rate = rate_words(info.bytes_per_token)
        found.append(Fact(tr("holds"), rate, tr("Of held-out text, on average")))
    if info.seconds:
        found.append(Fact(tr("trained in"), tr("{n} s").format(n=f"{info.seconds:.1f}")))
    return [*found, Fact(tr("folder"), info.path, tr("With tokenizer.json, for any library"))]
