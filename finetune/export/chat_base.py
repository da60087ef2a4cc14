"""A raised model with the chat template of its own marks, for Fine-tune to make an assistant of it.
The weights stay what they are; the base itself has no template, and is offered raw text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import AppError
from engine.models.gguf_header import read_entries, read_header
from finetune.export.gguf_entries import entry
from finetune.export.gguf_stream import Planned, Report, Source, Written, ignore, write_gguf
from finetune.export.provenance import PREFIX
from finetune.model.chat_marks import CHAT_TEMPLATE

_TEMPLATE = "tokenizer.chat_template"


def write_chat_base(source: Path, target: Path, report: Report = ignore) -> Written:
    """Write a copy of a raised model's GGUF that has a chat template.

    Raises:
        AppError: the file is no model that was raised here, or the disk refuses.
    """
    header = read_header(source)
    if header.text(f"{PREFIX}kind") != "raised":
        raise AppError(f"“{source.name}” was not raised here.", "Choose one of your own models.")
    tensors = {one.name: one for one in header.tensors}
    planned = [Planned(one.name, one.shape, one.type) for one in header.tensors]
    entries = read_entries(source) | {_TEMPLATE: entry(_TEMPLATE, CHAT_TEMPLATE)}
    opened = Source(source, header.data_start)

    def data(one: Planned) -> Iterator[bytes]:
        return opened.pieces(tensors[one.name])

    try:
        return write_gguf(target, list(entries.values()), planned, data, report, header.alignment)
    finally:
        opened.close()
