"""Examples laid out as a prompt: a base model that has read some pairs continues with one more.
Qt-free.

few = FewShot(fields=["English", "French"], examples=[["cat", "chat"]], query=["dog"])
prompt(few)  # "English: cat\\nFrench: chat\\n\\nEnglish: dog\\nFrench:"
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

Style = Literal["lines", "arrow", "headings", "tags"]
STYLES: tuple[Style, ...] = get_args(Style)
MOST_FIELDS = 4
MOST_EXAMPLES = 200


class FewShot(msgspec.Struct, frozen=True):
    """Examples, a row each with an entry per field; the last field is what the model is to write.
    query: the row to be answered, without its last entry."""

    instruction: str = ""
    fields: list[str] = msgspec.field(default_factory=lambda: ["Input", "Output"])
    examples: list[list[str]] = []
    query: list[str] = []
    style: Style = "lines"

    @property
    def is_blank(self) -> bool:
        """Nothing was filled in."""
        return not (self.instruction or any(map(any, self.examples)) or any(self.query))


def from_json(value: object) -> FewShot:
    """What a notebook kept; an empty one where it is no such thing."""
    try:
        few = msgspec.convert(value, FewShot)
    except msgspec.ValidationError:
        return FewShot()
    return few if 2 <= len(few.fields) <= MOST_FIELDS else FewShot()


def as_json(few: FewShot) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(few)
    return built


def prompt(few: FewShot) -> str:
    """The text for the model; it ends where the model is to write. Empty rows are left out."""
    rows = [
        _filled(row, len(few.fields)) for row in few.examples if any(cell.strip() for cell in row)
    ]
    blocks = [_block(few, row) for row in rows]
    blocks.append(_opening(few, _filled(few.query, len(few.fields) - 1)))
    head = [few.instruction.strip()] if few.instruction.strip() else []
    between = "\n" if few.style == "arrow" else "\n\n"
    return "\n\n".join([*head, between.join(blocks)])


def stop_string(few: FewShot) -> str:
    """What the model writes when its answer is over and the next example would begin."""
    return {
        "lines": "\n\n",
        "arrow": "\n",
        "headings": "\n#",
        "tags": f"</{_tag(few.fields[-1])}>",
    }[few.style]


def with_field(few: FewShot, at: int, name: str) -> FewShot:
    """One more field at a place; its cells are empty."""
    examples = [[*row[:at], "", *row[at:]] for row in few.examples]
    fields = [*few.fields[:at], name, *few.fields[at:]]
    return FewShot(few.instruction, fields, examples, [*few.query, ""][: at + 1], few.style)


def without_field(few: FewShot, at: int) -> FewShot:
    """A field less, its cells with it."""
    examples = [[*row[:at], *row[at + 1 :]] for row in few.examples]
    fields = [*few.fields[:at], *few.fields[at + 1 :]]
    return FewShot(few.instruction, fields, examples, few.query[:at], few.style)


def _filled(row: list[str], n_cells: int) -> list[str]:
    return [cell.strip() for cell in [*row, *[""] * n_cells][:n_cells]]


def _block(few: FewShot, row: list[str]) -> str:
    """One example, whole."""
    opening, answer = _opening(few, row[:-1]), row[-1]
    if few.style == "headings":
        return f"{opening}{answer}"
    if few.style == "tags":
        return f"{opening}{answer}</{_tag(few.fields[-1])}>"
    return f"{opening} {answer}"


def _opening(few: FewShot, row: list[str]) -> str:
    """An example up to where its answer begins. No blank at the end: tokens carry their own."""
    *names, last = few.fields
    pairs = list(zip(names, row, strict=True))
    if few.style == "arrow":
        return " | ".join(row) + " →"
    if few.style == "headings":
        return "".join(f"### {name}\n{cell}\n" for name, cell in pairs) + f"### {last}\n"
    if few.style == "tags":
        told = "".join(f"<{_tag(name)}>{cell}</{_tag(name)}>\n" for name, cell in pairs)
        return f"{told}<{_tag(last)}>"
    return "".join(f"{name}: {cell}\n" for name, cell in pairs) + f"{last}:"


def _tag(name: str) -> str:
    """A field's name as a tag: letters, digits and underscores."""
    return "".join(c if c.isalnum() else "_" for c in name.strip().casefold()) or "field"
