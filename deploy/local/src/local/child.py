"""Start and end a child process so that it never outlives us.

On Linux the kernel signals the child when its parent dies, however the parent dies. The signal is tied to the
*thread* that started the child: start children from a thread that lives as long as they must.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def unprivileged_user() -> tuple[int, int] | None:
    """Return the (uid, gid) that a server which refuses root runs under; None when we aren't root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - Unix only

    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _become(uid: int, gid: int) -> None:
    """Leave root for good, and keep one capability: to walk through folders that only root may enter.

    A project under /root (mode 700) is the ordinary case in a container; opening those folders to everybody
    would be the alternative. Without the capability, the server still runs wherever the path is open.
    """
    os.setgroups([])
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if _LIBC is not None:
        bit = 1 << _CAP_DAC_OVERRIDE
        header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
        data = (_CapabilityData * 2)(_CapabilityData(bit, bit, bit), _CapabilityData(0, 0, 0))
        _LIBC.capset(ctypes.byref(header), data)
        _LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def _before_exec(death_signal: signal.Signals, user: tuple[int, int] | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if user is not None:
            _become(*user)
        if _LIBC is not None:  # after the change of user, which clears it
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def spawn(
    argv: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    user: tuple[int, int] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own, both outputs appended to `log`.

    A session of its own keeps the terminal's Ctrl-C away: the order of stopping stays ours.
    Raises OSError when the program can't be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own command lines
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            start_new_session=True,
            preexec_fn=_before_exec(death_signal, user),  # noqa: PLW1509 - system calls only, no lock taken
        )


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> int:
    """Ask the process to stop, kill it after `patience` seconds, sweep up the rest; returns its exit code."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    code = process.wait()
    sweep(process.pid)
    return code


def sweep(pid: int) -> None:
    """Kill what is left of the process group that `pid` led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def last_lines(log: Path, count: int = 5) -> str:
    """Read the end of a log file, for an error message."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
