"""Replanning what is published, from the team's page to the events, on a real PostgreSQL."""

import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

import httpx
import pytest
from chassis.ids import uuid7
from chassis.service import Service
from chassis.store import Database
from chassis.testing import client, deliver, new_database, post_form, published, settings_values, sign_in
from contracts.events import (
    CampagneOuverte,
    GroupeForme,
    GroupeModifie,
    InscriptionValidee,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)
from contracts.model import EventData
from scheduling import use_cases
from scheduling.app import build
from scheduling.domain import PARIS, Refused
from scheduling.handlers import handlers
from scheduling.planner import Planner
from scheduling.reorganisation import AnimateurAbsent, AutreCreneau, AutreJour, Evenement, JourExclu
from scheduling.replanner import Replanner
from scheduling.repository import propositions
from scheduling.settings import Settings
from scheduling.solver.replanning import replan
from scheduling.solver.replanning_problem import Replan, ReplanProblem
from scheduling.tables import metadata

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
CODE = "printemps-2027"
PAGE = "/groupes/seances/reorganiser"
E = TypeVar("E", bound=EventData)


class NearReplanner(Replanner):
    """Solves in this process: what a test doesn't ask about the child, it need not wait for."""

    async def solve(self, problem: ReplanProblem) -> Replan:
        return replan(problem)


def campagne(animateurs: int) -> CampagneOuverte:
    creneaux = ("mardi-matin", "jeudi-matin")
    return CampagneOuverte.model_validate(
        {
            "campagne": CODE,
            "nom": "Printemps 2027",
            "inscriptions_du": datetime(2027, 1, 10, tzinfo=UTC),
            "inscriptions_au": datetime(2027, 4, 4, tzinfo=UTC),
            "seances_du": "2027-05-03",
            "seances_au": "2027-07-09",
            "thematiques": ({"code": "eau", "titre": "L’eau"},),
            "creneaux": creneaux,
            "animateurs": tuple(
                {"id": f"animateur-{n}", "nom": f"Animatrice {n}", "thematiques": ("eau",), "creneaux": creneaux}
                for n in range(1, animateurs + 1)
            ),
            "groupe": {"min": 4, "max": 6, "elus_min": 1, "agents_min": 1},
        }
    )


