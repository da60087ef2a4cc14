"""What is not a chat's own: which model, a worker that died, something undone, connections, the
pages of the window.
"""

import json
import platform
import sys
from pathlib import Path

import psutil
from msgspec.structs import asdict
from PySide6.QtWidgets import QLabel

from gui.connections import Connection
from gui.shots.questions import DEEPEST, OCEAN, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.shots.store import DAY_S
from gui.window import DIAGNOSTICS
from gui.window import SETTINGS as SETTINGS_PAGE

NOON_S = 1_772_366_400.0


def model_picker(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    picker = stage.room.chooser.picker

    def choose() -> None:
        picker.hide()
        picker.entries.clear()
        stage.room.chooser.choose()
        stage.until(lambda: picker.entries.count() > 0, "the models are listed")

    stage.take("model-picker", choose)
    picker.hide()


def undo(stage: Stage) -> None:
    """A chat was deleted a moment ago."""
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    session, notices = stage.room.session, stage.context.notices
    chat_id = session.chat_id

    def delete() -> None:
        session.delete(chat_id)
        stage.until(lambda: session.chat_id != chat_id, "the chat is gone")

    def bring_back() -> None:
        notices.undo()
        stage.until(lambda: session.chat_id == chat_id, "the chat is back")

    stage.take("undo", delete, bring_back)


def error(stage: Stage) -> None:
    """The worker was killed in the middle of a reply, and is there again."""
    stage.hide_details()
    stage.new_chat()
    stage.begin(OCEAN, n_tokens=60)
    psutil.Process(stage.context.engine.pid).kill()
    stage.wait_for_end()
    stage.load()
    stage.context.notices.banners.banners[0].details_button.setChecked(True)
    stage.take("error")
    stage.forget()


def connections(stage: Stage) -> None:
    """What was connected to in sessions before, and that nothing was in this one."""
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    earlier = [
        Connection(NOON_S, "huggingface.co", "which files ggml-org/SmolLM3 has", 48_210, "done"),
        Connection(NOON_S + 90, "huggingface.co", "which files ggml-org/SmolLM4 has", -1, "failed"),
        Connection(
            NOON_S + DAY_S, "oceanexplorer.noaa.gov", "a link opened in your browser", -1, "browser"
        ),
    ]
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in earlier)
    stage.context.connections.path.write_text(lines, encoding="utf-8")
    stage.take("connections", stage.window.status.show_connections)


def settings(stage: Stage) -> None:
    stage.context.settings.change(threads=0)  # as a person finds it
    stage.window.show_page(SETTINGS_PAGE)
    stage.take("settings")


def diagnostics(stage: Stage) -> None:
    stage.window.show_page(DIAGNOSTICS)
    page = stage.window.widget_of(DIAGNOSTICS)
    pid = str(stage.context.engine.pid)
    stage.until(lambda: any(pid in one.text() for one in page.findChildren(QLabel)), "its answer")
    for one in page.findChildren(QLabel):
        one.setText(_without_this_machine(one.text()))
    stage.take("diagnostics")


def _without_this_machine(text: str) -> str:
    """Where the app lies and which kernel runs is nobody's business but the photographer's."""
    elsewhere = Path("~/bathysphere", *Path(sys.executable).parts[-3:])
    text = text.replace(sys.executable, str(elsewhere))
    return text.replace(platform.platform(), f"{platform.system()} {platform.machine()}")


SCENES = (
    scene(model_picker, "model-picker"),
    scene(undo, "undo"),
    scene(error, "error"),
    scene(connections, "connections"),
    scene(settings, "settings"),
    scene(diagnostics, "diagnostics"),
)
