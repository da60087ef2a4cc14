"""An adapter to the hub, through huggingface_hub: a repository with the files of a folder.

The token comes from the keyring, or from HF_TOKEN; it goes nowhere but into the library's calls,
and no error repeats it. Opens connections to the place HF_ENDPOINT names.
"""

import os
from pathlib import Path

from engine.errors import AppError
from engine.models.hub import errors_in_words
from engine.models.hub_token import hub_token
from finetune.export.gguf_stream import Report, ignore


def upload(folder: Path, repository: str, is_private: bool, report: Report = ignore) -> str:
    """Put a folder's files into a repository, which is made where it is not there.

    Returns:
        Its address.

    Raises:
        AppError: no token, not allowed, or the hub cannot be reached.
    """
    from huggingface_hub import HfApi

    token = hub_token()
    if not token:
        raise AppError(
            "There is no token for the hub.",
            "Make one with write access on huggingface.co, and keep it in the settings, or in "
            "HF_TOKEN.",
        )
    files = sorted(one for one in folder.iterdir() if one.is_file())
    try:
        with errors_in_words(repository):
            api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
            made = api.create_repo(repository, private=is_private, exist_ok=True)
            for number, file in enumerate(files):
                report(number / len(files))
                api.upload_file(
                    path_or_fileobj=file,
                    path_in_repo=file.name,
                    repo_id=repository,
                    commit_message=f"{file.name} from Bathysphere",
                )
    except AppError as error:
        raise AppError(
            error.message, error.hint, error.detail.replace(token, "(the token)")
        ) from None
    return str(made)
