"""Mouse, drag and drop, and files in the token editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets import token_editor_page
from gui.widgets.token_editor import TokenEditor
from tests.gui.token_editor_helpers import SHIFT, point_of, put, shown_editor

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, mode="light")


def drag_over(editor: TokenEditor, start: QPoint, end: QPoint) -> None:
    """Press, move and let go with real events."""
    viewport = editor.viewport()
    QTest.mousePress(viewport, LEFT, NONE, start)
    at = QPointF(end)
    move = QMouseEvent(QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), LEFT, LEFT, NONE)
    QApplication.sendEvent(viewport, move)
    QTest.mouseRelease(viewport, LEFT, NONE, end)


def drop(editor: TokenEditor, data: QMimeData, point: QPoint) -> bool:
    """Drag something from elsewhere over the editor and let it go; whether it was welcome."""
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(point, copy, data, LEFT, NONE)
    enter.ignore()
    QApplication.sendEvent(editor.viewport(), enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(point), copy, data, LEFT, NONE)
        QApplication.sendEvent(editor.viewport(), event)
    return enter.isAccepted()


def test_a_click_puts_the_caret_and_tells_the_token(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep 深海 water")
    put(editor.document, [(1, 4), (2, 4), (3, 3), (4, 6)])
    with qtbot.waitSignal(editor.token_clicked) as clicked:
        QTest.mouseClick(editor.viewport(), LEFT, NONE, point_of(editor, 8))
    assert clicked.args == [2]
    assert editor.place == 8
    QTest.mouseClick(editor.viewport(), LEFT, SHIFT, point_of(editor, 0))
    assert editor.selection == (0, 8)
    with qtbot.waitSignal(editor.token_clicked) as clicked:
        QTest.mouseClick(editor.viewport(), LEFT, NONE, QPoint(500, 250))
    assert clicked.args == [-1], "beside the text"


def test_the_token_under_the_mouse_is_told_and_described(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "ab cd")
    put(editor.document, [(1, 2), (2, 3)])
    pointed: list[int] = []
    editor.token_pointed.connect(pointed.append)
    viewport = editor.viewport()
    for place in (0, 3):
        at = QPointF(point_of(editor, place))
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton, NONE,
        )  # fmt: skip
        QApplication.sendEvent(viewport, move)
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    assert pointed == [0, 1, -1]
    editor.describe = lambda token: f"token number {token}"
    point = point_of(editor, 3)
    tip = QHelpEvent(QEvent.Type.ToolTip, point, viewport.mapToGlobal(point))
    QApplication.sendEvent(viewport, tip)
    assert "token number 1" in QToolTip.text()
    QToolTip.hideText()


def test_parts_of_one_character_are_pointed_at_apart(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "海x")
    put(editor.document, [(1, 1), (2, 1), (3, 1), (4, 1)])
    left, right = editor.caret_rect(0).x(), editor.caret_rect(3).x()
    y = editor.caret_rect(0).center().y()
    third = (right - left) / 3
    points = [QPointF(left + third * (n + 0.5), y) for n in range(3)]
    assert [editor.token_under(point) for point in points] == [0, 1, 2]


def test_double_and_triple_clicks_and_drags_select(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep water, light\nsecond")
    viewport, point = editor.viewport(), point_of(editor, 6)
    QTest.mouseClick(viewport, LEFT, NONE, point)
    QTest.mouseDClick(viewport, LEFT, NONE, point)
    assert editor.selected_text() == "water"
    QTest.mouseClick(viewport, LEFT, NONE, point)
    assert editor.selected_text() == "deep water, light\n"
    qtbot.waitUntil(lambda: not editor._click_timer.isActive())
    editor.set_caret(0)
    drag_over(editor, point_of(editor, 12), point_of(editor, 20))
    assert editor.selected_text() == "light\nse"
    drag_over(editor, point_of(editor, 9), point_of(editor, 5))
    assert editor.selected_text() == "wate"


def test_text_is_dropped_where_the_mouse_is(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "ab")
    data = QMimeData()
    data.setText("XY")
    assert drop(editor, data, point_of(editor, 1))
    assert editor.text() == "aXYb"
    editor.set_read_only(True)
    assert not drop(editor, data, point_of(editor, 1))


def test_a_dropped_file_is_told_and_the_text_stays(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    editor = shown_editor(qtbot, theme, "mine")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "text.txt"))])
    with qtbot.waitSignal(editor.file_dropped) as dropped:
        assert drop(editor, data, point_of(editor, 0))
    assert dropped.args == [str(tmp_path / "text.txt")]
    assert editor.text() == "mine"


def test_the_selection_is_dragged_to_another_place(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep water")
    editor.select(0, 5)
    editor.move_selection(10)
    assert editor.text() == "waterdeep "
    editor.select(5, 10)
    editor.move_selection(7)
    assert editor.text() == "waterdeep ", "onto itself"
    editor.move_selection(0)
    assert editor.text() == "deep water"


def test_the_wheel_scrolls_in_pixels(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "".join(f"row {n}\n" for n in range(200)))
    top = editor.caret_rect(0).y()

    def turn(pixels: int) -> None:
        at = QPointF(50, 50)
        event = QWheelEvent(
            at, editor.viewport().mapToGlobal(at), QPoint(0, pixels), QPoint(0, 0),
            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(editor.viewport(), event)

    turn(-17)
    assert editor.caret_rect(0).y() == top - 17
    turn(500)
    assert editor.caret_rect(0).y() == top, "not beyond the beginning"
    turn(-100_000)
    bar = editor.verticalScrollBar()
    assert bar.value() == bar.maximum(), "not beyond the end"
    bar.setValue(bar.maximum() // 2)
    middle = next(iter(editor.in_view())).number
    assert 80 < middle < 110


def test_what_scrolling_moves_looks_as_if_painted_anew(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "".join(f"row {n} of many\n" for n in range(200)))
    editor.clearFocus()
    for pixels in (17, 40, 5, 33, -60, 100):
        editor.scroll_by(pixels)
        QApplication.processEvents()
    moved = editor.screen().grabWindow(editor.winId()).toImage()
    editor.viewport().repaint()
    assert editor.screen().grabWindow(editor.winId()).toImage() == moved
    assert not moved.isNull()


def test_behind_a_far_jump_what_is_not_painted_at_once_comes_with_the_next_frames(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_editor_page, "JUMP_S", 0.0)  # a segment a frame
    editor = shown_editor(qtbot, theme, "".join(f"row {n} of many\n" for n in range(400)))
    editor.clearFocus()
    QApplication.processEvents()
    bar = editor.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    editor.viewport().repaint()
    partly = editor.screen().grabWindow(editor.winId()).toImage()
    qtbot.waitUntil(lambda: not editor._has_jumped)
    whole = editor.screen().grabWindow(editor.winId()).toImage()
    assert whole != partly
    editor.viewport().repaint()
    assert editor.screen().grabWindow(editor.winId()).toImage() == whole


def test_the_menu_offers_what_can_be_done(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "text")
    menu = editor.menu()
    enabled = {action.text(): action.isEnabled() for action in menu.actions()}
    assert enabled == {
        "Undo": True, "Redo": False, "Cut": False, "Copy": False, "Paste": True, "Select all": True,
    }  # fmt: skip
    menu.actions()[-1].trigger()
    assert editor.selected_text() == "text"
    menu.deleteLater()
