"""Keyrings for tests: one that keeps its secrets in a file named by FAKE_KEYRING (so that a worker
started by the test sees what the test kept), and one that does not open.

A worker takes one by PYTHON_KEYRING_BACKEND, a test by keyring.set_keyring.
"""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

# Below that of the keyring that every system has and that fails: taken only where a test asks.
NEVER_BY_ITSELF = -1.0


class FileKeyring(KeyringBackend):
    """In a file, for the length of a test."""

    priority = NEVER_BY_ITSELF

    def get_password(self, service: str, username: str) -> str | None:
        found = self._read().get(f"{service} {username}")
        return None if found is None else str(found)

    def set_password(self, service: str, username: str, password: str) -> None:
        _path().write_text(json.dumps({**self._read(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        del kept[f"{service} {username}"]
        _path().write_text(json.dumps(kept))

    def _read(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads(_path().read_text()) if _path().exists() else {}
        return kept


class LockedKeyring(KeyringBackend):
    """Says no; its errors are of several kinds, and repeat what was given."""

    priority = NEVER_BY_ITSELF

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("it stays locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(f"it stays locked for {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("it stays locked")


def _path() -> Path:
    return Path(os.environ["FAKE_KEYRING"])
