"""Filling a place that a withdrawal frees, from the withdrawal to what is published, on a real PostgreSQL."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from chassis.testing import client, new_database, post_form, settings_values, sign_in, words
from contracts.events import AffectationDecidee, GroupeModifie, InscriptionAnnulee, InscriptionValidee
from contracts.model import EventData
from contracts.reasons import Decision, Motif
from scheduling import use_cases
from scheduling.app import build
from scheduling.domain import Refused
from scheduling.repository import inscriptions
from scheduling.settings import Settings
from scheduling.tables import metadata
from scheduling.testing import CODE, FIRST, GROUPE, NOW, Stage, campagne, person, person_id, withdrawal


@pytest.fixture
async def stage(make_database: Callable[[str], str]) -> AsyncIterator[Stage]:
    url = make_database("remplacements")
    now = [NOW]
    database = await new_database(url, metadata, clock=lambda: now[0], source="scheduling")
    settings = Settings(**settings_values(url))  # type: ignore[arg-type]
    yield Stage(database, build(settings, database), now)
    await database.engine.dispose()


async def test_the_team_accepts_and_everybody_is_told(stage: Stage) -> None:
    await stage.publish([person(8), person(9), person(10)])
    await stage.deliver(withdrawal(1))
    (place,) = await stage.places()
    assert (place.ouvert, place.partie, place.groupe) == (True, person_id(1), GROUPE)
    await stage.accept(place, 9)
    left, joined = await stage.published(GroupeModifie)
    assert (left.version, joined.version) == (2, 3)
    assert set(joined.membres) == {*(person_id(n) for n in range(2, 7)), person_id(9)}
    decision = (await stage.published(AffectationDecidee))[-1]
    assert (decision.inscription, decision.decision, decision.code) == (
        person_id(9),
        Decision.RETENUE,
        Motif.PLACE_LIBEREE,
    )
    assert (decision.groupe, decision.rang_attente) == (GROUPE, None)
    assert decision.phrase == ("Une place s’est libérée pour vous dans un groupe du mardi matin, que vous préférez.")
    (filled,) = await stage.places()
    assert (filled.etat, filled.choisie, filled.automatique) == ("pourvu", person_id(9), False)
    assert (filled.phrase or "").startswith("Porte le groupe à 3 élus et 3 agents, vient d’une petite collectivité")
    await stage.accept(place, 9)
    assert len(await stage.published(GroupeModifie)) == 2


async def test_batches_of_arrivals_and_withdrawals_meet_without_a_deadlock(stage: Stage) -> None:
    await stage.deliver(campagne())
    both_hold_it = asyncio.Barrier(2)

    async def batch(number: int) -> None:
        async with stage.database.transaction() as tx:
            await use_cases.record_inscriptions(tx, [person(number)])
            await both_hold_it.wait()
            await use_cases.record_annulations(tx, [withdrawal(number)])

    await asyncio.wait_for(asyncio.gather(batch(1), batch(2)), 10)


async def test_batches_that_come_after_the_publication_together_give_every_rank_once(stage: Stage) -> None:
    await stage.publish([person(8), person(9)], remplacement_automatique=True)
    await asyncio.gather(*(stage.deliver(person(n + 20), withdrawal(n)) for n in range(1, 6)))
    decided = await stage.published(AffectationDecidee)
    late = [d for d in decided if d.code == Motif.ARRIVEE_TARDIVE]
    assert sorted(d.rang_attente or 0 for d in late) == [3, 4, 5, 6, 7]
    placed = [d.inscription for d in decided if d.code == Motif.PLACE_LIBEREE]
    assert len(placed) == len(set(placed)) > 0


async def test_ranks_on_the_waiting_list_stay_as_they_were_told(stage: Stage) -> None:
    await stage.publish([person(8), person(9), person(10)])
    await stage.deliver(withdrawal(2))
    (place,) = await stage.places()
    await stage.accept(place, 8)
    await stage.deliver(person(11))
    late = (await stage.published(AffectationDecidee))[-1]
    assert (late.inscription, late.rang_attente) == (person_id(11), 4)
    told = [d.inscription for d in await stage.published(AffectationDecidee) if d.rang_attente is not None]
    assert told == [person_id(n) for n in (8, 9, 10, 11)], "nobody is told a second time"


async def test_it_happens_by_itself_with_the_withdrawal_if_the_campagne_is_so_set(stage: Stage) -> None:
    away = ({"creneau": "jeudi-matin", "accord": "prefere"},)
    waiting = [person(8, disponibilites=away), person(10), person(11)]
    await stage.publish(waiting, remplacement_automatique=True)
    await stage.deliver(withdrawal(1), withdrawal(2))
    (modified,) = await stage.published(GroupeModifie)
    assert modified.version == 2
    assert set(modified.membres) == {*(person_id(n) for n in (3, 4, 5, 6)), person_id(10), person_id(11)}
    placed = [d for d in await stage.published(AffectationDecidee) if d.code is Motif.PLACE_LIBEREE]
    assert {d.inscription for d in placed} == {person_id(10), person_id(11)}
    assert [(p.etat, p.automatique) for p in await stage.places()] == [("pourvu", True)] * 2
    await stage.deliver(withdrawal(3))
    assert [p.etat for p in await stage.places()] == ["ouvert", "pourvu", "pourvu"], "nobody else can come"


async def test_withdrawals_at_the_same_time_never_choose_the_same_person(stage: Stage) -> None:
    await stage.publish([person(8), person(9)], remplacement_automatique=True)
    await asyncio.gather(*(stage.deliver(withdrawal(n)) for n in (1, 2, 3)))
    placed = [d.inscription for d in await stage.published(AffectationDecidee) if d.code is Motif.PLACE_LIBEREE]
    assert sorted(placed) == sorted({person_id(8), person_id(9)})
    assert [m.version for m in await stage.published(GroupeModifie)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (withdrawal(8), "Cette personne s’est désistée entre-temps."),
        (person(12), "Cette personne n’est pas sur la liste d’attente de cette thématique."),
    ],
)
async def test_who_is_gone_or_unknown_is_refused_politely(stage: Stage, event: EventData, sentence: str) -> None:
    await stage.publish([person(8), person(9)])
    await stage.deliver(withdrawal(1), event)
    (place,) = await stage.places()
    refused = 8 if isinstance(event, InscriptionAnnulee) else 99
    with pytest.raises(Refused, match=re.escape(sentence)):
        await stage.accept(place, refused)
    assert (await stage.places())[0].ouvert


async def test_who_was_placed_meanwhile_is_refused_and_the_other_place_stays_open(stage: Stage) -> None:
    await stage.publish([person(8), person(9)])
    await stage.deliver(withdrawal(1), withdrawal(3))
    first, second = await stage.places()
    await stage.accept(first, 9)
    with pytest.raises(Refused, match="a obtenu une place entre-temps"):
        await stage.accept(second, 9)
    with pytest.raises(Refused, match="déjà pourvue"):
        await stage.accept(first, 8)
    with pytest.raises(Refused, match="déjà pourvue"):
        await stage.leave_empty(first)


@pytest.mark.parametrize(
    ("waiting", "settings", "sentence"),
    [
        (person(8, collectivite={"code": "00003"}), {}, "sa collectivité est déjà dans le groupe"),
        (person(8, sans=("p4@exemple.fr",)), {}, "un souhait de ne pas être ensemble l’oppose à quelqu’un du groupe"),
        (person(8, collectivite={"departement": "971"}), {}, "les séances auraient lieu trop tôt ou trop tard"),
        (person(7), {}, "a déjà une place dans un autre groupe"),
        (
            person(8, collectivite={"code": "00007"}),
            {"places_par_collectivite": 1},
            "sa collectivité a déjà la place que permet la campagne",
        ),
    ],
)
async def test_nobody_gets_a_place_against_a_rule(
    stage: Stage, waiting: InscriptionValidee, settings: dict[str, Any], sentence: str
) -> None:
    # Who has all their places when the groupes are published waits for none; who registers later may.
    late = [waiting] if waiting.inscription == person_id(7) else []
    await stage.publish([w for w in [waiting] if not late], elsewhere=[7], **settings)
    await stage.deliver(*late, withdrawal(2))
    (place,) = await stage.places()
    number = 7 if late else 8
    with pytest.raises(Refused, match=re.escape(sentence)):
        await stage.accept(place, number)
    await stage.deliver(campagne(remplacement_automatique=True, **settings), withdrawal(6))
    assert [p.etat for p in await stage.places()] == ["ouvert", "ouvert"]


async def test_a_person_may_hold_as_many_places_as_the_campagne_allows(stage: Stage) -> None:
    await stage.publish([person(7)], elsewhere=[7], places_par_personne=2)
    await stage.deliver(withdrawal(1))
    (place,) = await stage.places()
    await stage.accept(place, 7)
    assert (await stage.places())[0].choisie == person_id(7)


async def test_a_place_may_be_filled_until_the_seance_that_the_campagne_says(stage: Stage) -> None:
    await stage.publish([person(8), person(10)], remplacement_jusqu_a_la_seance=2)
    stage.now[0] = FIRST + timedelta(hours=3)
    await stage.deliver(withdrawal(1))
    (place,) = await stage.places()
    stage.now[0] = FIRST + timedelta(weeks=2)
    assert await stage.count_places() == (0, 1)
    with pytest.raises(Refused, match="La 2e séance a commencé"):
        await stage.accept(place, 8)
    stage.now[0] -= timedelta(seconds=1)
    assert await stage.count_places() == (1, 1)
    await stage.accept(place, 8)
    told = (await stage.published(AffectationDecidee))[-1]
    assert told.phrase.endswith("Il s’est déjà réuni une fois\u00a0: 3 séances sont encore à venir.")
    stage.now[0] += timedelta(seconds=1)
    await stage.deliver(withdrawal(2))
    assert len(await stage.places()) == 1, "too late: no place is opened"


async def test_by_default_nobody_is_replaced_once_the_first_seance_has_begun(stage: Stage) -> None:
    await stage.publish([person(8)])
    stage.now[0] = FIRST
    await stage.deliver(withdrawal(1))
    assert await stage.places() == []
    assert [m.version for m in await stage.published(GroupeModifie)] == [2]


async def test_leaving_the_place_empty_is_a_decision(stage: Stage) -> None:
    await stage.publish([person(8)])
    await stage.deliver(withdrawal(1))
    (place,) = await stage.places()
    for _ in range(2):
        await stage.leave_empty(place)
    assert [p.etat for p in await stage.places()] == ["clos"]
    with pytest.raises(Refused, match="laisser cette place vide"):
        await stage.accept(place, 8)


async def test_who_replaced_somebody_can_be_replaced_in_turn(stage: Stage) -> None:
    await stage.publish([person(8), person(10)])
    await stage.deliver(withdrawal(2))
    await stage.accept((await stage.places())[0], 8)
    await stage.deliver(withdrawal(8))
    place = (await stage.places())[0]
    assert (place.ouvert, place.partie) == (True, person_id(8))
    await stage.accept(place, 10)
    assert person_id(10) in (await stage.published(GroupeModifie))[-1].membres


async def test_who_waited_in_vain_last_season_comes_before_who_is_higher_on_the_list(stage: Stage) -> None:
    await stage.end_a_season_before(waiting=10)
    await stage.publish([person(8), person(10)], remplacement_automatique=True)
    await stage.deliver(withdrawal(2))
    (place,) = await stage.places()
    assert place.choisie == person_id(10)
    assert "a attendu en vain la saison dernière" in (place.phrase or "")


async def test_a_withdrawal_from_the_waiting_list_frees_no_place(stage: Stage) -> None:
    await stage.publish([person(8)])
    await stage.deliver(withdrawal(8))
    assert await stage.places() == []


async def test_the_page_shows_whom_to_choose_and_why_and_the_choice(stage: Stage) -> None:
    away = ({"creneau": "jeudi-matin", "accord": "prefere"},)
    await stage.publish([person(8, disponibilites=away), person(9, collectivite={"departement": "02"}), person(11)])
    await stage.deliver(withdrawal(1))
    (place,) = await stage.places()
    address = f"/groupes/remplacements/{place.id}"
    async with client(stage.service) as web:
        assert "/connexion" in str((await web.get(address)).url)
        await sign_in(web, "/groupes")
        shown = words(await web.get(address))
        assert "Remplacer Camille Numéro 1" in shown
        assert "d’un département qui n’y est pas encore, préfère le mardi matin ; 3e en attente." in shown
        assert "Passe après : vient d’un département plus présent dans le groupe." in shown
        assert "1re : Camille Numéro 8, Commune 8. Ne peut pas venir le mardi matin." in shown
        assert "Cette personne recevra sa réponse et 4 invitations." in shown
        campagne_page = await web.get(f"/groupes/campagnes/{CODE}")
        assert "Places libérées (1 à pourvoir)" in words(campagne_page)
        assert f'href="{address}"' in campagne_page.text
        assert "À pourvoir" in words(await web.get(f"/groupes/campagnes/{CODE}/remplacements"))
        done = await post_form(web, f"{address}/accepter", {"inscription": str(person_id(9))})
        assert "Camille Numéro 9" in words(done)
        assert "Choix de l’équipe" in words(done)
        refused = await post_form(web, f"{address}/accepter", {"inscription": str(person_id(11))})
        assert refused.status_code == 409
        assert "déjà pourvue" in words(refused)
        listed = words(await web.get(f"/groupes/campagnes/{CODE}/remplacements"))
        assert "1 place libérée par un désistement, dont 0 à pourvoir." in listed
        assert "désistement" not in words(await web.get(f"/groupes/campagnes/{CODE}")).partition("Groupes eau")[2]


async def test_the_page_says_what_stands_in_the_way_when_nobody_can_come(stage: Stage) -> None:
    away = ({"creneau": "jeudi-matin", "accord": "prefere"},)
    await stage.publish([person(8, disponibilites=away), person(10, disponibilites=away)])
    async with client(stage.service) as web:
        await sign_in(web, "/groupes")
        assert "Aucune place libérée" in words(await web.get(f"/groupes/campagnes/{CODE}/remplacements"))
        await stage.deliver(withdrawal(1))
        (place,) = await stage.places()
        address = f"/groupes/remplacements/{place.id}"
        assert "Ne peut pas venir le mardi matin : 2 personnes." in words(await web.get(address))
        left = await post_form(web, f"{address}/laisser", {})
        assert "Il a été décidé de laisser cette place vide." in words(left)
        assert (await web.get(f"/groupes/remplacements/{UUID(int=1)}")).status_code == 404


async def test_the_order_of_asking_counts_where_no_rank_was_given(stage: Stage) -> None:
    asked = [
        person(1, "forets"),
        person(1),
        person(2, "forets", rang=2),
        person(2, rang=1),
        person(3, "forets", rang=1),
    ]
    early = NOW - timedelta(days=70)
    await stage.deliver(campagne(), *asked[:1], *asked[2:], person(1, recue_le=early), person(3, recue_le=early))
    async with stage.database.read() as connection:
        found = await inscriptions.active_inscrits(connection, CODE)
    ranks = {(one.email[:2], one.thematique): one.rang for one in found}
    assert [ranks[key] for key in (("p1", "eau"), ("p2", "eau"), ("p3", "forets"))] == [1, 1, 1]
    assert [ranks[key] for key in (("p1", "forets"), ("p2", "forets"), ("p3", "eau"))] == [2, 2, 2]
