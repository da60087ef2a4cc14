"""The machine is held awake by the system's own means, and let go."""

import os
import stat
import sys
from pathlib import Path

import psutil
import pytest

from finetune.run.awake import awake_command, kept_awake
from tests.engine.waiting import wait_for


@pytest.mark.skipif(sys.platform != "linux", reason="the helper of Linux")
def test_a_helper_holds_it_as_long_as_the_block_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "systemd-inhibit"
    noted = tmp_path / "noted"
    helper.write_text(f'#!/bin/sh\necho "$@" > {noted}\nexec cat\n')
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    before = set(psutil.Process().children())
    with kept_awake("“Ada” is being trained") as is_kept:
        assert is_kept
        wait_for(lambda: noted.exists() and "\n" in noted.read_text())
        held = set(psutil.Process().children()) - before
        assert held
        assert "--what=sleep:idle" in noted.read_text() and "“Ada”" in noted.read_text()
    assert not any(one.is_running() for one in held)


def test_a_system_without_such_means_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with kept_awake("nothing") as is_kept:
        assert is_kept == (sys.platform == "win32")


def test_each_system_has_its_own() -> None:
    assert awake_command("darwin", "why", 7) == ["caffeinate", "-i", "-w", "7"]
    assert awake_command("linux", "why", 7)[0] == "systemd-inhibit"
    assert awake_command("sunos5", "why", 7) == []
