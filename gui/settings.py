"""The app's settings: one JSON file with a version, read whole and written whole. Qt-free.

A file that cannot be read is set aside, never deleted; one value that cannot be is replaced by its
default, alone; keys of other versions are kept. `save` waits for the disk: call it off the window's
thread. A chat's own settings live with the chat (gui/chat/chat_settings.py).
"""

import contextlib
import copy
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from engine.errors import AppError

FontPx = Annotated[int, msgspec.Meta(ge=0, le=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 30)]
Values = dict[str, Any]
Migration = Callable[[Values], None]

# Step n changes the values of version n + 1 into those of version n + 2, in place.
MIGRATIONS: tuple[Migration, ...] = ()
VERSION = len(MIGRATIONS) + 1
MAX_FILE_BYTES = 16 * 1024 * 1024


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a person set, and what the window remembers for them.

    offline: open no connection until a person says so. notify: tell when long work ends unseen.
    font_px, threads, n_ctx: 0 is "as the system has it" or "chosen for you".
    window_geometry: what Qt saved, in base64. splitters: name -> sizes in pixels.
    model_presets: model -> the preset that its new chats begin with; model_lengths: path of a model
    -> its context length.
    tokens_source: the tokenizer chosen in the Tokens room, "" for the loaded model's own;
    tokens_recent: files chosen before, the last one first; tokens_panel: the panel under the text.
    lessons_done: ids of the lessons that were looked at.
    tune_page, tune_run: the page and the run last looked at in the Fine-tune room ("" for the
    draft); tune_all_fields: whether its How page shows every field; tune_identity: what was typed
    into the form of who a model is; tune_smoothing, tune_log_axis, tune_overlay: how the chart of a
    run's loss is looked at (per cent; folders of the runs laid over it).
    pretrain_...: the same of the Pretrain room; pretrain_flops: multiplications and additions a
    second, as measured last of a plan, 0 for never.
    unknown: keys that another version wrote; kept, not used.
    """

    version: int = VERSION
    theme: Literal["system", "light", "dark"] = "system"
    font_px: FontPx = 0
    models_folders: list[str] = []
    threads: Count = 0
    n_ctx: Count = 0
    offline: bool = True
    notify: bool = True
    room: str = ""
    last_chat: str = ""
    last_model: str = ""
    window_geometry: str = ""
    splitters: dict[str, list[int]] = {}
    open_details: list[str] = []
    explains_details: bool = False
    model_presets: dict[str, str] = {}
    model_lengths: dict[str, Count] = {}
    closed_folders: list[str] = []
    tokens_source: str = ""
    tokens_recent: list[str] = []
    tokens_panel: str = ""
    tokens_special: bool = False
    lessons_done: list[str] = []
    tune_page: str = ""
    tune_run: str = ""
    tune_all_fields: bool = False
    tune_identity: dict[str, Any] = {}
    tune_smoothing: Annotated[int, msgspec.Meta(ge=0, le=99)] = 60
    tune_log_axis: bool = False
    tune_overlay: list[str] = []
    pretrain_page: str = ""
    pretrain_run: str = ""
    pretrain_all_fields: bool = False
    pretrain_smoothing: Annotated[int, msgspec.Meta(ge=0, le=99)] = 60
    pretrain_log_axis: bool = False
    pretrain_overlay: list[str] = []
    pretrain_flops: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    unknown: dict[str, Any] = {}


_KNOWN = frozenset(Settings.__struct_fields__) - {"unknown"}


# ---- reading ----


def load(path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> tuple[Settings, str]:
    """The settings, and what to tell the user about the file: "" when all is well.

    Never fails: where nothing can be read there are the defaults.
    """
    try:
        text = _read_text(path)
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"The settings cannot be read, so the defaults are used ({error})."
    values = _parse(text)
    if values is None:
        return Settings(), _set_aside(path)
    return _from_values(path, values, migrations)


def _read_text(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _parse(text: bytes) -> Values | None:
    """The file's values, None where it is no such file."""
    if len(text) > MAX_FILE_BYTES:
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and _version_of(values) >= 1 else None


def _version_of(values: Values) -> int:
    version = values.get("version", 1)
    return version if isinstance(version, int) and not isinstance(version, bool) else 0


def _from_values(
    path: Path, values: Values, migrations: Sequence[Migration]
) -> tuple[Settings, str]:
    notes: list[str] = []
    current, version = len(migrations) + 1, _version_of(values)
    if version < current:
        values = _migrated(path, values, migrations, notes)
    elif version > current:
        copied = _copy_aside(path, f"v{version}")
        notes.append(f"The settings are of a newer version of Bathysphere{copied}.")
    settings = Settings(unknown={k: v for k, v in values.items() if k not in _KNOWN})
    wrong: list[str] = []
    for name in sorted(_KNOWN & values.keys()):
        settings = _with_checked(settings, name, values[name], wrong)
    if wrong:
        notes.append(f"Settings that could not be read are at their defaults: {', '.join(wrong)}.")
    return msgspec.structs.replace(settings, version=current), " ".join(notes)


def _with_checked(settings: Settings, name: str, value: object, wrong: list[str]) -> Settings:
    try:
        checked = msgspec.convert({name: value}, Settings)
    except msgspec.ValidationError:
        wrong.append(name)
        return settings
    return msgspec.structs.replace(settings, **{name: getattr(checked, name)})


def _migrated(
    path: Path, values: Values, migrations: Sequence[Migration], notes: list[str]
) -> Values:
    """The values as the newest version has them; as they were where a step fails."""
    version = _version_of(values)
    copied = _copy_aside(path, f"v{version}")
    migrated = copy.deepcopy(values)
    try:
        for step in migrations[version - 1 :]:
            step(migrated)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        notes.append(
            f"The settings of version {version} could not be brought over{copied}: {error}."
        )
        return values
    return migrated


def _set_aside(path: Path) -> str:
    """Move a broken file out of the way, and say where it is."""
    aside = _free_name(path, "damaged")
    try:
        os.replace(path, aside)
    except OSError as error:
        return f"The settings are damaged, so the defaults are used ({error})."
    return f"The settings were damaged, so the defaults are used. The old file is “{aside.name}”."


def _copy_aside(path: Path, word: str) -> str:
    """Keep a copy under another name; a part of a sentence that says so."""
    aside = _free_name(path, word)
    try:
        write_atomically(aside, path.read_bytes())
    except OSError as error:
        return f" (no copy could be kept: {error})"
    return f" (a copy is kept as “{aside.name}”)"


def _free_name(path: Path, word: str) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.stem}-{word}-{stamp}{dash}{path.suffix}" for dash in _endings())
    return next(name for name in map(path.with_name, names) if not name.exists())


def _endings() -> Sequence[str]:
    return ["", *(f"-{number}" for number in range(2, 1000))]


# ---- writing ----


def save(path: Path, settings: Settings) -> None:
    """Write the settings, whole or not at all.

    Raises:
        AppError: the disk refuses.
    """
    known: Values = msgspec.to_builtins(settings)
    values = {**known.pop("unknown"), **known}
    # Escaped, because the name of a folder need not be valid Unicode.
    text = json.dumps(values, indent=2, sort_keys=True) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError as error:
        raise AppError(
            "The settings could not be saved.",
            "Check that the disk has space and that your user folder may be written to.",
            str(error),
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename last; Windows knows no such thing and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
