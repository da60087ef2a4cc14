"""The structs that travel between a window (or script) and a worker: requests in, events out.

Names and types only; wire.py turns them into frames. Light: safe to import anywhere, the window
included. A request names its job; every event names the job it belongs to (0: the worker itself).
Every job ends in exactly one of Done, Cancelled, Failed. Logprobs are natural logs; surprise in
bits is -logprob / ln 2.
"""

from typing import Literal

import msgspec

from engine.process.parts import (
    Adapter,
    Array,
    Candidate,
    ChatMessage,
    Event,
    Request,
    Result,
    Role,
    Sampling,
    Struct,
)
from engine.process.pretrain_messages import PretrainEvent, PretrainRequest, PretrainResult
from engine.process.token_messages import TokenEvent, TokenRequest, TokenResult
from engine.process.tune_messages import TuneRequest, TuneResult

# The whole interface is read from this page, whichever file a struct stands in.
__all__ = [
    "Adapter",
    "Array",
    "Candidate",
    "ChatMessage",
    "Event",
    "Request",
    "Result",
    "Role",
    "Sampling",
    "Struct",
]

PROTOCOL = 1
MAX_FRAME_BYTES = 256 * 1024 * 1024

Overflow = Literal["stop", "drop_oldest", "fail"]
Finish = Literal["stop", "stop_string", "length", "context", "cancelled"]


# ---- requests ----


class Load(Request, frozen=True):
    """Load a model into this worker, in place of the one before, which must be idle.

    n_ctx 0: the trained length, at most 8,192. n_threads 0: chosen by a short trial.
    flash_attention: off is exact to fp32's last digits with an f32 cache, and slower.
    """

    path: str
    n_ctx: int = 0
    n_threads: int = 0
    n_gpu_layers: int = -1
    device: str = ""
    kv_type: Literal["f16", "q8_0", "q4_0", "f32"] = "f16"
    flash_attention: Literal["auto", "off"] = "auto"
    use_mmap: bool = True
    vocab_only: bool = False
    state_max_bytes: int = 2 * 1024**3


class Unload(Request, frozen=True):
    pass


class OpenContext(Request, frozen=True):
    """A further context of the loaded model, with its own KV cache; "main" is there from the
    load."""

    name: str
    n_ctx: int = 0


class CloseContext(Request, frozen=True):
    name: str


class Generate(Request, frozen=True):
    """Continue a chat (messages) or a text (prompt); exactly one of the two is given.

    prefill: the reply's first words, given by the user, which the model continues.
    n_replies: replies drawn at once from the one prompt, in one batch; seeds are seed, seed + 1,
    ...
    max_tokens -1: until the model ends its turn or the context is full.
    top_logprobs: how many alternatives each token carries, before and after the samplers (0: none).
    adapters: set before the first decode; KV computed under other adapters or scales is not reused.
    alone: clear the KV cache first, so that nothing else in it can change a logit (Replay).
    slice_tokens: prompt tokens decoded per turn; part of what makes a reply repeatable.
    slices: decode the prompt in calls of exactly these sizes (Replay); what is left as slice_tokens
    says.
    prefill_ids: tokens that stand after prompt and prefill, exactly as they were drawn earlier; the
    reply goes on after them. Neither their text nor their count is part of the reply.
    reasoning_budget: tokens a reply may think; then its reasoning is closed for it. -1: no bound.
    private: nothing of this job, its KV neither, is ever written to the disk.
    """

    messages: list[ChatMessage] | None = None
    prompt: str | None = None
    prefill: str = ""
    context: str = "main"
    n_replies: int = 1
    max_tokens: int = -1
    stop: list[str] = []
    sampling: Sampling = Sampling()
    logprobs: bool = True
    top_logprobs: int = 0
    overflow: Overflow = "stop"
    adapters: list[Adapter] = []
    alone: bool = False
    slice_tokens: int = 128
    slices: list[int] = []
    prefill_ids: list[int] = []
    reasoning_budget: int = -1
    private: bool = False


class Score(Request, frozen=True):
    """How probable a text's tokens are, given what stands before them: Tokens in order, then Done.

    messages, prompt, prefill, adapters as in Generate; overflow is never applied (what is too long
    is refused). ids: the tokens to score; where empty, `text` is tokenised as a reply would be.
    sampling: what the alternatives "after" are taken through. first: tokens of ids before this one
    are read, not told.
    """

    messages: list[ChatMessage] | None = None
    prompt: str | None = None
    prefill: str = ""
    ids: list[int] = []
    text: str = ""
    first: int = 0
    top_logprobs: int = 0
    sampling: Sampling = Sampling()
    adapters: list[Adapter] = []
    context: str = "main"
    private: bool = False


