"""What earlier seasons say of people: who waited in vain, who met whom."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from chassis.store import Database
from chassis.testing import new_database
from scheduling.repository.rows import insert_rows
from scheduling.repository.saisons import earlier_peers, waited_in_vain
from scheduling.tables import affectations, campagnes, groupes, inscriptions, metadata, propositions

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
SEASONS = {"hiver": date(2026, 1, 10), "ete": date(2026, 6, 10), "automne": date(2026, 10, 1)}
COMPLET = ("liste_attente", "attente.creneaux_complets")
RETRAIT = ("non_retenue", "non_retenue.retrait")
AUCUN = ("non_retenue", "non_retenue.aucun_creneau")


def ref(*parts: str) -> UUID:
    return uuid5(UUID(int=9), "/".join(parts))


class Seasons:
    """Campagnes with people named by a letter; each person has one inscription per campagne and thématique."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def open(self, campagne: str, etat: str = "publiee") -> None:
        row = {"code": campagne, "nom": campagne, "seances_du": SEASONS[campagne], "seances_au": SEASONS[campagne]}
        found = {
            "id": ref(campagne), "campagne": campagne, "etat": etat, "automatique": False, "demandee_le": NOW,
            "prenable_le": NOW, "progression": "", "essais": 0,
        }  # fmt: skip
        await self._insert(campagnes, row | {"donnees": {}, "close_le": None})
        await self._insert(propositions, found)

    async def register(self, campagne: str, person: str, thematique: str = "eau") -> UUID:
        identifier = ref(campagne, person, thematique)
        row: dict[str, Any] = {
            "id": identifier, "campagne": campagne, "thematique": thematique, "personne": person,
            "email": f"{person}@exemple.fr", "fonction": "Maire", "qualite": "elu", "collectivite": "c:1",
            "collectivite_nom": "C", "departement": "12", "taille": "petite", "disponibilites": {}, "avec": [],
            "sans": [], "recue_le": NOW, "rang": None,
        }  # fmt: skip
        await self._insert(inscriptions, row)
        return identifier

    async def decide(
        self, campagne: str, person: str, decision: tuple[str, str], thematique: str = "eau", left: str = ""
    ) -> None:
        """Register a person and decide: (decision, code), or ("retenue", name of the groupe)."""
        kept, what = decision
        place = what if kept == "retenue" else left
        if place:
            await self._groupe(campagne, place, thematique)
        row: dict[str, Any] = {
            "proposition": ref(campagne),
            "inscription": await self.register(campagne, person, thematique),
            "thematique": thematique,
            "decision": kept,
            "code": "retenue.place" if kept == "retenue" else what,
            "phrase": "Parce que.",
            "groupe": ref(campagne, what) if kept == "retenue" else None,
            "groupe_quitte": ref(campagne, left) if left else None,
        }
        await self._insert(affectations, row)

    async def _groupe(self, campagne: str, name: str, thematique: str) -> None:
        row = {
            "id": ref(campagne, name), "proposition": ref(campagne), "ordre": 1, "thematique": thematique, "nom": name,
            "creneau": "mardi-matin", "numero": 1, "animateur": "a", "animateur_nom": "A", "version": 1,
        }  # fmt: skip
        await self._insert(groupes, row, conflict="ON CONFLICT (id) DO NOTHING")

    async def _insert(self, table: Any, row: dict[str, Any], conflict: str = "") -> None:
        async with self.database.transaction() as tx:
            await insert_rows(tx.connection, table, [row], conflict=conflict)

    async def in_vain(self, campagne: str) -> frozenset[UUID]:
        async with self.database.read() as connection:
            return await waited_in_vain(connection, campagne)

    async def peers(self, campagne: str) -> frozenset[tuple[UUID, UUID]]:
        async with self.database.read() as connection:
            return await earlier_peers(connection, campagne)


@pytest.fixture
async def seasons(make_database: Callable[[str], str]) -> AsyncIterator[Seasons]:
    database = await new_database(make_database("saisons"), metadata, clock=lambda: NOW)
    yield Seasons(database)
    await database.engine.dispose()


async def test_who_waited_and_was_placed_nowhere_waited_in_vain(seasons: Seasons) -> None:
    await seasons.open("ete")
    await seasons.open("automne", etat="prete")
    await seasons.decide("ete", "attend", COMPLET)
    await seasons.decide("ete", "deux", COMPLET)
    await seasons.decide("ete", "deux", AUCUN, "forets")
    await seasons.decide("ete", "ailleurs", COMPLET)
    await seasons.decide("ete", "ailleurs", ("retenue", "g1"), "forets")
    await seasons.decide("ete", "partie", RETRAIT)
    await seasons.decide("ete", "sans-creneau", AUCUN)
    await seasons.decide("ete", "rendue", COMPLET)
    await seasons.decide("ete", "rendue", RETRAIT, "forets", left="g1")
    await seasons.decide("ete", "une-des-deux", COMPLET)
    await seasons.decide("ete", "une-des-deux", RETRAIT, "forets")
    people = ("attend", "deux", "ailleurs", "partie", "sans-creneau", "rendue", "une-des-deux", "nouvelle")
    now = {person: await seasons.register("automne", person) for person in people}
    again = await seasons.register("automne", "attend", "forets")
    assert await seasons.in_vain("automne") == {now["attend"], again, now["deux"], now["une-des-deux"]}


async def test_only_the_latest_earlier_published_campagne_counts_for_who_waited(seasons: Seasons) -> None:
    await seasons.open("hiver")
    await seasons.open("ete", etat="prete")
    await seasons.open("automne")
    await seasons.decide("hiver", "ancienne", COMPLET)
    await seasons.decide("ete", "jamais-publiee", COMPLET)
    await seasons.decide("automne", "plus-tard", COMPLET)
    await seasons.decide("automne", "ancienne", COMPLET)
    summer = [await seasons.register("ete", person) for person in ("ancienne", "plus-tard")]
    assert await seasons.in_vain("ete") == {summer[0]}
    assert await seasons.in_vain("hiver") == frozenset()
    assert await seasons.in_vain("inconnue") == frozenset()


async def test_people_who_stayed_in_one_groupe_to_its_end_are_peers(seasons: Seasons) -> None:
    await seasons.open("hiver")
    await seasons.open("ete")
    await seasons.open("automne", etat="prete")
    for person in ("a", "b", "c"):
        await seasons.decide("hiver", person, ("retenue", "g1"))
    await seasons.decide("hiver", "partie", RETRAIT, left="g1")
    await seasons.decide("ete", "a", ("retenue", "g2"))
    await seasons.decide("ete", "d", ("retenue", "g2"))
    await seasons.decide("ete", "b", ("retenue", "g3"), "forets")
    now = {person: await seasons.register("automne", person) for person in ("a", "b", "d", "partie")}
    await seasons.register("automne", "c", "forets")
    expected = {tuple(sorted((now["a"], now[other]))) for other in ("b", "d")}
    assert await seasons.peers("automne") == expected
    assert await seasons.peers("hiver") == frozenset()


async def test_peers_of_a_proposition_that_was_not_published_are_no_peers(seasons: Seasons) -> None:
    await seasons.open("ete", etat="prete")
    await seasons.open("automne")
    for person in ("a", "b"):
        await seasons.decide("ete", person, ("retenue", "g1"))
        await seasons.decide("automne", person, ("retenue", "g2"))
    assert await seasons.peers("automne") == frozenset()
