"""Forks, continued replies and temporary chats with the real worker and the starter model."""

import pytest
from PySide6.QtCore import Qt

from engine.paths import Paths
from engine.process.messages import Token
from tests.gui.real_window import ENDLESS, Open, RealWindow, open_window, real

__all__ = ["open_window", "real"]

pytestmark = pytest.mark.real_model
SECRET = "xylophone under water"
KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def tokens_of(real: RealWindow, reply_id: str) -> list[Token]:
    kept: list[Token] = []
    real.room.session.store.call(lambda store: store.tokens(reply_id), kept.extend)
    real.settle()
    return kept


def test_a_fork_and_a_continued_reply_go_on_from_the_very_tokens(real: RealWindow) -> None:
    real.room.details.change("certainty", True)
    real.room.details.change("max_tokens", 24)
    real.ask(ENDLESS)
    first, reply_id = real.texts()[-1], real.ids()[-1]
    tokens = tokens_of(real, reply_id)
    assert "".join(token.text for token in tokens) == first and len(tokens) == 24
    # Continue: not one token is read anew but the last.
    real.click(real.work.strip.continue_button)
    real.wait_for_end()
    assert real.texts()[-1].startswith(first) and len(tokens_of(real, reply_id)) > 24
    details = real.kept().conversation.path()[-1].details
    assert details["made_with"]["prefill_ids"] == [token.id for token in tokens]
    assert details["n_decoded"] <= 2
    # Fork: the second likeliest word in the place of the tenth.
    top = tokens[9].top
    assert top is not None
    other = top.before[1]
    ids = [*(token.id for token in tokens[:9]), other.id]
    text = "".join(token.text for token in tokens[:9]) + other.piece.decode()
    real.room.session.fork(reply_id, ids, text)
    real.until(lambda: real.ids()[-1] != reply_id and not real.room.session.is_busy)
    real.settle()
    fork_id = real.ids()[-1]
    assert real.texts()[-1].startswith(text) and real.texts()[-1] != first
    kept = tokens_of(real, fork_id)
    assert [token.id for token in kept[:10]] == ids
    assert kept[9].logprob == pytest.approx(other.logprob)
    assert (real.view().version, real.view().n_versions) == (2, 2)
    assert real.kept_texts() == real.texts()
    assert real.room.undo() and real.texts()[-1].startswith(first)


def test_a_temporary_chat_leaves_nothing_in_the_user_folder(
    open_window: Open, paths: Paths
) -> None:
    real = open_window()
    real.room.details.change("max_tokens", 8)
    real.edit.setFocus()
    real.key(Qt.Key.Key_P, KEYS)
    assert real.room.session.is_temporary
    real.ask(f"Say: {SECRET}.")
    real.until(lambda: not real.room.session.is_busy)
    assert real.texts()[-1]
    again = open_window()  # which closes the first
    found = [path for path in paths.home.rglob("*") if path.is_file()]
    assert found and not any(SECRET.encode() in path.read_bytes() for path in found)
    assert not any(path.is_relative_to(paths.states) for path in found)
    assert again.titles() == [] and again.texts() == []
