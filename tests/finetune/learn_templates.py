"""Chat templates in the manner of well-known families, over the starter's special tokens, and what
is learned with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from engine.generation.chat_model import TokenizerChat
from engine.process.tune_messages import Row, RowMessage
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.opened import open_tokenizer
from finetune.config import LearnFrom
from finetune.data.learned import Learner, RowTokens, learned_rows

END = "<|im_end|>"

# As Llama 3's: a special token closes the role, contents are trimmed.
HEADERS = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message['role'] + '<file_sep>\\n\\n' + message['content'] | trim }}
    {{- '<|im_end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant<file_sep>\\n\\n' }}{%- endif %}"""
# As Gemma's: no system role, another word for the assistant.
NO_SYSTEM = """\
{%- if messages and messages[0].role == 'system' %}
    {{- raise_exception('System role not supported') }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}
    {{- message.content | trim + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>model\\n' }}{%- endif %}"""
# As Mistral's: nothing before an answer but a space, and no generation prompt at all.
INST = """\
{%- for message in messages %}
    {%- if message.role == 'assistant' %}{{- ' ' + message.content + '<|im_end|>' }}
    {%- else %}{{- '[INST] ' + message.content + '[/INST]' }}{%- endif %}
{%- endfor %}"""
# As Qwen 3's: earlier thoughts go, and an answer without any gets empty ones at the end.
THINKING = """\
{%- set ns = namespace(last=-1) %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- set thoughts = '' %}
        {%- if '</think>' in content %}
            {%- set thoughts = content.split('</think>')[0].split('<think>')[-1].strip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last %}
            {{- '<think>\\n' + thoughts + '\\n</think>\\n\\n' }}
        {%- endif %}
    {%- endif %}
    {{- content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
# As DeepSeek R1's: the chat opens the reasoning itself, and no answer keeps it.
OPENS_THINKING = """\
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<jupyter_start>' + message.content.split('</think>')[-1] + '<|endoftext|>' }}
    {%- else %}{{- '<jupyter_text>' + message.content }}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<jupyter_start><think>\\n' }}{%- endif %}"""
# Without any special token: nothing ends an answer.
PLAIN = """\
{%- for message in messages %}
    {{- message.role | capitalize + ': ' + message.content + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- 'Assistant:' }}{%- endif %}"""
# Everything in a row: no border between what one says and the other.
JOINED = "{% for message in messages %}{{ message.content }}{% endfor %}<|im_end|>"
# The chat's prompt stops before the header: the model has to write it.
NO_GENERATION_PROMPT = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}"""
TWO_BOS = "{{ '<|im_start|><|im_start|>' }}" + NO_GENERATION_PROMPT
SHOUTING = """\
{%- for message in messages %}{{- '<|im_start|>' + message.content | upper + '<|im_end|>' }}
{%- endfor %}"""
# As Qwen 2.5's: calls as JSON between marks, results as a user's words, tools in the system prompt.
CALLS = """\
{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n' }}
    {%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content }}
        {{- '\\n</tool_response><|im_end|>\\n' }}
    {%- elif message.tool_calls %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
        {%- for call in message.tool_calls %}
            {%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
            {{- call.arguments | tojson + '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
# As DeepSeek V2's: arguments have to be text, and a call has no content.
CALLS_AS_TEXT = """\
{%- for message in messages %}
    {%- if message.role == 'assistant' and message.content is none %}
        {{- '<jupyter_start>' }}
        {%- for call in message.tool_calls %}
            {{- call.type + '<file_sep>' + call.function.name + '\\n```json\\n' }}
            {{- call.function.arguments + '\\n```' }}
        {%- endfor %}
        {{- '<|endoftext|>' }}
    {%- elif message.role == 'assistant' %}
        {{- '<jupyter_start>' + message.content + '<|endoftext|>' }}
    {%- else %}{{- '<jupyter_text>' + message.content }}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<jupyter_start>' }}{%- endif %}"""
# As Mistral's: ids of nine letters, and no header before what the assistant does.
CALLS_WITH_IDS = """\
{%- for message in messages %}
    {%- if message.tool_calls is defined %}
        {{- '<jupyter_code>[' }}
        {%- for call in message.tool_calls %}
            {%- if call.id is not defined or call.id | length != 9 %}
                {{- raise_exception('Tool call IDs should be alphanumeric with length 9!') }}
            {%- endif %}
            {{- '{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson + ', "id": "' + call.id + '"}' }}
        {%- endfor %}
        {{- ']<|im_end|>' }}
    {%- elif message.role == 'tool' %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content + ', "call_id": "' }}
        {{- message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- elif message.role == 'assistant' %}{{- ' ' + message.content + '<|im_end|>' }}
    {%- else %}{{- '[INST] ' + message.content + '[/INST]' }}{%- endif %}
{%- endfor %}"""


@cache
def starter() -> GgufTokenizer:
    """The starter's vocabulary, open once for all these tests."""
    found = open_tokenizer("starter")
    assert isinstance(found, GgufTokenizer)
    return found


@contextmanager
def learner_with(template: str, tokenizer: GgufTokenizer | None = None) -> Iterator[Learner]:
    """A vocabulary, the starter's unless another is given, with another template."""
    vocab = (tokenizer or starter()).vocab
    model = TokenizerChat(vocab, template, deadline_s=20.0)
    try:
        yield Learner(model, vocab)
    finally:
        model.renderer.close()


def row_of(*said: tuple[str, str], **more: Any) -> Row:
    return Row("1", [RowMessage(role, content) for role, content in said], **more)


def learn(
    template: str, row: Row, learn_from: LearnFrom = "all", max_length: int = 4096
) -> RowTokens:
    """A row with another template."""
    with learner_with(template) as learner:
        return learned_rows(learner, [row], learn_from, max_length)[0]


def stretches(learner_or_tokenizer: Any, found: RowTokens) -> list[str]:
    """What is learned, each stretch of tokens as its text."""
    vocab = learner_or_tokenizer.vocab
    parts: list[bytes] = []
    was_learned = False
    for token, learned in zip(found.ids.tolist(), found.learned.tolist(), strict=True):
        if learned:
            parts = (
                [*parts[:-1], parts[-1] + vocab.piece(token)]
                if was_learned
                else [
                    *parts,
                    vocab.piece(token),
                ]
            )
        was_learned = bool(learned)
    return [part.decode() for part in parts]


def learned_with(template: str, row: Row, learn_from: LearnFrom = "all") -> list[str]:
    """What is learned of a row with another template."""
    return stretches(starter(), learn(template, row, learn_from))


def kinds(found: RowTokens) -> list[str]:
    return [finding.kind for finding in found.findings]
