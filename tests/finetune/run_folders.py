"""A finished run as its process leaves it, made in a moment: a tiny base, a random LoRA as its
product and checkpoint, its rows as tokens."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from peft import get_peft_model_state_dict
from safetensors.torch import save_file

from finetune.config import RunConfig, changed
from finetune.data.token_set import TokenSetWriter
from finetune.export.adapter_gguf import write_adapter
from finetune.export.files import sha256_of
from finetune.run.folder import RunFolder, create_run
from tests.finetune.lora_bases import TinyBase, random_lora, tiny_base


@dataclass(frozen=True)
class MadeRun:
    """base: with its own model in torch; tuned: the same with the LoRA."""

    folder: RunFolder
    base: TinyBase
    tuned: Any

    @property
    def path(self) -> str:
        return str(self.folder.path)


def made_run(tmp_path: Path, architecture: str = "llama", **fields: Any) -> MadeRun:
    """Under tmp_path: base.gguf and a run."""
    base = tiny_base(tmp_path / "base.gguf", architecture)
    tuned = random_lora(base.model)
    config = changed(
        RunConfig(),
        base__path=str(base.path),
        data__path=str(tmp_path / "rows.jsonl"),
        train__epochs=1.0,
        out__name="Ann of the sea",
        **fields,
    )
    folder = create_run(tmp_path / "runs", config)
    checkpoint = folder.checkpoints / "step-4"
    checkpoint.mkdir(parents=True)
    state = get_peft_model_state_dict(tuned)
    lora = tuned.peft_config["default"]
    save_file(
        {name: one.detach().contiguous() for name, one in state.items()},
        checkpoint / "adapter_model.safetensors",
    )
    raw = {key: sorted(one) if isinstance(one, set) else one for key, one in lora.to_dict().items()}
    (checkpoint / "adapter_config.json").write_text(json.dumps(raw, default=str))
    known = {"base_sha256": sha256_of(base.path), "run": folder.path.name}
    folder.product.mkdir()
    for target in (folder.adapter, checkpoint / "adapter.gguf"):
        write_adapter(base, state, lora, target, known)
    folder.trained.write_bytes(msgspec.json.encode({"best": "step-4"}))
    for name in ("train", "validation"):
        write_tokens(folder.tokens / name)
    return MadeRun(folder, base, tuned)


def write_tokens(folder: Path, n_rows: int = 6, length: int = 60) -> None:
    """Rows of random tokens, the latter half of each learned."""
    rng = np.random.default_rng(7)
    with TokenSetWriter(folder) as writer:
        writer.facts["key"] = "k"
        for row in range(n_rows):
            learned = (np.arange(length) >= length // 2).astype(np.uint8)
            writer.add(str(row), rng.integers(0, 256, length).astype(np.int32), learned)
