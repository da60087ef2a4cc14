"""Receipts with the starter model: a reply's is complete, a full context is told as it was, and an
earlier reply can be opened and written again after the system prompt changed.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from engine.bench_adapter import write_random_adapter
from engine.models.starter import starter_path
from engine.process.messages import Adapter
from gui.chat.received import Received
from gui.chat.received_view import ReceivedView
from gui.chat.replay import Replay
from tests.gui.real_window import ENDLESS, Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]
F = TypeVar("F", bound=QObject)
EXACT = "Exactly what the model received, to the last token."
REPLAY_MS = 60_000
LIST = "Remember these words: " + " ".join(f"fish number {n}," for n in range(22))


def feature(real: RealWindow, kind: type[F]) -> F:
    return next(one for one in real.room.features if isinstance(one, kind))


def opened(real: RealWindow, reply_id: str) -> ReceivedView:
    received = feature(real, Received)
    received.open(reply_id)
    real.until(lambda: bool(received.view.tokens.bands) and received.view.tokens.isVisible())
    return received.view


def replayed(real: RealWindow, reply_id: str) -> str:
    """The outcome of a replay in words, with the reasons where there are some."""
    strip = feature(real, Replay).strip
    strip.hide()
    feature(real, Replay).replay(reply_id)
    real.until(lambda: strip.isVisible() and not feature(real, Replay).is_running, REPLAY_MS)
    return f"{strip.words.text()} {strip.reasons.text() if strip.reasons.isVisible() else ''}"


def is_same(outcome: str) -> bool:
    return re.fullmatch(r"The same \d+ tokens again\. ", outcome) is not None


def made_with(real: RealWindow, reply_id: str) -> dict[str, Any]:
    kept: dict[str, Any] = real.kept().conversation.turn(reply_id).details["made_with"]
    return kept


def test_a_replys_receipt_is_complete(real: RealWindow, tmp_path: Path) -> None:
    path = tmp_path / "random.gguf"
    write_random_adapter(starter_path(), path)
    hashes = real.context.paths.cache / "sha256.json"
    whole = hashlib.sha256(starter_path().read_bytes()).hexdigest()
    real.until(lambda: hashes.exists() and whole in hashes.read_text())
    for name, value in {
        "system_prompt": "You answer briefly.",
        "adapters": [Adapter(str(path), 0.5)],
        "temperature": 0.7,
        "max_tokens": 12,
        "stop": ["###"],
    }.items():
        real.room.details.change(name, value)
    real.ask("Name a fish.")
    kept, model = made_with(real, real.ids()[-1]), real.room.loader.model
    details = real.kept().conversation.path()[-1].details
    assert model is not None
    assert kept["model_path"] == model.path == str(starter_path())
    assert kept["model_file"] == starter_path().name
    assert kept["fingerprint"] == model.fingerprint and len(model.fingerprint) == 64
    assert kept["sha256"] == whole
    assert kept["adapters"] == [[str(path), 0.5]]
    ((adapter, quick, _),) = kept["adapter_files"]
    assert adapter == str(path) and len(quick) == 64
    assert kept["backend"] == model.backend != "" and kept["n_gpu_layers"] == model.n_gpu_layers
    assert kept["kv_type"] == "f16" and kept["flash_attention"] in ("enabled", "disabled")
    assert kept["n_ctx"] == 2048 and kept["n_threads"] == 1
    assert kept["system_prompt"] == "You answer briefly."
    assert kept["sampling"]["temperature"] == 0.7 and kept["stop"] == ["###"]
    assert kept["max_tokens"] == 12 and isinstance(kept["seed"], int)
    assert kept["seed"] == details["seed"]
    assert sum(kept["slices"]) == details["n_prompt"] > 0
    assert len(kept["template_hash"]) == len(kept["prompt_hash"]) == 64
    assert kept["alone"] and kept["n_replies"] == 1
    assert all(kept["versions"][name] for name in ("bathysphere", "llama-cpp-python"))
    assert is_same(replayed(real, real.ids()[-1]))
    # Another file in the adapter's place is named.
    write_random_adapter(starter_path(), path, size=0.4)
    outcome = replayed(real, real.ids()[-1])
    assert "Different from token" in outcome
    assert "The adapter random.gguf is another file than it was then." in outcome


def test_a_models_file_is_read_once_for_all_windows(open_window: Open) -> None:
    first = open_window()
    hashes = first.context.paths.cache / "sha256.json"
    real_hash = hashlib.sha256(starter_path().read_bytes()).hexdigest()
    first.until(lambda: hashes.exists() and real_hash in hashes.read_text())
    ((_, _, _, kept),) = json.loads(hashes.read_text()).values()
    before = hashes.stat().st_mtime_ns
    second = open_window()
    model = second.room.loader.model
    assert model is not None and model.sha256 == kept == real_hash
    assert hashes.stat().st_mtime_ns == before


def test_what_a_full_context_left_out_is_shown_and_replayed(open_window: Open) -> None:
    real = open_window(n_ctx=256)
    real.room.details.change("overflow", "drop_oldest")
    real.room.details.change("max_tokens", 12)
    real.ask(LIST)
    real.ask(LIST.replace("fish", "whale"))
    reply_id = real.ids()[-1]
    assert made_with(real, reply_id)["dropped"] and not made_with(real, reply_id)["dropped_later"]
    view = opened(real, reply_id)
    assert view.verdict.text() == EXACT
    shown = view.tokens.tokens.text()
    assert "whale number 3" in shown and "fish number 3" not in shown
    (note,) = [band.note for band in view.tokens.bands if band.note]
    assert re.match(r"2 messages, \d+ tokens left out to fit the context: “Remember", note)
    view.back.click()
    assert is_same(replayed(real, reply_id))


def test_a_drop_in_the_middle_of_a_reply_is_told_and_replayed(open_window: Open) -> None:
    real = open_window(n_ctx=256)
    real.room.details.change("overflow", "drop_oldest")
    real.room.details.change("max_tokens", 12)
    real.ask("Name these: " + " ".join(f"fish number {n}," for n in range(16)))
    real.room.details.change("max_tokens", 120)
    real.ask(ENDLESS)
    reply_id = real.ids()[-1]
    kept = made_with(real, reply_id)
    assert (kept["dropped"], kept["dropped_later"]) == ([], [0, 1])
    assert real.view().note.startswith("In the middle of the reply 2 messages")
    assert real.view().footer.startswith("120 tokens")
    view = opened(real, reply_id)
    assert view.verdict.text().startswith(f"{EXACT} In the middle of the reply 2 messages (")
    assert "“Name these: fish number 0, fish…”" in view.verdict.text()
    assert "fish number 15" in view.tokens.tokens.text()
    view.back.click()
    outcome = replayed(real, reply_id)
    assert is_same(outcome), outcome
    # A stopped one too: it is written as far as it came.
    real.send(ENDLESS)
    real.write_some(10)
    real.room.session.stop()
    real.wait_for_end()
    stopped = real.ids()[-1]
    assert real.kept().conversation.turn(stopped).details["finish"] == "cancelled"
    assert opened(real, stopped).verdict.text().startswith(EXACT)
    feature(real, Received).leave()
    outcome = replayed(real, stopped)
    assert is_same(outcome), outcome


def test_an_earlier_reply_is_exact_after_the_system_prompt_changed(real: RealWindow) -> None:
    real.room.details.change("max_tokens", 12)
    real.room.details.change("system_prompt", "You answer like a sailor.")
    real.ask("Why is it dark below 1,000 metres?")
    first = real.ids()[-1]
    real.room.details.change("system_prompt", "You answer like a poet.")
    real.ask("And cold?")
    view = opened(real, first)
    assert view.verdict.text().startswith(f"{EXACT} The chat’s system prompt is another by now")
    assert "like a sailor" in view.tokens.tokens.text()
    view.back.click()
    assert is_same(replayed(real, first))
    view = opened(real, real.ids()[-1])
    assert view.verdict.text() == EXACT and "like a poet" in view.tokens.tokens.text()


def test_another_context_length_is_named_where_the_reply_differs(open_window: Open) -> None:
    """The reply stopped at the end of its context; in a longer one it goes on."""
    real = open_window(n_ctx=256)
    real.room.details.change("overflow", "stop")
    real.ask(ENDLESS)
    reply_id = real.ids()[-1]
    assert real.kept().conversation.turn(reply_id).details["finish"] == "context"
    assert is_same(replayed(real, reply_id))
    real = open_window(n_ctx=512)
    outcome = replayed(real, reply_id)
    assert "Different from token" in outcome
    assert "The context length was 256, now it is 512." in outcome
