"""Filling a place that a withdrawal frees in a published groupe.

Invariant: nothing is kept but the place and what was decided. Who could take it is worked out anew, under the
campagne's lock, each time that somebody decides, so that it is true at that moment.

The ranks of the waiting list are those that people were told: they keep their order and don't move up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.ids import stable_id
from chassis.store import Transaction
from chassis.web.french import ordinal
from contracts.events import CampagneOuverte
from contracts.reasons import Decision, Motif
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Refused, Seance
from scheduling.remplacement import ListeAttente, freed_place, hours_out_of_bounds, limites_of, may_be_filled
from scheduling.repository import attente, groupes, inscriptions, remplacements, saisons
from scheduling.repository.groupes import Affectation, Depart
from scheduling.repository.remplacements import CLOS, OUVERT, POURVU, Remplacement
from scheduling.solver.gap import best, why
from scheduling.solver.gap_rules import EnListe, Vacance, obstacle
from scheduling.solver.problem import Accord
from scheduling.use_cases.announce import affectation_decidee, groupe_modifie, in_french


@dataclass(frozen=True, slots=True)
class Place:
    """A freed place with all that decides who can take it."""

    remplacement: Remplacement
    jusqu_a: int
    seances: tuple[Seance, ...]
    vacance: Vacance
    attente: tuple[EnListe, ...]

    def refusal(self, now: datetime) -> str | None:
        """Say why nobody may take the place any more."""
        if self.remplacement.etat == POURVU:
            return "Cette place est déjà pourvue."
        if self.remplacement.etat == CLOS:
            return "Il a été décidé de laisser cette place vide."
        if all(seance.annulee for seance in self.seances):
            return "Toutes les séances de ce groupe sont annulées."
        if may_be_filled(self.seances, self.jusqu_a, now):
            return None
        return f"La {ordinal(self.jusqu_a, feminin=True)} séance a commencé : le groupe reste comme il est."


class FreedPlaces:
    """Reads the places to be filled in one transaction, and each waiting list once."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._campagnes: dict[str, CampagneOuverte] = {}
        self._attendus: dict[str, frozenset[UUID]] = {}
        self._lists: dict[tuple[UUID, str], ListeAttente] = {}

    async def campagne(self, code: str) -> CampagneOuverte:
        if code not in self._campagnes:
            found = await inscriptions.find_campagne(self._connection, code)
            if found is None:
                raise Refused("La campagne de ce groupe n’est pas connue.")
            self._campagnes[code] = found.donnees
        return self._campagnes[code]

    async def place(self, one: Remplacement) -> Place:
        campagne, liste = await self.campagne(one.campagne), await self._list(one)
        seances = (await remplacements.seances_of(self._connection, [one.groupe]))[one.groupe]
        departements = {p.candidat.departement for p in liste.personnes}
        vacance = Vacance(
            creneau=one.creneau,
            membres=await attente.members(self._connection, one.groupe),
            limites=limites_of(campagne),
            places_de=liste.places,
            places_de_collectivite=liste.places_de_collectivite,
            hors_horaires=hours_out_of_bounds(departements, one.creneau, seances, self._now),
        )
        return Place(one, campagne.remplacement_jusqu_a_la_seance, tuple(seances), vacance, tuple(liste.personnes))

    async def _list(self, one: Remplacement) -> ListeAttente:
        key = (one.proposition, one.thematique)
        if one.campagne not in self._attendus:
            self._attendus[one.campagne] = await saisons.waited_in_vain(self._connection, one.campagne)
        if key not in self._lists:
            self._lists[key] = await attente.waiting_list(self._connection, *key, self._attendus[one.campagne])
        return self._lists[key]

    async def give(self, place: Place, chosen: EnListe, *, automatique: bool) -> Affectation:
        """Write that the place is this person's; the caller tells everybody."""
        one, preferred = place.remplacement, chosen.candidat.creneaux[place.vacance.creneau] is Accord.PREFERE
        phrase = freed_place(one.creneau, place.seances, self._now, preferred=preferred)
        inscription = UUID(chosen.candidat.id)
        await remplacements.give_place(self._connection, one, inscription, Motif.PLACE_LIBEREE, phrase)
        await remplacements.decide(
            self._connection,
            one.id,
            POURVU,
            self._now,
            choisie=inscription,
            phrase=in_french(why(place.vacance, chosen)),
            automatique=automatique,
        )
        for (proposition, _), liste in self._lists.items():
            if proposition == one.proposition:
                liste.give(chosen)
        retenue = Decision.RETENUE.value
        return Affectation(inscription, one.thematique, retenue, Motif.PLACE_LIBEREE, phrase, one.groupe, None)


