"""Absences of animateurs and days struck since a campagne was opened: what the team has told beside the campagne."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.repository.inscriptions import Campagne


@dataclass(frozen=True, slots=True)
class Absence:
    """`au` is included; None: for good."""

    id: UUID
    animateur: str
    du: date
    au: date | None

    def days(self, first: date, last: date) -> Iterable[date]:
        """The days of the absence from `first` to `last`."""
        begin, end = max(self.du, first), min(self.au or last, last)
        return (begin + timedelta(days=n) for n in range((end - begin).days + 1))


async def save_absence(connection: AsyncConnection, absence: Absence, now: datetime) -> None:
    await connection.execute(
        text("INSERT INTO absences (id, animateur, du, au, declaree_le) VALUES (:id, :animateur, :du, :au, :now)"),
        {"id": absence.id, "animateur": absence.animateur, "du": absence.du, "au": absence.au, "now": now},
    )


async def forget_absence(connection: AsyncConnection, absence: UUID) -> None:
    await connection.execute(text("DELETE FROM absences WHERE id = :id"), {"id": absence})


async def save_day(connection: AsyncConnection, campagne: str, jour: date, now: datetime) -> None:
    await connection.execute(
        text("""
            INSERT INTO jours_exclus (campagne, jour, declare_le) VALUES (:campagne, :jour, :now)
            ON CONFLICT DO NOTHING
        """),
        {"campagne": campagne, "jour": jour, "now": now},
    )


async def forget_day(connection: AsyncConnection, campagne: str, jour: date) -> None:
    await connection.execute(
        text("DELETE FROM jours_exclus WHERE campagne = :campagne AND jour = :jour"),
        {"campagne": campagne, "jour": jour},
    )


async def absences_of(connection: AsyncConnection, animateurs: Iterable[str], since: date) -> list[Absence]:
    """Return the absences of these animateurs that are not over on that day, in order."""
    rows = await connection.execute(
        text("""
            SELECT id, animateur, du, au FROM absences
            WHERE animateur = ANY(:animateurs) AND (au IS NULL OR au >= :since) ORDER BY du, animateur, id
        """),
        {"animateurs": sorted(set(animateurs)), "since": since},
    )
    return [Absence(**row) for row in rows.mappings()]


async def struck_days(connection: AsyncConnection, campagne: str) -> list[date]:
    """Return the days struck by the team, in order, without those that the campagne excludes itself."""
    rows = await connection.execute(
        text("SELECT jour FROM jours_exclus WHERE campagne = :campagne ORDER BY jour"), {"campagne": campagne}
    )
    return list(rows.scalars())


async def complete(connection: AsyncConnection, campagne: Campagne) -> Campagne:
    """Return the campagne with these absences and days added to what its last event said."""
    donnees = campagne.donnees
    first, last = donnees.seances_du, donnees.seances_au
    away: dict[str, set[date]] = {a.id: set(a.indisponible) for a in donnees.animateurs}
    for absence in await absences_of(connection, away, first):
        away[absence.animateur].update(absence.days(first, last))
    struck = {*donnees.jours_exclus, *await struck_days(connection, campagne.code)}
    animateurs = tuple(a.model_copy(update={"indisponible": tuple(sorted(away[a.id]))}) for a in donnees.animateurs)
    changed = donnees.model_copy(update={"animateurs": animateurs, "jours_exclus": tuple(sorted(struck))})
    return replace(campagne, donnees=changed)
