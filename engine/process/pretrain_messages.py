"""The structs that travel between the window (or a script) and the worker of the Pretrain room:
corpora, tokenizers, plans, and what is measured and made of a model that was raised.

Names and types only. Light: safe to import anywhere. finetune/worker.py serves them; the engine
worker serves none of these. A run is a process of its own that speaks through its run folder. Sizes
in bytes, times in seconds, losses in nats per token unless bits per byte are named.
"""

from typing import Literal

from engine.process.parts import Array, Event, Request, Result, Struct
from engine.process.tune_messages import Parity

SourceKind = Literal["path", "hub", "stories", "python"]
CleaningStep = Literal[
    "decode",  # bytes that are no text
    "normalise",  # Unicode's NFC, line ends, marks left by HTML and Markdown
    "language",
    "length",
    "repetition",
    "exact",  # said before, word for word
    "near",  # nearly said before (MinHash)
]

# ---- corpora ----


class CorpusSource(Struct, frozen=True):
    """Where raw text comes from. path: a file or folder; hub: a dataset's repository with one of
    its files ("": the first that fits) in `path`; stories: n_stories made by our grammar from a
    seed; python: the language reference of this interpreter. column: of JSONL and Parquet, "" for
    the one that holds texts. most_bytes: take so much at most, 0: all."""

    kind: SourceKind
    path: str = ""
    repository: str = ""
    column: str = ""
    n_stories: int = 0
    seed: int = 0
    most_bytes: int = 0


class Cleaning(Struct, frozen=True):
    """What is cleaned. languages: codes that are kept (empty: all); min_bytes and max_bytes: of a
    document, longer ones are cut into pieces at paragraphs; a step that is left out drops
    nothing."""

    steps: tuple[CleaningStep, ...] = (
        "decode",
        "normalise",
        "language",
        "length",
        "repetition",
        "exact",
        "near",
    )
    languages: list[str] = []
    min_bytes: int = 64
    max_bytes: int = 1 << 16
    near_similarity: float = 0.8


class DroppedText(Struct, frozen=True):
    """A document that a step dropped or changed: how it begins, where it came from, why."""

    excerpt: str
    source: str
    reason: str


class CleaningCount(Struct, frozen=True):
    """What a step did, with its first examples."""

    step: CleaningStep
    n_in: int
    n_dropped: int
    bytes_dropped: int
    n_changed: int = 0
    examples: list[DroppedText] = []


class CorpusInfo(Result, frozen=True):
    """A corpus of the user folder. id: its folder's name; path: its folder. n_documents and n_bytes
    are of what is kept, both for training and held out; sources: in words; stories_seed -1: no
    story world; warnings: what a person should know ("so little text that ..."); validation: the
    share that is held out; is_one_text: a single text without end tokens, whose end is held out."""

    id: str
    name: str
    path: str
    n_documents: int
    n_bytes: int
    n_held_out: int = 0
    held_out_bytes: int = 0
    n_characters: int = 0
    n_different_characters: int = 0
    sources: list[str] = []
    cleaning: list[CleaningCount] = []
    warnings: list[str] = []
    stories_seed: int = -1
    n_stories: int = 0
    added_s: float = 0.0
    is_whole: bool = True
    validation: float = 0.05
    is_one_text: bool = False


class CorpusList(Result, frozen=True):
    corpora: list[CorpusInfo]


class ListCorpora(Request, frozen=True):
    """All corpora of the user folder, newest first -> CorpusList."""


class SourceLook(Result, frozen=True):
    """What a source is, before anything is taken: words ("3 Markdown files, 41 kB"), the beginning
    of its first texts, columns to choose from where it has any; problem: why it cannot be used, ""
    where it can."""

    words: str
    n_files: int = 0
    n_bytes: int = 0
    texts: list[str] = []
    columns: list[str] = []
    column: str = ""
    problem: str = ""
    hint: str = ""


class LookAtSource(Request, frozen=True):
    """-> SourceLook."""

    source: CorpusSource


