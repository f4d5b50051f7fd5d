"""What scheduling does, from its events to its events, on a real PostgreSQL and with the real solver."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

import pytest
from chassis.handlers import Handlers
from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database
from chassis.testing import client, deliver, new_database, post_form, published, settings_values, sign_in
from contracts.events import (
    AffectationDecidee,
    CampagneClose,
    CampagneOuverte,
    GroupeForme,
    GroupeModifie,
    InscriptionAnnulee,
    InscriptionValidee,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)
from contracts.model import EventData
from contracts.reasons import Decision, Motif
from scheduling import use_cases
from scheduling.app import build
from scheduling.domain import Avancement, Progression, Refused
from scheduling.handlers import handlers
from scheduling.plan import Demande, Plan
from scheduling.planner import Planner
from scheduling.repository import propositions
from scheduling.repository.propositions import Claim
from scheduling.settings import Settings
from scheduling.solver.season import solve_season
from scheduling.tables import metadata
from sqlalchemy import text

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
CODE = "printemps-2027"
CRENEAUX = ("mardi-matin", "jeudi-matin")


def team(size: int) -> tuple[dict[str, object], ...]:
    """So many animateurs, with one groupe each."""
    able = {"thematiques": ("eau", "forets"), "creneaux": CRENEAUX, "groupes_max": 1}
    return tuple({"id": f"animateur-{n}", "nom": f"Animatrice {n}", **able} for n in range(1, size + 1))


def campagne(**changes: object) -> CampagneOuverte:
    """Two thématiques, two mornings, two animateurs; groupes of 4 to 6 with an élu and an agent at least."""
    values: dict[str, object] = {
        "campagne": CODE,
        "nom": "Printemps 2027",
        "inscriptions_du": datetime(2027, 1, 10, tzinfo=UTC),
        "inscriptions_au": datetime(2027, 4, 4, tzinfo=UTC),
        "seances_du": "2027-05-03",
        "seances_au": "2027-07-09",
        "thematiques": ({"code": "eau", "titre": "L’eau"}, {"code": "forets", "titre": "Les forêts"}),
        "creneaux": CRENEAUX,
        "animateurs": team(2),
        "groupe": {"min": 4, "max": 6, "elus_min": 1, "agents_min": 1},
    }
    return CampagneOuverte.model_validate(values | changes)


def closed(**changes: object) -> CampagneClose:
    return CampagneClose.model_validate(campagne(**changes).model_dump() | {"close_le": NOW})


def person(number: int, thematique: str = "eau", **changes: object) -> InscriptionValidee:
    """Everybody comes from another commune; every other one is an élu, all free on Tuesday morning."""
    values: dict[str, object] = {
        "inscription": person_id(number),
        "campagne": CODE,
        "thematique": thematique,
        "personne": {"prenom": "Camille", "nom": f"Numéro {number}", "email": f"P{number}@exemple.fr"},
        "qualite": "elu" if number % 2 else "agent",
        "fonction": "Maire" if number % 2 else "Directrice",
        "collectivite": {
            "type": "commune",
            "code": f"{number:05}",
            "nom": f"Commune {number}",
            "departement": "12",
            "taille": "petite",
        },
        "disponibilites": ({"creneau": "mardi-matin", "accord": "prefere"},),
        "situation": "Un projet à partager.",
        "engagements": {"quatre_seances": True, "situation_concrete": True, "camera_et_micro": True},
        "recue_le": datetime(2027, 2, 1, tzinfo=UTC) + timedelta(minutes=number),
    }
    return InscriptionValidee.model_validate(values | changes)


def person_id(number: int) -> UUID:
    return uuid5(UUID(int=7), str(number))


def withdrawal(number: int) -> InscriptionAnnulee:
    return InscriptionAnnulee(
        inscription=person_id(number), campagne=CODE, thematique="eau", cause="retrait", annulee_le=NOW
    )


E = TypeVar("E", bound=EventData)


class NearPlanner(Planner):
    """Solves in this process: what a test doesn't ask about the child, it need not wait for."""

    async def _solve(self, claim: Claim, demande: Demande) -> Plan:
        del claim
        found = solve_season(demande.probleme, demande.horaire)
        return Plan(found.proposition, found.horaire)


