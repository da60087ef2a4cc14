"""What can be done with one message beyond what the transcript offers itself: edit, judge, branch,
answer with another model. Lines of the message's menu and buttons of its row, with keys for the
current message; and all of a message's lines as commands of the palette.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Slot
from PySide6.QtWidgets import QMenu

from engine.process.messages import ModelList
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts, Feature
from gui.chat.line_strip import LineStrip
from gui.chat.words import model_facts, tr
from gui.commands import Command, plain
from gui.widgets.plain_tip import plain_tip
from gui.widgets.transcript import MessageAction, MessageView


class MessageActions(Feature):
    """Adds the lines and does what they say."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._do: dict[str, Callable[[str], object]] = {}
        self._tagged_id = self._answered_id = ""
        self.tags = LineStrip(parts.context.theme, parts.work)
        self.models: QMenu | None = None
        parts.work.add_strip(self.tags)
        self._add_editing()
        self._add_branching()
        self._add_judging()
        parts.work.transcript.action_requested.connect(self._on_action_requested)
        parts.loader.listing_arrived.connect(self._on_listing_arrived)
        parts.session.chat_opened.connect(self.tags.hide)
        self.tags.accepted.connect(self._on_tags_accepted)
        self.tags.left.connect(self._on_tags_left)

    # ---- the lines ----

    def _add_editing(self) -> None:
        words, tip = tr("Edit the reply"), tr("Change what the model said; what follows stays")
        applies = self._can_be_edited
        edit = MessageAction("edit-reply", words, "edit", applies, "F2", tip, row="edit")
        self._add(edit, self.parts.desk.editing.begin)

    def _add_branching(self) -> None:
        words = tr("Answer with another model…")
        self._add(MessageAction("other-model", words, "cpu", _is_done, "M"), self._ask_model)
        words = tr("Answer again from here")
        self._add(MessageAction("again", words, "refresh", self._is_mine, "A"), self._again)
        go_on = MessageAction("go-on", tr("Go on from here"), "branch", self._is_inner)
        self._add(go_on, self.parts.session.show_branch)
        words = tr("Branch from here into a new chat")
        self._add(MessageAction("branch", words, "branch", _is_done, "N"), self._branch)

    def _add_judging(self) -> None:
        is_reply, toggle = self._is_reply, self.parts.presenter.toggle_correction
        tip = tr("Rate this reply good; once more takes that back")
        good = MessageAction("good", tr("Good reply"), "thumb-up", is_reply, "G", tip)
        tip = tr("Rate this reply bad; once more takes that back")
        bad = MessageAction("bad", tr("Bad reply"), "thumb-down", is_reply, "B", tip)
        self._add_rating(1, good)
        self._add_rating(-1, bad)
        correct, corrected = tr("Correct the reply…"), tr("Show or hide the correction")
        self._add(MessageAction("correct", correct, "edit", is_reply, "C"), self._correct)
        self._add(MessageAction("correction", corrected, "", self._is_corrected, "V"), toggle)
        self._add(MessageAction("tags", tr("Tags…"), "tag", is_reply, "T"), self._ask_tags)

    def _add_rating(self, n: int, action: MessageAction) -> None:
        judged = replace(action, row="judge", is_on=lambda view: self._rating(view) == n)
        self._add(judged, partial(self._rate, n=n))

    def _add(self, action: MessageAction, do: Callable[[str], object]) -> None:
        self._do[action.key] = do
        self.parts.work.transcript.add_message_action(action)

    def commands(self) -> list[Command]:
        """What can be done with the current message, or with the last one."""
        transcript = self.parts.work.transcript
        n_messages = len(transcript.column.items)
        if not transcript.isVisible() or not n_messages:
            return []
        index = transcript.current_message
        note = tr("This message") if index >= 0 else tr("Last message")
        return [
            Command(plain(one.text), note, partial(transcript.act, one.target), one.shortcut)
            for one in transcript.lines_of(index if index >= 0 else n_messages - 1)
        ]

    @Slot(str, str)
    def _on_action_requested(self, key: str, message_id: str) -> None:
        if key in self._do and message_id in self.parts.session.conversation:
            self._do[key](message_id)

    # ---- for which messages ----

    def _turn(self, view: MessageView) -> Turn | None:
        conversation = self.parts.session.conversation
        return conversation.turn(view.id) if view.id in conversation else None

    def _is_reply(self, view: MessageView) -> bool:
        return view.role == "assistant" and _is_done(view)

    def _can_be_edited(self, view: MessageView) -> bool:
        return self._is_reply(view) and not self.parts.session.is_busy

    def _rating(self, view: MessageView) -> int:
        turn = self._turn(view)
        return turn.rating if turn is not None else 0

    def _is_mine(self, view: MessageView) -> bool:
        return view.role == "user" and not self.parts.session.is_busy

    def _is_inner(self, view: MessageView) -> bool:
        """A reply that something follows: the next message can follow it instead."""
        is_last = view.id == self.parts.session.conversation.head_id
        return self._is_reply(view) and not is_last and not self.parts.session.is_busy

    def _is_corrected(self, view: MessageView) -> bool:
        turn = self._turn(view)
        return turn is not None and bool(turn.correction)

    # ---- branching ----

    def _again(self, turn_id: str) -> None:
        self.parts.session.answer_again(turn_id)

    def _branch(self, turn_id: str) -> None:
        session = self.parts.session
        if session.is_temporary:
            # A copy would be on the disk; within the chat the same is a branch.
            session.show_branch(turn_id)
        else:
            session.duplicate(session.chat_id, until=turn_id)
        self.parts.desk.focus_composer()

    def _ask_model(self, turn_id: str) -> None:
        self._answered_id = turn_id
        self.parts.loader.list_models(self.parts.chooser.folders())

    @Slot(object)
    def _on_listing_arrived(self, listing: ModelList) -> None:
        turn_id, self._answered_id = self._answered_id, ""
        if not turn_id or turn_id not in self.parts.session.conversation:
            return
        menu = self.models = QMenu(self.parts.work.transcript)
        menu.aboutToHide.connect(menu.deleteLater)
        for model in listing.models:
            if model.kind == "model":
                line = menu.addAction(f"{model.name} · {model_facts(model)}".replace("&", "&&"))
                line.setToolTip(plain_tip(model.path))
                line.triggered.connect(partial(self._answer_with, turn_id, model.path))
        if menu.isEmpty():
            menu.addAction(tr("No model files in your folders")).setEnabled(False)
        transcript = self.parts.work.transcript.viewport()
        menu.popup(transcript.mapToGlobal(QPoint(transcript.width() // 3, 60)))

    def _answer_with(self, turn_id: str, path: str) -> None:
        session = self.parts.session
        turn = session.conversation.turn(turn_id)
        session.answer_with(turn_id if turn.role == "user" else turn.parent_id, path)
        self.parts.work.composer.set_status(tr("Loading {name}…").format(name=Path(path).stem))

    # ---- judging ----

    def _rate(self, turn_id: str, n: int) -> None:
        """Once says so, twice takes it back."""
        rating = self.parts.session.conversation.turn(turn_id).rating
        self.parts.session.rate(turn_id, 0 if rating == n else n)

    def _correct(self, turn_id: str) -> None:
        self.parts.desk.editing.begin(turn_id, "correction")

    def _ask_tags(self, turn_id: str) -> None:
        self._tagged_id = turn_id
        self.tags.set_words(
            tr("Tags"),
            tr("Words to find this reply by, with commas between; they go into datasets too"),
            accept=tr("Keep"),
            accept_tip=tr("Give the reply these tags (Enter)"),
        )
        self.tags.open(", ".join(self.parts.session.conversation.turn(turn_id).tags))
        self.tags.field.setFocus()

    @Slot(str)
    def _on_tags_accepted(self, text: str) -> None:
        if self._tagged_id in self.parts.session.conversation:
            self.parts.session.tag(self._tagged_id, text.split(","))
        self._on_tags_left()

    @Slot()
    def _on_tags_left(self) -> None:
        self.tags.hide()
        self.parts.work.focus_page()


def _is_done(view: MessageView) -> bool:
    return not view.streaming
