"""For the tests of training: what they share is given back at their end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.finetune.learn_templates import starter


@pytest.fixture(autouse=True, scope="session")
def starters_template_child() -> Iterator[None]:
    """The process that renders the starter's template ends with these tests."""
    yield
    if starter.cache_info().currsize:
        starter().chat.renderer.close()
        starter.cache_clear()
