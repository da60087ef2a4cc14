"""A text as tokens on the screen: rows, chips, keys, clipboard; cheap however long the text is."""

import time

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.token_paint import Marks
from gui.widgets.token_rows import Band
from gui.widgets.token_text import TokenText, joined, shown, token_text
from gui.widgets.token_view import TokenView


def tokens_of(*pieces: bytes, special: tuple[int, ...] = ()) -> TokenText:
    """Tokens of these pieces, with ids from 100 on."""
    flags = bytes(at in special for at in range(len(pieces)))
    lengths = [len(piece) for piece in pieces]
    return token_text(range(100, 100 + len(pieces)), b"".join(pieces), lengths, flags)


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> TokenView:
    theme = Theme(qapp)
    theme.set_mode("light")
    theme.apply()
    view = TokenView(theme)
    qtbot.addWidget(view)
    view.resize(700, 400)
    with qtbot.waitExposed(view):
        view.show()
    return view


CHAT = tokens_of(
    b"<|im_start|>", b"user", b"\n", b"Why", b" is", b" it", b" dark", b"?", b"<|im_end|>", b"\n",
    special=(0, 8),
)  # fmt: skip


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (b" the", "·the"),
        (b"\n\n", "↵↵"),
        (b"\t", "→"),
        ("深".encode(), "深"),
        ("深".encode()[:2], "⟨e6 b7⟩"),
        (b"a\xe6", "a⟨e6⟩"),
        ("\u202eevil".encode(), "⟨202e⟩evil"),
        (b"\x1b[31m", "␛[31m"),
        (b"", "∅"),
    ],
)
def test_a_token_is_shown_as_what_it_is(piece: bytes, words: str) -> None:
    assert shown(piece) == words


def test_words_are_found_across_tokens_and_ids_by_number() -> None:
    assert CHAT.find("IS IT") == 4
    assert CHAT.find("s it") == 4
    assert CHAT.find("is", 9, -1) == 4
    assert CHAT.find("is", 5) == -1
    assert CHAT.find("#106") == 6
    assert CHAT.next_special(1) == 8 and CHAT.next_special(7, -1) == 0


def test_parts_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="3 tokens"):
        token_text([1, 2, 3], b"abc", [1, 1])
    both = joined(CHAT, tokens_of(b"!"))
    assert len(both) == 11 and both.text().endswith("<|im_end|>\n!") and both.is_special(8)


def test_a_line_break_ends_a_row_and_a_click_copies_a_token(view: TokenView, qtbot: QtBot) -> None:
    view.set_tokens(CHAT, [Band(0, 10, "You", "user")])
    assert view.token_rect(3).top() > view.token_rect(2).top()
    assert view.token_rect(4).top() == view.token_rect(3).top()
    with qtbot.waitSignal(view.copied):
        spot = view.token_rect(6).center().toPoint()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert QGuiApplication.clipboard().text() == " dark"
    assert view.token_at(view.token_rect(8).center()) == 8
    assert view.token_at(QPoint(2, 2).toPointF()) == -1


def test_keys_go_from_token_to_token_and_tell_what_it_is(view: TokenView, qtbot: QtBot) -> None:
    view.set_tokens(CHAT, [Band(0, 10, "You", "user")])
    view.setFocus()
    pointed: list[int] = []
    view.pointed.connect(pointed.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End):
        QTest.keyClick(view, key)
    assert pointed[:2] == [0, 1] and 3 < pointed[2] < 9 and pointed[3] == 9
    assert "id 109" in view.accessibleDescription() and "bytes 0a" in view.describe(9)
    assert "special" in view.describe(8)
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "<|im_start|>"
    lines = [action.text() for action in view.menu_for(3).actions() if action.text()]
    assert lines == [
        "Copy text of this token",
        "Copy ids of this token",
        "Copy text of “You”",
        "Copy ids of “You”",
        "Copy text of everything",
        "Copy ids of everything",
    ]
    view.menu_for(3).actions()[4].trigger()
    assert view.ids_text(0, 3) == "[100, 101, 102]"
    assert (
        QGuiApplication.clipboard().text() == "[100, 101, 102, 103, 104, 105, 106, 107, 108, 109]"
    )


