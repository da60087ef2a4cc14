"""A dataset against a plain list with a plain history, whatever is done to both; and rows that go
out into a file and come back."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.process.tune_messages import Row, RowMessage
from finetune.data import folding
from finetune.data.dataset import Dataset
from finetune.data.datasets import MoreRows, create
from finetune.data.formats import RowFile
from finetune.data.importing import export, import_file
from finetune.data.row_table import is_validation_row
from finetune.data.rows import content_hash, is_validation, read_row
from tests.finetune.some_rows import ended, row

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MESSAGES = st.builds(
    RowMessage,
    st.sampled_from(["user", "assistant", "system", "tool"]),
    WORDS,
    st.none() | st.booleans(),
    st.lists(
        st.fixed_dictionaries(
            {"type": st.just("function"), "function": st.fixed_dictionaries({"name": WORDS})}
        ),
        max_size=1,
    ),
    WORDS,
)
TALKS = st.lists(MESSAGES, max_size=3).map(lambda some: [*some, RowMessage("assistant", "end")])
TOOLS = st.lists(st.fixed_dictionaries({"type": WORDS, "n": st.integers(-5, 5)}), max_size=1)
ROWS = st.builds(lambda said, tools: Row("", said, tools=tools), TALKS, TOOLS)


class Changing(RuleBasedStateMachine):
    """Every step with the dataset and with a list; reopened and folded at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.rows = {number: f"row {number}" for number in range(1, 6)}
        new = [row(number, answer) for number, answer in self.rows.items()]
        self.dataset = Dataset(create(self.home, "x", new))
        self.next_id = 6
        self.done: list[dict[int, str]] = []
        self.undone: list[dict[int, str]] = []
        folding.SMALL_BYTES = 0

    def teardown(self) -> None:
        folding.SMALL_BYTES = 2 << 20
        shutil.rmtree(self.home)

    def _step(self, rows: dict[int, str]) -> None:
        """Undoing goes back row by row: what an import brought meanwhile stays."""
        before = dict(self.rows)
        changed = {key for key in before.keys() | rows.keys() if before.get(key) != rows.get(key)}
        self.done.append({key: before.get(key, "") for key in changed})
        self.undone.clear()
        self.rows = dict(sorted(rows.items()))

    @rule(number=st.integers(0, 8), text=st.sampled_from(["a", "b", "c"]))
    def change(self, number: int, text: str) -> None:
        if not self.rows:
            return
        key = list(self.rows)[number % len(self.rows)]
        self.dataset.change(row(key, f"{text} {self.next_id}"))
        self._step({**self.rows, key: f"{text} {self.next_id}"})

    @rule(keys=st.sets(st.integers(1, 12), max_size=4))
    def delete(self, keys: set[int]) -> None:
        gone = keys & self.rows.keys()
        assert self.dataset.delete([str(key) for key in keys]) == len(gone)
        if gone:
            self._step({key: text for key, text in self.rows.items() if key not in gone})

    @rule(n=st.integers(1, 2))
    def add(self, n: int) -> None:
        ids = self.dataset.add([row(0, "added")] * n)
        new = range(self.next_id, self.next_id + n)
        assert ids == [str(key) for key in new]
        self.next_id += n
        self._step({**self.rows, **dict.fromkeys(new, "added")})

    @rule(n=st.integers(1, 3))
    def append(self, n: int) -> None:
        with MoreRows(self.dataset, "file") as more:
            for _ in range(n):
                more.writer.add(row(0, "imported"))
            more.keep()
        self.rows |= dict.fromkeys(range(self.next_id, self.next_id + n), "imported")
        self.next_id += n

    @rule(forward=st.booleans())
    def undo(self, forward: bool) -> None:
        self.dataset.undo(forward)
        source, target = (self.undone, self.done) if forward else (self.done, self.undone)
        if source:
            images = source.pop()
            target.append({key: self.rows.get(key, "") for key in images})
            self.rows |= images
            self.rows = {key: text for key, text in sorted(self.rows.items()) if text}

    @rule()
    def reopen(self) -> None:
        self.dataset = Dataset(self.dataset.folder)

    @rule()
    def forget_the_index(self) -> None:
        (self.dataset.folder / "index.bin").unlink(missing_ok=True)

    @rule(small=st.sampled_from([0, 2 << 20]))
    def fold_at_once(self, small: int) -> None:
        folding.SMALL_BYTES = small

    @invariant()
    def both_say_the_same(self) -> None:
        found = {int(one.id): one.messages[1].content for one in self.dataset.rows()}
        assert found == self.rows and list(found) == sorted(found)
        assert (self.dataset.n_steps, self.dataset.n_rows) == (len(self.done), len(self.rows))
        assert bool(self.dataset.can_redo) == bool(self.undone)


TestChanging = Changing.TestCase
TestChanging.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=25, suppress_health_check=list(HealthCheck)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=5), is_text=st.booleans(), text=WORDS)
def test_rows_come_back_from_a_file_as_they_were(
    tmp_path: Path, rows: list[Row], is_text: bool, text: str
) -> None:
    if is_text:
        rows = [Row("", text=f"{text}.{number}") for number in range(3)]
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        home = Path(folder)
        dataset = Dataset(create(home, "one", rows))
        ended(export(dataset, home / "out.jsonl"))
        with RowFile(home / "out.jsonl") as file:
            assert file.format == ("text" if is_text else "messages")
        other = Dataset(ended(import_file(home, home / "out.jsonl")))
        hashes = [content_hash(one) for one in rows]
        assert [content_hash(one) for one in other.rows()] == hashes
        assert list(map(named, other.rows())) == list(map(named, dataset.rows()))
        aside = is_validation_row(other.table, 0.3).tolist()
        assert aside == [is_validation(one, 0.3) for one in hashes]


def named(one: Row) -> Any:
    """A row without what an import gives anew."""
    return msgspec.structs.replace(one, source="", id=str(read_row(msgspec.json.encode(one)).id))
