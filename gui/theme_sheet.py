"""The style sheet: one text made from a palette and a scale. Names and values only; theme.py
gives it to Qt.

A widget says what it is by the dynamic property `kind`:
  buttons    primary, quiet, chip (checkable), danger, link; tool buttons also rail
  boxes      bare (a check box whose words stand elsewhere)
  labels     title, heading, caps, dim, faint, good, warn, bad, mono
  frames     rail, side, work, header, status, card, banner, toast, rule
A length in `[brackets]` is one of the drawings (13 px font) and grows with the font;
    `{name}` is a colour.
"""

import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Protocol

_BASE = """
QWidget { outline: none; }
QMainWindow, QDialog, QFrame[kind="side"] { background: {window}; }
QFrame[kind="work"] { background: {pane}; border: none; }
QFrame[kind="rail"] { background: {rail}; border: none; border-right: 1px solid {line}; }
QFrame[kind="status"] { background: {rail}; border: none; border-top: 1px solid {line}; }
QFrame[kind="header"] { background: {pane}; border: none; border-bottom: 1px solid {line}; }
QFrame[kind="card"] { background: {pane}; border: 1px solid {line}; border-radius: [12]px; }
QFrame[kind="banner"] { background: {pane}; border: none; border-bottom: 1px solid {line};
    border-left: [4]px solid {bad}; }
QFrame[kind="toast"] { background: {text}; border: none; border-radius: [10]px; }
QFrame[kind="toast"] QLabel { color: {window}; }
QFrame[kind="toast"] QPushButton { color: {window}; background: transparent;
    border: 1px solid transparent;
    font-weight: 600; text-decoration: underline; }
QFrame[kind="toast"] QPushButton:focus { border-color: {window}; }
QFrame[kind="rule"] { background: {line}; border: none; min-height: 1px; max-height: 1px; }
QScrollArea, QScrollArea > QWidget > QWidget[kind="page"] { background: transparent; border: none; }
QToolTip { background: {pane}; color: {text}; border: 1px solid {line}; padding: [6]px [8]px; }
QLabel { background: transparent; }
QLabel[kind="title"] { font-size: [22]px; font-weight: 600; }
QLabel[kind="heading"] { font-weight: 600; }
QLabel[kind="caps"] { color: {text_faint}; font-size: [11]px; font-weight: 600;
    letter-spacing: 0.5px; }
QLabel[kind="dim"] { color: {text_dim}; }
QLabel[kind="faint"] { color: {text_faint}; font-size: [12]px; }
QLabel[kind="good"] { color: {good}; }
QLabel[kind="warn"] { color: {warn}; }
QLabel[kind="bad"] { color: {bad}; }
QLabel[kind="mono"] { font-family: "{mono}"; font-size: [12]px; }
QLabel:disabled { color: {text_faint}; }
QSplitter::handle { background: {line}; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: {accent}; }
"""

_BUTTONS = """
QPushButton, QToolButton { background: {pane}; color: {text}; border: 1px solid {line};
    border-radius: [8]px;
    padding: [5]px [13]px; min-height: [18]px; icon-size: [16]px; }
QToolButton { padding: [5]px; }
QPushButton:hover, QToolButton:hover { background: {rail}; }
QPushButton:pressed, QToolButton:pressed { background: {line}; }
QPushButton:focus, QToolButton:focus { border: 2px solid {accent}; padding: [4]px [12]px; }
QToolButton:focus { padding: [4]px; }
QPushButton:disabled, QToolButton:disabled { color: {text_faint}; background: {window}; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: url({down}); width: [12]px;
    height: [12]px;
    subcontrol-position: right center; right: [8]px; }
QToolButton[popupMode="1"] { padding-right: [19]px; }
QToolButton::menu-button { border: 0px; width: [18]px; background: transparent; }
QToolButton::menu-arrow { image: url({down}); width: [12]px; height: [12]px; }
QPushButton[kind="primary"] { background: {accent}; color: {on_accent}; border-color: {accent};
    font-weight: 600; }
QPushButton[kind="primary"]:hover { background: {accent_hover}; border-color: {accent_hover}; }
QPushButton[kind="primary"]:pressed { background: {accent}; }
QPushButton[kind="primary"]:focus { border: 2px solid {text}; }
QPushButton[kind="primary"]:disabled { background: {line}; border-color: {line};
    color: {text_dim}; }
QPushButton[kind="danger"] { color: {bad}; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent;
    border-color: transparent;
    color: {text_dim}; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: {line};
    color: {text}; }
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked { background: {accent_soft};
    color: {accent}; }
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus { border-color: {accent}; }
QPushButton[kind="link"] { background: transparent; border-color: transparent; color: {accent};
    padding: [4]px [2]px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QFrame[kind="status"] QPushButton[kind="link"] { color: {text_dim}; }
QPushButton[kind="link"]:focus { border: 2px solid {accent}; padding: [3]px [1]px; }
QPushButton[kind="chip"], QToolButton[kind="chip"] { padding: [3]px [10]px; min-height: [18]px; }
QPushButton[kind="chip"]:checked, QToolButton[kind="chip"]:checked { background: {accent_soft};
    color: {accent};
    border-color: {accent_soft}; }
QPushButton[kind="chip"]:focus, QToolButton[kind="chip"]:focus { padding: [2]px [9]px;
    border-color: {accent}; }
QToolButton[kind="rail"] { background: transparent; border: 2px solid transparent;
    border-radius: [10]px;
    color: {text_dim}; font-size: [11]px; padding: [4]px 0px; }
QToolButton[kind="rail"]:hover { background: {line}; color: {text}; }
QToolButton[kind="rail"]:checked { background: {accent_soft}; color: {accent}; }
QToolButton[kind="rail"]:focus { border-color: {accent}; padding: [4]px 0px; }
QCheckBox, QRadioButton { spacing: [8]px; background: transparent; }
QCheckBox[kind="bare"] { spacing: 0px; }
QCheckBox::indicator { width: [16]px; height: [16]px; border: 1px solid {text_faint};
    border-radius: [4]px;
    background: {pane}; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: {accent}; }
QCheckBox::indicator:checked { background: {accent}; border-color: {accent}; image: url({check}); }
QCheckBox::indicator:disabled { background: {line}; border-color: {line}; }
QCheckBox:focus { color: {accent}; }
QRadioButton::indicator { width: [14]px; height: [14]px; border: 1px solid {text_faint};
    border-radius: [7]px; background: {pane}; }
QRadioButton::indicator:hover { border-color: {accent}; }
QRadioButton::indicator:focus { border-color: {accent}; background: {accent_soft}; }
QRadioButton::indicator:checked { width: [8]px; height: [8]px; border: [4]px solid {accent}; }
QRadioButton::indicator:checked:focus { background: {accent_soft}; }
"""

