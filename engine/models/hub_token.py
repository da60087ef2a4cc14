"""The person's token for the hub: kept in the system's keyring and nowhere else.

Light: safe to import anywhere. Every call here may wait for the keyring (it may ask its owner to
unlock it), so the window never makes one on its own thread. What a token is good for is asked by
hub_user.py, in a worker. No error here repeats a token.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from engine.errors import AppError

SERVICE, USER = "bathysphere", "hugging-face"
VARIABLE = "HF_TOKEN"
MAX_CHARS = 512


class HubToken(NamedTuple):
    """source: "keyring", "HF_TOKEN", or "" where there is none (and value "")."""

    source: str
    value: str

    @property
    def ending(self) -> str:
        """What may be shown of it: its last four characters, none of a short one."""
        return self.value[-4:] if len(self.value) >= 12 else ""

    def __repr__(self) -> str:
        return f"HubToken(source={self.source!r})"  # a token is in no log and no traceback


def kept_token() -> HubToken:
    """The token in the keyring.

    Raises:
        AppError: this system has no keyring, or it does not open.
    """
    with _keyring_in_words():
        import keyring

        value = keyring.get_password(SERVICE, USER) or ""
    return HubToken("keyring" if value else "", value)


def environment_token() -> HubToken:
    """The token in HF_TOKEN."""
    value = os.environ.get(VARIABLE, "").strip()
    return HubToken(VARIABLE if value else "", value)


def token_in_use() -> HubToken:
    """The kept one; where there is none or no keyring, the environment's."""
    try:
        kept = kept_token()
    except AppError:
        kept = HubToken("", "")  # said where tokens are kept; what is public needs none
    return kept if kept.value else environment_token()


def hub_token() -> str:
    """The value of the token in use; "" where there is none."""
    return token_in_use().value


def checked(text: str) -> str:
    """A token as it was pasted, without the blanks around it.

    Raises:
        AppError: it cannot be one.
    """
    token = text.strip()
    if not token:
        raise AppError("There is nothing to keep.", "Paste a token first.")
    if not token.isascii() or not token.isprintable() or " " in token or len(token) > MAX_CHARS:
        raise AppError(
            "This is no token.",
            "A token is one word of letters and digits, such as hf_ and 34 more.",
        )
    return token


def keep_token(token: str) -> HubToken:
    """Put a token, as `checked` gave it, into the keyring, in the place of the one before.

    Raises:
        AppError: this system has no keyring, or it refuses.
    """
    with _keyring_in_words(token):
        import keyring

        keyring.set_password(SERVICE, USER, token)
    return HubToken("keyring", token)


def forget_token() -> None:
    """Take the token out of the keyring; none there is fine.

    Raises:
        AppError: this system has no keyring, or it refuses.
    """
    with _keyring_in_words():
        import keyring

        if keyring.get_password(SERVICE, USER) is not None:
            keyring.delete_password(SERVICE, USER)


@contextmanager
def _keyring_in_words(token: str = "") -> Iterator[None]:
    from keyring.errors import NoKeyringError

    try:
        yield
    except (NoKeyringError, ImportError) as error:
        raise AppError(
            "This system has no keyring, so no token can be kept.",
            f"Set {VARIABLE} before Bathysphere starts, and that token is used.",
            str(error),
        ) from None
    except Exception as error:  # a system's own raises what it likes, and may repeat the token
        detail = f"{type(error).__name__}: {error}"
        raise AppError(
            "The system’s keyring did not do it.",
            f"Unlock it and try again, or set {VARIABLE} before Bathysphere starts.",
            detail.replace(token, "(the token)") if token else detail,
        ) from None
