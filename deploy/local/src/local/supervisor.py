"""Keep a set of processes up: started stage by stage, restarted when they exit, stopped in reverse order.

One thread starts them all and lives until they are stopped, because the kernel ends a child with the thread
that started it (see `child`). Nothing is left running, even after a kill -9 of this process.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from local.child import end, last_lines, spawn, sweep

Report = Callable[[str], None]
"""Told one line of French per thing that happens."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_STEADY_AFTER = 10.0
_LAUNCHES_AT_START = 4


class StartError(Exception):
    """A process didn't come up; the message names it and ends with the last lines of its log."""


@dataclass(frozen=True)
class Process:
    """A program that must stay up."""

    name: str
    argv: Sequence[str]
    log: Path
    is_ready: Callable[[], bool]
    env: Mapping[str, str] | None = None
    before: Callable[[], None] = lambda: None
    when_ready: Callable[[], None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    user: tuple[int, int] | None = None
    timeout: float = 60.0


@dataclass(frozen=True)
class Task:
    """A program that must succeed before the next stage."""

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    timeout: float = 120.0


Stage = Sequence[Process | Task]


@dataclass
class _Running:
    spec: Process
    child: subprocess.Popen[bytes] = field(init=False)
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float | None = None
    restarts: int = 0

    def launch(self) -> None:
        self.spec.before()
        self.child = spawn(
            self.spec.argv,
            self.spec.log,
            self.spec.env,
            death_signal=self.spec.death_signal,
            user=self.spec.user,
        )
        self.started, self.due = time.monotonic(), None

    def has_exited(self) -> bool:
        return self.child.poll() is not None

    def tend(self, report: Report) -> None:
        """Bring it back when it has exited, after a pause that grows while it keeps failing."""
        if not self.has_exited():
            return
        now = time.monotonic()
        if self.due is None:
            sweep(self.child.pid)
            if now - self.started > _STEADY_AFTER:
                self.pause = _FIRST_PAUSE
            self.due = now + self.pause
            self.pause = min(self.pause * 2, _LONGEST_PAUSE)
            report(f"{self.spec.name} s’est arrêté ({_reason(self.child.returncode)}) : il redémarre.")
        elif now >= self.due:
            self.restarts += 1
            self.launch()


class Supervisor:
    """`start` returns when every stage is ready; `stop` when nothing runs any more."""

    def __init__(self, stages: Sequence[Stage], report: Report = lambda _line: None) -> None:
        self._stages = stages
        self._report = report
        self._running: dict[str, _Running] = {}
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def start(self) -> None:
        """Start everything. Raises StartError, after stopping what had started."""
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def pids(self) -> dict[str, int]:
        """Return the process number of each process by its name."""
        return {name: running.child.pid for name, running in self._running.items()}

    def restarts(self) -> dict[str, int]:
        """Return how often each process had to be started again."""
        return {name: running.restarts for name, running in self._running.items()}

    def _run(self) -> None:
        try:
            for stage in self._stages:
                self._start_stage(stage)
            self._started.set()
            while not self._stopping.wait(0.1):
                for running in self._running.values():
                    running.tend(self._report)
        except BaseException as error:  # noqa: BLE001 - handed to the caller of `start`
            self._error = error
        finally:
            self._stop_all()
            self._started.set()

    def _start_stage(self, stage: Stage) -> None:
        if not stage:
            return
        self._report("Démarrage : " + ", ".join(member.name for member in stage))
        tasks = [(task, spawn(task.argv, task.log, task.env)) for task in stage if isinstance(task, Task)]
        try:
            fresh = [self._launch(spec) for spec in stage if isinstance(spec, Process)]
            for running in fresh:
                self._await(running)
            for task, child in tasks:
                _finish(task, child)
        finally:
            for _, child in tasks:
                end(child, patience=2)

    def _launch(self, spec: Process) -> _Running:
        running = _Running(spec)
        running.launch()
        self._running[spec.name] = running
        return running

    def _await(self, running: _Running) -> None:
        spec, launches = running.spec, 1
        deadline = time.monotonic() + spec.timeout
        while not self._stopping.is_set():
            if running.has_exited():
                if launches == _LAUNCHES_AT_START:
                    raise StartError(f"{spec.name} ne démarre pas ({spec.log}).\n{last_lines(spec.log)}")
                launches += 1
                time.sleep(0.5)
                running.launch()
            elif spec.is_ready():
                spec.when_ready()
                return
            elif time.monotonic() > deadline:
                raise StartError(f"{spec.name} ne répond pas ({spec.log}).\n{last_lines(spec.log)}")
            time.sleep(0.05)
        raise StartError("Le démarrage a été interrompu.")

    def _stop_all(self) -> None:
        for running in reversed(self._running.values()):
            end(running.child, running.spec.stop_signal)


def _finish(task: Task, child: subprocess.Popen[bytes]) -> None:
    try:
        code = child.wait(task.timeout)
    except subprocess.TimeoutExpired:
        raise StartError(f"{task.name} ne finit pas après {task.timeout:.0f} s ({task.log}).") from None
    if code:
        raise StartError(f"{task.name} a échoué ({task.log}).\n{last_lines(task.log)}")


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def answers_ok(url: str) -> Callable[[], bool]:
    """Build a readiness check: the address answers 200."""

    def check() -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return check


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and its children, in megabytes; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return float(sum(member.memory_info().rss for member in family)) / 1e6
    except psutil.NoSuchProcess:
        return 0.0
