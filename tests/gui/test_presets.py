"""Presets: files that a person can share, used on a chat, kept per model; what makers recommend."""

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from engine.errors import AppError
from gui.chat import preset_folder
from gui.chat.chat_settings import ChatSettings
from gui.chat.preset import Preset, preset_from
from gui.chat.preset_toml import parse_preset, preset_text
from gui.chat.presets import Presets
from gui.chat.recommended import read_recommendations, recommended_for
from gui.context import AppContext
from tests.fakes.fake_engine import model_info
from tests.gui.chat_room_helpers import Bench, bench, context, open_room

__all__ = ["bench", "context"]  # fixtures

AWKWARD = ChatSettings(
    temperature=0.3,
    system_prompt='Be "brief".\n\\n is not a line.\t"""\x07 é 深 🐙\r\n',
    stop=["\n\n", '"', "\\n"],
    dry_breakers=(),
    logit_bias={" sea": 5.0, 'a"b': -100.0},
    json_schema='{\n  "type": "object"\n}',
    seed=7,
    overflow="drop_oldest",
)


def feature(bench: Bench) -> Presets:
    bench.settle()
    return next(one for one in bench.room.features if isinstance(one, Presets))


def names(presets: Presets) -> list[str]:
    return [preset.name for preset in presets.button.listing.presets]


def choose(presets: Presets, text: str) -> None:
    """Choose a line of the menu, as a click on it does."""
    presets.button.fill()
    action = next(one for one in presets.button.drop.actions() if one.text() == text)
    assert action.isEnabled()
    action.trigger()


def lines(presets: Presets) -> list[str]:
    presets.button.fill()
    return [one.text() for one in presets.button.drop.actions() if one.text()]


def save_as(bench: Bench, name: str) -> Presets:
    presets = feature(bench)
    choose(presets, "Save as a preset…")
    QTest.keyClicks(presets.form.name, name)
    QTest.keyClick(presets.form.name, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: name in names(presets))
    return presets


# ---- the file ----


def test_a_preset_survives_its_file_whatever_is_in_it() -> None:
    preset = preset_from(AWKWARD, "Näme", has_sampling=True, has_prompt=True, has_output=True)
    assert parse_preset(preset_text(preset), "x.toml") == preset
    used = preset.used_on(ChatSettings(top_k=3, stop=["gone"], certainty=True))
    assert used == msgspec.structs.replace(AWKWARD, preset="Näme", certainty=True)
    assert preset.is_in_use(used) and not preset.is_in_use(used.with_value("top_p", 0.1))


def test_parts_that_a_preset_does_not_have_are_left_alone() -> None:
    only_prompt = Preset("P", system_prompt="Hi")
    before = ChatSettings(temperature=0.1, stop=["x"])
    assert only_prompt.used_on(before) == ChatSettings(
        temperature=0.1, stop=["x"], system_prompt="Hi", preset="P"
    )
    assert "sampling" not in preset_text(only_prompt)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format = 1\nname = x\n", "line 2"),
        ('name = "x"', "format"),
        ('format = 9\nname = "x"', "newer"),
        ("format = 1", "no name"),
        (f'format = 1\nname = "{"x" * 200}"', "longer"),
        ('format = 1\nname = "x"\nsystem_prompt = 3', "system_prompt"),
        ('format = 1\nname = "x"\n[sampling]\ntemprature = 1', "temprature"),
        ('format = 1\nname = "x"\n[sampling]\ntemperature = 99', "cannot have this value"),
        ('format = 1\nname = "x"\n[sampling]\ntop_k = nan', "cannot have this value"),
        ('format = 1\nname = "x"\n[output]\nadapters = ["/etc/passwd"]', "adapters"),
        ("[" * 5000, "not TOML"),
    ],
)
def test_a_file_that_is_no_preset_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(AppError, match="no preset") as refused:
        parse_preset(text, "x.toml")
    assert "“x.toml”" in refused.value.message and refused.value.hint
    assert words in refused.value.message


