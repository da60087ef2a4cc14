"""The binding must not lose references to True and None: PySide6 6.12.0 did, and aborted after
some hundred signals."""

import sys

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

N_CALLS = 10_000
# Tests around this one hold a few themselves; a lost reference per call would be ten thousand.
SLACK = 50
NOWHERE = QModelIndex()


class Sender(QObject):
    told = Signal(bool)


class Numbers(QAbstractListModel):
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NOWHERE) -> int:
        return 3

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        return str(index.row()) if role == Qt.ItemDataRole.DisplayRole else None


def test_ten_thousand_emits_and_data_calls_keep_true_and_none(qapp: object) -> None:
    sender, model, heard = Sender(), Numbers(), [0]

    def hear(value: bool) -> None:
        heard[0] += value

    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(N_CALLS):
        sender.told.connect(hear)
        sender.told.emit(True)
        sender.told.disconnect(hear)
        # Through Qt: itemData asks data() for every role from C++.
        model.itemData(model.index(1, 0))
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert heard[0] == N_CALLS
    assert abs(after[0] - before[0]) < SLACK, f"True: {before[0]} -> {after[0]}"
    assert abs(after[1] - before[1]) < SLACK, f"None: {before[1]} -> {after[1]}"
