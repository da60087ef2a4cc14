"""Chat templates, from the side that may not be hurt: a chat becomes text, with the place of each
message in it.

`TemplateRenderer` owns the child process that renders (template_child.py says what templates can do
there) and ends it beyond its time or memory. `render_chat` finds the messages in what came out
(template_locate.py says how). Tokens are not made here; specials.py cuts the text for that.
"""

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import AppError
from engine.generation import template_spans
from engine.generation.specials import SpecialTable
from engine.generation.template_frames import Outcome, RenderRequest
from engine.generation.template_locate import ChatToPlace, Located, locating, run, text_of
from engine.generation.template_process import ChildLimitError, TemplateProcess
from engine.process.messages import ChatMessage, Span

DEADLINE_S = 1.0
MEMORY_BYTES = 512 * 1024 * 1024
_N_CACHED_CHATS = 32

Messages = Sequence[ChatMessage | Mapping[str, Any]]

_LIMIT_WORDS = {
    "time": "ran for too long and was stopped.",
    "memory": "wanted too much memory and was stopped.",
    "length": "wrote far more text than a model can read and was stopped.",
    "died": "crashed the process that renders it.",
}
_NOT_TO_BLAME = {
    "time": "This machine is too busy: the chat template could not be rendered in time.",
    "died": "The process that renders chat templates was ended from outside.",
}
_LIMIT_HINT = "The model file's template is faulty or hostile; use another file of this model."


@dataclass(frozen=True)
class RenderedChat:
    """A chat as the model's text.

    spans: where each message's content stands, in order of place; none for blank or dropped
        contents, several where the template took one apart.
    own: the regions, in order, that the template itself wrote.
    replies: the regions, in order, of assistant messages and of the prefill; `keep_whole` of
        specials.cut, so that a model's own <think> stays the token it was.
    markers: user-defined tokens that the template's source names, where a table was given;
        `markers` of specials.cut, so that a user's <think> does not become one.
    """

    text: str
    spans: list[Span]
    own: list[tuple[int, int]]
    replies: list[tuple[int, int]]
    markers: frozenset[str]


