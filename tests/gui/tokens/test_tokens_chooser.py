"""Choosing a tokenizer: the button, its popup, the loaded model's own, files that are none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.settings_store import SettingsStore
from gui.tokens.state import STARTER
from gui.tokens.tokenizer_chooser import FOLLOW
from gui.widgets.picker import KEY_ROLE
from tests.fakes.fake_engine import model_info
from tests.gui.tokens_room_helpers import RoomBench, banners, real_room, tokens_engine

__all__ = ["real_room", "tokens_engine"]  # fixtures


def listed(bench: RoomBench) -> list[str]:
    entries = bench.room.chooser.picker.entries
    items = [entries.item(row) for row in range(entries.count())]
    return [str(item.data(KEY_ROLE)) for item in items if not item.isHidden()]


def use(bench: RoomBench, source: str) -> None:
    bench.room.chooser.use(source)
    bench.until(lambda: bench.room.state.source == source)
    bench.settle()


def test_the_popup_lists_filters_and_chooses_by_keys(real_room: RoomBench) -> None:
    picker = real_room.room.chooser.picker
    real_room.action("Choose a &tokenizer…").trigger()
    assert picker.isVisible() and listed(real_room)[:2] == [FOLLOW, STARTER]
    QTest.keyClicks(picker.search, "gpt-4o")
    assert listed(real_room) == ["o200k_base"]
    QTest.keyClick(picker.search, Qt.Key.Key_Return)
    assert not picker.isVisible()
    real_room.until(lambda: real_room.room.state.source == "o200k_base")
    real_room.settle()
    real_room.until(lambda: real_room.page.cards.tokens.figure.text() == "41")
    assert "200,0" in real_room.room.chooser.button.text()
    assert real_room.context.settings.value.tokens_source == "o200k_base"


def test_the_ids_are_the_chosen_tokenizers(real_room: RoomBench) -> None:
    real_room.show_text("the deep sea")
    before = real_room.room.state.document.tokens.ids.tolist()
    use(real_room, "cl100k_base")
    # As tiktoken's own: [1820, 5655, 9581].
    assert real_room.room.state.document.tokens.ids.tolist() == [1820, 5655, 9581] != before


def test_a_file_that_is_no_tokenizer_leaves_the_one_before(
    real_room: RoomBench, tmp_path: Path
) -> None:
    file = tmp_path / "poem.json"
    file.write_text("[]")
    ids = real_room.room.state.document.tokens.ids.tolist()
    real_room.room.chooser.use(str(file))
    assert real_room.room.chooser.button.text().startswith("Opening")
    real_room.until(lambda: len(banners(real_room.context)) == 1)
    assert real_room.room.state.source == STARTER
    assert "BPE · 49,152" in real_room.room.chooser.button.text()
    assert real_room.room.state.document.tokens.ids.tolist() == ids
    assert real_room.context.settings.value.tokens_recent == []
    assert real_room.room.chooser.follows


def test_the_loaded_models_own_is_followed_until_one_is_chosen(real_room: RoomBench) -> None:
    copy = real_room.context.paths.models / "another.gguf"
    assert real_room.room.state.info is not None
    copy.symlink_to(real_room.room.state.info.path)
    other = real_room.context.paths.models / "other.gguf"
    other.write_bytes(Path(real_room.room.state.info.path).read_bytes())
    assert real_room.room.chooser.follows
    real_room.context.model.set(model_info(str(other), "Other"))
    real_room.until(lambda: real_room.room.state.source == str(other))
    use(real_room, "o200k_base")
    real_room.context.model.set(None)
    real_room.context.model.set(model_info(str(other), "Other"))
    assert real_room.room.state.source == "o200k_base" and not real_room.room.state.opening
    use_again = real_room.room.chooser.use
    use_again(FOLLOW)
    real_room.until(lambda: real_room.room.state.source == str(other))
    assert real_room.room.chooser.follows
    # The starter's file under another name is the starter.
    real_room.context.model.set(model_info(str(copy), "Starter"))
    real_room.until(lambda: real_room.room.state.source == STARTER)


def test_models_of_the_library_and_recent_files_are_listed(
    real_room: RoomBench, tmp_path: Path
) -> None:
    assert real_room.room.state.info is not None
    data = Path(real_room.room.state.info.path).read_bytes()
    library = real_room.context.paths.models / "mine.gguf"
    library.write_bytes(data)
    elsewhere = tmp_path / "elsewhere.gguf"
    elsewhere.write_bytes(data)
    broken = real_room.context.paths.models / "broken.gguf"
    broken.write_bytes(b"GGUF")
    use(real_room, str(elsewhere))
    real_room.room.chooser.choose()
    real_room.until(lambda: str(library) in listed(real_room))
    assert str(elsewhere) in listed(real_room)
    entries = real_room.room.chooser.picker.entries
    texts = [entries.item(row).text() for row in range(entries.count())]
    assert [one for one in texts if one.startswith("broken.gguf\n")]
    real_room.room.chooser.picker.hide()


def test_a_tokenizer_that_is_gone_gives_way_to_the_starters(
    real_room: RoomBench, qtbot: QtBot, tmp_path: Path
) -> None:
    context = real_room.context
    context.settings.change(tokens_source=str(tmp_path / "gone.gguf"))
    context.settings.flush()
    context.settings = SettingsStore(context.paths.settings)
    again = RoomBench(qtbot, context)
    try:
        assert again.room.state.source == STARTER
        assert len(banners(context)) == 1 and context.settings.value.tokens_source == ""
    finally:
        again.close()


def test_the_palette_knows_tokenizers_by_name(real_room: RoomBench) -> None:
    (command,) = [one for one in real_room.room.commands() if "GPT-4o" in one.text]
    command.do()
    real_room.until(lambda: real_room.room.state.source == "o200k_base")
    real_room.settle()