def test_special_tokens_are_painted_as_such(view: TokenView) -> None:
    view.set_tokens(CHAT, [Band(0, 10, "You", "user")])
    palette = view._theme.palette
    image = view.grab().toImage()

    def colours(token: int) -> set[str]:
        box = view.token_rect(token).toRect()
        spots = [(x, y) for x in range(box.left(), box.right()) for y in (box.top() + 3,)]
        return {image.pixelColor(x, y).name().upper() for x, y in spots}

    special, plain = colours(0), colours(1)
    assert palette.accent_soft in special and palette.accent_soft not in plain
    assert palette.token[1] in plain and not special & set(palette.token)
    edge = view.token_rect(0)
    edges = {
        image.pixelColor(x, round(edge.top())).name().upper()
        for x in range(round(edge.left()) + 6, round(edge.right()) - 6)
    }
    assert palette.accent in edges, "an outline tells it without colour of the ground"


def test_a_note_that_is_cut_short_is_read_by_tooltip_key_and_screen_reader(
    view: TokenView, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "3 messages left out to fit the context: " + "“a long question of long ago”, " * 12
    view.set_tokens(CHAT, [Band(0, 3, "Template"), Band(3, 10, "You", "user", note)])
    assert view.accessibleDescription() == note
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, words, _widget: told.append(words))
    spot = view.token_rect(3).center().toPoint() - QPoint(0, round(view._look.row_height))
    for at in (spot, view.token_rect(4).center().toPoint()):
        QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, at))
    assert told == [note, view.describe(4)]
    view.setFocus()
    view.set_current(2)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.accessibleDescription() == view.describe(3)
    assert note in view.describe(3) and note not in view.describe(4)


def test_what_is_cached_is_hatched_and_what_is_old_is_dim(view: TokenView, qtbot: QtBot) -> None:
    view.set_tokens(tokens_of(b"aaaa", b"bbbb"), [Band(0, 2, "You", "user")])
    view.set_marks(Marks(n_reused=1))
    below = view.token_rect(1).bottomLeft().toPoint() + QPoint(8, 3)
    accent = QColor(view._theme.palette.accent)
    assert QColor(view.grab().toImage().pixel(below)) == accent
    cached = view.token_rect(0).bottomLeft().toPoint() + QPoint(8, 3)
    assert QColor(view.grab().toImage().pixel(cached)) != accent
    corner = view.token_rect(0).topLeft().toPoint() + QPoint(4, 3)
    assert QColor(view.grab().toImage().pixel(corner)) == QColor(view._theme.palette.token[0])
    view.set_marks(Marks(1, ((0, 1),), shows_new=True))
    assert QColor(view.grab().toImage().pixel(corner)) == QColor(view._theme.palette.pane)


def test_of_100_000_tokens_only_those_in_view_are_waited_for(view: TokenView, qtbot: QtBot) -> None:
    words = [b" light", b" and", b" dark", b" below", b" 1,000", b" metres", b".\n"]
    many = tokens_of(*(words[at % 7] for at in range(100_000)))
    began_s = time.perf_counter()
    view.set_tokens(many, [Band(at, at + 1000, "You", "user") for at in range(0, 100_000, 1000)])
    view.grab()
    took_s = time.perf_counter() - began_s
    assert view.n_laid < 100_000, "all was laid out before the first paint"
    assert took_s < 0.5
    view.set_current(99_990)
    assert view.viewport().rect().contains(view.token_rect(99_990).center().toPoint())
    qtbot.waitUntil(lambda: view.n_laid == 100_000)


def test_another_width_keeps_the_token_at_the_upper_edge(view: TokenView, qtbot: QtBot) -> None:
    view.set_tokens(tokens_of(*([b" light"] * 5000)))
    view.verticalScrollBar().setValue(1500)
    first = view.first_in_view()
    view.resize(500, 400)
    qtbot.waitUntil(lambda: view.n_laid == 5000)
    assert abs(view.first_in_view() - first) < 40