def test_bad_files_are_listed_with_their_reason_and_left_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "a.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "b.toml").write_text("no = ")
    (folder / "c.toml").write_text('format = 1\nname = "precise"')
    (folder / "d.toml").write_text('format = 1\nname = "Mine"')
    (folder / "e.txt").write_text("not looked at")
    (folder / "big.toml").write_bytes(b"#" * (preset_folder.MAX_BYTES + 1))
    listing = preset_folder.list_presets(folder)
    assert [one.name for one in listing.presets] == [
        "Precise",
        "Balanced",
        "Creative",
        "Deterministic",
        "Mine",
    ]
    assert set(listing.problems) == {"a.toml", "b.toml", "c.toml", "big.toml"}
    assert all(words.endswith(".") for words in listing.problems.values())
    assert (folder / "b.toml").read_text() == "no = "


def test_each_name_gets_a_file_of_its_own(tmp_path: Path) -> None:
    for name in ("Über/alles..", "uber alles", "../../evil", "…"):
        saved = preset_folder.save_preset(tmp_path / "p", Preset(name))
        assert (tmp_path / "p" / saved.file_name).parent == tmp_path / "p"
        assert preset_folder.read_preset(tmp_path / "p" / saved.file_name).name == name
    assert len(list((tmp_path / "p").iterdir())) == 4


@pytest.mark.parametrize(
    ("name", "temperature"),
    [
        ("SmolLM2 135M Instruct", 0.2),
        ("Qwen3 8B", 0.6),
        ("Qwen3 4B Instruct 2507", 0.7),
        ("gemma-3-4b-it", 1.0),
        ("DeepSeek R1 Distill Qwen 7B", 0.6),
        ("Llama 3.2 3B Instruct", 0.6),
        ("Somebody's own model", None),
    ],
)
def test_makers_recommendations_are_found_by_name(name: str, temperature: float | None) -> None:
    table = read_recommendations()
    found = recommended_for(model_info("/models/x.gguf", name), table)
    assert (found.values["temperature"] if found else None) == temperature
    assert recommended_for(model_info("/models/x.gguf", name, "none"), table) is None


# ---- in the room ----


def test_a_preset_is_chosen_from_the_menu_and_named_on_the_button(bench: Bench) -> None:
    presets, details = feature(bench), bench.room.details
    assert presets.button.text() == "Presets"
    choose(presets, "Creative")
    assert details.fields["temperature"].value() == 1.2
    assert bench.room.session.settings.xtc_probability == 0.3
    assert presets.button.text() == "Creative"
    details.fields["temperature"].spin.setValue(1.0)
    assert presets.button.text() == "Creative, changed"
    assert not any("Update" in line or "Delete" in line for line in lines(presets))
    choose(presets, "Precise")
    assert bench.room.session.settings.xtc_probability == 0.0


def test_saved_used_in_another_chat_updated_renamed_and_deleted(bench: Bench) -> None:
    details, session = bench.room.details, bench.room.session
    details.change("temperature", 0.4)
    details.system_prompt.setPlainText("Answer in rhymes.")
    presets = save_as(bench, "Poet & co")
    bench.qtbot.waitUntil(lambda: session.settings.preset == "Poet & co")
    path = presets.folder / "poet-co.toml"
    assert 'system_prompt = "Answer in rhymes."' in path.read_text()

    bench.ask("Hello", "Hi there")
    session.new_chat()
    choose(presets, "Balanced")
    details.change("system_prompt", "")
    choose(presets, "Poet && co")
    assert session.settings.system_prompt == "Answer in rhymes."
    assert session.settings.temperature == 0.4

    details.change("temperature", 0.5)
    choose(presets, "Update “Poet && co”")
    bench.qtbot.waitUntil(lambda: "temperature = 0.5" in path.read_text())
    bench.qtbot.waitUntil(lambda: not presets.button.is_changed)

    choose(presets, "Rename “Poet && co”…")
    presets.form.name.setText("Precise")
    presets.form.save.click()
    assert "name" in presets.form.problems._notes["name"].text()
    presets.form.name.setText("Rhymer")
    presets.form.save.click()
    bench.qtbot.waitUntil(lambda: presets.button.text() == "Rhymer")

    choose(presets, "Delete “Rhymer”")
    bench.qtbot.waitUntil(lambda: "Rhymer" not in names(presets))
    assert not path.exists() and session.settings.temperature == 0.5
    assert bench.context.notices.undo()
    bench.qtbot.waitUntil(lambda: "Rhymer" in names(presets))
    assert path.exists()


