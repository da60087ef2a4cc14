"""cl100k_base (GPT-4) and o200k_base (GPT-4o), by tiktoken itself over rank tables that the package
bpe-openai carries: nothing is fetched.

That package is located and never imported: its module is 74 MB of code that is not needed. Patterns
and special tokens are those that tiktoken publishes.
"""

import base64
import gzip
import hashlib
import importlib.util
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import regex
import tiktoken

from engine.errors import AppError
from engine.process.cuts import RIGHT_OF
from engine.process.messages import Rendered
from engine.process.parts import ChatMessage
from engine.process.token_messages import TOKEN_KINDS, TokenizerInfo
from engine.tokens.tokenizer import Figures, Flags, Ids, Merge, Tokens, unknown_token, utf8

PACKAGE = "bpe_openai"
INSTALL_LINE = "pip install bpe-openai"
_CONTROL, _UNUSED = TOKEN_KINDS.index("control"), TOKEN_KINDS.index("unused")


@dataclass(frozen=True)
class Published:
    """An encoding as tiktoken publishes it, but for its rank table."""

    title: str
    pattern: str
    special: dict[str, int]
    n_ctx: int  # of the model that it was published with


_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
ENCODINGS = {
    "cl100k_base": Published(
        "GPT-4 (cl100k_base)",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
        8_192,
    ),
    "o200k_base": Published(
        "GPT-4o (o200k_base)",
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_ENDING}"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_ENDING}"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
        128_000,
    ),
}


class OpenAiTokenizer:
    """A Tokenizer. Opening takes half a second: two hundred thousand ranks become a table.

    Args:
        source: a name in ENCODINGS.

    Raises:
        AppError: the rank table is not installed.
    """

    def __init__(self, source: str) -> None:
        self._published = published = ENCODINGS[source]
        self._special = published.special
        self._ranks = ranks = read_ranks(source)
        self._encoding = tiktoken.Encoding(
            source,
            pat_str=published.pattern,
            mergeable_ranks=ranks,
            special_tokens=published.special,
        )
        # Some ids below the highest stand for nothing.
        self._pieces = [b""] * self._encoding.n_vocab
        self.kinds: Flags = np.full(len(self._pieces), _UNUSED, np.uint8)
        for piece, token in ranks.items():
            self._pieces[token] = piece
            self.kinds[token] = 0
        for text, token in published.special.items():
            self._pieces[token] = text.encode()
            self.kinds[token] = _CONTROL
        self._lengths = np.fromiter(map(len, self._pieces), np.int32, len(self._pieces))
        self.info = TokenizerInfo(
            source=source,
            name=published.title,
            kind="BPE",
            n_tokens=len(self._pieces),
            is_exact=True,
            pre_tokenizer=source,
            n_ctx=published.n_ctx,
            cuts=list(RIGHT_OF),  # both patterns end a piece at each of them
            eos=published.special["<|endoftext|>"],
        )

    def encode(self, text: str, *, special: bool = False, inside: bool = False) -> Ids:
        utf8(text)  # tiktoken would put another character for half of one
        allowed: Literal["all"] | set[str] = "all" if special else set()
        try:
            ids = self._encoding.encode_to_numpy(
                text, allowed_special=allowed, disallowed_special=()
            )
        except ValueError:
            return self.encode_long_runs(text, special)
        return ids.astype(np.int32)

    def encode_long_runs(self, text: str, special: bool) -> Ids:
        """WORKAROUND: tiktoken 0.14's regex engine gives up on o200k_base where a run of spaces or
        capitals is very long ("Max stack size exceeded"). Here the same pattern runs in the regex
        module, which tiktoken's own teaching code splits with; slower, the same ids."""
        specials = {text: token for text, token in self._special.items() if special}
        parts = (
            re.split("(" + "|".join(map(re.escape, specials)) + ")", text) if special else [text]
        )
        ids: list[int] = []
        for part in parts:
            if part in specials:
                ids.append(specials[part])
                continue
            for found in self._pattern.finditer(part):
                piece = found[0].encode()
                known = self._ranks.get(piece)
                ids.extend(self._encoding._encode_single_piece(piece) if known is None else [known])
        return np.array(ids, np.int32)

    @cached_property
    def _pattern(self) -> "regex.Pattern[str]":
        return regex.compile(self._published.pattern)

    def tokens(self, text: str, *, special: bool = False, inside: bool = False) -> Tokens:
        ids = self.encode(text, special=special)
        flags = (self.kinds[ids] == _CONTROL).astype(np.uint8)
        return Tokens(ids, self._lengths[ids], flags, text_ok=True)

    def piece(self, token: int) -> bytes:
        if not 0 <= token < len(self._pieces):
            raise unknown_token(token, len(self._pieces))
        return self._pieces[token]

    @property
    def n_added(self) -> tuple[int, int]:
        return 0, 0

    @cached_property
    def pieces(self) -> tuple[bytes, Ids]:
        return b"".join(self._pieces), self._lengths

    @property
    def figure(self) -> Literal["rank", "score", ""]:
        return "rank"

    @cached_property
    def figures(self) -> Figures:
        """The id of a token is its rank."""
        figures: Figures = np.full(len(self._pieces), np.nan, np.float32)
        ranks = np.fromiter(self._ranks.values(), np.int32, len(self._ranks))
        figures[ranks] = ranks
        return figures

    @property
    def merges(self) -> list[Merge]:
        """The tables rank tokens, not pairs."""
        return []

    def render(self, messages: list[ChatMessage], add_generation_prompt: bool) -> Rendered:
        raise AppError(
            "This tokenizer comes without a chat template.",
            "Choose a model file that has one, or look at plain text.",
        )


def table_path(source: str) -> Path:
    """Where an encoding's rank table lies. Raises AppError where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)  # of a top-level name: executes nothing
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / "data" / f"{source}.tiktoken.gz"
        if path.is_file():
            return path
    raise AppError(
        f"The rank table of {source} is not installed.",
        f"Run “{INSTALL_LINE}” in the app's environment.",
    )


def table_hash(source: str) -> str:
    """sha256 of an encoding's rank table."""
    return hashlib.sha256(_table(source)).hexdigest()


def read_ranks(source: str) -> dict[bytes, int]:
    """Each token's bytes and rank: a line for each, its bytes in base64."""
    try:
        pairs = (line.split() for line in _table(source).splitlines() if line)
        return {base64.b64decode(piece): int(rank) for piece, rank in pairs}
    except ValueError as error:
        raise _damaged(source, error) from error


def _table(source: str) -> bytes:
    try:
        return gzip.decompress(table_path(source).read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(source, error) from error


def _damaged(source: str, error: Exception) -> AppError:
    return AppError(
        f"The rank table of {source} is damaged.",
        f"Run “{INSTALL_LINE} --force-reinstall” in the app's environment.",
        str(error),
    )
