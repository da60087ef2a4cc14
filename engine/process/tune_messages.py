"""The structs that travel between the window (or a script) and the worker of the Fine-tune room:
datasets and their rows, bases, what will be learned, plans, and what is made of a run.

Names and types only. Light: safe to import anywhere. That worker is finetune/worker.py; the engine
worker serves none of these. A run itself is no request: it is a process of its own that speaks
through its run folder (finetune/run/folder.py). Sizes in bytes, times in seconds, losses in nats
per learned token.
"""

from typing import Any, Literal

from engine.process.parts import Array, Request, Result, Struct

RowOrder = Literal["file", "length", "loss"]
RowFilter = Literal["", "duplicates", "warned", "training", "validation", "edited"]

# ---- rows ----


class RowMessage(Struct, frozen=True):
    """A message of a row. train: whether it is learned, where the row says so itself; tool_calls,
    name and tool_call_id (which call a tool's message answers): as OpenAI's format has them."""

    role: str
    content: str
    train: bool | None = None
    tool_calls: list[dict[str, Any]] = []
    name: str = ""
    tool_call_id: str = ""


class Row(Struct, frozen=True):
    """One conversation, or one text, to learn from: a line of a dataset's rows.jsonl.

    Either messages, or a text (continued pretraining: all of it is learned). id: unique in its
    dataset, unchanged by edits. source: where it came from ("chats.jsonl:17"). tools: tool
    descriptions for the template.
    """

    id: str
    messages: list[RowMessage] = []
    text: str = ""
    tools: list[dict[str, Any]] = []
    source: str = ""
    tags: list[str] = []


class BadRow(Struct, frozen=True):
    """A row that could not be taken: its line (from 1) in its file, why in one sentence, and how it
    begins. file: its name, where a dataset's rows may come from several."""

    line: int
    reason: str
    excerpt: str
    file: str = ""


class DatasetInfo(Result, frozen=True):
    """A dataset of the user folder. name: what people call it; id: its folder's name; n_problems:
    rows that could not be taken (ReadProblems lists them); added_s: when, since the epoch."""

    id: str
    name: str
    path: str
    n_rows: int
    n_problems: int = 0
    format: str = ""
    source: str = ""
    n_bytes: int = 0
    n_edits: int = 0
    added_s: float = 0.0
    can_undo: str = ""
    can_redo: str = ""


class DatasetList(Result, frozen=True):
    items: list[DatasetInfo]


class ListDatasets(Request, frozen=True):
    """All datasets of the user folder -> DatasetList."""


class FileLook(Result, frozen=True):
    """What a file of rows is, by its first rows. format: as finetune.config.RowFormat, "" where the
    columns have to be mapped by hand; columns: the keys that were seen, each with a value's
    beginning; rows: how the first would be taken; problems: what was wrong with the others."""

    path: str
    format: str
    columns: dict[str, str]
    rows: list[Row]
    problems: list[BadRow]
    n_bytes: int
    words: str = ""


class LookAtFile(Request, frozen=True):
    """mapping: as ImportFile -> FileLook."""

    path: str
    format: str = ""
    mapping: dict[str, str] = {}


class ImportFile(Request, frozen=True):
    """A file of rows becomes a dataset, or more rows of one. Events: Progress; -> DatasetInfo.

    format "": found by looking. mapping: role -> column ("system", "user", "assistant", "text"),
    for files of other columns. dataset "": a new one called `name`.
    """

    path: str
    name: str = ""
    format: str = ""
    mapping: dict[str, str] = {}
    dataset: str = ""


class ImportHub(Request, frozen=True):
    """A dataset of the hub becomes one of ours; opens connections to the place HF_ENDPOINT names.
    file "": the first that fits. n_rows_max 0: all. Events: Progress; -> DatasetInfo."""

    repository: str
    file: str = ""
    name: str = ""
    n_rows_max: int = 0


class AddRows(Request, frozen=True):
    """Rows from the window: own chats, typed by hand. Their ids are given anew. dataset "": a new
    one called `name` -> DatasetInfo."""

    rows: list[Row]
    name: str = ""
    dataset: str = ""
    source: str = ""


class Identity(Struct, frozen=True):
    """The form "knowledge of self". traits: how it is, a few words each; refusals: what it will not
    do, each with how it says so ("give legal advice: ask a lawyer"); n_rows: how many rows to
    write."""

    name: str
    maker: str = ""
    traits: list[str] = []
    refusals: list[str] = []
    n_rows: int = 20
    seed: int = 0


class MakeIdentity(Request, frozen=True):
    """Rows that teach a model who it is -> RowPage; nothing is written. base: whose template is
    asked whether it takes a system prompt; rows with one are left to those that do."""

    identity: Identity
    base: str = ""


class RowItem(Struct, frozen=True):
    """A row as a list shows it. number: its place in the dataset; is_validation: kept aside by the
    split; loss: of the base, nan where unknown; duplicate_of: id of the row it repeats; warnings:
    kinds, as RowWarning's."""

    row: Row
    number: int
    is_validation: bool = False
    n_tokens: int = -1
    loss: float | None = None
    duplicate_of: str = ""
    warnings: list[str] = []


