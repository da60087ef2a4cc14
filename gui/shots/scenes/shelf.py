"""The list of chats: searched, in folders, archived, deleted."""

from gui.chat.chat_order import ChatOrder
from gui.shots.questions import DEEPEST, SKY, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.shots.store import EARLIER_CHATS


def search(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(SKY, name="sky")
    stage.chat(TIPS, DEEPEST)
    chats = stage.room.list
    chats.search.setText("deep")
    stage.until(lambda: chats.results.hits.rowCount() > 0, "something is found")
    stage.take("search")
    chats.search.setText("zeppelin")
    stage.until(lambda: chats.results.hits.rowCount() == 0, "nothing is found")
    stage.take("search-nothing")
    chats.search.clear()


def folders(stage: Stage) -> None:
    """Two folders, one of them closed, and a chat that is pinned."""
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    session, ids = stage.room.session, _ids(stage)
    made: list[str] = []
    stage.feature(ChatOrder).keep(
        lambda store: made.extend(map(store.create_folder, ("Cooking", "Harbour museum")))
    )
    stage.until(lambda: len(made) == 2, "the folders are there")
    session.move_chat(ids[0], made[0])
    session.move_chat(ids[2], made[1])
    session.move_chat(ids[5], made[1])
    session.set_pinned(ids[3], True)
    chats = stage.room.list
    stage.until(lambda: chats.model.folder_of(ids[5]) == made[1], "the chats are moved")
    chats.model.toggle(made[0])
    stage.take("folders", chats.view.scrollToTop)


def archive(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    session, ids = stage.room.session, _ids(stage)
    session.set_archived(ids[1], True)
    session.set_archived(ids[4], True)
    _show(stage, "archived", "archive")
    for chat_id in (ids[1], ids[4]):
        session.set_archived(chat_id, False)


def trash(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    session, ids = stage.room.session, _ids(stage)
    for chat_id in (ids[1], ids[5]):
        session.delete(chat_id)
    _show(stage, "trash", "trash")
    for chat_id in (ids[1], ids[5]):
        session.restore(chat_id)


def _show(stage: Stage, scope: str, name: str) -> None:
    order = stage.feature(ChatOrder)
    order.show_scope(scope)
    stage.until(lambda: stage.room.list.model.n_chats == 2, "these chats are listed")
    stage.context.notices.strip.hide()
    stage.take(name)
    order.show_scope("chats")


def _ids(stage: Stage) -> list[str]:
    """The earlier chats, in the order of their names."""
    stage.until(lambda: stage.room.list.model.n_chats >= len(EARLIER_CHATS), "all are listed")
    by_title = {chat.title: chat.id for chat in stage.room.list.model.chats}
    return [by_title[words] for words, _ in EARLIER_CHATS]


SCENES = (
    scene(search, "search", "search-nothing"),
    scene(folders, "folders"),
    scene(archive, "archive"),
    scene(trash, "trash"),
)
