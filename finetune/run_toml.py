"""A run's TOML file as frozen dataclasses, one for each table, and back: checked as it is read.

A field's `help` is tooltip, command-line help and documentation. Light: the window reads and writes
these too. config.py (fine-tuning) and pretraining/config.py say which tables there are.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from engine.errors import AppError


@dataclass(frozen=True)
class RunFile:
    """A run's whole configuration; its fields are tables."""

    def problems(self) -> dict[str, str]:
        """Everything that is wrong, all at once: "table.field" -> a sentence."""
        raise NotImplementedError


C = TypeVar("C", bound=RunFile)


def option(default: Any, words: str) -> Any:
    """A field with its help; is_path in its metadata where it is a path."""
    return field(default=default, metadata={"help": words})


def path_option(default: Any, words: str) -> Any:
    """A field that names a file or folder: a relative one is taken from the file's own folder."""
    return field(default=default, metadata={"help": words, "is_path": True})


def changed(config: C, **fields: Any) -> C:
    """A copy with other values; names as "table__field"."""
    for name, value in fields.items():
        table, _, one = name.partition("__")
        new = dataclasses.replace(getattr(config, table), **{one: value})
        config = dataclasses.replace(config, **{table: new})
    return config


def help_of(kind: type[C], name: str) -> str:
    """The help of "table.field"."""
    table, _, one = name.partition(".")
    tables = get_type_hints(kind)
    return next(str(f.metadata["help"]) for f in dataclasses.fields(tables[table]) if f.name == one)


def read_toml(kind: type[C], path: Path, *, is_draft: bool = False) -> C:
    """A run's file.

    Args:
        is_draft: whether values may be missing or out of their bounds.

    Raises:
        AppError: it cannot be read, is no TOML, or says something that cannot be; all at once.
    """
    return config_of(kind, tables_of(path), path.parent, is_draft=is_draft)


def tables_of(path: Path) -> dict[str, Any]:
    """A TOML file's tables, unchecked. Raises AppError where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.", "Check the path and its permissions.", str(error)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AppError(
            f"“{path.name}” is no valid TOML: {error}.", "Mend the line that it names."
        ) from error


def config_of(
    kind: type[C], raw: dict[str, Any], folder: Path | None = None, *, is_draft: bool = False
) -> C:
    """A configuration from its tables; relative paths are taken from `folder`.

    Raises:
        AppError: as read_toml.
    """
    wrong: list[str] = []
    tables = {}
    kinds = get_type_hints(kind)
    for name, table in raw.items():
        if name not in kinds or not isinstance(table, dict):
            wrong.append(f"[{name}] is unknown")
            continue
        tables[name] = _table(kinds[name], name, table, wrong)
    config = _resolved(kind(**tables), folder) if not wrong else kind()
    if not wrong and not is_draft:
        wrong += [f"{name}: {words}" for name, words in config.problems().items()]
    if wrong:
        raise AppError(f"The run's file cannot be used: {'; '.join(wrong)}.", "Mend it there.")
    return config


def to_toml(config: RunFile) -> str:
    """The file as text; read_toml gives the same configuration back."""
    lines: list[str] = []
    for table in dataclasses.fields(config):
        lines.append(f"[{table.name}]")
        value = getattr(config, table.name)
        for one in dataclasses.fields(value):
            given = getattr(value, one.name)
            if given != one.default or one.name in ("path", "dir"):
                lines.append(f"{one.name} = {_toml(given)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        # TOML's basic strings are JSON's, but for DEL, which has to be escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _table(kind: Any, name: str, table: dict[str, Any], wrong: list[str]) -> Any:
    known = {one.name for one in dataclasses.fields(kind)}
    hints = get_type_hints(kind)
    given = {}
    for key, value in table.items():
        if key not in known:
            wrong.append(f"{name}.{key} is unknown")
        elif (fit := _fitting(hints[key], value)) is None:
            wrong.append(f"{name}.{key} cannot be {value!r}")
        else:
            given[key] = fit
    return kind(**given)


def _fitting(hint: Any, value: Any) -> Any:
    """The value as its field wants it, None where it does not fit."""
    choices = get_args(hint) if getattr(hint, "__origin__", None) is Literal else ()
    if choices:
        return value if value in choices else None
    if hint is bool or isinstance(value, bool):
        return value if hint is bool and isinstance(value, bool) else None
    if hint == tuple[str, ...]:
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return tuple(value) if is_list else None
    if hint == float | str:
        return float(value) if isinstance(value, int | float) else value
    if hint is float:
        return float(value) if isinstance(value, int | float) else None
    return value if isinstance(value, hint) else None


def _resolved(config: C, folder: Path | None) -> C:
    if folder is None:
        return config
    fields: dict[str, Any] = {}
    for table in dataclasses.fields(config):
        for one in dataclasses.fields(getattr(config, table.name)):
            value = getattr(getattr(config, table.name), one.name)
            is_path = one.metadata.get("is_path") and isinstance(value, str)
            if is_path and value and value != "starter":
                path = (folder / Path(value).expanduser()).absolute()
                fields[f"{table.name}__{one.name}"] = str(path)
    return changed(config, **fields)