_INPUTS = """
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: {pane};
    color: {text}; placeholder-text-color: {text_faint};
    border: 1px solid {line}; border-radius: [8]px; padding: [5]px [9]px; min-height: [18]px;
    selection-background-color: {accent}; selection-color: {on_accent}; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QAbstractSpinBox:hover, QComboBox:hover {
    border-color: {text_faint}; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border: 2px solid {accent}; padding: [4]px [8]px; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled,
    QComboBox:disabled {
    color: {text_faint}; background: {window}; }
QLineEdit { lineedit-clear-button-icon: url({clear}); }
QLineEdit > QToolButton { background: transparent; border: none; padding: 0px; min-height: 0px; }
QLineEdit[problem="true"], QPlainTextEdit[problem="true"], QAbstractSpinBox[problem="true"],
QComboBox[problem="true"] { border: 1px solid {bad}; }
QAbstractSpinBox { padding: [5]px [26]px [5]px [8]px;
    qproperty-alignment: "AlignRight | AlignVCenter"; }
QAbstractSpinBox:focus { padding: [4]px [25]px [4]px [7]px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-origin: border;
    width: [20]px; border: none;
    background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin: [2]px [2]px 0px 0px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin: 0px [2]px [2]px 0px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: {rail};
    border-radius: [4]px; }
QAbstractSpinBox::up-arrow { image: url({up}); width: [10]px; height: [10]px; }
QAbstractSpinBox::down-arrow { image: url({down}); width: [10]px; height: [10]px; }
QComboBox { padding-right: [26]px; combobox-popup: 0; }
QComboBox:focus { padding-right: [25]px; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right;
    width: [26]px; border: none; }
QComboBox::down-arrow { image: url({down}); width: [12]px; height: [12]px; }
QComboBox QAbstractItemView { background: {pane}; border: 1px solid {line}; border-radius: 0px;
    padding: [4]px;
    selection-background-color: {accent_soft}; selection-color: {text}; }
QSlider { min-height: [20]px; background: transparent; }
QSlider::groove:horizontal { height: [4]px; border-radius: [4/2]px; background: {line}; }
QSlider::sub-page:horizontal { background: {accent}; border-radius: [4/2]px; }
QSlider::handle:horizontal { width: {handle}px; height: {handle}px; margin: -{handle_over}px 0px;
    border-radius: {handle_radius}px; border: 2px solid {accent}; background: {pane}; }
QSlider::handle:horizontal:hover { background: {accent_soft}; }
QSlider::handle:horizontal:focus { background: {accent}; }
QSlider::sub-page:horizontal:disabled { background: {text_faint}; }
QSlider::handle:horizontal:disabled { border-color: {text_faint}; }
QProgressBar { background: {line}; border: none; border-radius: [6/2]px; min-height: [6]px;
    max-height: [6]px; color: transparent; }
QProgressBar::chunk { background: {accent}; border-radius: [6/2]px; }
"""

