"""A LoRA adapter with random weights for a given base, for benches and tests: it changes every
logit, and means nothing."""

from pathlib import Path

import gguf
import numpy as np


def write_random_adapter(base: Path, target: Path, rank: int = 8, size: float = 0.02) -> None:
    """Write an adapter for the attention matrices of a llama-layout base.

    Args:
        size: standard deviation of both factors' entries.
    """
    reader = gguf.GGUFReader(base)
    architecture = str(reader.fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(target, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    draw = np.random.default_rng(0)
    for tensor in reader.tensors:
        if "attn_q.weight" in tensor.name or "attn_output.weight" in tensor.name:
            n_in, n_out = (int(n) for n in tensor.shape)
            first = draw.normal(0, size, (rank, n_in)).astype(np.float32)
            second = draw.normal(0, size, (n_out, rank)).astype(np.float32)
            writer.add_tensor(f"{tensor.name}.lora_a", first)
            writer.add_tensor(f"{tensor.name}.lora_b", second)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
