"""What the model really received: bands, what was left out, what is new, whether it is exact; and
the view, by mouse and keys.
"""

import time
from collections.abc import Callable
from zlib import crc32

import msgspec
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.messages import ChatMessage, Failed, Render, Rendered, Span, Token
from gui.chat.receipt import Given, has_receipt, read_receipt
from gui.chat.received import Received
from gui.chat.received_prompt import Prompt, first_new, ids_hash, ids_of, kept_since, prompt_of
from gui.chat.received_view import ReceivedView
from gui.theme import Theme
from tests.fakes.fake_engine import model_info
from tests.fakes.rendered import int32, rendered_chat, rendered_text
from tests.gui.chat_room_helpers import Bench, bench, context
from tests.gui.receipts import finish, result_of, turn, words

__all__ = ["bench", "context"]


def said(*contents: str) -> tuple[ChatMessage, ...]:
    """Messages by turns of user and assistant."""
    roles = ("user", "assistant")
    return tuple(ChatMessage(role=roles[at % 2], content=one) for at, one in enumerate(contents))  # type: ignore[arg-type]  # a Role


def templated(given: Given, own_system: str = "", close: str = "<|im_end|>") -> Rendered:
    """A chat in ChatML: <|...|> special, a token a word."""
    text, spans, marks, starts = "", [], [], []

    def add(piece: str, *, is_special: bool = False) -> None:
        nonlocal text
        if is_special:
            marks.append((len(text), len(text) + len(piece)))
        starts.append(len(text))
        text += piece

    def add_words(content: str) -> None:
        for at, word in enumerate(content.split(" ")):
            add(f" {word}" if at else word)

    if own_system:
        for piece in ("<|im_start|>", "system", "\n", own_system, close, "\n"):
            add(piece, is_special=piece.startswith("<|"))
    for number, message in enumerate(given.sources):
        if number in given.dropped:
            continue
        add("<|im_start|>", is_special=True)
        add(message.role)
        add("\n")
        spans.append(Span(len(text), len(text) + len(message.content), number))
        add_words(message.content)
        add(close, is_special=True)
        add("\n")
    for piece in ("<|im_start|>", "assistant", "\n"):
        add(piece, is_special=piece.startswith("<|"))
    if given.prefill:
        spans.append(Span(len(text), len(text) + len(given.prefill), len(given.sources)))
        add_words(given.prefill)
    # The same piece is the same token wherever it stands.
    ends = [*starts[1:], len(text)]
    pieces = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    ids = int32([crc32(piece.encode()) % 40_000 for piece in pieces])
    return msgspec.structs.replace(rendered_text(text, spans, starts, marks), ids=ids)


def bands(prompt: Prompt) -> list[tuple[str, str]]:
    return [(band.title, prompt.tokens.text(band.start, band.end)) for band in prompt.bands]


# ---- bands ----


def test_each_message_is_a_band_with_what_the_template_wrote_around_it() -> None:
    given = Given(said("Why is it dark?", "Water.", "As a haiku."), is_raw=False)
    prompt = prompt_of(templated(given, own_system="Be kind."), given)
    assert bands(prompt) == [
        ("Template", "<|im_start|>system\nBe kind.<|im_end|>\n"),
        ("You", "<|im_start|>user\nWhy is it dark?<|im_end|>\n"),
        ("Model", "<|im_start|>assistant\nWater.<|im_end|>\n"),
        ("You", "<|im_start|>user\nAs a haiku.<|im_end|>\n"),
        ("Reply begins", "<|im_start|>assistant\n"),
    ]
    assert sum(prompt.tokens.special) == 9


def test_a_prefill_and_tokens_given_again_are_how_the_reply_begins() -> None:
    given = Given(said("Why?"), is_raw=False, prefill="Blue sinks", prefill_ids=(300, 301))
    prompt = prompt_of(templated(given), given, words(" then", " it"))
    assert bands(prompt)[-1] == ("Reply begins", "<|im_start|>assistant\nBlue sinks then it")
    assert list(prompt.tokens.ids[-2:]) == [300, 301]


