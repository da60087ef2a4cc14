"""llama.cpp's quantiser in its own process: types, cancel, refusals, what a crash leaves."""

import sys
from pathlib import Path

import pytest

from engine.errors import AppError, JobCancelledError
from engine.models.gguf_header import read_entries, read_header
from finetune.export import quantise as q
from finetune.export.files import sha256_of
from finetune.export.merge import merge
from finetune.export.quantise import quantisation_of, quantise, requantised_words
from tests.finetune.llama_logits import IDS, in_llama
from tests.finetune.lora_bases import TinyBase, logprobs, tiny_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> TinyBase:
    return tiny_base(tmp_path_factory.mktemp("q") / "base.gguf", "llama")


def test_a_quantised_file_is_the_same_model_in_fewer_bits(base: TinyBase, tmp_path: Path) -> None:
    fractions: list[float] = []
    written = quantise(base.path, tmp_path / "q.gguf", "Q8_0", fractions.append)
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert written.sha256 == sha256_of(tmp_path / "q.gguf")
    assert quantisation_of(tmp_path / "q.gguf") == ("Q8_0", "Q8_0", "Q8_0")
    found, expected = in_llama(tmp_path / "q.gguf", tmp_path, []), logprobs(base.model, IDS)
    assert 0.05 < abs(found - expected).max() < 2.0
    assert (found.argmax(-1) == expected.argmax(-1)).mean() > 0.9
    before, after = read_entries(base.path), read_entries(tmp_path / "q.gguf")
    own = ("general.file_type", "general.quantization_version")
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }


def test_every_float_type_and_a_choice_for_single_layers(base: TinyBase, tmp_path: Path) -> None:
    for kind in ("F16", "BF16", "Q4_0", "Q5_1", "IQ4_NL"):
        quantise(base.path, tmp_path / "q.gguf", kind)
        assert quantisation_of(tmp_path / "q.gguf")[0] == kind
    quantise(base.path, tmp_path / "q.gguf", "Q4_0", embedding="Q8_0", output="F16")
    assert quantisation_of(tmp_path / "q.gguf") == ("Q4_0", "Q8_0", "F16")


def test_a_quantised_base_again_is_allowed_and_said(base: TinyBase, tmp_path: Path) -> None:
    quantise(base.path, tmp_path / "q8.gguf", "Q8_0")
    merge(tmp_path / "q8.gguf", {}, tmp_path / "part.gguf", "part", {"run": "r"})
    quantise(tmp_path / "part.gguf", tmp_path / "q4.gguf", "Q4_1")
    assert read_header(tmp_path / "q4.gguf").text("bathysphere.run") == "r"
    assert "quantised already (Q8_0)" in requantised_words(tmp_path / "q8.gguf")
    assert "F16 original" in requantised_words(tmp_path / "q8.gguf")
    assert requantised_words(base.path) == ""


def test_widths_that_a_type_cannot_hold_are_told(base: TinyBase, tmp_path: Path) -> None:
    assert "cannot hold" in quantise(base.path, tmp_path / "q.gguf", "Q4_K_M").words
    assert quantise(base.path, tmp_path / "q.gguf", "Q8_0").words == ""


def test_what_cannot_be_is_said_and_leaves_nothing(
    base: TinyBase, starter: Path, tmp_path: Path
) -> None:
    with pytest.raises(AppError, match="no quantisation “Q99”"):
        quantise(base.path, tmp_path / "q.gguf", "Q99")
    with pytest.raises(AppError, match="importance matrix") as caught:
        quantise(starter, tmp_path / "q.gguf", "IQ1_S")
    assert caught.value.detail
    (tmp_path / "junk.gguf").write_bytes(base.path.read_bytes()[:3000])
    with pytest.raises(AppError, match="cut short"):
        quantise(tmp_path / "junk.gguf", tmp_path / "q.gguf", "Q8_0")
    assert [one.name for one in tmp_path.iterdir()] == ["junk.gguf"]


def test_a_cancel_ends_the_process_and_leaves_nothing(base: TinyBase, tmp_path: Path) -> None:
    def report(_: float) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        quantise(base.path, tmp_path / "q.gguf", "Q8_0", report)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_dies_is_said_in_words(
    base: TinyBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "import sys; sys.stderr.write('GGML_ASSERT(x)'); sys.exit(3)"
    monkeypatch.setattr(q, "COMMAND", (sys.executable, "-c", words))
    with pytest.raises(AppError, match="could not quantise") as caught:
        quantise(base.path, tmp_path / "q.gguf", "Q8_0")
    assert "GGML_ASSERT" in caught.value.detail and "exit code 3" in caught.value.detail
    assert list(tmp_path.iterdir()) == []
