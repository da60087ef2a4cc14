"""A scriptable worker: speaks the real wire over real pipes, without any model.

python tests/fakes/fake_worker.py BEHAVIOUR [ARGUMENT]; behaviours are the functions named
`play_...` below. Every request but Ping, Cancel and Generate is answered with Done(Nothing).
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.process import messages as m
from engine.process.wire import FrameReader, pack, read_request

_lock = threading.Lock()


def say(event: m.AnyEvent) -> None:
    """One frame to the window."""
    with _lock:
        os.write(1, pack(event))


def requests() -> Iterator[m.AnyRequest]:
    """Requests until stdin ends."""
    frames = FrameReader()
    while data := os.read(0, 65536):
        for body in frames.feed(data):
            yield read_request(body)


def be_ready() -> None:
    say(m.Ready(job=0, protocol=m.PROTOCOL, pid=os.getpid()))


def answer(request: m.AnyRequest) -> None:
    if isinstance(request, m.Ping):
        say(m.Pong(job=0))
    elif isinstance(request, m.Cancel):
        say(m.Cancelled(job=request.job))
    elif isinstance(request, m.Diagnose):
        entries = {"llama.cpp": "a build of tests", "Devices": "CPU"}
        say(m.Done(job=request.job, result=m.Diagnosis(entries=entries, gpu_in_build=False)))
    elif not isinstance(request, m.Generate):
        say(m.Done(job=request.job, result=m.Nothing()))


def play_success(argument: str) -> None:
    """Three tokens, then Done, for each Generate."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Generate):
            tell_reply(request.job, ["Deep", " blue", " sea"])
        answer(request)


def tell_reply(job: int, words: list[str]) -> None:
    for i, word in enumerate(words):
        say(m.Tokens(job=job, items=[m.Token(id=i, piece=word.encode(), text=word)]))
    reply = m.Reply(text="".join(words), finish="stop", n_generated=len(words))
    say(m.Done(job=job, result=generated(reply)))


def generated(reply: m.Reply) -> m.Generated:
    return m.Generated(
        replies=[reply],
        n_prompt=4,
        n_reused=0,
        n_decoded=4,
        n_generated=reply.n_generated,
        tokens_per_s=152.0,
        first_token_ms=41.0,
        slices=[4],
        n_threads=2,
    )


def play_patient(argument: str) -> None:
    """A Generate begins and goes on until it is cancelled."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Generate):
            say(m.Tokens(job=request.job, items=[m.Token(id=1, piece=b"so", text="so")]))
        answer(request)


def play_deaf(argument: str) -> None:
    """Lives on, but answers neither pings nor cancels."""
    be_ready()
    for _ in requests():
        continue


def play_no_cancel(argument: str) -> None:
    """Answers pings, ignores cancels."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Ping):
            answer(request)


def play_garbage(argument: str) -> None:
    """Something else than frames on stdout, as soon as a job comes."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Ping):
            answer(request)
        else:
            os.write(1, b"llama_model_loader: loaded meta data with 33 key-value pairs\n")


def play_crash(argument: str) -> None:
    """Writes to stderr and dies of an abort at the first job, as a failed assertion would."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Ping):
            answer(request)
        else:
            os.write(2, b"ggml.c:4711: GGML_ASSERT(n_dims == 2) failed\n")
            os.kill(os.getpid(), signal.SIGABRT)


def play_crash_once(argument: str) -> None:
    """Crashes at the first job of its first life; later lives are fine. The argument names the
    file that remembers."""
    marker = Path(argument)
    if marker.exists():
        play_success("")
    else:
        marker.touch()
        play_crash("")


def play_stillborn(argument: str) -> None:
    """Ends at once with an exit code."""
    os.write(2, b"ImportError: no such library\n")
    sys.exit(3)


def play_stubborn(argument: str) -> None:
    """Ignores the end of stdin and being asked to terminate."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    be_ready()
    for request in requests():
        answer(request)
    threading.Event().wait()


def play_parent(argument: str) -> None:
    """Has a child that outlives it unless it is killed; tells its pid as the first token of a
    Generate, then as stubborn."""
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    be_ready()
    for request in requests():
        if isinstance(request, m.Generate):
            say(m.Tokens(job=request.job, items=[m.Token(id=child.pid, piece=b"", text="")]))
        answer(request)
    threading.Event().wait()


def play_slow(argument: str) -> None:
    """One frame in single bytes, as a slow pipe would give it."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Generate):
            for byte in pack(m.Done(job=request.job, result=m.Text(text="x" * 2000))):
                os.write(1, bytes([byte]))
        answer(request)


def play_flood(argument: str) -> None:
    """As many Tokens frames as the argument says, as fast as they go, then Done."""
    be_ready()
    for request in requests():
        if isinstance(request, m.Generate):
            tell_reply(request.job, [" w"] * int(argument))
        answer(request)


if __name__ == "__main__":
    globals()[f"play_{sys.argv[1]}"](sys.argv[2] if len(sys.argv) > 2 else "")
