"""Made runs of pretraining in the room: one with checkpoints is looked at."""

from __future__ import annotations

from finetune.run.folder import RunFolder
from gui.pretrain.assistant_page import AssistantPage
from gui.pretrain.bench_page import BenchPage
from gui.shots import raised_maker
from tests.fakes.fake_texts import STORIES_PATH
from tests.gui.pretrain.room_helpers import PretrainBench

BEST = "step-1830"


def looked_at(
    bench: PretrainBench, corpus: str = STORIES_PATH, *, memory_test: int = 4
) -> RunFolder:
    """A run that is over, chosen and read."""
    runs = bench.context.paths.runs
    folder = raised_maker.make_raised(runs, corpus, memory_test=memory_test)
    choose(bench, folder)
    return folder


def choose(bench: PretrainBench, folder: RunFolder) -> None:
    bench.context.runs.refresh()
    bench.until(lambda: bench.context.runs.summary(str(folder.path)) is not None)
    bench.room.state.choose_run(folder)
    bench.until(lambda: bench.context.runs.record(str(folder.path)).is_read)


def overhang(page: BenchPage | AssistantPage) -> int:
    """Pixels by which the cards are wider than what is seen of them."""
    area = page.page
    inner = area.widget()
    assert inner is not None
    return max(0, inner.minimumSizeHint().width() - area.viewport().width())


def bench_page(bench: PretrainBench) -> BenchPage:
    """On show, its checkpoint and its text known."""
    bench.room.show_page("bench")
    page = bench.room.page_of("bench")
    assert isinstance(page, BenchPage)
    bench.until(lambda: bool(page.look.checkpoint) and page.look.corpus is not None)
    bench.until(lambda: page.desk.is_read and page.is_settled)
    return page


def assistant_page(bench: PretrainBench) -> AssistantPage:
    """The same of the assistant's page."""
    bench.room.show_page("assistant")
    page = bench.room.page_of("assistant")
    assert isinstance(page, AssistantPage)
    bench.until(lambda: bool(page.look.checkpoint) and page.look.corpus is not None)
    return page
