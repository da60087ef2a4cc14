"""Makes a picture of the window small: at most 64 colours, chosen so that nobody sees it.

A window has a few large areas and letters with soft edges. The commonest colours stay exactly what
they are; of the others those are taken that lie farthest from all taken so far, so that each finds
a near one. Farthest-point clustering: Gonzalez, Clustering to minimize the maximum intercluster
distance, 1985.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

N_COLOURS = 64
N_EXACT = 36

Rgb = NDArray[np.int32]  # (n, 3)


def with_few_colours(picture: QImage) -> QImage:
    """The picture with a table of colours."""
    flat = picture.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(flat.constBits(), dtype=np.uint32)
    colours, counts = np.unique(pixels, return_counts=True)
    colours = colours[np.argsort(-counts, kind="stable")]
    chosen = _chosen(_rgb(colours))
    table = [int(colour) for colour in colours[chosen]]
    return flat.convertToFormat(
        QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.AvoidDither
    )


def _chosen(colours: Rgb) -> list[int]:
    """Places of the colours to keep, of all colours by how common they are."""
    chosen = list(range(min(N_EXACT, len(colours))))
    nearest = np.full(len(colours), np.iinfo(np.int32).max, dtype=np.int32)
    for place in chosen:
        nearest = np.minimum(nearest, _distances(colours, place))
    while len(chosen) < N_COLOURS and nearest.any():
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, _distances(colours, chosen[-1]))
    return chosen


def _distances(colours: Rgb, place: int) -> NDArray[np.int32]:
    """The square of each colour's distance from one of them."""
    apart = colours - colours[place]
    squares: NDArray[np.int32] = np.einsum("nc,nc->n", apart, apart)
    return squares


def _rgb(colours: NDArray[np.uint32]) -> Rgb:
    """Red, green and blue of 0xAARRGGBB."""
    return np.stack([colours >> shift & 255 for shift in (16, 8, 0)], axis=1).astype(np.int32)
