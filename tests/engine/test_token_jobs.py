"""Tokenizers opened, kept and asked through a real worker: long texts in parts, bad files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from engine.errors import AppError
from engine.models.starter import starter_path
from engine.process.client import Client
from engine.process.messages import Cancelled, ChatMessage, Done, Rendered
from engine.process.parts import Array
from engine.process.token_messages import (
    Encode,
    Encoded,
    EncodedPart,
    OpenTokenizer,
    RenderChat,
    TokenizerInfo,
)
from engine.tokens.opened import MAX_OPEN, Tokenizers
from tests.engine.loading import worker_environment
from tests.engine.tokenizer_files import GGUF_KINDS, gguf_bpe, json_file

LONG = "Once upon a time, in a house by the sea, there lived 12 cats.\n" * 20_000
CHAT = [ChatMessage("user", "Hi <|im_end|>"), ChatMessage("assistant", "Hello.")]


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One without a model."""
    with Client(env=worker_environment(tmp_path_factory.mktemp("home"))) as one:
        yield one


def numbers(array: Array) -> "np.ndarray[Any, Any]":
    return np.frombuffer(array.data, array.dtype)


def info(worker: Client, source: str | Path) -> TokenizerInfo:
    found = worker.ask(lambda job: OpenTokenizer(job, str(source)))
    assert isinstance(found, TokenizerInfo)
    return found


def encoded(worker: Client, source: str, text: str, **options: bool) -> Encoded:
    found = worker.ask(lambda job: Encode(job, source, text, **options))
    assert isinstance(found, Encoded)
    return found


def test_the_starter_says_what_it_is(worker: Client) -> None:
    found = info(worker, "starter")
    assert (found.kind, found.pre_tokenizer, found.n_tokens) == ("BPE", "smollm", 49152)
    assert found.is_exact and found.template and found.cuts and found.n_merges == 48900
    assert found.path == str(starter_path()) and not found.adds_bos


def test_a_long_text_comes_in_parts_that_are_the_whole(worker: Client) -> None:
    events = list(worker.stream(lambda job: Encode(job, "starter", LONG)))
    parts = [event for event in events if isinstance(event, EncodedPart)]
    assert isinstance(events[-1], Done) and isinstance(events[-1].result, Encoded)
    result = events[-1].result
    ids = np.concatenate([numbers(part.ids) for part in parts])
    lengths = np.concatenate([numbers(part.lengths) for part in parts])
    assert len(parts) > 10 and result.n_tokens == len(ids) and result.text_ok
    assert len(numbers(result.ids)) == 0
    assert int(lengths.sum()) == parts[-1].n_done == parts[-1].n_bytes == len(LONG.encode())
    assert [part.n_done for part in parts] == sorted(part.n_done for part in parts)
    one = numbers(encoded(worker, "starter", LONG[: len(LONG) // 20_000]).ids)
    assert np.array_equal(ids, np.tile(one, 20_000))


def test_a_long_text_can_be_stopped(worker: Client) -> None:
    events = []
    stream = worker.stream(lambda job: Encode(job, "starter", LONG * 5))
    for event in stream:
        events.append(event)
        if isinstance(event, EncodedPart):
            worker.cancel(event.job)
    assert isinstance(events[-1], Cancelled)
    assert len(events) < 95  # of the parts that there would be
    assert encoded(worker, "starter", "still here").n_tokens == 2


def test_a_text_that_cannot_be_cut_is_one_part(worker: Client, tmp_path: Path) -> None:
    path = str(GGUF_KINDS["Unigram"](tmp_path))
    text = "hello world " * 30_000
    events = list(worker.stream(lambda job: Encode(job, path, text)))
    parts = [event for event in events if isinstance(event, EncodedPart)]
    assert len(parts) == 1 and parts[0].n_done == len(text)


@pytest.mark.parametrize("source", ["starter", "cl100k_base", "o200k_base"])
def test_one_letter_a_million_times_has_its_tokens(worker: Client, source: str) -> None:
    n_bytes = 0
    for event in worker.stream(lambda job: Encode(job, source, "a" * 1_000_000)):
        if isinstance(event, EncodedPart):
            n_bytes += int(numbers(event.lengths).sum())
    assert n_bytes == 1_000_000


def test_an_empty_text_has_no_tokens(worker: Client) -> None:
    found = encoded(worker, "starter", "")
    assert found.n_tokens == 0 and found.text_ok


def test_a_chat_is_rendered_as_a_loaded_model_renders_it(worker: Client) -> None:
    found = worker.ask(lambda job: RenderChat(job, "starter", CHAT))
    assert isinstance(found, Rendered)
    special = numbers(found.special)
    ids = numbers(found.ids)
    assert found.text.count("<|im_end|>") == 4
    assert [span.message for span in found.spans] == [0, 1]
    assert int((ids[special == 1] == 2).sum()) == 3  # the user's own stays text


def test_a_chat_through_the_template_beside_a_tokenizer(worker: Client, tmp_path: Path) -> None:
    json_file(tmp_path, "byte level")
    template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}assistant:{% endif %}"
    )
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": template, "eos_token": "<|end|>", "model_max_length": 2048})
    )
    described = info(worker, tmp_path)
    assert described.template and described.n_ctx == 2048
    found = worker.ask(lambda job: RenderChat(job, str(tmp_path), CHAT))
    assert isinstance(found, Rendered)
    assert found.text == "user: Hi <|im_end|><|end|>assistant: Hello.<|end|>assistant:"
    assert int(numbers(found.special).sum()) == 2
    assert numbers(found.pieces).tobytes() == found.text.encode()


