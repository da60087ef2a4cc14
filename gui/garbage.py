"""Python's garbage collector, on the window's thread alone.

Left to itself it runs in whatever thread makes the next object, and widgets that nobody holds any
more end there; a widget that ends on another thread than the window's ends the process.
"""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

LOOK_MS = 200


class GarbageCollector(QObject):
    """Collects what is due, as Python's own thresholds say, a few times a second."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._on_look_due)

    @Slot()
    def start(self) -> None:
        """From here on. What is there already stays: a full collection would look through it to
        find nothing."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def stop(self) -> None:
        """From here on Python collects as ever."""
        self._timer.stop()
        gc.enable()

    @Slot()
    def _on_look_due(self) -> None:
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if count > threshold > 0
        ]
        if due:
            gc.collect(max(due))
