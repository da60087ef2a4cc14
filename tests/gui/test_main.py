"""The dispatcher and the start: light, helpful, and free of what the window must not load."""

import subprocess
import sys
from types import ModuleType

import pytest

from gui import main as dispatcher

HEAVY = ("torch", "transformers", "llama_cpp", "huggingface_hub", "pyqtgraph", "numpy", "jinja2")


def modules_after(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after some code."""
    command = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A command of tests, remembering what it was called with."""
    calls: list[list[str]] = []
    module = ModuleType("a_command_of_tests")

    def run(argv: list[str]) -> int:
        calls.append(argv)
        return 7

    vars(module)["main"] = run
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(dispatcher.COMMANDS, "measure", (module.__name__, "for tests"))
    monkeypatch.setattr(dispatcher, "WINDOW", module.__name__)
    return calls


def test_the_dispatcher_itself_imports_nothing() -> None:
    added = modules_after("import gui.main") - modules_after("")
    assert added == {"gui", "gui.main"}


def test_the_window_loads_nothing_heavy() -> None:
    loaded = modules_after("import gui.app, gui.window, gui.chat.room")
    assert not loaded & set(HEAVY)
    # Its arrays need numpy, which is loaded with the room: not before somebody goes there.
    loaded = modules_after("import gui.tokens.room")
    assert loaded & set(HEAVY) <= {"numpy"}


def test_a_command_gets_its_arguments_and_gives_the_exit_code(command: list[list[str]]) -> None:
    assert dispatcher.main(["measure", "--json"]) == 7
    assert command == [["measure", "--json"]]


@pytest.mark.parametrize("argv", [[], ["--debug"]])
def test_without_a_command_the_window_opens(command: list[list[str]], argv: list[str]) -> None:
    assert dispatcher.main(argv) == 7
    assert command == [argv]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main([option]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in dispatcher.COMMANDS)
    assert "BATHYSPHERE_HOME" in out and "--version" in out


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bathysphere ")


@pytest.mark.parametrize("word", ["dive", "--deep"])
def test_an_unknown_word_is_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main([word]) == 2
    told = capsys.readouterr()
    assert word in told.err and "--help" in told.err and told.out == ""
