"""Ten minutes from an empty folder to a chat that answers held-out questions about little stories.
Run: python -m tests.finetune.story_ten_minutes [--scale 0.2] [--seed 0] [--keep DIR]; prints its
figures as JSON. It wants the machine for itself.

--scale shortens the two trainings, to see whether everything works.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from engine.paths import Paths
from finetune.pretraining.story_bench import StoryPlan, judge, raise_assistant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where everything stays")
    given = parser.parse_args()
    plan = StoryPlan(seed=given.seed)
    plan = replace(
        plan,
        pretrain_minutes=plan.pretrain_minutes * given.scale,
        sft_minutes=plan.sft_minutes * given.scale,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)
        os.environ["BATHYSPHERE_HOME"] = str(Paths(folder / "home").ensure().home)
        raised = raise_assistant(folder, plan, lambda words: print(words, file=sys.stderr))
        numbers, card = judge(raised)
        for score in card.assistant:
            for question, answer, said in score.examples[:1]:
                print(f"{question} {answer} -> {said}", file=sys.stderr)
        print(json.dumps(asdict(numbers), indent=1))


if __name__ == "__main__":
    main()
