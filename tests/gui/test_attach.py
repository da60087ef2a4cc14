"""Attaching files in the chat room: by dialog, drop and paste, with costs, choosing, refusing,
keeping and sending.
"""

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from engine.process.messages import Tokenize
from gui.chat.attach import SHOW, AttachFeature
from gui.chat.attach_pages import NAME, TOKENS, PartsModel
from gui.context import AppContext
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room
from tests.gui.pdf_maker import write_locked_pdf, write_pdf

__all__ = ["bench", "context"]

PAGES = [f"Page {n} tells of fish number {n}." for n in range(1, 9)]


def feature_of(bench: Bench) -> AttachFeature:
    return next(one for one in bench.room.features if isinstance(one, AttachFeature))


def attach(bench: Bench, *paths: Path, n_chips: int | None = None) -> AttachFeature:
    """Attach files and wait until they are read and counted."""
    feature = feature_of(bench)
    feature.attach([str(path) for path in paths])
    wanted = len(paths) if n_chips is None else n_chips
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == wanted and not feature.reader.n_waiting)
    count(bench)
    return feature


def count(bench: Bench) -> None:
    """Let the engine count all that waits: a token per letter."""
    feature = feature_of(bench)
    for _ in range(50):
        bench.engine.answer()
    assert feature.desk.draft.is_counted


def text_file(tmp_path: Path, name: str = "notes.txt", text: str = "The sea is deep.") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def small_context(bench: Bench, n_ctx: int) -> None:
    """A model with little room."""
    bench.engine.model = replace(bench.engine.model, n_ctx=n_ctx)
    bench.room.loader.load("/models/small.gguf")
    bench.engine.answer()
    assert feature_of(bench).desk.space().n_ctx == n_ctx


# ---- attaching ----


def test_a_file_shows_as_a_chip_with_its_cost_and_what_is_free(
    bench: Bench, tmp_path: Path
) -> None:
    path = text_file(tmp_path)
    feature = feature_of(bench)
    assert not feature.bar.isVisible()
    feature.button.click()
    (dialog,) = bench.room.findChildren(QFileDialog)
    # It was opened, not waited for: the window lives on behind it.
    assert dialog.isVisible() and dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(path)])
    dialog.reject()
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1)
    (chip,) = feature.bar.chips.values()
    assert "about" in chip.words.text() and "about" in feature.bar.sum.text()
    count(bench)
    assert chip.words.text() == "notes.txt · 16 tokens"
    assert feature.bar.sum.text() == "16 tokens attached · 8,176 free"
    chip.remove.click()
    assert not feature.bar.isVisible()
    bench.context.notices.undo()
    assert feature.bar.isVisible()


def test_files_are_dropped_on_the_room_and_pasted_into_the_field(
    bench: Bench, tmp_path: Path
) -> None:
    feature = feature_of(bench)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(text_file(tmp_path, f"{n}.md"))) for n in "ab"])
    held = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    plain = Qt.KeyboardModifier.NoModifier
    enter, drop = (
        QDragEnterEvent(QPoint(400, 300), *held, plain),
        QDropEvent(QPointF(400, 300), *held, plain),
    )
    QApplication.sendEvent(bench.room, enter)
    assert enter.isAccepted() and feature.drop.isVisible()
    QApplication.sendEvent(bench.room, drop)
    assert drop.isAccepted() and not feature.drop.isVisible()
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 2)
    pasted = QMimeData()
    pasted.setUrls([QUrl.fromLocalFile(str(text_file(tmp_path, "c.py")))])
    QApplication.clipboard().setMimeData(pasted)
    bench.room.work.composer.edit.paste()
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 3)
    assert bench.room.work.composer.text() == ""


def test_a_pasted_picture_is_told_to_be_none(bench: Bench) -> None:
    picture = QImage(8, 8, QImage.Format.Format_RGB32)
    picture.fill(0)
    QApplication.clipboard().setImage(picture)
    bench.room.work.composer.edit.paste()
    assert bench.banners() == ["A picture cannot be attached."]
    QApplication.clipboard().clear()


def test_a_file_that_cannot_be_attached_is_told_and_the_others_are_taken(
    bench: Bench, tmp_path: Path
) -> None:
    binary = tmp_path / "tool.exe"
    binary.write_bytes(bytes(range(256)))
    attach(bench, binary, text_file(tmp_path), tmp_path / "gone.txt", n_chips=1)
    assert sorted(bench.banners()) == [
        "“gone.txt” cannot be read.",
        "“tool.exe” is a binary file, not text.",
    ]


def test_a_locked_pdf_is_opened_with_its_password(bench: Bench, tmp_path: Path) -> None:
    feature = feature_of(bench)
    row = feature.bar.password
    feature.attach([str(write_locked_pdf(tmp_path / "a.pdf", "Deep secrets", "bell"))])
    bench.qtbot.waitUntil(row.isVisible)
    assert "is locked" in row.words.text()
    row.field.setText("wrong")
    row.open_button.click()
    bench.qtbot.waitUntil(lambda: "does not open" in row.words.text() and row.isVisible())
    row.field.setText("bell")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1)
    assert not row.isVisible()


