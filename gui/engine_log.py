"""What a worker wrote to its stderr: appended to a bounded log file, the last lines kept for
the report of its end."""

from collections import deque
from pathlib import Path

MAX_FILE_BYTES = 1024 * 1024
N_TAIL_LINES = 40
MAX_LINE_CHARS = 500


class EngineLog:
    """Appends bytes to `path`; at max_bytes the file becomes `path`.1 and a new one is begun.

    A disk that refuses costs the log, never the window: the reason is kept in `problem`.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_FILE_BYTES) -> None:
        self.path = path
        self.problem = ""
        self._max_bytes = max_bytes
        self._lines: deque[str] = deque(maxlen=N_TAIL_LINES)
        self._open_line = ""

    @property
    def older_path(self) -> Path:
        return self.path.with_name(self.path.name + ".1")

    def add(self, data: bytes) -> None:
        """Take what came in, in whatever pieces it came."""
        if not data:
            return
        self._keep(data.decode("utf-8", "replace"))
        try:
            self._append(data)
        except OSError as error:
            self.problem = str(error)

    def forget_tail(self) -> None:
        """A new worker begins: its report must not show the lines of the one before."""
        self._lines.clear()
        self._open_line = ""

    def tail(self, n_lines: int = N_TAIL_LINES) -> str:
        """The last lines of the worker that runs now, or ran last."""
        lines = [*self._lines, self._open_line] if self._open_line else list(self._lines)
        return "\n".join(lines[-n_lines:])

    def _keep(self, text: str) -> None:
        *whole, rest = (self._open_line + text).split("\n")
        self._lines.extend(line[:MAX_LINE_CHARS].rstrip("\r") for line in whole[-N_TAIL_LINES:])
        self._open_line = rest[:MAX_LINE_CHARS]

    def _append(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size + len(data) > self._max_bytes:
            self.path.replace(self.older_path)
        with self.path.open("ab") as file:
            file.write(data[-self._max_bytes :])
