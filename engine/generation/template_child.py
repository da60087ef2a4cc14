"""The child process that renders chat templates: `python -m engine.generation.template_child`,
driven by template.py.

A template comes out of a model file, so it is a stranger's program. A sandbox keeps it from
touching Python, but bounds neither time nor memory, and no thread of Python can stop one call into
C. So it runs here, in a process that limits its own memory and that a watchdog in C ends at its
deadline, even if nobody is left to kill it. It ends with its stdin.

Templates see what they see in the `transformers` library: trim_blocks, lstrip_blocks, loop
controls, {% generation %}, raise_exception, strftime_now and a tojson that escapes nothing for
HTML. Nothing is read from disk for them.
"""

import datetime
import faulthandler
import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.generation.template_frames import (
    MAX_OUTPUT_CHARS,
    Outcome,
    RenderAnswer,
    RenderRequest,
    read_frame,
    write_frame,
)

if sys.platform != "win32":
    import resource

DEFAULT_MEMORY_BYTES = 512 * 1024 * 1024
# The parent kills first and so knows why; this is for when the parent is gone.
WATCHDOG_GRACE_S = 0.3


class RefusedError(Exception):
    """The template's own raise_exception."""


class TooLongError(Exception):
    """More text than any model reads."""


class GenerationTag(Extension):
    """{% generation %}...{% endgeneration %} marks the model's words; the text stays as it is."""

    tags = {"generation"}  # noqa: RUF012  (jinja2 declares it as an instance attribute)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def _raise_exception(message: object) -> NoReturn:
    raise RefusedError(str(message))


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _strftime_now(moment: datetime.datetime) -> Callable[[str], str]:
    return lambda form: moment.strftime(form)


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    return environment


@functools.lru_cache(maxsize=8)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


def render(source: str, context: Mapping[str, Any], moment: datetime.datetime) -> Outcome:
    """Render once; whatever the template does wrong becomes the outcome's fault.

    Every exception is the template's doing, and is told to the parent, not swallowed.
    """
    try:
        return Outcome(text=_render(source, {**context, "strftime_now": _strftime_now(moment)}))
    except jinja2.TemplateSyntaxError as error:
        return Outcome(fault="syntax", message=error.message or "", line=error.lineno)
    except RefusedError as error:
        return Outcome(fault="refused", message=str(error))
    except SecurityError as error:
        return Outcome(fault="forbidden", message=str(error), line=_line_of(error))
    except TooLongError:
        return Outcome(fault="length")
    except MemoryError:
        return Outcome(fault="memory")
    except RecursionError:
        return Outcome(fault="recursion")
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return Outcome(fault="failed", message=message[:2000], line=_line_of(error))


def _render(source: str, context: Mapping[str, Any]) -> str:
    chunks: list[str] = []
    n_chars = 0
    for chunk in _compiled(source).generate(context):
        n_chars += len(chunk)
        if n_chars > MAX_OUTPUT_CHARS:
            raise TooLongError
        chunks.append(chunk)
    return "".join(chunks)


def _line_of(error: BaseException) -> int:
    """The template's line that raised: jinja2 puts it into the traceback under the name
    "<template>"."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def limit_memory(more_bytes: int) -> None:
    """Let this process grow by so much; where no such limit exists the parent watches."""
    if sys.platform != "linux":
        return
    n_pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit_bytes = n_pages * os.sysconf("SC_PAGE_SIZE") + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(memory_bytes: int) -> None:
    """Answer requests until stdin ends."""
    with open(os.devnull, "w") as nowhere:
        # Armed once before memory is measured: the watchdog's thread takes address space of its
        # own.
        faulthandler.dump_traceback_later(60.0, exit=True, file=nowhere)
        _environment()
        limit_memory(memory_bytes)
        faulthandler.cancel_dump_traceback_later()
        requests = msgspec.msgpack.Decoder(RenderRequest)
        write_frame(sys.stdout.buffer, RenderAnswer([]))  # ready
        while (body := read_frame(sys.stdin.buffer)) is not None:
            request = requests.decode(body)
            deadline_s = request.deadline_s + WATCHDOG_GRACE_S
            faulthandler.dump_traceback_later(deadline_s, exit=True, file=nowhere)
            moment = datetime.datetime.now()
            outcomes = [render(request.template, context, moment) for context in request.contexts]
            faulthandler.cancel_dump_traceback_later()
            write_frame(sys.stdout.buffer, RenderAnswer(outcomes))


def main() -> None:
    """`template_child [MEMORY_BYTES]`; a parent that is gone is no error."""
    memory_bytes = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_MEMORY_BYTES
    try:
        serve(memory_bytes)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # without the flush of stdout that would raise once more


if __name__ == "__main__":
    main()
