"""The child alone: what templates see in it, and that it ends by itself, parent or no parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from engine.generation.template_child import render
from engine.generation.template_frames import (
    Outcome,
    RenderAnswer,
    RenderRequest,
    read_frame,
    write_frame,
)

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2031, 2, 3, 4, 5, 6)
# Minutes of work in Python code, and most of a minute within one call into C.
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
ONE_CALL = "{{ '%99999999d' % 3 }}"


def text(template: str, context: Mapping[str, Any] | None = None) -> str:
    outcome = render(template, context or {}, NOW)
    assert outcome.fault == "", outcome
    return outcome.text


def start_child(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.generation.template_child", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has said that it is ready."""
    with start_child() as process:
        try:
            assert answer(process) == []
            yield process
        finally:
            process.kill()


def ask(child: subprocess.Popen[bytes], template: str, deadline_s: float = 10.0) -> None:
    assert child.stdin is not None
    write_frame(child.stdin, RenderRequest(template, [{}], deadline_s))


def answer(child: subprocess.Popen[bytes]) -> list[Outcome] | None:
    assert child.stdout is not None
    body = read_frame(child.stdout)
    return None if body is None else msgspec.msgpack.decode(body, type=RenderAnswer).outcomes


# ---- the dialect ----


def test_blocks_leave_no_lines_or_indents() -> None:
    assert text("a\n  {% if true %}\nb\n  {% endif %}\nc\n") == "a\nb\nc"


def test_loop_controls() -> None:
    template = "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}"
    assert text(template + "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}") == "023"


def test_generation_tag_changes_nothing() -> None:
    template = "{% set a = 1 %}[{% generation %}{{ a }}{% set b = 2 %}{{ b }}{% endgeneration %}]"
    assert text(template) == "[12]"


def test_tojson_escapes_nothing_for_html_and_keeps_order() -> None:
    value = {"z": "<é & 'x'>", "a": [1, None, True]}
    assert text("{{ v | tojson }}", {"v": value}) == '{"z": "<é & \'x\'>", "a": [1, null, true]}'
    assert text("{{ v | tojson(indent=2) }}", {"v": [1]}) == "[\n  1\n]"
    assert text("{{ 'é' | tojson(ensure_ascii=true) }}") == '"\\u00e9"'
    assert text("{{ {'b': 1, 'a': 2} | tojson(separators=(',', ':'), sort_keys=true) }}") == (
        '{"a":2,"b":1}'
    )


def test_strftime_now_tells_the_requests_moment() -> None:
    assert text("{{ strftime_now('%d %b %Y') }}") == "03 Feb 2031"


def test_raise_exception_is_the_templates_refusal() -> None:
    outcome = render("{{ raise_exception('no system role') }}", {}, NOW)
    assert (outcome.fault, outcome.message) == ("refused", "no system role")


def test_mistakes_are_told_with_their_line() -> None:
    syntax = render("a\n\n{% if %}", {}, NOW)
    assert (syntax.fault, syntax.line) == ("syntax", 3)
    failed = render("a\n{{ nothing.at.all }}", {}, NOW)
    assert (failed.fault, failed.line) == ("failed", 2)
    assert "nothing" in failed.message


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ (messages | attr('__class__')).__base__ }}",
        "{{ raise_exception.__globals__['os'] }}",
        "{{ messages.append(1) }}",
        "{{ '{0.__class__.__mro__}'.format(messages) }}",
    ],
)
def test_the_sandbox_holds(template: str) -> None:
    outcome = render(template, {"messages": ["x"]}, NOW)
    assert outcome.fault == "forbidden", outcome


def test_nothing_of_one_rendering_reaches_the_next() -> None:
    context: dict[str, Any] = {"messages": [{"role": "user"}]}
    assert text("{% set seen = 1 %}{{ seen }}", context) == "1"
    assert text("{{ seen is defined }}", context) == "False"


# ---- the process ----


def test_answers_one_request_after_another(child: subprocess.Popen[bytes]) -> None:
    for number in range(3):
        ask(child, f"{{{{ {number} + 1 }}}}")
        assert answer(child) == [Outcome(text=str(number + 1))]


def test_several_contexts_in_one_request(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    contexts: list[Mapping[str, Any]] = [{"a": 1}, {}, {"a": "é"}]
    write_frame(child.stdin, RenderRequest("{{ a + a }}", contexts, 10.0))
    first, second, third = answer(child) or []
    assert (first.text, second.fault, third.text) == ("2", "failed", "éé")


def test_ends_with_its_stdin(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=5) == 0


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x03\x00\x00\x00abc", b"\x05\x00"])
def test_garbage_ends_it(child: subprocess.Popen[bytes], data: bytes) -> None:
    assert child.stdin is not None
    child.stdin.write(data)
    child.stdin.close()
    child.wait(timeout=5)


@pytest.mark.parametrize("template", [LOOPS, ONE_CALL])
def test_ends_itself_at_its_deadline(child: subprocess.Popen[bytes], template: str) -> None:
    """Nobody kills it, and its parent goes on holding the pipes: the watchdog alone does it."""
    start_s = time.monotonic()
    ask(child, template, deadline_s=0.3)
    assert answer(child) is None
    assert child.wait(timeout=5) == 1
    assert time.monotonic() - start_s < 0.3 + 1.5


def test_a_finished_rendering_disarms_the_watchdog(child: subprocess.Popen[bytes]) -> None:
    ask(child, "a", deadline_s=0.05)
    assert answer(child) == [Outcome(text="a")]
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.6)
    ask(child, "b")
    assert answer(child) == [Outcome(text="b")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parent watches the memory")
def test_memory_is_limited(child: subprocess.Popen[bytes]) -> None:
    ask(child, "{{ 'a' * 900000000 }}")
    assert answer(child) == [Outcome(fault="memory")]
    ask(child, "fine")
    assert answer(child) == [Outcome(text="fine")]


def test_output_is_limited(child: subprocess.Popen[bytes]) -> None:
    block = "{{ 'a' * 1000000 }}"
    ask(child, "{% for i in range(99) %}" + block + "{% endfor %}")
    assert answer(child) == [Outcome(fault="length")]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_outlives_no_parent_that_is_killed() -> None:
    """A parent killed in the middle of a rendering that would take minutes."""
    script = (
        "import sys; from tests.engine.test_template_child import ask, start_child\n"
        "child = start_child(); child.stdout.read(4)\n"
        f"ask(child, {LOOPS!r}, 1.5); print(child.pid, flush=True); child.wait(); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    assert psutil.wait_procs([orphan], timeout=5)[1] == []


def test_is_light() -> None:
    """What makes it quick to start: no numpy, psutil, asyncio or Qt comes with its imports."""
    script = (
        "import sys, engine.generation.template_child\n"
        "print(*sorted({'numpy', 'psutil', 'asyncio', 'PySide6', 'llama_cpp', 'subprocess'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
