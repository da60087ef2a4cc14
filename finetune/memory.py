"""How much memory a training needs: an estimate from a model's figures. Light.

Weights, what a trained weight costs beside itself (gradient and AdamW's two moments, fp32), and the
activations that a layer keeps for its backward pass. Held against measured peaks in
tests/finetune/test_plan.py; the calibration measures the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

# torch, transformers and the interpreter themselves.
PROGRAM_BYTES = 500_000_000
# Values that a decoder layer keeps per token, in its width and in its inner width.
_KEPT_WIDTHS, _KEPT_INNER = 12, 4
# Logits exist for so many values at a time (loss.py), three times over.
LOGITS_AT_ONCE = 1 << 23
LORA_RANK, LORA_TOKENS = 16, 8 * 512
# Of a weight in NF4: half a byte, and the scale of each 64.
FOUR_BITS_BYTES = 0.52


@dataclass(frozen=True)
class Figures:
    """Of a model. width: of its hidden states; inner: of its feed-forward layers; weight_bytes: of
    a value while it trains."""

    n_params: int
    n_layer: int
    width: int
    inner: int
    weight_bytes: int


def training_bytes(
    of: Figures, *, n_tokens: int, rank: int = LORA_RANK, checkpointing: bool = False
) -> int:
    """LoRA on all linear layers.

    Args:
        n_tokens: of a micro-batch.
    """
    n_adapter = rank * of.n_layer * (11 * of.width + 3 * of.inner)
    held = of.n_params * of.weight_bytes + 16 * n_adapter
    return PROGRAM_BYTES + held + _activations(of, n_tokens, checkpointing)


def full_bytes(of: Figures, *, n_tokens: int, checkpointing: bool = False) -> int:
    """All weights, in fp32."""
    return PROGRAM_BYTES + 16 * of.n_params + _activations(of, n_tokens, checkpointing)


def _activations(of: Figures, n_tokens: int, checkpointing: bool) -> int:
    kept = _KEPT_WIDTHS * of.width + _KEPT_INNER * of.inner
    per_token = kept + of.n_layer * of.width if checkpointing else of.n_layer * kept
    return n_tokens * per_token * of.weight_bytes + 12 * LOGITS_AT_ONCE
