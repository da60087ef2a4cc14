"""What keeps a plan from being started, and what its model is called."""

from __future__ import annotations

from pathlib import Path

from finetune.pretraining.config import PretrainConfig
from finetune.run_toml import changed
from gui.pretrain.field_words import field_name
from gui.pretrain.state import PretrainState
from gui.pretrain.words import tr


def obstacles(state: PretrainState) -> list[str]:
    """All that keeps a draft from being started, a sentence each."""
    wrong = [
        f"{field_name(name)}: {words}"
        for name, words in state.draft.problems().items()
        if name != "out.dir"  # made with the run
    ]
    return [*wrong, *_gone(state), *_unfit_text(state)]


def _gone(state: PretrainState) -> list[str]:
    """What was chosen once and is not on the disk any more."""
    chosen = (
        ("corpus.path", state.draft.corpus.path, state.corpus),
        ("tokenizer.path", state.draft.tokenizer.path, state.tokenizer),
    )
    words = tr("{field}: “{path}” is not there any more.")
    return [
        words.format(field=field_name(name), path=path)
        for name, path, known in chosen
        if path and known is None and not Path(path).exists()
    ]


def _unfit_text(state: PretrainState) -> list[str]:
    corpus = state.corpus
    if corpus is None:
        return []
    if not corpus.is_whole:
        return [tr("Text: “{name}” was not finished; take it anew.").format(name=corpus.name)]
    if not corpus.n_bytes:
        return [tr("Text: nothing is left of “{name}”.").format(name=corpus.name)]
    return []


def named(state: PretrainState) -> PretrainConfig:
    """The draft with a name: its own, else its text's."""
    if state.draft.out.name:
        return state.draft
    text = state.corpus.name if state.corpus is not None else Path(state.draft.corpus.path).stem
    return changed(state.draft, out__name=text or tr("model"))
