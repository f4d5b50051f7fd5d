"""Moving and cancelling one published séance."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.store import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Agenda, Refused, Seance, Verdict, check_move, end_of
from scheduling.repository import absences, groupes, inscriptions
from scheduling.repository.groupes import Groupe
from scheduling.use_cases.announce import seance_annulee, seance_deplacee

_CHANGED = "Cette séance a changé entre-temps : relisez-la avant de recommencer."


async def move_seance(tx: Transaction, identifier: UUID, sequence: int, debut: datetime, *, confirmed: bool) -> Verdict:
    """Move it if no rule forbids it, and if warnings were confirmed; the verdict says what stands against it.

    `sequence` is the one that the team saw. Raises Refused when the séance is unknown or has changed since.
    """
    groupe, seances = await _held(tx, identifier)
    seance = _as_seen(seances, identifier, sequence)
    verdict = check_move(await read_agenda(tx.connection, groupe, seances), seance, debut, tx.now)
    if verdict.refus or (verdict.avertissements and not confirmed):
        return verdict
    moved = replace(seance, debut=debut, fin=end_of(debut), sequence=sequence + 1)
    await groupes.change_seance(tx.connection, moved)
    tx.publish(seance_deplacee(groupe, moved, seance.debut))
    return Verdict()


async def cancel_seance(tx: Transaction, identifier: UUID, sequence: int, cause: str) -> None:
    """Cancel it for good. Raises Refused when it is unknown, over, already cancelled or has changed since."""
    groupe, seances = await _held(tx, identifier)
    seance = _as_seen(seances, identifier, sequence)
    if seance.annulee:
        raise Refused("Cette séance est déjà annulée.")
    if seance.debut <= tx.now:
        raise Refused("Cette séance a déjà commencé : elle ne peut plus être annulée.")
    cancelled = replace(seance, sequence=sequence + 1, cause_annulation=cause)
    await groupes.change_seance(tx.connection, cancelled)
    tx.publish(seance_annulee(groupe, cancelled, cause))


async def read_agenda(connection: AsyncConnection, groupe: Groupe, seances: list[Seance]) -> Agenda:
    """Everything that a move of one of these séances has to respect."""
    campagne = await inscriptions.find_campagne(connection, groupe.campagne)
    if campagne is None:
        raise Refused("La campagne de cette séance n’est pas connue.")
    donnees = (await absences.complete(connection, campagne)).donnees
    away = next((a.indisponible for a in donnees.animateurs if a.id == groupe.animateur), ())
    taken = await groupes.busy(connection, animateurs=[groupe.animateur], without=groupe.id)
    return Agenda(
        creneau=groupe.creneau,
        heures={"matin": donnees.heures.matin, "apres-midi": donnees.heures.apres_midi},
        seances=tuple(seances),
        departements=await inscriptions.departements_of(connection, groupe.id),
        animateur_nom=groupe.animateur_nom,
        animateur_occupe=frozenset(debut for _, debut in taken),
        animateur_indisponible=frozenset(away),
        jours_exclus=frozenset(donnees.jours_exclus),
        seances_du=donnees.seances_du,
        seances_au=donnees.seances_au,
    )


async def _held(tx: Transaction, identifier: UUID) -> tuple[Groupe, list[Seance]]:
    """Read the groupe of a séance while nothing else of its campagne changes: an animateur is in one place."""
    found = await groupes.find_with_seances(tx.connection, identifier)
    if found is None:
        raise Refused("Cette séance n’existe pas, ou son groupe n’est pas publié.")
    await inscriptions.lock_campagnes(tx.connection, [found[0].campagne])
    again = await groupes.find_with_seances(tx.connection, identifier)
    if again is None:
        raise Refused(_CHANGED)
    return again


def _as_seen(seances: list[Seance], identifier: UUID, sequence: int) -> Seance:
    seance = next(s for s in seances if s.id == identifier)
    if seance.sequence != sequence:
        raise Refused(_CHANGED)
    return seance
