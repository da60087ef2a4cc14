"""The line at the window's foot: which model, how fast, how much memory; at the right a GPU
left idle, the offline switch, and how many connections there were.

It reads the engine's signals and asks for its memory every two seconds; rooms need not tell it
anything.
"""

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Generate,
    Generated,
    Load,
    ModelInfo,
    Unload,
)
from gui.build_info import BuildInfo
from gui.connections import Connections
from gui.process import EngineProcess
from gui.theme import Theme
from gui.widgets.dot import Dot
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip

MEMORY_INTERVAL_MS = 2000
SPEED_INTERVAL_MS = 500


class StatusBar(QFrame):
    """The state of the engine in a few words."""

    build_note_clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        engine: EngineProcess,
        build: BuildInfo,
        connections: Connections,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "status")
        self.setAccessibleName(self.tr("Status"))
        self._theme, self._engine, self._connections = theme, engine, connections
        self._state = "none"
        self._n_generating = 0
        self._seen = (0, 0.0)  # tokens received, and when
        self.dot = Dot()
        self._dot = label("·", "dim")
        self.model, self.speed, self.memory = label("", "dim"), label("", "dim"), label("", "dim")
        self.build_note = button("", "link")
        self.offline, self.connections = button("", "link"), button("", "link")
        self._memory_timer = QTimer(self, interval=MEMORY_INTERVAL_MS)
        self._speed_timer = QTimer(self, interval=SPEED_INTERVAL_MS)
        self._lay_out()
        self._explain(build)
        self._connect()
        self._set_model("none", self.tr("No model loaded"))
        self._dress()

    def showEvent(self, event: object) -> None:
        self._memory_timer.start()

    def hideEvent(self, event: object) -> None:
        self._memory_timer.stop()

    def _lay_out(self) -> None:
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.dot)
        self._row.addWidget(self.model)
        self._row.addSpacing(8)
        self._row.addWidget(self.speed)
        self._row.addSpacing(8)
        self._row.addWidget(self.memory)
        self._row.addStretch(1)
        self._row.addWidget(self.build_note)
        self._row.addWidget(self.offline)
        self._row.addWidget(self._dot)
        self._row.addWidget(self.connections)

    def add_link(self, link: QPushButton) -> None:
        """One more thing at the right that leads somewhere."""
        self._row.insertWidget(self._row.indexOf(self.build_note), link)

    def _explain(self, build: BuildInfo) -> None:
        self.speed.setToolTip(self.tr("Tokens the model writes per second"))
        self.memory.setToolTip(self.tr("Memory that the engine's process holds"))
        self.offline.setCheckable(True)
        self.connections.setToolTip(
            self.tr("Connections opened since the start; click for which, when and what for")
        )
        self.build_note.setVisible(bool(build.idle_gpu))
        self.build_note.setText(self.tr("%s is not used") % build.idle_gpu)
        self.build_note.setToolTip(
            self.tr(
                "The engine was built for the processor alone. This command builds it for the "
                "graphics card: %s"
            )
            % build.command
        )

    def _connect(self) -> None:
        engine = self._engine
        engine.job_began.connect(self._on_job_began)
        engine.job_ended.connect(self._on_job_ended)
        engine.became_ready.connect(self._on_memory_due)
        engine.died.connect(self._on_engine_gone)
        engine.stopped.connect(self._on_engine_gone)
        self._memory_timer.timeout.connect(self._on_memory_due)
        self._speed_timer.timeout.connect(self._on_speed_due)
        self.build_note.clicked.connect(self.build_note_clicked)
        self.offline.clicked.connect(self._connections.set_offline)
        self.connections.clicked.connect(self.show_connections)
        self._connections.changed.connect(self._show_offline)
        self._theme.changed.connect(self._dress)

    # ---- what the engine does ----

    def _on_job_began(self, request: AnyRequest) -> None:
        if isinstance(request, Load) and not request.vocab_only:
            self._set_model("loading", self.tr("Loading a model"))
        elif isinstance(request, Generate):
            self._n_generating += 1
            if self._n_generating == 1:
                self._seen = (self._engine.n_tokens_received, time.monotonic())
                self._speed_timer.start()

    def _on_job_ended(self, request: AnyRequest, event: AnyEvent) -> None:
        if isinstance(request, Load) and not request.vocab_only:
            self._on_load_ended(event)
        elif isinstance(request, Unload) and isinstance(event, Done):
            self._set_model("none", self.tr("No model loaded"))
        elif isinstance(request, Generate):
            self._on_reply_ended(event)

    def _on_load_ended(self, event: AnyEvent) -> None:
        if isinstance(event, Done) and isinstance(event.result, ModelInfo):
            self._set_model("ready", event.result.name)
            self.model.setToolTip(plain_tip(event.result.path))
            self._on_memory_due()
        else:
            self._set_model("none", self.tr("No model loaded"))

    def _on_reply_ended(self, event: AnyEvent) -> None:
        self._n_generating = max(0, self._n_generating - 1)
        if self._n_generating == 0:
            self._speed_timer.stop()
        if isinstance(event, Done | Cancelled) and isinstance(event.result, Generated):
            self._show_speed(event.result.tokens_per_s)

    def _on_engine_gone(self) -> None:
        self._n_generating = 0
        self._speed_timer.stop()
        self.speed.clear()
        self.memory.clear()
        self._set_model("failed", self.tr("The engine is not running"))

    def _on_memory_due(self) -> None:
        n_bytes = self._engine.rss_bytes()
        self.memory.setText(self.tr("RAM %.2f GB") % (n_bytes / 1e9) if n_bytes else "")
        if self._state == "failed" and self._engine.is_ready:
            self._set_model("none", self.tr("No model loaded"))

    def _on_speed_due(self) -> None:
        n_tokens, at_s = self._engine.n_tokens_received, time.monotonic()
        n_before, before_s = self._seen
        self._seen = (n_tokens, at_s)
        if n_tokens > n_before:
            self._show_speed((n_tokens - n_before) / (at_s - before_s))

    def _show_speed(self, tokens_per_s: float) -> None:
        if tokens_per_s > 0:
            digits = 0 if tokens_per_s >= 10 else 1
            self.speed.setText(self.tr("%s tok/s") % f"{tokens_per_s:.{digits}f}")

    # ---- connections ----

    def show_connections(self) -> None:
        """The list, above its button."""
        from gui.connections_popup import ConnectionsPopup

        ConnectionsPopup(self._theme, self._connections, self).show_above(self.connections)

    def _show_offline(self) -> None:
        is_offline, n = self._connections.is_offline, len(self._connections.entries)
        self.offline.setChecked(is_offline)
        self.offline.setText(self.tr("Offline") if is_offline else self.tr("Online"))
        self.offline.setToolTip(
            self.tr("No connection is opened. Click to let Bathysphere connect when you ask.")
            if is_offline
            else self.tr("Connections are opened when you ask for something. Click to forbid them.")
        )
        words = self.tr("1 connection") if n == 1 else self.tr("%s connections") % f"{n:,}"
        self.connections.setText(words)

    # ---- looks ----

    def _set_model(self, state: str, words: str) -> None:
        self._state = state
        self.model.setText(words)
        self.model.setToolTip("")
        self._dress_dot()

    def _dress(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(12), px(4), px(12), px(4))
        self._row.setSpacing(px(8))
        self.dot.set_size(px(8))
        for one in (self.model, self.speed, self.memory, self._dot):
            _set_size(one, px(12))
        for link in (self.offline, self.connections):
            _set_size(link, px(12))
        self._show_offline()
        self._dress_dot()

    def _dress_dot(self) -> None:
        palette = self._theme.palette
        colors = {"ready": palette.good, "loading": palette.warn, "failed": palette.bad}
        color = colors.get(self._state, palette.text_faint)
        self.dot.set_look(color, is_filled=self._state != "none")


def _set_size(words: QLabel | QPushButton, size_px: int) -> None:
    font = words.font()
    font.setPixelSize(size_px)
    words.setFont(font)
