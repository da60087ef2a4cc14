"""A worker of the Pretrain room in the test's own process: two texts, a tokenizer, sources that are
looked at. Has the surface of gui.process.EngineProcess that the room uses.

Making a text and training a tokenizer wait for the test to `tell` and `done`.
"""

from __future__ import annotations

from msgspec import structs
from PySide6.QtCore import QObject

from engine.process.messages import AnyRequest, AnyResult, Nothing
from engine.process.pretrain_messages import (
    CalibratePretrain,
    CleaningCount,
    CorpusDocument,
    CorpusInfo,
    CorpusList,
    CorpusPage,
    CurvePoint,
    DeleteCorpus,
    DeleteTokenizer,
    DroppedText,
    ListCorpora,
    ListStoryShots,
    ListTokenizers,
    LookAtSource,
    Merge,
    PretrainCalibration,
    RaisedTokenizer,
    ReadCorpus,
    RenameCorpus,
    SourceLook,
    StoryShot,
    StoryShots,
    TokenizerList,
)
from tests.fakes.fake_bases import FakeBases

STORIES_PATH, BOOK_PATH = "/corpora/stories", "/corpora/book"
N_TEXTS = 120
DROPPED = [
    DroppedText("Buy now!!! Buy now!!! Buy now!!!", "page.html", "62 % of its lines are said twice")
]
CLEANING = [
    CleaningCount("decode", 20_010, 2, 4_096, 0, [DroppedText("\ufffd\ufffd", "a.bin", "no text")]),
    CleaningCount("normalise", 20_008, 0, 0, 312),
    CleaningCount("language", 20_008, 0, 0),
    CleaningCount("length", 20_008, 3, 120),
    CleaningCount("repetition", 20_005, 5, 9_000, 0, DROPPED),
    CleaningCount("exact", 20_000, 800, 410_000),
    CleaningCount("near", 19_200, 0, 0),
]


def corpus_info(path: str = STORIES_PATH, **fields: object) -> CorpusInfo:
    """Stories, or with other fields another text."""
    known: dict[str, object] = {
        "id": path.rpartition("/")[2],
        "name": "Stories",
        "n_documents": 19_200,
        "n_bytes": 12_400_000,
        "n_held_out": 960,
        "held_out_bytes": 620_000,
        "n_characters": 12_400_000,
        "n_different_characters": 61,
        "sources": ["20,000 stories, seed 0"],
        "cleaning": CLEANING,
        "stories_seed": 0,
        "n_stories": 20_000,
        "added_s": 1_700_000_000.0,
    }
    return CorpusInfo(path=path, **{**known, **fields})  # type: ignore[arg-type]  # its fields


STORIES = corpus_info()
BOOK = corpus_info(
    BOOK_PATH,
    name="My book",
    n_documents=40,
    n_bytes=88_000,
    sources=["book.md"],
    stories_seed=-1,
    n_stories=0,
    cleaning=[],
)
MERGES = [
    Merge("·t", "he", "·the", 41_220, "the"),
    Merge("a", "nd", "and", 18_034, "and"),
    Merge("·M", "ira", "·Mira", 6_110, "Mira"),
    Merge("·look", "ed", "·looked", 2_904, "looked"),
]
TOKENIZER_PATH = "/tokenizers/stories-2048"
CURVE = [CurvePoint(n, rate) for n, rate in ((260, 1.0), (512, 2.1), (1024, 3.0), (2048, 3.7))]
TOKENIZER = RaisedTokenizer(
    "stories-2048",
    "Stories 2,048",
    TOKENIZER_PATH,
    "bpe",
    2048,
    n_merges=1784,
    corpus="stories",
    bytes_per_token=3.7,
    curve=CURVE,
    merges=MERGES,
    longest=["·because", "·something", "·grandmother"],
    seconds=2.4,
    added_s=1_700_000_000.0,
)
SHOT = "Otto left the lamp in the shed.\n“Where is the lamp?” asked Grandmother. “"
ASKED = "Mira hid the kite in the oak.\n“Where is the kite?” asked Grandmother. “"
SHOTS = StoryShots(
    shots=[
        StoryShot("where", SHOT, "In the shed.", f"{SHOT}In the shed,” said Grandfather.\n\n"),
        StoryShot("why", "Otto was sad.", "Because.", "Otto was sad. Because.\n\n"),
    ],
    asked=[
        StoryShot("where", ASKED, "In the oak.", f"{ASKED}In the oak,” said Grandfather.\n\n"),
        StoryShot("why", "Mira was glad.", "Because.", "Mira was glad. Because.\n\n"),
    ],
)
LOOK = SourceLook("3 Markdown files, 88 kB", 3, 88_000, ["# One\n\nIt was a dark night."])


class FakeTexts(FakeBases):
    """looks: path or kind of a source -> what it is."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.corpora = [STORIES, BOOK]
        self.tokenizers = [TOKENIZER]
        self.looks: dict[str, SourceLook] = {}

    def _answer(self, request: AnyRequest) -> AnyResult | None:
        match request:
            case ListCorpora():
                return CorpusList(list(self.corpora))
            case ListTokenizers():
                return TokenizerList(list(self.tokenizers))
            case LookAtSource():
                source = request.source
                return self.looks.get(source.path or source.kind, LOOK)
            case ReadCorpus():
                return _page(request)
            case RenameCorpus():
                (old,) = [one for one in self.corpora if one.id == request.corpus]
                return structs.replace(old, name=request.name)
            case DeleteCorpus() | DeleteTokenizer():
                return Nothing()
            case ListStoryShots():
                return SHOTS
            case CalibratePretrain():
                return PretrainCalibration(15_900.0, 900_000_000, 0.2, 3.0, "fp32", 2)
        return super()._answer(request)


def _page(request: ReadCorpus) -> CorpusPage:
    numbers = range(request.start, min(N_TEXTS, request.start + request.count))
    word = "Held out" if request.part == "held_out" else "Story"
    texts = (f"{word} {n}. Mira put the red ball in the box." for n in numbers)
    documents = [CorpusDocument(text, len(text), "stories") for text in texts]
    return CorpusPage(documents, N_TEXTS)
