"""The replies being written, in whichever chats: begins them, lets them wait for the model, tells
what comes of them.

Knows no list of chats and no widget; a reply goes on when another chat is opened. Replies that are
written beside these, by requests or workers of their own, are asked, stopped and told of with them.
"""

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import AnyRequest, Failed, Generate, ModelInfo
from gui.chat.chat_file import ChatHandle
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import Beginning, Conversation
from gui.chat.made_with import asked
from gui.chat.model_loader import Engine, ModelLoader
from gui.chat.reply_writer import ReplyWriter
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply


class _Open(Struct, frozen=True):
    writer: ReplyWriter
    handle: ChatHandle
    conversation: Conversation


class Replies(QObject):
    """All replies under way, by the id of their message."""

    text_arrived = Signal(str, str)  # reply id, new text
    progressed = Signal(str)  # reply id; the prompt is being read, or messages were left out
    ended = Signal(object)  # StreamingReply
    failed = Signal(object)  # Failed, after its ended
    saved = Signal(str)  # reply id; the store has what there is so far

    def __init__(
        self,
        engine: Engine,
        store: StoreThread,
        loader: ModelLoader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._store = store
        self._loader = loader
        self._open: dict[str, _Open] = {}
        self._beside: list[Replies] = []
        loader.model_loaded.connect(self._on_model_loaded)
        loader.load_failed.connect(self._on_load_failed)
        loader.load_cancelled.connect(self._on_load_cancelled)

    def add_beside(self, others: "Replies") -> None:
        """Count others as one's own until `drop_beside`; all but their failures are told on."""
        self._beside.append(others)
        others.text_arrived.connect(self.text_arrived)
        others.progressed.connect(self.progressed)
        others.ended.connect(self.ended)
        others.saved.connect(self.saved)

    def drop_beside(self, others: "Replies") -> None:
        self._beside.remove(others)

    def streaming(self, reply_id: str) -> StreamingReply | None:
        """The reply in the making with this id, None when it is over or none of ours."""
        entry = self._open.get(reply_id)
        if entry is not None:
            return entry.writer.reply
        found = (others.streaming(reply_id) for others in self._beside)
        return next((reply for reply in found if reply is not None), None)

    @property
    def is_idle(self) -> bool:
        """Nothing is written here, in no chat."""
        return not self._open and all(others.is_idle for others in self._beside)

    def is_writing_in(self, conversation: Conversation) -> bool:
        is_own = any(reply_id in conversation for reply_id in self._open)
        return is_own or any(others.is_writing_in(conversation) for others in self._beside)

    def n_left_out(self, conversation: Conversation) -> int:
        """Tokens of the branch shown that its last reply was not given."""
        turn = conversation.last_reply()
        if turn is None:
            return 0
        reply = self.streaming(turn.id)
        if reply is not None:
            return reply.n_dropped_tokens + reply.n_dropped_later_tokens
        kept = turn.details
        return int(kept.get("n_dropped_tokens", 0) + kept.get("n_dropped_later_tokens", 0))

    def write(
        self,
        conversation: Conversation,
        handle: ChatHandle,
        reply_id: str,
        settings: ChatSettings,
        *,
        store: StoreThread | None = None,
        beginning: Beginning | None = None,
        index: int = 0,
    ) -> None:
        """Have a reply written, now or when the model is there.

        Args:
            store: where its chat is kept; the room's store where None.
            index: which reply of a request that draws several.
            beginning: how it begins, where that is more than the words it already has.
        """

        def make_request(job: int) -> Generate:
            model = self._loader.model
            request = conversation.request_for(
                reply_id,
                job,
                settings,
                is_base=model is not None and model.template == "none",
                beginning=beginning,
                is_private=handle.is_private,
            )
            reply.sent = [message.content for message in request.messages or []]
            reply.made_with = asked(request, model)
            return request

        tokens = list(beginning.tokens) if beginning else []
        text = conversation.turn(reply_id).content
        reply = StreamingReply(reply_id, text=text, tokens=tokens, index=index)
        self._add(reply, make_request, store or self._store, handle, conversation)

    def _add(
        self,
        reply: StreamingReply,
        make_request: Callable[[int], AnyRequest],
        store: StoreThread,
        handle: ChatHandle,
        conversation: Conversation,
    ) -> None:
        writer = ReplyWriter(self._engine, store, reply, make_request, self)
        writer.text_arrived.connect(self.text_arrived)
        writer.progressed.connect(self.progressed)
        writer.ended.connect(self._on_ended)
        writer.saved.connect(self.saved)
        self._open[reply.reply_id] = _Open(writer, handle, conversation)

    def start(self, reply_id: str) -> None:
        """Ask the engine for a reply that `write` prepared, or let it wait for the model."""
        writer = self._open[reply_id].writer
        if self._loader.model is not None:
            self._start(writer)
        elif not self._loader.is_loading:
            writer.cancel()  # the model went away meanwhile; Continue asks again

    def stop_in(self, conversation: Conversation) -> None:
        """Stop what is being written in a chat."""
        for reply_id, entry in list(self._open.items()):
            if reply_id in conversation:
                entry.writer.cancel()
        for others in list(self._beside):
            others.stop_in(conversation)

    def stop_chat(self, chat_id: str) -> None:
        """Stop what is being written in a chat that need not be the open one."""
        for entry in list(self._open.values()):
            if entry.handle.id == chat_id:
                entry.writer.cancel()
        for others in list(self._beside):
            others.stop_chat(chat_id)

    def interrupt_all(self) -> None:
        """The window is closing: keep what there is of every reply, as stopped."""
        for entry in list(self._open.values()):
            entry.writer.interrupt()
        for others in list(self._beside):
            others.interrupt_all()

    def _start(self, writer: ReplyWriter) -> None:
        model, entry = self._loader.model, self._open[writer.reply.reply_id]
        if model is not None:
            entry.conversation.change(writer.reply.reply_id, model_name=model.name)
            writer.model_name = model.name
        writer.start()

    def _waiting(self) -> list[ReplyWriter]:
        return [one.writer for one in self._open.values() if not one.writer.is_started]

    # ---- slots ----

    @Slot(str)
    def _on_ended(self, reply_id: str) -> None:
        entry = self._open.pop(reply_id)
        reply = entry.writer.reply
        entry.conversation.change(
            reply_id, content=reply.text, state=reply.end, details=reply.details
        )
        self.ended.emit(reply)
        if reply.failure is not None:
            self.failed.emit(reply.failure)

    @Slot(object)
    def _on_model_loaded(self, _model: ModelInfo) -> None:
        for writer in self._waiting():
            self._start(writer)

    @Slot(object)
    def _on_load_failed(self, failure: Failed) -> None:
        for writer in self._waiting():
            writer.fail(failure)

    @Slot()
    def _on_load_cancelled(self) -> None:
        for writer in self._waiting():
            writer.cancel()
