"""Why a plan is as it is: a sentence of the window for each reason, with its figures."""

from __future__ import annotations

import string
from typing import get_args

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from pytestqt.qtbot import QtBot

from finetune.plan import Reason, ReasonKind
from finetune.plan_words import ENGLISH
from gui.tune.plan_reasons import reason_texts, reason_words


def places(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_every_kind_has_words_with_the_same_figures_as_in_english() -> None:
    assert set(reason_texts()) == set(get_args(ReasonKind))
    for kind, words in reason_texts().items():
        assert words.endswith(".") and places(words) == places(ENGLISH[kind])


def test_figures_are_written_as_people_read_them() -> None:
    words = reason_words(Reason("time", {"steps": 1234, "times": 2.75}))
    assert words == "The time is enough for 1,234 steps, which see your rows 2.8 times."


class Backwards(QTranslator):
    """A language of its own."""

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        return f"«{text}»" if context == "TuneRoom" else ""

    def isEmpty(self) -> bool:
        return False


@pytest.mark.parametrize("kind", get_args(ReasonKind))
def test_they_are_said_in_the_windows_language(qtbot: QtBot, kind: ReasonKind) -> None:
    other = Backwards()
    QCoreApplication.installTranslator(other)
    try:
        figures: dict[str, float] = dict.fromkeys(places(ENGLISH[kind]), 7)
        assert reason_words(Reason(kind, figures)).startswith("«")
    finally:
        QCoreApplication.removeTranslator(other)
