"""A panel of the text page, and the tables of those that exist: in the lower area one at a time
(chips choose it), in the details pane all of them under one another.

What a panel is about it reads from `parts.state`: tokenizer, vocabulary, document (the text with
its tokens), chosen token, probabilities. The page calls the `on_...` methods; a panel of the lower
area is told of what happened while it was not in view when it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.tokens.parts import TokensParts
from gui.tokens.words import tr


class TokensPanel(QWidget):
    """One panel, made as `SomePanel(parts, parent)` when it is first looked at (those of the
    details pane: with the page). It has no heading of its own: the page shows its name."""

    scrolls_itself = False  # it fills the area and scrolls within (a long table)

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = parts

    @property
    def title(self) -> str:
        """A heading that tells more than the name ("How “bathysphere” was merged"), "" for the
        name. The page reads it after each call and each `state.title_changed`."""
        return ""

    def on_token_chosen(self, index: int) -> None:
        """Another token of the text is looked at; -1 for none."""

    def on_text_changed(self) -> None:
        """The text or its tokens are others, and all tokens are known."""

    def on_tokenizer_changed(self) -> None:
        """Another tokenizer and vocabulary; the text's tokens follow (on_text_changed)."""

    def on_shown(self) -> None:
        """The panel is looked at now."""

    def on_hidden(self) -> None:
        """It is out of view: work for its own sake can stop."""

    def save_state(self) -> None:
        """The window is closing: keep what should be there again next time."""


PanelFactory = Callable[[TokensParts, QWidget], TokensPanel]
# Key, visible name, tooltip that teaches, class (or a function that imports it and makes one).
PanelEntry = tuple[str, str, str, PanelFactory]


def panel_factories() -> list[PanelEntry]:
    """The panels of the lower area, in the chips' order."""
    return [
        (
            "pieces",
            tr("Pieces"),
            tr("Ids, pieces and bytes of all tokens side by side"),
            _pieces,
        ),
        (
            "merges",
            tr("Merges"),
            tr("How the word around the chosen token was merged, pair by pair"),
            _merges,
        ),
        (
            "next",
            tr("Next token"),
            tr("What the model expects at the chosen token, and what each sampler makes of it"),
            _stages,
        ),
        (
            "tree",
            tr("Continuations"),
            tr("The likeliest ways to go on behind the chosen token, as a tree"),
            _tree,
        ),
        (
            "surprise",
            tr("Surprise"),
            tr("Bits of the whole text, and where they add up"),
            _surprise,
        ),
    ]


def side_factories() -> list[PanelEntry]:
    """The sections of the details pane, from the top; the chosen token stands above them."""
    return [
        (
            "others",
            tr("Same text, other tokenizers"),
            tr("The same text costs each model another number of tokens"),
            _others,
        ),
        (
            "lesson",
            tr("Lesson"),
            tr("A question about tokens, and its answer on your own model"),
            _lesson,
        ),
    ]


# Imported when looked at.


def _others(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.other_tokenizers import OtherTokenizers

    return OtherTokenizers(parts, parent)


def _lesson(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.lesson_section import LessonSection

    return LessonSection(parts, parent)


def _pieces(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.pieces_panel import PiecesPanel

    return PiecesPanel(parts, parent)


def _stages(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.stages_panel import StagesPanel

    return StagesPanel(parts, parent)


def _tree(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.tree_panel import TreePanel

    return TreePanel(parts, parent)


def _surprise(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.surprise_panel import SurprisePanel

    return SurprisePanel(parts, parent)


def _merges(parts: TokensParts, parent: QWidget) -> TokensPanel:
    from gui.tokens.merges_panel import MergesPanel

    return MergesPanel(parts, parent)
