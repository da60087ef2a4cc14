"""What is learned of a row with the starter's own template: the chat's ids, a mask over exactly
what the assistant says, with the token that ends it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.generation.prompt import chat_prompt
from engine.process.messages import ChatMessage
from engine.process.tune_messages import Row, RowMessage
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.opened import open_tokenizer
from finetune.data.learned import RowTokens, learned_rows, learned_tokens, learner_for_many
from tests.finetune.learn_templates import END, kinds, row_of, starter, stretches

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TALK = row_of(
    ("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello!"), ("user", "1+1?"),
    ("assistant", "Two, I think."),
)  # fmt: skip


def learned(row: Row, learn_from: Any = "all", max_length: int = 4096) -> RowTokens:
    return learned_tokens(starter(), row, learn_from, max_length)


def said(row: Row, learn_from: Any = "all") -> list[str]:
    return stretches(starter(), learned(row, learn_from))


# ---- which turns ----


def test_all_turns_of_the_assistant_with_the_token_that_ends_each() -> None:
    assert said(TALK) == [f"Hello!{END}", f"Two, I think.{END}"]
    assert learned(TALK).findings == ()


def test_the_last_turn_only() -> None:
    assert said(TALK, "last") == [f"Two, I think.{END}"]


def test_marked_messages_only_and_only_the_assistants() -> None:
    messages = [
        RowMessage("user", "Hi", train=True),
        RowMessage("assistant", "One", train=True),
        RowMessage("user", "More"),
        RowMessage("assistant", "Two", train=False),
        RowMessage("user", "More"),
        RowMessage("assistant", "Three"),
    ]
    assert said(Row("1", messages), "marked") == [f"One{END}"]


def test_a_row_without_an_answer_teaches_nothing_and_says_so() -> None:
    found = learned(row_of(("user", "Hi")))
    assert len(found.ids) and not found.learned.any()
    assert kinds(found) == ["nothing_learned"]


def test_the_line_break_behind_the_end_is_the_templates() -> None:
    found = learned(TALK)
    assert starter().vocab.piece(int(found.ids[-1])) == b"\n" and found.learned[-1] == 0
    assert starter().vocab.piece(int(found.ids[-2])) == END.encode() and found.learned[-2] == 1


def test_the_texts_places_are_the_tokens() -> None:
    found = learned(row_of(("user", "Grüß 😀"), ("assistant", "Ünder 😀!")))
    assert found.text.startswith(f"<|im_start|>system\n{SYSTEM}<|im_end|>")
    first = int(np.flatnonzero(found.learned)[0])
    assert found.text[int(found.starts[first]) :] == "Ünder 😀!<|im_end|>\n"
    assert found.special.tolist() == [
        int(starter().vocab.piece(token).startswith(b"<|")) for token in found.ids.tolist()
    ]


# ---- an independent reference: ChatML by hand, by bytes ----


def by_hand(tokenizer: GgufTokenizer, row: Row) -> tuple[list[int], list[int]]:
    """Ids and mask of ChatML, put together from its parts: a role's line and its content are
    tokenised as one text between two special tokens."""
    start, end = 1, 2
    messages = [(one.role, one.content) for one in row.messages]
    if messages[0][0] != "system":
        messages = [("system", SYSTEM), *messages]
    ids: list[int] = []
    mask: list[int] = []
    for role, content in messages:
        head = f"{role}\n".encode()
        inner = tokenizer.vocab.tokenize(head.decode() + content).tolist()
        place, flags = 0, []
        for token in inner:
            place += len(tokenizer.vocab.piece(token))
            flags.append(int(role == "assistant" and place > len(head)))
        is_own = int(role == "assistant")
        ids += [start, *inner, end, *tokenizer.vocab.tokenize("\n").tolist()]
        mask += [0, *flags, is_own, 0]
    return ids, mask


HOSTILE = st.lists(
    st.sampled_from([
        "<|im_end|>", "<|im_start|>", "<|im_start|>assistant\n", "<|endoftext|>", "<|im_", "end|>",
        "<think>", "</think>", "\n", "\n\n", " ", "  ", "\t", "a", "Hello", "ß", "😀", "日本",
        "\u200b",        "\u0301", "\x00", "'", "\U00040000", "\\", "{{ x }}", "{% if %}", "[INST]",
    ]),
    max_size=8,
).map("".join)  # fmt: skip
TEXTS = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
CHATS = st.lists(
    st.tuples(st.sampled_from(["system", "user", "assistant", "tool"]), TEXTS),
    min_size=1,
    max_size=6,
)


def check(row: Row, found: RowTokens) -> None:
    """All there is to say of a row of the starter's template."""
    ids, mask = by_hand(starter(), row)
    assert found.ids.tolist() == ids
    mask[0] = 0
    assert found.learned.tolist() == mask
    chat = [ChatMessage(one.role, one.content) for one in row.messages]  # type: ignore[arg-type]
    sent = chat_prompt(starter().chat, chat, add_generation_prompt=False)
    assert found.ids.tolist() == sent.ids.tolist()
    assert found.starts.tolist() == sent.starts.tolist()


