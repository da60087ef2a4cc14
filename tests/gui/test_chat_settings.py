"""A chat's settings hold all that the engine can be told of sampling, and hand all of it over."""

from typing import Any

import msgspec
import pytest

from engine.process.messages import Sampling
from gui.chat.chat_settings import RANGES, ChatSettings, from_json, to_json
from gui.chat.setting_words import setting_words

# Biases are set by text; only the engine turns them into tokens.
BY_TEXT = "logit_bias"
NAMES = sorted(set(Sampling.__struct_fields__) - {"text_bias"})


def another(name: str) -> Any:
    """A value that is possible and not the default."""
    default = getattr(ChatSettings(), name)
    special: dict[str, Any] = {
        "mirostat": 2,
        "dry_breakers": ("#",),
        "json_schema": '{"type": "object"}',
        "grammar": 'root ::= "yes"',
        "logit_bias": {"sea": 4.0},
        "seed": 7,
    }
    if name in special:
        return special[name]
    bounds = RANGES[name]
    return type(default)(bounds.low if default == bounds.high else bounds.high)


@pytest.mark.parametrize("name", NAMES)
def test_each_of_the_engines_samplers_can_be_set_kept_and_reaches_it(name: str) -> None:
    assert name in ChatSettings.__struct_fields__
    value = another(name)
    settings = ChatSettings().with_value(name, value)
    assert settings != ChatSettings(), "another value than the default"
    assert from_json(to_json(settings)) == settings
    told = msgspec.to_builtins(settings.sampling())
    assert told["text_bias" if name == BY_TEXT else name] == msgspec.to_builtins(value)


@pytest.mark.parametrize("name", NAMES)
def test_each_of_them_has_a_name_and_a_sentence(name: str) -> None:
    words, sentence = setting_words(name)
    assert words and sentence.endswith(".")
