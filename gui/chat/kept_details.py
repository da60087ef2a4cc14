"""What is kept beside a message, as far as it can be shown. Qt-free.

A chat's file may come from another version or another hand: an entry of another kind than it should
be counts as not noted, so that no file keeps its chat from being opened.
"""

from typing import Any

_NUMBERS = (int, float)
_KINDS: dict[str, type | tuple[type, ...]] = {
    "n_generated": int,
    "n_tokens": int,
    "n_prompt": int,
    "n_reused": int,
    "n_decoded": int,
    "n_reasoning": int,
    "n_by_hand": int,
    "n_dropped_tokens": int,
    "n_dropped_later_tokens": int,
    "seed": int,
    "tokens_per_s": _NUMBERS,
    "first_token_ms": _NUMBERS,
    "reasoning_ms": _NUMBERS,
    "finish": str,
    "error": str,
    "made_with": dict,
    "dropped": list,
    "dropped_later": list,
    "attachments": list,
}
_LISTS: dict[str, type] = {"dropped": str, "dropped_later": str, "attachments": dict}
# The figures of a reply are told together or not at all.
_FIGURES = frozenset(
    ("n_generated", "tokens_per_s", "first_token_ms", "n_reused", "n_prompt", "seed")
)


def readable(details: dict[str, Any]) -> dict[str, Any]:
    """The entries that are what they should be; the same dict where all are. Asked for every
    message of a chat when it is opened."""
    odd = set()
    for name, value in details.items():  # plain, as it is asked 10,000 times
        kind = _KINDS.get(name)
        if kind is None:
            continue
        if not isinstance(value, kind) or (kind is list and not _holds(name, value)):
            odd.add(name)
    if "n_generated" in details and (odd & _FIGURES or not details.keys() >= _FIGURES):
        odd |= _FIGURES
    return {name: value for name, value in details.items() if name not in odd} if odd else details


def _holds(name: str, value: Any) -> bool:
    """What a list holds is what it should be."""
    return all(isinstance(one, _LISTS[name]) for one in value)
