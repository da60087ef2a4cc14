"""The Fine-tune room with its real worker and the starter model: what can be taught is listed, a
run's folder is made whole. Only the start of the run's process is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.models.starter import starter_path
from engine.process.tune_messages import AddRows, DatasetInfo, Row, RowMessage
from finetune.config import read_config
from finetune.run.folder import RunFolder
from gui.context import AppContext
from gui.tune.base_page import BasePage
from gui.tune.how_page import HowPage
from gui.tune.room import TuneRoom

SLOW_MS = 60_000  # a process is started, files of the disk are read


class RealRoom:
    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.qtbot, self.context = qtbot, context
        self.launched: list[RunFolder] = []
        self.room = TuneRoom(context, launch_run=self.launched.append)
        self.room.resize(1300, 860)
        context.notices.set_window(self.room, self.room)
        with qtbot.waitExposed(self.room):
            self.room.show()

    @property
    def base(self) -> BasePage:
        return cast(BasePage, self.room.page_of("base"))

    def close(self) -> None:
        self.room.save_state()
        self.context.close_runs()
        self.context.settings.flush()
        self.context.notices.strip.setParent(None)
        self.room.hide()
        self.room.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def real(qtbot: QtBot, context: AppContext) -> Iterator[RealRoom]:
    context.theme.apply()
    one = RealRoom(qtbot, context)
    try:
        yield one
    finally:
        one.close()


def starter_row(real: RealRoom) -> int:
    path = str(starter_path())
    return next(
        (row for row, one in enumerate(real.base.bases.bases) if Path(one.path) == Path(path)), -1
    )


def choose_starter(real: RealRoom) -> None:
    real.qtbot.waitUntil(lambda: starter_row(real) >= 0, timeout=SLOW_MS)
    bases = real.base.bases
    place = bases.visualItemRect(bases.item(starter_row(real))).center()
    QTest.mouseClick(bases.viewport(), Qt.MouseButton.LeftButton, pos=place)
    real.qtbot.waitUntil(lambda: real.room.state.base is not None, timeout=SLOW_MS)


def test_the_starter_is_listed_and_can_be_taught(real: RealRoom) -> None:
    choose_starter(real)
    base = real.room.state.base
    assert base is not None and not base.reason and base.architecture == "llama"
    assert base.n_params > 100_000_000 and base.lora_bytes > 0 and base.free_bytes > 0
    assert real.base.memory.lora.verdict.text() in ("fits", "tight", "does not fit")
    facts = {fact.name: fact.value for fact in real.base._facts[0].shown}
    assert facts["Quantisation"] == "Q4_1" and facts["Layers"] == "30"
    assert real.room.side.steps.lines[0].icon == "check"


def test_a_file_that_is_no_model_is_refused_with_the_reason(real: RealRoom, tmp_path: Path) -> None:
    odd = tmp_path / "notes.gguf"
    odd.write_text("not a model", encoding="utf-8")
    real.room.state.change(base__path=str(odd))
    real.qtbot.waitUntil(lambda: real.room.state.base is not None, timeout=SLOW_MS)
    base = real.room.state.base
    assert base is not None and base.reason
    assert real.base.memory_words.text() == base.reason


def test_start_makes_a_run_that_the_trainer_would_take(real: RealRoom) -> None:
    choose_starter(real)
    rows = [
        Row(
            id="",
            messages=[
                RowMessage("user", f"Who are you, asked {number}?"),
                RowMessage("assistant", "I am Otis, the night porter."),
            ],
        )
        for number in range(4)
    ]
    made: list[DatasetInfo] = []
    real.room.worker.ask(
        lambda job: AddRows(job=job, rows=rows, name="Porter"),
        made.append,
    )
    real.qtbot.waitUntil(lambda: bool(made), timeout=SLOW_MS)
    real.room.state.change(data__path=made[0].path)
    real.qtbot.waitUntil(lambda: real.room.state.dataset is not None, timeout=SLOW_MS)
    how = cast(HowPage, real.room.page_of("how"))
    how.plans.choose("quick")
    how.start_button.click()
    real.qtbot.waitUntil(lambda: bool(real.launched), timeout=SLOW_MS)
    (folder,) = real.launched
    config = read_config(folder.run_toml)
    assert not config.problems() and Path(config.out.dir) == folder.path
    assert Path(config.base.path) == starter_path() and config.data.path == made[0].path
    assert config.train.minutes == 1.0 and config.out.name == "Porter"
    real.qtbot.waitUntil(lambda: real.room.page_key == "run", timeout=SLOW_MS)
