"""Facts of the chosen text, and a sentence to learn, for the details pane."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.pretrain_messages import CorpusInfo
from gui.pretrain.state import PretrainState
from gui.pretrain.text_words import bytes_text, texts_text
from gui.pretrain.words import tr
from gui.staged.facts import Fact, Facts, details_panel
from gui.theme import Theme
from gui.widgets.kinds import caps, label


class Lesson(QWidget):
    """A heading and what there is to learn at this place."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(caps(tr("Lesson")))
        self.words = label(words, "dim", wrap=True)
        column.addWidget(self.words)


class TextDetails(QWidget):
    """panel: what the room shows."""

    def __init__(self, theme: Theme, state: PretrainState, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()  # it only keeps the panel's parts together
        self._state = state
        self.facts = Facts(theme, tr("This text"))
        self.lesson = Lesson(
            tr(
                "A language model learns one thing: which piece of text comes next. So its text is "
                "its whole world. What is wrong or said twice there is learned twice as well; that "
                "is why it is cleaned first."
            )
        )
        self.panel = details_panel(theme, [self.facts, self.lesson], parent)
        state.corpus_changed.connect(self.show_facts)
        self.show_facts()

    @Slot()
    def show_facts(self) -> None:
        info = self._state.corpus
        self.facts.show_facts([] if info is None else _facts(info))


def _facts(info: CorpusInfo) -> list[Fact]:
    held_out = f"{texts_text(info.n_held_out)}, {bytes_text(info.held_out_bytes)}"
    optional: list[tuple[bool, Callable[[], Fact]]] = [
        (
            info.n_characters > 0,
            lambda: Fact(
                tr("characters"),
                f"{info.n_characters:,}",
                tr("Letters, blanks and signs; a byte or more each"),
            ),
        ),
        (
            info.n_different_characters > 0,
            lambda: Fact(
                tr("different ones"),
                f"{info.n_different_characters:,}",
                tr("So many tokens a tokenizer of characters would have"),
            ),
        ),
        (
            info.stories_seed >= 0,
            lambda: Fact(tr("seed"), str(info.stories_seed), tr("The same seed: the same stories")),
        ),
    ]
    return [
        Fact(tr("size"), bytes_text(info.n_bytes), tr("In UTF-8, after cleaning")),
        Fact(tr("texts"), f"{info.n_documents:,}", tr("Each ends with a token that says so")),
        *(make() for is_there, make in optional if is_there),
        Fact(tr("held out"), held_out, tr("Never trained on; what was learned is measured there")),
        Fact(tr("from"), "\n".join(info.sources), tr("Where it came from")),
        Fact(tr("folder"), info.path, tr("Lines of JSON that anyone can read")),
    ]