class MakeCorpus(Request, frozen=True):
    """Read, clean and keep texts; CleaningTold and Progress while it works -> CorpusInfo."""

    sources: list[CorpusSource]
    name: str
    cleaning: Cleaning = Cleaning()
    validation: float = 0.05


class CleaningTold(Event, frozen=True):
    """Counts so far of a corpus that is being made."""

    counts: list[CleaningCount]
    n_documents: int
    n_bytes: int


class CorpusDocument(Struct, frozen=True):
    text: str
    n_bytes: int
    source: str
    reason: str = ""


class CorpusPage(Result, frozen=True):
    documents: list[CorpusDocument]
    n: int


class ReadCorpus(Request, frozen=True):
    """Documents from `start` on: kept ones, held out ones, or (part is a step's name) the examples
    that a step dropped. Texts are cut after 4,000 characters -> CorpusPage."""

    corpus: str
    part: str = "kept"
    start: int = 0
    count: int = 50


class RenameCorpus(Request, frozen=True):
    """-> CorpusInfo."""

    corpus: str
    name: str


class DeleteCorpus(Request, frozen=True):
    """Into the user folder's bin; is_undone: back from there -> Nothing."""

    corpus: str
    is_undone: bool = False


# ---- tokenizers ----


class Merge(Struct, frozen=True):
    """Two pieces become one. Pieces as they are read (a blank is "·", bytes that are no text are
    <0xNN>); count: how often the pair stood in the text when it was merged; example: a word."""

    left: str
    right: str
    piece: str
    count: int
    example: str = ""


class MergesArrived(Event, frozen=True):
    """The next merges, in order; n_done of n_merges are known with these."""

    merges: list[Merge]
    n_done: int
    n_merges: int


class CurvePoint(Struct, frozen=True):
    """bytes_per_token of held-out text with a vocabulary of n_vocab."""

    n_vocab: int
    bytes_per_token: float


class RaisedTokenizer(Result, frozen=True):
    """A tokenizer of the user folder. path: its folder, with tokenizer.json and vocab.gguf (no
    weights: the Tokens room opens it); merges: the first ones; seconds: what training took."""

    id: str
    name: str
    path: str
    kind: Literal["bpe", "chars", "bytes"]
    n_vocab: int
    n_merges: int = 0
    corpus: str = ""
    bytes_per_token: float = 0.0
    curve: list[CurvePoint] = []
    merges: list[Merge] = []
    longest: list[str] = []
    warnings: list[str] = []
    seconds: float = 0.0
    added_s: float = 0.0


class TokenizerList(Result, frozen=True):
    tokenizers: list[RaisedTokenizer]


class ListTokenizers(Request, frozen=True):
    """Those of the user folder, newest first -> TokenizerList."""


class TrainTokenizer(Request, frozen=True):
    """Train a tokenizer on a corpus (its folder or id); MergesArrived while it works ->
    RaisedTokenizer."""

    corpus: str
    kind: Literal["bpe", "chars", "bytes"]
    n_vocab: int
    name: str = ""


class DeleteTokenizer(Request, frozen=True):
    """Into the user folder's bin; is_undone: back from there -> Nothing."""

    tokenizer: str
    is_undone: bool = False


# ---- plans ----


class PretrainCalibration(Result, frozen=True):
    """A few real steps of a plan on this machine. load_s: what comes before the first step."""

    tokens_per_s: float
    peak_bytes: int
    step_s: float
    load_s: float
    precision: str
    n_threads: int


class CalibratePretrain(Request, frozen=True):
    """config: a RUN.toml as text (a draft will do; the corpus need not be there) ->
    PretrainCalibration."""

    config: str


# ---- what was raised ----


class Recited(Struct, frozen=True):
    """A passage of the memory test. times_seen: how often training really saw it; share: of the
    tokens after the prompt that were said word for word, 0..1."""

    times_seen: int
    prompt: str
    truth: str
    said: str
    share: float


class QuestionScore(Struct, frozen=True):
    """Questions of one kind about the story world: how many of n were right, by a model (few-shot
    for a base), by always saying the commonest answer, and by the nearest sentence that was seen.
    is_seen: whether training saw the very facts."""

    kind: str
    is_seen: bool
    n: int
    n_right: int
    n_majority: int
    n_nearest: int
    examples: list[tuple[str, str, str]] = []  # question, right answer, what was said


