"""Sets Bathysphere up in .venv and runs it, its tests and its tools: `python3 bootstrap.py run`.

make and the .cmd files only find a Python and call this; the set-up is in bootstrap_setup.py.
Standard library only, Python 3.9 syntax: it runs on whatever Python the machine came with, and
says in one sentence when there is none new enough.
"""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bootstrap_machine import (
    HEADLESS_LIBRARIES,
    WINDOW_LIBRARIES,
    Need,
    SetupError,
    missing_libraries,
)
from bootstrap_setup import BUILD, ROOT, SCRIPTS, module, read_json, require, set_up


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is that of what it ran."""
    settings = [word for word in arguments if word.startswith("BACKEND=")]
    words = [word for word in arguments if word not in settings]
    if settings:
        os.environ["BATHYSPHERE_BACKEND"] = settings[-1].partition("=")[2]
    name = words[0] if words else ""
    if name not in COMMANDS:
        print(f"usage: bootstrap.py {'|'.join(COMMANDS)} [BACKEND=auto|cpu|cuda|metal|vulkan]")
        return 2
    try:
        return COMMANDS[name](words[1:])
    except SetupError as error:
        print(f"\nbathysphere: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


# ---- commands ----


def setup(arguments: list[str]) -> int:
    if not set_up():
        print(f"Everything is in place ({read_json(BUILD).get('backend', 'cpu')} build).")
    return 0


def run(arguments: list[str]) -> int:
    require_display()
    set_up()
    command = [str(SCRIPTS / "bathysphere"), *arguments]
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def test(arguments: list[str]) -> int:
    """Lint, types, import contracts and every test but the soak tests."""
    return check_all(["-m", "not soak", *arguments])


def check(arguments: list[str]) -> int:
    """The same without the slow tests, for between two edits."""
    return check_all(["-m", "not soak and not slow", *arguments])


def check_all(pytest_arguments: list[str]) -> int:
    """Run all the tools, also after one has failed: one run tells everything that is wrong."""
    prepare_tests()
    quick = [
        [*module("ruff"), "check"],
        [*module("ruff"), "format", "--check"],
        [str(SCRIPTS / "lint-imports"), "--no-logo"],
    ]
    failed = [shown(tool) for tool in quick if run_tool(tool) != 0]
    pytest = [*module("pytest"), *pytest_arguments]
    # Two processes at the same time.
    long = [module("mypy"), *([*pytest, *suite] for suite in suites())]
    with ThreadPoolExecutor(max_workers=2) as pool:
        codes = list(pool.map(run_tool, long))
    # 5: nothing of what was asked for (ARGS="-k wire") is among these.
    fine = [(0,), *[(0, 5)] * (len(long) - 1)]
    failed += [shown(tool) for tool, code, good in zip(long, codes, fine) if code not in good]
    print("\nFailed: " + "; ".join(failed) if failed else "\nAll checks passed.")
    return 1 if failed else 0


def suites() -> list[list[str]]:
    """What each process of pytest is given: every test in one of them, each room of the window in
    one of its own. Those that take longest come first, so that the last are short ones."""
    window = ROOT / "tests" / "gui"
    rooms = sorted(
        f"tests/gui/{one.name}" for one in window.iterdir() if any(one.glob("test_*.py"))
    )
    large = ["tests/finetune", "tests/engine"]
    return [
        ["tests/gui", *(f"--ignore={room}" for room in rooms)],
        *([folder] for folder in (*large, *rooms)),
        ["tests", "--ignore=tests/gui", *(f"--ignore={folder}" for folder in large)],
    ]


def soak(arguments: list[str]) -> int:
    prepare_tests()
    return run_tool([*module("pytest"), "-m", "soak", *arguments])


def shots(arguments: list[str]) -> int:
    require_libraries(HEADLESS_LIBRARIES)
    set_up()
    return run_tool([*module("gui.shots"), *arguments])


def bench(arguments: list[str]) -> int:
    set_up()
    return run_tool([str(SCRIPTS / "bathysphere"), "bench", *(arguments or ["engine"])])


COMMANDS = {
    "setup": setup,
    "run": run,
    "test": test,
    "check": check,
    "soak": soak,
    "shots": shots,
    "bench": bench,
}


def prepare_tests() -> None:
    require_libraries(HEADLESS_LIBRARIES)
    set_up("test")


def shown(command: list[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])


def run_tool(command: list[str]) -> int:
    print(f"\n$ {shown(command)}", flush=True)
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    if "pytest" in command:
        # A test that runs a model takes one thread for it: two that wait for one another on cores
        # that the other suite has taken are many times slower.
        environment.setdefault("OMP_NUM_THREADS", "1")
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


# ---- the system underneath ----


def require_libraries(libraries: Iterable[Need]) -> None:
    if platform.system() == "Linux":
        missing = missing_libraries(libraries)
        require(missing, "The window needs libraries of the system")


def require_display() -> None:
    """What a window needs on Linux: a display, and the libraries of Qt's platform for it."""
    if platform.system() != "Linux":
        return
    on_wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    libraries = HEADLESS_LIBRARIES
    if not os.environ.get("QT_QPA_PLATFORM"):
        if not (on_wayland or os.environ.get("DISPLAY")):
            raise SetupError(
                "There is no display here to open a window on. The command line works without "
                "one: `make setup`, then `.venv/bin/bathysphere complete --help`."
            )
        libraries += () if on_wayland else WINDOW_LIBRARIES
    require_libraries(libraries)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # pip's output may hold what a console cannot show
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
