from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.links import Links
from chassis.testing import post_form, published, words
from contracts.events import (
    AffectationDecidee,
    GroupeForme,
    InscriptionRecue,
    InscriptionRetiree,
    InscriptionValidee,
    SeancePlanifiee,
)
from registration import use_cases

STEP_1 = {
    "prenom": "Ève",
    "nom": "Martin",
    "email": "eve.martin@pelussin.fr",
    "qualite": "elu",
    "fonction": "Maire",
    "collectivite": "commune:42168",
    "collectivite_texte": "Pélussin",
}
STEP_2 = {"thematique": "eau", "creneau_mardi-matin": "prefere", "situation": "Le partage de l’eau."}
STEP_3 = {"engagements": ["quatre_seances", "situation_concrete", "camera_et_micro"]}


async def fill(season: Any, **changes: Any) -> Any:
    """Fill in the form as a browser does, and return the answer to the last step."""
    answer = await season.web.get("/inscription")
    for step in (STEP_1, STEP_2, STEP_3):
        path = answer.url.path
        answer = await post_form(season.web, path, {**step, **{k: v for k, v in changes.items() if k in step}})
    return answer


async def consume(season: Any) -> None:
    """Bring our own front-door events back to the service, as Kafka does."""
    events = await published(season.database)
    await season.deliver(*(event for event in events if isinstance(event, InscriptionRecue | InscriptionRetiree)))


async def test_a_person_registers_in_three_steps_and_sees_the_answer(season: Any) -> None:
    answer = await fill(season)
    assert answer.url.path.startswith("/suivi/")
    assert "data-en-cours" in answer.text
    assert "nous la vérifions" in words(answer)
    await consume(season)
    state = await season.web.get(f"{answer.url.path}/etat")
    assert state.headers["X-Termine"] == "1"
    assert "Votre inscription est bien enregistrée" in words(state)
    assert "<html" not in state.text
    recue, validee = await season.answers()
    assert isinstance(validee, InscriptionValidee)
    assert (recue.personne.email, recue.collectivite.code) == ("eve.martin@pelussin.fr", "42168")


async def test_while_kafka_is_away_the_page_stops_promising_seconds_and_nothing_is_lost(season: Any) -> None:
    answer = await fill(season)
    assert "quelques secondes" in words(answer)
    season.now += timedelta(minutes=1)
    waiting = words(await season.web.get(f"{answer.url.path}/etat"))
    assert "rien n’est perdu" in waiting
    assert "quelques secondes" not in waiting
    await consume(season)
    assert "Votre inscription est bien enregistrée" in words(await season.web.get(answer.url.path))
    await post_form(season.web, f"{answer.url.path}/retrait", {})
    assert "quelques secondes" in words(await season.web.get(answer.url.path))
    season.now += timedelta(minutes=1)
    assert "demande de retrait : elle est enregistrée" in words(await season.web.get(answer.url.path))


async def test_sending_the_last_step_twice_registers_once(season: Any) -> None:
    answer = await season.web.get("/inscription")
    for step in (STEP_1, STEP_2):
        answer = await post_form(season.web, answer.url.path, step)
    first = await post_form(season.web, answer.url.path, STEP_3)
    second = await post_form(season.web, answer.url.path, STEP_3)
    back = await season.web.get(answer.url.path)
    assert first.url == second.url == back.url
    assert len(await season.answers()) == 1


async def test_an_error_names_its_field_and_loses_nothing_that_was_typed(season: Any) -> None:
    start = await season.web.get("/inscription")
    answer = await post_form(
        season.web, start.url.path, STEP_1 | {"email": "eve@pelussin", "prenom": "<Ève>", "collectivite": ""}
        | {"collectivite_texte": "Saint-Etienne"}
    )  # fmt: skip
    assert answer.status_code == 422
    assert "<title>Erreur" in answer.text
    assert 'href="#email"' in answer.text
    assert 'aria-describedby="email-aide email-erreur" aria-invalid="true"' in answer.text
    assert 'value="&lt;Ève&gt;"' in answer.text
    assert 'href="#collectivite_texte"' not in answer.text, "one body bears that name: it is a choice"
    again = await season.web.get(start.url.path)
    assert 'value="eve@pelussin"' in again.text


async def test_the_collectivite_is_found_without_script(season: Any) -> None:
    start = await season.web.get("/inscription")
    typed = STEP_1 | {"collectivite": "", "collectivite_texte": "saint denis", "chercher": "collectivite"}
    answer = await post_form(season.web, start.url.path, typed)
    assert answer.status_code == 200
    assert "Commune, Seine-Saint-Denis" in answer.text
    assert "Commune, Réunion" in answer.text or "Commune, La Réunion" in answer.text
    found = (await season.web.get("/collectivites", params={"q": "pelussin"})).json()
    assert found[0] == {"cle": "commune:42168", "libelle": "Pélussin", "detail": "Commune, Loire"}
    assert found[-1]["cle"].startswith("autre:")


async def test_going_back_keeps_what_is_typed_even_if_it_is_wrong(season: Any) -> None:
    answer = await season.web.get("/inscription")
    second = await post_form(season.web, answer.url.path, STEP_1)
    back = await post_form(season.web, second.url.path, {"situation": "Une phrase gardée.", "retour": "1"})
    assert back.url.path.endswith("/1")
    assert "Une phrase gardée." in (await season.web.get(second.url.path)).text