# ---- sending ----


def test_the_model_gets_the_text_and_the_transcript_shows_the_name(
    bench: Bench, tmp_path: Path
) -> None:
    feature = attach(bench, write_pdf(tmp_path / "report.pdf", PAGES))
    (document_id,) = feature.bar.chips
    feature.desk.choose(document_id, frozenset({1, 2}))
    bench.send("What is on these pages?")
    request = bench.engine.generates[-1]
    assert request.messages is not None
    said = request.messages[-1].content
    assert said.startswith("report.pdf\n```\n[page 2]\nPage 2 tells") and "Page 4" not in said
    assert said.endswith("What is on these pages?")
    bench.engine.finish()
    bench.settle()
    work = bench.room.work
    view = work.transcript.column.items[0].view
    assert view.text == "What is on these pages?"
    assert view.note.startswith("report.pdf, pages 2–3 · ")
    assert not feature.bar.isVisible()
    kept = bench.kept()
    assert kept.conversation.path()[0].details["attachments"][0]["pages"] == [2, 3]
    # A click on the line shows what was given.
    column, page = work.transcript.column, work.transcript
    page.scroll_to(page.message_ids()[0])
    bench.qtbot.waitUntil(lambda: page.is_settled)
    spot = page.viewport_rect(column.frame(0).note.translated(0, column.top(0))).center().toPoint()
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert feature.view.isVisible()
    assert "Page 3 tells of fish" in feature.view.page.toPlainText()
    QTest.keyClick(feature.view.page, Qt.Key.Key_Escape)
    assert work.pages.currentWidget() is work.transcript
    assert any(action.key == SHOW for action in work.transcript.more_actions)


def test_a_message_waits_until_its_attachments_are_counted(bench: Bench, tmp_path: Path) -> None:
    feature = feature_of(bench)
    feature.attach([str(text_file(tmp_path))])
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1)
    composer = bench.room.work.composer
    composer.edit.setPlainText("Go")
    composer.send_button.click()
    assert composer.text() == "Go" and "Counting" in composer.status.text()
    count(bench)
    bench.qtbot.waitUntil(lambda: bool(bench.engine.generates))


def test_what_does_not_fit_is_not_sent_and_the_pages_are_offered(
    bench: Bench, tmp_path: Path
) -> None:
    small_context(bench, 128)
    feature = attach(bench, write_pdf(tmp_path / "report.pdf", PAGES))
    assert "Too long" in feature.bar.sum.text() and feature.bar.choose_button.isVisible()
    composer, chooser = bench.room.work.composer, feature.chooser
    composer.edit.setPlainText("Why?")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert not bench.engine.generates and composer.text() == "Why?"
    assert chooser.isVisible() and chooser.name.text() == "report.pdf"
    chooser.fit_button.click()
    assert feature.desk.space().fits
    (item,) = feature.desk.draft.items
    assert item.chosen and item.chosen < set(range(8))
    chooser.done_button.click()
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bool(bench.engine.generates))


def test_a_refused_message_comes_back_with_its_attachments(bench: Bench, tmp_path: Path) -> None:
    feature = attach(bench, text_file(tmp_path))
    bench.engine.die()
    bench.room.loader.cancel()
    composer = bench.room.work.composer
    composer.edit.setPlainText("Why?")
    feature.desk.draft.items = [item.with_tokens([16]) for item in feature.desk.draft.items]
    composer.send_button.click()
    assert composer.text() == "Why?" and len(feature.bar.chips) == 1


# ---- choosing ----


def test_pages_are_ticked_searched_and_typed_as_ranges(bench: Bench, tmp_path: Path) -> None:
    feature = attach(bench, write_pdf(tmp_path / "report.pdf", PAGES))
    (chip,) = feature.bar.chips.values()
    chip.words.click()
    chooser, model = feature.chooser, feature.chooser.model
    assert [model.index(row, NAME).data() for row in (0, 7)] == ["Page 1", "Page 8"]
    chooser.none_button.click()
    assert chip.words.text() == "report.pdf · nothing chosen · 0 tokens"
    QTest.keyClicks(chooser.search, "fish 3")
    bench.qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert "fish number 3" in chooser.page.toPlainText()
    chooser.view.selectAll()
    QTest.keyClick(chooser.view, Qt.Key.Key_Space)
    chooser.search.clear()
    assert "page 3" in chip.words.text() and chooser.ranges.text() == "3"
    chooser.ranges.setFocus()
    chooser.ranges.setText("1-2, 7-")
    QTest.keyClick(chooser.ranges, Qt.Key.Key_Return)
    assert feature.desk.draft.items[0].chosen == {0, 1, 6, 7}
    chooser.ranges.setText("one")
    QTest.keyClick(chooser.ranges, Qt.Key.Key_Return)
    assert "Write ranges" in chooser.sum.text()
    QTest.keyClick(chooser.view, Qt.Key.Key_Escape)
    assert not chooser.isVisible()


