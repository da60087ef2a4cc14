"""Tokenizers that are trained here, in transformers; and the chat template of their marks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from engine.errors import AppError
from engine.process.messages import ChatMessage
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.opened import open_tokenizer
from finetune.export.gguf_entries import entry
from finetune.export.gguf_stream import write_gguf
from finetune.export.hf_tokenizer import tokenizer_entries
from finetune.model.chat_marks import ASSISTANT, CHAT_TEMPLATE, END, SYSTEM, USER
from finetune.pretraining.config import TokenizerKind
from tests.finetune.test_trained_tokenizer import KINDS, ODD, trained

CHAT = [
    ChatMessage("system", "You know a little world."),
    ChatMessage("user", "Where is the <|end|> ball?"),
    ChatMessage("assistant", "In the box."),
    ChatMessage("user", "And the lamp?"),
]
RENDERED = (
    f"{SYSTEM}You know a little world.{END}{USER}Where is the <|end|> ball?{END}"
    f"{ASSISTANT}In the box.{END}{USER}And the lamp?{END}{ASSISTANT}"
)


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_gives_the_same_ids(kind: TokenizerKind, tmp_path: Path) -> None:
    ours = trained(kind)
    ours.save_for_transformers(tmp_path, CHAT_TEMPLATE)
    theirs: Any = AutoTokenizer.from_pretrained(tmp_path)
    assert (len(theirs), theirs.eos_token_id) == (ours.n_vocab, ours.end_id)

    @settings(max_examples=60, deadline=None)
    @given(
        st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aes ' .\n")))
    )
    def agree(text: str) -> None:
        ids = theirs(text, split_special_tokens=True)["input_ids"]
        assert ids == ours.encode([text])[0].tolist()
        assert theirs.decode(ids) == text

    agree()
    for text in ODD:
        ids = theirs(text, split_special_tokens=True)["input_ids"]
        assert ids == ours.encode([text])[0].tolist()
    chat = [{"role": one.role, "content": one.content} for one in CHAT]
    assert theirs.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) == RENDERED
    assert theirs(END)["input_ids"] == [ours.end_id]


def test_a_folder_for_transformers_becomes_the_same_gguf(tmp_path: Path) -> None:
    ours = trained("bpe")
    ours.save_for_transformers(tmp_path, CHAT_TEMPLATE)
    theirs = tokenizer_entries(tmp_path, ours.n_vocab)
    missing = set(ours.gguf_entries(CHAT_TEMPLATE)) - set(theirs)
    assert missing == set()


@pytest.fixture
def tokenizer(tmp_path: Path) -> Iterator[GgufTokenizer]:
    head = [entry("general.architecture", "qwen3"), entry("general.type", "vocab")]
    entries = [*head, *trained("bpe").gguf_entries(CHAT_TEMPLATE)]
    write_gguf(tmp_path / "chat.gguf", entries, [], lambda _: iter(()))
    found = open_tokenizer(str(tmp_path / "chat.gguf"))
    assert isinstance(found, GgufTokenizer)
    yield found
    found.chat.renderer.close()


def test_the_template_renders_in_the_sandbox_and_ends_each_turn(tokenizer: GgufTokenizer) -> None:
    rendered = tokenizer.render(CHAT, True)
    assert rendered.text == RENDERED
    ids = np.frombuffer(rendered.ids.data, rendered.ids.dtype).tolist()
    marks = {tokenizer.vocab.special_tokens[mark].id for mark in (END, USER, ASSISTANT, SYSTEM)}
    # The marks that a person typed are text: four turns have four ends.
    assert ids.count(tokenizer.info.eos) == len(CHAT)
    assert len([one for one in ids if one in marks]) == 2 * len(CHAT) + 1
    assert tokenizer.vocab.detokenize(ids).decode() == RENDERED


def test_a_tool_is_refused_in_words(tokenizer: GgufTokenizer) -> None:
    with pytest.raises(AppError) as refused:
        tokenizer.render([ChatMessage("tool", "12")], True)
    assert "knows no tools" in f"{refused.value} {refused.value.detail}"
