"""Examples laid out as prompts."""

import pytest

from gui.chat.few_shot import FewShot, Style, as_json, from_json, prompt, stop_string

PAIRS = FewShot(
    "Translate into French.",
    ["English", "French"],
    [["sea", "mer"], [" ", ""], ["fish ", "poisson"]],
    ["light"],
)


def styled(style: Style) -> FewShot:
    return FewShot(PAIRS.instruction, PAIRS.fields, PAIRS.examples, PAIRS.query, style)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (
            "lines",
            "Translate into French.\n\nEnglish: sea\nFrench: mer\n\n"
            "English: fish\nFrench: poisson\n\nEnglish: light\nFrench:",
        ),
        ("arrow", "Translate into French.\n\nsea → mer\nfish → poisson\nlight →"),
        (
            "headings",
            "Translate into French.\n\n### English\nsea\n### French\nmer\n\n"
            "### English\nfish\n### French\npoisson\n\n### English\nlight\n### French\n",
        ),
        (
            "tags",
            "Translate into French.\n\n<english>sea</english>\n<french>mer</french>\n\n"
            "<english>fish</english>\n<french>poisson</french>\n\n"
            "<english>light</english>\n<french>",
        ),
    ],
)
def test_a_prompt_ends_where_the_model_is_to_write(style: Style, text: str) -> None:
    assert prompt(styled(style)) == text
    # What ends an answer begins what follows it in the examples.
    assert stop_string(styled(style)) in text


def test_more_fields_and_no_examples() -> None:
    few = FewShot("", ["Name", "Job", "Line"], [], ["Ann", "diver"])
    assert prompt(few) == "Name: Ann\nJob: diver\nLine:"
    assert FewShot().is_blank and not few.is_blank


def test_what_a_notebook_kept_is_read_again_and_rubbish_is_nothing() -> None:
    assert from_json(as_json(PAIRS)) == PAIRS
    assert from_json({"fields": "x"}) == from_json(None) == from_json({"fields": []}) == FewShot()
