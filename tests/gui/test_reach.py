"""What the window's own code can reach: no module that opens connections is imported, and only one
place hands a link to the browser. Read off the source, so that no path through it is missed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

import gui
from gui.widgets.kinds import button, icon_button, label

ROOT = Path(gui.__path__[0])
# Its traps catch a window that connects, so they listen themselves; no part of the window.
NOT_THE_WINDOW = {"bench_traps.py"}
OPENS = "connections.py"
# Commands other than the window are modules of this package, started by name from a table.
STARTS_BY_NAME = {"main.py": ["import_module(module)"]}
CONNECTING = (
    "PySide6.QtNetwork",
    "PySide6.QtWebEngine",
    "PySide6.QtWebSockets",
    "PySide6.QtHttpServer",
    "aiohttp",
    "ftplib",
    "http",
    "httpx",
    "huggingface_hub",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "urllib.error",
    "urllib.request",
    "urllib3",
    "webbrowser",
    "websockets",
    "xmlrpc",
)
# Widgets that fetch what they show, or follow links by themselves.
FETCHING = {"QTextBrowser", "QNetworkAccessManager", "QWebEngineView", "setOpenExternalLinks"}


def modules() -> list[Path]:
    found = [path for path in sorted(ROOT.rglob("*.py")) if path.name not in NOT_THE_WINDOW]
    assert len(found) > 150
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, wherever in the file, and each name from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reaching(source: str) -> list[str]:
    """What of a module's source may open a connection."""
    tree = ast.parse(source)
    found = [name for name in imported(tree) if _connects(name)]
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        if name in FETCHING:
            found.append(name)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "import_module"):
            found.append(ast.unparse(node))
    return found


def _connects(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in CONNECTING) or (
        name.startswith("PySide6.QtWeb")
    )


def opened(source: str) -> list[str]:
    """What is handed to the desktop to be opened: the argument of each openUrl."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        ast.unparse(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "openUrl"
    ]


def test_the_window_imports_nothing_that_connects() -> None:
    found = {path.name: reaching(path.read_text("utf-8")) for path in modules()}
    assert {name: what for name, what in found.items() if what} == STARTS_BY_NAME


def test_one_place_opens_links_and_all_others_open_folders() -> None:
    links = []
    for path in modules():
        for what in opened(path.read_text("utf-8")):
            if not what.startswith("QUrl.fromLocalFile("):
                links.append((path.relative_to(ROOT).as_posix(), what))
    assert links == [(OPENS, "QUrl(url)")]


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "def f():\n    from urllib import request",
        "import http.client",
        "from PySide6 import QtNetwork",
        "from PySide6.QtNetwork import QTcpSocket",
        "from PySide6.QtWebEngineWidgets import QWebEngineView",
        "label.setOpenExternalLinks(True)",
        "view = QtWidgets.QTextBrowser()",
        "m = __import__('so' + 'cket')",
    ],
)
def test_what_connects_is_found(source: str) -> None:
    assert reaching(source)


def test_what_does_not_is_let_be() -> None:
    assert not reaching("from urllib.parse import urlsplit\nimport json\nself.link.open(url)")
    assert opened("QDesktopServices.openUrl(QUrl.fromLocalFile(x))") == ["QUrl.fromLocalFile(x)"]


# ---- what Qt would take for markup ----

# Pictures, and words that stand in the source.
PICTURES = {"about.py", "attach_drop.py", "banner.py", "door.py"}


def rich_labels(source: str) -> list[str]:
    """Labels that are made without saying that their text is plain: one that looks like HTML would
    be taken for it, and an image in it read."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    made = [call for call in calls if ast.unparse(call.func) in ("QLabel", "QtWidgets.QLabel")]
    return [ast.unparse(call) for call in made if "PlainText" not in ast.unparse(call)]


def test_every_label_of_the_window_is_plain(qapp: QApplication) -> None:
    found = {
        path.relative_to(ROOT).as_posix(): rich_labels(path.read_text("utf-8"))
        for path in modules()
        if path.name not in PICTURES
    }
    # kinds.label says so a line below.
    assert {name: made for name, made in found.items() if made} == {
        "widgets/kinds.py": ["QLabel(text)"]
    }
    assert label("<b>x</b>").textFormat() == Qt.TextFormat.PlainText


def test_tooltips_of_rows_and_buttons_are_plain_where_they_name_something(
    qapp: QApplication,
) -> None:
    name = "<img src=/x.png>"
    for widget in (button("x", tooltip=name), icon_button(name)):
        assert "&lt;img" in widget.toolTip()
        widget.deleteLater()
