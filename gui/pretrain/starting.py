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
    reasons = []
    for name, words in state.draft.problems().items():
        if name != "out.dir":  # made with the run
            reasons.append(f"{field_name(name)}: {words}")
    corpus = state.corpus
    if corpus is not None and not corpus.is_whole:
        reasons.append(
            tr("Text: “{name}” was not finished; take it anew.").format(name=corpus.name)
        )
    elif corpus is not None and corpus.n_bytes == 0:
        reasons.append(tr("Text: nothing is left of “{name}”.").format(name=corpus.name))
    return reasons


def named(state: PretrainState) -> PretrainConfig:
    """The draft with a name: its own, else its text's."""
    if state.draft.out.name:
        return state.draft
    text = state.corpus.name if state.corpus is not None else Path(state.draft.corpus.path).stem
    return changed(state.draft, out__name=text or tr("model"))
