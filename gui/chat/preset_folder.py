"""The presets on the disk: those that came with the app, and the folder of a person's own, a file
each. No widgets; run off the window's thread.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from engine.errors import AppError
from gui.chat.preset import Preset
from gui.chat.preset_toml import parse_preset, preset_text
from gui.chat.words import tr

SUFFIX = ".toml"
MAX_BYTES = 1024 * 1024
MAX_FILES = 500


class Listing(Struct, frozen=True):
    """All presets, the app's own first; and for files that are none, name -> reason."""

    presets: list[Preset] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Preset | None:
        folded = name.casefold()
        return next((one for one in self.presets if one.name.casefold() == folded), None)


def list_presets(folder: Path) -> Listing:
    """What there is. A file that cannot be read is told with its reason and left as it is."""
    presets, problems = _built_in(), {}
    names = {preset.name.casefold() for preset in presets}
    for path in _files(folder):
        try:
            preset = replace(read_preset(path), file_name=path.name)
        except AppError as error:
            problems[path.name] = error.message
            continue
        if preset.name.casefold() in names:
            words = tr("There is another preset named “{name}”.")
            problems[path.name] = words.format(name=preset.name)
        else:
            names.add(preset.name.casefold())
            presets.append(preset)
    return Listing(presets, problems)


def read_preset(path: Path) -> Preset:
    """One preset from anywhere.

    Raises:
        AppError: it cannot be read, or is none.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        words = tr("“{file}” cannot be read.").format(file=path.name)
        raise AppError(words, tr("Check its permissions."), str(error)) from error
    if len(data) > MAX_BYTES:
        words = tr("“{file}” is too large for a preset.").format(file=path.name)
        raise AppError(words, tr("Choose another file."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        words = tr("“{file}” is not text.").format(file=path.name)
        raise AppError(words, tr("Choose another file."), str(error)) from error
    return parse_preset(text, path.name)


def save_preset(folder: Path, preset: Preset) -> Preset:
    """Write a preset, under a name of its own where it has no file yet.

    Raises:
        AppError: the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file_name = preset.file_name or _free_name(folder, preset.name)
        write_file(folder / file_name, preset_text(preset))
    except OSError as error:
        raise _refused(tr("The preset could not be saved."), error) from error
    return replace(preset, file_name=file_name)


def export_preset(path: Path, preset: Preset) -> None:
    """Write a preset where a person said. Raises AppError where the disk refuses."""
    try:
        write_file(path, preset_text(preset))
    except OSError as error:
        raise _refused(tr("The preset could not be written."), error) from error


def make_folder(folder: Path) -> None:
    """Have the folder there, to be shown. Raises AppError where the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(tr("The folder of presets could not be made."), error) from error


def remove_preset(folder: Path, preset: Preset) -> None:
    """Delete a preset's file; one that is gone already is what was asked for.

    Raises:
        AppError: the disk refuses.
    """
    try:
        (folder / preset.file_name).unlink(missing_ok=True)
    except OSError as error:
        raise _refused(tr("The preset could not be deleted."), error) from error


def free_preset_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    folded = {one.casefold() for one in taken}
    tries = [name, *(f"{name} {number}" for number in range(2, MAX_FILES + 2))]
    return next((one for one in tries if one.casefold() not in folded), name)


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _built_in() -> list[Preset]:
    order = ("precise", "balanced", "creative", "deterministic")
    folder = resources.files("resources").joinpath("presets")
    return [
        parse_preset(folder.joinpath(f"{name}{SUFFIX}").read_text("utf-8"), f"{name}{SUFFIX}")
        for name in order
    ]


def _files(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if _is_preset(path)]
    except OSError:
        return []  # no folder: nothing was saved yet
    return sorted(found, key=lambda path: path.name.casefold())[:MAX_FILES]


def _is_preset(path: Path) -> bool:
    is_named = path.suffix.lower() == SUFFIX and not path.name.startswith(".")
    return is_named and path.is_file()


def _free_name(folder: Path, name: str) -> str:
    stem = re.sub(r"[^\w-]+", "-", name.casefold()).strip("-")[:60] or "preset"
    tries = [stem, *(f"{stem}-{number}" for number in range(2, MAX_FILES + 2))]
    return next(f"{one}{SUFFIX}" for one in tries if not (folder / f"{one}{SUFFIX}").exists())


def _refused(words: str, error: OSError) -> AppError:
    return AppError(
        words,
        tr("Check that the disk has space and that the folder may be written to."),
        str(error),
    )
