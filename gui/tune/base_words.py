"""Bases in words: what they are, whether they fit into this machine's memory, what is to be known
of training them. Qt-free but for the words.
"""

from __future__ import annotations

from engine.process.tune_messages import BaseInfo
from gui.chat.words import size_text
from gui.staged.facts import Fact
from gui.tune.words import tr


def base_line(info: BaseInfo) -> str:
    """A base's facts in a line; why it cannot be taught, where it cannot."""
    if info.reason:
        return info.reason
    facts = [
        params_words(info.n_params),
        info.architecture,
        info.quantisation,
        size_text(info.size_bytes) if info.size_bytes else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def params_words(n: int) -> str:
    """How many weights, with three figures at most; "" where it is not known."""
    if n >= 1_000_000_000:
        return tr("{n} B weights").format(n=f"{n / 1e9:.1f}")
    if n >= 1_000_000:
        return tr("{n} M weights").format(n=f"{n / 1e6:.0f}")
    return tr("{n} weights").format(n=f"{n:,}") if n else ""


def base_facts(info: BaseInfo) -> list[Fact]:
    """What the details say of a base; what is not known is left out."""
    facts = [
        Fact(tr("Name"), info.name),
        Fact(
            tr("Architecture"),
            info.architecture,
            tr("How the model is built; training knows some of them"),
        ),
        Fact(tr("Weights"), params_words(info.n_params), tr("Numbers that training could change")),
        Fact(
            tr("Layers"),
            f"{info.n_layer:,}" if info.n_layer else "",
            tr("Blocks that a text passes through one after the other"),
        ),
        Fact(
            tr("Context"),
            tr("{n} tokens").format(n=f"{info.n_ctx_train:,}") if info.n_ctx_train else "",
            tr("How long a text the model was made for"),
        ),
        Fact(
            tr("Quantisation"),
            info.quantisation,
            tr("How its weights are stored; few bits are small and a little less exact"),
        ),
        Fact(tr("Size"), size_text(info.size_bytes) if info.size_bytes else ""),
        Fact(
            tr("Chat template"),
            template_words(info.template),
            tr("How messages are written for this model; rows are written the same way"),
        ),
    ]
    return [fact for fact in facts if fact.value]


def machine_facts(info: BaseInfo) -> list[Fact]:
    """What the training would use of this machine."""
    facts = [
        Fact(tr("Device"), info.device.upper(), tr("What computes: the processor, or a GPU")),
        Fact(
            tr("Precision"),
            info.precision,
            tr("bf16 halves memory and is quicker where the processor has it; fp32 is exact"),
        ),
        Fact(
            tr("Free memory"),
            size_text(info.free_bytes) if info.free_bytes else "",
            tr("As it was when this model was looked at"),
        ),
    ]
    return [fact for fact in facts if fact.value]


def template_words(template: str) -> str:
    words = {"file": tr("its own"), "default": tr("a plain one"), "none": tr("none")}
    return words.get(template, tr("its own") if template else "")


def why_words() -> list[str]:
    """Why a quantised file can be taught, in plain words, a paragraph each."""
    return [
        tr(
            "A quantised file stores rounded weights. For training they are unpacked, exactly as "
            "they are when you chat, and stay as they are: nothing in the file is changed."
        ),
        tr(
            "What is trained is an adapter: small matrices beside each layer that add to what it "
            "says. They learn around the very rounding you chat with, so they fit it exactly."
        ),
        tr(
            "The adapter is a small file of its own. Switch it on and off, set its strength, or "
            "merge it into a copy of the model later."
        ),
    ]
