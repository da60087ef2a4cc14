"""Quick, whole: twenty rows of who it is, and a model that says so and little else has changed."""

from pathlib import Path

import pytest

from tests.finetune.quick_identity import measure


@pytest.mark.soak
@pytest.mark.real_model
@pytest.mark.timeout(900)
def test_twenty_rows_give_it_a_name_and_little_is_forgotten(tmp_path: Path) -> None:
    found = measure(tmp_path, minutes=0.0)
    assert found.named == dict.fromkeys(("template", "none", "own"), found.n_questions)
    assert (found.n_unrelated, found.n_mentions) == (20, 0)
    assert found.rise <= 0.05
    assert found.top1 >= 0.9
