"""What stands in the tokens' place where the tokenizer in use has no chat template: a sentence, and
those that have one.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.process.messages import ListModels, ModelInfo, ModelList
from gui.tokens.library import model_folders
from gui.tokens.parts import TokensParts
from gui.tokens.state import STARTER
from gui.tokens.words import tr
from gui.widgets.kinds import button, label

MOST_SHOWN = 8


class NoTemplate(QFrame):
    """Asks for the models when it is first looked at."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.setProperty("kind", "work")
        self.words = label("", "dim", wrap=True)
        self.choices = QVBoxLayout()
        column = QVBoxLayout(self)
        px = parts.context.theme.px
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(self.words)
        column.addLayout(self.choices)
        column.addStretch(1)

    def show_for(self, name: str) -> None:
        """Say that this tokenizer has none."""
        words = tr(
            "{name} has no chat template: it is a vocabulary alone, or a base model that knows no "
            "messages. Choose a model that has one; your messages stay."
        )
        self.words.setText(words.format(name=name or tr("This tokenizer")))
        if not self.choices.count():
            self._add(tr("The starter model"), STARTER)
            folders = model_folders(self._parts.context)
            self._parts.worker.ask(
                lambda job: ListModels(job=job, folders=folders), self._on_listed
            )

    def _on_listed(self, listing: ModelList) -> None:
        found = [one for one in listing.models if one.kind == "model" and _has_template(one)]
        for model in found[:MOST_SHOWN]:
            self._add(model.name, model.path)

    def _add(self, name: str, source: str) -> None:
        one = button(name, "chip", tr("Use this model’s tokenizer and template: %s") % source)
        one.clicked.connect(lambda: self._parts.state.open(source))
        self.choices.addWidget(one, 0, Qt.AlignmentFlag.AlignLeft)


def _has_template(model: ModelInfo) -> bool:
    return model.template != "none"
