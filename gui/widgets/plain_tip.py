"""Tooltips that say what a model, a file or a chat is called, and nothing else.

Qt takes a tooltip that looks like HTML for HTML: a title such as <img src="file:..."> would be read
from the disk, or from another machine, when the mouse rests on it.
"""

from PySide6.QtGui import Qt


def plain_tip(words: str) -> str:
    """The words as a tooltip that shows them letter by letter, whatever they look like."""
    return Qt.convertFromPlainText(words) if Qt.mightBeRichText(words) else words
