"""The laid-out blocks that are kept in memory, bounded by bytes."""

from collections import OrderedDict

from gui.widgets.laid_block import LaidBlock
from gui.widgets.markdown_blocks import Block

LAID_BYTES = 24 * 1024 * 1024


class LaidBlocks:
    """The laid-out blocks in memory, the longest unused going first when they take too many
    bytes."""

    def __init__(self, max_bytes: int = LAID_BYTES) -> None:
        self.n_bytes = 0
        self.n_laid_chars = 0
        self._max_bytes = max_bytes
        self._blocks: OrderedDict[tuple[str, int], LaidBlock] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks)

    def get(self, key: tuple[str, int], block: Block) -> LaidBlock | None:
        """The layout of a block, if it is kept and the block is still the same."""
        laid = self._blocks.get(key)
        if laid is None or (laid.block is not block and laid.block != block):
            return None
        self._blocks.move_to_end(key)
        return laid

    def put(self, key: tuple[str, int], laid: LaidBlock) -> None:
        before = self._blocks.pop(key, None)
        self.n_bytes += laid.n_bytes - (before.n_bytes if before is not None else 0)
        self.n_laid_chars += laid.n_chars
        self._blocks[key] = laid
        while self.n_bytes > self._max_bytes and len(self._blocks) > 1:
            _, oldest = self._blocks.popitem(last=False)
            self.n_bytes -= oldest.n_bytes

    def drop_provisional(self) -> set[str]:
        """Forget what waits for formulas, and the tables of the same messages, whose columns are
        as wide as their formulas; the messages that these were in."""
        waiting = [key for key, laid in self._blocks.items() if laid.is_provisional]
        messages = {message_id for message_id, _ in waiting}
        tables = [
            key
            for key, laid in self._blocks.items()
            if key[0] in messages and laid.block.kind == "table"
        ]
        for key in {*waiting, *tables}:
            self.n_bytes -= self._blocks.pop(key).n_bytes
        return messages

    def clear(self) -> None:
        self._blocks.clear()
        self.n_bytes = 0
