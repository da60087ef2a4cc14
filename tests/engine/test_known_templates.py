"""Files without a template: which get one of ours, and what ours write."""

from collections.abc import Iterator

import pytest

from engine.generation.known_templates import (
    CHATML,
    GEMMA,
    LLAMA3,
    MISTRAL,
    PHI3,
    ZEPHYR,
    known_template,
)
from engine.generation.template import TemplateRenderer, render_chat
from engine.process.messages import ChatMessage

CHATML_MARKERS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT = [
    ChatMessage(role="system", content="Be brief."),
    ChatMessage(role="user", content="Hi"),
    ChatMessage(role="assistant", content="Hello"),
    ChatMessage(role="user", content="Bye"),
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[TemplateRenderer]:
    renderer = TemplateRenderer(deadline_s=10.0)
    yield renderer
    renderer.close()


@pytest.mark.parametrize(
    ("markers", "name", "template"),
    [
        (CHATML_MARKERS, "SmolLM2 135M Instruct", CHATML),
        (CHATML_MARKERS, "qwen2.5-0.5b-instruct-q4_k_m.gguf", CHATML),
        (CHATML_MARKERS, "Qwen2.5 0.5B", None),
        (CHATML_MARKERS, "Qwen3-4B-Base-chat-merge", None),
        (["<s>", "</s>", "<|im_end|>"], "thing-instruct", None),
        (["<start_of_turn>", "<end_of_turn>"], "Gemma 2 2b It", GEMMA),
        (["<start_of_turn>", "<end_of_turn>"], "gemma-3-4b-pt", None),
        (["<start_of_turn>", "<end_of_turn>"], "gemma with wit", None),
        (["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], "Llama_3_8B_Instruct", LLAMA3),
        (["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], "Meta-Llama-3-8B", None),
        (["<|user|>", "<|assistant|>", "<|end|>"], "Phi-3-mini-4k-instruct", PHI3),
        (["[INST]", "[/INST]", "</s>"], "Mistral-7B-Instruct-v0.3", MISTRAL),
        (["<s>", "</s>"], "zephyr-7b", ZEPHYR),
        (["<s>", "</s>"], "llama-7b-instruct", None),
        ([], "anything-instruct", None),
    ],
)
def test_which_template(markers: list[str], name: str, template: str | None) -> None:
    assert known_template(markers, name) == template


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            CHATML,
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
            "<|im_start|>assistant\n",
        ),
        (
            LLAMA3,
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (
            PHI3,
            "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\nHello<|end|>\n"
            "<|user|>\nBye<|end|>\n<|assistant|>\n",
        ),
        (
            ZEPHYR,
            "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello</s>\n"
            "<|user|>\nBye</s>\n<|assistant|>\n",
        ),
        (
            GEMMA,
            "<s><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n"
            "<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n"
            "<start_of_turn>model\n",
        ),
        (MISTRAL, "<s>[INST] Be brief.\n\nHi[/INST] Hello</s>[INST] Bye[/INST]"),
    ],
)
def test_what_ours_write(renderer: TemplateRenderer, template: str, text: str) -> None:
    chat = render_chat(renderer, template, CHAT, "<s>", "</s>")
    assert chat.text == text
    assert [text[s.start : s.end] for s in chat.spans] == ["Be brief.", "Hi", "Hello", "Bye"]


@pytest.mark.parametrize("template", [CHATML, LLAMA3, PHI3, ZEPHYR, GEMMA, MISTRAL])
def test_a_system_message_alone_is_not_lost(renderer: TemplateRenderer, template: str) -> None:
    assert "Be brief." in render_chat(renderer, template, CHAT[:1], "<s>", "</s>").text
