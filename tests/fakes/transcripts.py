"""What the transcript's tests share: messages, waiting, places on the screen."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.transcript import MessageView, Transcript

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier

RICH = """## Title

Some **bold** words and `code` here.

1. one
2. two

```python
def f() -> int:
    return 1
```

| a | b |
|---|--:|
| 1 | 2 |

> quoted

[a link](https://example.org/page)"""


@contextmanager
def light_theme(qapp: QApplication) -> Iterator[Theme]:
    """A theme of this test alone; the application is as it was afterwards."""
    before = qapp.font(), qapp.palette(), qapp.styleSheet()
    result = Theme(qapp)
    result.set_mode("light")
    result.apply()
    yield result
    qapp.styleHints().colorSchemeChanged.disconnect(result._on_system_scheme_changed)
    qapp.setFont(before[0])
    qapp.setPalette(before[1])
    qapp.setStyleSheet(before[2])


@contextmanager
def shown_transcript(theme: Theme, qtbot: QtBot) -> Iterator[Transcript]:
    """An empty transcript on the (offscreen) screen."""
    result = Transcript(theme)
    qtbot.addWidget(result)
    result.resize(862, 700)
    with qtbot.waitExposed(result):
        result.show()
    yield result
    result.close()


def user(message_id: str, text: str) -> MessageView:
    return MessageView(message_id, "user", "You", text)


def model(message_id: str, text: str, **more: object) -> MessageView:
    return MessageView(message_id, "assistant", "SmolLM2", text, **more)  # type: ignore[arg-type]


def settled(qtbot: QtBot, transcript: Transcript) -> None:
    qtbot.waitUntil(lambda: transcript.is_settled)


def is_followed(transcript: Transcript) -> bool:
    return transcript.follows


def flushed(qtbot: QtBot, transcript: Transcript) -> None:
    """All text that was appended is in the layout."""
    qtbot.waitUntil(lambda: not transcript._flush_timer.isActive())
    settled(qtbot, transcript)


def viewport_point(transcript: Transcript, index: int, rect: QRectF) -> QPoint:
    """The middle of a rectangle in an item's coordinates."""
    at = rect.center() + QPointF(0, transcript.column.top(index))
    return transcript.viewport_rect(QRectF(at, at)).topLeft().toPoint()


def text_point(transcript: Transcript, index: int, block: int, offset: int) -> QPoint:
    """Where a character of a message stands on the viewport."""
    column = transcript.column
    laid = column.items[index].laid(block)
    assert laid is not None
    rect = laid.cursor_rect(offset)
    x = column.frame(index).content.x()
    return (
        transcript.viewport_rect(rect.translated(x, column.block_top(index, block)))
        .center()
        .toPoint()
    )


def drag(qtbot: QtBot, transcript: Transcript, start: QPoint, end: QPoint) -> None:
    viewport = transcript.viewport()
    QTest.mousePress(viewport, LEFT, NO_KEYS, start)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, LEFT, NO_KEYS, end)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()