class WriteLogits(Request, frozen=True):
    """What the model makes of rows of ids, into a .npy file: for each row the log-probabilities
    (float16) behind its last n_last tokens, in order, rows one behind the other; shape
    (sum of n_last, n_vocab). n_last as long as rows. is_raw: the logits as they are (float32)
    instead. Events: Progress; -> Nothing."""

    rows: list[list[int]]
    n_last: list[int]
    out: str
    adapters: list[Adapter] = []
    context: str = "main"
    is_raw: bool = False


class KeepStates(Request, frozen=True):
    """Write the KV states of idle chats to disk now (as an unload does), so that a later worker
    goes on from them."""


class Cancel(Request, frozen=True):
    """Cancel the job named by `job`. The job itself answers with its one end."""


class Ping(Request, frozen=True):
    pass


class Tokenize(Request, frozen=True):
    """Ids of a text. special: parse special tokens in it and add the BOS/EOS that the vocabulary
    asks for."""

    text: str
    special: bool = False


class Detokenize(Request, frozen=True):
    ids: list[int]
    special: bool = True


class Render(Request, frozen=True):
    """What a chat, or a raw prompt, becomes: the template's text, each message's span in it, and
    the token ids. dropped: indices of messages that the overflow policy left out
    (Generated.dropped); spans keep the numbers of the whole list."""

    messages: list[ChatMessage] = []
    prompt: str | None = None
    prefill: str = ""
    dropped: list[int] = []
    add_generation_prompt: bool = True


class Describe(Request, frozen=True):
    """The loaded model, or with a path (also in a worker without a model) what that file's header
    says."""

    path: str = ""


class ListModels(Request, frozen=True):
    """GGUF files under these folders, read by header only."""

    folders: list[str]


class ListHubFiles(Request, frozen=True):
    """GGUF files of a repository on the hub; opens a connection to the place HF_ENDPOINT names."""

    repository: str


class CheckHubToken(Request, frozen=True):
    """Whose the token is that the worker finds in the keyring, or in HF_TOKEN -> HubUser. The token
    itself is on no wire. Opens a connection to the place HF_ENDPOINT names."""


class Diagnose(Request, frozen=True):
    """Versions, build flags and devices of the engine."""


AnyRequest = (
    Load
    | Unload
    | OpenContext
    | CloseContext
    | Generate
    | Score
    | WriteLogits
    | KeepStates
    | Cancel
    | Ping
    | Tokenize
    | Detokenize
    | Render
    | Describe
    | ListModels
    | ListHubFiles
    | CheckHubToken
    | Diagnose
    | TokenRequest
    | TuneRequest
    | PretrainRequest
)


# ---- parts of events ----


class Top(msgspec.Struct, frozen=True, array_like=True):
    """The likeliest alternatives of one position, before and after the samplers, likeliest first,
    and the probability of all others together (rest_before, rest_after)."""

    before: list[Candidate]
    rest_before: float
    after: list[Candidate]
    rest_after: float


class Token(msgspec.Struct, frozen=True, array_like=True):
    """One generated token. text is what became readable with it: empty while a character is
    incomplete, or while a stop string may be forming; piece is its exact bytes. reply counts from 0
    among n_replies."""

    id: int
    piece: bytes
    text: str
    logprob: float | None = None
    reply: int = 0
    top: Top | None = None


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Where a message's content stands in the rendered text: code points start to end, and the
    message's index."""

    start: int
    end: int
    message: int


# ---- events ----


class Ready(Event, frozen=True):
    """The first event of every worker."""

    protocol: int
    pid: int


class Pong(Event, frozen=True):
    pass


class Progress(Event, frozen=True):
    """fraction in 0..1; what: a word for the stage ("loading", "threads", "reading")."""

    fraction: float
    what: str


class PromptProgress(Event, frozen=True):
    """Prompt tokens so far: n_done of n_total, of which n_reused came from the KV cache or from
    disk."""

    n_done: int
    n_total: int
    n_reused: int


class Dropped(Event, frozen=True):
    """What the overflow policy left out of the prompt: indices into the request's messages, and how
    many tokens that saved. A raw prompt has no turns to leave out: one too long is refused.
    n_written: tokens of the reply that stood already; above 0 the prompt was another, and only what
    comes lacks these."""

    messages: list[int]
    n_tokens: int
    n_written: int = 0


class Tokens(Event, frozen=True):
    items: list[Token]


class Done(Event, frozen=True):
    result: "AnyResult"


class Cancelled(Event, frozen=True):
    result: "AnyResult | None" = None


class Failed(Event, frozen=True):
    message: str
    hint: str = ""
    detail: str = ""


# ---- results ----


class Nothing(Result, frozen=True):
    pass


class Reply(Struct, frozen=True):
    """One finished reply. n_generated counts the end token too, where the model gave one;
    n_reasoning: those between the marks of reasoning."""

    text: str
    finish: Finish
    n_generated: int
    stop_string: str = ""
    seed: int = 0
    n_reasoning: int = 0


class AdapterFile(Struct, frozen=True):
    """What an adapter's file was, as ModelInfo says it of the model's."""

    path: str
    fingerprint: str
    sha256: str = ""


