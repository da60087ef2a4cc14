"""How long the window ever stands still while a hostile reply streams in and is scrolled.

python -m gui.bench_hostile
"""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from engine.figures import Figure, figure, print_table
from gui.bench_stream import Stopwatch
from gui.theme import Theme
from gui.widgets.transcript import MessageView, Transcript

GOAL_MS = 50.0
STEPS = 60
STEP_MS = 16

HOSTILE: dict[str, Callable[[], str]] = {
    "html": lambda: "<script>alert(1)</script><img src=http://x.example/a.png>\n" * 4_000,
    "javascript links": lambda: "[a](javascript:alert(1)) ![b](file:///etc/passwd) " * 3_000,
    "remote images": lambda: "![cat](https://x.example/cat.png)\n\n" * 5_000,
    "1 MB table": lambda: "| a | b | c |\n|--|--|--|\n" + "| 1 | 2 | 3 |\n" * 75_000,
    "wide table": lambda: "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|b" * 200_000,
    "bidi": lambda: ("\u202e" * 50 + "abc" + "\u2066" * 50 + " שלום ") * 1_000,
    "ansi": lambda: "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07y " * 6_000,
    "100,000-character line": lambda: "a" * 100_000,
    "100,000-character words": lambda: "word " * 20_000,
    "10,000 quotes": lambda: ">" * 10_000 + " deep\n" + "> " * 5_000 + "deep",
    "10,000 brackets": lambda: "[" * 10_000 + "]" * 10_000 + "(" * 10_000,
    "stars": lambda: "*a **b " * 10_000,
    "zero width": lambda: "\u200b\u200c\u200d\u2060\ufeff" * 20_000,
    "combining marks": lambda: ("Z" + "\u0300\u0301\u0302\u0334\u0489" * 40) * 500,
    "zeros": lambda: "\x00" * 100_000,
    "code": lambda: "```html\n" + "<p class='x'>" * 20_000,
    "code lines": lambda: "```python\n" + "def f(x): return [x for x in y]  # z\n" * 10_000,
    "latex": lambda: r"$\frac{" * 2_000 + "x" + "}$" * 2_000 + "$" + "x^2+" * 200_000 + "1$",
    "formulas": lambda: "".join(
        f"$x_{{{n}}}^2$ and " + "\n\n" * (n % 40 == 0) for n in range(3_000)
    ),
    "definitions": lambda: "[a][b] " * 1_000 + "\n\n" + "[b]: http://x.example\n" * 10_000,
    "reasoning": lambda: "<think>" * 1_000 + "- a\n" * 50_000 + "</think>" * 1_000 + "done",
    "long list": lambda: "- item\n" * 20_000,
    "nested list": lambda: "".join(" " * (2 * (n % 200)) + "- a\n" for n in range(5_000)),
}


def run(names: tuple[str, ...] = ()) -> dict[str, Figure]:
    """The longest gap between two events, in milliseconds, for each of the texts."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme = Theme(app)
    result: dict[str, Figure] = {}
    measured(theme, "# A *first* reply\n\n```python\nx = 1\n```\n")  # imports are not its fault
    with start_frozen():
        for name in names or tuple(HOSTILE):
            gaps_ms = measured(theme, HOSTILE[name]())
            title = f"hostile reply, longest stall: {name}"
            result[title] = figure(max(gaps_ms), GOAL_MS, "ms", gaps_ms)
    return result


@contextmanager
def start_frozen() -> Iterator[None]:
    """What is there already is not looked through for garbage again, as gui/garbage.py does."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measured(theme: Theme, text: str) -> list[float]:
    """The gaps of one text in a transcript of its own."""
    transcript = Transcript(theme)
    transcript.resize(860, 700)
    transcript.show()
    try:
        return gaps(transcript, text)
    finally:
        transcript.close()
        transcript.deleteLater()


def gaps(transcript: Transcript, text: str) -> list[float]:
    """How late a precise timer comes while a text streams in and is scrolled up and down."""
    gaps_ms: list[float] = [0.0]
    watch = Stopwatch(gaps_ms)
    watch.start()
    stream(transcript, text, STEPS, STEP_MS)
    watch.stop()
    watch.deleteLater()
    return gaps_ms


def stream(transcript: Transcript, text: str, n_steps: int, step_ms: int) -> None:
    """A reply that comes in so many pieces, and as many movements of the scroll bar behind it."""
    loop, feed = QEventLoop(), QTimer(interval=step_ms)
    size = len(text) // n_steps + 1
    transcript.set_messages([])
    transcript.begin_reply(MessageView("reply", "assistant", "Model", ""))
    steps = iter(range(2 * n_steps))

    def step() -> None:
        number = next(steps, None)
        bar = transcript.verticalScrollBar()
        if number is None:
            loop.quit()
        elif number < n_steps:
            transcript.append_text("reply", text[number * size : (number + 1) * size])
            bar.setValue(bar.maximum() if number % 4 else bar.maximum() // 2)
        elif number == n_steps:
            transcript.finish_reply("reply", MessageView("reply", "assistant", "Model", text))
        else:
            bar.setValue(bar.maximum() * ((number * 7) % n_steps) // n_steps)

    feed.timeout.connect(step)
    feed.start()
    loop.exec()
    feed.stop()


def main() -> None:
    print_table(run(tuple(sys.argv[1:])))


if __name__ == "__main__":
    main()
