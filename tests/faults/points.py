"""The named steps at which a process may die: before and after each commit, send and mark."""

import os
import signal
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from chassis.relay import Relay
from chassis.store import Transaction
from chassis.subscriber import Subscriber
from notification.ledger import Ledger
from notification.mailer import Mailer
from notification.smtp import Connection

SUBSCRIBER: Final = (
    "subscriber: batch taken, nothing done",
    "subscriber: all written, not committed",
    "subscriber: committed, offsets not",
    "subscriber: offsets committed",
)
RELAY: Final = (
    "relay: rows read, nothing sent",
    "relay: sent, not marked",
    "relay: marked",
)
MAILER: Final = (
    "mailer: claim written, not committed",
    "mailer: claimed, not begun",
    "mailer: beginning written, not committed",
    "mailer: begun, not sent",
    "mailer: accepted by the mail server, not marked",
    "mailer: marked",
)

Reach = Callable[[str], None]

_inside: ContextVar[str] = ContextVar("inside", default="")
"""Which of the transactions a flush belongs to."""


def reach_in(folder: Path) -> Reach:
    """Build what a process calls at each step: it dies there if the step's file lies in the folder."""

    def reach(point: str) -> None:
        try:
            (folder / point).unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return reach


def install(reach: Reach) -> None:
    """Wrap the steps of this process."""
    _around(Subscriber, "_apply", reach, SUBSCRIBER[0], SUBSCRIBER[2], inside=SUBSCRIBER[1])
    _around(Subscriber, "_commit", reach, after=SUBSCRIBER[3])
    _around(Relay, "_send_one_batch", reach, RELAY[0], RELAY[1])
    _around(Relay, "_mark", reach, after=RELAY[2])
    _around(Mailer, "_claim", reach, after=MAILER[1], inside=MAILER[0], when=lambda _arguments, jobs: bool(jobs))
    _around(Ledger, "_try", reach, after=MAILER[5], inside=MAILER[2], when=_has_result)
    _around(Connection, "send", reach, MAILER[3], MAILER[4])
    _flush(reach)


def _around(
    owner: type,
    name: str,
    reach: Reach,
    before: str = "",
    after: str = "",
    *,
    inside: str = "",
    when: Callable[[Any, Any], bool] = lambda _arguments, _result: True,
) -> None:
    own: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        if before:
            reach(before)
        token = _inside.set(inside)
        try:
            result = await own(*arguments, **named)
        finally:
            _inside.reset(token)
        if after and when(arguments, result):
            reach(after)
        return result

    setattr(owner, name, wrapped)


def _has_result(arguments: Any, _begun: Any) -> bool:
    """Whether the ledger's transaction says what became of a message, and not only that one begins."""
    return any(entry.result is not None for entry in arguments[1])


def _flush(reach: Reach) -> None:
    own = Transaction.flush

    async def wrapped(self: Transaction) -> None:
        await own(self)
        if point := _inside.get():
            reach(point)

    Transaction.flush = wrapped  # type: ignore[method-assign]
