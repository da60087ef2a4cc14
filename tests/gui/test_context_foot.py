"""The context in view while the details pane is away, and what is told of attachments."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from gui.chat.attach import AttachFeature
from gui.chat.context_count import ContextCounts
from gui.chat.context_foot import ContextFoot
from gui.chat.spin_row import ChoiceRow
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures


def foot_of(bench: Bench) -> ContextFoot:
    (foot,) = [one for one in bench.room.features if isinstance(one, ContextFoot)]
    return foot


def test_the_numbers_stay_in_view_when_the_details_step_aside(bench: Bench) -> None:
    chip = foot_of(bench).chip
    bench.ask("Why is it dark?", "Water drinks the light.")
    bench.qtbot.waitUntil(lambda: bench.room.details.meter.counts.used > 0)
    assert bench.room.details.isVisible() and not chip.isVisible()
    bench.room.resize(900, 700)
    assert not bench.room.details.isVisible() and chip.isVisible()
    used = bench.room.details.meter.counts.used
    bench.qtbot.waitUntil(
        lambda: chip.text().strip() == f"{used} of 8,192 tokens · stops when full"
    )
    bench.room.details.change("overflow", "drop_oldest")
    assert chip.text().endswith("· drops the oldest when full")
    # Where there is no room for all, the numbers stay.
    chip.set_room(chip.minimumSizeHint().width())
    assert chip.text().strip() == f"{used} of 8,192"
    assert "drops the oldest" in chip.accessibleName()
    bench.room.work.header.details_button.click()
    assert not chip.isVisible()


def test_a_click_opens_the_parts_and_the_policy(bench: Bench) -> None:
    foot = foot_of(bench)
    bench.ask("Why is it dark?", "Water drinks the light.")
    bench.room.resize(900, 700)
    bench.qtbot.waitUntil(lambda: foot.chip.isVisible() and foot._counts.used > 0)
    QTest.mouseClick(foot.chip, Qt.MouseButton.LeftButton)
    popup = foot.popup
    assert popup.isVisible()
    assert popup.meter.counts == bench.room.details.meter.counts
    words = popup.meter.parts.text()
    assert all(part in words for part in ("system", "history", "reply", "free"))
    row = popup.overflow
    assert isinstance(row, ChoiceRow) and row.combo.currentData() == "stop"
    row.combo.setCurrentIndex(row.combo.findData("fail"))
    assert bench.room.session.settings.overflow == "fail"
    assert bench.room.details.overflow.currentData() == "fail"
    assert "refuses when full" in foot.chip.accessibleName()
    popup.more.click()
    assert not popup.isVisible() and bench.room.details.isVisible()


def test_a_key_opens_it_and_esc_closes_it(bench: Bench) -> None:
    (action,) = [one for one in bench.room.actions() if one.shortcut().toString() == "Ctrl+Shift+M"]
    action.trigger()
    popup = foot_of(bench).popup
    assert popup.isVisible()
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_a_chat_that_does_not_fit_says_so_in_the_line(bench: Bench) -> None:
    chip = foot_of(bench).chip
    chip.set_room(2000)
    chip.set_counts(ContextCounts(system=11, history=700, reply=100, n_ctx=512))
    assert chip.text().strip() == "811 of 512 tokens, too long · stops when full"


def test_without_a_model_there_is_no_line(bench: Bench) -> None:
    bench.room.resize(900, 700)
    chip = foot_of(bench).chip
    bench.qtbot.waitUntil(chip.isVisible)
    bench.room.counter.set_model(None)
    assert not chip.isVisible()


def test_attached_files_are_a_part_of_their_own_in_the_rooms_meter(
    bench: Bench, tmp_path: Path
) -> None:
    (attach,) = [one for one in bench.room.features if isinstance(one, AttachFeature)]
    path = tmp_path / "depths.txt"
    path.write_text("The light ends at two hundred metres. " * 8, encoding="utf-8")
    attach.attach([str(path)])
    bench.qtbot.waitUntil(lambda: len(attach.bar.chips) == 1)
    bench.engine.answer()
    bench.ask("What ends there?", "The light.")
    bench.qtbot.waitUntil(lambda: bool(bench.renders()))
    bench.engine.answer()
    meter = bench.room.details.meter

    def has_counted() -> bool:
        bench.engine.answer()
        return meter.counts.attachments > 0 and meter.counts.reply > 0

    bench.qtbot.waitUntil(has_counted)
    counts = meter.counts
    assert counts.used == counts.system + counts.history + counts.attachments + counts.reply
    assert f"attachments&nbsp;{counts.attachments:,}" in meter.parts.text()
    assert counts.attachments > counts.history > 0


def test_another_models_file_is_chosen_without_holding_the_window_up(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.room.chooser.open_file()
    (dialog,) = bench.room.window().findChildren(QFileDialog)
    assert dialog.isVisible() and dialog.fileMode() == QFileDialog.FileMode.ExistingFile
    assert "*.gguf" in dialog.nameFilters()[0]
    dialog.fileSelected.emit("/models/other.gguf")
    dialog.reject()
    assert bench.engine.loads[-1].path == "/models/other.gguf"
    bench.engine.answer()
