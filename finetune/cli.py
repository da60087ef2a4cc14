"""bathysphere sft: a run without the window, in the foreground: the same runner, the same folder.

bathysphere sft RUN.toml [--json]
bathysphere sft --resume DIR [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import AppError
from engine.paths import user_paths
from finetune import ranks
from finetune.config import RunConfig, changed, read_draft, to_toml
from finetune.run.events import AnyRunEvent, Ended, RunFailed, to_line
from finetune.run.folder import RunFolder, create_run, write_whole
from finetune.run.progress_line import ProgressLine
from finetune.runner import Listen, run

INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0 done, 1 failed (said on stderr), 2 wrong use, 130
    stopped (what was learned is saved)."""
    arguments = _parser().parse_args(argv)
    if (arguments.run is None) == (arguments.resume is None):
        _parser().error("name either a RUN.toml or, with --resume, a run's folder")
    try:
        return _sft(arguments)
    except AppError as error:
        sys.stderr.write(f"bathysphere: {error}\n")
        if error.detail and os.environ.get("BATHYSPHERE_DEBUG") == "1":
            sys.stderr.write(f"{error.detail}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bathysphere", description="Bathysphere without its window: training."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sft = commands.add_parser(
        "sft",
        help="teach a model from conversations",
        description="Teach a model from conversations, as a RUN.toml says (“Copy as command” in "
        "the Fine-tune room gives one). Ctrl+C stops and saves; --resume goes on.",
    )
    sft.add_argument("run", nargs="?", metavar="RUN.toml", help="what is taught, from what and how")
    sft.add_argument(
        "--resume", metavar="DIR", help="go on with the run of this folder, where it was"
    )
    sft.add_argument("--json", action="store_true", help="print the run's events as JSON lines")
    return parser


def _sft(arguments: argparse.Namespace) -> int:
    asked_s = time.time()
    if ranks.is_helper():
        return _help(arguments)
    if arguments.resume is not None:
        folder = _existing(Path(arguments.resume))
    else:
        folder = folder_for(Path(arguments.run))
    line = ProgressLine(sys.stdout, folder)
    listen: Listen = _print_json if arguments.json else line.hear
    try:
        ended = run(folder, asked_s=asked_s, listen=listen)
    finally:
        ranks.leave()
    return _code(ended)


def _help(arguments: argparse.Namespace) -> int:
    """What torchrun's other processes do."""
    try:
        if arguments.resume is not None:
            folder = _existing(Path(arguments.resume))
            return ranks.help_train(folder.config(), folder)
        config = read_draft(Path(arguments.run))
        return ranks.help_train(config, ranks.folder_of(config))
    finally:
        ranks.leave()


def folder_for(run_toml: Path) -> RunFolder:
    """The folder of a new run: the one that its file names, else a fresh one in the user folder.

    Raises:
        AppError: the file is wrong, or the folder has another run already.
    """
    config = read_draft(run_toml)
    if not config.out.dir:
        name = config.out.name or run_toml.stem
        _require_whole(changed(config, out__dir="later"))
        return create_run(user_paths().runs, changed(config, out__name=name))
    _require_whole(config)
    folder = RunFolder(Path(config.out.dir))
    if folder.run_toml.exists() and not _is_same(folder, config, run_toml):
        raise AppError(
            f"“{folder.path.name}” has a run already.",
            "Name another folder in [out] dir, or go on with that run by --resume.",
        )
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(
            "The run's folder could not be made.", "Check the disk's space.", str(error)
        ) from error
    if not folder.run_toml.exists():
        write_whole(folder.run_toml, to_toml(config).encode())
    return folder


def _is_same(folder: RunFolder, config: RunConfig, run_toml: Path) -> bool:
    """Whether the folder's run is this very one, not begun yet (the wizard's own file)."""
    if folder.events.exists():
        return False
    with contextlib.suppress(OSError):
        if folder.run_toml.samefile(run_toml):
            return True
    return folder.config() == config


def _require_whole(config: RunConfig) -> None:
    problems = config.problems()
    if problems:
        words = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise AppError(f"The run's file cannot be used: {words}.", "Mend it there.")


def _existing(path: Path) -> RunFolder:
    folder = RunFolder(path.absolute())
    if not folder.run_toml.is_file():
        raise AppError(f"“{path}” is no run's folder.", "Name a folder with a run.toml in it.")
    return folder


def _print_json(event: AnyRunEvent) -> None:
    sys.stdout.write(to_line(event).decode())
    sys.stdout.flush()


def _code(ended: Ended | RunFailed) -> int:
    if isinstance(ended, RunFailed):
        sys.stderr.write(f"bathysphere: {ended.message} {ended.hint}\n")
        if ended.detail and os.environ.get("BATHYSPHERE_DEBUG") == "1":
            sys.stderr.write(f"{ended.detail}\n")
        return 1
    return INTERRUPTED if ended.how == "stopped" else 0


if __name__ == "__main__":
    sys.exit(main())
