"""The pages of the room in their order. Each is imported when it is first looked at.

Text (1), Tokenizer (2), Model (3), Training (4), Base-model bench (5), To assistant (6).
"""

from __future__ import annotations

from gui.staged.page_entry import PageEntry


def page_entries() -> list[PageEntry]:
    """The pages that exist, in order."""
    return []