class TemplateRenderer:
    """Renders templates in a child process that is started when first needed and started anew after
    each accident.

    Safe to use from several threads. A template that went beyond its bounds is refused from then
    on.

    Args:
        deadline_s: for everything asked of the child at once.
        memory_bytes: what the child may take beyond what it starts with.
    """

    def __init__(self, deadline_s: float = DEADLINE_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._deadline_s = deadline_s
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._process: TemplateProcess | None = None
        self._refused: dict[str, str] = {}
        self._chats: OrderedDict[object, RenderedChat] = OrderedDict()
        self._is_closed = False

    def warm(self) -> None:
        """Start the child now; returns at once, and the first rendering waits less."""
        with self._lock:
            self._started()

    def render(
        self,
        template: str,
        messages: Messages,
        bos_token: str = "",
        eos_token: str = "",
        add_generation_prompt: bool = False,
        **extra: object,
    ) -> str:
        """One chat as text.

        Args:
            extra: further names for the template, such as `tools` or `enable_thinking`.

        Raises:
            AppError: the template is faulty, refuses the chat, or goes beyond its bounds.
        """
        context = chat_context(bos_token, eos_token, add_generation_prompt, extra)
        return text_of(self.outcomes(template, [{"messages": messages, **context}])[0])

    def outcomes(self, template: str, contexts: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Several renderings of one template in one round trip; see text_of for what each came to.

        Raises:
            AppError: the template went beyond its bounds.
        """
        digest = hashlib.sha256(template.encode("utf-8", "replace")).hexdigest()
        with self._lock:
            if digest in self._refused:
                raise _limit_error(self._refused[digest])
            try:
                return self._asked(RenderRequest(template, list(contexts), self._deadline_s))
            except ChildLimitError as error:
                self._stop()
                if error.is_to_blame:
                    self._refused[digest] = error.limit
                    raise _limit_error(error.limit) from error
                raise AppError(_NOT_TO_BLAME[error.limit], "Try again.") from error

    def close(self) -> None:
        """End the child. The renderer is of no more use."""
        with self._lock:
            self._is_closed = True
            self._stop()

    def remembered(self, key: object) -> RenderedChat | None:
        """A chat rendered a short time ago."""
        with self._lock:
            found = self._chats.get(key)
            if found is not None:
                self._chats.move_to_end(key)
            return found

    def remember(self, key: object, chat: RenderedChat) -> None:
        with self._lock:
            self._chats[key] = chat
            while len(self._chats) > _N_CACHED_CHATS:
                self._chats.popitem(last=False)

    def _asked(self, request: RenderRequest) -> list[Outcome]:
        try:
            outcomes = self._started().ask(request).outcomes
        except (ValueError, UnicodeEncodeError) as error:
            raise AppError(
                "This chat cannot be handed to the template.",
                "It is too long, or holds characters that are no text.",
                str(error),
            ) from error
        for outcome in outcomes:
            if outcome.fault in ("memory", "length"):
                raise ChildLimitError(outcome.fault)
        return outcomes

    def _started(self) -> TemplateProcess:
        if self._is_closed:
            raise AppError("The model is being unloaded.", "Load it again.")
        if self._process is not None and not self._process.is_alive():
            self._stop()
        if self._process is None:
            self._process = TemplateProcess(self._memory_bytes)
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def render_chat(
    renderer: TemplateRenderer,
    template: str,
    messages: Sequence[ChatMessage],
    bos: str = "",
    eos: str = "",
    add_generation_prompt: bool = True,
    prefill: str = "",
    table: SpecialTable | None = None,
    extra: Mapping[str, Any] | None = None,
    extras: Sequence[Mapping[str, Any]] = (),
) -> RenderedChat:
    """A chat as text, with the place of each message and the template's own regions.

    Args:
        prefill: the reply's first words, put after everything; its span has the index
            len(messages).
        table: the vocabulary's special tokens; without it anything like <s> or [INST] counts as one
            in doubt.
        extra: further names for the template.
        extras: further keys of each message (tool_calls, name), empty or one for each.

    Raises:
        AppError: as TemplateRenderer.render; also where messages hold what looks like special
            tokens and the template changes contents so much that they cannot be told from its own
            text.
    """
    context = chat_context(bos, eos, add_generation_prompt, extra or {})
    key = (template, tuple(messages), repr((sorted(context.items()), extras)), id(table))
    chat = renderer.remembered(key)
    if chat is None:
        asked = ChatToPlace(messages, context, extras)
        ask = functools.partial(renderer.outcomes, template)
        chat = placed_chat(template, asked, run(ask, locating(template, asked, table)), table)
        renderer.remember(key, chat)
    return _with_prefill(chat, prefill, len(messages))


def placed_chat(
    template: str, chat: ChatToPlace, located: Located, table: SpecialTable | None
) -> RenderedChat:
    """A chat whose messages were found."""
    messages, spans = chat.messages, located.spans
    own = template_spans.own_regions(len(located.text), [*spans, *located.described])
    replies = [(s.start, s.end) for s in spans if messages[s.message].role == "assistant"]
    markers = table.markers_in(template) if table else frozenset[str]()
    return RenderedChat(located.text, spans, own, replies, markers)


def chat_context(
    bos: str, eos: str, add_generation_prompt: bool, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The names that templates may count on, but for the messages."""
    return {
        "bos_token": bos,
        "eos_token": eos,
        "add_generation_prompt": add_generation_prompt,
        "tools": None,
        "documents": None,
        **extra,
    }


def _with_prefill(chat: RenderedChat, prefill: str, message: int) -> RenderedChat:
    """The chat with the reply's first words, in new lists: the cached ones are not to change."""
    start, end = len(chat.text), len(chat.text) + len(prefill)
    added = [(start, end)] if prefill else []
    return RenderedChat(
        chat.text + prefill,
        [*chat.spans, *(Span(*region, message) for region in added)],
        list(chat.own),
        [*chat.replies, *added],
        chat.markers,
    )


def _limit_error(limit: str) -> AppError:
    return AppError(f"The model's chat template {_LIMIT_WORDS[limit]}", _LIMIT_HINT)
