"""Icons drawn as outlines in resources/icons (24 x 24, stroke 1.75), painted in whatever colour
is asked for."""

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

# Sizes at which an icon is drawn anew rather than scaled down; each costs 0.2 ms when first asked.
_SIZES_PX = (16, 20, 24, 40)


def icon(name: str, color: str, color_on: str = "") -> QIcon:
    """An icon in one colour ("#RRGGBB"), and in color_on, if given, while checked.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    result = QIcon()
    for image in _images(name, color, _SIZES_PX):
        result.addPixmap(QPixmap.fromImage(image))
    for image in _images(name, color_on, _SIZES_PX) if color_on else ():
        result.addPixmap(QPixmap.fromImage(image), QIcon.Mode.Normal, QIcon.State.On)
    return result


def pixmap(name: str, color: str, size_px: int, ratio: float = 1.0) -> QPixmap:
    """One icon as a picture of size_px (logical pixels), sharp on a screen of this pixel ratio.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    (image,) = _images(name, color, (round(size_px * ratio),))
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(ratio)
    return result


def app_icon() -> QIcon:
    """The app's own icon, in its own colours."""
    result = QIcon()
    for image in _images("bathysphere", "", (16, 24, 32, 48, 64, 128, 256)):
        result.addPixmap(QPixmap.fromImage(image))
    return result


@lru_cache(maxsize=512)
def _images(name: str, color: str, sizes_px: tuple[int, ...]) -> tuple[QImage, ...]:
    """A drawing in each of these sizes; it is read once."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    return tuple(_drawn(renderer, size_px) for size_px in sizes_px)


def _drawn(renderer: QSvgRenderer, size_px: int) -> QImage:
    image = QImage(size_px, size_px, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return image


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return resources.files("resources").joinpath("icons", f"{name}.svg").read_text("utf-8")
