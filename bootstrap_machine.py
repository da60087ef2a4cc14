"""What this machine has: Pythons, a compiler, a GPU with its tools, the system libraries of Qt.

Looks and decides; installs nothing and prints nothing: bootstrap_setup.py does. Standard library
only, Python 3.9 syntax, as it runs before anything is installed, on whatever Python there is.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

OLDEST_PYTHON = (3, 11)
PYTHON_NAMES = ("python3.13", "python3.12", "python3.11", "python3", "python")
PROBE = (
    "import sys, importlib.util as u;"
    "print(*sys.version_info[:2], int(all(map(u.find_spec, ('venv', 'ensurepip')))))"
)
CMAKE_ARGS = {
    "cpu": "-DGGML_NATIVE=ON",
    "cuda": "-DGGML_NATIVE=ON -DGGML_CUDA=ON",
    "metal": "-DGGML_NATIVE=ON -DGGML_METAL=ON",
    "vulkan": "-DGGML_NATIVE=ON -DGGML_VULKAN=ON",
}
BUILD_TOOLS_FOR_WINDOWS = (
    "winget install Microsoft.VisualStudio.2022.BuildTools --override "
    '"--wait --passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"'
)


class SetupError(Exception):
    """A setup cannot go on; its text says to the person what is missing and what mends it."""


@dataclass(frozen=True)
class Need:
    """One thing of the system: its name, and the packages of Debian and of Fedora that bring it."""

    name: str
    apt: str
    dnf: str


COMPILER = Need("a C++ compiler", "g++", "gcc-c++")

# What Qt's own libraries name as needed (readelf -d) and the PySide6 wheel does not carry.
# First what every QtGui program loads, offscreen too; then what the xcb platform adds.
HEADLESS_LIBRARIES: tuple[Need, ...] = (
    Need("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Need("libGL.so.1", "libgl1", "libglvnd-glx"),
    Need("libX11.so.6", "libx11-6", "libX11"),
    Need("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Need("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Need("libfreetype.so.6", "libfreetype6", "freetype"),
    Need("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
    Need("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
)
WINDOW_LIBRARIES: tuple[Need, ...] = (
    Need("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    Need("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Need("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Need("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Need("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Need("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Need("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Need("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Need("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    Need("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    Need("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    Need("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    Need("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
)


# ---- Pythons ----


@dataclass(frozen=True)
class FoundPython:
    command: str
    version: tuple[int, int]
    has_venv: bool


def probe_python(command: str) -> FoundPython | None:
    """Ask a Python for its version; None where it does not run (a stub, an empty shim)."""
    answer = output_of([command, "-c", PROBE])
    if answer is None:
        return None
    major, minor, has_venv = (int(word) for word in answer.split())
    return FoundPython(command, (major, minor), bool(has_venv))


def choose_python(found: Iterable[FoundPython], debian: bool) -> FoundPython:
    """The first Python that can carry the app.

    Raises:
        SetupError: all are too old, or the new enough ones lack the venv module.
    """
    pythons = list(found)
    new_enough = [python for python in pythons if python.version >= OLDEST_PYTHON]
    for python in new_enough:
        if python.has_venv:
            return python
    if new_enough:
        version = "{}.{}".format(*new_enough[0].version)
        line = f"sudo apt install python{version}-venv" if debian else "install it, then try again"
        raise SetupError(f"Python {version} is here without its venv module: {line}")
    newest = max((python.version for python in pythons), default=None)
    seen = "none was found" if newest is None else "the newest here is {}.{}".format(*newest)
    raise SetupError(
        f"Bathysphere needs Python 3.11 or newer and {seen}: install one from your system's "
        "packages or python.org, then try again."
    )


def find_pythons() -> Iterable[FoundPython]:
    """The Python that runs this first (make and run.cmd chose it), then those on the PATH."""
    in_venv = sys.prefix != sys.base_prefix
    names = ([] if in_venv else [sys.executable]) + [*PYTHON_NAMES]
    for path in dict.fromkeys(filter(None, map(shutil.which, names))):
        python = probe_python(path)
        if python is not None:
            yield python


# ---- the llama.cpp build ----


@dataclass(frozen=True)
class Machine:
    """What decides the build. nvcc: the CUDA compiler's path where it answers, otherwise empty."""

    system: str
    nvcc: str = ""
    has_nvidia_driver: bool = False
    has_vulkan_sdk: bool = False
    gpus: tuple[str, ...] = ()


def look_at_machine() -> Machine:
    """Takes a few milliseconds where there is no GPU: every `make run` passes here."""
    driver = has_nvidia_driver()
    return Machine(
        system=platform.system(),
        nvcc=find_nvcc(),
        has_nvidia_driver=driver,
        has_vulkan_sdk=has_vulkan_sdk(),
        gpus=seen_gpus(driver),
    )


def choose_backend(machine: Machine, wanted: str, prebuilt: bool = False) -> tuple[str, str]:
    """Which llama.cpp to build.

    Args:
        wanted: "auto", or a backend named by the person.
        prebuilt: a ready wheel will be installed, so tools for building are not asked for.

    Returns:
        The backend, and a line worth printing (or nothing).

    Raises:
        SetupError: the named backend is unknown or cannot be built or loaded here.
    """
    if wanted != "auto":
        obstacle = "" if prebuilt else what_hinders(machine, wanted)
        if wanted not in CMAKE_ARGS:
            obstacle = "there is no such backend (auto, cpu, cuda, metal or vulkan)"
        if obstacle:
            raise SetupError(f"BACKEND={wanted}: {obstacle}.")
        return wanted, ""
    for backend in ("metal", "cuda", "vulkan"):
        if not what_hinders(machine, backend):
            return backend, ""
    if machine.nvcc:
        return "cpu", (
            "nvcc is here but no NVIDIA driver, so a CUDA build could not be loaded: "
            "building for the CPU."
        )
    return "cpu", ""


