"""The settings' file: written whole, read whatever is in it, never lost."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from gui.settings import VERSION, Settings, load, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "user" / "settings.json"


FULL = Settings(
    theme="dark",
    font_px=15,
    models_folders=["/models", "/données/模型", "/not\udcffutf8"],
    threads=2,
    n_ctx=4096,
    offline=True,
    room="chat",
    last_chat="c1",
    last_model="/models/a.gguf",
    window_geometry="AdnQywAD",
    splitters={"chat": [236, 700, 280]},
)


def put(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(values if isinstance(values, str) else json.dumps(values))


def asides(path: Path) -> list[Path]:
    return sorted(one for one in path.parent.iterdir() if one != path)


def test_without_a_file_there_are_the_defaults(path: Path) -> None:
    assert load(path) == (Settings(), "")


def test_what_was_saved_is_loaded(path: Path) -> None:
    save(path, FULL)
    assert load(path) == (FULL, "")
    assert asides(path) == []


def test_the_file_is_a_readable_one_with_a_version(path: Path) -> None:
    save(path, FULL)
    values = json.loads(path.read_text())
    assert values["version"] == VERSION and values["theme"] == "dark"
    assert "unknown" not in values


def test_keys_of_other_versions_are_kept(path: Path) -> None:
    put(path, {"version": VERSION, "theme": "light", "hats": {"n": 3}, "unknown": [1]})
    loaded, note = load(path)
    assert (loaded.theme, note) == ("light", "")
    save(path, msgspec.structs.replace(loaded, theme="dark"))
    values = json.loads(path.read_text())
    assert (values["theme"], values["hats"], values["unknown"]) == ("dark", {"n": 3}, [1])


def test_a_value_that_cannot_be_falls_back_alone_and_is_told(path: Path) -> None:
    put(path, {"theme": "purple", "font_px": -3, "threads": 2, "splitters": {"chat": ["wide"]}})
    loaded, note = load(path)
    assert loaded == Settings(threads=2)
    assert all(name in note for name in ("theme", "font_px", "splitters")) and "threads" not in note


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[1, 2]",
        '"text"',
        "{'theme': 'dark'}",
        '{"version": "x"}',
        "\0" * 50,
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_set_aside_and_told(path: Path, broken: str) -> None:
    put(path, broken)
    loaded, note = load(path)
    assert loaded == Settings()
    (aside,) = asides(path)
    assert aside.read_text() == broken and aside.name in note
    assert not path.exists()
    save(path, FULL)
    assert load(path) == (FULL, "")


def test_two_broken_files_within_a_second_are_both_kept(path: Path) -> None:
    for text in ("{1", "{2"):
        put(path, text)
        load(path)
    assert sorted(one.read_text() for one in asides(path)) == ["{1", "{2"]


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    loaded, note = load(path)
    assert loaded == Settings() and "cannot be read" in note


# ---- versions ----


def rename_colour(values: dict[str, Any]) -> None:
    values["theme"] = values.pop("colour")


def double_threads(values: dict[str, Any]) -> None:
    values["threads"] *= 2


def test_an_older_file_is_brought_over_step_by_step_and_a_copy_kept(path: Path) -> None:
    old = {"version": 1, "colour": "dark", "threads": 2, "hats": 1}
    put(path, old)
    loaded, note = load(path, [rename_colour, double_threads])
    assert (loaded.theme, loaded.threads, loaded.version, note) == ("dark", 4, 3, "")
    assert loaded.unknown == {"hats": 1}
    (copy,) = asides(path)
    assert json.loads(copy.read_text()) == old
    put(path, {"version": 2, "theme": "light", "threads": 2})
    assert load(path, [rename_colour, double_threads])[0].threads == 4


def test_a_step_that_fails_changes_nothing_and_is_told(path: Path) -> None:
    old = {"version": 1, "threads": 2, "theme": "light"}
    put(path, old)
    loaded, note = load(path, [double_threads, rename_colour])
    assert (loaded.threads, loaded.theme) == (2, "light")
    (copy,) = asides(path)
    assert "could not be brought over" in note and copy.name in note
    assert json.loads(copy.read_text()) == json.loads(path.read_text()) == old


def test_a_newer_file_is_used_as_far_as_it_goes_and_a_copy_kept(path: Path) -> None:
    newer = {"version": VERSION + 5, "theme": "dark", "beams": 7}
    put(path, newer)
    loaded, note = load(path)
    assert (loaded.theme, loaded.unknown) == ("dark", {"beams": 7})
    (copy,) = asides(path)
    assert "newer version" in note and copy.name in note
    assert json.loads(copy.read_text()) == newer


# ---- the disk ----


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, FULL)

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(AppError, match="could not be saved") as caught:
        save(path, Settings())
    assert "space" in caught.value.hint and "No space" in caught.value.detail
    monkeypatch.undo()
    assert load(path) == (FULL, "") and asides(path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AppError, match="could not be saved"):
        save(tmp_path / "file" / "settings.json", FULL)


def test_a_reader_never_sees_half_a_file(path: Path) -> None:
    versions = [Settings(room=letter * 50_000) for letter in "ab"]
    save(path, versions[0])
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            save(path, versions[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        loaded, note = load(path)
        assert loaded in versions and note == ""
    writer.join()


# ---- anything ----

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(Settings.__struct_fields__) | st.text(max_size=6)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(KEYS, ANYTHING, max_size=6))
def test_whatever_stands_in_the_file_is_loaded_and_saved_again(
    path: Path, values: dict[str, Any]
) -> None:
    put(path, values)
    loaded, _ = load(path)
    save(path, loaded)
    again, note = load(path)
    assert (again, note) == (loaded, "")
