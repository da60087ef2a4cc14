"""Chat templates for model files that carry none, recognised by their special tokens.

Base models often have a chat model's markers in their vocabulary without ever having been taught
them (Llama 3 and Qwen base do). So a template is given only where all its markers are there and the
name says that the model was taught to answer; otherwise None, and raw completion is offered. The
templates know system, user and assistant, and tool where the family does. Nothing is rendered here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

CHATML = """\
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\\n' }}
{%- endif -%}
"""

LLAMA3 = """\
{{- bos_token -}}
{%- for message in messages -%}
{%- set role = 'ipython' if message.role == 'tool' else message.role -%}
{{ '<|start_header_id|>' + role + '<|end_header_id|>\\n\\n' }}
{{- message.content.strip() + '<|eot_id|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif -%}
"""

PHI3 = """\
{%- for message in messages -%}
{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|assistant|>\\n' }}
{%- endif -%}
"""

ZEPHYR = """\
{%- for message in messages -%}
{{ '<|' + message.role + '|>\\n' + message.content + eos_token + '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|assistant|>\\n' }}
{%- endif -%}
"""

# These two families know no system role: its text goes before the next user message.
GEMMA = """\
{{- bos_token -}}
{%- set intro = namespace(text='') -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{%- set intro.text = intro.text + message.content.strip() + '\\n\\n' -%}
{%- elif message.role == 'assistant' -%}
{{ '<start_of_turn>model\\n' + message.content.strip() + '<end_of_turn>\\n' }}
{%- else -%}
{{ '<start_of_turn>user\\n' + intro.text + message.content.strip() + '<end_of_turn>\\n' }}
{%- set intro.text = '' -%}
{%- endif -%}
{%- endfor -%}
{%- if intro.text -%}
{{ '<start_of_turn>user\\n' + intro.text.strip() + '<end_of_turn>\\n' }}
{%- endif -%}
{%- if add_generation_prompt -%}
{{ '<start_of_turn>model\\n' }}
{%- endif -%}
"""

MISTRAL = """\
{{- bos_token -}}
{%- set intro = namespace(text='') -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}
{%- set intro.text = intro.text + message.content + '\\n\\n' -%}
{%- elif message.role == 'assistant' -%}
{{ ' ' + message.content.strip() + eos_token }}
{%- else -%}
{{ '[INST] ' + intro.text + message.content + '[/INST]' }}
{%- set intro.text = '' -%}
{%- endif -%}
{%- endfor -%}
{%- if intro.text -%}
{{ '[INST] ' + intro.text.strip() + '[/INST]' }}
{%- endif -%}
"""


@dataclass(frozen=True)
class _Family:
    template: str
    markers: frozenset[str]
    name: str = ""
    """A pattern that the name must hold too, where the markers are no tokens of their own."""


_FAMILIES = (
    _Family(LLAMA3, frozenset({"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"})),
    _Family(GEMMA, frozenset({"<start_of_turn>", "<end_of_turn>"})),
    _Family(CHATML, frozenset({"<|im_start|>", "<|im_end|>"})),
    _Family(PHI3, frozenset({"<|user|>", "<|assistant|>", "<|end|>"})),
    _Family(MISTRAL, frozenset({"[INST]", "[/INST]"})),
    _Family(ZEPHYR, frozenset({"</s>"}), r"zephyr|tinyllama"),
    _Family(MISTRAL, frozenset({"</s>"}), r"mistral|mixtral"),
)

_TAUGHT = re.compile(r"(?<![a-z])(instruct\w*|chat|it|assistant|sft|dpo|zephyr)(?![a-z])")
_UNTAUGHT = re.compile(r"(?<![a-z])(base|pretrain(ed)?|pt)(?![a-z])")


def is_likely_instruct(name: str) -> bool:
    """Whether a model's name says that it was taught to answer: "-Instruct", "-chat", "-it"."""
    lowered = name.lower().replace("_", "-")
    return bool(_TAUGHT.search(lowered)) and not _UNTAUGHT.search(lowered)


def known_template(special_texts: Collection[str], name: str) -> str | None:
    """A template for a model file without one.

    Args:
        special_texts: the texts of the vocabulary's special tokens.
        name: what the file calls itself, or its file name.

    Returns:
        Our own template of the model's family, or None: a base model, or an unknown family.
    """
    if not is_likely_instruct(name):
        return None
    texts = frozenset(special_texts)
    for family in _FAMILIES:
        if family.markers <= texts and re.search(family.name, name.lower()):
            return family.template
    return None