def test_what_was_left_out_stands_at_its_place() -> None:
    sources = said("First things first.", "Yes.", "And then?", "Well.", "Why is it dark?")
    given = Given(sources, is_raw=False, dropped=(0, 1, 2, 3))
    prompt = prompt_of(templated(given, own_system="Be kind."), given, (), 412)
    notes = [band.note for band in prompt.bands]
    assert [band.title for band in prompt.bands] == ["Template", "You", "Reply begins"]
    assert notes[0] == notes[2] == ""
    assert notes[1].startswith("4 messages, 412 tokens left out to fit the context: “First things")


def test_a_template_without_special_tokens_still_has_bands() -> None:
    given = Given(said("Hello.", "Hi.", "Why?"), is_raw=False)
    rendered = rendered_chat(Render(job=1, messages=list(given.sources)))
    plain = rendered_text(rendered.text, rendered.spans)
    titles = [band.title for band in prompt_of(plain, given).bands]
    assert titles == ["You", "Model", "You"]


def test_a_raw_text_shows_its_turns() -> None:
    given = Given(said("Once upon a time", " there was a sea.", " Then"), True, prefill=" it")
    rendered = rendered_chat(given.render(1))
    assert rendered.text == "Once upon a time there was a sea. Then it"
    prompt = prompt_of(rendered, given)
    assert [band.title for band in prompt.bands] == ["Text", "Model", "Text", "Reply begins"]
    assert prompt.bands[0].start == 0 and prompt.bands[-1].end == len(prompt.tokens)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        ([1, 2, 3], [1, 2, 3, 4, 5], ((0, 3),)),
        ([1, 2, 9, 9, 5, 6], [1, 2, 5, 6, 7], ((0, 2), (2, 4))),
        ([1, 2, 3], [1, 8, 3], ((0, 1),)),
        ([], [1], ()),
        ([5, 5, 5, 6], [5, 5, 6, 7], ((0, 2),)),
        ([4], [3], ()),
    ],
)
def test_what_is_new_since_the_turn_before(
    before: list[int], now: list[int], kept: tuple[tuple[int, int], ...]
) -> None:
    assert kept_since(before, now)[:1] == kept[:1]
    if len(kept) > 1:
        assert kept_since(before, now) == kept
    assert first_new(kept) == (kept[0][1] if kept else 0)


@pytest.mark.parametrize(
    "made_with", [None, [], {"prompt_hash": ""}, {"prompt_hash": "ab", "slices": "all"}]
)
def test_a_spoilt_receipt_is_none(made_with: object) -> None:
    assert read_receipt({"made_with": made_with}) is None


def test_8_000_tokens_are_on_the_screen_at_once(qtbot: QtBot, bench: Bench) -> None:
    """The issue allows 100 ms on a quiet machine; five times as much where tests run."""
    contents = ["Why is it dark below a thousand metres? " * 30, "Water absorbs light. " * 60] * 20
    given = Given(said(*contents, "And now?"), is_raw=False)
    rendered = templated(given)
    assert rendered.ids.shape[0] > 8_000
    view = shown_view(qtbot, bench.context.theme)
    began_s = time.perf_counter()
    view.show_prompt(prompt_of(rendered, given), 6_000)
    view.grab()
    assert time.perf_counter() - began_s < 0.5
    view.hide()


def shown_view(qtbot: QtBot, theme: Theme) -> ReceivedView:
    view = ReceivedView(theme)
    qtbot.addWidget(view)
    view.resize(800, 600)
    with qtbot.waitExposed(view):
        view.show()
    return view


# ---- in the room ----


def feature(bench: Bench) -> Received:
    return next(one for one in bench.room.features if isinstance(one, Received))


def open_received(bench: Bench) -> ReceivedView:
    """Click the button and let the engine answer."""
    received = feature(bench)
    received.button.click()
    answer_renders(bench, lambda: not received.view.tokens.isHidden())
    return received.view


