"""What `make shots` shows: each room and page, and the states that a person meets in them.

A scene sets the stage and takes its picture; none needs another to have been there before it, but
the first, which needs that there is no chat yet.
"""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtWidgets import QLabel

from gui.shot_stage import SETTINGS, Stage
from gui.window import DIAGNOSTICS
from gui.window import SETTINGS as SETTINGS_PAGE

TIDE = "Explain to a child what a tide is."
TIPS = "Write three tips for learning to dive, as a numbered list with a bold title each."
DEEPEST = "What is the deepest place in the ocean? One sentence."
CLASS = "Write a short Python class for a submarine with a dive method. Use a code block."
TABLE = "Make a Markdown table of three fruits with their colour and taste."
SLEEP = "Why do we sleep?"
OCEAN = "What is the ocean?"
SKY = "Why is the sky blue?"
SMALL_PX = (1024, 700)
LARGE_FONT_PX = 20  # 150 % of 13
SMALL_CONTEXT = 512
BASE_MODEL = os.environ.get("BATHYSPHERE_SHOTS_BASE", "")


def welcome(stage: Stage) -> None:
    """The first run."""
    stage.take("welcome")


def chat(stage: Stage) -> None:
    stage.chat(TIPS, DEEPEST)
    stage.take("chat")


def chat_code(stage: Stage) -> None:
    # A stronger penalty shuns the words that code and tables repeat.
    stage.chat(TABLE, CLASS, settings=SETTINGS.with_value("repeat_penalty", 1.03))
    stage.take("chat-code")


def chat_streaming(stage: Stage) -> None:
    stage.new_chat()
    stage.begin(SKY, n_tokens=90)
    stage.take("chat-streaming")
    stage.room.session.stop()
    stage.wait_for_end()


def chat_new(stage: Stage) -> None:
    stage.new_chat()
    stage.take("chat-new")


def chat_edit(stage: Stage) -> None:
    """A message being written anew."""
    stage.chat(TIPS, DEEPEST)
    first = stage.room.session.conversation.path()[0]
    stage.room.desk.editing.begin(first.id)
    stage.take("chat-edit")
    stage.room.desk.editing.end()


def chat_small(stage: Stage) -> None:
    stage.window.resize(*SMALL_PX)
    stage.chat(TIPS, DEEPEST)
    stage.take("chat-small")


def chat_large_font(stage: Stage) -> None:
    stage.context.theme.set_font_px(LARGE_FONT_PX)
    stage.chat(TIPS, DEEPEST)
    stage.take("chat-large-font")


def model_picker(stage: Stage) -> None:
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
    stage.chat(TIPS, DEEPEST)
    chat_id = stage.room.session.chat_id
    stage.room.session.delete(chat_id)
    stage.until(stage.context.notices.strip.isVisible, "the deletion can be undone")
    stage.take("undo")
    stage.context.notices.undo()
    stage.until(lambda: stage.room.session.chat_id == chat_id, "the chat is back")


def error(stage: Stage) -> None:
    """The worker was killed in the middle of a reply, and is there again."""
    stage.new_chat()
    stage.begin(OCEAN, n_tokens=60)
    psutil.Process(stage.context.engine.pid).kill()
    stage.wait_for_end()
    stage.load()
    stage.context.notices.banners.banners[0].details_button.setChecked(True)
    stage.take("error")


def overflow(stage: Stage) -> None:
    """The first turns do not fit any more, and that is said."""
    stage.load(n_ctx=SMALL_CONTEXT)
    stage.new_chat(SETTINGS.with_value("overflow", "drop_oldest"))
    for question in (SLEEP, SKY, OCEAN, TIDE):
        stage.ask(question)
    stage.take("overflow")
    stage.load()


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


def base(stage: Stage) -> None:
    """A base model goes on with a text."""
    starter = stage.room.loader.model
    stage.load(BASE_MODEL)
    stage.new_chat(SETTINGS.with_value("max_tokens", 120))
    stage.ask("The lantern fish lives where no light comes. Every night it")
    stage.take("base")
    if starter is not None:
        stage.load(starter.path)


SCENES: dict[str, Callable[[Stage], None]] = {
    "welcome": welcome,
    "chat": chat,
    "chat-code": chat_code,
    "error": error,
    "chat-streaming": chat_streaming,
    "chat-new": chat_new,
    "chat-edit": chat_edit,
    "chat-small": chat_small,
    "chat-large-font": chat_large_font,
    "model-picker": model_picker,
    "undo": undo,
    "overflow": overflow,
    "settings": settings,
    "diagnostics": diagnostics,
    **({"base": base} if BASE_MODEL else {}),
}
