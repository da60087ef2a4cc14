"""What a message can hold, and what can be done with one."""

from PySide6.QtCore import QPoint

from gui.chat.branches import BranchesFeature
from gui.chat.chat_order import ChatOrder
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
    stage.hide_details()
    stage.told(*told(PRESSURE, PRESSURE_TOLD))
    stage.take("message-maths")
    stage.forget()


def reasoning(stage: Stage) -> None:
    """Folded to a line, and open."""
    stage.hide_details()
    text = f"<think>\n{WINDOW_THOUGHT}</think>\n\n{WINDOW_TOLD}"
    stage.told(*told(WINDOW, text, reasoning_ms=5200, n_reasoning=131))
    stage.take("reasoning-folded")
    transcript = stage.room.work.transcript
    thought = transcript.column.items[1].thoughts[0]
    transcript.toggle_thought(1, thought)
    stage.take("reasoning-open")
    stage.forget()


def link(stage: Stage) -> None:
    """A link asks first; this one leads elsewhere than it says."""
    stage.hide_details()
    stage.told(*told(READING, READING_TOLD))
    links = stage.feature(Links)
    transcript = stage.room.work.transcript

    def ask() -> None:
        transcript.link_activated.emit(
            "https://alvin.example.net/visit?from=reply", "www.whoi.edu/alvin"
        )
        stage.until(links.card.isVisible, "the card is there")

    stage.take("link", ask)
    links.card.leave()
    stage.forget()


def menu(stage: Stage) -> None:
    """All that can be done with a reply."""
    stage.hide_details()
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
    stage.hide_details()
    first, second = _judged(stage)
    stage.room.presenter.toggle_correction(second)
    stage.take("message-rated")
    actions = stage.feature(MessageActions)
    stage.room.work.transcript.action_requested.emit("tags", first)
    stage.until(actions.tags.isVisible, "the tags are asked for")
    stage.take("message-tags")
    actions.tags.left.emit()
    stage.room.presenter.toggle_correction(second)


def rated_list(stage: Stage) -> None:
    """The replies that were judged, in the place of the chats."""
    stage.hide_details()
    _judged(stage)
    order, chats = stage.feature(ChatOrder), stage.room.list
    order.show_scope("rated")
    stage.until(lambda: chats.rated.model.rowCount() > 1, "the rated replies are listed")
    stage.take("rated-replies")
    order.show_scope("chats")


def _judged(stage: Stage) -> tuple[str, str]:
    """Open a chat with a good and a bad reply; their ids."""
    stage.chat(OCEAN, DEEPEST)
    session = stage.room.session
    first, second = (one.id for one in session.conversation.path() if one.role == "assistant")
    session.rate(first, 1)
    session.tag(first, ["sea", "short answers"])
    session.rate(second, -1)
    session.correct(second, BETTER)
    stage.rest()
    return first, second


def branches(stage: Stage) -> None:
    """Every branch of a chat by its words."""
    stage.hide_details()
    stage.chat(NAME, SKY, settings=WARM)
    session, feature = stage.room.session, stage.feature(BranchesFeature)
    if session.conversation.n_branches == 1:
        first, reply, second = session.conversation.path()[:3]
        stage.answered(lambda: session.edit(second.id, DUSK))
        session.set_settings(WARM.with_value("seed", 2))
        stage.answered(lambda: session.regenerate(reply.id))
        stage.answered(lambda: session.edit(first.id, LIGHTHOUSE))
        session.show_branch(session.conversation.leaf_of(second.id))

    def open_list() -> None:
        feature.show_list()
        stage.until(feature.popup.isVisible, "the branches are listed")

    stage.take("branches", open_list)
    stage.forget()


SCENES = (
    scene(chat_edit, "chat-edit"),
    scene(maths, "message-maths"),
    scene(reasoning, "reasoning-folded", "reasoning-open"),
    scene(link, "link"),
    scene(menu, "message-menu"),
    scene(rated, "message-rated", "message-tags"),
    scene(rated_list, "rated-replies"),
    scene(branches, "branches"),
)
