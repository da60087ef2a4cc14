"""Colours, fonts and icons: readable, complete, the same everywhere, and growing with the font."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import resources
from gui import icons
from gui.theme import Palette, Theme, palettes
from gui.theme_sheet import mix, style_sheet
from gui.widgets.kinds import button

ICONS = Path(resources.__path__[0]) / "icons"
ICON_NAMES = sorted(path.stem for path in ICONS.glob("*.svg") if path.stem != "bathysphere")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    before = qapp.font(), qapp.palette(), qapp.styleSheet()
    result = Theme(qapp)
    result.set_mode("light")
    result.apply()
    yield result
    qapp.styleHints().colorSchemeChanged.disconnect(result._on_system_scheme_changed)
    qapp.setFont(before[0])
    qapp.setPalette(before[1])
    qapp.setStyleSheet(before[2])


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable_pairs(palette: Palette) -> Iterator[tuple[str, str]]:
    words = (palette.text, palette.text_dim, palette.text_faint, palette.accent)
    states = (palette.good, palette.warn, palette.bad)
    yield from product((*words, *states), (palette.window, palette.pane, palette.rail))
    yield from product([palette.text], (*palette.token, *palette.surprise, palette.user_bubble))
    yield (palette.on_accent, palette.accent)
    yield (palette.accent, palette.accent_soft)
    yield (palette.on_accent, mix(palette.accent, palette.text, 0.14))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_is_readable_on_every_surface(name: str) -> None:
    poor = [pair for pair in readable_pairs(palettes()[name]) if contrast(*pair) < 4.5]
    assert not poor


def test_mode_changes_palette_application_and_tells_once(theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.set_mode("dark")
    assert theme.is_dark and theme.palette == palettes()["dark"]
    shown = QApplication.palette().color(QPalette.ColorRole.Window)
    assert shown == QColor(palettes()["dark"].window)
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_mode("dark")


def test_system_mode_follows_the_desktop(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    theme.set_mode("system")
    is_dark_before = theme.is_dark
    assert is_dark_before == (qapp.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    with qtbot.waitSignal(theme.changed):
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    theme.set_mode("light")
    with qtbot.assertNotEmitted(theme.changed):
        qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)


def test_everything_grows_with_the_font(theme: Theme) -> None:
    theme.set_font_px(13)
    normal = {kind: theme.font(kind).pixelSize() for kind in ("body", "heading", "title", "label")}
    assert (theme.px(74), theme.px(8), normal["body"]) == (74, 8, 13)
    button_height = button("Send").sizeHint().height()
    theme.set_font_px(26)
    assert (theme.px(74), theme.px(8)) == (148, 16)
    assert theme.font("title").pixelSize() == 2 * normal["title"]
    assert QApplication.font().pixelSize() == 26
    assert button("Send").sizeHint().height() == pytest.approx(2 * button_height, abs=4)


@pytest.mark.parametrize(("asked_px", "given_px"), [(3, 9), (500, 32)])
def test_font_size_is_kept_within_reason(theme: Theme, asked_px: int, given_px: int) -> None:
    theme.set_font_px(asked_px)
    assert theme.font_px == given_px


def test_the_systems_font_size_is_taken_but_not_under_13(theme: Theme) -> None:
    theme.set_font_px(0)
    assert theme.font_px >= 13


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_sheet_is_whole(theme: Theme, name: str) -> None:
    sheet = style_sheet(palettes()[name], theme.px, "Mono", name == "dark")
    assert not re.search(r"\[\d+|\{[a-z_]+\}", sheet)
    for path in re.findall(r'url\("(.+?)"\)', sheet):
        assert Path(path).is_file(), path


def test_a_kind_changes_how_a_button_looks(theme: Theme, qtbot: QtBot) -> None:
    primary = button("Send", "primary")
    qtbot.addWidget(primary)
    primary.show()
    image = primary.grab().toImage()
    near_edge = image.pixelColor(image.width() // 2, 4)
    assert near_edge == QColor(theme.palette.accent)


@pytest.mark.parametrize("name", ICON_NAMES)
def test_each_icon_is_an_outline_in_the_asked_colour(qapp: QApplication, name: str) -> None:
    source = (ICONS / f"{name}.svg").read_text("utf-8")
    assert 'viewBox="0 0 24 24"' in source and 'stroke-width="1.75"' in source
    image = icons.pixmap(name, "#FF0000", 48).toImage()
    drawn = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
    solid = [color for color in drawn if color.alpha() == 255]
    assert solid and all(color == QColor("#FF0000") for color in solid)
    assert all(color.alpha() == 0 for color in drawn[:48])


def test_an_icon_can_have_a_second_colour_for_checked(qapp: QApplication) -> None:
    both = icons.icon("stop", "#112233", "#AABBCC")
    off = both.pixmap(24, 24, both.Mode.Normal, both.State.Off).toImage()
    on = both.pixmap(24, 24, both.Mode.Normal, both.State.On).toImage()
    assert off != on


def test_an_icon_that_is_not_there_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon", "#000000")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_sheets_arrows_have_the_palettes_colours(name: str) -> None:
    colors = {str(value).upper() for value in asdict(palettes()[name]).values()}
    files = sorted((ICONS / "controls").glob(f"*-{name}.svg"))
    assert files
    for file in files:
        stroke = re.search(r'stroke="(#\w+)"', file.read_text("utf-8"))
        assert stroke and stroke[1].upper() in colors, file.name
