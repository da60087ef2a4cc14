"""For the tests of training: what they share is given back at their end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.models.starter import starter_path
from tests.finetune.learn_templates import starter


@pytest.fixture(autouse=True, scope="session")
def starters_template_child() -> Iterator[None]:
    """The process that renders the starter's template ends with these tests."""
    yield
    if starter.cache_info().currsize:
        starter().chat.renderer.close()
        starter.cache_clear()


@pytest.fixture(scope="session", name="starter")
def starter_file() -> Path:
    """The starter model's file."""
    return starter_path()
