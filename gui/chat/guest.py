"""A view that stands in the conversation's place and answers for it: what is sent, and what Esc and
the room's other keys mean while it is there. The columns are one.
"""

from collections.abc import Sequence
from typing import Any, Protocol


class Guest(Protocol):
    """What the desk asks of such a view."""

    prompt: str  # what the empty field says

    def send(self, text: str, prefill: str, attachments: Sequence[dict[str, Any]], /) -> bool:
        """Take a message; False where it was refused."""

    def ask_again(self) -> None:
        """Answer what was asked last once more."""

    def escape(self) -> None:
        """Esc: stop what is being written, else leave."""