class BaseBench(Result, frozen=True):
    """What a base model can do at a checkpoint. bits_per_byte of held-out text; worst: excerpts of
    held-out documents with theirs, the highest first; scores: empty where the corpus is no story
    world."""

    run: str
    checkpoint: str
    bits_per_byte: float
    n_bytes: int
    worst: list[tuple[str, float]] = []
    recited: list[Recited] = []
    scores: list[QuestionScore] = []


class RunBaseBench(Request, frozen=True):
    """Progress while it works; kept in the run's folder -> BaseBench."""

    run: str
    checkpoint: str = ""


class MakeStoryRows(Request, frozen=True):
    """Conversations about a corpus's story world as a dataset for Fine-tune (n rows; none asks a
    held-out question) -> DatasetInfo."""

    corpus: str
    n: int
    name: str = ""


class StoryShot(Struct, frozen=True):
    """A question about a story as a base reads it. asked: the story and the question, up to where
    the answer begins; answer; whole: both, as an example to stand before another."""

    kind: str
    asked: str
    answer: str
    whole: str


class StoryShots(Result, frozen=True):
    """shots: questions that may be learned from; asked: held-out ones, of all kinds in turn."""

    shots: list[StoryShot]
    asked: list[StoryShot]


class ListStoryShots(Request, frozen=True):
    """Questions of a corpus's story world for few-shot prompts -> StoryShots."""

    corpus: str
    n_shots: int = 120
    n_asked: int = 56


class MakeChatBase(Request, frozen=True):
    """A checkpoint ("" for the product) with the chat template of its own marks, in the run's
    folder, for Fine-tune to make an assistant of; made once -> Exported."""

    run: str
    checkpoint: str = ""


class ReportCard(Result, frozen=True):
    """Base (few-shot) and assistant (asked in chat) on the same held-out questions."""

    base: list[QuestionScore]
    assistant: list[QuestionScore]


class MakeReportCard(Request, frozen=True):
    """run: the pretraining; tuned: the fine-tuning that came of it; kept in the run's folder ->
    ReportCard."""

    run: str
    tuned: str
    checkpoint: str = ""


class Exported(Result, frozen=True):
    """path: the file, or the Hugging Face folder; parity: torch against it; three: torch against
    transformers, and transformers against llama.cpp, where they were asked for."""

    path: str
    n_bytes: int
    parity: list[Parity] = []
    words: str = ""


class ExportRaised(Request, frozen=True):
    """A checkpoint ("" for the product) as a GGUF of a type (F32, F16, Q8_0, ...), or with kind
    "safetensors" as a folder in the Hugging Face layout, tokenizer included -> Exported."""

    run: str
    target: str
    kind: str
    checkpoint: str = ""


class TokenTable(Result, frozen=True):
    """What a checkpoint takes for likely after a text; as NextTokens of a run's events."""

    pieces: list[str]
    probabilities: list[float]
    ids: Array


class LookAhead(Request, frozen=True):
    """The n likeliest next tokens after a text, by a checkpoint -> TokenTable."""

    run: str
    text: str
    checkpoint: str = ""
    n: int = 8


PretrainRequest = (
    ListCorpora
    | LookAtSource
    | MakeCorpus
    | ReadCorpus
    | RenameCorpus
    | DeleteCorpus
    | ListTokenizers
    | TrainTokenizer
    | DeleteTokenizer
    | CalibratePretrain
    | RunBaseBench
    | MakeStoryRows
    | ListStoryShots
    | MakeChatBase
    | MakeReportCard
    | ExportRaised
    | LookAhead
)
PretrainEvent = CleaningTold | MergesArrived
PretrainResult = (
    CorpusInfo
    | CorpusList
    | SourceLook
    | CorpusPage
    | RaisedTokenizer
    | TokenizerList
    | PretrainCalibration
    | BaseBench
    | StoryShots
    | ReportCard
    | Exported
    | TokenTable
)
