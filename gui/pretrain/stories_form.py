"""The two texts that need no network: stories of a little world, made here, and the language
reference that every Python carries.
"""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox, QWidget

from engine.process.pretrain_messages import CleaningStep, CorpusSource
from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.text_desk import CorpusDesk
from gui.pretrain.text_form import TextForm
from gui.pretrain.words import tr
from gui.theme import Theme

MOST_STORIES, FIRST_STORIES = 10_000_000, 24_000
HELD_OUT_PERCENT = 1.0  # of so many stories that is plenty
MOST_SEED = (1 << 31) - 1
# They are made clean, and alike on purpose: a little world has few words.
STORY_STEPS: tuple[CleaningStep, ...] = ("normalise", "exact")


class StoriesForm(TextForm):
    """How many, and from which seed."""

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        words = tr(
            "You get an assistant. Each story is written by a grammar that knows what is true in "
            "it: people, places, things, counts and reasons. So the model that learns them can be "
            "asked, and its answers checked. No two seeds give the same stories."
        )
        super().__init__(theme, desk, tr("Stories"), words, parent, STORY_STEPS)
        self._guard = WheelGuard(self)
        self.n_stories, self.seed = QSpinBox(), QSpinBox()
        self.n_stories.setRange(100, MOST_STORIES)
        self.n_stories.setGroupSeparatorShown(True)
        self.n_stories.setSingleStep(5_000)
        self.n_stories.setValue(FIRST_STORIES)
        self.n_stories.setToolTip(tr("More stories say more, and take longer to read"))
        self.seed.setRange(0, MOST_SEED)
        self.seed.setToolTip(tr("Where chance begins: the same seed gives the same stories"))
        rows = self.add_section(tr("Stories"))
        enough = tr("24,000 are enough for an assistant in ten minutes")
        self.add_row(rows, tr("How many"), enough, self.n_stories)
        self.add_row(rows, tr("Seed"), tr("Any number"), self.seed)
        self.cleaning.share.setValue(HELD_OUT_PERCENT)
        for field in (self.n_stories, self.seed):
            self._guard.watch(field)
            field.valueChanged.connect(self.refresh)
        self.add_end(tr("Write these stories"), tr("Write and keep them (Ctrl+Enter)"))

    def sources(self) -> list[CorpusSource]:
        n_stories, seed = self.n_stories.value(), self.seed.value()
        return [CorpusSource("stories", n_stories=n_stories, seed=seed)]

    def first_name(self) -> str:
        return tr("Stories")

    def fit_fields(self) -> None:
        super().fit_fields()
        for field in (self.n_stories, self.seed):
            field.setFixedWidth(self.width_for(130))


class PythonForm(TextForm):
    """Nothing to choose."""

    def __init__(self, theme: Theme, desk: CorpusDesk, parent: QWidget | None = None) -> None:
        words = tr(
            "You get a writer of manuals. It is the manual of the Python language, as the "
            "interpreter of this app carries it for its help: about half a megabyte of careful "
            "prose with examples. Little, but real."
        )
        super().__init__(theme, desk, tr("Python’s reference"), words, parent)
        self.add_end(tr("Take the reference"), tr("Clean and keep it (Ctrl+Enter)"))

    def sources(self) -> list[CorpusSource]:
        return [CorpusSource("python")]

    def first_name(self) -> str:
        return tr("Python reference")