@dataclass
class Stage:
    """The service with its database; a planner runs when a test says so."""

    database: Database
    settings: Settings
    service: Service
    handlers: Handlers
    planner: Planner
    child_planner: Planner

    async def deliver(self, *events: EventData) -> None:
        await deliver(self.handlers, self.database, *events, ids=[uuid7() for _ in events])

    async def published(self, kind: type[E]) -> list[E]:
        return [event for event in await published(self.database) if isinstance(event, kind)]

    async def form(self, planner: Planner | None = None) -> Avancement:
        async with self.database.transaction() as tx:
            await use_cases.request_groupes(tx, CODE)
        await (planner or self.planner).run()
        return await self.latest()

    async def latest(self) -> Avancement:
        async with self.database.read() as connection:
            return (await propositions.of_campagne(connection, CODE))[0]

    async def all_propositions(self) -> list[Avancement]:
        async with self.database.read() as connection:
            return await propositions.of_campagne(connection, CODE)

    async def publish(self, proposition: UUID) -> None:
        async with self.database.transaction() as tx:
            await use_cases.publish_proposition(tx, proposition)

    async def form_and_publish(self) -> None:
        await self.publish((await self.form()).id)


@pytest.fixture
async def stage(make_database: Callable[[str], str]) -> AsyncIterator[Stage]:
    url = make_database("scheduling")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    database = await new_database(url, metadata, clock=lambda: NOW, source="scheduling")
    service = build(settings, database)
    near, real = NearPlanner(database, settings), Planner(database, settings, renew_s=0.1)
    yield Stage(database, settings, service, handlers(), near, real)
    await database.engine.dispose()


async def test_everybody_has_one_decision_and_each_groupe_four_seances(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 15)))
    await stage.form_and_publish()
    decisions = await stage.published(AffectationDecidee)
    assert Counter(d.inscription for d in decisions) == Counter(person_id(n) for n in range(1, 15))
    formed = await stage.published(GroupeForme)
    assert {m: g.groupe for g in formed for m in g.membres} == {
        d.inscription: d.groupe for d in decisions if d.decision is Decision.RETENUE
    }
    assert Counter((s.groupe, s.rang) for s in await stage.published(SeancePlanifiee)) == Counter(
        (g.groupe, rang) for g in formed for rang in range(1, 5)
    )
    waiting = [d for d in decisions if d.decision is Decision.LISTE_ATTENTE]
    assert [d.rang_attente for d in waiting] == [1, 2]
    assert all(d.phrase and "'" not in d.phrase for d in decisions)


async def test_a_small_thematique_is_not_starved_when_there_are_animateurs_enough(stage: Stage) -> None:
    people = [person(n) for n in range(1, 31)] + [person(n, "forets") for n in range(31, 39)]
    await stage.deliver(campagne(animateurs=team(7)), *people)
    await stage.form_and_publish()
    placed: Counter[str] = Counter()
    for groupe in await stage.published(GroupeForme):
        placed[groupe.thematique] += len(groupe.membres)
    assert placed == {"eau": 30, "forets": 8}


