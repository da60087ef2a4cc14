"""Adapters of a chat: added, weighted live, refused beside their row; four strengths compared."""

from pathlib import Path

import msgspec
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest

from engine.process.messages import (
    Adapter,
    Done,
    Failed,
    Generate,
    ListModels,
    ModelList,
    Token,
    Tokens,
)
from gui.chat.adapters import Adapters
from gui.chat.strength_view import StrengthView
from gui.chat.word_marks import marks_of
from tests.fakes.fake_engine import generated, model_info
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]  # fixtures

PATH = "/adapters/night-porter.gguf"


def feature(bench: Bench) -> Adapters:
    return next(one for one in bench.room.features if isinstance(one, Adapters))


def added(bench: Bench, path: str = PATH) -> Adapters:
    """An adapter that was added and fits."""
    adapters = feature(bench)
    adapters.add(path)
    finish(bench)
    return adapters


def finish(bench: Bench, *texts: str) -> None:
    """Let the last Generate say these and end."""
    job = bench.engine.generates[-1].job
    items = [Token(id=1, piece=text.encode(), text=text) for text in texts]
    if items:
        bench.engine.tell(Tokens(job=job, items=items))
    bench.engine.tell(Done(job=job, result=generated()))


def refuse(bench: Bench) -> str:
    words = "The adapter night-porter.gguf was made for another model."
    hint = "Choose the model it was trained on."
    bench.engine.tell(Failed(job=bench.engine.generates[-1].job, message=words, hint=hint))
    return f"{words} {hint}"


