"""The models on this disk: what a folder holds, and what a name means."""

import os
import struct
from pathlib import Path

import pytest

from engine.errors import AppError
from engine.models.library import Scanned, find_files, list_models, resolve_model, scan_models
from engine.models.starter import starter_path


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def put(path: Path, name: str = "Small", n_values: int = 32) -> Path:
    """A sound model file of one tensor."""
    pairs = [("general.architecture", "llama"), ("general.name", name)]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs))
    for key, value in pairs:
        head += text(key) + struct.pack("<I", 8) + text(value)
    head += text("a") + struct.pack("<IQIQ", 1, n_values, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + bytes(-len(head) % 32 + 4 * n_values))
    return path


def parts(folder: Path, n_parts: int = 3) -> list[Path]:
    return [
        put(folder / f"big-{n:05}-of-{n_parts:05}.gguf", "Big", 10 * n)
        for n in range(1, n_parts + 1)
    ]


# ---- listing ----


def test_models_are_found_in_folders_within_folders(tmp_path: Path) -> None:
    deep = put(tmp_path / "a" / "b" / "deep.gguf")
    upper = put(tmp_path / "Another.GGUF")
    (tmp_path / "readme.md").write_text("no model")
    found = list_models([tmp_path])
    assert [(model.name, model.path) for model in found.models] == [
        ("Another", str(upper)),
        ("deep", str(deep)),
    ]
    assert found.unreadable == {}


def test_a_bad_file_is_listed_with_its_reason(tmp_path: Path) -> None:
    good = put(tmp_path / "good.gguf")
    page = tmp_path / "page.gguf"
    page.write_text("<html>Please log in</html>")
    cut = put(tmp_path / "cut.gguf")
    cut.write_bytes(cut.read_bytes()[:-7])
    found = list_models([tmp_path])
    assert [model.path for model in found.models] == [str(good)]
    assert set(found.unreadable) == {str(page), str(cut)}
    assert "web page" in found.unreadable[str(page)]
    assert "7 bytes are missing" in found.unreadable[str(cut)]


def test_a_folder_that_is_not_there_is_listed_with_its_reason(tmp_path: Path) -> None:
    file = put(tmp_path / "file.gguf")
    found = list_models([tmp_path / "gone", file])
    assert found.models == []
    assert "does not exist" in found.unreadable[str(tmp_path / "gone")]
    assert "not a folder" in found.unreadable[str(file)]


def test_links_lead_neither_in_circles_nor_to_doubles(tmp_path: Path) -> None:
    model = put(tmp_path / "models" / "one.gguf")
    (tmp_path / "models" / "up").symlink_to(tmp_path)
    (tmp_path / "models" / "again.gguf").symlink_to(model)
    (tmp_path / "models" / "broken.gguf").symlink_to(tmp_path / "nowhere.gguf")
    found = find_files([tmp_path, tmp_path / "models"])
    assert len(found) == 1 and os.path.samefile(found[0], model)


def test_a_split_model_is_one_with_the_sum_of_its_parts(tmp_path: Path) -> None:
    files = parts(tmp_path)
    found = list_models([tmp_path])
    (model,) = found.models
    assert model.path == str(files[0]) and model.n_params == 60
    assert model.size_bytes == sum(file.stat().st_size for file in files)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_split_model_without_one_part_says_which(tmp_path: Path, missing: int) -> None:
    files = parts(tmp_path)
    files[missing].unlink()
    found = list_models([tmp_path])
    assert found.models == []
    assert list(found.unreadable.values()) == [
        f"Parts of this model are missing: {missing + 1} of 3."
    ]


def test_a_scan_goes_file_by_file(tmp_path: Path) -> None:
    for name in "abc":
        put(tmp_path / f"{name}.gguf")
    assert list(scan_models([tmp_path])) == [Scanned(1, 3), Scanned(2, 3), Scanned(3, 3)]


# ---- names ----


def test_the_starter_has_a_name() -> None:
    assert resolve_model("starter") == starter_path()


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "one.gguf")
    assert resolve_model(str(path)) == path
    monkeypatch.chdir(tmp_path)
    assert resolve_model("one.gguf") == path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve_model("~/one.gguf") == path


def test_any_part_means_the_first(tmp_path: Path) -> None:
    files = parts(tmp_path)
    assert resolve_model(str(files[2])) == files[0]
    files[1].unlink()
    with pytest.raises(AppError, match="Parts of this model are missing: 2 of 3"):
        resolve_model(str(files[2]))


def test_a_folder_with_one_model_means_that_model(tmp_path: Path) -> None:
    files = parts(tmp_path)
    assert resolve_model(str(tmp_path)) == files[0]
    put(tmp_path / "other.gguf")
    with pytest.raises(AppError, match="several models") as caught:
        resolve_model(str(tmp_path))
    assert "other.gguf" in caught.value.hint and "big-00001" in caught.value.hint


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="without a GGUF file"):
        resolve_model(str(tmp_path))


def test_the_name_of_a_file_in_a_models_folder_will_do(tmp_path: Path) -> None:
    path = put(tmp_path / "sub" / "Deep-Sea.gguf")
    assert resolve_model("deep-sea", [tmp_path]) == path
    assert resolve_model("Deep-Sea.gguf", [tmp_path]) == path
    put(tmp_path / "other" / "deep-sea.gguf")
    with pytest.raises(AppError, match="Several models") as caught:
        resolve_model("deep-sea", [tmp_path])
    assert "other" in caught.value.hint and "sub" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "meant"),
    [("smal.gguf", "“Small.gguf”"), ("startr", "“starter”"), ("x/q/Small.gguf", "“Small.gguf”")],
)
def test_a_slip_is_answered_with_what_was_meant(tmp_path: Path, name: str, meant: str) -> None:
    put(tmp_path / "Small.gguf")
    with pytest.raises(AppError, match="There is no model") as caught:
        resolve_model(name, [tmp_path])
    assert meant in caught.value.hint and caught.value.hint.startswith("Did you mean")


def test_files_beside_a_path_are_near_names_too(tmp_path: Path) -> None:
    put(tmp_path / "Small.gguf")
    with pytest.raises(AppError) as caught:
        resolve_model(str(tmp_path / "Smal.gguf"))
    assert "“Small.gguf”" in caught.value.hint


@pytest.mark.parametrize("name", ["", "a\0b", "zzzzzzzz", "~no-such-user/zzz"])
def test_nothing_near_is_said_too(name: str) -> None:
    with pytest.raises(AppError) as caught:
        resolve_model(name)
    assert "starter" in caught.value.hint


def test_a_name_that_the_system_refuses_is_said() -> None:
    with pytest.raises(AppError, match="cannot be looked up") as caught:
        resolve_model("x" * 5_000)
    assert "permissions" in caught.value.hint and caught.value.detail
