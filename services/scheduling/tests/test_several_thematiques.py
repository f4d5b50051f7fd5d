"""People who ask for several thématiques, and the reasons that only a whole campagne has, from the solver to events."""

from typing import Any
from uuid import UUID

import pytest
from chassis.ids import uuid7
from chassis.testing import deliver, published
from contracts.events import AffectationDecidee, CampagneOuverte
from contracts.reasons import PHRASES, Decision, Motif
from scheduling import use_cases
from scheduling.domain import position
from scheduling.handlers import handlers
from scheduling.plan import Demande, Plan
from scheduling.planner import Planner
from scheduling.repository import inscriptions
from scheduling.repository.propositions import Claim
from scheduling.solver.season import solve_season

CODE = "printemps-2027"
ALSO = 101
"""The inscription for `forets` of who asks for `eau` as number 1."""


class NearPlanner(Planner):
    """Solves in this process."""

    async def _solve(self, claim: Claim, demande: Demande) -> Plan:
        del claim
        found = solve_season(demande.probleme, demande.horaire)
        return Plan(found.proposition, found.horaire)


def identity(number: int, **collectivite: object) -> dict[str, object]:
    """The person and the collectivité of another inscription of the same person."""
    home = {"type": "commune", "code": f"{number:05}", "nom": f"Commune {number}", "departement": "12"}
    return {
        "personne": {"prenom": "Dominique", "nom": f"Numéro {number}", "email": f"d{number}@exemple.fr"},
        "collectivite": {**home, "taille": "petite", **collectivite},
    }


async def ask(table: Any, **changes: object) -> None:
    """Six people ask for `eau`, five others for `forets`, and the first of the six for both."""
    await table.invite(1, rang=1)
    await table.invite(*range(2, 7))
    await table.invite(*range(11, 16), thematique="forets")
    await table.invite(ALSO, thematique="forets", qualite="elu", rang=2, **identity(1))
    await change_campagne(table, **changes)


async def change_campagne(table: Any, **changes: object) -> None:
    async with table.database.read() as connection:
        found = await inscriptions.find_campagne(connection, CODE)
    assert found is not None
    data = found.donnees.model_dump()
    both = ("eau", "forets")
    values = data | {
        "thematiques": ({"code": "eau", "titre": "L’eau"}, {"code": "forets", "titre": "Les forêts"}),
        "animateurs": tuple(a | {"thematiques": both} for a in data["animateurs"]),
    }
    await deliver(handlers(), table.database, CampagneOuverte.model_validate(values | changes), ids=[uuid7()])


async def form(table: Any) -> UUID:
    await table.request()
    await NearPlanner(table.database, table.settings).run()
    latest = await table.latest()
    assert latest.etat == "prete", latest.erreur
    proposition: UUID = latest.id
    return proposition


async def publish(table: Any, proposition: UUID) -> dict[UUID, AffectationDecidee]:
    async with table.database.transaction() as tx:
        await use_cases.publish_proposition(tx, proposition)
    return {e.inscription: e for e in await published(table.database) if isinstance(e, AffectationDecidee)}


async def test_who_has_a_place_in_the_thematique_they_want_most_is_told_so_for_the_other(table: Any) -> None:
    await ask(table)
    told = await publish(table, await form(table))
    assert told[table.person(1)].decision is Decision.RETENUE
    other = told[table.person(ALSO)]
    assert (other.decision, other.code, other.rang_attente) == (Decision.NON_RETENUE, Motif.AUTRE_PLACE, None)
    assert other.phrase == (
        "Vous avez une place dans une autre thématique de cette campagne, qui en accorde une seule par personne."
    )


async def test_who_loses_that_place_by_hand_waits_at_the_end_for_the_other(table: Any) -> None:
    await ask(table)
    await table.invite(*range(16, 19), thematique="forets", recue_le="2027-03-01T08:00:00Z")
    await change_campagne(table, animateurs=team(1))
    proposition = await form(table)
    await table.move(proposition, 1)
    told = await publish(table, proposition)
    assert told[table.person(1)].rang_attente == 1
    waiting = sorted(
        (d for d in told.values() if d.thematique == "forets" and d.rang_attente), key=lambda d: d.rang_attente or 0
    )
    assert [d.rang_attente for d in waiting] == list(range(1, len(waiting) + 1))
    last = waiting[-1]
    assert (last.inscription, last.code) == (table.person(ALSO), Motif.CHOIX_EQUIPE)
    assert last.phrase == (
        "Vous n’avez plus de place dans une autre thématique\u00a0; les groupes de celle-ci étaient déjà formés. "
        + position(len(waiting))
    )


async def test_who_withdraws_from_that_place_before_the_publication_waits_for_the_other(table: Any) -> None:
    await ask(table)
    proposition = await form(table)
    await table.withdraw(1)
    other = (await publish(table, proposition))[table.person(ALSO)]
    assert (other.decision, other.rang_attente) == (Decision.LISTE_ATTENTE, 1)


async def test_who_waits_but_got_their_place_elsewhere_by_hand_no_longer_waits(table: Any) -> None:
    await ask(table)
    proposition = await form(table)
    await table.move(proposition, 1)
    assert (await table.find(proposition)).etat == "prete"
    rows = {row[0]: row for row in await table.rows(proposition)}
    forets = rows[table.person(11)][4]
    await table.move(proposition, ALSO, vers=forets)
    told = await publish(table, proposition)
    assert told[table.person(ALSO)].groupe == forets
    assert (told[table.person(1)].code, told[table.person(1)].rang_attente) == (Motif.AUTRE_PLACE, None)


async def test_with_two_places_each_both_are_kept(table: Any) -> None:
    await ask(table, places_par_personne=2)
    told = await publish(table, await form(table))
    assert {told[table.person(n)].decision for n in (1, ALSO)} == {Decision.RETENUE}


def team(size: int) -> tuple[dict[str, object], ...]:
    able = {"thematiques": ("eau", "forets"), "creneaux": ("mardi-matin", "jeudi-matin"), "groupes_max": size}
    return tuple({"id": f"animateur-{n}", "nom": f"Animatrice {n}", **able} for n in (1, 2))


async def test_the_reasons_of_a_whole_campagne_reach_the_team_and_every_person(table: Any) -> None:
    await ask(table, places_par_collectivite=1)
    await table.invite(20, thematique="forets", **identity(20, departement="987"))
    await table.invite(21, thematique="forets", **identity(21, code="00002", nom="Commune 2"))
    await change_campagne(table, places_par_collectivite=1)
    proposition = await form(table)
    async with table.signed_in() as web:
        page = (await web.get(f"/groupes/campagnes/{CODE}/attente")).text
    for label in (
        "Trop tôt ou trop tard chez eux",
        "Une place dans une autre thématique",
        "Leur collectivité a déjà ses places de la saison",
    ):
        assert label in page
    told = await publish(table, proposition)
    codes = {n: told[table.person(n)].code for n in (20, ALSO)}
    assert codes == {20: Motif.HORS_HORAIRES, ALSO: Motif.AUTRE_PLACE}
    seasons = [d for d in told.values() if d.code is Motif.COLLECTIVITE_SAISON]
    assert [d.inscription in {table.person(2), table.person(21)} for d in seasons] == [True]
    assert seasons[0].phrase == f"Votre collectivité a déjà sa place de la saison. {position(1)}"


@pytest.mark.parametrize("motif", Motif)
def test_every_reason_has_its_french_sentence(motif: Motif) -> None:
    assert PHRASES[motif].endswith(".")
