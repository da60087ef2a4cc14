"""bathysphere tokenize: the tokens of a text, as a table or JSON.

bathysphere tokenize "Hello world"
bathysphere tokenize - --tokenizer o200k_base --json < page.txt
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.cli_score import read_text, visible
from engine.models.library import STARTER
from engine.process.client import Client
from engine.process.messages import Array, Done
from engine.process.token_messages import (
    Encode,
    Encoded,
    EncodedPart,
    ReadVocabulary,
    Vocabulary,
)

BUILT_IN = (STARTER, "cl100k_base", "o200k_base")
Numbers = npt.NDArray[Any]


def add_tokenize(commands: Any) -> None:
    """The command's parser."""
    parser = commands.add_parser(
        "tokenize",
        help="the tokens of a text",
        description="Print each token of TEXT: its id, the bytes of the text that it covers, what"
        " it stands for. No BOS or EOS is added and special tokens are plain text, unless --special"
        " is given.",
    )
    add = parser.add_argument
    add("text", nargs="?", metavar="TEXT", help="the text; - or none reads standard input")
    add(
        "--tokenizer",
        default=STARTER,
        metavar="starter|PATH|cl100k_base|o200k_base",
        help="a GGUF file, a tokenizer.json or its folder, or a built-in one (starter)",
    )
    add("--special", action="store_true", help="read special tokens in TEXT; add BOS and EOS")
    add("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=lambda arguments: _tokenize(parser, arguments))


def _tokenize(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.text is None and sys.stdin.isatty():
        parser.error("give a TEXT, or - to read standard input")
    text = read_text("-" if arguments.text is None else arguments.text)
    source = arguments.tokenizer
    if source not in BUILT_IN:
        source = str(Path(source).absolute())
    with Client() as client:
        parts, result = _encode(client, source, text, arguments.special)
        ids, lengths, special = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        ends = np.cumsum(lengths).tolist()
        spans = list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []
        data = text.encode()
        pieces = [data[start:end] for start, end in spans]
        if not result.text_ok or not all(pieces):
            pieces = _pieces(client, source, ids.tolist())
    if arguments.json:
        _print_json(ids.tolist(), pieces, spans, result.text_ok)
    else:
        _print_table(ids.tolist(), pieces, spans, special.tolist(), result.text_ok)
    return 0


def _encode(
    client: Client, source: str, text: str, special: bool
) -> tuple[list[tuple[Numbers, Numbers, Numbers]], Encoded]:
    """Ids, lengths and which are special, in parts; and the totals."""
    parts: list[tuple[Numbers, Numbers, Numbers]] = []
    result = None
    for event in client.stream(lambda job: Encode(job, source, text, special)):
        found = event.result if isinstance(event, Done) else event
        if isinstance(found, EncodedPart | Encoded):
            parts.append((_numbers(found.ids), _numbers(found.lengths), _numbers(found.special)))
        if isinstance(found, Encoded):
            result = found
    assert result is not None, "the job ended without its result"
    return parts, result


def _pieces(client: Client, source: str, ids: list[int]) -> list[bytes]:
    """What the tokens stand for, where that is not the text they cover."""
    found = client.ask(lambda job: ReadVocabulary(job=job, source=source))
    assert isinstance(found, Vocabulary), found
    ends = np.cumsum(_numbers(found.lengths), dtype=np.int64)
    starts = ends - _numbers(found.lengths)
    return [found.pieces.data[starts[token] : ends[token]] for token in ids]


def _print_json(
    ids: list[int], pieces: list[bytes], spans: list[tuple[int, int]], text_ok: bool
) -> None:
    found = {
        "ids": ids,
        "pieces_hex": [piece.hex() for piece in pieces],
        "spans": spans,
        "text_ok": text_ok,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _print_table(
    ids: list[int],
    pieces: list[bytes],
    spans: list[tuple[int, int]],
    special: list[int],
    text_ok: bool,
) -> None:
    lines = [f"{'id':>8} {'bytes':>15}  token"]
    for token, piece, (start, end), is_special in zip(ids, pieces, spans, special, strict=True):
        mark = "  (special)" if is_special else ""
        lines.append(f"{token:>8} {f'{start}-{end}':>15}  {visible(piece)}{mark}")
    n_bytes = spans[-1][1] if spans else 0
    lines.append(f"{len(ids):,} tokens, {n_bytes:,} bytes")
    if not text_ok:
        lines.append("This vocabulary rewrites the text: the tokens in a row are not its bytes.")
    sys.stdout.write("\n".join(lines) + "\n")


def _numbers(array: Array) -> Numbers:
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)
