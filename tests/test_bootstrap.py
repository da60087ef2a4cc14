"""What bootstrap.py decides on which machine, and what it says where it cannot go on.

Plain functions; whole set-ups are in test_bootstrap_runs.py.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import bootstrap
import bootstrap_machine as machine_facts
import bootstrap_setup
from bootstrap_machine import FoundPython, Machine, Need, SetupError

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("machine", "backend"),
    [
        (Machine("Darwin"), "metal"),
        (Machine("Linux"), "cpu"),
        (Machine("Linux", nvcc="nvcc", has_nvidia_driver=True, has_vulkan_sdk=True), "cuda"),
        (Machine("Linux", nvcc="nvcc"), "cpu"),
        (Machine("Linux", has_nvidia_driver=True), "cpu"),
        (Machine("Windows", nvcc="nvcc", has_vulkan_sdk=True), "vulkan"),
        (Machine("Darwin", has_vulkan_sdk=True), "metal"),
    ],
)
def test_machine_decides_the_backend(machine: Machine, backend: str) -> None:
    assert machine_facts.choose_backend(machine, "auto")[0] == backend


def test_nvcc_without_a_driver_is_said_in_one_line() -> None:
    _, note = machine_facts.choose_backend(Machine("Linux", nvcc="nvcc"), "auto")
    assert "no NVIDIA driver" in note
    assert "\n" not in note
    assert machine_facts.choose_backend(Machine("Linux"), "auto")[1] == ""


@pytest.mark.parametrize(
    ("machine", "wanted", "words"),
    [
        (Machine("Linux"), "cuda", "nvcc was not found"),
        (Machine("Linux", nvcc="nvcc"), "cuda", "no NVIDIA driver"),
        (Machine("Linux"), "vulkan", "Vulkan SDK"),
        (Machine("Linux"), "metal", "macOS only"),
        (Machine("Linux"), "opencl", "no such backend"),
    ],
)
def test_backend_that_cannot_be_is_refused_in_words(
    machine: Machine, wanted: str, words: str
) -> None:
    with pytest.raises(SetupError, match=words):
        machine_facts.choose_backend(machine, wanted)


def test_ready_wheel_needs_no_tools_for_building() -> None:
    assert machine_facts.choose_backend(Machine("Linux"), "cuda", prebuilt=True)[0] == "cuda"


def test_idle_gpu_is_named_with_the_backend_that_uses_it() -> None:
    nvidia = Machine("Linux", has_nvidia_driver=True, gpus=("NVIDIA RTX 4090",))
    amd = Machine("Linux", gpus=("AMD GPU",))
    assert machine_facts.suggested_backend(nvidia, "cpu") == "cuda"
    assert machine_facts.suggested_backend(amd, "cpu") == "vulkan"
    assert machine_facts.suggested_backend(nvidia, "vulkan") == ""
    assert machine_facts.suggested_backend(Machine("Linux"), "cpu") == ""


def test_first_python_that_is_new_enough_and_whole_is_taken() -> None:
    old = FoundPython("python3", (3, 9), has_venv=True)
    broken = FoundPython("python3.12", (3, 12), has_venv=False)
    good = FoundPython("python3.11", (3, 11), has_venv=True)
    later = FoundPython("python", (3, 13), has_venv=True)
    assert machine_facts.choose_python([old, broken, good, later], debian=True) is good


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "3.11 or newer and none was found"),
        ([FoundPython("python3", (3, 9), has_venv=True)], "the newest here is 3.9"),
        ([FoundPython("python3", (3, 11), has_venv=False)], "sudo apt install python3.11-venv"),
    ],
)
def test_no_usable_python_gets_one_sentence(found: list[FoundPython], words: str) -> None:
    with pytest.raises(SetupError, match=re.escape(words)) as caught:
        machine_facts.choose_python(found, debian=True)
    assert "\n" not in str(caught.value)


def test_this_python_is_seen_as_it_is() -> None:
    found = machine_facts.probe_python(sys.executable)
    assert found == FoundPython(sys.executable, sys.version_info[:2], has_venv=True)
    assert machine_facts.probe_python(str(ROOT / "no-such-python")) is None


def test_only_what_does_not_load_is_missing() -> None:
    libraries = machine_facts.WINDOW_LIBRARIES
    gone = {"libxcb-cursor.so.0", "libxcb-randr.so.0", "libxcb-shape.so.0"}
    missing = machine_facts.missing_libraries(libraries, lambda name: name not in gone)
    apt = machine_facts.install_line(missing, "Linux", "apt-get")
    assert apt == "sudo apt install libxcb-cursor0 libxcb-randr0 libxcb-shape0"
    dnf = machine_facts.install_line(missing, "Linux", "dnf")
    assert dnf == "sudo dnf install xcb-util-cursor libxcb"
    assert "libxcb-cursor.so.0" in machine_facts.install_line(missing, "Linux", "")
    assert not machine_facts.can_load("libbathysphere-has-no-such-library.so.1")


@pytest.mark.parametrize(
    ("system", "manager", "words"),
    [
        ("Linux", "apt-get", "sudo apt install g++"),
        ("Linux", "dnf", "sudo dnf install gcc-c++"),
        ("Darwin", "", "xcode-select --install"),
        ("Windows", "", "winget install Microsoft.VisualStudio.2022.BuildTools"),
    ],
)
def test_compiler_line_of_each_system(system: str, manager: str, words: str) -> None:
    line = machine_facts.install_line([machine_facts.COMPILER], system, manager)
    assert line.startswith(words)


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_every_library_that_qt_names_is_looked_for() -> None:
    """What the platform plugins need from the system, as the dynamic linker itself lists it."""
    ldd = shutil.which("ldd")
    if ldd is None:
        pytest.skip("no ldd here")
    spec = find_spec("PySide6")
    assert spec is not None
    assert spec.origin is not None
    platforms = Path(spec.origin).parent / "Qt" / "plugins" / "platforms"
    headless = {need.name for need in machine_facts.HEADLESS_LIBRARIES}
    windowed = headless | {need.name for need in machine_facts.WINDOW_LIBRARIES}
    for plugin, looked_for in (("libqoffscreen.so", headless), ("libqxcb.so", windowed)):
        listing = machine_facts.output_of([ldd, str(platforms / plugin)]) or ""
        assert looked_for <= set(re.findall(r"^\s*(\S+) =>", listing, re.MULTILINE))
        assert set(re.findall(r"(\S+) => not found", listing)) <= looked_for


def test_root_on_debian_installs_and_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[list[str]] = []

    def note_call(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", note_call)
    monkeypatch.setattr(machine_facts, "package_manager", lambda: "apt-get")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    needs = [Need("libEGL.so.1", "libegl1", "libglvnd-egl")]
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(SetupError, match="sudo apt install libegl1"):
        bootstrap_setup.require(needs, "The window needs it")
    assert calls == []
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    bootstrap_setup.require(needs, "The window needs it")
    assert [call[:2] for call in calls] == [["apt-get", "update"], ["apt-get", "install"]]
    assert "libegl1" in calls[1]


def test_window_without_a_display_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError, match="no display"):
        bootstrap.require_display()


def test_each_kind_of_build_has_a_cache_of_its_own() -> None:
    names = {
        machine_facts.cache_name(backend, machine_facts.CMAKE_ARGS[backend])
        for backend in machine_facts.CMAKE_ARGS
    }
    assert len(names) == len(machine_facts.CMAKE_ARGS)
    assert machine_facts.cache_name("cpu", "-DGGML_BLAS=ON") not in names


def test_progress_counts_files_and_ignores_compiler_talk() -> None:
    lines = ("Building wheel", "  [28/193] /usr/bin/gcc -O3 ggml.c", "ggml.c:5: warning: what")
    assert bootstrap_setup.newest_words(lines) == "compiling 28 of 193 files"
    assert bootstrap_setup.newest_words(("Collecting torch",)) == "Collecting torch"
    assert bootstrap_setup.newest_words(()) == ""


def test_make_and_the_cmd_files_know_the_same_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^COMMANDS := (.*)$", makefile, re.MULTILINE)
    assert named is not None
    assert named[1].split() == list(bootstrap.COMMANDS)
    for command in ("run", "test"):
        content = (ROOT / f"{command}.cmd").read_bytes()
        assert f"bootstrap.py {command} %*".encode() in content
        assert content.count(b"\n") == content.count(b"\r\n")


def test_unknown_command_prints_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["dive"]) == 2
    assert "setup|run|test|check" in capsys.readouterr().out


def test_every_test_file_is_in_one_suite() -> None:
    def reach(suite: list[str]) -> list[Path]:
        given = [ROOT / one for one in suite if not one.startswith("--")]
        left_out = [ROOT / one.partition("=")[2] for one in suite if one.startswith("--ignore=")]
        found = [file for folder in given for file in folder.rglob("test_*.py")]
        return [file for file in found if not set(left_out) & set(file.parents)]

    reached = sorted(file for suite in bootstrap.suites() for file in reach(suite))
    assert reached == sorted((ROOT / "tests").rglob("test_*.py"))
    assert ["tests/gui/tokens"] in bootstrap.suites()
