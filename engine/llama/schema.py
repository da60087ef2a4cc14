"""JSON schema to GBNF. llama.cpp's converter silently ignores what it cannot express; here that is
refused in words."""

import json
import re
from collections.abc import Iterator

from engine.errors import AppError

_MEANINGLESS = {"title", "description", "default", "examples", "$schema", "$id", "$comment"}
# A grammar spells repetitions out; beyond this llama.cpp refuses it or exhausts its stack.
MAX_COUNT = 1000
_SPLIT = {"oneOf", "anyOf", "$ref"}
_FORMATS = {"date", "time", "date-time", "uuid"}
# A definition under one of these names would collide with the converter's own rules.
_RESERVED = {"root", "space", "dot", "string", "number", "integer", "boolean", "null", "object"}
_RESERVED |= {"array", "value", "char", "uuid", "date", "time", "date-time"}
_KNOWN = _MEANINGLESS | {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "definitions",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "minItems",
    "minLength",
    "oneOf",
    "pattern",
    "prefixItems",
    "properties",
    "required",
    "type",
}


def schema_to_grammar(text: str) -> str:
    """GBNF for a JSON schema given as JSON text.

    Raises:
        AppError: not JSON, not a schema, or it uses a keyword that a grammar cannot express; all
            such places are named.
    """
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise AppError(
            f"The JSON schema is not JSON: {error.msg} in line {error.lineno}.",
            "Correct it and try again.",
        ) from error
    if not isinstance(schema, dict):
        raise AppError("A JSON schema is an object.", 'For example {"type": "object"}.')
    problems = list(_problems(schema, "#"))
    if problems:
        raise AppError(
            f"This JSON schema cannot be held to: {'; '.join(problems)}.",
            "Leave these keywords out, or say them in the prompt.",
        )
    return _convert(text)


def _convert(text: str) -> str:
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(text))
    except (AssertionError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AppError(
            "This JSON schema cannot be turned into a grammar.",
            "Make it simpler; Details names the place.",
            repr(error),
        ) from error


def _problems(schema: object, where: str) -> Iterator[str]:
    """Every place a grammar cannot express, in words."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{where} allows nothing"
        return
    if not isinstance(schema, dict):
        yield f"{where} is not a schema"
        return
    for keyword in schema.keys() - _KNOWN:
        yield f"{where} uses {keyword}"
    yield from _combination_problems(schema, where)
    yield from _value_problems(schema, where)
    for name, child in _children(schema):
        yield from _problems(child, f"{where}/{name}")


def _combination_problems(schema: dict[str, object], where: str) -> Iterator[str]:
    constraints = schema.keys() - _MEANINGLESS - {"$defs", "definitions"}
    split = constraints & _SPLIT
    if "$ref" in schema and where == "#":
        yield "the root is a $ref"
    if split and constraints - split - {"type"}:
        yield f"{where} has {', '.join(sorted(constraints - split - {'type'}))} beside {min(split)}"
    if len(split) > 1:
        yield f"{where} has {' and '.join(sorted(split))} together"
    for lone in ("pattern", "format", "prefixItems"):
        beside = constraints & {
            "pattern",
            "format",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
        }
        if lone in schema and beside - {lone}:
            yield f"{where} has {', '.join(sorted(beside - {lone}))} beside {lone}"
    if constraints & {"minItems", "maxItems"} and "items" not in schema:
        yield f"{where} counts items without saying what they are"
    if isinstance(schema.get("type"), list) and constraints - {"type", "enum", "const"}:
        yield f"{where} has several types with conditions"


def _value_problems(schema: dict[str, object], where: str) -> Iterator[str]:
    reference = schema.get("$ref")
    if reference is not None:
        yield from _reference_problems(str(reference), where)
    for count in ("minLength", "maxLength", "minItems", "maxItems"):
        value = schema.get(count)
        if value is not None and not (isinstance(value, int) and 0 <= value <= MAX_COUNT):
            yield f"{where} has {count} {value}, which is not between 0 and {MAX_COUNT:,}"
    properties = schema.get("properties")
    required = schema.get("required")
    if isinstance(required, list):
        known = properties if isinstance(properties, dict) else {}
        for name in required:
            if name not in known:
                yield f"{where} requires {name}, which it does not describe"
    pattern = schema.get("pattern")
    if pattern is not None:
        yield from _pattern_problems(str(pattern), where)
    form = schema.get("format")
    if form is not None and form not in _FORMATS:
        yield f"{where} uses the format {form}"


def _reference_problems(reference: str, where: str) -> Iterator[str]:
    parts = reference.split("/")
    if len(parts) != 3 or parts[0] != "#" or parts[1] not in ("$defs", "definitions"):
        yield f"{where} refers to {reference}, which is not one of this schema's $defs"
    elif parts[2] in _RESERVED:
        yield f"{where} refers to a definition named {parts[2]}, a name the grammar needs itself"


def _pattern_problems(pattern: str, where: str) -> Iterator[str]:
    if not (pattern.startswith("^") and pattern.endswith("$")):
        yield f"{where} has a pattern that does not run from ^ to $"
    counts = [int(n) for pair in re.findall(r"\{(\d*),?(\d*)\}", pattern) for n in pair if n]
    if max(counts, default=0) > MAX_COUNT:
        yield f"{where} has a pattern that counts beyond {MAX_COUNT:,}"
    for escape in ("\\d", "\\w", "\\s", "\\b", "\\D", "\\W", "\\S", "(?"):
        if escape in pattern:
            yield f"{where} has {escape} in its pattern"


def _children(schema: dict[str, object]) -> Iterator[tuple[str, object]]:
    for key in ("properties", "$defs", "definitions"):
        group = schema.get(key)
        if isinstance(group, dict):
            for name, child in group.items():
                yield f"{key}/{name}", child
    for key in ("oneOf", "anyOf", "prefixItems"):
        group = schema.get(key)
        if isinstance(group, list):
            for index, child in enumerate(group):
                yield f"{key}/{index}", child
    items = schema.get("items")
    if isinstance(items, list):
        for index, child in enumerate(items):
            yield f"items/{index}", child
    elif items is not None:
        yield "items", items
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        yield "additionalProperties", extra
