"""The pages of the room in their order. Each is imported when it is first looked at.

Text (1), Tokenizer (2), Model (3), Training (4), Base-model bench (5), To assistant (6).
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.pretrain.parts import PretrainPage, PretrainParts
from gui.pretrain.words import tr
from gui.staged.page_entry import PageEntry


def page_entries() -> list[PageEntry]:
    """The pages that exist, in order."""
    return [
        PageEntry("text", 1, tr("Text"), _text_page),
        PageEntry("tokenizer", 2, tr("Tokenizer"), _tokenizer_page),
    ]


def _text_page(parts: PretrainParts, parent: QWidget) -> PretrainPage:
    from gui.pretrain.text_page import TextPage

    return TextPage(parts, parent)


def _tokenizer_page(parts: PretrainParts, parent: QWidget) -> PretrainPage:
    from gui.pretrain.tokenizer_page import TokenizerPage

    return TokenizerPage(parts, parent)
