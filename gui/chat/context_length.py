"""How many tokens the loaded model holds at once: shown, and chosen with what it costs in memory.

Asks for the change; who loads models is the room's business.
"""

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from engine.process.messages import ModelInfo
from gui.chat.wheel_guard import WheelGuard
from gui.chat.words import size_text, tr
from gui.theme import Theme
from gui.widgets.escape import claim_escape
from gui.widgets.kinds import button, label

LEAST = 256
STEP = 1024
SPIN_PX = 84


class ContextLength(QWidget):
    """A number; Enter or the button asks for the model to be loaded again with it."""

    length_asked = Signal(int)  # tokens

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model: ModelInfo | None = None
        self.label = label(tr("Context length"))
        self.spin = QSpinBox()
        self.cost = label("", "faint", wrap=True)
        self.apply = button(tr("Load with this length"), "link")
        self._set_up()
        self._lay_out()
        self.spin.valueChanged.connect(self._show_cost)
        self.apply.clicked.connect(self._on_asked)
        theme.changed.connect(self._dress)
        self._dress()
        self.set_model(None)

    def set_model(self, model: ModelInfo | None) -> None:
        """The model that is loaded now; without one there is nothing to choose."""
        self._model = model
        self.setVisible(model is not None)
        if model is None:
            return
        with QSignalBlocker(self.spin):
            most = max(model.n_ctx, model.n_ctx_train)
            self.spin.setRange(min(LEAST, model.n_ctx or LEAST), max(most, LEAST))
            self.spin.setValue(model.n_ctx)
        self._show_cost()

    def event(self, event: QEvent) -> bool:
        return (self._is_other() and claim_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.spin.interpretText()
            self._on_asked()
        elif event.key() == Qt.Key.Key_Escape and self._is_other():
            self.set_model(self._model)
        else:
            super().keyPressEvent(event)

    def _set_up(self) -> None:
        tip = tr(
            "How many tokens the model sees at once, at most what it was trained with; "
            "more takes more memory. Enter loads the model again."
        )
        self.spin.setSingleStep(STEP)
        self.spin.setGroupSeparatorShown(True)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setProperty("kind", "flat")
        self.spin.setAccessibleName(tr("Context length in tokens"))
        self.apply.setToolTip(tr("Load the model again; chats stay as they are"))
        self.label.setBuddy(self.spin)
        for part in (self, self.label, self.spin):
            part.setToolTip(tip)
        WheelGuard(self).watch(self.spin)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.label, 1)
        row.addWidget(self.spin)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.cost)
        column.addWidget(self.apply, 0, Qt.AlignmentFlag.AlignLeft)

    def _is_other(self) -> bool:
        return self._model is not None and self.spin.value() != self._model.n_ctx

    @Slot()
    def _show_cost(self) -> None:
        is_other = self._is_other()
        self.cost.setVisible(is_other)
        self.apply.setVisible(is_other)
        if self._model is not None and is_other:
            self.cost.setText(cost_text(self._model, self.spin.value()))

    @Slot()
    def _on_asked(self) -> None:
        if self._is_other():
            self.length_asked.emit(self.spin.value())

    @Slot()
    def _dress(self) -> None:
        self.spin.setFixedWidth(self._theme.px(SPIN_PX))


def cost_text(model: ModelInfo, n_ctx: int) -> str:
    """What a context length costs beside the one in use."""
    words = tr("Takes {size} of memory for the context, {now} now.")
    return words.format(
        size=size_text(context_bytes(model, n_ctx)),
        now=size_text(context_bytes(model, model.n_ctx)),
    )


def context_bytes(model: ModelInfo, n_ctx: int) -> int:
    """Memory of a context's keys and values: as measured at the load, or from the model's shape."""
    if model.kv_bytes and model.n_ctx:
        return model.kv_bytes * n_ctx // model.n_ctx
    head = model.n_embd // max(1, model.n_head)
    return 2 * 2 * model.n_layer * model.n_head_kv * head * n_ctx
