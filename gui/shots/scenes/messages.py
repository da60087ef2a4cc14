"""What a message can hold, and what can be done with one."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor

from gui.chat.branches import BranchesFeature
from gui.chat.links import Links
from gui.chat.message_actions import MessageActions
from gui.shots.questions import (
    DEEPEST,
    DUSK,
    NAME,
    OCEAN,
    PRESSURE,
    PRESSURE_TOLD,
    READING,
    READING_TOLD,
    SKY,
    TIPS,
    WINDOW,
    WINDOW_THOUGHT,
    WINDOW_TOLD,
    told,
)
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, Stage

LIGHTHOUSE = "Suggest a name for a lighthouse, and say why."
BETTER = "The Challenger Deep in the Mariana Trench, about 10,935 metres below the surface."
# Warm: two versions of a reply are to differ.
WARM = SETTINGS.with_value("temperature", 0.8)


def chat_edit(stage: Stage) -> None:
    """A message being written anew."""
    stage.chat(TIPS, DEEPEST)
    first = stage.room.session.conversation.path()[0]
    stage.room.desk.editing.begin(first.id)
    stage.take("chat-edit")
    stage.room.desk.editing.end()


def maths(stage: Stage) -> None:
    """Formulas, a table and code."""
    stage.told(*told(PRESSURE, PRESSURE_TOLD))
    stage.take("message-maths")


def reasoning(stage: Stage) -> None:
    """Folded to a line, and open."""
    text = f"<think>\n{WINDOW_THOUGHT}</think>\n\n{WINDOW_TOLD}"
    stage.told(*told(WINDOW, text, reasoning_ms=5200, n_reasoning=131))
    stage.take("reasoning-folded")
    transcript = stage.room.work.transcript
    thought = transcript.column.items[1].thoughts[0]
    transcript.toggle_thought(1, thought)
    stage.take("reasoning-open")


def link(stage: Stage) -> None:
    """A link asks first; this one leads elsewhere than it says."""
    stage.told(*told(READING, READING_TOLD))
    links = stage.feature(Links)
    transcript = stage.room.work.transcript

    def ask() -> None:
        QCursor.setPos(transcript.mapToGlobal(QPoint(transcript.width() // 2, 250)))
        transcript.link_activated.emit(
            "https://alvin.example.net/visit?from=reply", "www.whoi.edu/alvin"
        )
        stage.until(links.card.isVisible, "the card is there")

    stage.take("link", ask)
    links.card.leave()
    QCursor.setPos(0, 0)


def menu(stage: Stage) -> None:
    """All that can be done with a reply."""
    stage.chat(TIPS, DEEPEST)
    transcript = stage.room.work.transcript
    transcript.setFocus()
    transcript.make_current(1)

    def open_menu() -> None:
        menu = transcript.menu_at(None)
        menu.popup(transcript.mapToGlobal(QPoint(transcript.width() // 2, 90)))

    stage.take("message-menu", open_menu)
    transcript.make_current(-1)


def rated(stage: Stage) -> None:
    """One reply rated and tagged, one corrected; the tags of another being typed."""
    stage.chat(OCEAN, DEEPEST)
    session = stage.room.session
    replies = [turn for turn in session.conversation.path() if turn.role == "assistant"]
    session.rate(replies[0].id, 1)
    session.tag(replies[0].id, ["sea", "short answers"])
    session.rate(replies[1].id, -1)
    session.correct(replies[1].id, BETTER)
    stage.room.presenter.toggle_correction(replies[1].id)
    stage.take("message-rated")
    actions = stage.feature(MessageActions)
    stage.room.work.transcript.action_requested.emit("tags", replies[0].id)
    stage.until(actions.tags.isVisible, "the tags are asked for")
    stage.take("message-tags")
    actions.tags.left.emit()
    stage.room.presenter.toggle_correction(replies[1].id)


def branches(stage: Stage) -> None:
    """Every branch of a chat by its words."""
    stage.chat(NAME, SKY, settings=WARM)
    session, feature = stage.room.session, stage.feature(BranchesFeature)
    if session.conversation.n_branches == 1:
        first, reply, second = session.conversation.path()[:3]
        stage.answered(lambda: session.edit(second.id, DUSK))
        session.set_settings(WARM.with_value("seed", 2))
        stage.answered(lambda: session.regenerate(reply.id))
        stage.answered(lambda: session.edit(first.id, LIGHTHOUSE))
        session.show_branch(second.id)

    def open_list() -> None:
        feature.show_list()
        stage.until(feature.popup.isVisible, "the branches are listed")

    stage.take("branches", open_list)


SCENES = (
    scene(chat_edit, "chat-edit"),
    scene(maths, "message-maths"),
    scene(reasoning, "reasoning-folded", "reasoning-open"),
    scene(link, "link"),
    scene(menu, "message-menu"),
    scene(rated, "message-rated", "message-tags"),
    scene(branches, "branches"),
)
