"""The pages of the room in their order. Each is imported when it is first looked at."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.staged.page import StagedPage
from gui.staged.page_entry import PageEntry
from gui.tune.parts import TuneParts
from gui.tune.words import tr


def page_entries() -> list[PageEntry]:
    """The pages that exist, in order."""
    return [
        PageEntry("base", 1, tr("Base"), _base_page),
        PageEntry("data", 2, tr("Data"), _data_page),
        PageEntry("learned", 3, tr("What will be learned"), _learned_page),
        PageEntry("how", 4, tr("How"), _how_page),
        PageEntry("run", 5, tr("Run"), _run_page, is_of_run=True),
        PageEntry("result", 6, tr("Result"), _result_page, is_of_run=True),
    ]


def _base_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.base_page import BasePage

    return BasePage(parts, parent)


def _data_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.data_page import DataPage

    return DataPage(parts, parent)


def _learned_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.learned_page import LearnedPage

    return LearnedPage(parts, parent)


def _how_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.how_page import HowPage

    return HowPage(parts, parent)


def _run_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.run_page import RunPage

    return RunPage(parts, parent)


def _result_page(parts: TuneParts, parent: QWidget) -> StagedPage:
    from gui.tune.result_page import ResultPage

    return ResultPage(parts, parent)
