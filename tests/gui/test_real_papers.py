"""Attachments and notebooks with the real worker and the starter model."""

from pathlib import Path

from PySide6.QtCore import Qt

from gui.chat.attach import AttachFeature
from gui.chat.notebook import NotebookFeature
from tests.gui.pdf_maker import write_pdf
from tests.gui.real_window import Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]

PAGES = [
    "The harbour has a red lighthouse.\nIt was built in 1871.",
    "The keeper was called Anna Brandt.\nShe kept a goat.",
]
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_the_starter_answers_from_a_page_of_a_pdf(real: RealWindow, tmp_path: Path) -> None:
    feature = next(one for one in real.room.features if isinstance(one, AttachFeature))
    feature.attach([str(write_pdf(tmp_path / "harbour.pdf", PAGES))])
    real.until(lambda: bool(feature.desk.draft.items) and feature.desk.draft.is_counted)
    (item,) = feature.desk.draft.items
    both = item.n_chosen_tokens
    feature.desk.choose(item.document.id, frozenset({1}))
    assert 10 < feature.desk.draft.n_tokens < both < 60
    real.room.details.change("max_tokens", 40)
    real.ask("What was the keeper called? Answer with the name.")
    assert "Anna" in real.texts()[-1]
    assert real.view(real.ids()[0]).note.startswith("harbour.pdf, page 2 · ")
    details = real.kept().conversation.path()[-1].details
    # The page, its name and fence, the question and what the template adds: nothing else.
    assert details["n_prompt"] - feature.desk.space().attached < 110


def test_a_notebook_is_continued_stopped_and_found_again(open_window: Open) -> None:
    real = open_window()
    feature = next(one for one in real.room.features if isinstance(one, NotebookFeature))
    feature.new_notebook()
    real.until(lambda: feature.is_open)
    view = feature.view
    assert view is not None
    real.room.details.change("max_tokens", 12)
    real.room.details.change("temperature", 0.0)
    view.edit.setFocus()
    view.edit.insertPlainText("one, two, three, four,")
    real.key(Qt.Key.Key_Return, CONTROL)
    real.until(lambda: "12 tokens" in view.status.text())
    assert view.edit.text().startswith("one, two, three, four, five, six")
    assert "reply length" in view.status.text()
    real.room.details.change("max_tokens", -1)
    real.never_end()
    wanted = real.context.engine.n_tokens_received + 12
    real.key(Qt.Key.Key_Return, CONTROL)
    real.until(lambda: real.context.engine.n_tokens_received >= wanted)
    real.key(Qt.Key.Key_Escape)
    real.until(lambda: feature.run is not None and not feature.run.is_busy)
    text, chat_id = view.edit.text(), real.room.session.chat_id
    again = open_window()
    other = next(one for one in again.room.features if isinstance(one, NotebookFeature))
    again.until(lambda: other.is_open)
    assert again.room.session.chat_id == chat_id
    assert other.view is not None and other.view.edit.text() == text
    again.until(lambda: "before the cursor" in other.view.place.text())  # type: ignore[union-attr]
