"""bathysphere score: how probable each token of a text is to a model, and what it adds up to.

bathysphere score "The capital of France is Paris."
bathysphere score - --json < page.txt
"""

import argparse
import itertools
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation.text import TextStream
from engine.models.library import resolve_model
from engine.process.client import Client
from engine.process.messages import Array, Done, Render, Rendered
from engine.process.token_messages import MapSurprise, Surprise, SurprisePart

_SIGNS = {" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍"}
Row = dict[str, Any]


def add_score(commands: Any) -> None:
    """The command's parser."""
    parser = commands.add_parser(
        "score",
        help="how probable each token of a text is to a model",
        description="Print each token of TEXT with its logprob, its rank among all tokens (0: the"
        " likeliest) and its surprise in bits, then what they add up to.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    parser.add_argument(
        "--model", default="starter", metavar="starter|PATH", help="the GGUF file (starter)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    path = resolve_model(arguments.model)
    text = read_text(arguments.text)
    with Client() as client:
        client.load(str(path))
        ids, pieces = _tokens(client, text)
        rows, result = [], None
        if not arguments.json:
            print(f"{'id':>8} {'logprob':>9} {'rank':>7} {'bits':>7}  token")
        for event in client.stream(lambda job: MapSurprise(job=job, ids=ids)):
            if isinstance(event, SurprisePart):
                fresh = list(_rows(event, ids, pieces))
                rows += fresh
                if not arguments.json:
                    _print_rows(fresh)
            elif isinstance(event, Done) and isinstance(event.result, Surprise):
                result = event.result
    if result is None:
        return 1
    if arguments.json:
        print(json.dumps(_as_json(rows, result), ensure_ascii=False))
    else:
        _print_totals(result)
    return 0


def read_text(argument: str) -> str:
    """The text itself, or what standard input has.

    Raises:
        AppError: it is not UTF-8.
    """
    try:
        if argument == "-":
            return sys.stdin.buffer.read().decode("utf-8")
        argument.encode("utf-8")
    except UnicodeError as error:
        raise AppError(
            "This text is not UTF-8.", "Convert it to UTF-8 first.", str(error)
        ) from error
    return argument


def _tokens(client: Client, text: str) -> tuple[list[int], list[bytes]]:
    """Ids and pieces of a text, without a BOS."""
    found = client.ask(lambda job: Render(job=job, prompt=text))
    assert isinstance(found, Rendered), found
    ids, special = _numbers(found.ids), _numbers(found.special)
    ends = np.cumsum(_numbers(found.piece_bytes)).tolist()
    data = found.pieces.data
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    n_added = int(bool(len(special) and special[0]))
    return ids[n_added:].tolist(), pieces[n_added:]


def _rows(part: SurprisePart, ids: list[int], pieces: list[bytes]) -> Iterator[Row]:
    logprobs, ranks = _numbers(part.logprobs).tolist(), _numbers(part.ranks).tolist()
    for index, (logprob, rank) in enumerate(zip(logprobs, ranks, strict=True), start=part.first):
        is_told = rank >= 0
        yield {
            "id": ids[index],
            "piece_hex": pieces[index].hex(),
            "logprob": logprob if is_told else None,
            "rank": rank if is_told else None,
            "bits": -logprob / math.log(2) if is_told else None,
        }


def _as_json(rows: list[Row], result: Surprise) -> dict[str, Any]:
    """Texts of the tokens in a row are the text: a character comes whole, with its last byte."""
    stream = TextStream([])
    for row in rows:
        row["text"] = stream.push(bytes.fromhex(row["piece_hex"]))
    return {
        "tokens": rows,
        "n_tokens": result.n_tokens,
        "n_bytes": result.n_bytes,
        "bits": result.bits,
        "perplexity": _number(result.perplexity),
        "bits_per_byte": _number(result.bits_per_byte),
        "seen_at_least": result.seen_at_least,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _print_rows(rows: list[Row]) -> None:
    for row in rows:
        shown = visible(bytes.fromhex(row["piece_hex"]))
        if row["rank"] is None:
            print(f"{row['id']:>8} {'-':>9} {'-':>7} {'-':>7}  {shown}")
        else:
            figures = f"{row['logprob']:>9.4f} {row['rank']:>7} {row['bits']:>7.2f}"
            print(f"{row['id']:>8} {figures}  {shown}")
    sys.stdout.flush()


def visible(piece: bytes) -> str:
    """A token's text with signs for white space; bytes that are no whole characters, and control
    characters, as <E6 97>."""
    text = "".join(_SIGNS.get(one, one) for one in piece.decode("utf-8", "surrogateescape"))
    runs = itertools.groupby(text, str.isprintable)
    return "".join("".join(run) if shown else _bytes("".join(run)) for shown, run in runs)


def _bytes(text: str) -> str:
    return f"<{text.encode('utf-8', 'surrogateescape').hex(' ').upper()}>"


def _print_totals(result: Surprise) -> None:
    print(
        f"{result.n_tokens:,} tokens, {result.n_bytes:,} bytes, {result.bits:,.2f} bits;"
        f" perplexity {result.perplexity:,.4f}, {result.bits_per_byte:.4f} bits per byte"
    )
    if result.seen_at_least:
        print(
            "The text is longer than the context: each token was told from at least"
            f" {result.seen_at_least:,} tokens before it."
        )


def _numbers(array: Array) -> npt.NDArray[Any]:
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)
