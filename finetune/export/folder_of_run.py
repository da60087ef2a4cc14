"""A run whose base is a Hugging Face folder: it is made a GGUF beside the person's models, once,
and from then on the run's base is that file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.paths import user_paths
from finetune.config import changed, to_toml
from finetune.export.converted import free_name, made_before
from finetune.model.folder_facts import folder_config, folder_fingerprint
from finetune.run.attempt import Attempt, StoppedError
from finetune.run.events import BaseMade
from finetune.run.folder import write_whole


def is_model_folder(path: Path) -> bool:
    """Whether a path is a Hugging Face folder, rather than one with a GGUF in it."""
    if not (path / "config.json").is_file():
        return False
    return any(path.glob("*.safetensors")) or not any(path.glob("*.gguf"))


def use_gguf(attempt: Attempt) -> None:
    """Make the folder a GGUF, or find the one that was made of it; put it into the run's
    configuration, in its file too, and tell how near it is to the folder.

    Raises:
        AppError: the folder cannot be taught, or what came out is not the same model.
        StoppedError: a person wants the run's end.
    """
    folder, models = Path(attempt.config.base.path), user_paths().ensure().models
    attempt.enter("converting", folder.name)
    folder_config(folder)
    found = _found(models, folder) or _made(attempt, folder, free_name(models, folder))
    attempt.log.say(BaseMade, **found)
    # Read anew: a person may have renamed the run meanwhile.
    config = changed(attempt.folder.config(), base__path=found["path"])
    write_whole(attempt.folder.run_toml, to_toml(config).encode())
    attempt.config = config


def _found(models: Path, folder: Path) -> dict[str, Any]:
    """The fields of what tells of the file; empty where none was made of this folder yet."""
    known = made_before(models, folder, folder_fingerprint(folder))
    if known is None:
        return {}
    return {"folder": str(folder), "path": str(known), "was_there": True}


def _made(attempt: Attempt, folder: Path, out: Path) -> dict[str, Any]:
    from finetune.torch_import import import_torch

    import_torch()
    from finetune.export.convert_folder import convert_folder

    def tell(fraction: float, words: str) -> None:
        attempt.tell(fraction, words)
        if attempt.control.is_stopping:
            raise StoppedError

    made = convert_folder(folder, out, tell)
    return {"folder": str(folder), "path": made.path, "parity": made.parity, "words": made.words}
