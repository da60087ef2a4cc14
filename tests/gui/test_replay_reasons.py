"""Why a replay says something else: each thing that is noted is a reason of its own, like is
compared with like, and what was not noted is none.
"""

import pytest
from msgspec.structs import replace

from engine.process.messages import AdapterFile, Generate, Generated
from gui.chat.made_with import answered, asked
from gui.chat.receipt import Receipt, is_its_model, read_receipt
from gui.chat.replay import Replay
from gui.chat.replay_reasons import reasons_of
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.receipts import LOADED, finish, result_of, turn, words

__all__ = ["bench", "context"]
SAID = words("Water", " absorbs", " light", ".")
REQUEST = Generate(job=1, messages=[])
FILE = AdapterFile("/a/sea.gguf", "f1", "s1")


def receipt_of(result: Generated, **changes: object) -> Receipt:
    made_with = {**asked(REQUEST, LOADED), **answered(result), **changes}
    receipt = read_receipt({"made_with": made_with})
    assert receipt is not None
    return receipt


def reasons(changes: dict[str, object], **told: object) -> list[str]:
    """What is said where a receipt has these changes, or the replay's result tells this."""
    then = result_of(REQUEST, SAID, alone=True, sha256="11", adapter_files=[FILE])
    now = replace(then, **told)
    return reasons_of(receipt_of(then, **changes), now, LOADED, was_disturbed=False)


@pytest.mark.parametrize(
    ("changes", "words_"),
    [
        ({"template_hash": "cd" * 32}, "The chat template is another."),
        ({"n_ctx": 512}, "The context length was 512, now it is 8,192."),
        ({"slices": [3, 4]}, "The prompt could not be read in the same pieces as then."),
        ({"slices": []}, "In which pieces its prompt was read is not known"),
        ({"backend": "CUDA0"}, "It was computed on CUDA0, now on CPU."),
        ({"n_gpu_layers": 31}, "31 layers were on the graphics card, now 0 are."),
        ({"kv_type": "q8_0"}, "The cache’s numbers were kept as q8_0, now as f16."),
        ({"flash_attention": "disabled"}, "Flash attention was disabled, now it is enabled."),
        ({"sha256": "22"}, "The file SmolLM2.gguf has other contents than it had then."),
        ({"fingerprint": "bb", "sha256": "22"}, "The model is another: it was SmolLM2.gguf"),
        ({"prompt_hash": "cd" * 32}, "What stands before the reply was changed: a message or an"),
        ({"adapter_files": [["/a/sea.gguf", "f0", "s0"]]}, "The adapter sea.gguf is another file"),
        ({"adapter_files": [["/a/sea.gguf", "f0", ""]]}, "The adapter sea.gguf is another file"),
        ({"adapter_files": [["/a/sea.gguf", "f1", "s0"]]}, "The adapter sea.gguf is another file"),
    ],
)
def test_each_thing_noted_is_a_reason_of_its_own(changes: dict[str, object], words_: str) -> None:
    (reason,) = reasons(changes)
    assert reason.startswith(words_)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sha256": ""},  # not known then: the samples are the same
        {"adapter_files": [["/a/sea.gguf", "f1", ""]]},
        {"adapter_files": []},
        {"backend": "", "kv_type": "", "flash_attention": "", "n_gpu_layers": -1, "n_ctx": 0},
    ],
)
def test_what_was_not_noted_is_no_reason(changes: dict[str, object]) -> None:
    assert reasons(changes) == []


def test_files_are_compared_like_with_like() -> None:
    assert reasons({}, sha256="", adapter_files=[AdapterFile("/a/sea.gguf", "f1")]) == []
    whole = replace(LOADED, sha256="11")
    receipt = Receipt(fingerprint="aa", sha256="11")
    assert is_its_model(receipt, whole) and is_its_model(receipt, LOADED)
    assert not is_its_model(Receipt(fingerprint="aa", sha256="22"), whole)
    assert is_its_model(Receipt(fingerprint="aa", sha256="22"), LOADED)
    assert not is_its_model(Receipt(fingerprint="bb"), LOADED)


def test_the_room_says_that_an_adapter_is_another_file(bench: Bench) -> None:
    reply_id = turn(bench, "Why is it dark?", SAID, adapter_files=[FILE])
    n_before = len(bench.engine.generates)
    bench.room.work.transcript.action_requested.emit("replay", reply_id)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    again = bench.engine.generates[-1]
    replay = next(one for one in bench.room.features if isinstance(one, Replay))
    other = words("The", first_id=700)
    now = [AdapterFile("/a/sea.gguf", "f2")]
    finish(bench, other, result_of(again, other, alone=True, adapter_files=now))
    assert "The adapter sea.gguf is another file" in replay.strip.reasons.text()
