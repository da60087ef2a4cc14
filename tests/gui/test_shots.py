"""The pictures: taken of a real window without a screen, small, and complete in docs/screens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from gui.shots.colours import N_COLOURS, with_few_colours
from gui.shots.run import FOLDER, HOME
from gui.shots.scenes.table import PICTURES, SCENES
from gui.shots.stage import MODES, SIZE_PX
from gui.theme import palettes

MAX_BYTES = 150_000
MAX_BYTES_IN_ALL = 10_000_000
ALWAYS = set(PICTURES) - {"base"}


def test_docs_hold_every_picture_small_and_none_that_is_not_taken_any_more() -> None:
    pictures = {path.name: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert pictures.keys() >= {f"{name}-{mode}.png" for name in ALWAYS for mode in MODES}
    taken = {*PICTURES, "base"}
    assert pictures.keys() <= {f"{name}-{mode}.png" for name in taken for mode in MODES}
    assert max(pictures.values()) < MAX_BYTES
    assert sum(pictures.values()) < MAX_BYTES_IN_ALL


def test_each_picture_belongs_to_one_scene() -> None:
    assert len(PICTURES) == len(set(PICTURES))
    assert all(one.pictures for one in SCENES)


@pytest.mark.real_model
def test_pictures_are_taken_of_a_real_window_and_the_users_folder_is_left_alone(
    tmp_path: Path, user_folder: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gui.shots", "--into", str(tmp_path), "--only", "welcome"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.startswith("2 pictures")
    for mode in MODES:
        picture = QImage(str(tmp_path / f"welcome-{mode}.png"))
        assert (picture.width(), picture.height()) == SIZE_PX
        middle = picture.pixelColor(SIZE_PX[0] // 2, SIZE_PX[1] // 6)
        assert middle == QColor(palettes()[mode].pane)
    assert not user_folder.exists() or not any(user_folder.iterdir())
    assert not HOME.exists()


def test_a_picture_keeps_its_common_colours_and_comes_near_to_the_others() -> None:
    picture = QImage(64, 64, QImage.Format.Format_RGB32)
    picture.fill(QColor("#086773"))
    for n in range(1024):
        picture.setPixelColor(n % 64, n // 64, QColor(n % 256, n // 4, 255 - n % 256))
    painter = QPainter(picture)
    painter.fillRect(0, 40, 64, 10, QColor("#F6F7F9"))
    painter.end()
    small = with_few_colours(picture)
    assert small.colorCount() <= N_COLOURS
    assert small.pixelColor(5, 45) == QColor("#F6F7F9")
    assert small.pixelColor(5, 60) == QColor("#086773")
    for n in range(1024):
        was, now = picture.pixelColor(n % 64, n // 64), small.pixelColor(n % 64, n // 64)
        assert abs(was.red() - now.red()) <= 32, (n, was.name(), now.name())
        assert abs(was.green() - now.green()) <= 32, (n, was.name(), now.name())
        assert abs(was.blue() - now.blue()) <= 32, (n, was.name(), now.name())
