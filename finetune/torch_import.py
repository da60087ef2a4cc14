"""torch, imported so that it is a good neighbour. Light until it is called."""

from __future__ import annotations

import importlib
import os


def import_torch() -> None:
    """torch, with threads that sleep while they wait for one another: beside any other busy
    program, threads that spin take five to fifteen times as long for the same step. Not so in
    children: llama.cpp's steps are too short to sleep in. Whoever imports torch first decides."""
    given = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        importlib.import_module("torch")
    finally:
        if given is None:
            del os.environ["OMP_WAIT_POLICY"]
