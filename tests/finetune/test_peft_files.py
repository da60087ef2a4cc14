"""PEFT's folders: what is written PEFT loads, what PEFT wrote becomes a GGUF adapter, and what is
not safe or does not fit is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors import safe_open

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.messages import Adapter
from finetune.export.peft_files import CONFIG, WEIGHTS, export_peft, import_peft
from tests.finetune.llama_logits import IDS, in_llama
from tests.finetune.lora_bases import logprobs, random_lora, tiny_base, tiny_torch
from tests.finetune.run_folders import MadeRun, made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def folder(run: MadeRun, tmp_path: Path) -> Path:
    """A copy of PEFT's two files, to be spoilt."""
    found = tmp_path / "theirs"
    found.mkdir()
    for name in (WEIGHTS, CONFIG):
        shutil.copy(run.folder.checkpoints / "step-4" / name, found)
    return found


def change(folder: Path, **fields: Any) -> None:
    raw = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(raw | fields))


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_peft_loads_what_is_exported(run: MadeRun, tmp_path: Path) -> None:
    made = export_peft(
        run.folder.checkpoints / "step-4", tmp_path / "out", "base.gguf", {"run": "r"}
    )
    assert sorted(one.name for one in made.path.iterdir()) == [CONFIG, WEIGHTS]
    loaded = PeftModel.from_pretrained(tiny_torch("llama"), str(made.path))
    assert np.abs(logprobs(loaded.eval(), IDS) - logprobs(run.tuned, IDS)).max() < 1e-5
    with safe_open(made.path / WEIGHTS, "pt") as file:
        assert file.metadata()["run"] == "r"
    assert json.loads((made.path / CONFIG).read_text())["base_model_name_or_path"] == "base.gguf"


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_a_folder_of_pefts_own_becomes_an_adapter(architecture: str, tmp_path: Path) -> None:
    base = tiny_base(tmp_path / "base.gguf", architecture)
    tuned = random_lora(
        base.model, use_rslora=True, rank_pattern={"q_proj": 2}, alpha_pattern={"up_proj": 3}
    )
    tuned.save_pretrained(tmp_path / "theirs")
    import_peft(tmp_path / "theirs", base.path, tmp_path / "a.gguf")
    found = in_llama(base.path, tmp_path, [Adapter(path=str(tmp_path / "a.gguf"))])
    assert np.abs(found - logprobs(tuned, IDS)).max() < 0.06
    assert read_header(tmp_path / "a.gguf").text("bathysphere.base") == "base.gguf"


def test_another_base_by_name_is_said_and_by_shape_refused(
    run: MadeRun, folder: Path, tmp_path: Path
) -> None:
    change(folder, base_model_name_or_path="someone/Other-1B")
    said = import_peft(folder, run.base.path, tmp_path / "a.gguf").words
    assert "someone/Other-1B" in said and "same weights" in said
    change(folder, base_model_name_or_path="/somewhere/Base")
    assert import_peft(folder, run.base.path, tmp_path / "a.gguf").words == ""
    other = tiny_base(tmp_path / "other.gguf", "gemma3")
    with pytest.raises(AppError, match="another model than this base"):
        import_peft(folder, other.path, tmp_path / "b.gguf")
    assert not (tmp_path / "b.gguf").exists()


def test_pickles_are_never_opened(run: MadeRun, folder: Path, tmp_path: Path) -> None:
    (folder / WEIGHTS).unlink()
    torch.save({}, folder / "adapter_model.bin")
    with pytest.raises(AppError, match="can run any code"):
        import_peft(folder, run.base.path, tmp_path / "a.gguf")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (CONFIG, b"{", "cannot be read"),
        (CONFIG, b"[]", "cannot be read"),
        (CONFIG, b"[" * 100_000, "cannot be read"),
        (CONFIG, b" " * (1024**2 + 1), "cannot be read"),
        (WEIGHTS, b"\xff" * 100, "damaged"),
        (WEIGHTS, b"", "damaged"),
        (CONFIG, None, "no PEFT adapter"),
        (WEIGHTS, None, "no PEFT adapter"),
    ],
)
def test_damage_is_said_in_words(
    run: MadeRun, folder: Path, tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(AppError, match=words):
        import_peft(folder, run.base.path, tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()
