"""The entry point of `bathysphere`: looks which command it is and only then imports what that
command needs.

Commands are modules by name, so that no command pays for another and the window never reaches
what it must not.
"""

import sys

# command -> (module with main(argv) -> exit code, one line of help). argv begins with the command.
COMMANDS = {
    "complete": ("engine.cli", "continue a prompt or answer a message, as text or JSON lines"),
    "score": ("engine.cli", "how probable each token of a text is, as a table or JSON"),
    "tokenize": ("engine.cli", "the tokens of a text by any tokenizer, as a table or JSON"),
    "sft": ("finetune.cli", "teach a model from conversations, as a RUN.toml says"),
    "pretrain": ("finetune.cli", "raise a small model from raw text, as a RUN.toml says"),
    "bench": (
        "engine.cli",
        "measure against the goals: bench engine, window, chat or tokens [--json]",
    ),
}
WINDOW = "gui.app"
EXIT_USAGE = 2

HELP = """\
usage: bathysphere [--debug]
       bathysphere COMMAND [ARGUMENTS]
       bathysphere --help | --version

Language models on your own machine. Without a command it opens the window.

commands:
{commands}

Each command explains itself: bathysphere COMMAND --help

options:
  -h, --help     show this help and exit
  -V, --version  show the version and exit
  --debug        let a bug end the window with a traceback

environment:
  BATHYSPHERE_HOME   the user folder, instead of the platform's data folder
  BATHYSPHERE_DEBUG  1: the same as --debug
  BATHYSPHERE_WIRE   1: print the frames between window and engine as JSON to stderr

exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name; those of the process when None.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help"):
        sys.stdout.write(help_text())
        return 0
    if first in ("-V", "--version"):
        return _say_version()
    if first in COMMANDS:
        return _run(COMMANDS[first][0], arguments)
    if arguments in ([], ["--debug"]):
        return _open_window(arguments)
    return _refuse(first)


def help_text() -> str:
    """The help, with every command."""
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{words}" for name, (_, words) in COMMANDS.items()]
    return HELP.format(commands="\n".join(lines))


def _run(module: str, arguments: list[str]) -> int:
    from importlib import import_module

    return int(import_module(module).main(arguments))


def _open_window(arguments: list[str]) -> int:
    import gc

    from gui.plain_imports import load_qt

    gc.disable()  # 15 ms of the start; from then on gui/garbage.py collects
    load_qt()
    return _run(WINDOW, arguments)


def _say_version() -> int:
    from gui.version import app_version

    sys.stdout.write(f"bathysphere {app_version()}\n")
    return 0


def _refuse(word: str) -> int:
    kind = "option" if word.startswith("-") else "command"
    sys.stderr.write(f"bathysphere: unknown {kind} '{word}'. Try: bathysphere --help\n")
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
