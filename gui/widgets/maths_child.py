"""The process that turns LaTeX into drawings, for maths.py: formulas come by line on stdin, SVGs go
by line to stdout, in order.

A process of its own because a formula's cost cannot be known beforehand (each nested fraction
doubles it) and Python cannot interrupt it: one that takes too long ends this process, and the
window shows its source. Knows no Qt. Run as: python -m gui.widgets.maths_child
"""

import faulthandler
import json
import math
import os
import re
import sys
from typing import Any
from xml.etree import ElementTree

LIMIT_S = 2.0
MAX_SIDE = 20_000
MAX_SVG_CHARS = 400_000
# The colour of what says none of its own; the window puts the theme's in its place.
INK = "#010203"
# Environments that the library does not know, and those whose numbers would count on for ever.
_ALIGNED = re.compile(
    r"\\(begin|end)\{(?:align|alignat|gather|gathered|multline|eqnarray)\*?\}(?:(?<=at\})\{\d+\})?"
)
_EQUATION = re.compile(r"\\(?:begin|end)\{equation\*?\}")
_UNSEEN = re.compile(r"\\label\{[^{}]*\}|\\(?:nonumber|notag)\b")
_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
_PARTS = frozenset({"svg", "g", "path", "rect", "line", "polyline", "polygon", "circle", "ellipse"})
_HARMLESS = frozenset("rgba0123456789#(),.% abcdefghijklmnopqrstuvwxyz")


def drawing(latex: str, size: float, is_display: bool) -> dict[str, Any]:
    """The drawing of a formula: svg, width, and how far it reaches above and below its line.

    Raises:
        Exception: whatever the library makes of a formula that is none.
    """
    from ziamath.config import config
    from ziamath.zmath import Latex

    config.svg2 = False  # paths only: Qt draws SVG 1
    formula = Latex(_as_library_reads(latex), size=size, color=INK, inline=not is_display, margin=0)
    width, height = formula.getsize()
    depth = -formula.getyofst()
    if not all(math.isfinite(length) for length in (width, height, depth)):
        raise ValueError("no size")
    if not (0 < width < MAX_SIDE and 0 < height < MAX_SIDE and -height <= depth <= height):
        raise ValueError("empty, or too large")
    element = formula.svgxml()
    check(element)
    svg = ElementTree.tostring(element, encoding="unicode")
    if len(svg) > MAX_SVG_CHARS:
        raise ValueError("too large")
    return {"svg": svg, "width": width, "ascent": height - depth, "depth": max(0.0, depth)}


def _as_library_reads(latex: str) -> str:
    """The same formula in words that the library knows."""
    latex = _EQUATION.sub("", _UNSEEN.sub("", latex))
    return _TAG.sub(r"\\qquad\\text{(\1)}", _ALIGNED.sub(r"\\\1{aligned}", latex))


def check(svg: ElementTree.Element) -> None:
    """Let nothing through but shapes: no text, no link, no picture, no style.

    Raises:
        ValueError: there is something else in it.
    """
    for part in svg.iter():
        if part.tag not in _PARTS:
            raise ValueError(f"not a shape: {part.tag}")
        for name, value in part.attrib.items():
            is_paint = name in ("fill", "stroke")
            if name in ("style", "class") or "href" in name or "url" in value:
                raise ValueError(f"not a shape: {name}")
            if is_paint and not set(value.lower()) <= _HARMLESS:
                raise ValueError(f"not a colour: {value}")


def answer(line: str) -> dict[str, Any]:
    """The answer to one line: a drawing, or why there is none."""
    asked = json.loads(line)
    try:
        return drawing(asked["latex"], float(asked["size"]), bool(asked["display"]))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    # What a library prints must not be taken for an answer.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        for line in sys.stdin:
            faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=nowhere)
            result = answer(line)
            faulthandler.cancel_dump_traceback_later()
            output.write(json.dumps(result) + "\n")
            output.flush()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(5)  # a formula may wait for the window and the model
    drawing("x", 12.0, False)  # the library's own beginnings are not the first formula's time
    main()
