"""The starter model, loaded once: in this process for engine tests, in a real worker for process
tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.generation.loaded import Loaded
from engine.models.starter import starter_path
from engine.process.client import Client


@pytest.fixture(scope="session")
def starter() -> Path:
    return starter_path()


@pytest.fixture(scope="session")
def loaded(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The starter in this process, with a context of 2,048 tokens named main."""
    from tests.engine.loading import load_here

    model = load_here(starter, tmp_path_factory.mktemp("states"), n_ctx=2048)
    yield model
    model.close()


@pytest.fixture(scope="module")
def client(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A real worker with the starter loaded."""
    from tests.engine.loading import worker_environment

    with Client(env=worker_environment(tmp_path_factory.mktemp("home"))) as worker:
        worker.load(str(starter), n_ctx=2048, n_threads=1)
        yield worker


@pytest.fixture
def trial_is_over(user_folder: Path, starter: Path) -> None:
    """This test's user loaded the starter before."""
    from tests.engine.loading import skip_trial

    skip_trial(user_folder, starter)