def test_a_tokenizer_without_a_template_says_so(worker: Client, tmp_path: Path) -> None:
    json_file(tmp_path, "byte level")
    with pytest.raises(AppError, match="template"):
        worker.ask(lambda job: RenderChat(job, str(tmp_path), CHAT))
    with pytest.raises(AppError, match="template"):
        worker.ask(lambda job: RenderChat(job, "cl100k_base", CHAT))


# ---- files that are none ----


def sparse(path: Path, head: bytes) -> Path:
    """Four gigabytes that take no room."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(4 << 30)
    return path


def bad_files(folder: Path) -> dict[str, Path]:
    empty = folder / "empty.json"
    empty.write_text("{}")
    not_text = folder / "latin.json"
    not_text.write_bytes(b'{"model": "\xff\xfe"}')
    broken = folder / "broken.json"
    broken.write_text('{"model": ')
    odd = folder / "odd.json"
    odd.write_text('{"model": {"type": "Nobody"}}')
    (folder / "plain").mkdir()
    return {
        "is not a tokenizer": empty,
        "is not UTF-8": not_text,
        "broken.json is not a tokenizer": broken,
        "odd.json is not a tokenizer": odd,
        "There is no tokenizer.json": folder / "plain",
        "There is no tokenizer “": folder / "gone.json",
        "large.json is not a tokenizer": sparse(folder / "large.json", b"{"),
        "not a GGUF": sparse(folder / "large.gguf", b"\x00"),
    }


def test_bad_files_get_a_sentence_and_lose_nothing(worker: Client, tmp_path: Path) -> None:
    for words, path in bad_files(tmp_path).items():
        with pytest.raises(AppError) as failed:
            info(worker, path)
        assert words in failed.value.message, path
        assert failed.value.hint or words in failed.value.message
    assert info(worker, "starter").n_tokens == 49152


def test_a_file_without_a_tokenizer_says_so(worker: Client, tmp_path: Path) -> None:
    made = gguf.GGUFWriter(tmp_path / "bare.gguf", "llama")
    made.add_context_length(512)
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    with pytest.raises(AppError, match="no tokenizer"):
        info(worker, tmp_path / "bare.gguf")


# ---- what is kept open ----


def test_each_is_opened_once_and_anew_when_its_file_changed(tmp_path: Path) -> None:
    path = json_file(tmp_path, "byte level")
    opened = Tokenizers()
    assert opened.ready(str(path)) is None
    first = opened.get(str(path))
    assert opened.get(str(path)) is first and opened.ready(str(path)) is first
    json_file(tmp_path, "WordPiece")
    os.utime(path, ns=(1, 1))
    assert opened.ready(str(path)) is None
    assert opened.get(str(path)).info.kind == "WordPiece"


def test_only_the_few_used_last_are_kept(tmp_path: Path) -> None:
    opened = Tokenizers()
    paths = [str(gguf_bpe(tmp_path, name)) for name in ("gpt-2", "qwen2", "tekken")]
    copies = [*paths]
    for index in range(MAX_OPEN):
        copy = tmp_path / f"copy{index}.gguf"
        copy.write_bytes(Path(paths[0]).read_bytes())
        copies.append(str(copy))
    for path in copies:
        opened.get(path)
    assert [opened.ready(path) is not None for path in copies] == [False] * 3 + [True] * MAX_OPEN