class RowPage(Result, frozen=True):
    """n_total: rows that match, of which these are some."""

    rows: list[RowItem]
    n_total: int


class ReadRows(Request, frozen=True):
    """Some rows of a dataset, filtered and ordered. text: must be in the row (letters' case does
    not count). -> RowPage"""

    dataset: str
    start: int = 0
    count: int = 100
    text: str = ""
    only: RowFilter = ""
    order: RowOrder = "file"
    validation: float = 0.1


class ChangeRow(Request, frozen=True):
    """Put another row in the place of the one of its id -> DatasetInfo. Can be undone."""

    dataset: str
    row: Row


class DeleteRows(Request, frozen=True):
    """-> DatasetInfo. Can be undone."""

    dataset: str
    ids: list[str]


class UndoRows(Request, frozen=True):
    """Take back the last change of rows, or do it again (forward) -> DatasetInfo."""

    dataset: str
    forward: bool = False


class RenameDataset(Request, frozen=True):
    """-> DatasetInfo"""

    dataset: str
    name: str


class DeleteDataset(Request, frozen=True):
    """Into the trash of the user folder, or back from it (restore) -> DatasetList."""

    dataset: str
    restore: bool = False


class ExportDataset(Request, frozen=True):
    """All rows as one JSONL file of the messages format -> Nothing."""

    dataset: str
    path: str


class ProblemPage(Result, frozen=True):
    items: list[BadRow]
    n_total: int


class ReadProblems(Request, frozen=True):
    """Rows that could not be taken -> ProblemPage."""

    dataset: str
    start: int = 0
    count: int = 100


class DuplicateGroup(Struct, frozen=True):
    """Rows that say the same: the first is kept. similarity: Jaccard of their 5-grams, 1 where they
    are equal."""

    ids: list[str]
    similarity: float
    excerpt: str


class Duplicates(Result, frozen=True):
    groups: list[DuplicateGroup]


class FindDuplicates(Request, frozen=True):
    """Equal rows, and near ones by MinHash over 5-grams. Events: Progress; -> Duplicates."""

    dataset: str
    near: bool = True
    threshold: float = 0.8


class DatasetStats(Struct, frozen=True):
    """What a dataset is like for a base. lengths: tokens of each row, int32 array; roles: messages
    by role; n_learned: tokens with a label; n_cut: tokens beyond max_length, in n_rows_cut rows;
    n_repeated: rows whose content another has; scripts: rows by their text's main script."""

    n_rows: int
    n_validation: int
    n_tokens: int
    n_learned: int
    n_cut: int
    n_rows_cut: int
    n_repeated: int
    lengths: Array
    roles: dict[str, int]
    scripts: dict[str, int] = {}


class RowWarning(Struct, frozen=True):
    """A classic failure found in the rows. kind: "no_end", "unmasked_user", "cut", "template",
    "border", "double_bos", "empty_answer", "cannot_render", "nothing_learned", "split",
    "lost_text", "unseen_tools", "few_rows", "languages", "repeated".
    message: a sentence with its figures; remedy: what to do; ids: the rows it is about (the first
    1,000), n_rows: how many."""

    kind: str
    message: str
    remedy: str
    n_rows: int
    ids: list[str]
    is_grave: bool = False


class Checked(Result, frozen=True):
    """A dataset as it will be learned by a base."""

    stats: DatasetStats
    warnings: list[RowWarning]


class CheckDataset(Request, frozen=True):
    """Every row through the base's template. Events: Progress; -> Checked."""

    dataset: str
    base: str
    learn_from: Literal["all", "last", "marked"] = "all"
    max_length: int = 1024
    validation: float = 0.1


class Learned(Result, frozen=True):
    """A row as its tokens. As Rendered, and learned: 1 where the token is to be predicted (uint8);
    n_cut: tokens beyond max_length, not among these; warnings: about this row."""

    text: str
    ids: Array
    text_starts: Array
    pieces: Array
    piece_bytes: Array
    special: Array
    learned: Array
    n_cut: int = 0
    warnings: list[RowWarning] = []


class PreviewRow(Request, frozen=True):
    """What will be learned of a row, of the dataset (row_id) or given here -> Learned."""

    base: str
    dataset: str = ""
    row_id: str = ""
    row: Row | None = None
    learn_from: Literal["all", "last", "marked"] = "all"
    max_length: int = 1024


class RowLosses(Result, frozen=True):
    """ids of rows, and the base's loss on each (float32 array, nan where nothing is learned)."""

    ids: list[str]
    losses: Array


class ScoreRows(Request, frozen=True):
    """Per-row loss of the base (or with an adapter, a GGUF or a checkpoint's folder). Loads torch.
    Events: Progress; -> RowLosses. Kept with the dataset, for the order "loss"."""

    dataset: str
    base: str
    adapter: str = ""
    learn_from: Literal["all", "last", "marked"] = "all"
    max_length: int = 1024


# ---- bases and plans ----


