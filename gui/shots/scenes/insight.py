"""What happened inside: the tokens received, how sure the model was, picking by hand, replays."""

from math import exp

from gui.chat.certainty import CertaintyFeature
from gui.chat.received import Received
from gui.chat.replay import Replay
from gui.chat.step import StepFeature
from gui.shots.questions import DEEPEST, DUSK, OCEAN, SKY, SLEEP, TIDE, TIPS
from gui.shots.scenes.scene import scene
from gui.shots.stage import SETTINGS, SMALL_PX, Stage

CERTAIN = SETTINGS.with_value("certainty", True).with_value("temperature", 0.3)
UNSURE = 0.5  # a token below this probability is one to look at
N_PICKED = 14
SMALL_CONTEXT = 512


def received(stage: Stage) -> None:
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    _open_received(stage)
    stage.take("received")
    view = stage.feature(Received).view
    stage.until(view.new_toggle.isEnabled, "the turn before is compared with")
    view.new_toggle.click()
    stage.take("received-new")
    stage.feature(Received).leave()


def received_small(stage: Stage) -> None:
    stage.window.resize(*SMALL_PX)
    stage.chat(TIPS, DEEPEST)
    _open_received(stage)
    stage.take("received-small")
    stage.feature(Received).leave()


def received_large_font(stage: Stage) -> None:
    stage.enlarge()
    stage.chat(TIPS, DEEPEST)
    _open_received(stage)
    stage.take("received-large-font")
    stage.feature(Received).leave()


def overflow(stage: Stage) -> None:
    """The first turns do not fit any more, and that is said."""
    _fill_context(stage)
    stage.take("overflow")
    stage.load()


def _fill_context(stage: Stage) -> None:
    """More turns than a small context holds; the model stays loaded with it."""
    stage.load(n_ctx=SMALL_CONTEXT)
    dropping = SETTINGS.with_value("overflow", "drop_oldest")
    stage.chat(SLEEP, SKY, OCEAN, TIDE, settings=dropping)


def received_overflow(stage: Stage) -> None:
    """The first turns were left out: where they stood is said."""
    stage.hide_details()
    _fill_context(stage)
    _open_received(stage)
    stage.take("received-overflow")
    stage.feature(Received).leave()
    stage.load()


def _open_received(stage: Stage) -> None:
    feature = stage.feature(Received)
    feature.open_last()
    stage.until(feature.view.tokens.isVisible, "the tokens are there")


def certainty(stage: Stage) -> None:
    """Tokens in the colours of their probability, and what else could have stood at one."""
    stage.hide_details()
    _certain_chat(stage)
    stage.take("certainty")
    _take_popup(stage, "certainty-popup")


def certainty_small(stage: Stage) -> None:
    stage.window.resize(*SMALL_PX)
    _certain_chat(stage)
    _take_popup(stage, "certainty-small")


def certainty_large_font(stage: Stage) -> None:
    stage.enlarge()
    _certain_chat(stage)
    _take_popup(stage, "certainty-large-font")


def _certain_chat(stage: Stage) -> None:
    """A coloured chat, with a reply in which Markdown is rendered."""
    stage.chat(TIPS, DEEPEST, settings=CERTAIN, name="certain", is_good=_has_bold)
    stage.room.work.transcript.setFocus()


def _has_bold(stage: Stage) -> bool:
    return "**" in stage.room.session.conversation.path()[1].content


def _take_popup(stage: Stage, name: str) -> None:
    transcript, popup = stage.room.work.transcript, stage.feature(CertaintyFeature).popup
    reply_id = stage.room.session.conversation.path()[-1].id

    def point() -> None:
        marks = transcript.marks_of(reply_id)
        assert marks is not None, "the chat is coloured"
        unsure = [
            place
            for place, token in enumerate(marks.tokens)
            if exp(token.logprob or 0.0) < UNSURE and token.text.strip().isalpha()
        ]
        transcript.token_pointed.emit(reply_id, unsure[0], True)
        stage.until(popup.popup.isVisible, "the alternatives are shown")

    stage.take(name, point, popup.close)


def step(stage: Stage) -> None:
    """A person picks each token."""
    stage.hide_details()
    stage.new_chat(SETTINGS.with_value("temperature", 0.8))
    feature, work = stage.feature(StepFeature), stage.room.work
    work.composer.edit.setPlainText(SKY)
    feature.button.click()
    for n in range(N_PICKED):
        _until_listed(stage, feature, n)
        feature.panel.picked.emit(feature.panel.candidates()[0])
    _until_listed(stage, feature, N_PICKED)
    stage.take("step")
    stage.window.resize(*SMALL_PX)
    stage.take("step-small")
    feature.panel.leave_asked.emit()
    stage.wait_for_end()
    stage.forget()


def _until_listed(stage: Stage, feature: StepFeature, n_picked: int) -> None:
    """What can follow so many picks stands in the panel."""

    def is_listed() -> bool:
        run = feature.run
        return run is not None and len(run.picked) == n_picked and run.top is not None

    stage.until(is_listed, "the next tokens are listed")


def replay_same(stage: Stage) -> None:
    """The same words again, to the last token."""
    stage.hide_details()
    stage.chat(TIPS, DEEPEST)
    _replay(stage)
    stage.take("replay-same")


def replay_different(stage: Stage) -> None:
    """The question was changed since: other words, side by side, and why."""
    stage.hide_details()
    stage.chat(SKY, name="replayed")
    session = stage.room.session
    session.save_text(session.conversation.path()[0].id, DUSK)
    _replay(stage)
    stage.take("replay-different")
    stage.forget()


def _replay(stage: Stage) -> None:
    feature = stage.feature(Replay)
    feature.replay_last()
    stage.until(lambda: feature.strip.isVisible() and not feature.is_running, "it was replayed")


SCENES = (
    scene(received, "received", "received-new"),
    scene(received_small, "received-small"),
    scene(received_large_font, "received-large-font"),
    scene(overflow, "overflow"),
    scene(received_overflow, "received-overflow"),
    scene(certainty, "certainty", "certainty-popup"),
    scene(certainty_small, "certainty-small"),
    scene(certainty_large_font, "certainty-large-font"),
    scene(step, "step", "step-small"),
    scene(replay_same, "replay-same"),
    scene(replay_different, "replay-different"),
)
