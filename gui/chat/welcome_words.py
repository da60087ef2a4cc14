"""What the empty chat room says: of the app, its doors, the model that comes with it, and what this
machine could run."""

from gui.chat.words import tr

STARTER_BYTES = 98_000_000
GIB = 2**30
# A model may take so much of the memory; the rest is for its context and for other programs.
SHARE_OF_MEMORY = 0.5


def first_lines() -> list[str]:
    """What this is, in three lines."""
    return [
        tr("Talk to a model that runs here, on this machine."),
        tr("It writes one token at a time; the details at the right set how each is chosen."),
        tr("Nothing you write leaves this computer."),
    ]


def starter_words(memory_bytes: int = 0) -> str:
    """What the starter is, and where a stronger model comes from; as rich text.

    Args:
        memory_bytes: of this machine; 0 where it is not known.
    """
    parts = (
        tr(
            "<b>SmolLM2 135M</b> comes with the app: 98 MB, Apache-2.0, fast, friendly and often "
            "wrong."
        ),
        memory_words(memory_bytes),
        tr(
            "Stronger models are GGUF files too: fetch one, from huggingface.co for instance, and "
            "open it here."
        ),
    )
    return " ".join(part for part in parts if part)


def memory_words(memory_bytes: int) -> str:
    """How large a model this machine could run, beside the starter; "" where that is no larger."""
    times = memory_bytes * SHARE_OF_MEMORY / STARTER_BYTES
    if times < 2:
        return ""
    return tr(
        "This machine has {n} GB of memory and could run a model about {times} times its size."
    ).format(n=max(1, round(memory_bytes / GIB)), times=f"{_rounded(times):,}")


def door_words() -> dict[str, tuple[str, str, str, str]]:
    """Room -> icon, title, what is behind it, how long it takes."""
    return {
        "chat": ("chat", tr("Ask something"), tr("A small model is ready."), tr("now")),
        "tokens": (
            "tokens",
            tr("See your words as tokens"),
            tr("What the model really reads."),
            tr("now"),
        ),
        "tune": (
            "tune",
            tr("Teach it who it is"),
            tr("Twenty lines, then it answers to its new name."),
            tr("about 1 minute"),
        ),
        "pretrain": (
            "pretrain",
            tr("Raise a model"),
            tr("From raw text to a model you talk to."),
            tr("about 10 minutes"),
        ),
    }


def examples() -> list[str]:
    return [
        tr("In one paragraph: why is it dark below 1,000 metres?"),
        tr("Write a haiku about a lantern fish."),
        tr("Explain to a child what a tide is."),
    ]


def _rounded(times: float) -> int:
    """To one figure below a hundred, to two above: nobody knows it better."""
    return int(float(f"{times:.1g}" if times < 100 else f"{times:.2g}"))
