"""The hub, through huggingface_hub: which GGUF files a repository has. Runs in a worker, when
asked.

Reads names, sizes and digests; fetches no file.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: the transport's own base, re-exported
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from engine.errors import AppError
from engine.models.hub_token import hub_token
from engine.process.messages import HubFile, HubFiles

TIMEOUT_S = 10.0


def list_files(repository: str) -> HubFiles:
    """The GGUF files of a repository ("owner/name"), by name.

    Raises:
        AppError: no such repository, not allowed, or the hub cannot be reached.
    """
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=hub_token() or None)
    with errors_in_words(repository), _received() as sizes:
        info = api.model_info(repository, files_metadata=True, timeout=TIMEOUT_S)
    files = [
        HubFile(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else "")
        for one in info.siblings or []
        if one.rfilename.lower().endswith(".gguf")
    ]
    files.sort(key=lambda file: file.name)
    return HubFiles(repository, info.sha or "", files, sum(sizes))


@contextmanager
def errors_in_words(repository: str) -> Iterator[None]:
    """What the hub refuses in the block, said as AppError."""
    try:
        yield
    except HFValidationError as error:
        raise AppError(
            f"“{repository}” is no name of a repository.", "Names look like owner/name.", str(error)
        ) from error
    except GatedRepoError as error:
        raise AppError(
            f"{repository} asks for consent first.", "Ask for access on its page.", str(error)
        ) from error
    except RepositoryNotFoundError as error:
        raise AppError(
            f"The hub has no public repository {repository}.", "Check the name.", str(error)
        ) from error
    except OfflineModeIsEnabled as error:
        raise AppError(
            "This program was started offline.", "Unset HF_HUB_OFFLINE to use the hub.", str(error)
        ) from error
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise AppError(
            "The hub cannot be reached.", "Check the connection and try again.", str(error)
        ) from error


@contextmanager
def _received() -> Iterator[list[int]]:
    """How many bytes each answer had over the wire, told to the person who asked for it."""
    sizes: list[int] = []

    def note(response: Any) -> None:
        response.read()
        sizes.append(response.num_bytes_downloaded)

    client = get_session()
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "response": [*hooks["response"], note]}
    try:
        yield sizes
    finally:
        client.event_hooks = hooks
