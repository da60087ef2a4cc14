"""The pages of the room in their order. Each is imported when it is first looked at.

Text (1), Tokenizer (2), Model (3), Training (4), Base-model bench (5), To assistant (6).
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.pretrain.parts import PretrainParts
from gui.pretrain.words import tr
from gui.staged.page import StagedPage
from gui.staged.page_entry import PageEntry


def page_entries() -> list[PageEntry]:
    """The pages that exist, in order."""
    return [
        PageEntry("text", 1, tr("Text"), _text_page),
        PageEntry("tokenizer", 2, tr("Tokenizer"), _tokenizer_page),
        PageEntry("model", 3, tr("Model"), _model_page),
        PageEntry("run", 4, tr("Training"), _raising_page, is_of_run=True),
        PageEntry("bench", 5, tr("Base-model bench"), _bench_page, is_of_run=True),
        PageEntry("assistant", 6, tr("To assistant"), _assistant_page, is_of_run=True),
    ]


def _text_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.text_page import TextPage

    return TextPage(parts, parent)


def _tokenizer_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.tokenizer_page import TokenizerPage

    return TokenizerPage(parts, parent)


def _model_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.model_page import ModelPage

    return ModelPage(parts, parent)


def _raising_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.raising_page import RaisingPage

    return RaisingPage(parts, parent)


def _bench_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.bench_page import BenchPage

    return BenchPage(parts, parent)


def _assistant_page(parts: PretrainParts, parent: QWidget) -> StagedPage:
    from gui.pretrain.assistant_page import AssistantPage

    return AssistantPage(parts, parent)
