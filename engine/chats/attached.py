"""What a message with attachments says to the model: their texts, then the message itself.

Pure text; reads no file. The window and the dataset of rated replies both use it, so that what is
learnt from is what was sent.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_FENCES = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_SHORTEST_FENCE = 3


def attached_text(content: str, attachments: Sequence[Mapping[str, Any]]) -> str:
    """The message as the model is to read it.

    Args:
        content: what the person wrote.
        attachments: {"name": str, "text": str, ...} each; one without text adds nothing.

    Returns:
        Each attachment as a block headed by its name, in a fence longer than any within it; then
        the content.
    """
    blocks = [_block(one) for one in attachments if one.get("text")]
    return "\n\n".join([*blocks, content] if content else blocks)


def _block(attachment: Mapping[str, Any]) -> str:
    text = str(attachment["text"])
    name = " ".join(str(attachment.get("name", "")).split())
    fence = "`" * max([_SHORTEST_FENCE, *(len(run) + 1 for run in _FENCES.findall(text))])
    end = "" if text.endswith("\n") else "\n"
    return f"{name}\n{fence}\n{text}{end}{fence}".lstrip("\n")
