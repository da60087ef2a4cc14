"""Loads Qt without its hook on Python's imports.

WORKAROUND: PySide6 (6.11) puts a function of its own in place of `__import__`. It reads the source
of every module that is imported from then on, to learn whether the module might use PySide6's
optional Python names (`from __feature__ import snake_case`): 40 to 60 ms at the start of a window
of 250 modules. We use Qt's own names, so Python's own import goes back to its place; a module that
PySide6 never saw has Qt's names, as before.
"""

import builtins


def load_qt() -> None:
    """Import PySide6 and put Python's own `__import__` back; before anything else imports Qt."""
    own_import = builtins.__import__
    import PySide6.QtCore

    assert PySide6.QtCore.qVersion()
    builtins.__import__ = own_import
