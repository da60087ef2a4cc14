"""A scene: what sets the stage, and the names of the pictures it takes."""

from collections.abc import Callable
from dataclasses import dataclass

from gui.shots.stage import Stage


@dataclass(frozen=True)
class Scene:
    """show: takes exactly these pictures, each in every theme."""

    show: Callable[[Stage], None]
    pictures: tuple[str, ...]


def scene(show: Callable[[Stage], None], *pictures: str) -> Scene:
    """A scene, in a table."""
    return Scene(show, pictures)
