"""How a run's training ended, and its product: what the stages after it go by."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from engine.errors import AppError
from finetune.run.events import Ending
from finetune.run.folder import RunFolder, write_whole


class Trained(msgspec.Struct, frozen=True):
    """trained.json: how the training ended. best: the checkpoint that is the product, a folder's
    name, "" where nothing was learned."""

    how: Ending
    step: int
    best_step: int
    best: str


def read_trained(folder: RunFolder) -> Trained | None:
    """How an earlier attempt's training ended; None where this one has to go on with it.

    Raises:
        AppError: it is there and cannot be read.
    """
    try:
        return msgspec.json.decode(folder.trained.read_bytes(), type=Trained)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise AppError(
            "What the run noted of its training cannot be read.",
            "Delete trained.json in its folder, then resume it: the training goes on from its "
            "last checkpoint.",
            str(error),
        ) from error


def note_trained(folder: RunFolder, trained: Trained) -> None:
    """A training that came to its own end is noted, so that it is not begun again; one that was
    stopped goes on another time. Raises AppError where the disk refuses."""
    if trained.how != "stopped":
        write_whole(folder.trained, msgspec.json.encode(trained))


def copy_product(made: Path, product: Path) -> None:
    """The product, whole or not at all: the best checkpoint's own file.

    Raises:
        OSError: the disk refuses.
    """
    beside = product.with_name(f".{product.name}.{os.getpid()}.part")
    product.parent.mkdir(exist_ok=True)
    for left in product.parent.glob(".*.part"):
        left.unlink()  # of an attempt that was killed
    with made.open("rb") as source, beside.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    os.replace(beside, product)
