"""Promises of the window that no other file shows: every word of it can be translated, and the
rail holds rooms that are built and no others."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.tokens.room import TokensRoom
from gui.window import DIAGNOSTICS, SETTINGS, MainWindow

GUI = Path(__file__).parents[2] / "gui"
LESSONS = GUI.parent / "resources" / "lessons"
MARK = "\u00a4"
WORDS = re.compile(r"[^\W\d_]{3,}")
# What shows its text argument to a person.
SHOWS = re.compile(
    r"set(Text|ToolTip|StatusTip|WhatsThis|WindowTitle|Title|PlaceholderText|AccessibleName|"
    r"AccessibleDescription|SpecialValueText|Prefix|Suffix|LabelText)|"
    r"add(Action|Menu|Item|Tab|Row)|Q(Label|PushButton|ToolButton|Action|CheckBox|GroupBox)|"
    r"button|label|action|show_failure|offer_undo"
)


class Marking(QTranslator):
    """Translates every text to itself with a mark before it."""

    def translate(
        self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        return MARK + sourceText


@pytest.fixture
def translated(qapp: QApplication) -> Iterator[None]:
    translator = Marking()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def texts_of(window: MainWindow) -> set[str]:
    """Every word that menus, labels, buttons and fields of the window hold, seen or not."""
    found: set[str] = set()
    for action in window.findChildren(QAction):
        found |= {action.text(), action.toolTip()}
    for button in window.findChildren(QAbstractButton):
        found |= {button.text(), button.toolTip(), button.accessibleName()}
    for label in window.findChildren(QLabel):
        found |= {label.text(), label.toolTip()}
    for line in window.findChildren(QLineEdit):
        found |= {line.placeholderText(), line.toolTip(), line.accessibleName()}
    return {text for text in found if WORDS.search(text.replace(MARK, ""))}


def test_every_word_of_the_window_goes_through_tr(
    translated: None, context: AppContext, qtbot: QtBot
) -> None:
    window = MainWindow(context)
    qtbot.addWidget(window)
    for page in ("chat", "tokens", SETTINGS, DIAGNOSTICS):
        window.show_page(page)
    tokens = cast(TokensRoom, window.widget_of("tokens"))
    for panel in tokens.text_page.panels.chips.buttons:
        tokens.text_page.panels.show_panel(panel)
    texts = texts_of(window)
    assert len(texts) > 60
    names = ["Bathysphere", str(context.paths.home), "o200k_base", "cl100k_base"]
    names += [
        tomllib.loads(one.read_text("utf-8")).get("title", "") for one in LESSONS.glob("*.toml")
    ]
    assert {text for text in texts if MARK not in text and text not in names} == set()


def shown_literals() -> Iterator[str]:
    for file in sorted(GUI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            is_shown, is_tr = SHOWS.fullmatch(name), name in ("tr", "translate")
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                bare = isinstance(argument, ast.Constant) and is_shown
                built = isinstance(argument, ast.JoinedStr) and (is_shown or is_tr)
                words = "".join(
                    part.value
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                if (bare or built) and re.search(r"[A-Za-z]{3,} |^[A-Z][a-z]{2,}", words):
                    yield f"{file.relative_to(GUI)}:{node.lineno} {words}"


def test_no_literal_is_shown_past_tr() -> None:
    """Also in what no test opens. An f-string inside tr() could never be found by a translator."""
    keys = re.compile(r" (Ctrl|Shift|Alt)\+")  # shortcuts
    plain = [one for one in shown_literals() if not keys.search(one)]
    assert [one for one in plain if not one.endswith(" Bathysphere")] == []


def test_the_rail_holds_the_rooms_that_are_built_and_no_others(
    context: AppContext, qtbot: QtBot
) -> None:
    window = MainWindow(context)
    qtbot.addWidget(window)
    buttons = window.rail.findChildren(QToolButton)
    names = [button.text() for button in buttons]
    assert names == ["Chat", "Tokens", "Fine-tune", "Pretrain", "Settings"]
    assert all(button.isEnabled() for button in buttons)
