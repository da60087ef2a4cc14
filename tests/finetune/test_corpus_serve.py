"""Corpora as the room's worker serves them: the real worker, asked over the wire, and a hub on
loopback."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import AppError
from engine.process import pretrain_messages as m
from engine.process.client import Client
from engine.process.messages import Done, Nothing, Progress
from tests.engine.loading import worker_environment
from tests.finetune.corpora_made import path_source, prose
from tests.finetune.small_hub import SmallHub, serving

R = TypeVar("R")
N_GROUPS, N_IN_GROUP = 20, 50


def parquet() -> bytes:
    """Texts in groups of rows, beside a column that is much larger."""
    sink = io.BytesIO()
    n = N_GROUPS * N_IN_GROUP
    table = pyarrow.table(
        {
            "id": [f"{number:0200}" for number in range(n)],
            "other": [prose(number + n, 600) for number in range(n)],
            "text": [prose(number) for number in range(n)],
        }
    )
    pyarrow.parquet.write_table(table, sink, row_group_size=N_IN_GROUP)
    return sink.getvalue()


@pytest.fixture(scope="module")
def hub() -> Iterator[SmallHub]:
    tales = "\n<|endoftext|>\n".join(prose(number) for number in range(2000))
    files = {
        "README.md": b"# Read me\n",
        "data/train-00000-of-00002.jsonl": lines(0, 60),
        "data/train-00001-of-00002.jsonl": lines(60, 40),
        "large.parquet": parquet(),
        "tales.txt": tales.encode(),
    }
    with serving(SmallHub("someone/texts", files)) as found:
        yield found


def lines(first: int, n: int) -> bytes:
    texts = (prose(number) for number in range(first, first + n))
    return b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)


class Asking:
    """A worker, and the shape of its answers."""

    def __init__(self, client: Client, home: Path) -> None:
        self.client, self.home = client, home

    def ask(self, result: type[R], request: type[Any], **fields: Any) -> R:
        found = self.client.ask(lambda job: request(job=job, **fields))
        assert isinstance(found, result), found
        return found

    def make(self, *sources: m.CorpusSource, name: str = "Mine", **fields: Any) -> m.CorpusInfo:
        return self.ask(m.CorpusInfo, m.MakeCorpus, sources=[*sources], name=name, **fields)

    def page(self, corpus: m.CorpusInfo, **fields: Any) -> m.CorpusPage:
        return self.ask(m.CorpusPage, m.ReadCorpus, corpus=corpus.id, **fields)

    def ids(self) -> list[str]:
        return [one.id for one in self.ask(m.CorpusList, m.ListCorpora).corpora]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, hub: SmallHub) -> Iterator[Asking]:
    home = tmp_path_factory.mktemp("home")
    environment = worker_environment(home) | {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home)}
    with Client([sys.executable, "-m", "finetune.worker"], env=environment) as client:
        yield Asking(client, home)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.md").write_text(f"# Note {number}\n\n{prose(number)}\n")
    (folder / "short.md").write_text("Short.")
    (folder / "picture.png").write_bytes(bytes(range(256)) * 10)
    return folder


def test_a_corpus_is_made_listed_and_read(asking: Asking, notes: Path) -> None:
    request = m.MakeCorpus(job=0, sources=[path_source(notes)], name="Notes")
    events = list(
        asking.client.stream(lambda job: m.MakeCorpus(job, request.sources, request.name))
    )
    done = events[-1]
    assert isinstance(done, Done) and isinstance(done.result, m.CorpusInfo)
    info = done.result
    told = [one for one in events if isinstance(one, m.CleaningTold)]
    assert told[-1].counts == info.cleaning and told[-1].n_documents == 60
    assert Path(info.path) == asking.home / "corpora" / info.id
    assert asking.ids()[0] == info.id
    kept = asking.page(info, start=2, count=3)
    assert kept.n + asking.page(info, part="held_out").n == 60 and len(kept.documents) == 3
    assert kept.documents[0].text.startswith("# Note ")
    dropped = asking.page(info, part="length")
    assert [(one.text, one.source) for one in dropped.documents] == [("Short.", "short.md")]
    assert dropped.documents[0].reason == "It is shorter than 64 bytes."
    assert asking.page(info, part="decode").documents[0].source == "picture.png"
    with pytest.raises(AppError, match="no part “nothing”"):
        asking.page(info, part="nothing")


def test_a_corpus_is_called_otherwise_deleted_and_had_back(asking: Asking, notes: Path) -> None:
    info = asking.make(path_source(notes), name="First name")
    renamed = asking.ask(m.CorpusInfo, m.RenameCorpus, corpus=info.id, name="Second name")
    assert (renamed.id, renamed.name) == (info.id, "Second name")
    with pytest.raises(AppError, match="needs a name"):
        asking.ask(m.CorpusInfo, m.RenameCorpus, corpus=info.id, name="  ")
    asking.ask(Nothing, m.DeleteCorpus, corpus=info.id)
    assert info.id not in asking.ids()
    with pytest.raises(AppError, match="not there any more"):
        asking.page(info)
    asking.ask(Nothing, m.DeleteCorpus, corpus=info.id, is_undone=True)
    assert info.id in asking.ids() and asking.page(info).n > 0
    with pytest.raises(AppError, match="not in the trash"):
        asking.ask(Nothing, m.DeleteCorpus, corpus=info.id, is_undone=True)


@pytest.mark.parametrize("corpus", ["", "..", "../datasets", "gone"])
def test_nothing_outside_the_corpora_is_touched(asking: Asking, corpus: str) -> None:
    with pytest.raises(AppError, match="not there any more"):
        asking.ask(Nothing, m.DeleteCorpus, corpus=corpus)


def test_a_source_is_looked_at(asking: Asking, notes: Path, tmp_path: Path) -> None:
    def look(source: m.CorpusSource) -> m.SourceLook:
        return asking.ask(m.SourceLook, m.LookAtSource, source=source)

    found = look(path_source(notes))
    assert (
        found.words.startswith("61 Markdown files and 1 that is no text, ") and found.n_files == 62
    )
    assert len(found.texts) == 5 and found.texts[0].startswith("# Note 0") and not found.problem
    (tmp_path / "a.jsonl").write_bytes(b'{"title": "One", "body": "A much longer text."}\n' * 3)
    found = look(path_source(tmp_path / "a.jsonl"))
    assert (found.columns, found.column) == (["title", "body"], "body")
    assert found.texts[0] == "A much longer text." and found.words == "1 JSONL file, 144 bytes"
    for number in range(60):
        (notes / f"0{number}.png").write_bytes(bytes(range(256)))
    assert len(look(path_source(notes)).texts) == 5
    (notes / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert "1 Parquet file" in look(path_source(notes)).words
    assert "no Parquet file" in look(path_source(notes / "broken.parquet")).problem
    found = look(m.CorpusSource("stories", n_stories=1000, seed=0))
    assert found.words.startswith("1,000 stories (world 0), about ") and len(found.texts) == 5
    assert "language reference" in look(m.CorpusSource("python")).words
    (tmp_path / "picture").write_bytes(bytes(range(256)))
    found = look(path_source(tmp_path / "picture"))
    assert found.problem == "There is no text in it that can be read." and "picture" in found.hint
    assert "not there" in look(path_source(tmp_path / "gone")).problem


def test_a_dataset_of_the_hub_with_all_its_parts(asking: Asking, hub: SmallHub) -> None:
    source = m.CorpusSource("hub", repository="someone/texts")
    found = asking.ask(m.SourceLook, m.LookAtSource, source=source)
    assert found.n_files == 2 and found.words.startswith("data/train-00000-of-00002.jsonl and 1 ")
    assert found.texts[0] == prose(0) and (found.columns, found.column) == (["text"], "text")
    info = asking.make(source, name="From the hub")
    assert info.n_documents == 100 and info.sources == ["someone/texts"]
    assert [one for one in (asking.home / "cache").rglob("*") if one.is_file()] == []


def test_of_parquet_only_the_texts_that_are_wanted_are_fetched(
    asking: Asking, hub: SmallHub
) -> None:
    source = m.CorpusSource(
        "hub", path="large.parquet", repository="someone/texts", most_bytes=60_000
    )
    look = asking.ask(m.SourceLook, m.LookAtSource, source=source)
    assert look.texts[:2] == [prose(0), prose(1)] and look.words.endswith("60 kB of it are taken")
    assert (look.columns, look.column) == (["id", "other", "text"], "text")
    hub.sent.clear()
    info = asking.make(source)
    assert 60_000 <= info.n_bytes < 120_000
    assert 0 < hub.sent["large.parquet"] < len(hub.files["large.parquet"]) / 4
    assert info.sources == ["someone/texts, large.parquet (the first 60 kB)"]


def test_of_a_text_only_the_beginning_is_fetched(asking: Asking, hub: SmallHub) -> None:
    hub.sent.clear()
    source = m.CorpusSource("hub", path="tales.txt", repository="someone/texts", most_bytes=50_000)
    info = asking.make(source)
    assert 49_000 <= info.n_bytes <= 50_000 and info.n_documents > 50
    assert hub.sent["tales.txt"] == 50_000


def test_a_revision_is_asked_for(asking: Asking, hub: SmallHub) -> None:
    source = m.CorpusSource("hub", repository="someone/texts@refs/convert/parquet")
    asking.ask(m.SourceLook, m.LookAtSource, source=source)
    assert any("/revision/refs%2Fconvert%2Fparquet" in path for path in hub.asked)


@pytest.mark.parametrize(
    ("repository", "path", "words"),
    [
        ("someone/else", "", "no public repository"),
        ("nobody", "", "no dataset's name"),
        ("someone/texts", "x.csv", "no file “x.csv”"),
    ],
)
def test_what_the_hub_does_not_have_is_said(
    asking: Asking, repository: str, path: str, words: str
) -> None:
    source = m.CorpusSource("hub", path=path, repository=repository)
    found = asking.ask(m.SourceLook, m.LookAtSource, source=source)
    assert words in found.problem and found.hint
    with pytest.raises(AppError):
        asking.make(source)


def test_making_can_be_stopped_and_leaves_nothing(asking: Asking) -> None:
    before = asking.ids()
    source = m.CorpusSource("stories", n_stories=1_000_000, seed=0)
    events = asking.client.stream(lambda job: m.MakeCorpus(job, [source], "Long"))
    for event in events:
        if isinstance(event, Progress):
            asking.client.cancel(event.job)
            break
    ended = list(events)[-1]
    assert type(ended).__name__ == "Cancelled"
    assert asking.ids() == before
    assert not list((asking.home / "corpora").glob(".*.part"))
