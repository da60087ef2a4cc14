"""kill -9 of the real window and its worker, at random moments of a busy chat, over one user
folder that is opened again and again: nothing that was confirmed is lost."""

from pathlib import Path

import pytest

from gui.bench_kill import Kills, run_kills

# `make soak`: so many folders, ten moments each.
N_FOLDERS = 20
CHILDREN = {"engine.process.worker", "gui.widgets.maths_child"}

pytestmark = pytest.mark.real_model


def check(kills: Kills) -> None:
    assert kills.lost == []
    assert kills.n_left == 0, "a worker, a child that draws formulas, or one of theirs"
    assert kills.children >= CHILDREN, "there were such children to be left"
    assert kills.n_windows + kills.n_workers == 10
    assert kills.n_windows >= 4 and kills.n_confirmed >= 5


@pytest.mark.timeout(300)
def test_nothing_confirmed_is_lost_at_ten_moments(tmp_path: Path) -> None:
    kills = run_kills(tmp_path, 10)
    check(kills)
    assert kills.n_workers >= 3


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [100 * (number + 1) for number in range(N_FOLDERS)])
def test_nothing_confirmed_is_lost_at_two_hundred_moments(tmp_path: Path, seed: int) -> None:
    check(run_kills(tmp_path, 10, seed))
