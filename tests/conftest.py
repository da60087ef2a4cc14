"""For all tests: a temporary user folder, and no process left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

# Real models, real processes, many generated cases: left out of `make check`, run by `make test`.
SLOW_MODULES = {
    "test_gpt",
    "test_optimizers",
    "test_planted",
    "test_pretrain",
    "test_pretrain_calibrate",
    "test_pretrain_kill",
    "test_pretrain_ranks",
    "test_stories",
    "test_stories_scores",
    "test_story_card",
    "test_pretrain_stages",
    "test_raised",
    "test_raised_assistant",
    "test_serve_base",
    "test_budgeted",
    "test_folder_runs",
    "test_four_bits",
    "test_shards",
    "test_torchrun",
    "test_sft_speed",
    "test_sft",
    "test_bases",
    "test_adapter_gguf",
    "test_compare",
    "test_hand_over",
    "test_merge",
    "test_model_gguf",
    "test_parity",
    "test_peft_files",
    "test_quantise",
    "test_serve_result",
    "test_write_logits",
    "test_bench_chat",
    "test_bench_tokens",
    "test_bootstrap_runs",
    "test_cli",
    "test_cli_tokens",
    "test_corpus_making",
    "test_corpus_memory",
    "test_corpus_serve",
    "test_cuts",
    "test_dataset_kill",
    "test_exchange",
    "test_exchange_hostile",
    "test_cli_score",
    "test_fit",
    "test_generate",
    "test_generate_options",
    "test_hostile",
    "test_hostile_room",
    "test_hub",
    "test_hub_rows",
    "test_hub_token",
    "test_maths",
    "test_learned_peer",
    "test_look",
    "test_markdown_blocks",
    "test_merges",
    "test_packaging",
    "test_parked",
    "test_process",
    "test_memo",
    "test_promises",
    "test_real_adapters",
    "test_real_assistant",
    "test_real_certainty",
    "test_real_chat",
    "test_real_columns",
    "test_real_kill",
    "test_real_lessons",
    "test_real_messages",
    "test_real_papers",
    "test_real_probabilities",
    "test_real_receipts",
    "test_real_tokens_pages",
    "test_real_token_editor",
    "test_receipts",
    "test_replay",
    "test_row_losses",
    "test_quick_identity",
    "test_run_kill",
    "test_run_stages",
    "test_runner",
    "test_result_page",
    "test_run_page",
    "test_score",
    "test_serve_data",
    "test_real_quiet",
    "test_real_raising",
    "test_real_training",
    "test_real_texts",
    "test_real_tune_rows",
    "test_real_vocabulary",
    "test_real_received",
    "test_shots",
    "test_soak_chat",
    "test_surprise",
    "test_tree",
    "test_start",
    "test_store_kill",
    "test_template_bounds",
    "test_template_child",
    "test_token_ids",
    "test_token_jobs",
    "test_trained_tokenizer",
    "test_trained_tokenizer_merges",
    "test_trained_tokenizer_peers",
    "test_trained_tokenizer_served",
    "test_transcript",
    "test_vocabulary",
    "test_worker",
    "test_worker_failures",
}


# A whole room or window for each test: a third of a second each, and there are hundreds.
SLOW_FIXTURES = {"bench", "open_window", "pages", "real", "real_room", "side", "twin", "window"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.path.stem in SLOW_MODULES or fixtures & SLOW_FIXTURES:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def never_the_persons_own_folder(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """What fixtures of whole modules write before a test has a user folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATHYSPHERE_HOME", str(tmp_path_factory.mktemp("common-home")))
        yield


@pytest.fixture(autouse=True)
def user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user folder of this test alone; children inherit it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BATHYSPHERE_HOME", str(home))
    return home


@pytest.fixture(autouse=True, scope="session")
def no_process_left_behind() -> Iterator[None]:
    yield
    left = psutil.Process(os.getpid()).children(recursive=True)
    names = [" ".join(child.cmdline()) for child in left if child.is_running()]
    assert not names, names
