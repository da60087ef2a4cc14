"""Fonts, colours and distances of blocks and messages, read once from a theme. A new theme or
font size is a new look."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QTextCharFormat

from gui.theme import BASE_FONT_PX, Palette, Theme
from gui.widgets.highlight import Role
from gui.widgets.markdown_inline import Style

if TYPE_CHECKING:
    from gui.widgets.maths import Maths

# Reading text is a little larger than the window's other text, as drawn.
_READING = 1.09
_HEADINGS = {1: 1.5, 2: 1.28, 3: 1.12}


class Look:
    """What layout and painting need of a theme. maths: draws formulas; without it they show their
    source."""

    def __init__(self, theme: Theme, maths: "Maths | None" = None) -> None:
        self.maths = maths
        self.palette: Palette = theme.palette
        self.is_dark = theme.is_dark
        self._font_px = theme.font_px
        self._lengths: dict[float, int] = {}
        self.body = _scaled(theme.font("body"), _READING)
        self.mono = _scaled(theme.font("mono"), 1.0)
        self.label = theme.font("body")
        self.label.setPixelSize(theme.px(12))
        self.code_label = _scaled(theme.font("mono"), 0.9)
        self._formats: dict[tuple[Style, int, bool], QTextCharFormat] = {}

    def px(self, drawn: float) -> int:
        """A length of the drawings at this look's font size; painting asks thousands of times."""
        length = self._lengths.get(drawn)
        if length is None:
            length = self._lengths[drawn] = max(1, round(drawn * self._font_px / BASE_FONT_PX))
        return length

    @cached_property
    def line_height(self) -> float:
        return self.metrics.height() * 1.32

    @cached_property
    def metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.body)

    @cached_property
    def label_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.label)

    @cached_property
    def mono_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.mono)

    @cached_property
    def mean_char_width(self) -> float:
        return self.metrics.averageCharWidth()

    def heading(self, level: int) -> QFont:
        font = _scaled(self.body, _HEADINGS.get(level, 1.0))
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def format(self, style: Style, heading: int = 0, is_dim: bool = False) -> QTextCharFormat:
        """The character format of a run in a paragraph, or in a heading of this level; dim within
        reasoning."""
        key = (style, heading, is_dim)
        if key not in self._formats:
            self._formats[key] = self._made_format(style, heading, is_dim)
        return self._formats[key]

    def _made_format(self, style: Style, heading: int, is_dim: bool) -> QTextCharFormat:
        result = QTextCharFormat()
        font = self.heading(heading) if heading else QFont(self.body)
        if style & Style.CODE:
            size = QFontInfo(font).pixelSize()
            font = QFont(self.mono)
            font.setPixelSize(round(size * 0.92))
        if style & Style.BOLD:
            font.setWeight(QFont.Weight.Bold)
        font.setItalic(bool(style & Style.ITALIC))
        font.setStrikeOut(bool(style & Style.STRIKE))
        font.setUnderline(bool(style & Style.LINK))
        result.setFont(font)
        is_faint = style & Style.STRIKE or is_dim
        faint = self.palette.text_dim if is_faint else self.palette.text
        result.setForeground(QColor(self.palette.accent if style & Style.LINK else faint))
        return result

    def code_format(self, role: Role) -> QTextCharFormat:
        result = QTextCharFormat()
        palette = self.palette
        colours: dict[Role, str] = {
            "keyword": palette.accent,
            "text": palette.good,
            "number": palette.warn,
            "comment": palette.text_faint,
            "name": palette.series[2] if self.is_dark else _darker(palette.series[2]),
            "faint": palette.text_dim,
        }
        result.setForeground(QColor(colours[role]))
        result.setFontItalic(role == "comment")
        return result

    @cached_property
    def selection(self) -> QColor:
        colour = QColor(self.palette.accent)
        colour.setAlpha(80 if self.is_dark else 52)
        return colour

    @cached_property
    def code_chip(self) -> QColor:
        """Behind inline code, on a page or in a bubble."""
        colour = QColor(self.palette.line)
        colour.setAlpha(170)
        return colour


def _darker(colour: str) -> str:
    """Lines of a chart may be lighter than letters, which need 4.5 to 1 against their card."""
    return QColor(colour).darker(108).name()


def _scaled(font: QFont, factor: float) -> QFont:
    result = QFont(font)
    result.setPixelSize(max(1, round(QFontInfo(font).pixelSize() * factor)))
    return result
