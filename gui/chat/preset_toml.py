"""A preset as text: TOML that a person can read, write and pass on.

Python reads TOML and writes none, so the writer is here: only what a preset holds.
"""

import re
from collections.abc import Mapping
from typing import Any

from engine.errors import AppError
from gui.chat.chat_settings import ChatSettings, with_checked
from gui.chat.preset import OUTPUT, SAMPLING, Preset
from gui.chat.words import tr

FORMAT = 1
MAX_NAME = 80
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\f": "\\f", "\r": "\\r"}


# ---- reading ----


def parse_preset(text: str, file_name: str) -> Preset:
    """A preset from a file's text.

    Raises:
        AppError: it is none; says what is wrong in it, and where.
    """
    import tomllib  # not before the window painted

    try:
        entries = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refused(file_name, _place(error), str(error)) from error
    problem = _problem(entries)
    if problem:
        raise _refused(file_name, problem)
    return Preset(
        name=entries["name"].strip(),
        about=entries.get("about", ""),
        system_prompt=entries.get("system_prompt"),
        sampling=_checked(entries.get("sampling"), SAMPLING, file_name),
        output=_checked(entries.get("output"), OUTPUT, file_name),
    )


def _refused(file_name: str, problem: str, detail: str = "") -> AppError:
    return AppError(
        tr("“{file}” is no preset: {problem}.").format(file=file_name, problem=problem),
        tr("Correct the file, or ask whoever made it for a new one."),
        detail,
    )


def _place(error: Exception) -> str:
    where = re.search(r"line (\d+)", str(error))
    if where is None:
        return tr("it is not TOML")
    return tr("it is not TOML in line {line}").format(line=where[1])


def _problem(entries: dict[str, Any]) -> str:
    version, name = entries.get("format"), entries.get("name")
    if not isinstance(version, int):
        return tr("it does not begin with “format = 1”")
    if version > FORMAT:
        return tr("it was made by a newer version of Bathysphere")
    if not isinstance(name, str) or not name.strip():
        return tr("it has no name")
    if len(name) > MAX_NAME:
        return tr("its name is longer than {n} letters").format(n=MAX_NAME)
    for key, kind in (("about", str), ("system_prompt", str), ("sampling", dict), ("output", dict)):
        if not isinstance(entries.get(key, kind()), kind):
            return tr("“{key}” is not what it should be").format(key=key)
    return ""


def _checked(
    values: dict[str, Any] | None, names: tuple[str, ...], file_name: str
) -> dict[str, Any] | None:
    if values is None:
        return None
    checked: dict[str, Any] = {}
    for name, value in values.items():
        settings = with_checked(ChatSettings(), name, value) if name in names else None
        if settings is None:
            known = tr("“{name}” cannot have this value")
            form = known if name in names else tr("“{name}” is no setting of a preset")
            raise _refused(file_name, form.format(name=name))
        checked[name] = getattr(settings, name)
    return checked


# ---- writing ----


def preset_text(preset: Preset) -> str:
    """The file's text; parse_preset reads it back as it was."""
    lines = ["# A preset of Bathysphere: import it from the menu above a chat's settings."]
    lines += [f"format = {FORMAT}", f"name = {_quoted(preset.name)}"]
    if preset.about:
        lines.append(f"about = {_quoted(preset.about)}")
    if preset.system_prompt is not None:
        lines.append(f"system_prompt = {_quoted_lines(preset.system_prompt)}")
    for title, values in (("sampling", preset.sampling), ("output", preset.output)):
        if values is not None:
            lines += ["", f"[{title}]"]
            lines += [f"{name} = {_value(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _quoted_lines(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_quoted(str(one)) for one in value) + "]"
    return repr(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace("\n", "\\n") + '"'


def _quoted_lines(text: str) -> str:
    """A text of several lines stays one that can be read."""
    return f'"""\n{_escaped(text)}"""' if "\n" in text else _quoted(text)


def _escaped(text: str) -> str:
    return "".join(_escaped_letter(letter) for letter in text)


def _escaped_letter(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if "\ud800" <= letter <= "\udfff":
        return "\ufffd"  # half of a surrogate pair is no character and cannot be kept
    is_control = letter < " " or letter == "\x7f"
    return f"\\u{ord(letter):04X}" if is_control and letter != "\n" else letter
