"""bathysphere sft, bathysphere pretrain: a run without the window, in the foreground: the same
runner, the same folder.

bathysphere sft RUN.toml [--json]
bathysphere pretrain RUN.toml [--json]
bathysphere sft --resume DIR [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.paths import user_paths
from finetune import ranks
from finetune.config import RunConfig
from finetune.plan import BUDGETS
from finetune.pretraining.config import PretrainConfig
from finetune.run.events import AnyRunEvent, Ended, RunFailed, to_line
from finetune.run.folder import RunFolder, RunKind, create_run, write_whole
from finetune.run.progress_line import ProgressLine
from finetune.run_toml import changed, read_toml, to_toml
from finetune.runner import Listen, run

AnyConfig = RunConfig | PretrainConfig
KINDS: dict[str, type[AnyConfig]] = {"sft": RunConfig, "pretrain": PretrainConfig}
INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0 done, 1 failed (said on stderr), 2 wrong use, 130
    stopped (what was learned is saved)."""
    arguments = _parser().parse_args(argv)
    if arguments.run is None and arguments.resume is None:
        _parser().error("name a RUN.toml or, with --resume, a run's folder")
    try:
        return _run(arguments)
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
    sft = _command(
        commands,
        "sft",
        "teach a model from conversations",
        "Teach a model from conversations, as a RUN.toml says (“Copy as command” in the Fine-tune "
        "room gives one). Ctrl+C stops and saves; --resume goes on.",
    )
    sft.add_argument(
        "--shard",
        action="store_true",
        help="under torchrun: each process holds a share of the base's weights instead of all",
    )
    sft.add_argument(
        "--budget",
        choices=list(BUDGETS),
        help="plan it for 1 minute, 10 minutes or a night, by a few steps measured here, instead "
        "of what the file's [train] says; why is printed",
    )
    pretrain = _command(
        commands,
        "pretrain",
        "raise a small model from raw text",
        "Raise a model from nothing, as a RUN.toml says (“Copy as command” in the Pretrain room "
        "gives one). Ctrl+C stops and saves; --resume goes on.",
    )
    pretrain.set_defaults(shard=False, budget=None)
    return parser


def _command(commands: Any, kind: RunKind, words: str, description: str) -> Any:
    found = commands.add_parser(kind, help=words, description=description)
    found.set_defaults(kind=kind)
    found.add_argument("run", nargs="?", metavar="RUN.toml", help="what is made, from what and how")
    found.add_argument(
        "--resume", metavar="DIR", help="go on with the run of this folder, where it was"
    )
    found.add_argument("--json", action="store_true", help="print the run's events as JSON lines")
    return found


def _run(arguments: argparse.Namespace) -> int:
    asked_s = time.time()
    if arguments.shard:
        os.environ[ranks.SHARD] = "1"
    if ranks.is_helper():
        return _help(arguments)
    if arguments.resume is not None:
        folder = _existing(Path(arguments.resume), arguments.kind)
    else:
        folder = folder_for(Path(arguments.run), KINDS[arguments.kind], _planner(arguments))
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
        there = None
        if arguments.resume is not None:
            there = _existing(Path(arguments.resume), arguments.kind)
        run_toml = there.run_toml if there is not None else Path(arguments.run)
        config: AnyConfig = read_toml(KINDS[arguments.kind], run_toml, is_draft=True)
        folder = there or ranks.folder_of(config)
        if isinstance(config, PretrainConfig):
            return ranks.help_raise(config, folder)
        return ranks.help_train(config, folder)
    finally:
        ranks.leave()


def _as_it_is(config: AnyConfig) -> AnyConfig:
    return config


def _planner(arguments: argparse.Namespace) -> Callable[[AnyConfig], AnyConfig]:
    """What --budget makes of a configuration; its reasons go beside the events."""
    if arguments.budget is None:
        return _as_it_is
    out = sys.stderr if arguments.json else sys.stdout

    def planned(config: AnyConfig) -> AnyConfig:
        from finetune.budgeted import with_budget

        assert isinstance(config, RunConfig)
        return with_budget(config, arguments.budget, lambda words: out.write(f"{words}\n"))

    return planned


def folder_for(
    run_toml: Path,
    kind: type[AnyConfig] = RunConfig,
    change: Callable[[AnyConfig], AnyConfig] = _as_it_is,
) -> RunFolder:
    """The folder of a new run: the one that its file names, else a fresh one in the user folder.

    Raises:
        AppError: the file is wrong, or the folder has another run already.
    """
    config = change(read_toml(kind, run_toml, is_draft=True))
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
    if not folder.run_toml.exists() or change is not _as_it_is:
        write_whole(folder.run_toml, to_toml(config).encode())
    return folder


def _is_same(folder: RunFolder, config: AnyConfig, run_toml: Path) -> bool:
    """Whether the folder's run is this very one, not begun yet (the wizard's own file)."""
    if folder.events.exists():
        return False
    with contextlib.suppress(OSError):
        if folder.run_toml.samefile(run_toml):
            return True
    return read_toml(type(config), folder.run_toml) == config


def _require_whole(config: AnyConfig) -> None:
    problems = config.problems()
    if problems:
        words = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise AppError(f"The run's file cannot be used: {words}.", "Mend it there.")


def _existing(path: Path, kind: RunKind) -> RunFolder:
    folder = RunFolder(path.absolute())
    if not folder.run_toml.is_file():
        raise AppError(f"“{path}” is no run's folder.", "Name a folder with a run.toml in it.")
    if folder.kind() != kind:
        raise AppError(
            f"“{path.name}” is a run of another kind.", f"Go on with it by: {folder.kind()}."
        )
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