async def test_publishing_twice_publishes_once(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    proposition = await stage.form()
    await asyncio.gather(stage.publish(proposition.id), stage.publish(proposition.id))
    assert len(await stage.published(GroupeForme)) == 1
    with pytest.raises(Refused):
        await stage.form()


async def test_any_ready_proposition_that_is_kept_can_be_published(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    older = await stage.form()
    await stage.form()
    await stage.publish(older.id)
    (groupe,) = await stage.published(GroupeForme)
    assert [p.etat for p in await stage.all_propositions()] == ["abandonnee", "publiee"]
    assert {d.groupe for d in await stage.published(AffectationDecidee)} == {groupe.groupe}


async def test_only_the_latest_few_propositions_are_kept(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    first = await stage.form()
    for _ in range(propositions.KEPT):
        await stage.form()
    assert [p.etat for p in await stage.all_propositions()] == ["prete"] * propositions.KEPT + ["abandonnee"]
    with pytest.raises(Refused, match="n’est plus conservée"):
        await stage.publish(first.id)


async def test_who_left_before_the_publication_is_left_out_and_who_came_waits(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    proposition = await stage.form()
    await stage.deliver(withdrawal(1), person(7))
    await stage.publish(proposition.id)
    (groupe,) = await stage.published(GroupeForme)
    assert set(groupe.membres) == {person_id(n) for n in range(2, 7)}
    decided = {d.inscription: d for d in await stage.published(AffectationDecidee)}
    assert person_id(1) not in decided
    assert decided[person_id(7)].code is Motif.ARRIVEE_TARDIVE
    assert decided[person_id(7)].rang_attente == 1


async def test_a_groupe_that_everybody_left_before_the_publication_is_not_published(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 6)))
    proposition = await stage.form()
    await stage.deliver(*(withdrawal(n) for n in range(1, 6)), person(6))
    await stage.publish(proposition.id)
    assert await stage.published(GroupeForme) == []
    assert await stage.published(SeancePlanifiee) == []
    assert [d.inscription for d in await stage.published(AffectationDecidee)] == [person_id(6)]


async def test_a_withdrawal_after_publication_makes_a_new_version_of_the_groupe(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    await stage.form_and_publish()
    await stage.deliver(withdrawal(1), withdrawal(2))
    await stage.deliver(withdrawal(1))
    (modified,) = await stage.published(GroupeModifie)
    assert (modified.version, set(modified.membres)) == (2, {person_id(n) for n in range(3, 7)})
    left = [d for d in await stage.published(AffectationDecidee) if d.code is Motif.RETRAIT]
    assert {d.inscription for d in left} == {person_id(1), person_id(2)}


async def test_who_registers_after_publication_is_told_a_place_on_the_list(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    await stage.form_and_publish()
    await stage.deliver(person(8), person(9))
    late = (await stage.published(AffectationDecidee))[-2:]
    assert [(d.inscription, d.rang_attente) for d in late] == [(person_id(8), 1), (person_id(9), 2)]


async def test_a_closing_campagne_forms_and_publishes_by_itself_if_set_so(stage: Stage) -> None:
    await stage.deliver(*(person(n) for n in range(1, 7)), closed(former_a_la_cloture=True))
    async with stage.database.transaction() as tx:  # the time that inscriptions on their way are given
        await tx.connection.execute(text("UPDATE propositions SET prenable_le = now()"))
    await stage.planner.run()
    assert len(await stage.published(GroupeForme)) == 1


async def test_a_campagne_that_closes_without_that_setting_waits_for_the_team(stage: Stage) -> None:
    await stage.deliver(*(person(n) for n in range(1, 7)), closed())
    await stage.planner.run()
    async with stage.database.read() as connection:
        assert await propositions.of_campagne(connection, CODE) == []


async def test_what_cannot_be_solved_is_told_in_one_french_sentence(stage: Stage) -> None:
    impossible = {"min": 4, "max": 6, "elus_min": 4, "agents_min": 4}
    await stage.deliver(campagne(groupe=impossible), person(1))
    failed = await stage.form(stage.child_planner)
    assert failed.etat == "echouee"
    assert failed.erreur == (
        "Un groupe de 6 personnes ne peut pas compter à la fois 4 élus et 4 agents\u00a0: "
        "augmentez la taille ou baissez ces minimums."
    )


async def test_a_killed_solver_is_tried_again_and_then_told(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    suicide = (sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal.SIGKILL.value})")
    broken = Planner(stage.database, stage.settings, command=suicide)
    async with stage.database.transaction() as tx:
        await use_cases.request_groupes(tx, CODE)
    await broken.run()
    failed = await stage.latest()
    assert failed.etat == "echouee"
    assert "plusieurs fois" in (failed.erreur or "")
    assert (await stage.form(stage.child_planner)).etat == "prete"


async def test_a_request_whose_planner_is_gone_is_taken_by_another(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    async with stage.database.transaction() as tx:
        await use_cases.request_groupes(tx, CODE)
    async with stage.database.transaction() as tx:
        stale = await propositions.claim(tx.connection, uuid7(), NOW, lease_s=1.0)
    assert stale is not None
    await stage.planner.run()
    assert (await stage.latest()).etat == "en_cours"
    await asyncio.sleep(1.1)
    await stage.planner.run()
    assert (await stage.latest()).etat == "prete"
    async with stage.database.transaction() as tx:
        assert await propositions.renew(tx.connection, stale, Progression(""), 10) is None


async def test_a_stopped_worker_gives_its_request_back_and_ends_its_child(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    async with stage.database.transaction() as tx:
        await use_cases.request_groupes(tx, CODE)
    says_its_id = (
        "import json,os,time;print(json.dumps({'progression': {'texte': str(os.getpid())}}), flush=True);time.sleep(60)"
    )
    patient = Planner(stage.database, stage.settings, command=(sys.executable, "-c", says_its_id), renew_s=0.05)
    running = asyncio.create_task(patient.run())
    while not (child := (await stage.latest()).progression).isdigit():  # noqa: ASYNC110 - told by another process
        await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await stage.latest()).etat == "demandee"
    with pytest.raises(ProcessLookupError):
        os.kill(int(child), 0)


async def test_the_team_moves_and_cancels_a_seance_on_its_page(stage: Stage) -> None:
    await stage.deliver(campagne(), *(person(n) for n in range(1, 7)))
    await stage.form_and_publish()
    first, second = (await stage.published(SeancePlanifiee))[:2]
    address = f"/groupes/seances/{first.seance}"
    async with client(stage.service) as web:
        assert "/connexion" in str((await web.get(address)).url)
        await sign_in(web, "/groupes")
        holiday = await post_form(web, f"{address}/deplacer", {"sequence": 0, "date": "2027-05-06", "heure": "08:30"})
        assert "Ascension" in holiday.text
        move = {"sequence": 0, "date": "2027-05-05", "heure": "10:00"}
        assert "Déplacer quand même" in (await post_form(web, f"{address}/deplacer", move)).text
        assert await stage.published(SeanceDeplacee) == []
        await post_form(web, f"{address}/deplacer", move | {"confirmer": "oui"})
        assert (await post_form(web, f"{address}/deplacer", move | {"confirmer": "oui"})).status_code == 409
        without_cause = await post_form(web, f"/groupes/seances/{second.seance}/annuler", {"sequence": 0, "cause": " "})
        assert without_cause.status_code == 422
        await post_form(web, f"/groupes/seances/{second.seance}/annuler", {"sequence": 0, "cause": "Animatrice malade"})
    (moved,) = await stage.published(SeanceDeplacee)
    assert (moved.seance, moved.sequence, moved.ancien_debut) == (first.seance, 1, first.debut)
    (cancelled,) = await stage.published(SeanceAnnulee)
    assert (cancelled.seance, cancelled.sequence, cancelled.cause) == (second.seance, 1, "Animatrice malade")


async def test_the_team_follows_a_campagne_from_its_inscriptions_to_its_groupes(stage: Stage) -> None:
    page = f"/groupes/campagnes/{CODE}"
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        assert "Aucune campagne" in (await web.get("/groupes/")).text
        await stage.deliver(campagne(), *(person(n) for n in range(1, 8)))
        assert "Former les groupes" in (await web.get(page)).text
        assert "data-en-cours" in (await post_form(web, f"{page}/former", {})).text
        assert "X-Termine" not in (await web.get(f"{page}/avancement")).headers
        await stage.planner.run()
        assert (await web.get(f"{page}/avancement")).headers["X-Termine"] == "1"
        assert "Camille Numéro 1" in (await web.get(page)).text
        assert "1er" in (await web.get(f"{page}/attente")).text
        proposition = (await stage.latest()).id
        assert str(proposition) in (await web.get(f"{page}/publier")).text
        await post_form(web, f"{page}/publier", {"proposition": str(proposition), "version": 0})
        (groupe,) = await stage.published(GroupeForme)
        await stage.deliver(
            InscriptionAnnulee(
                inscription=groupe.membres[0], campagne=CODE, thematique="eau", cause="retrait", annulee_le=NOW
            )
        )
        shown = " ".join((await web.get(page)).text.split())
        assert "Groupe à 5, 1 personne en attente sur ce créneau." in shown
        assert "Animatrice" in (await web.get("/groupes/seances")).text
