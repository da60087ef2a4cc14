"""You are the sampler: picking every token of a reply by keys and mouse, taking back, letting the
model go on, ending."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.process.messages import Done, Failed, Token, Tokens
from gui.chat.step_panel import StepPanel
from gui.widgets.ramp import spoken_piece
from tests.fakes.fake_engine import generated
from tests.gui.certainty_helpers import answer, step, token, tokens_of, top
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

KEYS = Qt.Key


def panel_of(bench: Bench) -> StepPanel:
    return step(bench.room).panel


def tell_choices(bench: Bench) -> None:
    """The engine draws a token from the same four every time."""
    bench.qtbot.waitUntil(lambda: step(bench.room).run is not None)
    job = bench.engine.generates[-1].job
    drawn = Token(72, b" the", " the", -1.7, 0, top())
    bench.engine.tell(Tokens(job=job, items=[drawn]))
    bench.engine.tell(Done(job=job, result=generated("length")))


def begin(bench: Bench, text: str = "Why?") -> None:
    """Type a message and click Step by token, until there is something to pick."""
    n_before = len(bench.engine.generates)
    bench.room.work.composer.edit.setPlainText(text)
    step(bench.room).button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    tell_choices(bench)


def press(bench: Bench, key: Qt.Key) -> None:
    QTest.keyClick(panel_of(bench).field, key)


def last(bench: Bench) -> str:
    return bench.shown()[-1]


def test_picks_by_number_arrow_and_enter_make_the_reply(bench: Bench) -> None:
    begin(bench)
    panel = panel_of(bench)
    assert panel.isVisible() and panel.field.hasFocus() and bench.shown() == ["Why?", ""]
    first = bench.engine.generates[-1]
    assert (first.max_tokens, first.top_logprobs, first.prefill_ids) == (1, 20, [])
    lines = panel.list.lines
    assert [line.label for line in lines] == ["·living", "·the", "·creatures", "end of the reply"]
    assert [line.after for line in lines][2:] == [0.0, 0.0]  # ruled out by the samplers
    press(bench, KEYS.Key_3)
    assert last(bench) == " creatures" and bench.engine.generates[-1].prefill_ids == [73]
    tell_choices(bench)
    press(bench, KEYS.Key_Down)
    press(bench, KEYS.Key_Return)
    assert last(bench) == " creatures the" and bench.kept_texts()[-1] == " creatures the"
    tell_choices(bench)
    press(bench, KEYS.Key_4)
    assert not panel.isVisible() and not step(bench.room).button.isChecked()
    turn = bench.kept().conversation.path()[-1]
    assert turn.content == " creatures the" and turn.state == "done"
    assert turn.details["finish"] == "stop" and turn.details["n_by_hand"] == 3
    kept: list[Token] = []
    bench.room.store.call(lambda store: store.tokens(turn.id), kept.extend)
    bench.settle()
    assert [one.id for one in kept] == [73, 72, 2] and all(one.logprob for one in kept)
    assert "3 tokens picked by hand" in bench.room.presenter.view(turn).footer
    assert bench.room.work.composer.edit.hasFocus()


def test_typing_filters_and_a_click_picks(bench: Bench) -> None:
    begin(bench)
    panel = panel_of(bench)
    QTest.keyClicks(panel.field, "crea")
    assert [line.label for line in panel.list.lines] == ["·creatures"]
    spot = panel.list.row_rect(0).center().toPoint()
    QTest.mouseClick(panel.list, Qt.MouseButton.LeftButton, pos=spot)
    assert last(bench) == " creatures"
    tell_choices(bench)
    assert len(panel.list.lines) == 4 and not panel.field.text()


def test_space_takes_what_the_sampler_drew_and_backspace_takes_it_back(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_Space)
    tell_choices(bench)
    press(bench, KEYS.Key_1)
    assert last(bench) == " the living"
    n_before = len(bench.engine.generates)
    press(bench, KEYS.Key_Backspace)
    assert last(bench) == " the" and bench.kept_texts()[-1] == " the"
    assert len(bench.engine.generates) == n_before  # what could stand there is known
    press(bench, KEYS.Key_Backspace)
    press(bench, KEYS.Key_2)
    assert last(bench) == " the"


def test_let_it_go_on_hands_the_reply_to_the_model(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_3)
    tell_choices(bench)
    n_before = len(bench.engine.generates)
    panel_of(bench).buttons["go_on"].click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    request = bench.engine.generates[-1]
    assert request.prefill_ids == [73] and request.max_tokens == -1
    bench.engine.say(" glow")
    bench.engine.finish()
    bench.settle()
    assert bench.shown() == ["Why?", " creatures glow"] and not panel_of(bench).isVisible()


def test_esc_leaves_the_reply_and_the_button_goes_on_with_it(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_3)
    tell_choices(bench)
    press(bench, KEYS.Key_Escape)
    bench.settle()
    left = bench.kept().conversation.path()[-1]
    assert left.state == "stopped" and left.content == " creatures"
    n_before = len(bench.engine.generates)
    step(bench.room).button.click()
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].prefill_ids == [73]
    tell_choices(bench)
    press(bench, KEYS.Key_1)
    assert last(bench) == " creatures living"
    panel_of(bench).buttons["end"].click()
    bench.settle()
    versions = bench.room.session.conversation.versions(left.id)
    assert len(versions) == 2 and bench.kept_texts()[-1] == " creatures living"


def test_a_reply_being_written_is_stopped_and_gone_on_with(bench: Bench) -> None:
    bench.send("Why?")
    bench.engine.tell(Tokens(job=bench.engine.generates[-1].job, items=tokens_of("Light is")))
    step(bench.room).button.click()
    assert bench.engine.cancelled == [bench.engine.generates[-1].job]
    n_before = len(bench.engine.generates)
    bench.engine.finish("cancelled", cancelled=True)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].prefill_ids == [100, 101] and last(bench) == "Light is"


def test_without_a_message_it_waits_for_one(bench: Bench) -> None:
    button, panel = step(bench.room).button, panel_of(bench)
    button.click()
    assert panel.isVisible() and "yours to pick" in panel.hint.text()
    bench.send("Why?")
    tell_choices(bench)
    assert panel.list.isVisible() and bench.engine.generates[-1].max_tokens == 1
    button.click()
    assert not panel.isVisible() and not bench.room.session.is_busy


def test_another_chat_leaves_the_reply_as_it_is(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_3)
    chat_id = bench.room.session.chat_id
    bench.room.session.new_chat()
    bench.settle()
    turn = bench.kept(chat_id).conversation.path()[-1]
    assert turn.content == " creatures" and turn.state == "stopped"
    assert not panel_of(bench).isVisible()


def test_what_the_engine_refuses_is_said_and_can_be_tried_again(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_3)
    job = bench.engine.generates[-1].job
    bench.engine.tell(Failed(job=job, message="The context is full.", hint="Begin a new chat."))
    panel = panel_of(bench)
    assert "context is full" in panel.foot.text()
    panel.buttons["retry"].click()
    tell_choices(bench)
    assert panel.list.isEnabled() and last(bench) == " creatures"


def test_a_finished_reply_is_written_anew_as_a_version(bench: Bench) -> None:
    bench.send("Why?")
    reply_id = answer(bench, [token(0, "Because")])
    step(bench.room).button.click()
    n_before = len(bench.engine.generates)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    tell_choices(bench)
    press(bench, KEYS.Key_1)
    assert last(bench) == " living"
    assert len(bench.room.session.conversation.versions(reply_id)) == 2


def test_ctrl_enter_lets_it_go_on_and_shift_enter_ends_it(bench: Bench) -> None:
    begin(bench)
    press(bench, KEYS.Key_1)
    tell_choices(bench)
    n_before = len(bench.engine.generates)
    QTest.keyClick(panel_of(bench).field, KEYS.Key_Return, Qt.KeyboardModifier.ControlModifier)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].prefill_ids == [71] and not panel_of(bench).isVisible()
    bench.engine.finish()
    bench.settle()
    begin(bench, "And why else?")
    press(bench, KEYS.Key_2)
    tell_choices(bench)
    QTest.keyClick(panel_of(bench).field, KEYS.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert not panel_of(bench).isVisible()
    turn = bench.kept().conversation.path()[-1]
    assert turn.content == " the" and turn.state == "done"


def test_a_step_is_told_in_words(bench: Bench) -> None:
    begin(bench)
    field = panel_of(bench).field
    words = field.accessibleDescription()
    assert words.startswith("1: living 31 % after the samplers 70 %. 2: the 18 %")
    assert "3: creatures 14 % ruled out by the samplers" in words
    press(bench, KEYS.Key_3)
    tell_choices(bench)
    assert field.accessibleDescription().startswith("creatures. 1: living")
    press(bench, KEYS.Key_Down)
    press(bench, KEYS.Key_Down)
    press(bench, KEYS.Key_Down)
    assert field.accessibleDescription().startswith("4: end of the reply 5.0 %")
    press(bench, KEYS.Key_1)
    job = bench.engine.generates[-1].job
    bench.engine.tell(Failed(job=job, message="The worker has stopped.", hint="It starts anew."))
    assert field.accessibleDescription() == "The worker has stopped. It starts anew."
    n_before = len(bench.engine.generates)
    press(bench, KEYS.Key_Return)
    assert len(bench.engine.generates) == n_before + 1, "Enter tries again"


def test_blanks_and_halves_of_characters_are_read_by_their_names() -> None:
    pieces = (b" the", b"\n\n", b" ", b"\t", b"", b"\xf0\x9f")
    assert [spoken_piece(piece) for piece in pieces] == [
        "the",
        "line break line break",
        "blank",
        "tab",
        "nothing",
        "bytes F0 9F",
    ]
