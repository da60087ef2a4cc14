"""The coloured tokens as an image: the selection, or what is in view, in the theme's colours and
twice as large as on the screen.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor import TokenEditor

SCALE = 2
HIGHEST_PX = 6_000  # of the text, before it is scaled


def picture_of(editor: TokenEditor, theme: Theme) -> tuple[QImage, bool]:
    """The image, and whether it had to end before the selection does."""
    start, end = editor.selection
    if start == end:
        return _grabbed(editor.viewport(), theme), False
    part = TokenEditor(theme, part_of(editor.document, start, end))
    part.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    part.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    part.resize(editor.viewport().width(), HIGHEST_PX)
    part.show()  # lays out; it is on no screen
    height = part.content_height(HIGHEST_PX)
    part.resize(editor.viewport().width(), height)
    picture = _grabbed(part.viewport(), theme)
    part.close()
    part.deleteLater()
    return picture, height >= HIGHEST_PX


def part_of(document: TokenDocument, start: int, end: int) -> TokenDocument:
    """A document of a part of the text with its tokens and their colours."""
    tokens = document.tokens
    first, last = tokens.between(start, end)
    start, end = tokens.start(first), int(tokens.ends[last - 1])
    start, end = document.text.whole_at(start), _whole_behind(document, end)
    first, last = tokens.between(start, end)
    result = TokenDocument()
    result.set_text(document.text.text(start, end))
    ends = tokens.ends[first:last].clip(start, end) - start
    result.tokens.clear(result.n_bytes)
    result.tokens.ids, result.tokens.ends = tokens.ids[first:last].copy(), ends
    result.tokens.special = tokens.special[first:last].copy()
    result.tokens.colours = tokens.colours[first:last].copy()
    if tokens.shades is not None:
        result.tokens.shades = tokens.shades[first:last].copy()
    result.stale.clear()
    return result


def _whole_behind(document: TokenDocument, end: int) -> int:
    """The place itself, or where the character ends that it would cut."""
    while end < document.n_bytes and document.text.whole_at(end) != end:
        end += 1
    return end


def _grabbed(widget: QWidget, theme: Theme) -> QImage:
    size: QSize = widget.size() * SCALE
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(SCALE)
    image.fill(QColor(theme.palette.pane))
    painter = QPainter(image)
    widget.render(painter, QPoint(0, 0))
    painter.end()
    return image
