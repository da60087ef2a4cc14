"""Sentinels in what is no content: the texts inside tool calls and tool descriptions.

A template writes those as JSON or in a form of its own, and tests their names and types, so only
texts that say something become sentinels: all within a call's `arguments`, and every `description`
of a tool. What is left (keys, names, types) must not look like a special token; that is refused,
because nobody could tell it from the template's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import AppError
from engine.generation.template_spans import Key, Probe

# Within a call everything under this key is data; within a tool's description what stands at it.
_CALL_DATA = "arguments"
_TOOL_DATA = "description"
# Stretches of a message's content are numbered from 0; those of its values from here.
_FIRST_VALUE = 1_000_000

Extras = Sequence[Mapping[str, Any]]


def fill(probe: Probe, extras: Extras, tools: Any) -> tuple[list[Mapping[str, Any]], Any]:
    """The further keys of all messages, and the tools, with sentinels of `probe` for their texts.
    Texts of tools belong to the message after the last one."""
    n_messages = len(probe.contents)
    filled = [
        {
            name: _filled(value, name == _CALL_DATA, _CALL_DATA, _writer(probe, index))
            for name, value in more.items()
        }
        for index, more in enumerate(extras)
    ]
    if tools is None:
        return list(filled), None
    return list(filled), _filled(tools, False, _TOOL_DATA, _writer(probe, n_messages))


def texts(extras: Extras, tools: Any) -> list[str]:
    """All texts that `fill` replaces."""
    found: list[str] = []

    def take(text: str) -> str:
        found.append(text)
        return text

    for more in extras:
        _filled(dict(more), False, _CALL_DATA, take)
    _filled(tools, False, _TOOL_DATA, take)
    return found


def require_plain(extras: Extras, tools: Any, looks_special: Callable[[str], bool]) -> None:
    """Raises AppError where a key, a name or a type looks like a special token."""
    for more in extras:
        if any(map(looks_special, _others(dict(more), _CALL_DATA))):
            raise AppError(
                "A tool call's name or key holds text that looks like a special token.",
                "Take the text in angle or square brackets out of it.",
            )
    if any(map(looks_special, _others(tools, _TOOL_DATA))):
        raise special_in_tools()


def special_in_tools() -> AppError:
    """What to say of tools whose texts cannot be told from the template's own."""
    return AppError(
        "A tool's description holds text that looks like a special token.",
        "Take the text in angle or square brackets out of it.",
    )


def _writer(probe: Probe, message: int) -> Callable[[str], str]:
    """Gives each text a sentinel of its own; blank ones stay, since templates test for them."""

    def write(text: str) -> str:
        if not text.strip():
            return text
        n_before = sum(1 for key in probe.stretches if key[0] == message)
        key: Key = (message, _FIRST_VALUE + n_before)
        probe.stretches[key] = text
        if probe.kept:
            probe.kept[key] = ([], [])
        return probe.sentinel(key)

    return write


def _filled(value: Any, is_data: bool, key: str, write: Callable[[str], str]) -> Any:
    """A value with the texts under `key` written anew: all within it for calls, at it for tools."""
    if isinstance(value, str):
        return write(value) if is_data else value
    if isinstance(value, Mapping):
        return {
            name: _filled(one, _is_data(is_data, name, one, key), key, write)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_filled(one, is_data, key, write) for one in value]
    return value


def _others(value: Any, key: str, is_data: bool = False) -> Iterator[str]:
    """Keys, and texts that `_filled` leaves."""
    if isinstance(value, str):
        if not is_data:
            yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from _others(one, key, _is_data(is_data, name, one, key))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _others(one, key, is_data)


def _is_data(is_data: bool, name: str, value: Any, key: str) -> bool:
    if key == _TOOL_DATA:
        return name == key and isinstance(value, str)
    return is_data or name == key
