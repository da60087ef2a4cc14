"""A tokenizer that was trained here: text to ids and back, and its folder.

The folder holds tokenizer.json (as Hugging Face's `tokenizers` reads it), vocab.gguf (the same for
llama.cpp, no weights) and meta.json (what is known of its training). Ids are the same in all
engines; marks written out in a text ("<|end|>") are read as text.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Library

from engine.errors import AppError
from engine.tokens.listed import spelled_bytes
from engine.tokens.tokenizer import utf8
from finetune.data.user_folders import folders, is_left, part_name
from finetune.export.files import disk_error
from finetune.export.gguf_entries import entry
from finetune.export.gguf_stream import write_gguf
from finetune.model.chat_marks import END, MARKS
from finetune.model.tokenizer_encode import (
    Encode,
    Ids,
    PairsEncoder,
    bytes_encoder,
    characters_encoder,
)
from finetune.model.tokenizer_files import (
    N_MARKS,
    Pair,
    gguf_entries,
    to_json,
    tokenizer_config,
    tokenizer_json,
)
from finetune.pretraining.config import TokenizerKind
from finetune.run.folder import write_whole

KINDS = ("bpe", "chars", "bytes")
JSON, GGUF, META = "tokenizer.json", "vocab.gguf", "meta.json"


@dataclass(frozen=True, eq=False)
class TrainedTokenizer:
    """Safe from any thread.

    Args:
        all_pieces: every token's bytes by its id, marks first.
        merges: pairs of pieces in the order of their ranks.
        meta: what else is kept in meta.json; plain values.
    """

    kind: TokenizerKind
    all_pieces: list[bytes]
    merges: list[Pair]
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def n_vocab(self) -> int:
        return len(self.all_pieces)

    @property
    def end_id(self) -> int:
        """The token that ends a document, and a turn."""
        return MARKS.index(END)

    @property
    def mark_ids(self) -> dict[str, int]:
        """The control tokens by their written form."""
        return {mark: token for token, mark in enumerate(MARKS)}

    def pieces(self) -> list[bytes]:
        """Every token's bytes by its id; control tokens give their written form."""
        return list(self.all_pieces)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text, shape (n,) each. Marks in a text are text; no token is added.

        Raises:
            AppError: a text holds unpaired surrogates.
        """
        for text in texts:
            utf8(text)
        return [self._encode(text) for text in texts]

    @cached_property
    def _encode(self) -> Encode:
        if self.kind == "bytes":
            return bytes_encoder(self.all_pieces)
        if self.kind == "chars":
            return characters_encoder(self.all_pieces, self._library)
        return PairsEncoder(self._library)

    def decode(self, ids: Sequence[int] | Ids) -> str:
        """The text of some ids, with marks as they are written; what is no text becomes the
        replacement character."""
        return self.decode_bytes(ids).decode("utf-8", "replace")

    def decode_bytes(self, ids: Sequence[int] | Ids) -> bytes:
        return b"".join(self.all_pieces[token] for token in ids)

    @cached_property
    def _library(self) -> Library:
        made = Library.from_str(json.dumps(tokenizer_json(self.all_pieces, self.merges)))
        made.encode_special_tokens = True
        return made

    def gguf_entries(self, chat_template: str = "") -> list[bytes]:
        """Its metadata in a GGUF, encoded."""
        return gguf_entries(self.all_pieces, self.merges, chat_template)

    # ---- files ----

    def save(self, folder: Path) -> None:
        """Write its folder, whole or not at all; one that was there before goes.

        Raises:
            AppError: the disk refuses.
        """
        for left in folders(folder.parent):
            if left.name.startswith(f".{folder.name}.") and is_left(left):
                shutil.rmtree(left, ignore_errors=True)
        beside = folder.with_name(part_name(folder.name))
        try:
            beside.mkdir(parents=True)
            self._write(beside, str(self.meta.get("name") or folder.name))
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(beside, folder)
        except OSError as error:
            raise disk_error(folder.name, error) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _write(self, folder: Path, name: str) -> None:
        data = tokenizer_json(self.all_pieces, self.merges)
        write_whole(folder / JSON, to_json(data))
        entries = [
            entry("general.architecture", "qwen3"),
            entry("general.type", "vocab"),
            entry("general.name", name),
            *self.gguf_entries(),
        ]
        write_gguf(folder / GGUF, entries, [], lambda _: iter(()))
        write_whole(folder / META, to_json(self.meta | {"kind": self.kind}))

    def save_for_transformers(self, folder: Path, chat_template: str = "") -> None:
        """Write tokenizer.json and tokenizer_config.json, as AutoTokenizer reads them.

        Raises:
            AppError: the disk refuses.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(folder.name, error) from error
        write_whole(folder / JSON, to_json(tokenizer_json(self.all_pieces, self.merges)))
        write_whole(folder / "tokenizer_config.json", to_json(tokenizer_config(chat_template)))


def open_trained(folder: Path) -> TrainedTokenizer:
    """A tokenizer by its folder.

    Raises:
        AppError: there is none, or its files are damaged.
    """
    try:
        meta = json.loads((folder / META).read_bytes())
        data = json.loads((folder / JSON).read_bytes())
        found = _opened(meta, data["model"])
    except FileNotFoundError as error:
        raise AppError(
            "There is no tokenizer in this folder.",
            "Choose the folder of one that was trained here.",
            str(folder),
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AppError(
            f"The tokenizer “{folder.name}” cannot be read.", "Train it again.", str(error)
        ) from error
    return found


def _opened(meta: dict[str, Any], model: dict[str, Any]) -> TrainedTokenizer:
    written = sorted(model["vocab"].items(), key=lambda one: one[1])
    if [token for _, token in written] != list(range(len(written))):
        raise ValueError("ids are missing")
    if tuple(text for text, _ in written[:N_MARKS]) != MARKS or meta["kind"] not in KINDS:
        raise ValueError("not a tokenizer of ours")
    pieces = [mark.encode() for mark in MARKS]
    pieces += [spelled_bytes(text) for text, _ in written[N_MARKS:]]
    merges = [(spelled_bytes(left), spelled_bytes(right)) for left, right in model["merges"]]
    return TrainedTokenizer(meta["kind"], pieces, merges, meta)
