"""What the engine is asked about the probabilities of a reply: the same prompt, adapters and
samplers as when it was written. Qt-free; values in, requests out.
"""

from typing import Any

import msgspec

from engine.process.messages import Adapter, ModelInfo, Sampling, Score, Token
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import N_ALTERNATIVES, Conversation, Turn, sent_text
from gui.widgets.token_marks import TokenMarks

# The id of the words that a person gave, which no token stands for yet.
GIVEN_ID = -1


def given_token(text: str) -> Token:
    """Words without a probability, at the beginning of a reply."""
    return Token(GIVEN_ID, text.encode("utf-8", "replace"), text)


def given_text(marks: TokenMarks) -> str:
    """The words that a person gave, where they are not scored; "" for none."""
    has_given = bool(marks.tokens) and marks.tokens[0].id == GIVEN_ID
    return marks.tokens[0].text if has_given else ""


def marks_of(kept: list[Token], content: str) -> TokenMarks:
    """The tokens that are kept of a reply, with what stands before them; none where they are those
    of another text."""
    written = "".join(token.text for token in kept)
    if not content.endswith(written):
        return TokenMarks()
    given = content[: len(content) - len(written)]
    return TokenMarks([given_token(given), *kept] if given else kept)


def is_of_model(turn: Turn, model: ModelInfo | None) -> bool:
    """Whether the loaded model is the one that wrote a reply, as far as that is known."""
    fingerprint = turn.details.get("made_with", {}).get("fingerprint", "")
    return model is not None and fingerprint in ("", model.fingerprint)


def score_text(
    conversation: Conversation,
    turn: Turn,
    settings: ChatSettings,
    job: int,
    *,
    marks: TokenMarks,
    model: ModelInfo,
    is_private: bool,
) -> Score:
    """Ask for what is not known of a reply: its given words, the figures of its tokens, or all."""
    base = _base(conversation, turn, settings, job, model, is_private)
    given = given_text(marks)
    if given:
        return msgspec.structs.replace(base, text=given)
    is_same = "".join(token.text for token in marks.tokens) == turn.content
    if marks.tokens and is_same and is_of_model(turn, model):
        return msgspec.structs.replace(base, ids=[token.id for token in marks.tokens])
    return msgspec.structs.replace(base, text=turn.content)


def score_token(
    conversation: Conversation,
    turn: Turn,
    settings: ChatSettings,
    job: int,
    *,
    marks: TokenMarks,
    index: int,
    model: ModelInfo,
    is_private: bool,
) -> Score:
    """Ask for the alternatives at one token."""
    base = _base(conversation, turn, settings, job, model, is_private)
    given = given_text(marks)
    ids = [token.id for token in marks.tokens[bool(given) : index + 1]]
    prefill, prompt = given, base.prompt
    if prompt is not None:
        prefill, prompt = "", prompt + given
    return msgspec.structs.replace(
        base, prefill=prefill, prompt=prompt, ids=ids, first=len(ids) - 1
    )


def _base(
    conversation: Conversation,
    turn: Turn,
    settings: ChatSettings,
    job: int,
    model: ModelInfo,
    is_private: bool,
) -> Score:
    made: dict[str, Any] = turn.details.get("made_with", {})
    shared: dict[str, Any] = {
        "job": job,
        "top_logprobs": N_ALTERNATIVES,
        "sampling": _sampling(made, settings),
        "adapters": _adapters(made, settings),
        "private": is_private,
    }
    if model.template == "none":
        before = conversation.path_to(turn.parent_id)
        return Score(prompt="".join(map(sent_text, before)), **shared)
    # Its own system prompt, where it is noted: the chat's may be another by now.
    system_prompt = str(made.get("system_prompt", settings.system_prompt))
    messages = conversation.messages_before(turn.id, system_prompt)
    dropped = set(made.get("dropped", []))
    kept = [message for index, message in enumerate(messages) if index not in dropped]
    return Score(messages=kept, **shared)


def _sampling(made: dict[str, Any], settings: ChatSettings) -> Sampling:
    """The samplers that a reply went through; those of the chat where that is not known."""
    try:
        return msgspec.convert(made["sampling"], Sampling, strict=False)
    except (KeyError, msgspec.ValidationError):
        return settings.sampling()


def _adapters(made: dict[str, Any], settings: ChatSettings) -> list[Adapter]:
    if "adapters" not in made:
        return list(settings.adapters)
    return [Adapter(str(path), float(scale)) for path, scale in made["adapters"]]
