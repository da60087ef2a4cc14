"""Merge and quantise: base and adapter become one model file. Says when a quantised base is
quantised again, and takes the F16 original where a person has one.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip

FLOATS = ("F32", "F16", "BF16")
KINDS = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_1", "Q4_0", "F32")


class MergeCard(Card):
    """Tells which file is wanted: quantisation ("": as the base's) and the original ("": none)."""

    merge_asked = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("One model file"), parent)
        self.source = ""
        self._base_kind, self._is_full = "", False
        self.kind = CalmComboBox(self)
        self.kind.setAccessibleName(tr("Quantisation"))
        self.kind.setToolTip(tr("How many bits a weight has: fewer are smaller and less exact"))
        self.kind.add_choices([(tr("as the base"), ""), *((one, one) for one in KINDS)])
        self.merge = button(
            tr("Merge and quantise"),
            "",
            tr("Write base + adapter as one GGUF file, which any program can load"),
        )
        self.original = button(
            tr("From the F16 original…"),
            "link",
            tr("Choose the unrounded file the base was made from: the result is more exact"),
        )
        self.words = label("", "faint", wrap=True)
        row = FlowLayout()
        row.setSpacing(theme.px(10))
        for part in (self.kind, self.merge, self.original):
            row.addWidget(part)
        self.column.addLayout(row)
        self.column.addWidget(self.words)
        self.merge.clicked.connect(self._on_merge)
        self.original.clicked.connect(self._on_original)
        self.kind.currentIndexChanged.connect(self._show)
        self._show()

    def set_base(self, quantisation: str) -> None:
        """What the base is quantised as; "" while it is not known."""
        if quantisation != self._base_kind:
            self._base_kind = quantisation
            self._show()

    def set_full(self, is_full: bool) -> None:
        """Whether every weight was taught: then there is nothing to merge."""
        if is_full == self._is_full:
            return
        self._is_full = is_full
        self.kind.setItemText(0, tr("as it is") if is_full else tr("as the base"))
        self.merge.setText(tr("Write the file") if is_full else tr("Merge and quantise"))
        self.merge.setToolTip(
            plain_tip(
                tr("Write the model as one GGUF file, which any program can load")
                if is_full
                else tr("Write base + adapter as one GGUF file, which any program can load")
            )
        )
        self._show()

    def set_source(self, path: str) -> None:
        """The F16 original; "" for none."""
        self.source = path
        self._show()

    @Slot()
    def _show(self) -> None:
        kind, base = str(self.kind.currentData()), self._base_kind
        is_rounded = bool(base) and base not in FLOATS and not self._is_full
        self.original.setVisible(is_rounded)
        if self.source:
            words = tr("From {name}.").format(name=Path(self.source).name)
        elif is_rounded and kind not in FLOATS:
            words = tr(
                "The base is {base} already: its rounded weights are rounded a second time. The "
                "F16 original would be more exact; an adapter beside the base loses nothing."
            ).format(base=base)
        elif is_rounded:
            words = tr("The base’s {base} weights, unrounded but not made exact again.").format(
                base=base
            )
        else:
            words = tr("Written beside your models; metadata and tokenizer are the base’s.")
        if self._is_full:
            words = tr("Every weight was taught: it is a model of its own, chat template inside.")
        self.words.setText(words)

    @Slot()
    def _on_merge(self) -> None:
        self.merge_asked.emit(str(self.kind.currentData()), self.source)

    @Slot()
    def _on_original(self) -> None:
        dialog = QFileDialog(self, tr("The F16 original of the base"))
        dialog.setNameFilters([tr("Models (*.gguf)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.set_source)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
