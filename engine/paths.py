"""Where Bathysphere keeps a person's files. Names only: nothing is created here but by `ensure`."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Paths:
    """The user folder and what lies in it. `home` holds everything; nothing is written outside
    it."""

    home: Path

    @property
    def settings(self) -> Path:
        return self.home / "settings.json"

    @property
    def chats(self) -> Path:
        return self.home / "chats.db"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def datasets(self) -> Path:
        """Rows to learn from, a folder each; made when the first is brought."""
        return self.home / "datasets"

    @property
    def corpora(self) -> Path:
        """Raw texts to raise models from, a folder each; made when the first is brought."""
        return self.home / "corpora"

    @property
    def tokenizers(self) -> Path:
        """Tokenizers that were trained here, a folder each; made with the first."""
        return self.home / "tokenizers"

    @property
    def presets(self) -> Path:
        """Saved prompts and sampling settings, a file each; made when the first is saved."""
        return self.home / "presets"

    @property
    def states(self) -> Path:
        """Kept KV states of chats, bounded in size; safe to delete."""
        return self.home / "states"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def cache(self) -> Path:
        """Measured facts of this machine (thread trial, fit corrections); safe to delete."""
        return self.home / "cache"

    def ensure(self) -> "Paths":
        """Create the folders.

        Raises:
            OSError: the disk refuses; the caller says so in words.
        """
        for folder in (self.home, self.models, self.runs, self.states, self.logs, self.cache):
            folder.mkdir(parents=True, exist_ok=True)
        return self


def user_paths() -> Paths:
    """The user folder: `BATHYSPHERE_HOME` where set, the platform's data folder otherwise."""
    moved = os.environ.get("BATHYSPHERE_HOME")
    if moved:
        return Paths(Path(moved).expanduser().absolute())
    return Paths(Path(platformdirs.user_data_dir("bathysphere", appauthor=False, roaming=False)))