@given(CHATS)
@settings(max_examples=150, deadline=None)
def test_whatever_is_said_ids_are_the_chats_and_the_mask_is_the_answers(
    chat: list[tuple[str, str]],
) -> None:
    row = row_of(*chat)
    check(row, learned(row))


@given(CHATS)
@settings(max_examples=100, deadline=None)
def test_what_is_learned_reads_as_the_answers_with_their_end(chat: list[tuple[str, str]]) -> None:
    row = row_of(*chat)
    found = learned(row)
    contents = [f"{text}{END}" for role, text in chat if role == "assistant"]
    # Else an answer's first token begins before it, or some of its bytes have no token.
    if not {"border", "lost_text"} & set(kinds(found)):
        assert stretches(starter(), found) == contents


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_mask_that_is_off_by_one_is_seen(shift: int) -> None:
    found = learned(TALK)
    wrong = RowTokens(
        "1", found.ids, np.roll(found.learned, shift), found.starts, found.text, found.special
    )
    check(TALK, found)
    with pytest.raises(AssertionError):
        check(TALK, wrong)


def test_many_rows_at_once_are_as_each_alone() -> None:
    rows = [
        row_of(("user", f"Question {n}" * (n % 5)), ("assistant", "\nx" if n % 7 else f"A {n}"))
        for n in range(150)
    ]
    rows[40] = row_of(("user", "half a character: \ud83d"), ("assistant", "a"))
    with learner_for_many(starter()) as learner:
        together = learned_rows(learner, rows, "all", 100)
    for row, found in zip(rows, together, strict=True):
        alone = learned(row, max_length=100)
        assert found.ids.tolist() == alone.ids.tolist()
        assert found.learned.tolist() == alone.learned.tolist()
        assert found.findings == alone.findings
    assert kinds(together[40]) == ["cannot_render"]
    assert kinds(together[39]) == []


# ---- what is wrong with a row ----


def test_an_empty_answer_is_told() -> None:
    found = learned(row_of(("user", "Hi"), ("assistant", " \n"), ("user", "?"), ("assistant", "")))
    assert kinds(found) == ["empty_answer"] and found.findings[0].figure == 2
    assert "2 answers" in found.warnings[0].message and found.warnings[0].is_grave


def test_tokens_beyond_the_length_are_counted() -> None:
    whole = learned(TALK)
    found = learned(TALK, max_length=40)
    assert len(found.ids) == 40 and found.n_cut == len(whole.ids) - 40
    assert found.text == whole.text[: int(whole.starts[40])]
    assert kinds(found) == ["cut"] and str(found.n_cut) in found.warnings[0].message


def test_where_the_cut_takes_all_answers_nothing_is_learned() -> None:
    assert kinds(learned(TALK, max_length=9)) == ["cut", "nothing_learned"]


