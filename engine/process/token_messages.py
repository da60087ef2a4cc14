"""The structs of looking at tokens: tokenizers and vocabularies (a worker without a model serves
them), and the probabilities of a text (the worker that holds the model).

`source` names a tokenizer: "starter", "cl100k_base", "o200k_base", or the path of a GGUF or of a
tokenizer.json. Surprise in bits is -logprob / ln 2. messages.py tells of the wire as a whole.
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
    Sampling,
    Struct,
)

TokenKind = Literal["normal", "control", "byte", "user", "unknown", "unused"]
# The numbers that stand for kinds in arrays.
TOKEN_KINDS: tuple[TokenKind, ...] = ("normal", "control", "byte", "user", "unknown", "unused")
Reach = Literal["reached", "otherwise", "never", "part", "special"]
# What CheckVocabulary says of a token: its own text gives it; gives other tokens; no text can give
# it; it is a part of a character, so no text of its own; it is special.
REACHES: tuple[Reach, ...] = ("reached", "otherwise", "never", "part", "special")


# ---- tokenizers: requests ----


class OpenTokenizer(Request, frozen=True):
    """Get a tokenizer ready and describe it (TokenizerInfo). One that is open stays so: asking
    again is cheap. Every other request opens what it needs by itself."""

    source: str


class Encode(Request, frozen=True):
    """Tokens of a text (Encoded). A long text comes in parts first: EncodedPart, in order, and
    then the Done has everything at once only in its totals (its arrays are empty).

    special: read special tokens written out in the text as themselves, and add the BOS and EOS that
    the vocabulary asks for. inside: the text goes on inside another one (a slice of an editor that
    begins at a cut): no space is put before it.
    """

    source: str
    text: str
    special: bool = False
    inside: bool = False


class ReadVocabulary(Request, frozen=True):
    """Every token's bytes, kind and rank or score (Vocabulary)."""

    source: str


class FilterVocabulary(Request, frozen=True):
    """Ids of the tokens that fit (TokenIds), all of them where everything is at its default.

    text: found within a token's text (mode "text", letters of either case), a regular expression
    ("regex"), or ids and ranges of ids: "5, 100-120" ("id"). min_length, max_length: characters (0:
    no bound). script: a Unicode script's name ("Latin", "Han", "Cyrillic" ...), "" for all. kind,
    reach: "" for all. order: by id, or longest first.
    """

    source: str
    text: str = ""
    mode: Literal["text", "regex", "id"] = "text"
    min_length: int = 0
    max_length: int = 0
    script: str = ""
    kind: TokenKind | Literal[""] = ""
    reach: Reach | Literal[""] = ""
    order: Literal["id", "longest"] = "id"


class CheckVocabulary(Request, frozen=True):
    """Whether each token comes back from its own text (VocabularyCheck); with Progress."""

    source: str


class MergeHistory(Request, frozen=True):
    """How a word becomes tokens, step by step (Merges)."""

    source: str
    word: str


class CountTokens(Request, frozen=True):
    """How many tokens each of these texts has (Counts)."""

    source: str
    texts: list[str]


class RenderChat(Request, frozen=True):
    """As Render (its result too), through the template of a model that need not be loaded."""

    source: str
    messages: list[ChatMessage] = []
    add_generation_prompt: bool = True


# ---- probabilities: requests ----


class MapSurprise(Request, frozen=True):
    """How surprising every token of a text is to the loaded model: SurprisePart events in order,
    then Surprise.

    ids: the tokens as Encode gives them; a BOS that the vocabulary asks for is put before them and
    not told of. Where there is none the first token has nothing before it: its logprob is nan, its
    rank -1.
    """

    ids: list[int]
    adapters: list[Adapter] = []
    context: str = "main"


class LookAt(Request, frozen=True):
    """What the model expects after these tokens, before the samplers and after each of their stages
    (Stages). The logits are kept: asking again with other settings decodes nothing.

    chosen: a token whose place among them is told too, -1 for none. count: alternatives per stage.
    """

    ids: list[int]
    sampling: Sampling = Sampling()
    chosen: int = -1
    count: int = 12
    adapters: list[Adapter] = []
    context: str = "main"


class GrowTree(Request, frozen=True):
    """The likeliest continuations of a text as a tree (Tree), its levels as TreeLevel events while
    they are decoded: the branches of a level in one batch.

    width: children of each node; depth: levels. A level keeps at most the most_likely paths.
    """

    ids: list[int]
    width: int = 3
    depth: int = 4
    most_likely: int = 16
    adapters: list[Adapter] = []
    context: str = "main"


TokenRequest = (
    OpenTokenizer
    | Encode
    | ReadVocabulary
    | FilterVocabulary
    | CheckVocabulary
    | MergeHistory
    | CountTokens
    | RenderChat
    | MapSurprise
    | LookAt
    | GrowTree
)


# ---- events and parts of them ----


