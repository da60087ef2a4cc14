"""The window's side of the engine worker: starts it, speaks with it, sees it die, hang or
babble, and starts it again.

The only file of the window that knows child processes. Everything runs on the window's thread
and nothing waits, except `stop_and_wait` for the very end. What the wire means is
engine/process/session.py's; what the events mean is the rooms'.
"""

import itertools
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import engine
from engine.paths import Paths
from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Failed,
    KeepStates,
    Load,
    Tokens,
)
from engine.process.session import TICK_S, Session
from engine.process.wire import WireError
from gui import process_tree
from gui.engine_log import EngineLog

Listener = Callable[[AnyEvent], None]

MAX_RESTARTS = 3
RESTART_WINDOW_S = 60.0
RESTART_DELAYS_MS = (100, 500, 2000)
ASK_MS = 1000  # after stdin was closed: how long until it is told to terminate
KEEP_MS = 1500  # how long the end may wait for chats' KV states to be written
TERMINATE_MS = 1000  # and from there until it is killed


class EngineProcess(QObject):
    """One engine worker, kept alive.

    A job's listener hears its events in order, last exactly one of Done, Cancelled, Failed,
    also when the worker dies. Job numbers are never used twice, across restarts too.
    """

    became_ready = Signal()  # a worker answers; also after each restart
    died = Signal(str, str, str)  # message, hint, detail; not told for a stop that was asked for
    stopped = Signal()  # the worker is gone because stop() was asked for
    job_began = Signal(object)  # the request
    job_ended = Signal(object, object)  # the request and its Done, Cancelled or Failed

    def __init__(
        self, paths: Paths, command: list[str] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.log = EngineLog(paths.logs / "engine.log")
        self.n_tokens_received = 0
        # Asked before a request is sent: the Failed it gets instead, None to let it through.
        self.gate: Callable[[AnyRequest], Failed | None] | None = None
        self._command = command or [sys.executable, "-m", "engine.process.worker"]
        self._jobs = itertools.count(1)
        self._process: QProcess | None = None
        self._session: Session | None = None
        self._is_hearing = False
        self._is_stopping = False
        self._is_terminating = False
        self._has_given_up = False
        self._reason = ""
        self._pid = 0
        self._has_model = False
        self._restarts_s: deque[float] = deque(maxlen=MAX_RESTARTS)
        self._heartbeat = QTimer(self, interval=round(TICK_S * 1000))
        self._heartbeat.timeout.connect(self._on_heartbeat)
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._launch)
        self._escalation = QTimer(self, singleShot=True)
        self._escalation.timeout.connect(self._on_escalation_due)

    # ---- asking ----

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def is_ready(self) -> bool:
        return self._session is not None and self._session.ready is not None

    @property
    def has_given_up(self) -> bool:
        """It died too often: restart() is a person's to ask for."""
        return self._has_given_up

    @property
    def pid(self) -> int:
        """Process id of the worker; 0 while there is none."""
        return self._pid if self.is_running else 0

    def rss_bytes(self) -> int:
        """The worker's memory in RAM; 0 while there is none."""
        return process_tree.rss_bytes(self.pid) if self.pid else 0

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        """Send the request that make_request builds for a job number.

        Returns:
            The job's number, for cancel(). on_event is never called before this returns.
        """
        job = next(self._jobs)
        request = make_request(job)
        self.job_began.emit(request)
        listener = self._observed(request, on_event)
        refusal = self.gate(request) if self.gate is not None else None
        if refusal is not None:
            QTimer.singleShot(0, self, lambda: listener(refusal))
        elif self._session is None:
            QTimer.singleShot(0, self, lambda: listener(self._not_running(job)))
        else:
            self._session.submit(request, listener)
        return job

    def cancel(self, job: int) -> None:
        """Ask a job to end. Its listener hears the end; a job that is over already is fine."""
        if self._session is not None:
            self._session.cancel(job)

    def _observed(self, request: AnyRequest, on_event: Listener) -> Listener:
        def hear(event: AnyEvent) -> None:
            if isinstance(event, Tokens):
                self.n_tokens_received += len(event.items)
            try:
                on_event(event)
            except Exception:
                # A bug in one room: reported as one, and the frames behind this one reach the
                # other rooms.
                sys.excepthook(*sys.exc_info())
            if isinstance(event, Done | Cancelled | Failed):
                self.job_ended.emit(request, event)
                self._has_model |= isinstance(request, Load) and isinstance(event, Done)

        return hear

    def _not_running(self, job: int) -> Failed:
        return Failed(
            job=job,
            message=self.tr("The engine is not running."),
            hint=self.tr("It starts again by itself after a failure; try once more in a moment."),
            detail=self.log.tail(),
        )

    # ---- life ----

    def start(self) -> None:
        """Start the worker, at once where it was to be restarted; does nothing while one runs."""
        if self._process is None:
            self._restart.stop()
            self._is_stopping = False
            self._launch()

    def restart(self) -> None:
        """Start again after the engine gave up; the count of failures begins anew."""
        self._restarts_s.clear()
        self._restart.stop()
        self.start()

    def stop(self) -> None:
        """Close the worker's stdin, terminate it after a second, kill it after two; `stopped`
        tells the end."""
        self._restart.stop()
        if self._process is None or self._is_stopping:
            return
        self._is_stopping = True
        self._is_terminating = False
        self._heartbeat.stop()
        self._process.closeWriteChannel()
        self._escalation.start(ASK_MS)

    def stop_and_wait(self) -> None:
        """The same, waiting for the end (at most about three seconds); for the last moment of
        the app and of a test."""
        self._keep_states()
        self.stop()
        process = self._process
        if process is None or process.waitForFinished(ASK_MS):
            return
        process.terminate()
        if not process.waitForFinished(TERMINATE_MS):
            process_tree.end_tree(self._pid)
            process.waitForFinished(ASK_MS)

    def _keep_states(self) -> None:
        """Let the worker write idle chats' KV states, so that they go on warm next time; waits
        at most KEEP_MS."""
        if self._process is None or self._session is None or not self._has_model:
            return
        for job in self._session.open_jobs:
            self.cancel(job)
        ended: list[AnyEvent] = []
        self.submit(lambda job: KeepStates(job=job), ended.append)
        give_up_s = time.monotonic() + KEEP_MS / 1000
        while not ended and self.is_running and time.monotonic() < give_up_s:
            self._process.waitForReadyRead(KEEP_MS // 10)

    def kill(self, reason: str) -> None:
        """End the worker and its children now; it counts as died, for the reason given."""
        self._reason = self._reason or reason
        if self._process is not None:
            process_tree.end_tree(self._pid)
            self._process.kill()

    def _launch(self) -> None:
        self._reason = ""
        self._has_given_up = self._has_model = False
        self.log.forget_tail()
        process = self._process = self._make_process()
        self._session = Session(self._write)
        process.start()
        self._pid = process.processId()
        self._heartbeat.start()

    def _make_process(self) -> QProcess:
        process = QProcess(self)
        process.setProgram(self._command[0])
        process.setArguments(self._command[1:])
        # `-m` looks into the working folder first: ours, not wherever the user happens to stand.
        process.setWorkingDirectory(str(Path(engine.__path__[0]).parent))
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("GGML_NO_BACKTRACE", "1")  # ggml would start a debugger on an abort
        process.setProcessEnvironment(environment)
        if sys.platform != "win32":
            # A session of its own: Ctrl+C in a terminal is the window's alone, and what the
            # worker leaves behind can be found by it.
            process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_log)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        return process

    def _write(self, data: bytes) -> None:
        if self._process is not None and not self._is_stopping:
            self._process.write(data)

    # ---- hearing ----

    def _on_output(self) -> None:
        if self._process is None or self._session is None or self._is_hearing:
            return
        was_ready = self.is_ready
        self._is_hearing = True
        try:
            self._session.feed(bytes(self._process.readAllStandardOutput().data()))
        except WireError as error:
            self.kill(self.tr("It sent something unreadable: %s.") % error)
        finally:
            self._is_hearing = False
        if self.is_ready and not was_ready:
            self.became_ready.emit()

    def _on_log(self) -> None:
        if self._process is not None:
            self.log.add(bytes(self._process.readAllStandardError().data()))

    def _on_heartbeat(self) -> None:
        # A listener that opened an event loop of its own holds up the reading; the worker is
        # not to blame.
        if self._session is None or self._is_hearing:
            return
        if reason := self._session.tick(time.monotonic()):
            self.kill(self.tr("It did not answer (%s) and was ended.") % reason)

    # ---- endings ----

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._reason = self.tr("It could not be started: %s.") % self._process.errorString()
            self._on_finished(0, QProcess.ExitStatus.CrashExit)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process, session = self._process, self._session
        if process is None or session is None:
            return
        self._on_output()
        self._on_log()
        self._heartbeat.stop()
        self._escalation.stop()
        if self._pid:
            process_tree.end_leftovers(self._pid)
        self._process = self._session = None
        process.deleteLater()
        if self._is_stopping:
            self._end_stopped(session)
        else:
            self._end_died(session, self._reason or _words(self, code, status))

    def _end_stopped(self, session: Session) -> None:
        self._is_stopping = False
        session.fail_all(self.tr("The engine was stopped."))
        self.stopped.emit()

    def _end_died(self, session: Session, reason: str) -> None:
        message = self.tr("The engine stopped unexpectedly.")
        hint = self._plan_restart()
        detail = f"{reason}\n{self.log.tail()}".strip()
        session.fail_all(message, hint, detail)
        self.died.emit(message, hint, detail)

    def _plan_restart(self) -> str:
        now_s = time.monotonic()
        recent = [at_s for at_s in self._restarts_s if now_s - at_s < RESTART_WINDOW_S]
        self._has_given_up = len(recent) >= MAX_RESTARTS
        if self._has_given_up:
            return self.tr(
                "It failed several times within a minute and stays off. "
                "Help › Diagnostics shows its log and starts it again."
            )
        self._restarts_s.append(now_s)
        self._restart.start(RESTART_DELAYS_MS[len(recent)])
        return self.tr("It is being started again.")

    def _on_escalation_due(self) -> None:
        if self._process is None:
            return
        if self._is_terminating:
            process_tree.end_tree(self._pid)
        else:
            self._is_terminating = True
            self._process.terminate()
            self._escalation.start(TERMINATE_MS)


def _words(speaker: QObject, code: int, status: QProcess.ExitStatus) -> str:
    if status == QProcess.ExitStatus.NormalExit:
        return speaker.tr("It ended with exit code %d.") % code
    if sys.platform == "win32":
        return speaker.tr("It crashed (code 0x%08X).") % (code & 0xFFFFFFFF)
    return speaker.tr("It crashed (signal %d).") % code
