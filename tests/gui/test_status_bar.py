"""The line at the window's foot: model, speed, memory, and the graphics card that is left idle."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.process import messages as m
from gui.build_info import BuildInfo, read_build_info
from gui.context import AppContext
from gui.status_bar import StatusBar


@pytest.fixture
def status(context: AppContext, qtbot: QtBot) -> StatusBar:
    bar = StatusBar(context.theme, context.engine, BuildInfo(), context.connections)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def info(name: str) -> m.ModelInfo:
    return m.ModelInfo(
        path="/models/a.gguf",
        name=name,
        architecture="llama",
        size_bytes=1,
        quantisation="Q4_1",
        n_params=1,
        n_vocab=1,
        n_ctx_train=1,
        n_layer=1,
        n_embd=1,
        n_head=1,
        n_head_kv=1,
        vocab_type="BPE",
        template="file",
    )


def test_the_status_bar_tells_model_and_speed(status: StatusBar, context: AppContext) -> None:
    engine = context.engine
    assert status.model.text() == "No model loaded"
    load_it = m.Load(job=1, path="/models/a.gguf")
    engine.job_began.emit(load_it)
    assert status.model.text() == "Loading a model"
    engine.job_ended.emit(load_it, m.Done(job=1, result=info("SmolLM2 135M Instruct")))
    assert status.model.text() == "SmolLM2 135M Instruct"
    ask = m.Generate(job=2, prompt="x")
    engine.job_began.emit(ask)
    reply = m.Generated(
        replies=[],
        n_prompt=1,
        n_reused=0,
        n_decoded=1,
        n_generated=1,
        tokens_per_s=151.6,
        first_token_ms=1.0,
        slices=[1],
        n_threads=2,
    )
    engine.job_ended.emit(ask, m.Done(job=2, result=reply))
    assert status.speed.text() == "152 tok/s"
    unload = m.Unload(job=3)
    engine.job_ended.emit(unload, m.Done(job=3, result=m.Nothing()))
    assert status.model.text() == "No model loaded"


def test_the_status_bar_shows_the_speed_while_a_reply_is_written(
    status: StatusBar, context: AppContext, qtbot: QtBot
) -> None:
    status._speed_timer.setInterval(30)
    ask = m.Generate(job=2, prompt="x")
    context.engine.job_began.emit(ask)
    context.engine.n_tokens_received += 5
    qtbot.waitUntil(lambda: "tok/s" in status.speed.text())
    context.engine.job_ended.emit(ask, m.Cancelled(job=2))


def test_the_status_bar_shows_the_workers_memory(
    status: StatusBar, context: AppContext, qtbot: QtBot
) -> None:
    context.engine.start()
    qtbot.waitUntil(lambda: status.memory.text().startswith("RAM 0.0"), timeout=10_000)


def test_a_gpu_beside_a_cpu_build_is_said_with_the_command(
    qtbot: QtBot, context: AppContext, tmp_path: Path
) -> None:
    file = tmp_path / "bathysphere-build.json"
    file.write_text(
        '{"backend": "cpu", "gpus_seen": ["GeForce 9"], "suggested_backend": "cuda"}', "utf-8"
    )
    bar = StatusBar(context.theme, context.engine, read_build_info(tmp_path), context.connections)
    qtbot.addWidget(bar)
    bar.show()
    assert bar.build_note.isVisible() and "GeForce 9" in bar.build_note.text()
    assert "make setup BACKEND=cuda" in bar.build_note.text() + bar.build_note.toolTip()


@pytest.mark.parametrize(
    "build",
    [
        BuildInfo(),
        BuildInfo("cpu"),
        BuildInfo("cuda", ("GeForce 9",)),
        BuildInfo("cpu", ("GeForce 9",), ""),
    ],
)
def test_no_gpu_note_where_there_is_nothing_to_do(
    qtbot: QtBot, context: AppContext, build: BuildInfo
) -> None:
    bar = StatusBar(context.theme, context.engine, build, context.connections)
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.build_note.isVisible()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"gpus_seen": 3}'])
def test_a_spoilt_build_file_is_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "bathysphere-build.json").write_text(text, "utf-8")
    assert read_build_info(tmp_path) == BuildInfo()
