"""A Modelfile for Ollama: the base, the adapter, the chat's form and where a reply stops.

Ollama writes templates in Go, so a file's own template cannot be handed over as it is. Of the known
families the Go form stands here beside the texts it makes; it is written only where those texts are
what the file's own template makes of a conversation, else the Modelfile says so.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from engine.process.tune_messages import Row, RowMessage
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Tokenizer
from finetune.data.learned import learned_tokens

_GO_LOOP = "{{- range .Messages }}"


@dataclass(frozen=True)
class Family:
    """A way chats are written. turns: role -> the text around what is said; go: the same as
    Ollama's template; stops: where a reply ends."""

    name: str
    turns: dict[str, tuple[str, str]]
    go: str
    stops: tuple[str, ...]

    def text(self, messages: list[tuple[str, str]]) -> str:
        """A conversation."""
        return "".join(said.join(self.turns[role]) for role, said in messages)


def _named(before: str, between: str, after: str, end: str, name: str, stop: str) -> Family:
    """A family whose turns differ by the role's name alone."""
    turns = {role: (f"{before}{role}{between}", after) for role in ("system", "user", "assistant")}
    go = (
        f"{_GO_LOOP}{before}{{{{ .Role }}}}{between}{{{{ .Content }}}}{after}"
        f"{{{{ end }}}}{before}assistant{end}"
    )
    return Family(name, turns, go, (stop,))


FAMILIES = (
    _named("<|im_start|>", "\n", "<|im_end|>\n", "\n", "ChatML", "<|im_end|>"),
    _named(
        "<|start_header_id|>",
        "<|end_header_id|>\n\n",
        "<|eot_id|>",
        "<|end_header_id|>\n\n",
        "Llama 3",
        "<|eot_id|>",
    ),
    _named("<|", "|>\n", "<|end|>\n", "|>\n", "Phi 3", "<|end|>"),
    _named("<|", "|>\n", "</s>\n", "|>\n", "Zephyr", "</s>"),
    Family(
        "Gemma",
        {
            "user": ("<start_of_turn>user\n", "<end_of_turn>\n"),
            "assistant": ("<start_of_turn>model\n", "<end_of_turn>\n"),
        },
        "{{- range $i, $m := .Messages }}<start_of_turn>"
        '{{ if eq .Role "assistant" }}model{{ else }}user{{ end }}\n'
        "{{ .Content }}<end_of_turn>\n{{ end }}<start_of_turn>model\n",
        ("<end_of_turn>",),
    ),
    Family(
        "Mistral",
        {"user": ("[INST] ", " [/INST]"), "assistant": (" ", "</s>")},
        '{{- range .Messages }}{{ if eq .Role "assistant" }} {{ .Content }}</s>'
        "{{ else }}[INST] {{ .Content }} [/INST]{{ end }}{{ end }}",
        ("[INST]", "</s>"),
    ),
)
_PROBE = [("user", "Xq1"), ("assistant", "Yq2"), ("user", "Xq3"), ("assistant", "Yq4")]


def family_of_file(base: Path) -> tuple[Family | None, str]:
    """As family_of, of a GGUF; the process that renders its template ends with it."""
    tokenizer = open_tokenizer(str(base))
    try:
        return family_of(tokenizer)
    finally:
        if isinstance(tokenizer, GgufTokenizer):
            tokenizer.chat.renderer.close()


def family_of(tokenizer: Tokenizer) -> tuple[Family | None, str]:
    """The family that a model's own template belongs to, and the system prompt that the template
    brings along ("" for none)."""
    messages = [RowMessage(role=role, content=said) for role, said in _PROBE]
    shown = learned_tokens(tokenizer, Row(id="", messages=messages), "all", 4096).text
    for family in FAMILIES:
        place = shown.find(family.text(_PROBE).rstrip("\n"))
        if place >= 0:
            return family, _system_in(shown[:place], family)
    return None, ""


def _system_in(text: str, family: Family) -> str:
    if "system" not in family.turns:
        return ""
    before, after = (re.escape(part.rstrip()) for part in family.turns["system"])
    found = re.search(f"{before}(.*?){after}", text, re.DOTALL)
    return found[1].strip() if found else ""


def modelfile(base: Path, adapter: Path | None, family: Family | None, system: str) -> str:
    """The file's text. base, adapter: as Ollama is to find them."""
    lines = [f"FROM {_quoted(str(base))}"]
    if adapter is not None:
        lines.append(f"ADAPTER {_quoted(str(adapter))}")
    if family is None:
        lines.append(
            "# This model's chat template is of no family known here: Ollama uses what it makes of "
            "the file's own."
        )
    else:
        lines.append(f'TEMPLATE """{family.go}"""')
        lines += [f'PARAMETER stop "{stop}"' for stop in family.stops]
    if system:
        lines.append('SYSTEM """' + system.replace('"""', "'''") + '"""')
    return "\n".join(lines) + "\n"


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
