"""docs/features.md tells the truth: what it names exists. And the promises about the papers around
the code: commands, dependencies, README, workflow, benchmarks, pictures.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import bootstrap
import bootstrap_setup
from bootstrap_machine import Need

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = {
    "Issue 2": [
        "Opening",
        "1. Two commands",
        "2. The engine",
        "3. Wire, worker, client",
        "4. Command line",
        "5. The window",
        "Numbers to reach",
        "Done when",
    ],
    "Issue 3": ["A. What people expect", "B. What none of them has", "Numbers", "Done when"],
    "Issue 4": ["What it must have", "Exactness", "Numbers", "Done when"],
    "Issue 5": ["The wizard", "The trainer", "Numbers", "Bad input", "Done when"],
    "Issue 6": ["What it must have", "Numbers", "Bad input", "Done when"],
}
FIELD = {
    *("accelerate", "gguf", "huggingface-hub", "jinja2", "keyring", "llama-cpp-python"),
    *("markdown-it-py", "msgspec", "peft", "platformdirs", "psutil", "pyarrow", "pygments"),
    *("pyqtgraph", "pyside6", "safetensors", "tokenizers", "torch", "transformers"),
    *("pytest", "pytest-qt", "pytest-randomly", "pytest-timeout", "hypothesis"),
    *("ruff", "mypy", "import-linter"),
}
WAY = r"tests/\S+::\w+$|(bench (engine|window|chat|tokens|sft|pretrain)|by hand|not built): "
BENCHES = {
    "bench engine": ["engine/bench*.py"],
    "bench window": ["gui/bench.py", "gui/bench_start.py", "gui/bench_stream.py"],
    "bench chat": ["gui/bench_*.py"],
    "bench pretrain": ["finetune/pretraining/bench*.py"],
    "bench sft": ["finetune/bench*.py"],
    "bench tokens": ["gui/bench_*.py", "engine/tokens/bench*.py", "engine/generation/bench*.py"],
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# ---- features.md ----


def rows() -> Iterator[tuple[str, str, str, list[str]]]:
    """Issue, section, promise and what shows it, for each line of each table."""
    issue = section = ""
    for line in read("docs/features.md").splitlines():
        if line.startswith("# "):
            issue = line[2:].partition(":")[0]
        elif line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith(("| promise |", "| ---")):
            promise, shown_by = line.strip("| ").rsplit(" | ", 1)
            yield issue, section, promise, split_ways(shown_by)


def split_ways(text: str) -> list[str]:
    """The ways of one line: a comma parts them only where the next one begins."""
    return re.split(r", (?=tests/|bench (?:engine|window|chat|tokens|sft): )", text)


def figures_named() -> list[tuple[str, str]]:
    """Bench and figure, of every line that names one."""
    ways = [way for *_, ways in rows() for way in ways if way.startswith("bench ")]
    return [(bench, figure) for bench, _, figure in (way.partition(": ") for way in ways)]


def test_every_section_of_the_issue_is_mapped() -> None:
    found: dict[str, list[str]] = {}
    for issue, section, promise, ways in rows():
        sections = found.setdefault(issue, [])
        if section not in sections:
            sections.append(section)
        assert promise and all(ways), (issue, section, promise)
        for way in ways:
            assert re.match(WAY, way), way
    assert {issue: found.get(issue) for issue in SECTIONS} == SECTIONS


def written_tests() -> Iterator[str]:
    """Every test there is, as pytest names it."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        name = file.relative_to(ROOT).as_posix()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{name}::{node.name}"
            elif isinstance(node, ast.ClassDef):
                yield from (f"{name}::{node.name}::{one.name}" for one in functions_of(node))


def functions_of(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [one for one in node.body if isinstance(one, ast.FunctionDef)]


def test_every_named_test_is_there() -> None:
    named = {way for *_, ways in rows() for way in ways if way.startswith("tests/")}
    assert len(named) > 100
    assert sorted(named - set(written_tests())) == []


def test_no_line_names_a_test_twice() -> None:
    assert [promise for *_, promise, ways in rows() if len(set(ways)) != len(ways)] == []


def patterns(bench: str) -> list[str]:
    """Every text of a bench's code as a pattern: what is filled in later may be anything."""
    found = []
    for file in (file for glob in BENCHES[bench] for file in ROOT.glob(glob)):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                    for part in node.values
                ]
                found.append("".join(parts))
    return [pattern for pattern in found if len(pattern.replace(".+", "").strip()) > 3]


@pytest.mark.parametrize("bench", BENCHES)
def test_every_named_figure_is_one_of_its_bench(bench: str) -> None:
    known = patterns(bench)
    named = [figure for of, figure in figures_named() if of == bench]
    assert named
    unknown = [one for one in named if not any(re.fullmatch(name, one) for name in known)]
    assert unknown == []


# ---- benchmarks and pictures ----


def test_every_figure_stands_in_the_benchmarks() -> None:
    text = re.sub(r"[`*]", "", read("docs/benchmarks.md"))
    missing = [figure for _, figure in figures_named() if figure not in text]
    assert missing == []