class Generated(Result, frozen=True):
    """n_prompt = n_reused + n_decoded (prompt tokens). tokens_per_s counts generation alone, over
    all replies; speeds: the same for each of them, from its first token to its last.

    slices: sizes of all decode calls that made the prompt's KV, in order, those of its reused part
    too ([] where they are not known: a state from an older disk); a negative one says how many
    tokens of the call before were forgotten again, so that the sum is n_prompt. n_threads: threads
    they ran with.
    prompt_hash: sha256 over the prompt's ids (int32, little-endian), with prefill_ids;
    template_hash: sha256 of the chat template, "" for a raw prompt. alone: no other sequence stood
    in the KV cache. n_reasoning: tokens between the marks of reasoning, over all replies.
    dropped: messages that the prompt lacked; dropped_later: those left out while the reply was
    written, to make room. sha256: of the model's file, "" while it is not known; adapter_files:
    those that were on.
    """

    replies: list[Reply]
    n_prompt: int
    n_reused: int
    n_decoded: int
    n_generated: int
    tokens_per_s: float
    first_token_ms: float
    slices: list[int]
    n_threads: int
    dropped: list[int] = []
    prompt_hash: str = ""
    template_hash: str = ""
    alone: bool = False
    n_reasoning: int = 0
    dropped_later: list[int] = []
    sha256: str = ""
    adapter_files: list[AdapterFile] = []
    speeds: list[float] = []


class ModelInfo(Result, frozen=True):
    """What a model file says of itself. template: "file" (carried in the file), "known" (recognised
    by its special tokens) or "none" (a base model: offer raw completion). sizes in bytes; n_ctx 0
    where nothing is loaded.
    Of a loaded model: fingerprint: sha256 over samples of the file, at hand at once; sha256: over
    all of it, "" until the worker has read it; n_gpu_layers: how many layers a GPU holds;
    flash_attention: "enabled", "disabled", "" where llama.cpp does not say; end_ids: the tokens
    that end a reply."""

    path: str
    name: str
    architecture: str
    size_bytes: int
    quantisation: str
    n_params: int
    n_vocab: int
    n_ctx_train: int
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    vocab_type: str
    template: Literal["file", "known", "none"]
    licence: str = ""
    kind: Literal["model", "adapter", "projector", "other"] = "model"
    n_ctx: int = 0
    n_threads: int = 0
    backend: str = ""
    fingerprint: str = ""
    kv_bytes: int = 0
    compute_bytes: int = 0
    load_ms: float = 0.0
    end_ids: list[int] = []
    sha256: str = ""
    n_gpu_layers: int = 0
    kv_type: str = ""
    flash_attention: str = ""


class ModelList(Result, frozen=True):
    """Readable GGUF files, and for the others path -> reason."""

    models: list[ModelInfo]
    unreadable: dict[str, str] = {}


class HubFile(Struct, frozen=True):
    """A file on the hub; sha256 "" where the hub does not give one."""

    name: str
    size_bytes: int
    sha256: str = ""


class HubFiles(Result, frozen=True):
    """Files of one state (commit) of a repository. n_bytes: what came over the wire for it, heads
    left out."""

    repository: str
    commit: str
    files: list[HubFile]
    n_bytes: int = 0


class HubUser(Result, frozen=True):
    """Who a token belongs to. role: "read", "write", "fineGrained", "" where the hub does not say;
    source: where the token was found, "keyring" or "HF_TOKEN"."""

    name: str
    role: str = ""
    source: str = ""


class Tokenized(Result, frozen=True):
    """ids and the byte length of each piece, both int32 arrays."""

    ids: Array
    piece_bytes: Array


class Text(Result, frozen=True):
    text: str


class Rendered(Result, frozen=True):
    """ids int32; text_starts: for each id the code point in `text` where it begins (int32); pieces:
    all tokens' bytes in a row (uint8), piece_bytes: how many are each one's (int32); special: 1
    where a token is special (uint8). prompt_hash: as Generated says it for the same prompt."""

    text: str
    spans: list[Span]
    ids: Array
    text_starts: Array
    pieces: Array
    piece_bytes: Array
    special: Array
    prompt_hash: str = ""


class Diagnosis(Result, frozen=True):
    """Lines for the diagnostics page: versions, build flags, devices, by name."""

    entries: dict[str, str]
    gpu_in_build: bool


AnyResult = (
    Nothing
    | Generated
    | ModelInfo
    | ModelList
    | HubFiles
    | HubUser
    | Tokenized
    | Text
    | Rendered
    | Diagnosis
    | TokenResult
    | TuneResult
    | PretrainResult
)
AnyEvent = (
    Ready
    | Pong
    | Progress
    | PromptProgress
    | Dropped
    | Tokens
    | TokenEvent
    | PretrainEvent
    | Done
    | Cancelled
    | Failed
)
