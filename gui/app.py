"""Starts the window: settings, theme, window on screen, then the engine behind it; and ends it
all in order.

BATHYSPHERE_TRACE_START=$(date +%s.%N) prints to stderr how long after that moment the window was
shown (start_trace.py).
"""

import os
import sys

from PySide6.QtWidgets import QApplication, QMessageBox

from engine.errors import AppError
from engine.paths import Paths, user_paths
from gui import crash_hooks
from gui.context import AppContext
from gui.garbage import GarbageCollector
from gui.notices import Notices
from gui.process import EngineProcess
from gui.settings_store import SettingsStore
from gui.theme import Theme
from gui.window import MainWindow

EXIT_FAILED = 1


def main(argv: list[str]) -> int:
    """Open the window and stay until it is closed.

    Args:
        argv: nothing, or "--debug".

    Returns:
        The exit code.
    """
    if "--debug" in argv:
        os.environ["BATHYSPHERE_DEBUG"] = "1"
    app = make_application()
    paths = user_paths()
    try:
        paths.ensure()
        crash_hooks.open_log(paths.logs / "window.log")
    except OSError as error:
        return _refuse(paths, error)
    try:
        context = make_context(app, paths)
    except AppError as error:
        return _tell(error.message, error.hint)
    return run(app, context)


def make_application() -> QApplication:
    """The QApplication, with our names."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Bathysphere")
    app.setDesktopFileName("bathysphere")
    return app


def make_context(app: QApplication, paths: Paths) -> AppContext:
    """The services of the window, as the settings want them.

    Raises:
        AppError: the settings cannot be used.
    """
    settings = SettingsStore(paths.settings)
    theme = Theme(app, settings.value.theme, settings.value.font_px)
    theme.apply()
    return AppContext(paths, settings, theme, EngineProcess(paths), Notices(theme))


def run(app: QApplication, context: AppContext) -> int:
    """Show the window, start the engine behind it, stay until the end."""
    garbage = GarbageCollector()
    try:
        window = MainWindow(context)
        # Not before: what breaks while nothing can be shown belongs on stderr.
        crash_hooks.install(context.notices)
        window.shown.connect(garbage.start)
        window.shown.connect(lambda: _on_shown(context))
        window.shown.connect(window.watch_runs)
        trace_start(window)
        window.show()
        return app.exec()
    finally:
        garbage.stop()
        context.close_runs()
        context.engine.stop_and_wait()
        context.settings.flush()
        crash_hooks.uninstall()


def _on_shown(context: AppContext) -> None:
    context.engine.start()
    if context.settings.note:
        context.notices.show_failure(context.settings.note)


def trace_start(window: MainWindow) -> None:
    """Print how long the start took, where BATHYSPHERE_TRACE_START asks for it."""
    if asked := os.environ.get("BATHYSPHERE_TRACE_START"):
        from gui.start_trace import StartTrace

        StartTrace(window, asked)


def _refuse(paths: Paths, error: OSError) -> int:
    hint = "Choose another folder with BATHYSPHERE_HOME, or make room or grant access there."
    return _tell(f"The user folder cannot be written: {paths.home} ({error.strerror}).", hint)


def _tell(message: str, hint: str) -> int:
    sys.stderr.write(f"bathysphere: {message} {hint}\n")
    QMessageBox.critical(None, "Bathysphere", f"{message}\n\n{hint}")
    return EXIT_FAILED