def test_the_benchmarks_say_where_and_when() -> None:
    text = read("docs/benchmarks.md")
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", text)
    for words in ("processor", "median", "peer", "spread", "Python", "llama-cpp-python 0."):
        assert words.lower() in text.lower(), words


def test_pictures_of_both_themes_are_there() -> None:
    names = {file.stem for file in (ROOT / "docs" / "screens").glob("*.png")}
    light = {name.removesuffix("-light") for name in names if name.endswith("-light")}
    dark = {name.removesuffix("-dark") for name in names if name.endswith("-dark")}
    assert "chat" in light and light == dark


def test_what_the_readme_names_is_there() -> None:
    text = read("README.md")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert any(link.endswith(".png") for link in links)
    tree = text.partition("## The tree")[2].partition("\n## ")[0]
    folder, named = "", []
    for indent, name in re.findall(r"^    ( *)([\w.]+/?) ", tree, re.MULTILINE):
        folder = name if not indent and name.endswith("/") else folder
        if len(indent) <= 2:  # further in, a description goes on
            named.append(folder + name if indent else name)
    assert len(named) > 10
    assert [name for name in [*links, *named] if not (ROOT / name).exists()] == []


def test_the_readme_tells_of_both_commands_and_of_ready_wheels() -> None:
    text = read("README.md")
    for words in ("make run", "make test", "run.cmd", "about five minutes", "BATHYSPHERE_HOME"):
        assert words in text
    assert "PIP_ONLY_BINARY=llama-cpp-python" in text.partition("### Without compiling")[2]


# ---- the commands ----


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What bootstrap.py would do, in order; nothing of it is done."""
    done: list[str] = []

    def look(libraries: tuple[Need, ...]) -> None:
        done.append("libraries " + " ".join(one.name for one in libraries))

    def install(extra: str = "") -> bool:
        done.append(f"set up {extra}".strip())
        return True

    monkeypatch.setattr(bootstrap, "require_libraries", look)
    monkeypatch.setattr(bootstrap, "set_up", install)
    return done


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries of xcb")
def test_make_run_sets_up_and_opens_the_window(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def become(_path: str, command: list[str]) -> None:
        steps.append(" ".join(command))
        raise SystemExit  # execv does not come back

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(SystemExit):
        bootstrap.COMMANDS["run"]([])
    libraries, set_up, opened = steps
    assert "libxcb-cursor.so.0" in libraries
    assert set_up == "set up"
    assert Path(opened) == bootstrap_setup.SCRIPTS / "bathysphere"


@pytest.fixture
def tools(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The tools that were started, and the platform that Qt was told; mypy finds fault."""
    started: list[tuple[str, str]] = []

    def start(
        command: list[str], env: dict[str, str], **_: object
    ) -> "subprocess.CompletedProcess[str]":
        shown = " ".join([Path(command[0]).name, *command[1:]])
        started.append((shown, env["QT_QPA_PLATFORM"]))
        return subprocess.CompletedProcess(command, int("mypy" in shown))

    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(subprocess, "run", start)
    return started


def test_make_test_runs_every_tool_headless(steps: list[str], tools: list[tuple[str, str]]) -> None:
    bootstrap.COMMANDS["test"]([])
    assert steps[-1] == "set up test"
    shown = [command for command, _ in tools]
    for words in ("ruff check", "ruff format --check", "mypy", "lint-imports", "pytest"):
        assert any(words in command for command in shown), words
    assert {platform for _, platform in tools} == {"offscreen"}


def test_make_test_fails_if_any_tool_fails(
    tools: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.COMMANDS["test"]([]) == 1
    assert len(tools) == 4 + len(bootstrap.suites()), "the others run all the same"
    assert "mypy" in capsys.readouterr().out.rpartition("Failed: ")[2]


def test_the_build_server_calls_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert read(".ci/run").rstrip().endswith("\nexec make test")


def test_the_workflow_runs_make_test_on_three_systems() -> None:
    text = read(".github/workflows/test.yml")
    for words in ("ubuntu-latest", "macos-latest", "windows-latest"):
        assert words in text
    assert "run: make test" in text and "run: test.cmd" in text


# ---- dependencies ----


def declared() -> dict[str, str]:
    """Every dependency, those of tests and benches too: name -> how it is required."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    lines = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        lines += extra
    return {re.split(r"[<>=]", line)[0].lower(): line for line in lines}


def test_every_dependency_of_the_field_is_declared() -> None:
    assert declared().keys() >= FIELD


def test_every_dependency_is_argued_for() -> None:
    text = read("docs/decisions.md").partition("## Dependencies")[2].partition("\n## ")[0].lower()
    assert [name for name in declared() if not re.search(rf"\b{re.escape(name)}\b", text)] == []


def test_the_two_fragile_versions_are_pinned() -> None:
    lock = read("requirements.lock").splitlines()
    for pin in ("torch==2.13.0", "pyside6==6.11.3"):
        assert pin in lock
        assert declared()[pin.partition("=")[0]].lower() == pin
