"""What is learned, beside transformers: the same template with its {% generation %} marks, its own
reading of the file's tokenizer, its own mask."""

from __future__ import annotations

from typing import Any

import pytest

from engine.models.starter import starter_path
from engine.process.tune_messages import Row
from finetune.data.learned import learned_rows
from tests.finetune.learn_templates import learner_with, row_of

MARKED = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}{{- message.content + '<|im_end|>' }}{%- endgeneration %}
    {%- else %}{{- message.content + '<|im_end|>' }}{%- endif %}
    {{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
ROWS = [
    row_of(("user", "Hi"), ("assistant", "Hello there!")),
    row_of(("system", "Be brief."), ("user", "1+1?"), ("assistant", "Two."), ("user", "Sure?"),
           ("assistant", "Yes — quite sure.\n\n- one\n- two")),
    row_of(("user", "def f(x):\n    return x"), ("assistant", "It returns `x`: 日本, ünïcode 😀.")),
    row_of(("assistant", "Welcome"), ("user", "  spaces  "), ("assistant", "x = 10_000\t# tab")),
    row_of(("user", "no answer")),
]  # fmt: skip


@pytest.fixture(scope="module")
def peer() -> Any:
    from transformers import AutoTokenizer

    path = starter_path()
    return AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)


def theirs(peer: Any, row: Row) -> tuple[list[int], list[int]]:
    chat = [{"role": one.role, "content": one.content} for one in row.messages]
    found = peer.apply_chat_template(
        chat,
        chat_template=MARKED,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return list(found["input_ids"]), list(found["assistant_masks"])


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_ids_and_mask_are_those_of_transformers(peer: Any, number: int) -> None:
    row = ROWS[number]
    with learner_with(MARKED) as learner:
        (ours,) = learned_rows(learner, [row], "all", 10_000)
    ids, mask = theirs(peer, row)
    assert ours.ids.tolist() == ids
    assert ours.learned.tolist() == mask
