"""Tab goes through the Tokens room as the eye does, and stops at everything that can be done."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QLineEdit, QWidget

from gui.tab_order import tab_stops
from tests.gui.tokens_room_helpers import RoomBench, real_room, tokens_engine

__all__ = ["real_room", "tokens_engine"]  # fixtures


def stops(bench: RoomBench) -> list[QWidget]:
    found = [one for one in tab_stops(bench.room) if one.isVisible()]
    return [one for one in found if one.isEnabled()]


def test_tab_goes_from_the_header_to_the_text_to_the_panels_to_the_details(
    real_room: RoomBench,
) -> None:
    real_room.show_text("the sea and the sea")
    real_room.click_token(1)
    room, page = real_room.room, real_room.page
    panes: list[QWidget] = [room.header, page.top, page.panels, room.details]

    def pane_of(stop: QWidget) -> int:
        return next(n for n, pane in enumerate(panes) if pane.isAncestorOf(stop))

    numbers = [pane_of(one) for one in stops(real_room)]
    assert numbers == sorted(numbers) and set(numbers) == {0, 1, 2, 3}
    assert page.editor in stops(real_room) and room.chooser.button in stops(real_room)


def test_every_control_has_a_name_and_a_tooltip(real_room: RoomBench) -> None:
    real_room.page.find_text()
    for key in real_room.page.panels.chips.buttons:
        real_room.page.panels.show_panel(key)
        for one in real_room.room.findChildren(QWidget):
            if not isinstance(one, QAbstractButton | QLineEdit) or not one.isVisible():
                continue
            if isinstance(one.parent(), QLineEdit | QAbstractSpinBox):
                continue  # a part of the field, which has both
            text = one.text() if isinstance(one, QAbstractButton) else ""
            assert one.accessibleName() or text, f"{one} has no name"
            assert one.toolTip(), f"{one} {text} has no tooltip"
