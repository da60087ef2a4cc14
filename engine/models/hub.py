"""The hub, through huggingface_hub: which GGUF files a repository has. Runs in a worker, when
asked.

Reads names, sizes and digests; fetches no file.
"""

import os

from huggingface_hub import HfApi
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: the transport's own base, re-exported
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
)

from engine.errors import AppError
from engine.process.messages import HubFile, HubFiles

TIMEOUT_S = 10.0


def list_files(repository: str) -> HubFiles:
    """The GGUF files of a repository ("owner/name"), by name.

    Raises:
        AppError: no such repository, not allowed, or the hub cannot be reached.
    """
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        info = api.model_info(repository, files_metadata=True, timeout=TIMEOUT_S)
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
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise AppError(
            "The hub cannot be reached.", "Check the connection and try again.", str(error)
        ) from error
    files = [
        HubFile(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else "")
        for one in info.siblings or []
        if one.rfilename.lower().endswith(".gguf")
    ]
    files.sort(key=lambda file: file.name)
    return HubFiles(repository=repository, commit=info.sha or "", files=files)