def what_hinders(machine: Machine, backend: str) -> str:
    """Why a backend cannot be built here; empty where it can."""
    if backend == "metal" and machine.system != "Darwin":
        return "Metal is there on macOS only"
    if backend in ("cuda", "vulkan") and machine.system == "Darwin":
        return "macOS has Metal instead"
    if backend == "cuda" and not machine.nvcc:
        return "NVIDIA's CUDA toolkit is missing (nvcc was not found)"
    if backend == "cuda" and not machine.has_nvidia_driver:
        return "there is no NVIDIA driver here, so the library could not be loaded"
    if backend == "vulkan" and not machine.has_vulkan_sdk:
        return "the Vulkan SDK is missing (glslc, and VULKAN_SDK or pkg-config's vulkan)"
    return ""


def suggested_backend(machine: Machine, backend: str) -> str:
    """The backend that would use a GPU which a CPU build leaves idle; empty where there is none."""
    if backend != "cpu" or not machine.gpus:
        return ""
    if machine.system == "Darwin":
        return "metal"
    return "cuda" if machine.has_nvidia_driver else "vulkan"


def find_nvcc() -> str:
    folders = [os.environ.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")] + [
        "/usr/local/cuda"
    ]
    places = [str(Path(folder, "bin", "nvcc")) for folder in folders if folder]
    for place in filter(None, map(shutil.which, ["nvcc", *places])):
        if output_of([place, "--version"]) is not None:
            return place
    return ""


def has_nvidia_driver() -> bool:
    windows_driver = Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "nvcuda.dll")
    return (
        Path("/proc/driver/nvidia").is_dir()
        or shutil.which("nvidia-smi") is not None
        or windows_driver.is_file()
        or (sys.platform == "linux" and can_load("libcuda.so.1"))
    )


def has_vulkan_sdk() -> bool:
    if shutil.which("glslc") is None:
        return False
    return bool(os.environ.get("VULKAN_SDK")) or (
        output_of(["pkg-config", "--modversion", "vulkan"]) is not None
    )


def seen_gpus(nvidia_driver: bool) -> tuple[str, ...]:
    """Names of the GPUs that a build could use, from files alone (nvidia-smi takes up to a second).

    Intel's graphics are left out: most are inside the processor and no quicker than it.
    """
    if platform.system() == "Darwin":
        return ("Apple GPU",) if platform.machine() == "arm64" else ()
    models = [
        line.split(":", 1)[1].strip()
        for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        for line in file.read_text(errors="replace").splitlines()
        if line.startswith("Model:")
    ]
    vendors = [
        file.read_text(errors="replace").strip()
        for file in sorted(Path("/sys/class/drm").glob("card[0-9]*/device/vendor"))
    ]
    if not models and (nvidia_driver or "0x10de" in vendors):
        models = ["NVIDIA GPU"]
    return (*models, *("AMD GPU" for vendor in vendors if vendor == "0x1002"))


def processor_identity() -> str:
    """Differs where a library built with this processor's own instructions might not run."""
    if sys.platform != "linux":
        return f"{platform.machine()} {platform.processor()}"
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    return next(
        (line for line in lines if line.startswith(("flags", "Features"))), platform.machine()
    )


def cache_name(backend: str, cmake_args: str) -> str:
    """A cache of its own for each kind of build: pip's would give a CPU wheel to who wants CUDA."""
    identity = f"{cmake_args}\n{processor_identity()}".encode()
    return f"bathysphere-{backend}-{hashlib.sha256(identity).hexdigest()[:12]}"


# ---- the system ----


def output_of(command: list[str]) -> str | None:
    """What a small tool prints; None where it is missing, fails or takes longer than 20 s."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def can_load(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def has_compiler() -> bool:
    system = platform.system()
    if system == "Darwin":  # /usr/bin/c++ is there without the tools: a stub that opens a dialog
        return output_of(["xcode-select", "-p"]) is not None
    if any(map(shutil.which, filter(None, [os.environ.get("CXX"), "c++", "g++", "clang++", "cl"]))):
        return True
    if system != "Windows":
        return False
    programs = os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")
    finder = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    tools = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    question = [str(finder), "-products", "*", "-requires", tools, "-property", "installationPath"]
    return bool(output_of(question))


def missing_libraries(
    libraries: Iterable[Need], loads: Callable[[str], bool] = can_load
) -> list[Need]:
    return [library for library in libraries if not loads(library.name)]


def package_manager() -> str:
    return next((name for name in ("apt-get", "dnf") if shutil.which(name)), "")


def install_line(needs: Iterable[Need], system: str, manager: str) -> str:
    """The one line a person types to get what is missing."""
    wanted = list(needs)
    if system == "Darwin":
        return "xcode-select --install"
    if system == "Windows":
        return BUILD_TOOLS_FOR_WINDOWS
    if manager == "apt-get":
        return "sudo apt install " + " ".join(dict.fromkeys(need.apt for need in wanted))
    if manager == "dnf":
        return "sudo dnf install " + " ".join(dict.fromkeys(need.dnf for need in wanted))
    names = " ".join(need.name for need in wanted)
    return f"install {names} with your system's packages"