_VIEWS = """
QAbstractItemView { background: transparent; color: {text}; border: none;
    show-decoration-selected: 1;
    selection-background-color: {accent_soft}; selection-color: {text}; }
QListView::item { padding: [6]px [10]px; border-radius: [8]px; border: 1px solid transparent; }
QListView::item:hover { background: {rail}; }
QListView::item:selected { background: {accent_soft}; color: {text}; }
QListView::item:selected:active:focus { border-color: {accent}; }
QListView[kind="boxed"] { background: {pane}; border: 1px solid {line}; border-radius: [8]px;
    padding: [4]px; }
QListView[kind="boxed"]:focus { border-color: {accent}; }
QTreeView::item { padding: [3]px [4]px; }
QTreeView::item:hover { background: {rail}; }
QTreeView::item:selected { background: {accent_soft}; color: {text}; }
QTreeView::indicator { width: [14]px; height: [14]px; border: 1px solid {text_faint};
    border-radius: [4]px; background: {pane}; }
QTreeView::indicator:checked { background: {accent}; border-color: {accent}; image: url({check}); }
QHeaderView::section { background: {pane}; color: {text_dim}; border: none;
    border-bottom: 1px solid {line};
    padding: [6]px [8]px; }
QScrollBar { background: transparent; border: none; margin: 0px; }
QScrollBar:vertical { width: {scroll_width}px; }
QScrollBar:horizontal { height: {scroll_width}px; }
QScrollBar::handle { background: {scroll}; border-radius: [6/2]px; margin: 2px; }
QScrollBar::handle:vertical { min-height: [28]px; }
QScrollBar::handle:horizontal { min-width: [28]px; }
QScrollBar::handle:hover { background: {text_faint}; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QMenuBar { background: {rail}; color: {text_dim}; border: none; border-bottom: 1px solid {line};
    padding: [1]px [4]px; }
QMenuBar::item { background: transparent; padding: [4]px [9]px; border-radius: [6]px; }
QMenuBar::item:selected { background: {line}; color: {text}; }
QMenu { background: {pane}; color: {text}; border: 1px solid {line}; padding: [5]px;
    menu-scrollable: 1; }
QMenu::item { padding: [6]px [24]px [6]px [12]px; border-radius: [6]px; background: transparent; }
QMenu::item:selected { background: {accent_soft}; color: {text}; }
QMenu::item:disabled { color: {text_faint}; }
QMenu::icon { padding-left: [8]px; }
QMenu::indicator { width: [12]px; height: [12]px; padding-left: [6]px; }
QMenu::indicator:checked { image: url({tick}); }
QMenu::right-arrow { image: url({right}); width: [12]px; height: [12]px; }
QMenu::separator { height: 1px; background: {line}; margin: [5]px [8]px; }
QTabBar::tab { background: transparent; color: {text_dim}; border: none; padding: [6]px [12]px;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: {accent}; border-bottom-color: {accent}; }
"""

_TEMPLATE = _BASE + _BUTTONS + _INPUTS + _VIEWS
_LENGTH = re.compile(r"\[(\d+)(/2)?\]")
_NAME = re.compile(r"\{([a-z_]+)\}")


class Colours(Protocol):
    """What of a palette is needed by name here; every other "#RRGGBB" field is found by its
    name too."""

    @property
    def accent(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def text_faint(self) -> str: ...


def style_sheet(palette: Colours, px: Callable[[float], int], mono: str, is_dark: bool) -> str:
    """The whole style sheet.

    Args:
        palette: a gui.theme.Palette.
        px: turns a length of the drawings into pixels at the font size in use.
        mono: family of the monospaced font.
        is_dark: which set of arrows and ticks fits.
    """
    names = {name: colour for name, colour in vars(palette).items() if isinstance(colour, str)}
    names |= _controls(is_dark) | _sizes(px) | {"mono": mono}
    names["accent_hover"] = mix(palette.accent, palette.text, 0.14)
    names["scroll"] = mix(palette.line, palette.text_faint, 0.35)
    scaled = _LENGTH.sub(lambda found: _length(px(int(found[1])), bool(found[2])), _TEMPLATE)
    return _NAME.sub(lambda found: names[found[1]], scaled)


def _length(size_px: int, is_half: bool) -> str:
    # A radius over half of the side makes Qt draw square corners.
    return str(size_px // 2 if is_half else size_px)


def _sizes(px: Callable[[float], int]) -> dict[str, str]:
    groove_px = px(4)
    ring_px = groove_px + 2 * px(5)  # centred on the groove whatever the font size is
    return {
        "handle": str(ring_px - 4),
        "handle_over": str((ring_px - groove_px) // 2),
        "handle_radius": str(ring_px // 2),
        "scroll_width": str(px(6) + 4),
    }


def mix(first: str, second: str, share: float) -> str:
    """A colour between two "#RRGGBB" colours; share 0 is the first."""
    pairs = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _controls(is_dark: bool) -> dict[str, str]:
    folder = Path(str(resources.files("resources"))) / "icons" / "controls"
    theme = "dark" if is_dark else "light"
    files = {
        "down": "chevron-down",
        "clear": "close",
        "up": "chevron-up",
        "right": "chevron-right",
        "check": "check",
        "tick": "tick",
    }
    # Quotes: the path may hold spaces or brackets.
    return {
        name: f'"{(folder / f"{file}-{theme}.svg").as_posix()}"' for name, file in files.items()
    }