def test_escape_leaves_the_form_and_nothing_is_saved(bench: Bench) -> None:
    presets = feature(bench)
    choose(presets, "Save as a preset…")
    QTest.keyClick(presets.form.name, Qt.Key.Key_Return)
    assert presets.form.isVisible() and presets.form.problems._notes["name"].text()
    QTest.keyClick(presets.form.name, Qt.Key.Key_Escape)
    assert not presets.form.isVisible() and len(names(presets)) == 4


def test_new_chats_begin_with_the_models_own_preset(bench: Bench) -> None:
    details, session = bench.room.details, bench.room.session
    details.change("temperature", 0.4)
    details.change("system_prompt", "Rhyme.")
    presets = save_as(bench, "Poet")
    bench.qtbot.waitUntil(lambda: session.settings.preset == "Poet")
    choose(presets, "New chats with SmolLM2 135M Instruct begin with “Poet”")
    choose(presets, "Deterministic")
    details.change("system_prompt", "")
    bench.ask("Hello", "Hi there")
    session.new_chat()
    assert details.fields["temperature"].value() == 0.4
    assert session.settings.system_prompt == "Rhyme." and presets.button.text() == "Poet"

    details.change("temperature", 0.9)  # touched: another load of the model leaves it
    bench.room.loader.load(bench.engine.model.path)
    bench.engine.answer()
    assert session.settings.temperature == 0.9

    choose(presets, "Poet")
    choose(presets, "New chats with SmolLM2 135M Instruct begin with “Poet”")
    assert bench.context.settings.value.model_presets == {}
    choose(presets, "Balanced")
    session.new_chat()
    assert session.settings.temperature == 0.8


def test_what_was_set_before_the_model_came_stays(qtbot: QtBot, context: AppContext) -> None:
    name = "SmolLM2 135M Instruct"
    context.settings.change(model_presets={name: "Deterministic"})
    for is_touched in (False, True):
        bench = open_room(qtbot, context)
        try:
            bench.settle()
            if is_touched:
                bench.room.details.change("temperature", 1.7)
            bench.load()
            bench.settle()
            expected = 1.7 if is_touched else 0.0
            assert bench.room.session.settings.temperature == expected
        finally:
            bench.close()
            bench.engine.is_ready = False


def test_the_menu_opens_where_the_details_are_put_away(bench: Bench) -> None:
    presets = feature(bench)
    bench.room.work.header.details_button.setChecked(False)
    presets.show_menu()
    assert presets.button.drop.isVisible() and presets.button.isVisible()
    presets.button.drop.hide()


def test_a_preset_is_imported_and_exported_as_a_file(bench: Bench, tmp_path: Path) -> None:
    presets = feature(bench)
    source = tmp_path / "from a friend.toml"
    source.write_text('format = 1\nname = "Precise"\n[sampling]\ntemperature = 0.11\n')
    presets.import_file(str(source))
    bench.qtbot.waitUntil(lambda: presets.button.text() == "Precise 2")
    assert bench.room.session.settings.temperature == 0.11
    target = tmp_path / "out.toml"
    presets.export_to(str(target), presets.button.preset or Preset("none"))
    bench.settle()
    assert parse_preset(target.read_text(), "out.toml").sampling == {"temperature": 0.11}

    source.write_text("nonsense")
    presets.import_file(str(source))
    bench.qtbot.waitUntil(lambda: bool(bench.banners()))
    assert "no preset" in bench.banners()[0] and len(names(presets)) == 5


def test_files_that_could_not_be_read_stand_in_the_menu(bench: Bench) -> None:
    presets = feature(bench)
    presets.folder.mkdir()
    (presets.folder / "bad.toml").write_text("nonsense")
    presets._list()
    bench.settle()
    presets.button.fill()
    sub = next(one.menu() for one in presets.button.drop.actions() if one.menu() is not None)
    assert isinstance(sub, QMenu)
    assert "bad.toml" in sub.actions()[0].text() and not sub.actions()[0].isEnabled()


def test_the_makers_values_are_offered_for_the_loaded_model(bench: Bench) -> None:
    feature(bench)
    line = bench.room.details.recommended
    assert line.isVisible() and line.words.text() == "Temperature 0.20 · Top-p 0.90"
    line.use.click()
    assert bench.room.session.settings.temperature == 0.2
    assert not line.isVisible()
