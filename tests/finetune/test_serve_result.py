"""What is made of a run, through the room's own worker: merged, exported, imported, compared; and
what is said where something is missing."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process import tune_messages as m
from engine.process.client import Client
from engine.process.messages import Adapter, Cancelled, Progress
from finetune.export.quantise import quantise
from tests.engine.loading import worker_environment
from tests.finetune.hf_folders import byte_level, hf_folder
from tests.finetune.llama_logits import in_llama
from tests.finetune.lora_bases import tiny_base
from tests.finetune.run_folders import MadeRun, made_run

WORKER = (sys.executable, "-m", "finetune.worker")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    before = torch.get_num_threads()
    environment = worker_environment(tmp_path_factory.mktemp("home"))
    with Client(WORKER, env={**environment, "OMP_NUM_THREADS": "1"}) as worker:
        yield worker
    torch.set_num_threads(before)


def asked(client: Client, kind: Callable[..., Any], **fields: Any) -> Any:
    return client.ask(lambda job: kind(job=job, **fields))


def test_a_run_is_merged_quantised_and_held_against_torch(
    client: Client, run: MadeRun, tmp_path: Path
) -> None:
    out = tmp_path / "m.gguf"
    done = asked(client, m.MergeRun, run=run.path, out=str(out), quantisation="Q8_0", scale=0.5)
    assert [one.form for one in done.parity] == ["adapter", "quantised"]
    assert done.parity[0].top1 >= 0.99 and done.parity[1].top1 > 0.8
    header = read_header(out)
    assert header.text("bathysphere.run") == run.folder.path.name
    assert header.metadata["bathysphere.scale"] == 0.5
    assert len(header.text("bathysphere.adapter_sha256")) == 64
    assert [one.name for one in tmp_path.iterdir()] == ["m.gguf"]
    floats = asked(client, m.MergeRun, run=run.path, out=str(tmp_path / "f.gguf"))
    assert [one.form for one in floats.parity] == ["adapter", "merged"]
    assert all(one.top1 >= 0.99 for one in floats.parity)
    assert read_header(tmp_path / "f.gguf").number("general.file_type") == 0


def test_a_quantised_base_says_so_and_the_original_is_taken_where_it_is_given(
    client: Client, tmp_path: Path
) -> None:
    run = made_run(tmp_path)
    original = run.base.path.rename(tmp_path / "original.gguf")
    quantise(original, run.base.path, "Q8_0")
    run.folder.adapter.write_bytes(_without_base(run))
    again = asked(client, m.MergeRun, run=run.path, out=str(tmp_path / "a.gguf"))
    assert "quantised already (Q8_0)" in again.words
    assert read_header(tmp_path / "a.gguf").metadata["bathysphere.requantised"] is True
    better = asked(
        client, m.MergeRun, run=run.path, out=str(tmp_path / "b.gguf"), source=str(original)
    )
    assert "quantised already" not in better.words
    assert len(read_header(tmp_path / "b.gguf").text("bathysphere.original_sha256")) == 64
    with pytest.raises(AppError, match="quantised itself"):
        asked(
            client,
            m.MergeRun,
            run=run.path,
            out=str(tmp_path / "c.gguf"),
            source=str(run.base.path),
        )
    other = tiny_base(tmp_path / "other.gguf", "qwen2")
    with pytest.raises(AppError, match="not the original"):
        asked(
            client, m.MergeRun, run=run.path, out=str(tmp_path / "c.gguf"), source=str(other.path)
        )


def _without_base(run: MadeRun) -> bytes:
    """The adapter as one that does not say what it was trained on."""
    from finetune.export.adapter_gguf import read_adapter, write_pairs

    pairs = list(read_adapter(run.folder.adapter).values())
    write_pairs("llama", pairs, run.folder.adapter, {})
    return run.folder.adapter.read_bytes()


def test_peft_goes_out_and_comes_in(client: Client, run: MadeRun, tmp_path: Path) -> None:
    done = asked(client, m.ExportPeft, run=run.path, out=str(tmp_path / "peft"))
    assert "from_pretrained" in done.words
    back = asked(
        client,
        m.ImportPeft,
        folder=done.path,
        base=str(run.base.path),
        out=str(tmp_path / "a.gguf"),
    )
    ids = list(range(30, 80))
    live = [Adapter(path=back.path)]
    own = [Adapter(path=str(run.folder.adapter))]
    one, other = (in_llama(run.base.path, tmp_path, [*a], ids) for a in (live, own))
    assert np.abs(one - other).max() < 1e-3


def test_a_folder_is_converted(client: Client, tmp_path: Path) -> None:
    folder = hf_folder(tmp_path / "hf", "qwen2", byte_level("qwen2"))
    done = asked(client, m.ConvertFolder, folder=str(folder), out=str(tmp_path / "m.gguf"))
    assert done.parity[0].form == "converted" and done.parity[0].top1 >= 0.99


def test_a_text_is_told_under_both_token_by_token(
    client: Client, run: MadeRun, tmp_path: Path
) -> None:
    text = "the sea and the light, in the depth"
    found = asked(client, m.CompareTexts, run=run.path, text=text)
    ids = np.frombuffer(found.ids.data, np.int32).tolist()
    assert found.text == text and sum(np.frombuffer(found.piece_bytes.data, np.int32)) == len(text)
    before, after = (np.frombuffer(one.data, np.float32) for one in (found.before, found.after))
    assert np.isnan(before[0]) and np.isnan(after[0])
    for values, adapters in ((before, []), (after, [Adapter(path=str(run.folder.adapter))])):
        expected = in_llama(run.base.path, tmp_path, adapters, ids)
        mine = expected[np.arange(len(ids) - 1), ids[1:]]
        assert np.abs(values[1:] - mine).max() < 0.03
    assert np.abs(before[1:] - after[1:]).max() > 0.5
    at_none = asked(client, m.CompareTexts, run=run.path, text=text, scale=0.0, checkpoint="step-4")
    same = np.frombuffer(at_none.after.data, np.float32)
    assert np.abs(same[1:] - before[1:]).max() < 1e-3


def test_work_is_told_and_can_be_stopped(client: Client, run: MadeRun, tmp_path: Path) -> None:
    events = client.stream(
        lambda job: m.MergeRun(job=job, run=run.path, out=str(tmp_path / "m.gguf"))
    )
    first = next(event for event in events if isinstance(event, Progress))
    assert first.what in ("merging", "comparing")
    client.cancel(first.job)
    assert any(isinstance(event, Cancelled) for event in events)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"run": "/nowhere"}, "not there any more"),
        ({"out": "/tmp/name"}, "ends in .gguf"),
        ({"quantisation": "Q99"}, "no quantisation"),
    ],
)
def test_what_cannot_be_merged_is_said(
    client: Client, run: MadeRun, tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    given = {"run": run.path, "out": str(tmp_path / "m.gguf"), **fields}
    with pytest.raises(AppError, match=words):
        asked(client, m.MergeRun, **given)


def test_a_base_that_is_gone_or_another_and_a_run_without_product(
    client: Client, tmp_path: Path
) -> None:
    run = made_run(tmp_path)
    out = str(tmp_path / "m.gguf")
    with run.base.path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\1\2\3\4")
    with pytest.raises(AppError, match="has changed since"):
        asked(client, m.MergeRun, run=run.path, out=out)
    run.base.path.unlink()
    for kind in (m.MergeRun, m.CompareTexts):
        fields = {"out": out} if kind is m.MergeRun else {"text": "sea"}
        with pytest.raises(AppError, match=r"“base.gguf” is not there any more"):
            asked(client, kind, run=run.path, **fields)
    with pytest.raises(AppError, match="no adapter"):
        asked(client, m.CompareTexts, run=run.path, text="sea", checkpoint="step-99")
    run.folder.adapter.unlink()
    with pytest.raises(AppError, match="no product yet"):
        asked(client, m.MergeRun, run=run.path, out=out)


def test_nothing_and_too_much_are_not_compared(client: Client, run: MadeRun) -> None:
    with pytest.raises(AppError, match="no text to compare"):
        asked(client, m.CompareTexts, run=run.path)
    with pytest.raises(AppError, match="are compared"):
        asked(client, m.CompareTexts, run=run.path, text="xyz " * 5000)
