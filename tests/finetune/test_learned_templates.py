"""What is learned with other models' templates: what the model has to write after the chat's
prompt, whatever the template does to contents; and what is said where a template is at fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.generation.prompt import chat_prompt
from engine.process.messages import ChatMessage
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.opened import open_tokenizer
from finetune.data.learned import learned_rows
from tests.engine.tokenizer_files import gguf_spm
from tests.finetune import learn_templates as shapes
from tests.finetune.learn_templates import END, kinds, learn, learned_with, learner_with, row_of

HI = row_of(("user", "Hi"), ("assistant", " Hello \n"), ("user", "More"), ("assistant", "Well"))


def test_contents_that_are_trimmed() -> None:
    assert learned_with(shapes.HEADERS, HI) == [f"Hello{END}", f"Well{END}"]
    assert kinds(learn(shapes.NO_SYSTEM, HI)) == []


def test_line_breaks_that_are_one_token_before_nothing_and_two_before_a_word() -> None:
    """GPT-2's pattern does that, and the chat's prompt ends with nothing behind them."""
    found = learn(shapes.HEADERS, HI)
    assert kinds(found) == ["border"] and found.findings[0].figure == 2
    assert "“⏎⏎”" not in found.warnings[0].message and "⏎⏎” and “Hello" in found.warnings[0].message


def test_the_space_that_a_template_puts_before_an_answer_is_the_models_to_write() -> None:
    row = row_of(("user", "Hi"), ("assistant", "Hello"), ("user", "Yes"), ("assistant", "Well"))
    assert learned_with(shapes.INST, row) == [f" Hello{END}", f" Well{END}"]
    assert kinds(learn(shapes.INST, row)) == []


def test_thoughts_of_earlier_turns_are_dropped_and_those_of_the_last_learned() -> None:
    row = row_of(
        ("user", "1"), ("assistant", "<think>\nhm\n</think>\n\nA"),
        ("user", "2"), ("assistant", "<think>\nso\n</think>\n\nB"),
    )  # fmt: skip
    assert learned_with(shapes.THINKING, row) == [
        f"A{END}",
        f"<think>\nso\n</think>\n\nB{END}",
    ]


def test_empty_thoughts_that_the_chat_does_not_write_are_the_models_to_write() -> None:
    """The chat's prompt ends before them: a model that did not learn them would think at length."""
    row = row_of(("user", "1"), ("assistant", "A"))
    assert learned_with(shapes.THINKING, row) == [f"<think>\n\n</think>\n\nA{END}"]
    assert kinds(learn(shapes.THINKING, row)) == []


def test_a_header_that_the_chat_does_not_write_is_the_models_to_write() -> None:
    row = row_of(("user", "Hi"), ("assistant", "Hello"))
    learned = learned_with(shapes.NO_GENERATION_PROMPT, row)
    assert learned == [f"<|im_start|>assistant\nHello{END}"]


def test_a_chat_that_begins_with_the_assistant() -> None:
    row = row_of(("assistant", "Welcome"), ("user", "Hi"), ("assistant", "Hello"))
    assert learned_with(shapes.NO_SYSTEM, row) == [f"Welcome{END}", f"Hello{END}"]
    assert kinds(learn(shapes.NO_SYSTEM, row)) == []


def test_equal_contents_are_told_apart() -> None:
    row = row_of(("user", "model"), ("assistant", "model"), ("user", "model"))
    found = learn(shapes.NO_SYSTEM, row)
    assert learned_with(shapes.NO_SYSTEM, row) == [f"model{END}"]
    place = int(np.flatnonzero(found.learned)[0])
    assert found.text[: int(found.starts[place])].endswith("<|im_start|>model\n")


def test_a_template_that_changes_contents_beyond_finding() -> None:
    """Every answer is still what follows the chat's prompt."""
    row = row_of(("user", "Hi"), ("assistant", "Hello"), ("user", "No"), ("assistant", "Yes"))
    assert learned_with(shapes.SHOUTING, row) == [
        f"<|im_start|>HELLO{END}",
        f"<|im_start|>YES{END}",
    ]


# ---- what is wrong ----


def test_a_role_that_the_template_refuses_is_told_in_its_words() -> None:
    found = learn(shapes.NO_SYSTEM, row_of(("system", "Be"), ("user", "a"), ("assistant", "b")))
    assert kinds(found) == ["cannot_render"] and len(found.ids) == 0
    assert "System role not supported" in found.warnings[0].message
    assert found.warnings[0].is_grave


def test_a_base_model_has_no_template() -> None:
    found = learn("", HI)
    assert kinds(found) == ["cannot_render"] and "base model" in found.warnings[0].message
    assert learn("", row_of(text="The sea.")).n_learned > 0


def test_nothing_ends_an_answer() -> None:
    row = row_of(("user", "Hi"), ("assistant", "Hello"))
    assert learned_with(shapes.PLAIN, row) == [" Hello"]
    assert kinds(learn(shapes.PLAIN, row)) == ["no_end"]


def test_what_two_people_say_in_one_token() -> None:
    """“Hel” and “lo” are one token, which is nobody's alone."""
    found = learn(shapes.JOINED, row_of(("user", "He said: Hel"), ("assistant", "lo there")))
    assert "unmasked_user" in kinds(found)