async def test_a_step_cannot_be_jumped(season: Any) -> None:
    start = await season.web.get("/inscription")
    third = start.url.path[:-1] + "3"
    assert "n’est plus conservée" in words(await season.web.get(third))
    await post_form(season.web, start.url.path, STEP_1)
    answer = await post_form(season.web, third, STEP_3)
    assert answer.url.path.endswith("/2")
    assert "Choisissez une thématique" in words(answer)
    assert await season.answers() == []


async def test_a_forged_link_is_told_politely_and_a_form_without_token_is_refused(season: Any) -> None:
    assert (await season.web.get("/suivi/forge")).status_code == 404
    assert (await season.web.get("/inscription/forge/1")).status_code == 404
    start = await season.web.get("/inscription")
    assert (await season.web.post(start.url.path, data=STEP_1)).status_code == 403


async def test_a_closed_season_says_when_the_next_one_is(season: Any) -> None:
    season.now += timedelta(days=30)
    assert "La date de la prochaine campagne n’est pas encore fixée" in words(await season.web.get("/"))
    season.now -= timedelta(days=60)
    for path in ("/", "/inscription"):
        assert "« Printemps 2027 », ouvre ses inscriptions le vendredi 5 mars 2027" in words(await season.web.get(path))


async def test_following_shows_and_withdrawing_asks_first(season: Any) -> None:
    followed = (await fill(season)).url.path
    await consume(season)
    explained = await season.web.get(f"{followed}/retrait")
    assert "Retirer mon inscription" in words(explained)
    assert len(await season.answers()) == 2, "a GET changes nothing"
    for _ in range(2):
        waiting = await post_form(season.web, f"{followed}/retrait", {})
    assert "Votre retrait est en cours" in words(waiting)
    assert sum(isinstance(event, InscriptionRetiree) for event in await season.answers()) == 1
    await consume(season)
    assert "Votre inscription a été retirée" in words(await season.web.get(followed))


async def test_a_refused_person_corrects_what_was_written(season: Any) -> None:
    await fill(season)
    await consume(season)
    followed = (await fill(season)).url.path
    await consume(season)
    assert "Vous êtes déjà inscrit à cette thématique" in words(await season.web.get(followed))
    form = await post_form(season.web, f"{followed}/corriger", {})
    assert form.url.path.endswith("/1")
    assert 'value="Pélussin"' in form.text
    second = await post_form(season.web, form.url.path, STEP_1)
    third = await post_form(season.web, second.url.path, STEP_2 | {"thematique": "forets"})
    last = await post_form(season.web, third.url.path, STEP_3)
    assert last.url.path == followed
    assert "nous la vérifions" in words(last)
    await consume(season)
    assert "Votre inscription est bien enregistrée" in words(await season.web.get(followed))


async def test_a_correction_keeps_the_rank_that_the_portal_gave(season: Any, recue: Any) -> None:
    wrong = recue(thematique="espace", rang=3)
    await season.deliver(wrong)
    token = Links("clef-de-test-" * 4).sign("suivi", str(wrong.inscription))
    form = await post_form(season.web, f"/suivi/{token}/corriger", {})
    for step in (STEP_1, STEP_2, STEP_3):
        form = await post_form(season.web, form.url.path, step)
    await consume(season)
    assert [answer.rang for answer in await season.answers() if isinstance(answer, InscriptionValidee)] == [3]


async def test_a_retained_person_sees_the_groupe_and_the_dates(season: Any, recue: Any) -> None:
    asked, groupe, seance = recue(), UUID(int=1), UUID(int=2)
    common = {"campagne": "printemps-2027", "thematique": "eau", "groupe": groupe}
    decided = AffectationDecidee(
        **common, inscription=asked.inscription, decision="retenue", code="retenue.place", phrase="Une place.",
        decidee_le=season.now,
    )  # fmt: skip
    formed = GroupeForme(
        **common, nom="Eau 1", creneau="mardi-matin", animateur="ada", animateur_nom="Ada Exemple",
        membres=(asked.inscription,), version=1,
    )  # fmt: skip
    debut = season.now.replace(month=4, day=6, hour=6, minute=30)
    planned = SeancePlanifiee(
        **common, seance=seance, rang=1, debut=debut, fin=debut + timedelta(hours=2), sequence=0,
        visio_url="https://visio.exemple.fr/1",
    )  # fmt: skip
    await season.deliver(asked, decided, formed, planned)
    token = Links("clef-de-test-" * 4).sign("suivi", str(asked.inscription))
    seen = words(await season.web.get(f"/suivi/{token}"))
    assert "Vous avez une place" in seen
    assert "mardi 6 avril 2027 de 8 h 30 à 10 h 30" in seen
    assert "Ada Exemple" in seen


async def test_the_first_thematique_asked_for_is_said_to_be_the_first_choice(season: Any) -> None:
    start = await season.web.get("/inscription")
    second = await post_form(season.web, start.url.path, STEP_1)
    assert "la première que vous demandez compte comme votre premier choix" in words(second)


async def test_a_client_that_sends_too_fast_is_asked_to_wait(season: Any) -> None:
    answers = [await post_form(season.web, "/suivi/forge/retrait", {}) for _ in range(125)]
    assert answers[0].status_code == 404
    assert answers[-1].status_code == 429


async def test_old_drafts_are_purged_and_fresh_ones_kept(season: Any) -> None:
    start = await season.web.get("/inscription")
    await post_form(season.web, start.url.path, STEP_1)
    for hours, purged in ((23, 0), (2, 1)):
        season.now += timedelta(hours=hours)
        async with season.transaction() as tx:
            assert await use_cases.purge_drafts(tx) == purged
