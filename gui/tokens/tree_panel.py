"""How the text could go on: the likeliest continuations behind the chosen token (or the end) as a
tree that grows level by level, and going on from one of its branches.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QSpinBox, QVBoxLayout, QWidget

from engine.process.messages import AnyEvent, Failed
from engine.process.token_messages import GrowTree, Tree, TreeLevel
from gui.tokens.link_note import LinkNote
from gui.tokens.model_link import link_of
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.place import place_behind, put_at, refusal, whole_text, words_before
from gui.tokens.tree_view import TreeView
from gui.tokens.words import tr
from gui.widgets.announce import announce
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label
from gui.widgets.ramp import share_text, visible_piece

PAUSE_MS = 250  # after the last change of place or size
MOST_DEPTH, MOST_WIDTH = 10, 6


class TreePanel(TokensPanel):
    """Choices, the tree, and the branch that is chosen in it."""

    scrolls_itself = True

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self.link = link_of(parts)
        self.note = LinkNote(self.link, self)
        self.depth_box, self.width_box = _number(4, MOST_DEPTH), _number(3, MOST_WIDTH)
        self.stop = button(tr("Stop"), "chip", tr("Grow no further; what is there stays"))
        self.again = button(tr("Grow"), "chip", tr("Ask the model again, from the first level"))
        self.go_on = button(tr("Go on from here"), "chip")
        self.view = TreeView(parts.context.theme)
        self.area = QScrollArea()
        self.words = label("", "dim", wrap=True)
        self.words.hide()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._asked: tuple[tuple[int, ...], int, int] | None = None
        self._is_new = True  # the view's tree is an older one
        self._last_byte = -1  # what to go on behind once the text's tokens are known
        self._lay_out()
        self._name_parts()
        self._connect()
        self._show()

    @property
    def title(self) -> str:
        before = words_before(self.parts, place_behind(self.parts))
        return tr("How “{text}” could go on").format(text=before) if before else ""

    @property
    def is_growing(self) -> bool:
        """A tree is on its way, or will be in a moment."""
        return self._pause.isActive() or self.link.is_asking("tree")

    # ---- the page's calls ----

    def on_token_chosen(self, index: int) -> None:
        self._grow_soon()

    def on_text_changed(self) -> None:
        if self._last_byte >= 0:  # the branch's last token, behind which it grows on
            document, byte = self.parts.state.document, self._last_byte
            self._last_byte = -1
            is_end = byte + 1 >= document.n_bytes
            self.parts.state.choose_token(-1 if is_end else document.token_at(byte))
        self._grow_soon()

    def on_tokenizer_changed(self) -> None:
        self._end()
        self._asked = None
        self.view.clear()

    def on_shown(self) -> None:
        self._grow_soon()

    def on_hidden(self) -> None:
        self._end()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._end()

    # ---- growing ----

    @Slot()
    def _grow_soon(self) -> None:
        if self.isVisible() and self.link.is_ready:
            self._pause.start()

    @Slot()
    def _grow_anew(self) -> None:
        self._asked = None
        self._grow()

    @Slot()
    def _grow(self) -> None:
        self._pause.stop()
        document = self.parts.state.document
        if not self.isVisible() or not self.link.is_ready or document.is_stale:
            return
        ids = tuple(self.link.ids_before(place_behind(self.parts)))
        wanted = (ids, self.width_box.value(), self.depth_box.value())
        if wanted == self._asked:
            return
        self._asked, self._is_new = wanted, True
        self.view.set_old(True)
        self._say("")
        self.link.ask("tree", self._request, self._on_result, self._on_failed, self._on_event)
        self._show()

    def _request(self, job: int) -> GrowTree:
        assert self._asked is not None
        ids, width, depth = self._asked
        return GrowTree(job=job, ids=list(ids), width=width, depth=depth)

    def _on_event(self, event: AnyEvent) -> None:
        if not isinstance(event, TreeLevel):
            return
        if self._is_new:
            self._is_new = False
            self.view.clear()
        self.view.shape.add(event.nodes)
        self.view.grow()
        self._show()

    def _on_result(self, result: Tree) -> None:
        self._show()
        announce(self.view, tr("The tree has {n} tokens.").format(n=len(result.nodes)))

    def _on_failed(self, failed: Failed) -> None:
        self._asked = None
        self.view.clear()
        self._show()
        self._say(f"{failed.message} {failed.hint}".strip())

    def _end(self) -> None:
        """Grow no further. A tree that is not whole is grown again when it is looked at."""
        self._pause.stop()
        if self.link.is_asking("tree"):
            self.link.cancel("tree")
            self._asked = None
        self._show()

    @Slot()
    def _on_stop(self) -> None:
        self._pause.stop()
        self.link.cancel("tree")
        self._show()

    # ---- going on ----

    @Slot()
    def _on_go_on(self) -> None:
        self._take(self.view.current)

    @Slot(int)
    def _take(self, index: int) -> None:
        """Put a branch's tokens into the text, behind the place."""
        if not 0 <= index < len(self.view.shape) or self._is_new:
            return
        why_not = self._refusal(index)
        if why_not:
            self._say(why_not)
            announce(self.view, why_not)
            return
        text = whole_text(self.view.shape.data(index))
        place = place_behind(self.parts)
        self.view.set_old(True)
        self._is_new = True
        self._last_byte = put_at(self.parts, place, text, replaces=False) - 1

    def _refusal(self, index: int) -> str:
        shape = self.view.shape
        for one in shape.path(index):
            node = shape.nodes[one]
            # Parts of a character may follow one another: together they are whole.
            why_not = refusal(self.parts, node.id, b"-" if node.piece else b"")
            if why_not:
                return why_not
        return "" if whole_text(shape.data(index)) else refusal(self.parts, -1, shape.data(index))

    # ---- showing ----

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    @Slot()
    def _show(self) -> None:
        is_growing = self.link.is_asking("tree")
        self.stop.setVisible(is_growing)
        self.again.setVisible(not is_growing)
        self.again.setEnabled(self.link.is_ready)
        self.go_on.setEnabled(self.view.current >= 0)

    @Slot(int)
    def _on_current(self, index: int) -> None:
        self._show()
        if index < 0:
            self._say("")
            return
        shape = self.view.shape
        text = "".join(visible_piece(shape.nodes[one].piece) for one in shape.path(index))
        total = share_text(shape.total_share(index))
        self._say(tr("“{text}” · {total} in all").format(text=text, total=total))

    @Slot(QRectF)
    def _on_place_wanted(self, box: QRectF) -> None:
        centre = box.center().toPoint()
        self.area.ensureVisible(centre.x(), centre.y(), round(box.width()), round(box.height()))

    @Slot()
    def _on_link_changed(self) -> None:
        self._asked = None
        if not self.link.is_ready:
            self._end()
            self.view.clear()
        self._grow_soon()
        self._show()

    # ---- making ----

    def _lay_out(self) -> None:
        row = FlowLayout()
        row.setSpacing(8)
        for words, box in ((tr("Depth"), self.depth_box), (tr("Width"), self.width_box)):
            name = label(words, "dim")
            name.setBuddy(box)
            row.addWidget(name)
            row.addWidget(box)
        for one in (self.again, self.stop, self.go_on):
            row.addWidget(one)
        self.area.setWidget(self.view)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addLayout(row)
        column.addWidget(self.area, 1)
        column.addWidget(self.words)

    def _name_parts(self) -> None:
        self.depth_box.setAccessibleName(tr("Depth"))
        self.depth_box.setToolTip(tr("How many tokens far the tree looks ahead"))
        self.width_box.setAccessibleName(tr("Width"))
        self.width_box.setToolTip(tr("How many of the likeliest tokens follow each one"))
        self.go_on.setToolTip(
            tr("Put the chosen branch into the text and grow on from there (Enter in the tree)")
        )

    def _connect(self) -> None:
        self._pause.timeout.connect(self._grow)
        self.link.changed.connect(self._on_link_changed)
        self.depth_box.valueChanged.connect(self._grow_soon)
        self.width_box.valueChanged.connect(self._grow_soon)
        self.stop.clicked.connect(self._on_stop)
        self.again.clicked.connect(self._grow_anew)
        self.go_on.clicked.connect(self._on_go_on)
        self.view.current_changed.connect(self._on_current)
        self.view.branch_asked.connect(self._take)
        self.view.place_wanted.connect(self._on_place_wanted)


def _number(value: int, most: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, most)
    box.setValue(value)
    return box
