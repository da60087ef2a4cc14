"""The engine's command line: complete, score, tokenize and bench, headless, over the same worker
that the window uses.

bathysphere complete "Once upon a time" --max-tokens 40
bathysphere bench engine --json
"""

import argparse
import json
import math
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.cli_score import add_score
from engine.cli_tokens import add_tokenize
from engine.errors import AppError
from engine.models.library import resolve_model
from engine.process.client import Client
from engine.process.messages import (
    Adapter,
    Cancelled,
    Candidate,
    ChatMessage,
    Done,
    Dropped,
    Generate,
    Generated,
    Sampling,
    Token,
    Tokens,
)

# What it measures -> a module with `main(as_json: bool) -> int`, and the words for it.
BENCHES = {
    "engine": ("engine.bench", "speed, cache and adapters, beside the bare llama.cpp loop"),
    "window": ("gui.bench", "its start, a reply that streams into it, how long it stands still"),
    "chat": (
        "gui.bench_chat",
        "10,000 messages opened and searched, long replies, forks, hostile replies, kill -9",
    ),
    "tokens": (
        "gui.bench_tokens",
        "a million tokens shown, keys in a long text, tokenizers and surprise beside their peers",
    ),
    "pretrain": (
        "finetune.pretraining.bench",
        "losses after a minute, three and ten; speed beside a bare loop; tokenizer; nanoGPT",
    ),
    "sft": (
        "finetune.bench",
        "training beside TRL's SFTTrainer: speed, memory, losses; packing, two ranks, the start",
    ),
}
PRETRAIN_OPTIONS = {
    "text": ("FILE", "learn this text instead of Python's language reference"),
    "nanogpt": ("DIR", "the folder of nanoGPT, which is run beside"),
    "only": ("NAME", "measure only what has this in its name"),
}
_DEFAULT_MAX_TOKENS = 512


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0 done, 1 failed (said on stderr), 2 wrong use, 130
    interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except AppError as error:
        sys.stderr.write(f"bathysphere: {error}\n")
        if error.detail and os.environ.get("BATHYSPHERE_DEBUG") == "1":
            sys.stderr.write(f"{error.detail}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bathysphere", description="Language models on your own machine, without the window."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_complete(commands)
    add_score(commands)
    add_tokenize(commands)
    bench = commands.add_parser(
        "bench",
        help="measure this machine",
        description="Measure this machine: ours, the peer beside it where there is one, the goal.",
    )
    what = "; ".join(f"{name}: {words}" for name, (_, words) in BENCHES.items())
    bench.add_argument("what", choices=list(BENCHES), help=what)
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    for name, (metavar, words) in PRETRAIN_OPTIONS.items():
        bench.add_argument(f"--{name}", default="", metavar=metavar, help=f"pretrain: {words}")
    bench.set_defaults(run=_bench)
    return parser


def _add_complete(commands: Any) -> None:
    complete = commands.add_parser(
        "complete",
        help="let a model continue a text or answer a message",
        description="Continue PROMPT, or with --chat answer it, and print the text as it comes.",
    )
    add = complete.add_argument
    add("prompt", metavar="PROMPT", help="the text; - reads it from standard input")
    add("--model", default="starter", metavar="starter|PATH", help="the GGUF file (starter)")
    add("--chat", action="store_true", help="send PROMPT as a user's message, by the template")
    add("--system", default="", metavar="TEXT", help="a system prompt; implies --chat")
    add(
        "--adapter",
        action="append",
        default=[],
        type=_adapter,
        metavar="PATH[=SCALE]",
        help="a LoRA adapter (GGUF) and its strength (1); may be given several times",
    )
    add(
        "--max-tokens",
        type=_positive,
        default=_DEFAULT_MAX_TOKENS,
        metavar="N",
        help=f"longest reply in tokens ({_DEFAULT_MAX_TOKENS})",
    )
    add(
        "--temperature",
        type=_not_negative,
        default=Sampling().temperature,
        metavar="X",
        help=f"0 takes the likeliest token each time ({Sampling().temperature})",
    )
    add(
        "--seed", type=int, default=None, metavar="N", help="repeatable draws (a new one each time)"
    )
    add(
        "--top-logprobs",
        type=_not_negative_int,
        default=0,
        metavar="K",
        help="with --json: the K likeliest alternatives of each token (0)",
    )
    add("--json", action="store_true", help="print JSON lines: one per token, last one with totals")
    complete.set_defaults(run=_complete)


def _complete(arguments: argparse.Namespace) -> int:
    path = resolve_model(arguments.model)
    prompt = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt
    with Client() as client:
        client.load(str(path))
        for event in client.stream(lambda job: _request(job, prompt, arguments)):
            match event:
                case Tokens():
                    for token in event.items:
                        _print_token(token, arguments.json)
                case Dropped():
                    sys.stderr.write(f"bathysphere: {event.n_tokens} tokens did not fit\n")
                case Done(result=Generated() as result):
                    _print_end(result, arguments.json)
                case Cancelled():
                    return 1
    return 0


def _request(job: int, prompt: str, arguments: argparse.Namespace) -> Generate:
    messages = None
    if arguments.chat or arguments.system:
        system = [ChatMessage("system", arguments.system)] if arguments.system else []
        messages = [*system, ChatMessage("user", prompt)]
    return Generate(
        job=job,
        messages=messages,
        prompt=prompt if messages is None else None,
        max_tokens=arguments.max_tokens,
        sampling=Sampling(temperature=arguments.temperature, seed=arguments.seed),
        adapters=arguments.adapter,
        logprobs=arguments.json,
        top_logprobs=arguments.top_logprobs if arguments.json else 0,
    )


def _print_token(token: Token, as_json: bool) -> None:
    if not as_json:
        sys.stdout.write(token.text)
        sys.stdout.flush()
        return
    line: dict[str, Any] = {
        "type": "token",
        "id": token.id,
        "text": token.text,
        "logprob": token.logprob,
        "top": [_candidate(candidate) for candidate in token.top.before] if token.top else [],
    }
    if token.top:
        line["rest"] = token.top.rest_before
        line["top_after"] = [_candidate(candidate) for candidate in token.top.after]
        line["rest_after"] = token.top.rest_after
    _print_json(line)


def _candidate(candidate: Candidate) -> dict[str, Any]:
    text = candidate.piece.decode("utf-8", "replace")
    return {"id": candidate.id, "text": text, "logprob": candidate.logprob}


def _print_end(result: Generated, as_json: bool) -> None:
    reply = result.replies[0]
    if not as_json:
        sys.stdout.write("" if reply.text.endswith("\n") else "\n")
        return
    _print_json(
        {
            "type": "done",
            "text": reply.text,
            "finish": reply.finish,
            "n_prompt": result.n_prompt,
            "n_reused": result.n_reused,
            "n_decoded": result.n_decoded,
            "n_generated": result.n_generated,
            "tokens_per_s": round(result.tokens_per_s, 2),
            "seed": reply.seed,
        }
    )


def _print_json(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _bench(arguments: argparse.Namespace) -> int:
    given = {one: getattr(arguments, one) for one in PRETRAIN_OPTIONS if getattr(arguments, one)}
    if given and arguments.what != "pretrain":
        raise AppError(f"“bench {arguments.what}” has no --{next(iter(given))}.")
    run = runpy.run_module(BENCHES[arguments.what][0])["main"]
    code: int = run(as_json=arguments.json, **given)
    return code


def _adapter(text: str) -> Adapter:
    """PATH or PATH=SCALE; a path may hold '=' itself where no number follows it."""
    path, separator, scale = text.rpartition("=")
    try:
        value = float(scale) if separator else 1.0
    except ValueError:
        path, value = text, 1.0
    path = path if separator and path else text
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{scale} is no strength")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}")
    return Adapter(path=str(Path(path).absolute()), scale=value)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _not_negative_int(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not (value >= 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
