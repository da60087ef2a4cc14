"""One message of the transcript: its blocks, their heights, and which of them are laid out.

Does: parse as far as is needed, estimate what is not laid out yet. Does not: know where it
stands, paint, take clicks.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from gui.widgets.block_layout import column_widths, estimated_height, gap_above, lay_out
from gui.widgets.block_look import Look
from gui.widgets.heights import Heights
from gui.widgets.laid_block import LaidBlock
from gui.widgets.laid_blocks import LaidBlocks
from gui.widgets.markdown_blocks import Block
from gui.widgets.markdown_stream import BlockStream
from gui.widgets.thought_fold import ThoughtFold

PARSE_CHARS = 1_024


class MessageView(Struct, frozen=True):
    """What the transcript shows of a message. note: a line above it; version counts from 1;
    footer_actions: (key, words) that can be clicked behind the footer, told as "do:" and the key;
    reasoning: what stands for the reasoning in the text while it is folded.
    """

    id: str
    role: str
    heading: str
    text: str
    footer: str = ""
    version: int = 1
    n_versions: int = 1
    streaming: bool = False
    note: str = ""
    footer_actions: tuple[tuple[str, str], ...] = ()
    reasoning: str = ""


class _Open:
    """What there is of a message beside its text once it was looked at. columns: the widths of
    each table, told from its first piece."""

    __slots__ = ("blocks", "columns", "heights", "pending", "stream")

    def __init__(self, stream: BlockStream) -> None:
        self.stream = stream
        self.blocks: list[Block] = []
        self.heights = Heights()
        self.columns: dict[int, tuple[Block, list[float]]] = {}
        self.pending: list[str] = []


class MessageItem:
    """A message and what is known of its layout. `width` is that of its blocks; heights are of
    blocks with their gaps."""

    __slots__ = (
        "_fold",
        "_is_parsed",
        "_laid",
        "_look",
        "_open",
        "_rest",
        "_width",
        "is_user",
        "natural_width",
        "view",
    )

    def __init__(self, view: MessageView, laid_blocks: LaidBlocks) -> None:
        self.view = view
        self.is_user = view.role == "user"
        self.natural_width = 0.0
        self._laid = laid_blocks
        self._look: Look | None = None
        self._width = 0.0
        self._open: _Open | None = None
        self._fold: ThoughtFold | None = None
        self._rest = 0.0
        self._is_parsed = False

    @property
    def stable_blocks(self) -> int:
        """How many blocks will not change as text comes."""
        if self._open is None:
            return 0
        stream = self._open.stream
        if self._fold is None:
            return stream.n_closed
        return self._fold.n_stable(stream.blocks, stream.n_closed)

    @property
    def text(self) -> str:
        if self._open is None:
            return self.view.text
        return self._open.stream.text + "".join(self._open.pending)

    @property
    def blocks(self) -> list[Block]:
        return self._open.blocks if self._open is not None else []

    @property
    def heights(self) -> Heights:
        """Of the blocks, each with its gap."""
        return self._open.heights if self._open is not None else Heights()

    @property
    def parsed_chars(self) -> int:
        return self._open.stream.parsed_chars if self._open is not None else 0

    @property
    def content_height(self) -> float:
        known = self._open.heights.total if self._open is not None else 0.0
        return known + self._rest

    # ---- text ----

    def append(self, text: str) -> None:
        """More text of a streaming reply; parsed with the next flush."""
        self._opened().pending.append(text)

    def set_view(self, view: MessageView) -> None:
        """Another state of the message. A text that went on is gone on with, any other is begun
        anew."""
        if self._open is None or self._must_begin_anew(view):
            self._drop_blocks()
            self.view = view
            return
        more = view.text[len(self.text) :]
        if more:
            self.append(more)
        if not view.streaming:
            self._flush()
            self._open.stream.finish()
            self._is_parsed = False
        is_relabelled = view.reasoning != self.view.reasoning
        self.view = view
        if is_relabelled and self._fold is not None:
            self._refold()

    def _must_begin_anew(self, view: MessageView) -> bool:
        """Whether the blocks are of no use: another text, or one that was taken for the whole."""
        was_whole = not self.view.streaming and (view.streaming or view.text != self.text)
        return was_whole or not view.text.startswith(self.text)

    def forget(self) -> None:
        """Drop the parsed blocks; their height is kept as the estimate."""
        self.view = replace(self.view, text=self.text)
        self._drop_blocks()

    def _drop_blocks(self) -> None:
        self._rest = self.content_height
        self._open = None
        self._is_parsed = False
        if self._fold is not None:
            self._fold.restart()

    # ---- reasoning ----

    @property
    def thoughts(self) -> list[int]:
        """The shown blocks that stand for reasoning."""
        if not self.blocks or self.blocks[0].kind != "thought":
            return []
        return [at for at, block in enumerate(self.blocks) if block.kind == "thought"]

    def toggle_thought(self, index: int) -> None:
        """Open or close the reasoning that a block stands for."""
        if self._fold is not None:
            self._fold.toggle(self.blocks[index].group)
            self._refold()

    def _refold(self) -> None:
        """Take over at once what the reasoning's lines say, and the beginning of what is open."""
        self._is_parsed = False
        if self._open is not None:
            self._take_blocks(self._open, self._shown(self._open))

    def _folded(self) -> ThoughtFold:
        if self._fold is None:
            self._fold = ThoughtFold()
        self._fold.label = self.view.reasoning
        return self._fold

    def _opened(self) -> _Open:
        if self._open is None:
            stream = BlockStream(markdown=not self.is_user)
            stream.append(self.view.text)
            if not self.view.streaming:
                stream.finish()
            self._open = _Open(stream)
        return self._open

    def _flush(self) -> None:
        if self._open is not None and self._open.pending:
            self._open.stream.append("".join(self._open.pending))
            self._open.pending.clear()
            self._is_parsed = False

    # ---- heights ----

    def measure(self, look: Look, width: float) -> None:
        """Another look or width: every height is an estimate again."""
        self._look, self._width = look, width
        self.natural_width = 0.0
        if self._open is not None:
            self._open.columns.clear()
            n_blocks = len(self._open.blocks)
            self._open.heights.replace(0, [self._estimate(index) for index in range(n_blocks)])
        self._set_rest()

    def _estimate(self, index: int) -> float:
        assert self._look is not None, "measure first"
        return self.gap(index) + estimated_height(self.blocks[index], self._width, self._look)

    def _set_rest(self) -> None:
        """Estimate what is not parsed yet."""
        assert self._look is not None, "measure first"
        text, start = self.view.text, 0
        if self._open is not None:
            text, start = self._open.stream.text, self._open.stream.stable_chars
        n_chars = len(text) - start
        if self._is_parsed or n_chars == 0:
            self._rest = 0.0
            return
        per_line = max(8.0, self._width / self._look.mean_char_width)
        n_lines = n_chars / per_line + text.count("\n", start) + 1
        self._rest = n_lines * self._look.line_height

    # ---- parsing and laying out ----

    def parse(self, y: float, is_out_of_time: Callable[[], bool]) -> bool:
        """Parse until blocks reach down to y or the time is over; True when there is nothing left
        to do for y."""
        self._flush()
        if self._is_parsed:
            return True
        opened = self._opened()
        while not self._is_parsed:
            is_needed = self.view.streaming or opened.stream.is_behind
            if is_needed or opened.heights.total <= y:
                self._is_parsed = opened.stream.advance(PARSE_CHARS)
                self._take_blocks(opened, self._shown(opened))
            else:
                return True
            if is_out_of_time():
                break
        return self._is_parsed or opened.heights.total > y

    def _shown(self, opened: _Open) -> list[Block]:
        """The blocks with open reasoning among them, of which a little more is parsed."""
        stream = opened.stream
        if not stream.blocks or stream.blocks[0].kind != "thought":
            return stream.blocks
        fold = self._folded()
        self._is_parsed &= fold.advance(stream.text, stream.blocks, PARSE_CHARS)
        return fold.shown(stream.blocks)

    def _take_blocks(self, opened: _Open, blocks: list[Block]) -> None:
        """Heights for blocks that are new or others; an unchanged one keeps what is known of it."""
        known = opened.blocks
        start = min(len(known), len(blocks))
        while start > 0 and known[start - 1] is not blocks[start - 1]:
            start -= 1
        old = {
            index: opened.heights[index]
            for index in range(start, min(len(known), len(blocks)))
            if known[index] == blocks[index]
        }
        known[:] = blocks
        heights = [old.get(at) or self._estimate(at) for at in range(start, len(known))]
        opened.heights.replace(start, heights)
        self._set_rest()

    def relay(self) -> None:
        """Formulas were drawn: columns of tables may be wider."""
        if self._open is not None:
            self._open.columns.clear()

    def laid(self, index: int) -> LaidBlock | None:
        """The block's layout, if it is there."""
        return self._laid.get((self.view.id, index), self.blocks[index])

    def lay(self, index: int) -> bool:
        """Lay a block out if it is not; True if its height is another than was thought."""
        assert self._look is not None, "measure first"
        laid = self.laid(index)
        if laid is None:
            block = self.blocks[index]
            laid = lay_out(block, self._width, self._look, self._table_columns(index))
            self._laid.put((self.view.id, index), laid)
            self._note_width(laid)
        return self.heights.set(index, self.gap(index) + laid.height) != 0.0

    def gap(self, index: int) -> float:
        assert self._look is not None, "measure first"
        return gap_above(self.blocks[index], self._look) if index else 0.0

    def _note_width(self, laid: LaidBlock) -> None:
        width = max((piece.x + piece.width for piece in laid.pieces), default=0.0)
        is_wide = laid.block.kind in ("code", "rule") or any(
            piece.layout.lineAt(0).naturalTextRect().x() > 1 for piece in laid.pieces if piece.text
        )
        self.natural_width = max(self.natural_width, self._width if is_wide else width)

    def _table_columns(self, index: int) -> list[float]:
        """Widths of the columns of a block's table, told from the table's first piece."""
        block = self.blocks[index]
        if block.kind != "table" or self._look is None or self._open is None:
            return []
        first = index
        while not self.blocks[first].opens and first > 0:
            first -= 1
        opening = self.blocks[first]
        kept = self._open.columns.get(block.group)
        if kept is None or kept[0] != opening:
            kept = (opening, column_widths(opening, self._width, self._look))
            self._open.columns[block.group] = kept
        return kept[1]
