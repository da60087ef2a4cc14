"""Where bugs and Qt's own complaints go: the exception hooks of all threads, Qt's message
handler, the window's log.

Shows nothing itself: notices.py does. With BATHYSPHERE_DEBUG=1 a bug ends the app with its
traceback on stderr.
"""

import logging
import os
import sys
import threading
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QMessageLogContext, QtMsgType, qInstallMessageHandler

from engine.errors import AppError
from gui.engine_log import EngineLog
from gui.notices import Notices

EXIT_BUG = 70  # EX_SOFTWARE, as Unix users expect

_log = logging.getLogger("bathysphere")
_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def is_debug() -> bool:
    """Whether bugs end the app instead of being shown."""
    return os.environ.get("BATHYSPHERE_DEBUG") == "1"


def open_log(path: Path) -> None:
    """Write the log records of the window to a file of bounded size.

    Raises:
        OSError: the file cannot be opened.
    """
    path.open("ab").close()
    handler = _BoundedHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    qInstallMessageHandler(_on_qt_message)


class _BoundedHandler(logging.Handler):
    """Records to a bounded file. The handlers of the standard library bring sockets and pickle
    with them, 10 ms that the start of the window need not pay."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._log = EngineLog(path)

    def emit(self, record: logging.LogRecord) -> None:
        self._log.add(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))


def install(notices: Notices) -> None:
    """Catch what nobody caught, on every thread."""

    def on_main(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _report(notices, kind, error, trace)

    def on_thread(args: threading.ExceptHookArgs) -> None:
        _report(notices, args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = on_main
    threading.excepthook = on_thread


def uninstall() -> None:
    """Python's own hooks again."""
    sys.excepthook = sys.__excepthook__
    threading.excepthook = threading.__excepthook__


def _report(
    notices: Notices,
    kind: type[BaseException],
    error: BaseException | None,
    trace: TracebackType | None,
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        QCoreApplication.quit()
        return
    if isinstance(error, AppError):
        notices.failure_caught.emit(error.message, error.hint, error.detail)
        return
    _log.error("bug", exc_info=(kind, error or kind(), trace))
    if is_debug():
        sys.__excepthook__(kind, error or kind(), trace)
        QCoreApplication.exit(EXIT_BUG)
    else:
        notices.show_crash(kind, error, trace)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    _log.log(_QT_LEVELS.get(kind, logging.WARNING), "qt %s: %s", context.category, message)
