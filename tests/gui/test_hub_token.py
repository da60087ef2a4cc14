"""The token for the hub in the settings: real fields, a keyring of the test, a real worker and a
real HTTP server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.models import hub_token
from engine.paths import Paths
from gui.context import AppContext
from gui.hub_token_section import HubTokenSection
from gui.notices import Notices
from gui.process import EngineProcess
from gui.settings_page import SettingsPage
from gui.settings_store import SettingsStore
from gui.theme import Theme
from tests.engine.test_hub_token import Hub
from tests.fakes.fake_keyring import FileKeyring, LockedKeyring
from tests.keyrings import TOKEN, NoKeyring, keyring_of, use


@pytest.fixture
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with keyring_of(tmp_path, monkeypatch) as path:
        yield path


def shown_section(qtbot: QtBot, context: AppContext) -> HubTokenSection:
    page = SettingsPage(context)
    qtbot.addWidget(page)
    page.resize(1024, 700)
    with qtbot.waitExposed(page):
        page.show()
    section = page.hub_token
    assert not section._was_asked  # it is below what is seen
    page.ensureWidgetVisible(section)
    qtbot.waitUntil(lambda: "Looking" not in section.state.text(), timeout=10_000)
    at_rest(qtbot, section)
    return section


def at_rest(qtbot: QtBot, section: HubTokenSection) -> None:
    qtbot.waitUntil(lambda: not section.keeper.is_busy, timeout=10_000)


def keep(qtbot: QtBot, section: HubTokenSection, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    section.field.setFocus()
    section.field.paste()
    QTest.keyClick(section.field, Qt.Key.Key_Return)
    at_rest(qtbot, section)


def all_words(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel))


def test_a_token_is_pasted_shown_by_its_end_and_removed(
    qtbot: QtBot, context: AppContext, kept_in: Path
) -> None:
    section = shown_section(qtbot, context)
    assert "No token is kept" in section.state.text()
    assert not section.check_button.isEnabled() and not section.remove_button.isEnabled()
    keep(qtbot, section, f" {TOKEN}\n")
    assert section.state.text() == "A token is kept; it ends in …1234."
    assert hub_token.kept_token() == ("keyring", TOKEN)
    # It is nowhere else: not in the field, nor behind its undo, nor in a file of the user's.
    assert section.field.text() == "" and not section.field.isUndoAvailable()
    context.settings.flush()
    files = [one for one in context.paths.home.rglob("*") if one.is_file()]
    assert [one for one in files if TOKEN.encode() in one.read_bytes()] == []
    assert TOKEN[-5:] not in all_words(section)
    QTest.mouseClick(section.remove_button, Qt.MouseButton.LeftButton)
    at_rest(qtbot, section)
    assert "No token is kept" in section.state.text()
    assert json.loads(kept_in.read_text()) == {}


def test_what_is_no_token_is_said_under_the_field(
    qtbot: QtBot, context: AppContext, kept_in: Path
) -> None:
    section = shown_section(qtbot, context)
    keep(qtbot, section, "two words")
    assert "This is no token." in all_words(section)
    assert section.field.text() == "two words" and not kept_in.exists()
    section.field.clear()
    keep(qtbot, section, TOKEN)
    assert "This is no token." not in all_words(section)
    assert hub_token.kept_token().value == TOKEN


def test_the_environments_token_is_named(
    qtbot: QtBot, context: AppContext, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_environment9876")
    section = shown_section(qtbot, context)
    assert section.state.text() == "The environment’s HF_TOKEN is used; it ends in …9876."
    assert section.check_button.isEnabled() and not section.remove_button.isEnabled()
    keep(qtbot, section, TOKEN)
    assert "ends in …1234. It goes before the one in HF_TOKEN." in section.state.text()


def test_a_system_without_a_keyring_is_said_in_one_place(
    qtbot: QtBot, context: AppContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keyring_of(tmp_path, monkeypatch, NoKeyring):
        section = shown_section(qtbot, context)
        assert "This system has no keyring" in section.state.text()
        assert "Set HF_TOKEN" in section.state.text()
        assert not section.field.isEnabled() and not section.keep_button.isEnabled()
        assert context.notices.banners.banners == []


def test_a_keyring_that_refuses_keeps_what_was_pasted(
    qtbot: QtBot, context: AppContext, kept_in: Path, tmp_path: Path
) -> None:
    section = shown_section(qtbot, context)
    use(LockedKeyring)
    keep(qtbot, section, TOKEN)
    (banner,) = context.notices.banners.banners
    assert "did not do it" in banner.message
    assert TOKEN not in f"{banner.message} {banner.hint} {banner.detail}"
    assert section.field.text() == TOKEN and section.keep_button.isEnabled()


class SlowKeyring(FileKeyring):
    """Waits until it is let go, as for a person who unlocks it."""

    go = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.go.wait(20)
        return super().get_password(service, username)


def test_a_keyring_that_waits_holds_up_nothing(
    qtbot: QtBot, context: AppContext, kept_in: Path
) -> None:
    SlowKeyring.go.clear()
    use(SlowKeyring)
    section = HubTokenSection(context)
    qtbot.addWidget(section)
    try:
        with qtbot.waitExposed(section):
            section.show()
        qtbot.waitUntil(lambda: section.keeper.is_busy)
        assert "Looking" in section.state.text()
        assert not section.keep_button.isEnabled()
    finally:
        SlowKeyring.go.set()
    at_rest(qtbot, section)
    assert "No token is kept" in section.state.text() and section.keep_button.isEnabled()


def test_a_page_that_goes_waits_for_no_keyring(
    qtbot: QtBot, context: AppContext, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.hub_token.WAIT_S", 0.05)
    SlowKeyring.go.clear()
    use(SlowKeyring)
    section = HubTokenSection(context)
    section.keeper.look()
    (thread,) = section.keeper._threads
    section.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert thread.is_alive() and thread.daemon
    SlowKeyring.go.set()
    thread.join(20)
    assert not thread.is_alive()


# ---- the check ----


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Hub.asked.clear()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", url)
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def real_context(
    qtbot: QtBot, qapp: QApplication, paths: Paths, kept_in: Path, endpoint: str
) -> Iterator[AppContext]:
    """The window's services with the engine's own worker, online."""
    settings, engine = SettingsStore(paths.settings), EngineProcess(paths)
    theme = Theme(qapp)
    made = AppContext(paths, settings, theme, engine, Notices(theme))
    made.connections.set_offline(False)
    with qtbot.waitSignal(engine.became_ready, timeout=30_000):
        engine.start()
    yield made
    engine.stop_and_wait()
    settings.flush()


def check(qtbot: QtBot, section: HubTokenSection) -> str:
    QTest.mouseClick(section.check_button, Qt.MouseButton.LeftButton)
    assert not section.check_button.isEnabled()
    qtbot.waitUntil(section.check_button.isEnabled, timeout=30_000)
    return section.answer.text()


def test_a_token_is_checked_by_a_worker(
    qtbot: QtBot, real_context: AppContext, endpoint: str
) -> None:
    section = shown_section(qtbot, real_context)
    assert endpoint.removeprefix("http://") in all_words(section)
    keep(qtbot, section, TOKEN)
    assert Hub.asked == []  # to keep one is to ask nobody
    assert check(qtbot, section) == "The hub takes it: it is a token of ann; it may read."
    assert Hub.asked == [("/api/whoami-v2", f"Bearer {TOKEN}")]
    (entry,) = real_context.connections.entries
    assert (entry.host, entry.why, entry.end) == ("127.0.0.1", "whose your token is", "done")
    keep(qtbot, section, "hf_revokedREVOKED9999")
    assert section.answer.text() == ""
    assert "does not take this token" in check(qtbot, section)
    real_context.connections.set_offline(True)
    assert "offline" in check(qtbot, section)
    assert len(Hub.asked) == 2


def test_the_hubs_page_opens_in_the_browser(
    qtbot: QtBot, context: AppContext, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def take_the_first(url: QUrl) -> bool:
        opened.append(url.toString())
        return len(opened) == 1

    monkeypatch.setattr(QDesktopServices, "openUrl", take_the_first)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    section = shown_section(qtbot, context)
    section.page_button.click()
    assert opened == ["https://huggingface.co/settings/tokens"]
    assert context.connections.entries[0].end == "browser"
    section.page_button.click()
    (banner,) = context.notices.banners.banners
    assert "No browser" in banner.message and opened[0] in banner.hint


@pytest.mark.parametrize("font_px", [13, 20])
def test_all_of_it_is_seen_and_reached(
    qtbot: QtBot, context: AppContext, kept_in: Path, font_px: int
) -> None:
    hub_token.keep_token(TOKEN)
    context.theme.set_font_px(font_px)
    section = shown_section(qtbot, context)
    page = section.parentWidget()
    controls = [
        section.field,
        section.keep_button,
        section.check_button,
        section.remove_button,
        section.page_button,
    ]
    for one in controls:
        assert one.toolTip() and (one.accessibleName() or one.text())  # type: ignore[attr-defined]
        assert one.size().expandedTo(one.minimumSizeHint()) == one.size()
        assert page is not None and section.rect().contains(one.geometry())
        assert one.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert section.size() != QSize()
