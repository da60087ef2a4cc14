"""Whose token it is, asked of the hub. Runs in a worker, when asked.

Opens one connection, to the place HF_ENDPOINT names.
"""

import os
from typing import Any

from huggingface_hub import constants as hub_constants
from huggingface_hub import get_session
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # re-exported
    build_hf_headers,
    hf_raise_for_status,
)

from engine.errors import AppError
from engine.models.hub import TIMEOUT_S, errors_in_words
from engine.models.hub_token import VARIABLE, HubToken, token_in_use
from engine.process.messages import HubUser

_REFUSED = (401, 403)


def hub_user() -> HubUser:
    """Who the token in use belongs to, and what it may do.

    Raises:
        AppError: there is no token, the hub does not take it or cannot be reached.
    """
    token = token_in_use()
    if not token.value:
        raise AppError(
            "There is no token to check.", f"Keep one in the settings, or set {VARIABLE}."
        )
    try:
        return _user(_answer(token), token.source)
    except AppError as error:
        detail = error.detail.replace(token.value, "(the token)")
        raise AppError(error.message, error.hint, detail) from None


def _answer(token: HubToken) -> Any:
    """What the hub says of it. HfApi.whoami asks the same, but waits for ever."""
    endpoint = os.environ.get("HF_ENDPOINT") or hub_constants.ENDPOINT
    with errors_in_words("the hub"):
        answer = get_session().get(
            f"{endpoint.rstrip('/')}/api/whoami-v2",
            headers=build_hf_headers(token=token.value),
            timeout=TIMEOUT_S,
        )
        try:
            hf_raise_for_status(answer)
        except HfHubHTTPError as error:
            if answer.status_code not in _REFUSED:
                raise
            raise AppError(
                "The hub does not take this token.",
                "It may have been revoked: make a new one on your page of the hub.",
                str(error),
            ) from None
    try:
        return answer.json()
    except ValueError as error:
        raise _unreadable(str(error)) from None


def _user(answer: Any, source: str) -> HubUser:
    if not isinstance(answer, dict) or not isinstance(answer.get("name"), str):
        raise _unreadable(f"keys: {sorted(answer) if isinstance(answer, dict) else answer!r}")
    auth = answer.get("auth")
    access = auth.get("accessToken") if isinstance(auth, dict) else None
    role = access.get("role") if isinstance(access, dict) else ""
    return HubUser(name=answer["name"], role=str(role or ""), source=source)


def _unreadable(detail: str) -> AppError:
    return AppError(
        "The hub’s answer cannot be read.",
        "Where HF_ENDPOINT is set, check that a hub answers there.",
        detail[:500],
    )
