"""The transcript under mouse and keys: selection, copying, buttons, links, the menu."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.transcript import Transcript
from gui.widgets.transcript_target import Target, target_at
from tests.fakes.transcripts import (
    ALT,
    CTRL,
    LEFT,
    NO_KEYS,
    RICH,
    SHIFT,
    clipboard,
    drag,
    flushed,
    light_theme,
    model,
    settled,
    shown_transcript,
    text_point,
    user,
    viewport_point,
)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    with light_theme(qapp) as result:
        yield result


@pytest.fixture
def transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    with shown_transcript(theme, qtbot) as result:
        yield result


# ---- selection and copying ----


def test_select_across_messages_and_copy(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("1", "first question"), model("2", "An **answer** with `code`.")])
    settled(qtbot, transcript)
    start = text_point(transcript, 0, 0, 6)
    end = text_point(transcript, 1, 0, 9)
    drag(qtbot, transcript, start, end)
    assert transcript.selected_text() == "You:\nquestion\n\nSmolLM2:\nAn **answer"
    transcript.setFocus()
    with qtbot.waitSignal(transcript.copied):
        QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    assert clipboard() == transcript.selected_text()


def test_select_all_copies_sources_and_rich_text(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", RICH)])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_A, CTRL)
    QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    data = QGuiApplication.clipboard().mimeData()
    assert data.text() == RICH
    assert "<strong>bold</strong>" in data.html() and "<table>" in data.html()


def test_select_all_of_ten_thousand_lays_nothing_out(transcript: Transcript) -> None:
    transcript.set_messages([user(str(n), f"text {n}") for n in range(10_000)])
    transcript.select_all()
    text = transcript.selected_text()
    assert text.startswith("You:\ntext 0\n\nYou:\ntext 1") and text.endswith("text 9999")
    assert sum(bool(item.blocks) for item in transcript.column.items) < 30


def test_double_click_selects_a_word(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "plain **bold** 😀 words")])
    settled(qtbot, transcript)
    QTest.mouseDClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 0, 0, 8))
    assert transcript.selected_text() == "bold"
    QTest.mouseDClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 0, 0, 15))
    assert transcript.selected_text() == "words"


def test_selection_by_keys(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "abc\n\ndef"), user("2", "xyz")])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, text_point(transcript, 0, 0, 1))
    QTest.keyClick(transcript, Qt.Key.Key_Right, SHIFT)
    assert transcript.selected_text() == "b"
    QTest.keyClick(transcript, Qt.Key.Key_Down, SHIFT)
    assert transcript.selected_text() == "bc\n\nde"
    QTest.keyClick(transcript, Qt.Key.Key_End, SHIFT)
    assert transcript.selected_text() == "SmolLM2:\nbc\n\ndef\n\nYou:\nxyz"
    QTest.keyClick(transcript, Qt.Key.Key_Escape)
    assert transcript.selected_text() == ""


def test_a_selection_stays_while_the_reply_grows(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.begin_reply(model("1", "alpha beta\n\n"))
    settled(qtbot, transcript)
    drag(qtbot, transcript, text_point(transcript, 0, 0, 6), text_point(transcript, 0, 0, 10))
    assert transcript.selected_text() == "beta"
    transcript.append_text("1", "gamma\n\ndelta")
    flushed(qtbot, transcript)
    assert transcript.selected_text() == "beta"
    transcript.update_message(model("1", "another version"))
    assert transcript.selected_text() == ""


def test_selected_table_cells_are_their_source(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "| aa | bb |\n|----|----|\n| cc | dd |")])
    settled(qtbot, transcript)
    drag(qtbot, transcript, text_point(transcript, 0, 0, 6), text_point(transcript, 0, 0, 10))
    assert transcript.selected_text().startswith("cc | dd"[:6])


def test_the_copy_button_of_code(transcript: Transcript, qtbot: QtBot) -> None:
    code = "\n".join(f"line {n}" for n in range(120))
    transcript.set_messages([model("1", f"```py\n{code}\n```")])
    transcript.scroll_to("1")
    settled(qtbot, transcript)
    laid = transcript.column.items[0].laid(0)
    assert laid is not None and len(transcript.column.items[0].blocks) == 5
    top = transcript.column.frame(0).content
    point = viewport_point(transcript, 0, laid.copy_button.translated(top))
    with qtbot.waitSignal(transcript.copied):
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)
    assert clipboard() == code


# ---- buttons, links, menu ----


def test_version_arrows(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "text", version=2, n_versions=3)])
    settled(qtbot, transcript)
    frame = transcript.column.frame(0)
    for box, version in ((frame.previous, 1), (frame.following, 3)):
        with qtbot.waitSignal(transcript.version_requested) as caught:
            QTest.mouseClick(
                transcript.viewport(), LEFT, NO_KEYS, viewport_point(transcript, 0, box)
            )
        assert caught.args == ["1", version]
    transcript.update_message(model("1", "text", version=3, n_versions=3))
    with qtbot.assertNotEmitted(transcript.version_requested):
        point = viewport_point(transcript, 0, frame.following)
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)


@pytest.mark.parametrize(
    ("index", "action", "signal"),
    [
        (0, "edit", "edit_requested"),
        (0, "delete", "delete_requested"),
        (1, "regenerate", "regenerate_requested"),
        (1, "copy", "copied"),
    ],
)
def test_buttons_of_messages(
    transcript: Transcript, qtbot: QtBot, index: int, action: str, signal: str
) -> None:
    transcript.set_messages([user("0", "question"), model("1", "answer")])
    settled(qtbot, transcript)
    box = {str(name): box for name, box in transcript.column.frame(index).actions.items()}[action]
    point = viewport_point(transcript, index, box)
    QTest.mouseMove(transcript.viewport(), point)
    with qtbot.waitSignal(getattr(transcript, signal)) as caught:
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)
    assert caught.args == ([] if action == "copy" else [str(index)])
    assert action != "copy" or clipboard() == "answer"


def test_buttons_appear_under_the_mouse(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("0", "question"), model("1", "answer")])
    settled(qtbot, transcript)
    before = transcript.viewport().grab().toImage()
    QTest.mouseMove(transcript.viewport(), QPoint(1, 1))  # where another test left it is no move
    QTest.mouseMove(transcript.viewport(), text_point(transcript, 0, 0, 2))
    qtbot.waitUntil(lambda: transcript.hovered_message == 0)
    assert transcript.viewport().grab().toImage() != before


def test_only_the_last_reply_can_be_written_anew(transcript: Transcript) -> None:
    transcript.set_messages([model("0", "a"), user("1", "q"), model("2", "b")])
    assert "regenerate" not in transcript.column.frame(0).actions
    assert "regenerate" in transcript.column.frame(2).actions


def test_links_are_told_and_others_are_text(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "[good](https://x.org/a)\n\n[bad](javascript:alert)")])
    settled(qtbot, transcript)
    with qtbot.waitSignal(transcript.link_activated) as caught:
        point = text_point(transcript, 0, 0, 2)
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)
    assert caught.args == ["https://x.org/a", "good"]
    with qtbot.assertNotEmitted(transcript.link_activated):
        point = text_point(transcript, 0, 1, 2)
        QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, point)


def test_a_drag_over_a_link_selects(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "[a long link](https://x.org/a) and text")])
    settled(qtbot, transcript)
    with qtbot.assertNotEmitted(transcript.link_activated):
        drag(qtbot, transcript, text_point(transcript, 0, 0, 2), text_point(transcript, 0, 0, 11))
    assert transcript.selected_text() == "long link"


def test_menu_does_all_that_buttons_do(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("0", "q"), model("1", RICH, version=1, n_versions=2)])
    settled(qtbot, transcript)
    menu = transcript.menu_at(QPointF(text_point(transcript, 1, 1, 3)))
    lines = {action.text(): action for action in menu.actions() if action.text()}
    assert {"Copy message", "Copy code", "Regenerate", "Delete", "Next version"} <= set(lines)
    assert not lines["Copy"].isEnabled() and not lines["Previous version"].isEnabled()
    for text, signal in (
        ("Continue the reply", transcript.continue_requested),
        ("Next version", transcript.version_requested),
    ):
        with qtbot.waitSignal(signal):
            lines[text].trigger()
    lines["Copy code"].trigger()
    assert clipboard() == "def f() -> int:\n    return 1"
    lines["Select all"].trigger()
    assert transcript.selected_text().endswith(RICH)


def test_messages_by_keys(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([user("0", "q"), model("1", "answer", version=1, n_versions=2)])
    settled(qtbot, transcript)
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    assert transcript.current_message == 1
    with qtbot.waitSignal(transcript.version_requested) as caught:
        QTest.keyClick(transcript, Qt.Key.Key_Right)
    assert caught.args == ["1", 2]
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    assert transcript.current_message == 0
    QTest.keyClick(transcript, Qt.Key.Key_C, CTRL)
    assert clipboard() == "q"
    with qtbot.waitSignal(transcript.edit_requested):
        menu = transcript.menu_at(None)
        next(action for action in menu.actions() if action.text() == "Edit").trigger()


def test_nothing_to_click_where_there_is_nothing(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([])
    assert target_at(transcript.column, QPointF(10, 10)) is None
    QTest.mouseClick(transcript.viewport(), LEFT, NO_KEYS, QPoint(50, 50))
    transcript.setFocus()
    QTest.keyClick(transcript, Qt.Key.Key_A, CTRL)
    QTest.keyClick(transcript, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(transcript, Qt.Key.Key_Up, ALT)
    transcript.act(Target("select_all", -1))
    assert transcript.selected_text() == ""
