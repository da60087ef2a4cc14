"""What can be done at once about a warning of the check: its button's words, and the deed. Knows no
widgets.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from engine.process.tune_messages import RowWarning
from gui.tokens.vocabulary import array_of
from gui.tune.row_words import rows_text
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr

LONGEST = 1 << 20
_DELETABLE = ("empty_answer", "nothing_learned", "cannot_render")


class Remedy(Struct, frozen=True):
    """A button."""

    words: str
    tip: str
    do: Callable[[], object]


def remedies(warning: RowWarning, desk: RowsDesk) -> list[Remedy]:
    """The buttons of a warning, the most fitting first."""
    found: list[Remedy] = []
    draft, state = desk.parts.state.draft, desk.parts.state
    if warning.kind == "cut" and (length := enough_length(desk)) > draft.train.max_length:
        words = tr("Allow {n} tokens").format(n=f"{length:,}")
        tip = tr("Longer rows need more memory and time for each step")
        found.append(Remedy(words, tip, lambda: state.change(train__max_length=length)))
    marked = draft.data.learn_from == "marked"
    if warning.kind in ("nothing_learned", "unmasked_user") and marked:
        tip = tr("Instead of the messages’ own marks")
        found.append(
            Remedy(tr("Learn all answers"), tip, lambda: state.change(data__learn_from="all"))
        )
    if warning.kind in _DELETABLE and warning.ids:
        ids = list(warning.ids)
        words = tr("Delete these rows")
        if len(ids) < warning.n_rows:
            words = tr("Delete the first {rows}").format(rows=rows_text(len(ids)))
        found.append(Remedy(words, tr("It can be undone"), lambda: desk.delete_rows(ids)))
    if warning.kind == "repeated":
        tip = tr("All but the first of each group, by the data page’s list")
        found.append(Remedy(tr("Look at them"), tip, lambda: _show_repeated(desk)))
    if warning.kind in ("few_rows", "languages"):
        tip = tr("Bring more rows, or write some")
        found.append(Remedy(tr("More data"), tip, lambda: desk.parts.show_page("data")))
    if warning.kind in ("template", "double_bos", "no_end"):
        tip = tr("The template belongs to the base")
        found.append(Remedy(tr("Another base"), tip, lambda: desk.parts.show_page("base")))
    return found


def _show_repeated(desk: RowsDesk) -> None:
    desk.parts.show_page("data")
    desk.view_wished.emit("duplicates")


def enough_length(desk: RowsDesk) -> int:
    """The least power of two that cuts no row, within what the base was trained for."""
    state = desk.parts.state
    now = state.draft.train.max_length
    lengths = array_of(state.checked.stats.lengths) if state.checked is not None else np.zeros(0)
    longest = max(now + 1, int(lengths.max()) if len(lengths) else 0)
    wanted = 1 << (longest - 1).bit_length()
    most = state.base.n_ctx_train if state.base is not None and state.base.n_ctx_train else LONGEST
    return min(wanted, most, LONGEST)
