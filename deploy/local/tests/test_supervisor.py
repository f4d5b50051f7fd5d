import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from local.supervisor import Process, StartError, Supervisor, Task, memory_mb

# A program that says it is ready, starts a child of its own, notes how it ends.
PROGRAM = """
import signal, subprocess, sys, time
name, folder = sys.argv[1], sys.argv[2]
def leave(*_):
    open(f"{folder}/order", "a").write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
child = subprocess.Popen(["sleep", "600"])
open(f"{folder}/{name}.child", "w").write(str(child.pid))
open(f"{folder}/{name}.ready", "a").write("x")
while True: time.sleep(0.1)
"""


def stand_in(name: str, folder: Path) -> Process:
    ready = folder / f"{name}.ready"
    return Process(name, [sys.executable, "-c", PROGRAM, name, str(folder)], folder / "log", ready.exists)


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_processes_stop_in_reverse_order_and_leave_nothing(tmp_path: Path) -> None:
    supervisor = Supervisor([[stand_in("first", tmp_path)], [stand_in("second", tmp_path)]])
    supervisor.start()
    pids = [*supervisor.pids().values(), *(int(f.read_text()) for f in tmp_path.glob("*.child"))]
    assert len(pids) == 4
    assert all(map(is_running, pids))
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["second", "first"]
    until(lambda: not any(map(is_running, pids)))


def test_a_killed_process_comes_back_and_its_own_children_go(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor([[stand_in("worker", tmp_path)]], lines.append)
    supervisor.start()
    try:
        killed, orphan = supervisor.pids()["worker"], int((tmp_path / "worker.child").read_text())
        os.kill(killed, signal.SIGKILL)
        until(lambda: (tmp_path / "worker.ready").read_text() == "xx")
        assert supervisor.pids()["worker"] != killed
        until(lambda: not is_running(orphan))
        assert any("SIGKILL" in line for line in lines)
    finally:
        supervisor.stop()


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.child.end.__defaults__", (signal.SIGTERM, 0.5))
    deaf = "import signal,time,pathlib,sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    deaf += "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
    ready = tmp_path / "ready"
    supervisor = Supervisor(
        [[Process("deaf", [sys.executable, "-c", deaf, str(ready)], tmp_path / "log", ready.exists)]]
    )
    supervisor.start()
    pid = supervisor.pids()["deaf"]
    supervisor.stop()
    assert not is_running(pid)


def test_a_failing_task_stops_the_start_and_says_why(tmp_path: Path) -> None:
    task = Task("migrations", [sys.executable, "-c", "raise SystemExit('base trop vieille')"], tmp_path / "log")
    never = stand_in("never", tmp_path)
    supervisor = Supervisor([[stand_in("first", tmp_path)], [task], [never]])
    with pytest.raises(StartError, match="base trop vieille"):
        supervisor.start()
    assert (tmp_path / "order").read_text().split() == ["first"]
    assert not never.is_ready()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_kill_9_of_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_supervisor import stand_in
from local.supervisor import Supervisor
supervisor = Supervisor([[stand_in("worker", Path({str(tmp_path)!r}))]])
supervisor.start()
print(supervisor.pids()["worker"], flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - our own
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_running(worker)
        parent.kill()
    until(lambda: not is_running(worker))
    os.kill(int((tmp_path / "worker.child").read_text()), signal.SIGKILL)


def test_the_memory_of_a_process_counts_its_children(tmp_path: Path) -> None:
    supervisor = Supervisor([[stand_in("worker", tmp_path)]])
    supervisor.start()
    pid = supervisor.pids()["worker"]
    assert memory_mb(pid) > psutil.Process(pid).memory_info().rss / 1e6 > 1
    supervisor.stop()
    assert memory_mb(pid) == 0
