"""The one family of expected failures. Raise where the value is used; caught in the worker's main
loop, in the command line's entry and in the window's message file, nowhere else."""


class AppError(Exception):
    """A failure that a user can understand and act on.

    Args:
        message: one sentence for the user, without a stack trace or a path they did not type.
        hint: what to do about it, one sentence; empty if there is nothing to do.
        detail: what an engineer wants to see (library output, numbers); empty if there is none.
    """

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class JobCancelledError(Exception):
    """Thrown into a job's generator when its owner cancels it; the generator may return what it
    has."""
