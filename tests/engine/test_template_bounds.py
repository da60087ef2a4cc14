"""A template cannot hurt its renderer: time, memory, accidents, and what is left of a child."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import AppError
from engine.generation import template_process
from engine.generation.template import TemplateRenderer, render_chat
from engine.process.messages import ChatMessage

LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def children() -> Children:
    """Asks which living children were started since the test began."""
    before = {child.pid for child in psutil.Process().children()}

    def alive() -> list[psutil.Process]:
        new = [child for child in psutil.Process().children() if child.pid not in before]
        return [child for child in new if child.status() != psutil.STATUS_ZOMBIE]

    return alive


@pytest.fixture
def strict(children: Children) -> Iterator[TemplateRenderer]:
    """A renderer with the app's own bounds; nothing of it may be left."""
    renderer = TemplateRenderer()
    renderer.render("warm", [])
    yield renderer
    renderer.close()
    assert children() == []


def test_the_same_chat_again_asks_no_child(children: Children) -> None:
    renderer = TemplateRenderer(deadline_s=20.0)
    template = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    messages = [ChatMessage(role="user", content="Hi")]
    first = render_chat(renderer, template, messages)
    for child in children():
        child.kill()
    first.spans.clear()  # a caller's list is its own
    again = render_chat(renderer, template, messages, prefill="A")
    assert [again.text[span.start : span.end] for span in again.spans] == ["Hi", "A"]
    renderer.close()


HOSTILE = {
    "one huge text": "{{ 'a' * 900000000 }}",
    "one long call": "{{ '%99999999d' % 3 }}",
    "a wide format": "{{ '{:>999999999}'.format(1) }}",
    "loops": LOOPS,
    "a long loop": "{% for i in range(10**9) %}x{% endfor %}",
    "much text": "{% for i in range(99999) %}{{ 'a' * 9999 }}{% endfor %}",
    "doubling": "{% set n = namespace(x='ab') %}{% for i in range(60) %}"
    "{% set n.x = n.x + n.x %}{% endfor %}",
    "a big list": "{% set x = [[0] * 99999] * 99999 %}{{ x }}",
    "recursion": "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "nesting": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "attributes": "{{ ''.__class__.__mro__ }}",
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_templates_are_stopped(
    strict: TemplateRenderer, children: Children, template: str
) -> None:
    start_s = time.monotonic()
    with pytest.raises(AppError) as caught:
        strict.render(template, [])
    assert time.monotonic() - start_s < 1.5
    assert caught.value.message.startswith(
        ("The model's chat template", "This machine is too busy")
    )
    assert strict.render("{{ 1 + 1 }}", []) == "2"
    assert len(children()) == 1


def test_a_template_beyond_its_bounds_is_refused_at_once_afterwards(children: Children) -> None:
    renderer = TemplateRenderer(deadline_s=0.5)
    with pytest.raises(AppError, match="too long"):
        renderer.render(LOOPS, [])
    assert children() == []
    with pytest.raises(AppError, match="too long"):
        renderer.render(LOOPS, [])
    assert children() == []  # not even started for it
    renderer.close()


def test_memory_is_watched_from_outside_too(
    monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    """For systems where a process cannot limit itself: the child is told a limit out of reach."""
    monkeypatch.setattr(
        template_process, "_argument", lambda memory_bytes: str(memory_bytes * 1000)
    )
    renderer = TemplateRenderer(deadline_s=20.0, memory_bytes=64 * 1024 * 1024)
    with pytest.raises(AppError, match="too much memory"):
        renderer.render("{{ '%99999999d' % 3 }}", [])
    renderer.close()
    assert children() == []


def test_a_starved_child_is_not_held_against_the_template(children: Children) -> None:
    """A child that stands still used none of its time: the machine was busy."""
    renderer = TemplateRenderer(deadline_s=0.3)
    renderer.render("a", [])
    children()[0].suspend()
    with pytest.raises(AppError, match="too busy"):
        renderer.render("b", [])
    assert renderer.render("b", []) == "b"
    renderer.close()
    assert children() == []


def test_a_child_killed_between_two_renderings_is_replaced(
    strict: TemplateRenderer, children: Children
) -> None:
    victim = children()[0]
    victim.kill()
    psutil.wait_procs([victim], timeout=5)
    assert strict.render("fine", []) == "fine"


def test_a_child_killed_while_rendering_is_not_held_against_the_template(
    children: Children,
) -> None:
    renderer = TemplateRenderer(deadline_s=20.0)
    renderer.render("warm", [])
    victim = children()[0]
    killer = threading.Timer(0.2, victim.kill)
    killer.start()
    with pytest.raises(AppError, match="ended from outside"):
        renderer.render("{{ depth }}" + LOOPS, [])
    killer.join()
    assert renderer.render("fine", []) == "fine"
    renderer.close()


def test_a_closed_renderer_starts_nothing(children: Children) -> None:
    renderer = TemplateRenderer()
    renderer.warm()
    renderer.close()
    with pytest.raises(AppError):
        renderer.render("a", [])
    assert children() == []


def test_a_missing_python_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "nothing"))
    with pytest.raises(AppError, match="did not start"):
        TemplateRenderer().render("a", [])
