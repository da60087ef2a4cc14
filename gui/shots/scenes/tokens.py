"""The Tokens room: a text as a model sees it, its pages, and what the model makes of it."""

from typing import cast

from gui.shots.scenes.scene import scene
from gui.shots.stage import Stage
from gui.tokens.chat_page import ChatPage
from gui.tokens.compare_page import ComparePage
from gui.tokens.merges_panel import MergesPanel
from gui.tokens.room import TokensRoom
from gui.tokens.stages_panel import StagesPanel
from gui.tokens.surprise import map_of
from gui.tokens.tree_panel import TreePanel
from gui.tokens.vocabulary_page import VocabularyPage

CHOSEN = b"metres"


def _room(stage: Stage) -> TokensRoom:
    """The room with its first text and the starter's tokenizer, a token of it chosen."""
    stage.window.show_page("tokens")
    room = cast(TokensRoom, stage.window.widget_of("tokens"))
    room.show_page("text")
    map_of(room.parts).set_on(False)
    document, state = room.state.document, room.state
    stage.until(lambda: state.info is not None, "the tokenizer is open")
    stage.until(lambda: not document.is_stale, "the text has its tokens")
    token = document.token_at(document.text.data(0, document.n_bytes).index(CHOSEN))
    state.choose_token(token)
    return room


def _surprise(stage: Stage, room: TokensRoom) -> None:
    map_of(room.parts).set_on(True)
    known = map_of(room.parts)
    stage.until(lambda: known.status == "known", "the model has read the text")


def tokens(stage: Stage) -> None:
    room = _room(stage)
    _surprise(stage, room)
    room.parts.show_panel("pieces")
    map_of(room.parts).set_on(False)
    stage.take("tokens")


def merges(stage: Stage) -> None:
    room = _room(stage)
    room.parts.show_panel("merges")
    panel = cast(MergesPanel, room.text_page.panels.panel("merges"))
    stage.until(lambda: panel.steps is not None, "the merges are replayed")
    stage.take("tokens-merges")


def surprise(stage: Stage) -> None:
    """The map over the text, the bars of the next token below it."""
    room = _room(stage)
    _surprise(stage, room)
    room.parts.show_panel("next")
    panel = cast(StagesPanel, room.text_page.panels.panel("next"))
    stage.until(lambda: panel.stages.count() > 1, "the stages are told")
    stage.take("tokens-surprise")


def tree(stage: Stage) -> None:
    room = _room(stage)
    _surprise(stage, room)
    room.parts.show_panel("tree")
    panel = cast(TreePanel, room.text_page.panels.panel("tree"))
    stage.until(
        lambda: panel.view.shape.n_levels == panel.depth_box.value() and not panel.is_growing,
        "the tree has grown",
    )
    stage.take("tokens-tree")


def small(stage: Stage) -> None:
    """At 150 % font in a small window."""
    room = _room(stage)
    stage.enlarge()
    _surprise(stage, room)
    room.parts.show_panel("surprise")
    stage.take("tokens-large-font")


def chat(stage: Stage) -> None:
    room = _room(stage)
    room.show_page("chat")
    page = cast(ChatPage, room.page_of("chat"))
    stage.until(lambda: page.view.shown is not None, "the chat is rendered")
    stage.take("tokens-chat")


def compare(stage: Stage) -> None:
    room = _room(stage)
    room.show_page("compare")
    page = cast(ComparePage, room.page_of("compare"))
    stage.until(lambda: page.is_settled, "the texts are counted")
    stage.take("tokens-compare")


def vocabulary(stage: Stage) -> None:
    room = _room(stage)
    room.show_page("vocabulary")
    page = cast(VocabularyPage, room.page_of("vocabulary"))
    stage.until(lambda: bool(page.count.text()), "the vocabulary is read")
    page.filters.search.setText("deep")
    n_all = page.model.rowCount()
    stage.until(lambda: 0 < page.model.rowCount() < n_all, "the tokens that fit are found")
    stage.take("tokens-vocabulary")


SCENES = (
    scene(tokens, "tokens"),
    scene(merges, "tokens-merges"),
    scene(surprise, "tokens-surprise"),
    scene(tree, "tokens-tree"),
    scene(small, "tokens-large-font"),
    scene(chat, "tokens-chat"),
    scene(compare, "tokens-compare"),
    scene(vocabulary, "tokens-vocabulary"),
)