def test_each_page_says_what_it_costs(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    write_pdf(path, PAGES)
    feature = feature_of(bench)
    feature.attach([str(path)])
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1 and not feature.reader.n_waiting)
    (item,) = feature.desk.draft.items
    feature.bar.open_requested.emit(item.document.id)
    model = feature.chooser.model

    def costs() -> list[str]:
        return [str(model.index(row, TOKENS).data()) for row in range(model.rowCount())]

    assert len(costs()) == len(PAGES) and all(one.startswith("about ") for one in costs())
    count(bench)
    (item,) = feature.desk.draft.items
    (chip,) = feature.bar.chips.values()
    assert costs() == [f"{n_tokens:,}" for n_tokens in item.n_tokens if n_tokens is not None]
    n_all = sum(int(one.replace(",", "")) for one in costs())
    assert n_all > 0 and chip.words.text() == f"report.pdf · {n_all:,} tokens"
    spoken = model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert costs()[2] in spoken and "3" in spoken


def test_the_model_of_parts_keeps_qts_rules(bench: Bench, tmp_path: Path) -> None:
    feature = attach(bench, write_pdf(tmp_path / "report.pdf", PAGES))
    model = PartsModel(bench.room)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    item = feature.desk.draft.items[0]
    model.set_attachment(item)
    with bench.qtbot.waitSignal(model.search_ended):
        model.set_query("fish number")
    assert model.rowCount() == 8
    with bench.qtbot.waitSignal(model.chosen_changed):
        model.setData(model.index(0, NAME), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    model.set_attachment(item.with_chosen({1}))
    model.set_attachment(None)
    model.deleteLater()


# ---- kept ----


def test_attachments_belong_to_their_chat_and_outlive_the_window(
    qtbot: QtBot, context: AppContext, bench: Bench, tmp_path: Path
) -> None:
    feature = attach(bench, write_pdf(tmp_path / "report.pdf", PAGES))
    (document_id,) = feature.bar.chips
    feature.desk.choose(document_id, frozenset({4}))
    bench.settle()
    chat_id = bench.room.session.chat_id
    assert chat_id
    bench.room.session.new_chat()
    assert not feature.bar.isVisible()
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1)
    again = open_room(qtbot, context)
    try:
        again.room.session.open(chat_id)
        other = feature_of(again)
        qtbot.waitUntil(lambda: len(other.bar.chips) == 1)
        assert other.desk.draft.items[0].chosen == {4}
    finally:
        again.close()


def test_nothing_of_a_temporary_chat_is_kept(bench: Bench, tmp_path: Path) -> None:
    bench.room.session.new_temporary_chat()
    attach(bench, text_file(tmp_path))
    bench.settle()
    assert not (bench.context.paths.home / "drafts").exists() and bench.kept_nothing()


def test_a_file_read_late_goes_to_the_chat_it_was_meant_for(bench: Bench, tmp_path: Path) -> None:
    bench.ask("One", "First answer")
    chat_id = bench.room.session.chat_id
    feature = feature_of(bench)
    feature.attach([str(text_file(tmp_path))])
    bench.room.session.new_chat()
    bench.qtbot.waitUntil(lambda: not feature.reader.n_waiting)
    assert not feature.bar.isVisible()
    bench.room.session.open(chat_id)
    bench.qtbot.waitUntil(lambda: len(feature.bar.chips) == 1)


def test_an_edit_of_an_earlier_message_leaves_the_drafts_files_alone(
    bench: Bench, tmp_path: Path
) -> None:
    bench.ask("One", "First answer")
    feature = attach(bench, text_file(tmp_path))
    bench.room.desk.editing.begin(bench.room.session.conversation.path()[0].id)
    bench.send("Two")
    request = bench.engine.generates[-1]
    assert request.messages is not None and request.messages[-1].content == "Two"
    assert len(feature.bar.chips) == 1
    bench.engine.finish()


# ---- counting ----


def test_a_long_document_is_counted_in_stretches(bench: Bench, tmp_path: Path) -> None:
    text = "".join(f"Line {n} of a long log.\n" for n in range(9000))
    feature = attach(bench, text_file(tmp_path, "long.log", text))
    asked = [one for one in bench.engine.requests if isinstance(one, Tokenize)]
    assert len(asked) > 2 and max(len(one.text) for one in asked) <= 60_000
    assert feature.desk.draft.n_tokens > 0


def test_another_model_counts_anew(bench: Bench, tmp_path: Path) -> None:
    feature = attach(bench, text_file(tmp_path))
    n_asked = len([one for one in bench.engine.requests if isinstance(one, Tokenize)])
    bench.engine.model = model_info("/models/other.gguf", "Other")
    bench.room.loader.load("/models/other.gguf")
    bench.engine.answer()
    count(bench)
    asked = [one for one in bench.engine.requests if isinstance(one, Tokenize)]
    assert len(asked) > n_asked and "16 tokens" in feature.bar.sum.text()
    assert feature.desk.draft.is_counted
