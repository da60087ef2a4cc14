"""Files in a chat: attached, chosen from by pages, one that does not fit, what was sent."""

from collections.abc import Iterable
from pathlib import Path

from gui.chat.attach import AttachFeature
from gui.shots.papers import write_long_paper, write_papers
from gui.shots.scenes.scene import scene
from gui.shots.stage import SMALL_PX, Stage

ASK = "What was seen on the third dive, and how deep was it?"


def attached(stage: Stage) -> None:
    """Three files, each with its cost; the meter counts them."""
    feature = _attach(stage, write_papers(_folder(stage)))
    stage.room.work.composer.edit.setPlainText(ASK)
    stage.take("attached")
    _put_away(stage, feature)


def pages(stage: Stage) -> None:
    """A document's pages, with the tokens of each."""
    stage.hide_details()
    feature = _attach(stage, write_papers(_folder(stage))[2:])
    item = feature.desk.draft.items[0]
    feature.desk.choose(item.document.id, frozenset({0, 5, 6, 7}))
    feature.bar.open_requested.emit(item.document.id)
    stage.take("attached-pages")
    _put_away(stage, feature)


def too_long(stage: Stage) -> None:
    """A document that does not fit: what to leave out is chosen, nothing is cut."""
    stage.hide_details()
    stage.load(n_ctx=2048)
    feature = _attach(stage, [write_long_paper(_folder(stage))])
    stage.send(ASK)
    stage.until(feature.chooser.isVisible, "the pages are offered")
    stage.take("attached-too-long")
    stage.window.resize(*SMALL_PX)
    stage.take("attached-small")
    _put_away(stage, feature)
    stage.load()


def sent(stage: Stage) -> None:
    """An answer to what was attached, and the very text that was given."""
    log = write_papers(_folder(stage))[0]
    _attach(stage, [log])
    stage.ask(ASK)
    stage.take("attached-sent")
    stage.hide_details()
    first = stage.room.session.conversation.path()[0]
    stage.room.work.transcript.action_requested.emit("show_attached", first.id)
    stage.take("attached-text")
    stage.feature(AttachFeature).view.closed.emit()
    stage.forget()


def _folder(stage: Stage) -> Path:
    return stage.context.paths.home / "papers"


def _attach(stage: Stage, files: Iterable[Path]) -> AttachFeature:
    stage.new_chat()
    feature, wanted = stage.feature(AttachFeature), [str(file) for file in files]
    feature.attach(wanted)
    draft = feature.desk.draft
    stage.until(lambda: len(draft.items) == len(wanted) and draft.is_counted, "all is counted")
    stage.rest()
    return feature


def _put_away(stage: Stage, feature: AttachFeature) -> None:
    for item in list(feature.desk.draft.items):
        feature.desk.remove(item.document.id)
    stage.forget()


SCENES = (
    scene(attached, "attached"),
    scene(pages, "attached-pages"),
    scene(too_long, "attached-too-long", "attached-small"),
    scene(sent, "attached-sent", "attached-text"),
)