def drop(adapters: Adapters, *paths: str) -> bool:
    """Drop files on the section; whether it wanted them."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
    shared = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, *shared)
    adapters.panel.dragEnterEvent(enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, *shared)
        adapters.panel.dropEvent(event)
    return enter.isAccepted()


def test_strength_is_live_between_replies(bench: Bench) -> None:
    adapters = added(bench)
    row = adapters.panel.rows[PATH]
    bench.qtbot.waitUntil(row.isVisible)
    assert row.spin.value() == 1.0
    bench.ask("One", "First reply")
    assert bench.engine.generates[-1].adapters == [Adapter(PATH, 1.0)]
    row.slider.setValue(14)
    bench.ask("Two", "Second reply")
    assert bench.engine.generates[-1].adapters == [Adapter(PATH, 0.7)]
    QTest.mouseDClick(row.slider, Qt.MouseButton.LeftButton)
    assert row.spin.value() == 1.0
    assert bench.kept().settings.adapters == [Adapter(PATH, 1.0)]


def test_off_and_on_again_keeps_the_strength(bench: Bench) -> None:
    adapters = added(bench)
    row = adapters.panel.rows[PATH]
    row.spin.setValue(1.35)
    row.switch.click()
    assert bench.room.session.settings.adapters == [Adapter(PATH, 0.0)]
    assert row.spin.value() == 1.35 and not row.slider.isEnabled()
    row.switch.click()
    assert bench.room.session.settings.adapters == [Adapter(PATH, 1.35)]
    row.slider.setValue(0)
    assert row.slider.isEnabled() and row.switch.isChecked()
    row.remove.click()
    assert not adapters.panel.rows and not bench.room.session.settings.adapters


def test_an_adapter_that_does_not_fit_is_refused_beside_it(bench: Bench) -> None:
    adapters = feature(bench)
    adapters.add(PATH)
    trial: Generate = bench.engine.generates[-1]
    assert trial.private and trial.max_tokens == 1 and trial.adapters == [Adapter(PATH, 1.0)]
    words = refuse(bench)
    row = adapters.panel.rows[PATH]
    bench.qtbot.waitUntil(row.problem.isVisible)
    assert row.problem.text() == words and not bench.banners()
    bench.room.loader.load(bench.engine.model.path)  # with another model it is tried again
    bench.engine.answer()
    finish(bench)
    assert not row.problem.isVisible()
    bench.send("Hello")
    assert refuse(bench) == row.problem.text() and row.problem.isVisible()


def test_adapters_come_by_drop_and_from_the_library(bench: Bench) -> None:
    adapters = feature(bench)
    assert not drop(adapters, "/notes/readme.txt")
    assert drop(adapters, PATH) and list(adapters.panel.rows) == [PATH]
    finish(bench)
    adapters.panel.add.click()
    other = "/models/pirate.gguf"
    info = msgspec.structs.replace(model_info(other, "pirate"), kind="adapter")
    asked = next(one for one in bench.engine.requests[::-1] if isinstance(one, ListModels))
    bench.engine.tell(Done(job=asked.job, result=ModelList(models=[bench.engine.model, info])))
    texts = [one.text() for one in adapters.panel.menu.actions() if one.text()]
    assert texts == ["pirate", "Choose a file…"]
    adapters.panel.menu.actions()[0].trigger()
    adapters.panel.menu.hide()
    finish(bench)
    assert list(adapters.panel.rows) == [PATH, other]


def test_each_chat_has_its_own_adapters(bench: Bench) -> None:
    adapters = added(bench)
    bench.ask("One", "First reply")
    first = bench.room.session.chat_id
    adapters.remove(PATH)
    adapters.add("/adapters/b.gguf")
    finish(bench)
    bench.room.session.new_chat()
    bench.ask("Two", "Second reply")
    adapters.remove("/adapters/b.gguf")
    bench.room.session.open(first)
    bench.qtbot.waitUntil(lambda: bench.room.session.chat_id == first)
    assert list(adapters.panel.rows) == ["/adapters/b.gguf"]


# ---- strengths ----


def opened(bench: Bench) -> StrengthView:
    adapters = added(bench)
    bench.room.details.change("system_prompt", "Be brief.")
    bench.ask("Who are you?", "I am here.")
    adapters.panel.compare.click()
    view = adapters.strengths.view
    assert view is not None and view.isVisible()
    return view


def test_four_strengths_are_asked_one_after_another_and_compared(bench: Bench) -> None:
    view = opened(bench)
    asked: list[Generate] = []
    for text in ("I am a model", "I am a porter", "I was a porter", "Porter"):
        asked.append(bench.engine.generates[-1])
        finish(bench, *text.replace(" ", "| ").split("|"))
    assert [one.adapters for one in asked] == [[Adapter(PATH, n)] for n in (0.0, 0.5, 1.0, 2.0)]
    assert len({one.sampling.seed for one in asked}) == 1 and all(one.private for one in asked)
    assert [one.messages for one in asked] == [asked[0].messages] * 4
    assert [one.content for one in asked[0].messages or []] == ["Be brief.", "Who are you?"]
    assert view.columns[0].text.toPlainText() == "I am a model"
    assert "1 of 4 words differ from strength 0.00" in view.columns[1].state.text()
    marked = [one.cursor.selectedText() for one in view.columns[2].text.extraSelections()]
    assert marked == ["was", "porter"]
    assert not view.columns[0].text.extraSelections() and view.run.isVisible()
    assert bench.shown() == ["Who are you?", "I am here."]

    view.columns[2].use.click()
    assert bench.room.session.settings.adapters == [Adapter(PATH, 1.0)]
    assert bench.room.work.transcript.isVisible() and not view.isVisible()


def test_another_strength_is_asked_anew_and_esc_leaves(bench: Bench) -> None:
    view = opened(bench)
    for _ in range(4):
        finish(bench, "Same")
    view.columns[3].spin.setValue(1.5)
    assert bench.engine.generates[-1].adapters == [Adapter(PATH, 1.5)]
    assert view.stop.isVisible()
    job = bench.engine.generates[-1].job
    view.close_button.setFocus()
    QTest.keyClick(view.close_button, Qt.Key.Key_Escape)
    assert not view.isVisible() and job in bench.engine.cancelled
    finish(bench, "too late")
    assert view.columns[3].text.toPlainText() == ""


def test_a_strength_that_fails_says_so_and_the_next_goes_on(bench: Bench) -> None:
    view = opened(bench)
    words = refuse(bench)
    assert view.columns[0].state.text() == words and not view.columns[0].use.isEnabled()
    finish(bench, "fine")
    assert view.columns[1].text.toPlainText() == "fine"
    view.stop.click()
    assert bench.engine.cancelled and "stopped" in view.columns[3].state.text()


def test_without_an_answer_the_comparison_says_what_is_missing(bench: Bench) -> None:
    feature(bench).strengths.open()
    assert bench.banners() == ["This chat has no adapter."]
    adapters = added(bench)
    adapters.strengths.open()
    assert "There is no answer to compare yet." in bench.banners()


def test_words_that_differ_are_found_at_their_place() -> None:
    marks = marks_of("the 🐙 sea is deep", "the sea is shallow")
    assert [("the 🐙 sea is deep")[a:b] for a, b in marks.spans] == ["🐙", "deep"]
    assert (marks.n_marked, marks.n_words) == (2, 5)
    assert marks_of("", "x").spans == [] and marks_of("x", "x").spans == []


def test_a_path_is_never_shown_as_markup(bench: Bench, tmp_path: Path) -> None:
    adapters = added(bench, str(tmp_path / "<b>bold</b> & co.gguf"))
    row = next(iter(adapters.panel.rows.values()))
    assert "<b>" in row.switch.accessibleName() or "b>" in row.switch.text()


def test_the_slider_goes_from_0_to_2_and_no_further(bench: Bench) -> None:
    adapters = added(bench)
    row = adapters.panel.rows[PATH]
    bench.qtbot.waitUntil(row.isVisible)
    row.slider.setFocus()
    QTest.keyClick(row.slider, Qt.Key.Key_End)
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    assert row.spin.value() == 2.0
    bench.ask("One", "Twice as strong")
    assert bench.engine.generates[-1].adapters == [Adapter(PATH, 2.0)]
    QTest.keyClick(row.slider, Qt.Key.Key_Home)
    QTest.keyClick(row.slider, Qt.Key.Key_Left)
    assert row.spin.value() == 0.0
    bench.ask("Two", "Without it")
    assert bench.engine.generates[-1].adapters == [Adapter(PATH, 0.0)]