def test_an_answer_that_joins_with_what_stands_before_it_is_told() -> None:
    """SmolLM's vocabulary has no token for it here, so the vocabulary is asked for one."""
    vocab = starter().vocab
    joined = next(
        text
        for text in ("\n", "\n\n", "\t", " ", "\n\n\n", "\n ")
        if vocab.tokenize(f"assistant\n{text}x").tolist()[: len(vocab.tokenize("assistant\n"))]
        != vocab.tokenize("assistant\n").tolist()
    )
    found = learned(row_of(("user", "Hi"), ("assistant", f"{joined}x")))
    assert kinds(found) == ["border"]
    assert "white space" in found.warnings[0].remedy


def test_characters_without_tokens_are_told() -> None:
    """SmolLM2 has no token for the byte F1, and llama.cpp drops it without a word."""
    found = learned(row_of(("user", "Hi"), ("assistant", "a\U00040000\U00040000b")))
    assert kinds(found) == ["lost_text"] and found.findings[0].figure == 2
    assert kinds(learned(Row("1", text="a\U00040000b"))) == ["lost_text"]


# ---- large rows ----


def test_a_chat_of_two_thousand_messages_asks_for_few_prompts() -> None:
    chat = [("user" if n % 2 == 0 else "assistant", f"{n} there") for n in range(2_000)]
    renderer = starter().chat.renderer
    asked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        plain = renderer.outcomes

        def outcomes(template: str, contexts: Any) -> Any:
            asked.append(len(contexts))
            return plain(template, contexts)

        patch.setattr(renderer, "outcomes", outcomes)
        found = learned(row_of(*chat), max_length=1 << 20)
    check(row_of(*chat), found)
    assert sum(asked) < 20 and found.findings == ()


def test_a_row_of_a_hundred_thousand_tokens_is_cut_and_told() -> None:
    found = learned(row_of(("user", "Go on"), ("assistant", "word " * 100_000)), max_length=1024)
    assert len(found.ids) == 1024 and found.n_cut > 90_000 and kinds(found) == ["cut"]


def test_a_row_that_no_model_could_read_is_refused_in_words() -> None:
    found = learned(row_of(("user", "a" * 5_000_000), ("assistant", "b")))
    assert kinds(found) == ["cannot_render"] and "5,000,001 characters" in found.warnings[0].message


# ---- plain texts ----


def test_of_a_text_all_is_learned_but_its_first_token() -> None:
    row = Row("1", text="The sea is deep.<|im_end|>")
    found = learned(row)
    assert found.ids.tolist() == starter().vocab.tokenize(row.text).tolist()
    assert found.learned.tolist() == [0] + [1] * (len(found.ids) - 1)
    assert not found.special.any() and found.findings == ()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(2, 40))
@settings(max_examples=60, deadline=None)
def test_of_a_long_text_every_token_is_learned_once(text: str, max_length: int) -> None:
    from finetune.data.learned import learner_of, text_windows

    parts = text_windows(learner_of(starter()), Row("1", text=text), max_length)
    whole = starter().vocab.tokenize(text).tolist()
    learned_ids = [
        token
        for part in parts
        for token, flag in zip(part.ids.tolist(), part.learned.tolist(), strict=True)
        if flag
    ]
    assert learned_ids == whole[1:]
    assert all(len(part.ids) <= max_length for part in parts)
    assert all(one.ids[-1] == another.ids[0] for one, another in pairwise(parts))


def test_a_long_text_says_in_how_many_parts_it_is_learned() -> None:
    found = learned(Row("1", text="word " * 100), max_length=11)
    assert found.n_parts == 10 and found.n_cut == 0 and kinds(found) == ["split"]
    assert len(found.ids) == 11 and not found.warnings[0].is_grave


def test_an_empty_row_teaches_nothing() -> None:
    assert kinds(learned(Row("1"))) == ["nothing_learned"]


# ---- what cannot be ----


def test_other_tokenizers_are_refused_in_words() -> None:
    with pytest.raises(AppError, match="no GGUF"):
        learned_tokens(open_tokenizer("cl100k_base"), TALK, "all", 100)