async def open_places(tx: Transaction, departs: Sequence[Depart]) -> list[tuple[str, Affectation]]:
    """Note the places that these departures free, as far as their campagne still lets them be filled.

    Where it is set so, they are filled at once: returns (campagne, decision) of who got one, for the caller to tell.
    """
    groupes_left = {depart.groupe for depart in departs if depart.groupe is not None}
    if not groupes_left:
        return []
    freed = FreedPlaces(tx.connection, tx.now)
    seances = await remplacements.seances_of(tx.connection, groupes_left)
    rows = []
    for depart in departs:
        if depart.groupe is not None:
            until = (await freed.campagne(depart.campagne)).remplacement_jusqu_a_la_seance
            if may_be_filled(seances[depart.groupe], until, tx.now):
                rows.append(_open_row(depart, tx.now))
    await remplacements.open_many(tx.connection, rows)
    opened = await remplacements.find_many(tx.connection, [row["id"] for row in rows])
    return await _fill_by_themselves(freed, opened)


def _open_row(depart: Depart, now: datetime) -> dict[str, Any]:
    return {
        "id": stable_id("remplacement", depart.inscription),
        "groupe": depart.groupe,
        "partie": depart.inscription,
        "etat": OUVERT,
        "automatique": False,
        "ouvert_le": now,
    }


async def _fill_by_themselves(freed: FreedPlaces, opened: Sequence[Remplacement]) -> list[tuple[str, Affectation]]:
    told = []
    for one in opened:
        if (await freed.campagne(one.campagne)).remplacement_automatique:
            place = await freed.place(one)
            chosen = best(place.vacance, place.attente)
            if chosen is not None:
                told.append((one.campagne, await freed.give(place, chosen, automatique=True)))
    return told


async def accept_replacement(tx: Transaction, identifier: UUID, inscription: UUID) -> None:
    """Give the place to this person of the waiting list; a second time changes nothing. Raises Refused, saying why."""
    one = await _held(tx, identifier)
    if one.choisie == inscription:
        return
    freed = FreedPlaces(tx.connection, tx.now)
    place = await freed.place(one)
    if (refusal := place.refusal(tx.now)) is not None:
        raise Refused(refusal)
    chosen = next((p for p in place.attente if p.candidat.id == str(inscription)), None)
    if chosen is None:
        raise Refused(_why_not_waiting(await remplacements.decision_of(tx.connection, one.proposition, inscription)))
    if (phrase := obstacle(place.vacance, chosen.candidat)) is not None:
        raise Refused(in_french(f"Cette personne ne peut pas prendre la place : {phrase}."))
    affectation = await freed.give(place, chosen, automatique=False)
    for groupe in await groupes.raise_versions(tx.connection, [one.groupe]):
        tx.publish(groupe_modifie(groupe))
    tx.publish(affectation_decidee(affectation, one.campagne, tx.now))


async def leave_place_empty(tx: Transaction, identifier: UUID) -> None:
    """Decide that nobody takes it; a second time changes nothing. Raises Refused when somebody has it."""
    one = await _held(tx, identifier)
    if one.etat == POURVU:
        raise Refused("Cette place est déjà pourvue.")
    if one.ouvert:
        await remplacements.decide(tx.connection, one.id, CLOS, tx.now)


async def _held(tx: Transaction, identifier: UUID) -> Remplacement:
    """Read it while nothing else of its campagne changes."""
    found = await remplacements.find(tx.connection, identifier)
    if found is not None:
        await inscriptions.lock_campagnes(tx.connection, [found.campagne])
        found = await remplacements.find(tx.connection, identifier)
    if found is None:
        raise Refused("Cette place n’existe pas, ou son groupe n’est pas publié.")
    return found


def _why_not_waiting(decided: tuple[str, str] | None) -> str:
    decision, code = decided or ("", "")
    if decision == Decision.RETENUE:
        return "Cette personne a obtenu une place entre-temps."
    if code == Motif.RETRAIT:
        return "Cette personne s’est désistée entre-temps."
    return "Cette personne n’est pas sur la liste d’attente de cette thématique."
