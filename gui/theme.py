"""Colours, fonts and sizes of the whole window, light and dark, and the one place that gives
them to Qt.

Colours come from resources/palette.json; theme_sheet.py turns them into the style sheet.
Widgets that paint themselves read `palette`, `font()` and `px()` and repaint on `changed`.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from gui.theme_sheet import style_sheet

Mode = Literal["system", "light", "dark"]
FontKind = Literal["body", "heading", "title", "label", "mono"]

BASE_FONT_PX = 13  # the size that all sizes of the drawings are told at
SMALLEST_FONT_PX = 9
LARGEST_FONT_PX = 32


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as "#RRGGBB". token cycles; surprise goes from a little to
    very; series are chart lines."""

    window: str
    pane: str
    rail: str
    line: str
    text: str
    text_dim: str
    text_faint: str
    accent: str
    accent_soft: str
    on_accent: str
    user_bubble: str
    good: str
    warn: str
    bad: str
    token: tuple[str, ...]
    surprise: tuple[str, ...]
    series: tuple[str, ...]


@cache
def palettes() -> dict[str, Palette]:
    """The palettes of the app, "light" and "dark"."""
    text = resources.files("resources").joinpath("palette.json").read_text(encoding="utf-8")
    return {name: _palette(entries) for name, entries in json.loads(text).items()}


def _palette(entries: dict[str, Any]) -> Palette:
    fixed: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in entries.items()
    }
    return Palette(**fixed)


class Theme(QObject):
    """The theme in use. `apply()` once at the start; after that every change is applied and
    told at once."""

    changed = Signal()  # colours, font or sizes are others now

    def __init__(
        self,
        app: QApplication,
        mode: Mode = "system",
        font_px: int = 0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._mode = mode
        self._font_px = _within(font_px)
        # Read before apply() gives the application a font of our own.
        self._system_font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._system_mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._system_px = max(BASE_FONT_PX, QFontInfo(self._system_font).pixelSize())
        app.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def is_dark(self) -> bool:
        if self._mode == "system":
            return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._mode == "dark"

    @property
    def palette(self) -> Palette:
        return palettes()["dark" if self.is_dark else "light"]

    @property
    def font_px(self) -> int:
        """The body font's size in use; the system's where none was chosen, but not under 13."""
        return self._font_px or self._system_px

    def px(self, drawn: float) -> int:
        """A length of the drawings (made at 13 px) at the font size in use; at least 1."""
        return max(1, round(drawn * self.font_px / BASE_FONT_PX))

    def font(self, kind: FontKind = "body") -> QFont:
        """A font for painting or for a widget that the style sheet does not reach."""
        sizes = {"body": 13, "heading": 13, "title": 22, "label": 11, "mono": 12.5}
        font = _font(self._system_mono, "JetBrains Mono") if kind == "mono" else self._body_font()
        font.setPixelSize(self.px(sizes[kind]))
        if kind in ("heading", "title", "label"):
            font.setWeight(QFont.Weight.DemiBold)
        if kind == "label":
            font.setCapitalization(QFont.Capitalization.AllUppercase)
            font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 104)
        return font

    def set_mode(self, mode: Mode) -> None:
        """Follow the system, or stay light or dark."""
        if mode != self._mode:
            self._mode = mode
            self.apply()

    def set_font_px(self, size_px: int) -> None:
        """Body font size in pixels; 0 takes the system's."""
        wanted = _within(size_px)
        if wanted != self._font_px:
            self._font_px = wanted
            self.apply()

    def apply(self) -> None:
        """Give colours, font and style sheet to the application and tell everybody."""
        # Under a style sheet every style is nameless; and another style for living widgets is dear.
        if not self._app.styleSheet() and self._app.style().objectName() != "fusion":
            self._app.setStyle("Fusion")
        self._app.setPalette(qt_palette(self.palette))
        self._app.setFont(self.font("body"))
        sheet = style_sheet(self.palette, self.px, self._mono_family(), self.is_dark)
        self._app.setStyleSheet(sheet)
        self.changed.emit()

    def _body_font(self) -> QFont:
        font = _font(self._system_font, "Inter")
        # Tabular figures: numbers in the status bar and in lists must not dance.
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def _mono_family(self) -> str:
        return _font(self._system_mono, "JetBrains Mono").families()[0]

    def _on_system_scheme_changed(self) -> None:
        if self._mode == "system":
            self.apply()


def _within(size_px: int) -> int:
    return 0 if size_px <= 0 else min(max(size_px, SMALLEST_FONT_PX), LARGEST_FONT_PX)


def _font(system: QFont, wanted: str) -> QFont:
    """The wanted family where the machine has it, then the system's, whose own fallbacks show
    CJK and emoji."""
    font = QFont(system)
    families = [system.family()]
    # Naming an absent family makes Qt search for it, with a warning on some systems.
    font.setFamilies([wanted, *families] if _has_family(wanted) else families)
    font.setWeight(QFont.Weight.Normal)
    return font


@cache
def _has_family(name: str) -> bool:
    return QFontDatabase.hasFamily(name)


def qt_palette(palette: Palette) -> QPalette:
    """Our colours in Qt's roles, for whatever the style sheet leaves to the style."""
    role = QPalette.ColorRole
    colours = {
        role.Window: palette.window,
        role.WindowText: palette.text,
        role.Base: palette.pane,
        role.AlternateBase: palette.window,
        role.Text: palette.text,
        role.Button: palette.pane,
        role.ButtonText: palette.text,
        role.BrightText: palette.bad,
        role.ToolTipBase: palette.pane,
        role.ToolTipText: palette.text,
        role.PlaceholderText: palette.text_faint,
        role.Highlight: palette.accent,
        role.HighlightedText: palette.on_accent,
        role.Accent: palette.accent,
        role.Link: palette.accent,
        role.LinkVisited: palette.accent,
        role.Light: palette.pane,
        role.Midlight: palette.rail,
        role.Mid: palette.line,
        role.Dark: palette.line,
        role.Shadow: palette.line,
    }
    result = QPalette()
    for one, colour in colours.items():
        result.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, one, QColor(palette.text_faint))
    return result
