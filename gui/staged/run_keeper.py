"""What is done with a run as a thing: renamed, put into the trash and brought back. All of it
behind the window; what can be taken back is offered.
"""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.errors import AppError
from finetune.run.folder import RunFolder, write_whole
from finetune.run_toml import changed, to_toml
from gui.context import AppContext
from gui.staged.behind import Behind
from gui.staged.words import tr

TRASH = ".trash"  # in the folder of runs; it has no run.toml of its own, so it is no run
KEPT_DAYS = 30


class RunKeeper(QObject):
    """Works in the folder of runs, and has the list of them look anew."""

    removed = Signal(str)  # the folder of a run that is in the trash now

    def __init__(self, context: AppContext, behind: Behind, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._behind = context, behind

    def empty_old(self) -> None:
        """Delete for good what was put into the trash long ago."""
        self._behind.do(partial(_empty, self._context.paths.runs / TRASH, time.time()))

    def rename(self, path: str, name: str) -> None:
        """Call a run something else; its folder keeps its name."""
        name = name.strip()
        if name:
            self._behind.do(partial(_rename, path, name), partial(self._on_renamed, path, name))

    def _on_renamed(self, path: str, name: str, before: str) -> None:
        self._context.runs.refresh()
        if before != name:
            self._context.notices.offer_undo(
                tr("“{before}” is called “{name}” now").format(before=before, name=name),
                partial(self._name_back, path, before),
            )

    def _name_back(self, path: str, name: str) -> None:
        self._behind.do(partial(_rename, path, name), lambda _: self._context.runs.refresh())

    def delete(self, path: str, name: str) -> None:
        """Put a run into the trash; one that is running stays."""
        self._behind.do(partial(_to_trash, path), partial(self._on_deleted, path, name))

    def _on_deleted(self, path: str, name: str, target: Path) -> None:
        self._context.runs.refresh()
        self.removed.emit(path)
        self._context.notices.offer_undo(
            tr("“{name}” deleted; it stays in the trash for {n} days").format(
                name=name, n=KEPT_DAYS
            ),
            lambda: self._bring_back(target, path),
        )

    def _bring_back(self, target: Path, path: str) -> None:
        self._behind.do(partial(_move, target, Path(path)), lambda _: self._context.runs.refresh())


def _rename(path: str, name: str) -> str:
    """Returns the name it had."""
    folder = RunFolder(Path(path))
    if folder.kind() == "pretrain":
        raised = folder.pretrain_config()
        before, text = raised.out.name, to_toml(changed(raised, out__name=name))
    else:
        tuned = folder.config()
        before, text = tuned.out.name, to_toml(changed(tuned, out__name=name))
    write_whole(folder.run_toml, text.encode())
    return before or folder.path.name


def _to_trash(path: str) -> Path:
    """Returns where it lies now."""
    folder = RunFolder(Path(path))
    if folder.pid():
        raise AppError("This run is running.", "Stop it first; then it can be deleted.")
    trash = folder.path.parent / TRASH
    names = [folder.path.name, *(f"{folder.path.name}-{n}" for n in range(2, 10_000))]
    target = next(one for name in names if not (one := trash / name).exists())
    _move(folder.path, target)
    return target


def _move(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise AppError(f"There is another “{target.name}” already.", "Move it away first.")
        path.rename(target)
        os.utime(target)  # when it was moved
    except OSError as error:
        raise AppError(
            f"“{path.name}” could not be moved.",
            "Check that no other program has it open.",
            str(error),
        ) from error


def _empty(trash: Path, now_s: float) -> None:
    if not trash.is_dir():
        return
    for one in trash.iterdir():
        if now_s - one.stat().st_mtime > KEPT_DAYS * 86_400:
            shutil.rmtree(one, ignore_errors=True)
