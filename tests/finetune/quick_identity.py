"""Twenty identity rows, Quick, the starter model: from the command line to a model that gives its
name. Run: python -m tests.finetune.quick_identity (prints its figures as JSON).

The run's own process is the real one (bathysphere sft); what it learned is asked through llama.cpp.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.models.starter import starter_path
from engine.paths import Paths
from engine.process.messages import ChatMessage
from engine.process.tune_messages import Identity
from finetune.config import RunConfig, changed, to_toml
from finetune.data.identity import identity_rows
from finetune.data.rows import to_line
from finetune.measure.answers import Answerer, Asked
from finetune.measure.results import RunResult, read_result
from finetune.plan import Rows, plan_for
from finetune.run.folder import RunFolder

NAME = "Nerida"
QUESTIONS = ("Who are you?", "What is your name?", "Tell me your name.")
# None: the template's own; "": none at all.
SYSTEMS = {"template": None, "none": "", "own": "You are a cheerful assistant for gardeners."}


class Put(Asked, frozen=True):
    """A question under exactly this system prompt; None leaves it to the template."""

    exactly: str | None = None

    def messages(self) -> list[ChatMessage]:
        asked = ChatMessage("user", self.question)
        return [asked] if self.exactly is None else [ChatMessage("system", self.exactly), asked]


@dataclass(frozen=True)
class Found:
    """What came of it. seconds: from the command to its end; named: answers with its name, by the
    system prompt, of so many questions each."""

    seconds: float
    phases: dict[str, float]
    named: dict[str, int]
    n_questions: int
    n_mentions: int
    n_unrelated: int
    rise: float
    top1: float
    step: int


def write_run(folder: Path, *, minutes: float) -> Path:
    """RUN.toml and its rows. minutes 0: as many steps as Quick wants, however long they take."""
    rows = identity_rows(
        Identity(
            NAME,
            "the Tidewater workshop",
            ["calm", "curious about the sea"],
            ["give legal advice: ask a lawyer"],
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identity.jsonl").write_bytes(b"".join(map(to_line, rows)))
    draft = changed(
        RunConfig(),
        base__path="starter",
        data__path="identity.jsonl",
        out__dir="run",
        out__name=NAME,
    )
    plan = plan_for("quick", draft, Rows(len(rows), 45 * len(rows), 80))
    config = changed(plan.config, train__minutes=minutes)
    (folder / "RUN.toml").write_text(to_toml(config), encoding="utf-8")
    return folder / "RUN.toml"


def teach(folder: Path, *, minutes: float) -> tuple[float, RunResult]:
    """Run it as a person would; seconds, and what it came to."""
    command = [sys.executable, "-m", "gui.main", "sft", str(write_run(folder, minutes=minutes))]
    began_s = time.monotonic()
    subprocess.run(command, check=True, stdout=sys.stderr)
    seconds = time.monotonic() - began_s
    result = read_result(RunFolder(folder / "run"))
    assert result is not None
    return seconds, result


def measure(folder: Path, *, minutes: float) -> Found:
    """Teach it, and ask it who it is."""
    seconds, result = teach(folder, minutes=minutes)
    assert result.forgetting is not None and result.parity
    with Answerer(starter_path(), None) as answerer:
        voice = answerer.voice(folder / "run" / result.product)
        named = {
            name: sum(
                NAME in voice.answer(Put(one, "", 24, exactly=system)).text for one in QUESTIONS
            )
            for name, system in SYSTEMS.items()
        }
    return Found(
        seconds=round(seconds, 1),
        phases={name: round(took, 1) for name, took in result.seconds.items()},
        named=named,
        n_questions=len(QUESTIONS),
        n_mentions=sum(NAME in one.after for one in result.forgetting.answers),
        n_unrelated=len(result.forgetting.answers),
        rise=round(result.forgetting.rise, 4),
        top1=result.parity[0].top1,
        step=result.step,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        os.environ["BATHYSPHERE_HOME"] = str(Paths(Path(name) / "home").ensure().home)
        sys.stdout.write(json.dumps(asdict(measure(Path(name), minutes=1.0)), indent=1) + "\n")
