"""Arrays for the wire."""

from typing import Any

import numpy as np

from engine.process.parts import Array


def array(values: "np.ndarray[Any, Any]") -> Array:
    """A numpy array as the wire has it."""
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())
