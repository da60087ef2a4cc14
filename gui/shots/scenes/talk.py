"""Talking: the first run, a chat, one being written, one that is new or temporary."""

import os

from gui.shots.questions import CLASS, DEEPEST, SKY, TABLE, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SMALL_PX, Stage

BASE_MODEL = os.environ.get("BATHYSPHERE_SHOTS_BASE", "")


def welcome(stage: Stage) -> None:
    """The first run."""
    stage.take("welcome")


def chat(stage: Stage) -> None:
    stage.chat(TIPS, DEEPEST)
    stage.take("chat")


def chat_small(stage: Stage) -> None:
    stage.window.resize(*SMALL_PX)
    stage.chat(TIPS, DEEPEST)
    stage.take("chat-small")


def chat_large_font(stage: Stage) -> None:
    stage.enlarge()
    stage.chat(TIPS, DEEPEST)
    stage.take("chat-large-font")


def chat_code(stage: Stage) -> None:
    stage.hide_details()
    # A stronger penalty shuns the words that code and tables repeat.
    stage.chat(TABLE, CLASS, settings=SETTINGS.with_value("repeat_penalty", 1.03))
    stage.take("chat-code")
    stage.forget()


def chat_streaming(stage: Stage) -> None:
    stage.new_chat()
    stage.begin(SKY, n_tokens=90)
    stage.take("chat-streaming")
    stage.room.session.stop()
    stage.wait_for_end()
    stage.forget()


def chat_new(stage: Stage) -> None:
    stage.new_chat()
    stage.take("chat-new")


def chat_temporary(stage: Stage) -> None:
    """Nothing of it is kept."""
    stage.hide_details()
    stage.new_chat()
    stage.room.session.new_temporary_chat()
    stage.ask(DEEPEST)
    stage.take("chat-temporary")
    stage.room.session.new_chat()


def base(stage: Stage) -> None:
    """A base model goes on with a text."""
    starter = stage.room.loader.model
    stage.load(BASE_MODEL)
    stage.new_chat(SETTINGS.with_value("max_tokens", 120))
    stage.ask("The lantern fish lives where no light comes. Every night it")
    stage.take("base")
    if starter is not None:
        stage.load(starter.path)


SCENES = (
    scene(welcome, "welcome"),
    scene(chat, "chat"),
    scene(chat_small, "chat-small"),
    scene(chat_large_font, "chat-large-font"),
    scene(chat_code, "chat-code"),
    scene(chat_streaming, "chat-streaming"),
    scene(chat_new, "chat-new"),
    scene(chat_temporary, "chat-temporary"),
    *((scene(base, "base"),) if BASE_MODEL else ()),
)
