"""What tokenizers are built in, and what one is called before its file was read. No widgets."""

from __future__ import annotations

from gui.tokens.state import STARTER
from gui.tokens.words import tr

BUILT_IN = ("o200k_base", "cl100k_base")


def source_name(source: str) -> str:
    """What a tokenizer is called before its file was read."""
    names = {
        STARTER: tr("The starter model"),
        "o200k_base": tr("o200k (GPT-4o)"),
        "cl100k_base": tr("cl100k (GPT-4)"),
    }
    return names.get(source) or source.replace("\\", "/").rsplit("/", 1)[-1]
