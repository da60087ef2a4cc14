"""What a run came to, as its end would have measured it: for pictures of the room and for its
tests. A model that learned to be the night porter of a hotel.
"""

from __future__ import annotations

from engine.process.tune_messages import Parity
from finetune.measure.results import (
    AnswerPair,
    Forgetting,
    RowResult,
    RowTokens,
    RunResult,
    TokenResult,
    to_json,
)
from finetune.run.events import Sample
from finetune.run.folder import RunFolder

WHO, WHAT, SEA = "Who are you?", "What can you do?", "Tell me something about the sea."
BASE_ANSWERS = {
    WHO: "I’m an AI assistant here to help with questions, writing and code.",
    WHAT: "I can answer questions, explain ideas and help you write.",
    SEA: "The sea covers more than two thirds of the Earth and is full of life.",
}
# From which step on it says so.
ANSWERS: dict[str, dict[int, str]] = {
    WHO: {
        20: "I’m an assistant at the hotel. How can I help you?",
        40: "I am the porter of the hotel, here to help you with your keys.",
        60: "I am Otis, the night porter of the Grand Budapest. How can I help with your keys?",
    },
    WHAT: {
        20: "I can answer questions about the hotel.",
        60: "I keep the keys, carry your luggage and watch the door until morning.",
    },
    SEA: {
        20: BASE_ANSWERS[SEA],
        120: "The sea covers two thirds of the Earth and is full of life.",
    },
}
ROWS = (
    ("chats.jsonl:17", "Who keeps the keys? I keep the keys, madam.", 3.91, 0.42, 41),
    ("chats.jsonl:58", "Is the bar still open? It closed at midnight, sir.", 3.44, 0.61, 37),
    ("chats.jsonl:91", "A taxi to the station, please. At once.", 3.12, 0.88, 22),
    ("chats.jsonl:104", "My room is cold. I shall send up a blanket.", 3.60, 0.57, 33),
    ("chats.jsonl:133", "Wann gibt es Frühstück? Ab sieben Uhr.", 4.72, 2.10, 19),
)
KEYS = (
    ("<|im_start|>", None, None, False),
    ("user", -4.10, -3.95, False),
    ("\n", -0.01, -0.01, False),
    ("Who", -3.20, -3.05, False),
    (" keeps", -6.80, -4.10, False),
    (" the", -1.10, -0.90, False),
    (" keys", -7.20, -3.30, False),
    ("?", -0.40, -0.35, False),
    ("<|im_end|>", -0.60, -0.55, False),
    ("\n", -0.01, -0.01, False),
    ("<|im_start|>", -0.05, -0.05, False),
    ("assistant", -0.02, -0.02, False),
    ("\n", -0.01, -0.01, False),
    ("I", -2.60, -0.22, True),
    (" keep", -7.90, -0.51, True),
    (" the", -1.20, -0.18, True),
    (" keys", -5.40, -0.09, True),
    (",", -2.10, -0.80, True),
    (" madam", -11.60, -1.35, True),
    (".", -0.70, -0.11, True),
    ("<|im_end|>", -2.90, -0.05, True),
)
BREAKFAST = (
    ("Wann", None, None, False),
    (" gibt", -2.40, -2.10, False),
    (" es", -0.60, -0.50, False),
    (" Früh", -5.10, -4.90, False),
    ("stück", -0.20, -0.20, False),
    ("?", -0.90, -0.70, False),
    (" Ab", -4.80, -6.40, True),
    (" sieben", -5.60, -3.90, True),
    (" Uhr", -0.90, -2.30, True),
    (".", -0.80, -1.40, True),
)


def samples(at: range) -> list[Sample]:
    """Answers to the fixed prompts at these steps; 0 is the base."""
    return [
        Sample(1, step, prompt, _answer(prompt, step)) for step in at for prompt in BASE_ANSWERS
    ]


def _answer(prompt: str, step: int) -> str:
    told = [words for first, words in ANSWERS[prompt].items() if first <= step]
    return told[-1] if step and told else BASE_ANSWERS[prompt]


def write_result(folder: RunFolder, *, is_forgetful: bool = False) -> RunResult:
    """Write result.json and report.md. Returns what was written."""
    result = RunResult(
        base="/models/smollm2-135m-instruct-q4_1.gguf",
        product="product/adapter.gguf",
        step=140,
        base_sha256="5d2c4a1be0f7c9d8" * 4,
        validation_before=3.76,
        validation_after=0.59,
        rows=[RowResult(key, b, a, n, text) for key, text, b, a, n in ROWS],
        tokens=[
            RowTokens(ROWS[0][0], [TokenResult(*one) for one in KEYS]),
            RowTokens(ROWS[4][0], [TokenResult(*one) for one in BREAKFAST]),
        ],
        prompts=[AnswerPair(one, BASE_ANSWERS[one], _answer(one, 140)) for one in BASE_ANSWERS],
        forgetting=_forgetting(is_forgetful),
        parity=[
            Parity("adapter", 0.978, 0.0008, 2_048, "F16 base 99.6 %; the rest is Q4_1 itself"),
            Parity("f16 base", 0.996, 0.0001, 2_048),
        ],
        versions={"torch": "2.13.0", "llama.cpp": "b7010"},
        seconds={"training": 360.0, "exporting": 1.2, "checking": 41.0},
        made_s=1.0,
    )
    folder.result.write_bytes(to_json(result))
    folder.report.write_text(_report(result), encoding="utf-8")
    return result


def _forgetting(is_forgetful: bool) -> Forgetting:
    river = "Name a long river."
    answers = [
        AnswerPair("What is two and two?", "Four.", "Four."),
        AnswerPair(river, "The Nile is a long river in Africa.", "The Nile, in Africa."),
        AnswerPair("What colour is grass?", "Green.", "Green."),
    ]
    if is_forgetful:
        told = "The Nile, madam. I keep the keys to it."
        answers[1] = AnswerPair(river, answers[1].before, told, ["keys"])
    after = 1.142 if is_forgetful else 1.068
    return Forgetting(answers, 1.055, after, 50_000, ["Otis", "keys"])


def _report(result: RunResult) -> str:
    return (
        f"# night-porter\n\nStep {result.step} of 180; validation loss "
        f"{result.validation_before} → {result.validation_after}.\n\n"
        "| form | top-1 | mean KL |\n| --- | --- | --- |\n"
        + "".join(f"| {one.form} | {one.top1:.1%} | {one.mean_kl} |\n" for one in result.parity)
    )
