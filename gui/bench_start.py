"""How long the start of the real app takes, in processes of their own: from the spawn to the first
paint of the window, of the list of chats, of the last chat."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gui
from engine.chats.store import ChatStore
from engine.figures import Figure, figure
from engine.paths import Paths
from gui.settings import Settings, save

N_WARM_UPS = 2
N_RUNS = 10
PAUSE_S = 0.3  # until the worker of the run before is gone too
N_CHATS = 200
N_TURNS = 12
GOALS_S = {"window shown": 0.5, "chats shown": 0.5, "last chat shown": None}
QUESTION = "What is a bathysphere, and how deep did it go?"
ANSWER = """A **bathysphere** is a hollow steel ball that hangs from a cable. It went to:

1. 245 m in June 1930
2. 923 m in August 1934

```python
pressure_bar = 1 + depth_m / 10
```
"""


def start_figures(n_runs: int = N_RUNS, n_warm_ups: int = N_WARM_UPS) -> dict[str, Figure]:
    """Medians over the runs, in a user folder with chats; the last one is opened again."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Paths(Path(folder)).ensure())
        for _ in range(n_warm_ups):
            start_once(folder)
        runs = [start_once(folder) for _ in range(n_runs)]
    return {
        f"{what}, warm": _figure([run[what] for run in runs], goal_s)
        for what, goal_s in GOALS_S.items()
    }


def _figure(seconds: list[float], goal_s: float | None) -> Figure:
    return figure(statistics.median(seconds), goal_s, "s", seconds)


def fill(paths: Paths) -> None:
    """Chats as somebody has them who has used the app for a while."""
    with ChatStore(paths.chats) as store:
        for number in range(1, N_CHATS):
            store.create_chat(f"Dive {number}")
        chat_id = store.create_chat(f"Dive {N_CHATS}")
        head_id = None
        for _ in range(N_TURNS):
            head_id = store.add_message(chat_id, head_id, "user", QUESTION)
            head_id = store.add_message(chat_id, head_id, "assistant", ANSWER)
        store.set_head(chat_id, head_id)
    save(paths.settings, Settings(last_chat=chat_id))


def start_once(home: str) -> dict[str, float]:
    """Seconds from the spawn to each thing shown; the app is ended when all are."""
    began_s = time.time()
    environment = {
        **os.environ,
        "BATHYSPHERE_HOME": home,
        "BATHYSPHERE_TRACE_START": repr(began_s),
    }
    # A user's Python keeps what it compiled; a warm start has it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "gui.main"]
    folder = Path(gui.__path__[0]).parent
    with subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    ) as app:
        seconds = _read_trace(app)
        app.terminate()
    time.sleep(PAUSE_S)
    return seconds


def _read_trace(app: "subprocess.Popen[str]") -> dict[str, float]:
    assert app.stderr is not None
    seconds: dict[str, float] = {}
    said: list[str] = []
    for line in app.stderr:
        said.append(line)
        found = re.fullmatch(r"([a-z ]+): (\d+) ms", line.strip())
        if found:
            seconds[found[1]] = int(found[2]) / 1000
        if seconds.keys() >= GOALS_S.keys():
            return seconds
    raise RuntimeError("the window did not come up:\n" + "".join(said))