def person(number: int) -> InscriptionValidee:
    return InscriptionValidee.model_validate(
        {
            "inscription": uuid5(UUID(int=7), str(number)),
            "campagne": CODE,
            "thematique": "eau",
            "personne": {"prenom": "Camille", "nom": f"Numéro {number}", "email": f"p{number}@exemple.fr"},
            "qualite": "elu" if number % 2 else "agent",
            "fonction": "Maire",
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
    )


@dataclass
class Stage:
    database: Database
    settings: Settings
    service: Service

    async def publish(self, *, people: int = 6, animateurs: int = 2) -> None:
        events = [campagne(animateurs), *(person(n) for n in range(1, people + 1))]
        await deliver(handlers(), self.database, *events, ids=[uuid7() for _ in events])
        async with self.database.transaction() as tx:
            await use_cases.request_groupes(tx, CODE)
        await Planner(self.database, self.settings, renew_s=0.1).run()
        async with self.database.read() as connection:
            latest = (await propositions.of_campagne(connection, CODE))[0]
        async with self.database.transaction() as tx:
            await use_cases.publish_proposition(tx, latest.id)

    async def published(self, kind: type[E]) -> list[E]:
        return [event for event in await published(self.database) if isinstance(event, kind)]

    async def reorganise(self, evenement: Evenement, *, annuler: bool = False) -> Replan:
        async with self.database.read() as connection:
            situation = await use_cases.read_situation(connection, CODE, evenement, NOW)
        answer = replan(situation.probleme)
        async with self.database.transaction() as tx:
            await use_cases.reorganise(tx, situation, answer, annuler=annuler)
        return answer


@pytest.fixture
async def stage(make_database: Callable[[str], str]) -> AsyncIterator[Stage]:
    url = make_database("reorganise")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    database = await new_database(url, metadata, clock=lambda: NOW, source="scheduling")
    service = replace(build(settings, database), state={"replanner": NearReplanner(settings)})
    yield Stage(database, settings, service)
    await database.engine.dispose()


def day_of(seance: SeancePlanifiee) -> date:
    return seance.debut.astimezone(PARIS).date()


async def impact(web: httpx.AsyncClient, **asked: object) -> httpx.Response:
    return await web.get(f"{PAGE}/impact", params={"campagne": CODE, **{k: str(v) for k, v in asked.items()}})


async def confirm(web: httpx.AsyncClient, shown: httpx.Response, asked: Mapping[str, object]) -> httpx.Response:
    empreinte = shown.text.partition('name="empreinte" value="')[2].partition('"')[0]
    return await post_form(web, PAGE, {"campagne": CODE, "empreinte": empreinte, **asked})


def figures(shown: httpx.Response) -> list[str]:
    """Séances moved, animateurs changed, people and mails, as the page tells them."""
    return re.findall(r'chiffre__valeur">(\d+)<', shown.text)


async def test_an_absence_is_shown_first_then_given_to_another_animateur_without_a_mail(stage: Stage) -> None:
    await stage.publish()
    (groupe,) = await stage.published(GroupeForme)
    second = (await stage.published(SeancePlanifiee))[1]
    asked = {"quoi": "absence", "animateur": groupe.animateur, "du": day_of(second), "au": day_of(second)}
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        assert "Réorganiser…" in (await web.get("/groupes/seances")).text
        shown = await impact(web, **asked)
        assert "groupe change d’animateur" in shown.text
        assert await stage.published(GroupeModifie) == []
        done = await confirm(web, shown, asked)
        assert "C’est réorganisé" in done.text
        assert "Absences connues" in (await web.get(PAGE, params={"campagne": CODE})).text
    (modified,) = await stage.published(GroupeModifie)
    assert (modified.version, modified.membres) == (2, groupe.membres)
    assert {modified.animateur, groupe.animateur} == {"animateur-1", "animateur-2"}
    assert modified.animateur_nom.startswith("Animatrice")
    assert await stage.published(SeanceDeplacee) == []


async def test_a_struck_day_moves_a_seance_and_is_remembered_by_later_moves(stage: Stage) -> None:
    await stage.publish()
    first, second, *_ = await stage.published(SeancePlanifiee)
    asked = {"quoi": "jour", "jour": day_of(second)}
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        shown = await impact(web, **asked)
        assert figures(shown) == ["1", "0", "6", "6"]
        await confirm(web, shown, asked)
        (moved,) = await stage.published(SeanceDeplacee)
        assert (moved.seance, moved.sequence, moved.ancien_debut) == (second.seance, 1, second.debut)
        back = {"sequence": 0, "date": day_of(second).isoformat(), "heure": "08:30"}
        answer = await post_form(web, f"/groupes/seances/{first.seance}/deplacer", back)
        assert "exclu" in answer.text
        await post_form(web, f"{PAGE}/oublier", {"campagne": CODE, "jour": day_of(second)})
        answer = await post_form(web, f"/groupes/seances/{first.seance}/deplacer", back)
        assert "exclu" not in answer.text


async def test_a_second_replanning_respects_the_first_absence(stage: Stage) -> None:
    await stage.publish()
    (groupe,) = await stage.published(GroupeForme)
    second = (await stage.published(SeancePlanifiee))[1]
    await stage.reorganise(AnimateurAbsent(groupe.animateur, day_of(second), day_of(second)))
    (modified,) = await stage.published(GroupeModifie)
    await stage.reorganise(AnimateurAbsent(modified.animateur, day_of(second), day_of(second)))
    (moved,) = await stage.published(SeanceDeplacee)
    assert moved.seance == second.seance
    assert moved.debut.date() != day_of(second)


async def test_what_has_changed_since_it_was_shown_is_refused(stage: Stage) -> None:
    await stage.publish()
    first, second, *_ = await stage.published(SeancePlanifiee)
    asked = {"quoi": "jour", "jour": day_of(second)}
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        shown = await impact(web, **asked)
        async with stage.database.transaction() as tx:
            await use_cases.move_seance(tx, first.seance, 0, first.debut + timedelta(days=1), confirmed=True)
        answer = await confirm(web, shown, asked)
        assert (answer.status_code, "ont changé" in answer.text) == (409, True)
    assert [m.seance for m in await stage.published(SeanceDeplacee)] == [first.seance]


async def test_a_change_during_the_calculation_is_refused_in_the_transaction(stage: Stage) -> None:
    await stage.publish()
    first, second, *_ = await stage.published(SeancePlanifiee)
    async with stage.database.read() as connection:
        situation = await use_cases.read_situation(connection, CODE, JourExclu(day_of(second)), NOW)
    answer = replan(situation.probleme)
    async with stage.database.transaction() as tx:
        await use_cases.move_seance(tx, first.seance, 0, first.debut + timedelta(days=1), confirmed=True)
    with pytest.raises(Refused, match="ont changé"):
        async with stage.database.transaction() as tx:
            await use_cases.reorganise(tx, situation, answer, annuler=False)
    assert len(await stage.published(SeanceDeplacee)) == 1


async def test_what_cannot_be_held_is_told_and_cancelled_if_the_team_wants(stage: Stage) -> None:
    await stage.publish(animateurs=1)
    asked = {"quoi": "absence", "animateur": "animateur-1", "du": "2027-05-03", "au": ""}
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        shown = await impact(web, **asked)
        assert "Un animateur de plus pour cette thématique" in shown.text
        await confirm(web, shown, asked)
        assert await stage.published(SeanceAnnulee) == []
        await confirm(web, await impact(web, **asked), {**asked, "annuler": "oui"})
    cancelled = await stage.published(SeanceAnnulee)
    assert [(c.rang, c.sequence) for c in cancelled] == [(n, 1) for n in range(1, 5)]
    assert "personne ne peut la remplacer" in cancelled[0].cause


async def test_a_groupe_moves_to_another_creneau_with_its_name_and_a_warning(stage: Stage) -> None:
    await stage.publish()
    (groupe,) = await stage.published(GroupeForme)
    asked = {"quoi": "creneau", "groupe": groupe.groupe, "creneau": "jeudi-matin"}
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        shown = await impact(web, **asked)
        assert "6 membres n’ont pas proposé le jeudi matin" in shown.text
        await confirm(web, shown, asked)
    (modified,) = await stage.published(GroupeModifie)
    assert (modified.creneau, modified.nom) == ("jeudi-matin", "L’eau, jeudi matin")
    moved = await stage.published(SeanceDeplacee)
    assert {m.debut.astimezone(PARIS).weekday() for m in moved} == {3}
    assert len(moved) == 4


async def test_one_seance_gets_the_nearest_other_day(stage: Stage) -> None:
    await stage.publish()
    second = (await stage.published(SeancePlanifiee))[1]
    await stage.reorganise(AutreJour(second.seance))
    (moved,) = await stage.published(SeanceDeplacee)
    assert (moved.seance, abs(moved.debut - second.debut)) == (second.seance, timedelta(days=7))


NONSENSE: tuple[tuple[Evenement, str], ...] = (
    (AnimateurAbsent("inconnu", date(2027, 5, 4), None), "n’est pas connu"),
    (AnimateurAbsent("animateur-1", date(2027, 5, 4), date(2027, 5, 3)), "avant son début"),
    (AnimateurAbsent("animateur-1", date(2027, 3, 1), date(2027, 3, 2)), "passée"),
    (AnimateurAbsent("animateur-1", date(2027, 8, 1), None), "après la fin"),
    (JourExclu(date(2027, 4, 5)), "passé"),
    (JourExclu(date(2027, 8, 1)), "hors de la période"),
    (AutreCreneau(UUID(int=1), "jeudi-matin"), "n’existe pas"),
    (AutreJour(UUID(int=1)), "n’existe pas"),
)


async def test_what_makes_no_sense_is_refused_in_one_sentence(stage: Stage) -> None:
    with pytest.raises(Refused, match="ne sont pas publiés"):
        await stage.reorganise(JourExclu(date(2027, 5, 4)))
    await stage.publish()
    for evenement, words in NONSENSE:
        with pytest.raises(Refused, match=words):
            await stage.reorganise(evenement)
    (groupe,) = await stage.published(GroupeForme)
    with pytest.raises(Refused, match="déjà le mardi matin"):
        await stage.reorganise(AutreCreneau(groupe.groupe, "mardi-matin"))


async def test_fields_left_empty_are_named_on_the_form(stage: Stage) -> None:
    await stage.publish()
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        for asked, words in (
            ({"quoi": "absence"}, "Choisissez l’animateur."),
            ({"quoi": "absence", "animateur": "animateur-1", "du": "2027-05-04", "au": "hier"}, "dernier jour"),
            ({"quoi": "jour", "jour": "demain"}, "Indiquez le jour"),
            ({"quoi": "creneau"}, "Choisissez le groupe."),
            ({"quoi": "autre"}, "Dites d’abord"),
        ):
            answer = await impact(web, **asked)
            assert (answer.status_code, words in answer.text) == (422, True)


async def test_a_child_process_answers_as_the_solver_does_or_says_in_french_that_it_did_not(stage: Stage) -> None:
    await stage.publish()
    second = (await stage.published(SeancePlanifiee))[1]
    async with stage.database.read() as connection:
        situation = await use_cases.read_situation(connection, CODE, JourExclu(day_of(second)), NOW)
    assert await Replanner(stage.settings).solve(situation.probleme) == replan(situation.probleme)
    for code, words in (("import sys; sys.exit(1)", "interrompu"), ("import time; time.sleep(60)", "trop longtemps")):
        broken = Replanner(stage.settings, command=(sys.executable, "-c", code), seconds=0.5)
        with pytest.raises(Refused, match=words):
            await broken.solve(situation.probleme)