def answer_renders(bench: Bench, is_so: Callable[[], bool]) -> None:
    def answered() -> bool:
        bench.engine.answer()
        return is_so()

    bench.qtbot.waitUntil(answered)


def test_the_button_opens_the_last_replys_exact_prompt(bench: Bench) -> None:
    assert not feature(bench).button.isEnabled()
    turn(bench, "Why is it dark below?", words("Water", " absorbs", " light", "."))
    turn(bench, "Write that as a haiku.", words("Blue", " sinks", "."))
    view = open_received(bench)
    assert bench.room.work.pages.currentWidget() is view
    assert not bench.room.work.composer.isVisible()
    assert view.verdict.text() == "Exactly what the model received, to the last token."
    assert view.tokens.tokens.text().startswith("<user>Why is it dark below?")
    assert "4 from the cache" in view.facts.text()
    assert view.tokens.marks.n_reused == 4
    # What is new since the turn before.
    answer_renders(bench, view.new_toggle.isEnabled)
    view.new_toggle.click()
    kept = view.tokens.marks.kept
    assert view.tokens.marks.shows_new and kept[0][0] == 0
    assert view.tokens.found == (kept[0][1], kept[0][1] + 1)
    before = "<user>Why is it dark below?"
    assert len(before) - 4 < kept[0][1] * 4 <= len(before) + 4


def test_esc_goes_back_and_leaves_the_reply_alone(bench: Bench) -> None:
    turn(bench, "Why?", words("Because", "."))
    view = open_received(bench)
    QTest.keyClick(view.tokens, Qt.Key.Key_Escape)
    assert bench.room.work.pages.currentWidget() is bench.room.work.transcript
    assert bench.room.work.composer.isVisible()
    assert bench.engine.cancelled == []


