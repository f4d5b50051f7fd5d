"""What became of messages, and which ones begin: committed before anything else happens to them.

The words of all connections that wait while one transaction commits go together into the next: many mails, one commit,
and still at most one message in doubt per connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from chassis.store import Database, Transaction, is_transient

from notification import use_cases
from notification.domain import Envoi
from notification.repository import envois

_DELAYS: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds between tries while the database restarts: forgetting what was sent would cost a second copy."""

Mark = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server has accepted this message."""

    envoi: Envoi


Result = Sent | Mark


@dataclass(slots=True)
class _Entry:
    result: Result | None
    following: Envoi | None
    begun: bool = False
    done: bool = False


class Ledger:
    """Used by all connections of one mailer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Entry] = []
        self._lock = asyncio.Lock()

    async def write(self, result: Result | None, following: Envoi | None = None) -> bool:
        """Commit one message's result with the start of the next one; whether that one may be sent.

        Raises what the database raises once the last try has failed.
        """
        entry = _Entry(result, following)
        self._waiting.append(entry)
        async with self._lock:
            if not entry.done:
                entries, self._waiting = self._waiting, []
                try:
                    await self._commit(entries)
                except Exception:
                    # Each of the others tries for itself: the fault may lie in one of them only.
                    self._waiting += [other for other in entries if other is not entry]
                    raise
        return entry.begun

    async def _commit(self, entries: list[_Entry]) -> None:
        for delay in (*_DELAYS, None):
            try:
                begun = await self._try(entries)
            except Exception as error:
                if delay is None or not is_transient(error):
                    raise
                await asyncio.sleep(delay)
            else:
                for entry in entries:
                    entry.done = True
                    entry.begun = entry.following is not None and entry.following.id in begun
                return

    async def _try(self, entries: list[_Entry]) -> set[object]:
        async with self._database.transaction() as tx:
            await use_cases.mark_sent(tx, [entry.result.envoi for entry in entries if isinstance(entry.result, Sent)])
            for entry in entries:
                if entry.result is not None and not isinstance(entry.result, Sent):
                    await entry.result(tx)
            following = [entry.following.id for entry in entries if entry.following is not None]
            return set(await envois.begin(tx.connection, following))
