"""What one repaint costs while a reply streams, long against short: the cost must not grow with the
reply."""

import statistics
import sys
import time

from PySide6.QtWidgets import QApplication

from engine.figures import Figure, ratio
from gui.theme import Theme
from gui.widgets.transcript import MessageView, Transcript

SHORT_BYTES, LONG_BYTES = 1_000, 200_000
N_WORDS = 200
N_ROUNDS = 9
_PARAGRAPH = (
    "Water drinks the light, red first and then the *rest*, until **nothing** is left but what "
    "animals make themselves; `lanterns` of their own.\n\n"
)


def repaint_figures() -> dict[str, Figure]:
    """Cost of appending a word and painting it, in a reply of 200 kB over one of 1 kB."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme = Theme(app)
    short_page, long_page = _page(theme, SHORT_BYTES), _page(theme, LONG_BYTES)
    costs: dict[Transcript, list[float]] = {short_page: [], long_page: []}
    for number in range(N_ROUNDS):
        # The first changes, so that a drifting machine drifts under both.
        order = (short_page, long_page) if number % 2 else (long_page, short_page)
        for page in order:
            costs[page].append(_cost_ms(page))
    result = ratio(costs[long_page], costs[short_page], 1.5, "ms", is_limit=True)
    for page in costs:
        page.close()
        page.deleteLater()
    return {"repaint while streaming, 200 kB / 1 kB": result}


def _page(theme: Theme, n_bytes: int) -> Transcript:
    page = Transcript(theme)
    page.resize(800, 700)
    page.show()
    text = (_PARAGRAPH * (1 + n_bytes // len(_PARAGRAPH)))[:n_bytes]
    page.begin_reply(MessageView("reply", "assistant", "Model", "", streaming=True))
    for start in range(0, n_bytes, 5_000):
        page.append_text("reply", text[start : start + 5_000])
        QApplication.processEvents()
    for _ in range(50):
        QApplication.processEvents()
    return page


def _cost_ms(page: Transcript) -> float:
    """Median cost of one more word: parsed, laid out, painted."""
    costs = []
    for number in range(N_WORDS):
        word = "deep " if number % 12 else "sea.\n\n"
        start_s = time.perf_counter()
        page.append_text("reply", word)
        page.settle_growth()
        page.viewport().repaint()
        costs.append(1e3 * (time.perf_counter() - start_s))
    return statistics.median(costs)