class BaseInfo(Result, frozen=True):
    """Whether a model can be taught here, and what that takes. reason: why not, "" where it can.
    *_bytes: memory while training, by an estimate: lora_bytes (LoRA at rank 16, batch 8 x 512
    tokens), full_bytes; free_bytes: of this machine now. precision: what `auto` means here;
    note: a sentence on what is special (a quantised base; a folder that is converted first)."""

    path: str
    name: str
    architecture: str
    reason: str
    n_params: int = 0
    n_layer: int = 0
    n_ctx_train: int = 0
    quantisation: str = ""
    template: str = ""
    lora_bytes: int = 0
    full_bytes: int = 0
    free_bytes: int = 0
    precision: str = ""
    device: str = ""
    can_4_bits: bool = False
    note: str = ""
    size_bytes: int = 0


class DescribeBase(Request, frozen=True):
    """A GGUF file, or a folder of safetensors -> BaseInfo."""

    path: str


class BaseList(Result, frozen=True):
    items: list[BaseInfo]


class ListBases(Request, frozen=True):
    """All models under these folders, and the starter, with whether they can be taught.
    Events: Progress; -> BaseList."""

    folders: list[str]


class ConvertFolder(Request, frozen=True):
    """A Hugging Face folder of safetensors becomes a GGUF in `out`, its parity shown.
    Events: Progress; -> Converted."""

    folder: str
    out: str


class Calibration(Result, frozen=True):
    """Measured on this machine with this base, these rows and this plan. load_s: until the first
    step could begin; s_per_step: of the plan as asked; peak_bytes: of the process."""

    tokens_per_s: float
    s_per_step: float
    load_s: float
    peak_bytes: int
    free_bytes: int
    precision: str
    n_threads: int
    eval_s: float = 0.0


class Calibrate(Request, frozen=True):
    """A few steps of a run that leaves nothing behind. config: RUN.toml's text. Loads torch.
    Events: Progress; -> Calibration."""

    config: str


# ---- what is made of a run ----


class Parity(Struct, frozen=True):
    """torch and llama.cpp on the same tokens. form: "adapter", "merged", "quantised", "f16 base",
    "converted". top1: share of positions with the same likeliest token; mean_kl: of llama.cpp's
    distribution from torch's, nats; cause: where they part, in a sentence; max_difference: of any
    two logits, -1 where it was not looked at."""

    form: str
    top1: float
    mean_kl: float
    n_positions: int
    cause: str = ""
    max_kl: float = 0.0
    max_difference: float = -1.0


class Converted(Result, frozen=True):
    """A file that was made, and how near it is to what it was made from."""

    path: str
    n_bytes: int
    sha256: str = ""
    parity: list[Parity] = []
    words: str = ""


class MergeRun(Request, frozen=True):
    """A run's adapter merged into its base and quantised. quantisation "": as the base's; "F16" and
    "F32" too. source: the F16 original where a person has one. Events: Progress; -> Converted."""

    run: str
    out: str
    scale: float = 1.0
    quantisation: str = ""
    source: str = ""


class ExportPeft(Request, frozen=True):
    """The adapter as PEFT safetensors with its config -> Converted."""

    run: str
    out: str


class ImportPeft(Request, frozen=True):
    """A PEFT adapter's folder becomes a GGUF adapter for a base -> Converted."""

    folder: str
    base: str
    out: str


class HandOver(Request, frozen=True):
    """What another program needs. to: "ollama" (Modelfile), "lm_studio" (its folder) or "hub" (a
    repository; opens a connection, token from the keyring) -> Converted; words: how to use it."""

    run: str
    to: Literal["ollama", "lm_studio", "hub"]
    out: str = ""
    repository: str = ""
    is_private: bool = True


class CompareTexts(Request, frozen=True):
    """A text, or a row's messages, under the base and under the run's adapter (a checkpoint: its
    folder's name), token by token -> TextChanges."""

    run: str
    messages: list[RowMessage] = []
    text: str = ""
    checkpoint: str = ""
    scale: float = 1.0


class TextChanges(Result, frozen=True):
    """As Rendered, with each token's logprob under both (float32, nan for the first); the largest
    movers are where they differ most."""

    text: str
    ids: Array
    text_starts: Array
    pieces: Array
    piece_bytes: Array
    special: Array
    before: Array
    after: Array


TuneRequest = (
    ListDatasets
    | LookAtFile
    | ImportFile
    | ImportHub
    | AddRows
    | MakeIdentity
    | ReadRows
    | ChangeRow
    | DeleteRows
    | UndoRows
    | RenameDataset
    | DeleteDataset
    | ExportDataset
    | ReadProblems
    | FindDuplicates
    | CheckDataset
    | PreviewRow
    | ScoreRows
    | DescribeBase
    | ListBases
    | ConvertFolder
    | Calibrate
    | MergeRun
    | ExportPeft
    | ImportPeft
    | HandOver
    | CompareTexts
)
TuneResult = (
    DatasetInfo
    | DatasetList
    | FileLook
    | RowPage
    | ProblemPage
    | Duplicates
    | Checked
    | Learned
    | RowLosses
    | BaseInfo
    | BaseList
    | Calibration
    | Converted
    | TextChanges
)
