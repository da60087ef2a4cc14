"""The area under the text: one panel at a time, chosen by chips; it can be closed and opened."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from gui.icons import icon
from gui.tokens.panel import TokensPanel, panel_factories
from gui.tokens.parts import TokensParts
from gui.tokens.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import caps, icon_button

MOST_PX = 1 << 20
CLOSED = "-"  # before a panel's key in the settings: the area was closed


class LowerArea(FlowPane):
    """Panels are made when they are first looked at, and told what they missed."""

    opened = Signal(bool)  # it was opened, or closed

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._entries = {entry[0]: entry for entry in panel_factories()}
        self._panels: dict[str, TokensPanel] = {}
        self._missed: dict[str, set[str]] = {}
        self.key = ""
        names = [(key, name) for key, name, _, _ in self._entries.values()]
        self.chips = Choice(names, self, wraps=True)
        for key, one in self.chips.buttons.items():
            one.setToolTip(self._entries[key][2])
        self.switch = icon_button(tr("Close the panels (Ctrl+J)"))
        self.heading = caps("")
        self.stack = QStackedWidget(self)
        self._lay_out()
        self._connect()
        self._restore()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.chips, 1)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.addLayout(row)
        self._column.addWidget(self.heading)
        self._column.addWidget(self.stack, 1)

    def _connect(self) -> None:
        state = self._parts.state
        self.chips.changed.connect(self.show_panel)
        self.switch.clicked.connect(self.toggle)
        state.token_chosen.connect(self._on_token)
        state.text_changed.connect(lambda: self._tell("text"))
        state.tokenizer_changed.connect(lambda: self._tell("tokenizer"))
        state.title_changed.connect(self._show_title)
        self._parts.context.theme.changed.connect(self._dress)

    def _restore(self) -> None:
        kept = self._parts.context.settings.value.tokens_panel
        key = kept.removeprefix(CLOSED)
        self.key = key if key in self._entries else next(iter(self._entries), "")
        self._set_open(not kept.startswith(CLOSED))

    # ---- what is asked ----

    @property
    def is_open(self) -> bool:
        return not self.stack.isHidden()

    @Slot(str)
    def show_panel(self, key: str) -> None:
        """Open the area at a panel."""
        before = self._panels.get(self.key)
        if before is not None and key != self.key:
            before.on_hidden()
        self.key = key
        self._set_open(True)

    @Slot()
    def toggle(self) -> None:
        """Close the area, or open it again."""
        self._set_open(not self.is_open)

    def panel(self, key: str) -> TokensPanel:
        """A panel, made now if nobody looked at it yet."""
        if key not in self._panels:
            made = self._entries[key][3](self._parts, self.stack)
            self._panels[key] = made
            self._missed[key] = {"tokenizer", "text", "token"}
            self.stack.addWidget(_scrolling(made))
        return self._panels[key]

    def on_shown(self) -> None:
        """The page is looked at."""
        if self.is_open and self.key:
            self._show_current()

    def save_state(self) -> None:
        for panel in self._panels.values():
            panel.save_state()

    # ---- showing ----

    def _set_open(self, is_open: bool) -> None:
        was_open = self.is_open
        self.stack.setVisible(is_open)
        self.switch.setAccessibleName(
            tr("Close the panels (Ctrl+J)") if is_open else tr("Open the panels (Ctrl+J)")
        )
        self.switch.setToolTip(self.switch.accessibleName())
        self.chips.set_value(self.key if is_open else "")
        if is_open and self.key:
            self._show_current()
        elif self.key in self._panels:
            self._panels[self.key].on_hidden()
        self.fit()
        self._parts.context.settings.change(tokens_panel=self.key if is_open else CLOSED + self.key)
        self._show_title()
        self._dress()
        if is_open != was_open:
            self.opened.emit(is_open)

    def _show_current(self) -> None:
        panel = self.panel(self.key)
        holder = next(
            one
            for one in map(self.stack.widget, range(self.stack.count()))
            if one is not None and one.isAncestorOf(panel)
        )
        self.stack.setCurrentWidget(holder)
        panel.on_shown()
        for news in ("tokenizer", "text", "token"):
            if news in self._missed[self.key]:
                self._give(self.key, news)
        self._show_title()

    @Slot(int)
    def _on_token(self, _index: int) -> None:
        self._tell("token")

    def _tell(self, news: str) -> None:
        for key in self._panels:
            self._missed[key].add(news)
        if self.is_open and self.key in self._panels:
            self._give(self.key, news)
            self._show_title()

    def _give(self, key: str, news: str) -> None:
        state, panel = self._parts.state, self._panels[key]
        self._missed[key].discard(news)
        if news == "tokenizer" and state.info is not None:
            panel.on_tokenizer_changed()
        elif news == "text" and not state.document.is_stale:
            panel.on_text_changed()
        elif news == "token":
            panel.on_token_chosen(state.chosen)

    def fit(self) -> None:
        """Closed it is as high as its chips, open as high as a person wants."""
        super().fit()
        self.setMaximumHeight(MOST_PX if self.is_open else self.minimumHeight())

    @Slot()
    def _show_title(self) -> None:
        panel = self._panels.get(self.key)
        words = panel.title if panel is not None and self.is_open else ""
        self.heading.setText(words.upper())
        self.heading.setAccessibleName(words)
        self.heading.setVisible(bool(words))

    @Slot()
    def _dress(self) -> None:
        theme = self._parts.context.theme
        px = theme.px
        self._column.setContentsMargins(px(20), px(8), px(20), px(8))
        self._column.setSpacing(px(8))
        name = "chevron-down" if self.is_open else "chevron-up"
        self.switch.setIcon(icon(name, theme.palette.text_dim))


def _scrolling(panel: TokensPanel) -> QWidget:
    """A panel that is higher than the area is scrolled; one that fills it is not."""
    if panel.scrolls_itself:
        return _holder(panel)
    area = QScrollArea()
    panel.setProperty("kind", "page")  # stands on the ground of the room
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def _holder(panel: TokensPanel) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(panel)
    return holder
