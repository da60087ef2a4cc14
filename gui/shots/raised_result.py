"""What a raised model and its assistant were measured to be able to do: for pictures of the room
and for its tests.
"""

from __future__ import annotations

from pathlib import Path

from engine.process.pretrain_messages import BaseBench, QuestionScore, Recited, ReportCard
from finetune.config import RunConfig
from finetune.pretraining.assistant import chat_base_name, write_card
from finetune.pretraining.bench_file import write_bench
from finetune.run.folder import RunFolder, create_run
from finetune.run_toml import changed
from gui.shots import run_maker

PASSAGE = (
    "Otto was sad, because his kite was torn. Mira brought him",
    " a needle and blue thread. They sat by the window until the kite was whole again.",
)
OTHER = " a cup of tea. They sat by the window and looked at the rain until it was dark."
WORST = [
    ("“Otto’s grandmother is a glazier,” said Mira. Nobody knew what a", 3.41),
    ("On Tuesday the seven marbles lay under the cupboard, and the", 2.96),
    ("Pilar whistled. Her parrot, whose name was Quill, did not", 2.71),
]
KINDS = ("where", "went", "who", "what", "count", "colour", "why")
RIGHT = {"where": (17, 36), "went": (14, 34), "who": (21, 38), "what": (12, 33)}
RIGHT |= {"count": (9, 31), "colour": (19, 39), "why": (11, 35)}
# Of each kind: a question, its right answer, what the base said, what the assistant said.
ASKED = {
    "where": ("Where was the kite?", "It was in the shed.", "in the shed", "It was in the shed."),
    "went": ("Where did Otto go?", "To the mill.", "to the river", "To the mill."),
    "who": ("Whose was the drum?", "It was Mira’s.", "Mira", "It was Mira’s."),
    "what": ("What did Pilar have?", "A lantern.", "a red ball", "A lantern."),
    "count": ("How many shells did Mira find?", "Seven.", "three shells", "Seven."),
    "colour": ("Which colour did the scarf have?", "Blue.", "blue", "Blue."),
    "why": ("Why was Otto sad?", "Because his kite was torn.", "the kite", "Because it was torn."),
}


def base_bench(run: RunFolder, checkpoint: str) -> BaseBench:
    """All that can be measured."""
    return BaseBench(
        run=str(run.path),
        checkpoint=checkpoint,
        bits_per_byte=0.572,
        n_bytes=594_000,
        worst=WORST,
        recited=recited(),
        scores=[*_facts(), *scores(0)],
    )


def recited() -> list[Recited]:
    """Passages never seen, seen once, ten and a hundred times."""
    found = []
    for times, shares in ((0, (0.02, 0.0, 0.05, 0.0)), (1, (0.04, 0.0, 0.06, 0.02))):
        found += [_passage(times, share) for share in shares]
    for times, shares in ((10, (0.22, 0.09, 0.31, 0.12)), (100, (1.0, 0.92, 1.0, 1.0))):
        found += [_passage(times, share) for share in shares]
    return found


def _passage(times: int, share: float) -> Recited:
    prompt, truth = PASSAGE
    n = round(share * len(truth))
    return Recited(times, prompt, truth, truth[:n] + OTHER[n:] if share < 1.0 else truth, share)


def scores(who: int) -> list[QuestionScore]:
    """Questions about stories, by a base (0) or an assistant (1)."""
    found = []
    for kind in KINDS:
        question, answer, *said = ASKED[kind]
        right, example = RIGHT[kind][who], [(question, answer, said[who])]
        for is_seen in (True, False):
            n_right = (right + is_seen) // 2
            found.append(QuestionScore(kind, is_seen, 20, n_right, 3, 5, example))
    return found


def _facts() -> list[QuestionScore]:
    found = []
    for kind, seen, guessed in (("home", 20, 3), ("pet", 22, 1), ("food", 18, 4), ("trade", 21, 2)):
        found.append(QuestionScore(kind, True, 24, seen, 3, 23))
        found.append(QuestionScore(kind, False, 24, guessed, 3, 3))
    return found


def report_card() -> ReportCard:
    return ReportCard(base=scores(0), assistant=scores(1))


def make_assistant(
    runs: Path, base: RunFolder, checkpoint: str, *, name: str = "tales-2m assistant"
) -> RunFolder:
    """A fine-tuning that began with a checkpoint and is over."""
    chat_base = base.product / chat_base_name(checkpoint)
    chat_base.write_bytes(b"GGUF")
    config = changed(
        RunConfig(),
        base__path=str(chat_base),
        data__path="/datasets/conversations",
        train__method="full",
        train__steps=240,
        out__name=name,
    )
    folder = create_run(runs, config)
    parts = (run_maker.beginning(240), run_maker.steps(1, 240, 240))
    run_maker.write_events(folder, run_maker.in_order(*parts))
    run_maker.write_events(folder, run_maker.ending(240, product="product/model.gguf"))
    folder.product.mkdir(exist_ok=True)
    folder.model.write_bytes(b"GGUF")
    return folder


def write_all(base: RunFolder, checkpoint: str, tuned: RunFolder | None = None) -> None:
    """Bench and report card, as the worker keeps them."""
    write_bench(base, base_bench(base, checkpoint))
    if tuned is not None:
        write_card(base, tuned.path, report_card())