def test_the_menu_opens_any_reply_by_mouse_and_key(bench: Bench) -> None:
    first = turn(bench, "Why?", words("Because", "."))
    turn(bench, "Really?", words("Yes", "."))
    transcript = bench.room.work.transcript
    transcript.setFocus()
    transcript.current_message = 1
    QTest.keyClick(transcript, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    view = feature(bench).view
    answer_renders(bench, lambda: not view.tokens.isHidden())
    assert "Really" not in view.tokens.tokens.text()
    view.back.click()
    lines = transcript.menu_at(transcript.rect().center().toPointF()).actions()
    assert any(line.text() == "What the model received" for line in lines)
    transcript.action_requested.emit("received", first)
    answer_renders(bench, lambda: not view.tokens.isHidden())
    assert "Really" not in view.tokens.tokens.text()


def test_search_special_tokens_and_copying(bench: Bench) -> None:
    turn(bench, "Why is it dark below?", words("Water", "."))
    view = open_received(bench)
    QTest.keyClick(view.tokens, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    view.search.setText("dark")
    first, end = view.tokens.found
    assert "dark" in view.tokens.tokens.text(first, end)
    view.search.setText("nowhere")
    assert view.tokens.found[0] == -1 and "not in these tokens" in view.info.text()
    view.special_button.click()
    assert view.tokens.tokens.is_special(view.tokens.current)
    view.ids_button.click()
    assert QGuiApplication.clipboard().text().startswith("[0, 4, 8")
    view.text_button.click()
    assert QGuiApplication.clipboard().text() == "<user>Why is it dark below?"


def test_an_edited_message_is_said_to_be_another_prompt(bench: Bench) -> None:
    reply = turn(bench, "Why is it dark below?", words("Water", "."))
    conversation = bench.room.session.conversation
    question = conversation.path()[0]
    conversation.change(question.id, content="Why is it light high above the sea?")
    feature(bench).open(reply)
    view = feature(bench).view
    answer_renders(bench, lambda: not view.tokens.isHidden())
    assert "was changed since" in view.verdict.text()
    assert view.tokens.marks.n_reused == -1
    assert view.load_button.isHidden()


def test_another_model_is_named_and_can_be_loaded(bench: Bench) -> None:
    reply = turn(bench, "Why?", words("Because", "."))
    details = bench.room.session.conversation.turn(reply).details
    details["made_with"] |= {
        "fingerprint": "other",
        "prompt_hash": "cd" * 32,
        "model_path": "/models/Other.gguf",
        "model_file": "Other.gguf",
    }
    view = open_received(bench)
    assert "Other.gguf" in view.verdict.text() and view.load_button.isVisible()
    view.load_button.click()
    assert bench.room.loader.wanted_path == "/models/Other.gguf"


def test_a_template_that_refuses_says_so(bench: Bench) -> None:
    turn(bench, "Why?", words("Because", "."))
    feature(bench).button.click()
    job = next(one.job for one in reversed(bench.engine.requests) if isinstance(one, Render))
    bench.engine.tell(Failed(job=job, message="The template refuses.", hint="Change it."))
    view = feature(bench).view
    assert view.verdict.text() == "The template refuses. Change it."
    assert view.tokens.isHidden() and not view.search.isEnabled()


def test_an_older_reply_says_that_nothing_was_noted(bench: Bench) -> None:
    bench.ask("Why?", "Because it is.")
    reply = bench.room.session.conversation.path()[-1]
    reply.details.pop("made_with", None)
    view = open_received(bench)
    assert "was not noted" in view.verdict.text()


def test_another_chat_leaves_the_view(bench: Bench) -> None:
    turn(bench, "Why?", words("Because", "."))
    open_received(bench)
    bench.room.session.new_chat()
    assert not feature(bench).is_open
    assert not feature(bench).button.isEnabled()


def test_tokens_given_again_are_shown_with_their_bytes(bench: Bench) -> None:
    reply = turn(bench, "Why?", words("Because", " it", " is", "."))
    n_before = len(bench.engine.generates)
    bench.room.session.fork(reply, [300, 301], "Because it")
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    request = bench.engine.generates[-1]
    assert request.prefill_ids == [300, 301]
    rendered = rendered_chat(Render(job=0, messages=request.messages or []))
    result = result_of(request, words(" was", "."))
    hashed = ids_hash([*ids_of(rendered), 300, 301])
    finish(bench, words(" was", ".", first_id=500), replace(result, prompt_hash=hashed))
    view = open_received(bench)
    assert view.verdict.text().startswith("Exactly")
    assert view.tokens.tokens.text() == "<user>Why?Because it"
    assert view.tokens.tokens.piece(len(view.tokens.tokens) - 1) == b" it"


def test_a_base_models_reply_is_shown_as_raw_text(bench: Bench) -> None:
    bench.engine.model = model_info(template="none", name="Base")
    with bench.qtbot.waitSignal(bench.room.loader.model_loaded):
        bench.room.loader.load("/models/Base.gguf")
        bench.engine.answer()
    turn(bench, "Once upon a time", words(" there", " was"))
    view = open_received(bench)
    assert view.tokens.tokens.text() == "Once upon a time"
    assert view.verdict.text().startswith("Exactly")
    assert [band.title for band in view.tokens.bands] == ["Text"]


def test_the_button_is_its_icon_where_the_header_is_narrow(bench: Bench) -> None:
    button = feature(bench).button
    assert button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextOnly
    assert button.minimumSizeHint().width() < button.sizeHint().width() / 2
    bench.room.work.header.setFixedWidth(bench.room.work.header.minimumSizeHint().width())
    only_icon = Qt.ToolButtonStyle.ToolButtonIconOnly
    bench.qtbot.waitUntil(lambda: button.toolButtonStyle() == only_icon)
    assert button.accessibleName() == "Tokens received"


def test_receipts_are_told_cheaply() -> None:
    assert has_receipt({"made_with": {"prompt_hash": "ab"}})
    assert not has_receipt({}) and not has_receipt({"made_with": "?"})
    assert isinstance(words("a")[0], Token)
