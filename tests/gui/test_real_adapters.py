"""Adapters over the real worker: what a strength changes, what does not fit, four strengths, and a
bias, a schema and a stop string at work.
"""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.bench_adapter import write_random_adapter
from engine.models.starter import starter_path
from gui.chat.adapters import Adapters
from tests.gui.real_window import ENDLESS, SHORT, Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("adapters") / "random.gguf"
    write_random_adapter(starter_path(), path, size=0.1)
    return str(path)


def feature(window: RealWindow) -> Adapters:
    return next(one for one in window.room.features if isinstance(one, Adapters))


def test_strengths_change_the_reply_and_are_compared(
    open_window: Open, adapter: str, tmp_path: Path
) -> None:
    window = open_window()
    adapters, details = feature(window), window.room.details
    details.change("max_tokens", 16)
    window.ask(ENDLESS)
    adapters.add(adapter)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF nothing")
    adapters.add(str(broken))
    window.until(lambda: bool(adapters.panel.rows[str(broken)].problem.text()))
    assert not adapters.panel.rows[adapter].problem.text()
    assert "adapter" in adapters.panel.rows[str(broken)].problem.text()
    adapters.remove(str(broken))

    window.room.session.regenerate(window.ids()[-1])
    window.wait_for_end()
    plain, strong = (
        window.room.session.conversation.turn(one).content
        for one in window.room.session.conversation.versions(window.ids()[-1])
    )
    assert plain != strong

    adapters.panel.compare.click()
    view = adapters.strengths.view
    assert view is not None
    view.length.setValue(16)
    window.until(lambda: all(one.has_ended for one in adapters.strengths.run.answers))
    answers = adapters.strengths.run.answers
    assert [one.strength for one in answers] == [0.0, 0.5, 1.0, 2.0]
    assert answers[0].text.strip() == plain.strip() and answers[2].text != answers[0].text
    assert view.columns[2].text.extraSelections()
    view.columns[1].use.click()
    assert details.settings.adapters[0].scale == 0.5


def test_schema_bias_and_stop_hold_for_a_real_reply(real: RealWindow) -> None:
    details = real.room.details
    details.change("json_schema", '{"type": "object", "properties": {"city": {"enum": ["Rome"]}}}')
    details.change("max_tokens", 40)
    real.ask("Name the capital of Italy as JSON.")
    assert set(json.loads(real.texts()[-1])) <= {"city"}
    details.change("json_schema", "")
    details.change("stop", ["b"])
    details.change("logit_bias", {"a b": 100.0})
    real.ask(SHORT)
    assert real.texts()[-1].startswith("a") and "b" not in real.texts()[-1]
    details.change("stop", [])
    details.change("grammar", 'root ::= "broken')
    real.type(SHORT)
    real.key(Qt.Key.Key_Return)
    real.until(lambda: "grammar" in details.row("grammar").problem.text())
