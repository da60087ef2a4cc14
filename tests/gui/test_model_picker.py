"""The popup of models: its height, and its looks in another theme."""

import pytest
from PySide6.QtGui import QIcon, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.process.messages import ModelList
from gui.chat.model_picker import TALLEST_PX, ModelPicker
from gui.theme import Theme
from tests.fakes.fake_engine import model_info


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp)
    theme.set_mode("light")
    return theme


@pytest.fixture
def picker(qtbot: QtBot, theme: Theme) -> ModelPicker:
    picker = ModelPicker(theme)
    qtbot.addWidget(picker)
    return picker


def models(n_models: int) -> ModelList:
    return ModelList(
        models=[model_info(f"/models/{n}.gguf", f"Model {n}") for n in range(n_models)]
    )


def open_picker(qtbot: QtBot, picker: ModelPicker, n_models: int) -> None:
    button = QWidget()
    qtbot.addWidget(button)
    with qtbot.waitExposed(picker):
        picker.show_below(button, "/models/0.gguf")
    picker.set_models(models(n_models))


def test_the_picker_is_as_tall_as_its_rows_up_to_a_bound(
    qtbot: QtBot, picker: ModelPicker, theme: Theme
) -> None:
    open_picker(qtbot, picker, 1)
    entries, row = picker.entries, picker.entries.sizeHintForRow(0)
    assert row <= entries.height() < row + theme.px(16)
    small = picker.height()
    picker.set_models(models(3))
    rows = sum(entries.sizeHintForRow(row) for row in range(3))
    assert rows <= entries.height() < rows + theme.px(16) and picker.height() > small
    assert entries.verticalScrollBar().maximum() == 0
    picker.set_models(models(40))
    assert entries.height() == theme.px(TALLEST_PX) and entries.verticalScrollBar().maximum() > 0
    picker.set_models(models(1))
    assert picker.height() == small


def test_an_open_picker_follows_the_theme(qtbot: QtBot, picker: ModelPicker, theme: Theme) -> None:
    open_picker(qtbot, picker, 2)

    def drawn(shown_icon: QIcon) -> QImage:
        return shown_icon.pixmap(16, 16).toImage()

    before = [drawn(picker.entries.item(0).icon()), drawn(picker.open_button.icon())]
    width = picker.width()
    theme.set_mode("dark")
    after = [drawn(picker.entries.item(0).icon()), drawn(picker.open_button.icon())]
    assert before[0] != after[0] and before[1] != after[1]
    assert picker.entries.item(1).icon().isNull()
    theme.set_font_px(20)
    assert picker.width() > width
    theme.set_font_px(0)