class EncodedPart(Event, frozen=True):
    """Tokens of the next stretch of a text: ids and the text's bytes that each covers (int32), and
    which are special (uint8). n_done of n_bytes of the text are done."""

    ids: Array
    lengths: Array
    special: Array
    n_done: int
    n_bytes: int


class SurprisePart(Event, frozen=True):
    """The next tokens' logprobs (float32) and ranks among all tokens (int32, 0: the likeliest)."""

    first: int
    logprobs: Array
    ranks: Array


class TreeNode(msgspec.Struct, frozen=True, array_like=True):
    """A token of the tree: the index of the node before it (-1: the text), its logprob there."""

    parent: int
    id: int
    piece: bytes
    logprob: float


class TreeLevel(Event, frozen=True):
    """The nodes of one more level; indices count over all levels."""

    nodes: list[TreeNode]


TokenEvent = EncodedPart | SurprisePart | TreeLevel


class Stage(Struct, frozen=True):
    """A distribution: name of the stage that made it ("model" before any, then as the fields of
    Sampling), its likeliest tokens, the probability of all others together, how many tokens are
    left, and of the chosen token its rank and logprob (-1 and None where it is gone)."""

    name: str
    candidates: list[Candidate]
    rest: float
    n_left: int
    chosen_rank: int = -1
    chosen_logprob: float | None = None


class MergeStep(Struct, frozen=True):
    """Two neighbours become one. place: the left one's index among the pieces of the moment; rank:
    the merge's place in the file's list (-1 where it has none); score: the token's own."""

    place: int
    piece: bytes
    id: int
    rank: int = -1
    score: float | None = None


class Choice(Struct, frozen=True):
    """A token that could have stood there (Unigram, WordPiece): bytes start to end of the word."""

    start: int
    end: int
    id: int
    piece: bytes
    score: float | None
    is_taken: bool


# ---- results ----


class TokenizerInfo(Result, frozen=True):
    """A tokenizer. kind: "BPE", "SentencePiece", "WordPiece", "Unigram" or its file's own word.

    is_exact: pieces are the text's own bytes. cuts: where a text may be cut in two and tokenised
    apart with the same outcome, [] for nowhere (names of engine/process/cuts.py). template: whether
    chats can be rendered. n_ctx: the context it was made for, 0 where the file does not say. path:
    the file's, "" for the built-in ones. pre_tokenizer: its name as the file has it.
    """

    source: str
    name: str
    kind: str
    n_tokens: int
    is_exact: bool
    path: str = ""
    pre_tokenizer: str = ""
    cuts: list[str] = []
    template: bool = False
    n_ctx: int = 0
    bos: int = -1
    eos: int = -1
    adds_bos: bool = False
    adds_eos: bool = False
    n_merges: int = 0
    has_scores: bool = False


class Encoded(Result, frozen=True):
    """Ids, the bytes of the text that each token covers (they add up to all of it, in order; 0 for
    a BOS that was added), which are special (uint8). text_ok: the pieces in a row are the text."""

    ids: Array
    lengths: Array
    special: Array
    n_tokens: int
    text_ok: bool


class Vocabulary(Result, frozen=True):
    """All tokens: their bytes in a row (uint8) and how many are each one's (int32), kinds (uint8,
    TOKEN_KINDS), and figures (float32, nan where there is none): what the file ranks or scores them
    by. figure: "rank" (the merge that makes it; lower comes first), "score" or ""."""

    source: str
    pieces: Array
    lengths: Array
    kinds: Array
    figures: Array
    figure: Literal["rank", "score", ""]
    scripts: list[str] = []


class TokenIds(Result, frozen=True):
    ids: Array


class VocabularyCheck(Result, frozen=True):
    """For each token what became of its own text (uint8, REACHES)."""

    source: str
    reach: Array


class Merges(Result, frozen=True):
    """A word's way to tokens. start: its pieces at the beginning; steps: the merges in order; then
    `ids` stand. choices: for Unigram and WordPiece, which do not merge."""

    kind: str
    start: list[bytes]
    steps: list[MergeStep]
    ids: list[int]
    pieces: list[bytes]
    choices: list[Choice] = []


class Counts(Result, frozen=True):
    """Tokens of each text, in order."""

    n_tokens: list[int]


class Surprise(Result, frozen=True):
    """Totals over the tokens that have a logprob; perplexity and bits_per_byte are nan where none
    has. bits_per_byte: over the bytes of those tokens. seen_at_least: 0 where each token was told
    from all that stand before it; else the text is longer than the context, and this many of them
    were seen at least.
    """

    n_tokens: int
    n_bytes: int
    bits: float
    perplexity: float
    bits_per_byte: float
    seen_at_least: int = 0


class Stages(Result, frozen=True):
    """The model's own distribution first, then one after each stage that does anything."""

    stages: list[Stage]


class Tree(Result, frozen=True):
    nodes: list[TreeNode]


TokenResult = (
    TokenizerInfo
    | Encoded
    | Vocabulary
    | TokenIds
    | VocabularyCheck
    | Merges
    | Counts
    | Surprise
    | Stages
    | Tree
)
