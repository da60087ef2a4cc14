"""The merges panel: how a word became its tokens, pair by pair, forward and back. Shows the word
around the chosen token, or any that is typed.
"""

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.process.messages import Failed
from engine.process.token_messages import MergeHistory, Merges
from gui.icons import icon
from gui.tokens.merge_chips import MergeChips
from gui.tokens.merge_lattice import MergeLattice
from gui.tokens.merge_steps import MergeSteps, word_around
from gui.tokens.merge_tree import MergeTree
from gui.tokens.merge_words import moment_words, rule_words
from gui.tokens.panel import TokensPanel
from gui.tokens.parts import TokensParts
from gui.tokens.words import tr
from gui.widgets.announce import announce
from gui.widgets.kinds import icon_button, label

TYPING_MS, PLAY_MS = 200, 700
AROUND_BYTES = 600


class MergesPanel(TokensPanel):
    """Word field, pieces of the moment, slider, tree."""

    def __init__(self, parts: TokensParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        theme = parts.context.theme
        self._theme = theme
        self._job = 0
        self.steps: MergeSteps | None = None
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._playing = QTimer(self, interval=PLAY_MS)
        self.field = QLineEdit(self)
        self.chips = MergeChips(theme, self)
        self.words = label("", "dim", wrap=True)
        self.rule = label("", "faint", wrap=True)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.first_button = icon_button(tr("To the beginning"))
        self.back_button = icon_button(tr("One merge back"))
        self.play_button = icon_button(tr("Play the merges"))
        self.forward_button = icon_button(tr("One merge forward"))
        self.last_button = icon_button(tr("To the tokens"))
        self.tree, self.lattice = MergeTree(theme), MergeLattice(theme)
        self.tree.setProperty("kind", "page")  # stands on the ground of the room
        self.tree_scroll = QScrollArea(self)
        self.pictures = QStackedWidget(self)
        self._set_up()
        self._lay_out()
        self._connect()
        self._dress_buttons()
        self._show(None)
        if parts.state.word:
            self.set_word(parts.state.word)

    @property
    def title(self) -> str:
        word = self.field.text().strip()
        return tr("How “{word}” was merged").format(word=word) if word else ""

    @property
    def moment(self) -> int:
        return self.slider.value()

    @Slot(str)
    def set_word(self, word: str) -> None:
        """Show how another word becomes tokens; "" for none."""
        if word != self.field.text():
            with QSignalBlocker(self.field):
                self.field.setText(word)
        self._ask()

    def on_token_chosen(self, index: int) -> None:
        document = self.parts.state.document
        if not 0 <= index < len(document.tokens):
            return
        start, end = document.span(index)
        first = document.text.whole_at(max(0, start - AROUND_BYTES))
        last = document.text.whole_at(min(document.n_bytes, end + AROUND_BYTES))
        word = word_around(document.text.data(first, last), start - first, end - first)
        if word:
            self.set_word(word)

    def on_tokenizer_changed(self) -> None:
        self._ask()

    def on_hidden(self) -> None:
        self._playing.stop()
        self._dress_buttons()

    def save_state(self) -> None:
        self._typing.stop()
        self._playing.stop()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.on_hidden()

    # ---- asking ----

    @Slot()
    def _ask(self) -> None:
        state, word = self.parts.state, self.field.text()
        self._typing.stop()
        self.parts.worker.cancel(self._job)
        self._job = 0
        state.title_changed.emit()
        if not word or not state.source:
            self._show(None)
            return
        source = state.source
        self._job = self.parts.worker.ask(
            lambda job: MergeHistory(job=job, source=source, word=word),
            self._on_merges,
            self._on_failed,
        )

    def _on_merges(self, merges: Merges) -> None:
        self._job = 0
        self._show(MergeSteps(merges))

    def _on_failed(self, failed: Failed) -> None:
        self._job = 0
        self._show(None)
        self._say(" ".join(filter(None, (failed.message, failed.hint))))

    # ---- showing ----

    def _show(self, steps: MergeSteps | None) -> None:
        self._playing.stop()
        self.steps = steps
        chooses = steps is not None and steps.chooses
        self.pictures.setCurrentWidget(self.lattice_scroll if chooses else self.tree_scroll)
        self.tree.show_steps(None if chooses else steps)
        self.lattice.show_steps(steps if chooses else None)
        self.rule.setText(rule_words(steps.merges.kind) if steps else "")
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, steps.n_steps if steps else 0)
            self.slider.setValue(self.slider.maximum())
        self.slider.setVisible(not chooses)
        for one in self._buttons():
            one.setVisible(not chooses)
        self._show_moment()

    @Slot()
    def _show_moment(self) -> None:
        steps, moment = self.steps, self.moment
        if steps is None:
            self.chips.show_pieces([])
            self._say(tr("Choose a token in the text, or type a word."))
        else:
            made, following = steps.step_before(moment), steps.step_after(moment)
            self.chips.show_pieces(
                steps.pieces_at(moment),
                made.place if made else -1,
                following.place if following else -1,
            )
            self._say(moment_words(steps, moment))
        self.tree.set_moment(moment)
        self._bring_into_view(self.tree.box_of_last)
        self._enable()

    def _bring_into_view(self, box: QRectF) -> None:
        if not box.isEmpty():
            centre = box.center().toPoint()
            self.tree_scroll.ensureVisible(centre.x(), centre.y(), round(box.width()), 40)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        announce(self.slider, words)

    def _enable(self) -> None:
        last = self.slider.maximum()
        self.slider.setEnabled(last > 0)
        self.play_button.setEnabled(last > 0)
        self.first_button.setEnabled(self.moment > 0)
        self.back_button.setEnabled(self.moment > 0)
        self.forward_button.setEnabled(self.moment < last)
        self.last_button.setEnabled(self.moment < last)

    # ---- playing ----

    @Slot()
    def _on_play(self) -> None:
        if self._playing.isActive():
            self._playing.stop()
        else:
            if self.moment == self.slider.maximum():
                self.slider.setValue(0)
            self._playing.start()
        self._dress_buttons()

    @Slot()
    def _on_tick(self) -> None:
        self.slider.setValue(self.moment + 1)
        if self.moment == self.slider.maximum():
            self._playing.stop()
            self._dress_buttons()

    @property
    def is_playing(self) -> bool:
        return self._playing.isActive()

    # ---- making ----

    def _buttons(self) -> tuple[QWidget, ...]:
        return (
            self.first_button,
            self.back_button,
            self.play_button,
            self.forward_button,
            self.last_button,
        )

    def _set_up(self) -> None:
        self.field.setPlaceholderText(tr("A word, as in bathysphere"))
        self.field.setAccessibleName(tr("Word to merge"))
        self.field.setToolTip(
            tr("Type a word to see how it becomes tokens. A blank before it makes a difference")
        )
        self.field.setMaximumWidth(self._theme.px(260))
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(tr("Merges so far"))
        self.slider.setToolTip(tr("Left and Right: one merge back and forward"))

    def _lay_out(self) -> None:
        self.lattice_scroll = QScrollArea(self)
        for area, picture in ((self.tree_scroll, self.tree), (self.lattice_scroll, self.lattice)):
            area.setWidget(picture)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            area.setAccessibleName(picture.accessibleName())
            self.pictures.addWidget(area)
        self.pictures.setMinimumHeight(self._theme.px(120))
        controls = QHBoxLayout()
        controls.addWidget(self.field, 1)
        for one in self._buttons():
            controls.addWidget(one)
        controls.addWidget(self.slider, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(controls)
        column.addWidget(self.chips)
        column.addWidget(self.words)
        column.addWidget(self.pictures, 1)
        column.addWidget(self.rule)

    def _connect(self) -> None:
        self.field.textEdited.connect(lambda: self._typing.start())
        self.field.returnPressed.connect(self._ask)
        self._typing.timeout.connect(self._ask)
        self._playing.timeout.connect(self._on_tick)
        self.slider.valueChanged.connect(self._show_moment)
        self.first_button.clicked.connect(lambda: self.slider.setValue(0))
        self.back_button.clicked.connect(lambda: self.slider.setValue(self.moment - 1))
        self.play_button.clicked.connect(self._on_play)
        self.forward_button.clicked.connect(lambda: self.slider.setValue(self.moment + 1))
        self.last_button.clicked.connect(lambda: self.slider.setValue(self.slider.maximum()))
        self.parts.state.word_changed.connect(self._on_word_changed)
        self._theme.changed.connect(self._dress_buttons)

    @Slot()
    def _on_word_changed(self) -> None:
        self.set_word(self.parts.state.word)

    @Slot()
    def _dress_buttons(self) -> None:
        colour = self._theme.palette.text_dim
        names = {
            self.first_button: "first",
            self.back_button: "chevron-left",
            self.play_button: "pause" if self._playing.isActive() else "play",
            self.forward_button: "chevron-right",
            self.last_button: "last",
        }
        for one, name in names.items():
            one.setIcon(icon(name, colour))
        words = tr("Pause") if self._playing.isActive() else tr("Play the merges")
        self.play_button.setAccessibleName(words)
        self.play_button.setToolTip(words)
