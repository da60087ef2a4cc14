"""Which llama.cpp build is installed and which GPUs the set-up saw beside it: what the status
bar says of it. No Qt."""

import json
import sys
from pathlib import Path

from msgspec import Struct

FILE_NAME = "bathysphere-build.json"  # written into the environment by the set-up


class BuildInfo(Struct, frozen=True):
    """backend: "cpu", "metal", "cuda", "vulkan" or "" (unknown); gpus_seen: names of graphics
    cards; suggested: the backend that would use one of them, "" where none would."""

    backend: str = ""
    gpus_seen: tuple[str, ...] = ()
    suggested: str = ""

    @property
    def idle_gpu(self) -> str:
        """The card that a CPU build leaves unused; "" where there is none."""
        has_better = bool(self.suggested) and self.suggested != self.backend
        return self.gpus_seen[0] if self.backend == "cpu" and self.gpus_seen and has_better else ""

    @property
    def command(self) -> str:
        """The command that makes use of it."""
        return f"make setup BACKEND={self.suggested}"


def read_build_info(folder: Path | None = None) -> BuildInfo:
    """What the set-up wrote; unknown where it wrote nothing readable (another way of
    installing)."""
    path = (folder or Path(sys.prefix)) / FILE_NAME
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return BuildInfo(
            backend=str(entries.get("backend", "")),
            gpus_seen=tuple(str(name) for name in entries.get("gpus_seen", [])),
            suggested=str(entries.get("suggested_backend", "")),
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return BuildInfo()
