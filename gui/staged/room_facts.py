"""What one room whose work goes in stages is beside another."""

from __future__ import annotations

from msgspec import Struct

from finetune.run.folder import RunKind
from gui.staged.side import SideWords


class RoomFacts(Struct, frozen=True):
    """key: of its splitters, and before its openers; kind: of the runs it lists; first, of_run: the
    pages that a draft and a run begin with; refused: where what keeps a run from starting can be
    mended; run_command: "Run: {name}", as the palette says it.
    """

    key: str
    kind: RunKind
    name: str
    first: str
    of_run: str
    refused: str
    side: SideWords
    new_words: str
    start_words: str
    new_name: str
    run_command: str
