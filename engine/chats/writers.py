"""Which process writes a reply, and whether it still lives.

A process id alone says little: it is given anew after a restart. So the time the process began goes
with it. psutil is imported in the functions: 20 ms that the start of the window need not pay.
"""

import os

# The start of a process is worked out from the clock, which may be set a little meanwhile.
TOLERANCE_S = 2.0


def this_process() -> str:
    """This process, in a form that another can look up later."""
    import psutil

    return f"{os.getpid()}:{psutil.Process().create_time():.3f}"


def is_alive(writer: str) -> bool:
    """Whether the process that this names still runs; a process that has ended but was not yet
    collected by its parent does not."""
    import psutil

    pid, _, started_s = writer.partition(":")
    try:
        process = psutil.Process(int(pid))
        elapsed_s: float = process.create_time() - float(started_s)
        is_zombie: bool = process.status() == psutil.STATUS_ZOMBIE
        return abs(elapsed_s) < TOLERANCE_S and not is_zombie
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        # Someone else's process has taken the number: ours we may always look at.
        return False
