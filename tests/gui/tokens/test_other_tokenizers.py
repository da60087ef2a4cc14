"""The section of the details pane that counts the same text in other tokenizers."""

import pytest

from engine.process.token_messages import CountTokens
from gui.tokens.other_tokenizers import OtherTokenizers
from tests.fakes.fake_tokens import KINDS, lengths
from tests.gui.tokens_page_helpers import PageBench, page_bench

__all__ = ["page_bench"]
TEXT = "The pressure at 1,025 m is about 103 bar."


def n_tokens(source: str, text: str = TEXT) -> int:
    return len(lengths(source, text))


@pytest.fixture
def others(page_bench: PageBench) -> OtherTokenizers:
    page_bench.use("starter")
    page_bench.state.document.set_text(TEXT)
    panel = OtherTokenizers(page_bench.parts)
    page_bench.qtbot.addWidget(panel)
    panel.show()
    page_bench.until(lambda: panel.is_settled)
    return panel


def rows(panel: OtherTokenizers) -> list[tuple[str, ...]]:
    return [tuple(cell.text() for cell in cells[1:]) for cells in panel.cells]


def test_the_same_text_in_other_tokenizers(others: OtherTokenizers) -> None:
    def row(name: str, source: str) -> tuple[str, ...]:
        n = n_tokens(source)
        return name, str(n), f"{len(TEXT) / n:.2f}"

    assert rows(others) == [
        row("starter", "starter"),
        row("o200k (GPT-4o)", "o200k_base"),
        row("cl100k (GPT-4)", "cl100k_base"),
    ]


def test_one_used_before_stays_in_the_table(page_bench: PageBench, others: OtherTokenizers) -> None:
    page_bench.use("/models/other.gguf")
    others.on_tokenizer_changed()
    page_bench.until(lambda: others.is_settled)
    assert [one[0] for one in rows(others)][:1] == ["other.gguf"]
    assert "starter" in [one[0] for one in rows(others)]
    assert all(one[1] != "–" for one in rows(others))


def test_only_the_newest_text_is_counted(page_bench: PageBench, others: OtherTokenizers) -> None:
    page_bench.engine.holds = (CountTokens,)
    for words in ("one two three", "one"):
        page_bench.state.document.set_text(words)
        n_before = len(page_bench.engine.asked(CountTokens))
        others.on_text_changed()
        page_bench.until(lambda n=n_before: len(page_bench.engine.asked(CountTokens)) > n)  # type: ignore[misc]
    page_bench.engine.holds = ()
    page_bench.engine.let_go()
    page_bench.until(lambda: others.is_settled)
    assert rows(others)[0][1] == "1"


def test_one_that_fails_is_told_below(
    page_bench: PageBench, others: OtherTokenizers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(KINDS, "o200k_base")
    others.on_text_changed()
    page_bench.until(lambda: others.is_settled)
    assert others.note.text().startswith("o200k (GPT-4o): There is no tokenizer")
    assert rows(others)[1][1] == "–" and rows(others)[2][1] != "–"
