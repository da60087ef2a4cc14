"""What a run has to say at the top of its page: why it failed and what to do, its warnings, what of
the plan was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from finetune.run.state import RunSummary
from gui.run_record import RunRecord
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.banner import Banner, BannerArea
from gui.widgets.kinds import frame, label


class RunNotices(QWidget):
    """Args:
    names: what the fields of a plan are called.
    resume: starts the run again.
    """

    def __init__(
        self,
        theme: Theme,
        names: Mapping[str, str],
        resume: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._names, self._resume = theme, names, resume
        self.banners = BannerArea(theme, self)
        self.card = frame("card", self)
        self.words = label("", "", wrap=True)
        self._shown: tuple[str, ...] = ()
        inner = QVBoxLayout(self.card)
        inner.addWidget(label(tr("To know"), "heading"))
        inner.addWidget(self.words)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.banners)
        column.addWidget(self.card)
        self.card.hide()
        self.hide()

    def show_run(self, run: RunSummary, record: RunRecord) -> None:
        self._show_failure(run)
        lines = [f"{one.message} {one.hint}".strip() for one in record.warnings]
        for plan in record.plans:
            what = ", ".join(
                f"{self._names.get(key, key)}: {value}" for key, value in plan.changes.items()
            )
            lines.append(tr("The plan was changed ({what}). {why}").format(what=what, why=plan.why))
        self.words.setText("\n".join(lines))
        self.card.setVisible(bool(lines))
        self.setVisible(bool(lines) or bool(self.banners.banners))

    def _show_failure(self, run: RunSummary) -> None:
        """A banner while the run stands where it failed; dismissed, it stays away."""
        failed = ("", "", "")
        if run.state == "failed":
            failed = (run.message, run.hint, run.detail)
        elif run.state == "died":
            failed = (
                tr("The run was interrupted: its process is gone, without a word."),
                tr("Resume it; it goes on from its last checkpoint. Its log may say more."),
                "",
            )
        key = (run.path, str(run.attempt), *failed) if any(failed) else ()
        if key == self._shown:
            return
        self._shown = key
        for old in self.banners.banners:
            self.banners.remove(old)
        if key:
            message, hint, detail = failed
            action = (tr("Resume run"), self._resume)
            self.banners.add(Banner(self._theme, message, hint, detail, action))
