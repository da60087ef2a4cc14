"""A keyring for one test, in this process and in the workers that it starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from tests.fakes.fake_keyring import FileKeyring

TOKEN = "hf_oceanOCEANoceanOCEANoceanOCEAN1234"  # of no hub


@contextmanager
def keyring_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type[KeyringBackend] = FileKeyring
) -> Iterator[Path]:
    """Put a keyring in the place of the system's; the path of its file."""
    before = keyring.get_keyring()
    path = folder / "keyring.json"
    monkeypatch.setenv("FAKE_KEYRING", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{kind.__module__}.{kind.__qualname__}")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    keyring.set_keyring(kind())
    try:
        yield path
    finally:
        keyring.set_keyring(before)


def use(kind: type[KeyringBackend]) -> None:
    """Another keyring within the block of keyring_of, in this process alone."""
    keyring.set_keyring(kind())


__all__ = ["TOKEN", "FileKeyring", "NoKeyring", "keyring_of", "use"]