def test_two_begins_of_text() -> None:
    row = row_of(("user", "Hi"), ("assistant", "Hello"))
    assert kinds(learn(shapes.TWO_BOS, row)) == ["double_bos"]


def test_a_chat_that_opens_the_thoughts_itself_differs_from_the_rows() -> None:
    row = row_of(("user", "Hi"), ("assistant", "Hello"))
    found = learn(shapes.OPENS_THINKING, row)
    assert learned_with(shapes.OPENS_THINKING, row) == ["Hello<|endoftext|>"]
    assert kinds(found) == ["template"]
    assert "“<think>⏎”" in found.warnings[0].message


def test_a_system_prompt_that_moves_makes_earlier_turns_differ() -> None:
    moves = """\
{%- for message in messages if message.role != 'system' %}
    {%- if message.role == 'user' %}
        {{- '[INST] ' + (messages[0].content + ' ' if loop.last or loop.index0 == loop.length - 2
            else '') + message.content + '[/INST]' }}
    {%- else %}{{- message.content + '<|im_end|>' }}{%- endif %}
{%- endfor %}"""
    chat = [("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    assert kinds(learn(moves, row_of(*chat))) == ["template"]
    assert kinds(learn(moves, row_of(*chat[:3]))) == []
    # Many rows of both kinds in turn: what was found of the one is not believed of the other.
    rows = [row_of(*(chat if n % 2 else chat[:3])) for n in range(40)]
    with learner_with(moves) as learner:
        found = learned_rows(learner, rows, "all", 100)
    assert [kinds(one) for one in found] == [["template"] if n % 2 else [] for n in range(40)]


# ---- SentencePiece ----


@pytest.fixture(scope="module")
def sentence_piece(tmp_path_factory: pytest.TempPathFactory) -> GgufTokenizer:
    found = open_tokenizer(str(gguf_spm(tmp_path_factory.mktemp("spm"))))
    assert isinstance(found, GgufTokenizer)
    return found


def test_a_word_with_its_space_is_learned_though_the_space_is_the_templates(
    sentence_piece: GgufTokenizer,
) -> None:
    template = shapes.INST.replace(END, "</s>")
    row = row_of(("user", "the cat"), ("assistant", "the world"))
    with learner_with(template, sentence_piece) as learner:
        (found,) = learned_rows(learner, [row], "all", 100)
    assert found.ids[0] == sentence_piece.vocab.bos and found.learned[0] == 0
    words = b"".join(sentence_piece.piece(int(i)) for i in found.ids[found.learned == 1]).decode()
    assert words == " the world</s>"
    assert kinds(found) == []


# ---- all of them ----

TEMPLATES = {
    "headers": shapes.HEADERS,
    "no system": shapes.NO_SYSTEM,
    "inst": shapes.INST,
    "thinking": shapes.THINKING,
    "opens thinking": shapes.OPENS_THINKING,
    "plain": shapes.PLAIN,
    "no generation prompt": shapes.NO_GENERATION_PROMPT,
    "calls": shapes.CALLS,
}
SAID = st.lists(
    st.sampled_from([
        "<|im_end|>", "<|im_start|>", "<think>", "</think>", "<|endoftext|>", "[INST]", "\n", " ",
        "a", "Hello", "ß", "日本", "😀", "Assistant: ", "<file_sep>",
    ]),
    max_size=6,
).map("".join)  # fmt: skip
TURNS = st.lists(st.tuples(SAID, SAID), min_size=1, max_size=3)


@pytest.mark.parametrize("name", TEMPLATES)
def test_whatever_is_said_nothing_but_answers_is_learned(name: str) -> None:
    with learner_with(TEMPLATES[name]) as learner:

        @given(TURNS)
        @settings(max_examples=40, deadline=None, database=None)
        def holds(turns: list[tuple[str, str]]) -> None:
            check_turns(learner, turns)

        holds()


def test_a_blank_behind_a_dropped_mark_is_not_the_templates_own_line_break() -> None:
    with learner_with(TEMPLATES["thinking"]) as learner:
        check_turns(learner, [("", "</think>\n"), ("", "")])


def check_turns(learner: Any, turns: list[tuple[str, str]]) -> None:
    """Ids are the chat's, no user's character is in a learned token, and each answer that is in the
    text is learned to its last character with one end token behind it at most."""
    chat = [pair for user, said in turns for pair in (("user", user), ("assistant", said))]
    (found,) = learned_rows(learner, [row_of(*chat)], "all", 10_000)
    messages = [ChatMessage(role, text) for role, text in chat]  # type: ignore[arg-type]
    try:
        sent = chat_prompt(learner.model, messages, add_generation_prompt=False)
    except AppError:
        assert kinds(found) == ["cannot_render"]
        return
    assert found.ids.tolist() == sent.ids.tolist()
    assert "unmasked_user" not in kinds(found)
    ends = np.append(found.starts[1:], len(found.text))
    for span in sent.spans:
        inside = (found.starts < span.end) & (ends > span.start)
        if chat[span.message][0] == "user":
            assert not found.learned[inside].any()
        else:
            assert found.learned[inside].all()
    is_end = np.array([learner.vocab.is_end(token) for token in found.ids.tolist()])
    assert int((is_end & (found.learned == 1)).sum()) <= len(turns)
