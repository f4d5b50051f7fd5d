"""What the team and a participant see and do."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from chassis.store import Database, make_engine
from chassis.testing import client, post_form, sign_in

from chassis import migrations

LIST = "/messages/"


async def test_the_list_is_for_the_team(notification: Any) -> None:
    async with client(notification.service) as web:
        assert "Espace équipe" in (await web.get(LIST)).text
        await sign_in(web, "/messages")
        assert "Aucun message pour l’instant" in (await web.get(LIST)).text


async def test_the_list_is_filtered_searched_and_paginated(notification: Any, season: Any) -> None:
    await notification.hear(*season.published(people=10))
    await notification.send()
    async with client(notification.service) as web:
        await sign_in(web, "/messages")
        everything = (await web.get(LIST)).text
        assert "60 messages" in everything.replace("\xa0", " ")
        assert "?page=2" in everything
        assert "?page=2" not in (await web.get(LIST, params={"page": 2})).text
        decisions = (await web.get(LIST, params={"modele": "affectation", "etat": "envoye"})).text
        assert "10 messages" in decisions.replace("\xa0", " ")
        one = (await web.get(LIST, params={"adresse": "PERSONNE3@"})).text
        assert "6 messages" in one.replace("\xa0", " ")
        assert "personne4@" not in one
        assert "Aucun message ne correspond" in (await web.get(LIST, params={"adresse": "100%"})).text


async def test_a_message_is_previewed_in_a_closed_frame(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    identifiers = [identifier for (identifier,) in await notification.rows("id")]
    async with client(notification.service) as web:
        assert "Espace équipe" in (await web.get(f"{LIST}envois/{identifiers[1]}/apercu")).text
        await sign_in(web, "/messages")
        for identifier in identifiers:
            assert "Version en texte simple" in (await web.get(f"{LIST}envois/{identifier}")).text
            assert 'role="article"' in (await web.get(f"{LIST}envois/{identifier}/apercu")).text
        shown = await web.get(f"{LIST}envois/{identifiers[1]}/apercu")
        assert "Vos 4 dates" in shown.text
        assert "sandbox" in shown.headers["content-security-policy"]
        assert "script" not in shown.headers["content-security-policy"]
        assert (await web.get(f"{LIST}envois/{uuid4()}")).status_code == 404


async def test_the_team_sends_again_what_failed(notification: Any, season: Any) -> None:
    notification.sink.recipient_answers = ["550 full"]
    await notification.hear(season.campagne(), season.validee())
    await notification.send()
    ((identifier,),) = await notification.rows("id")
    async with client(notification.service) as web:
        await sign_in(web, "/messages")
        answer = await post_form(web, f"{LIST}envois/{identifier}/renvoyer", {})
        assert "Le message va repartir" in answer.text
        copy = answer.url.path.rpartition("/")[2]
        refused = await post_form(web, f"{LIST}envois/{copy}/renvoyer", {})
        assert refused.status_code == 409
    await notification.send()
    assert await notification.rows("etat") == [("echoue",), ("envoye",)]
    assert len(notification.sink.mails) == 1


async def test_the_team_decides_on_an_uncertain_message(notification: Any, season: Any) -> None:
    notification.sink.answers = [None, None]
    await notification.hear(season.campagne(), season.validee(), season.validee("b@exemple.fr"))
    await notification.send()
    first, second = [identifier for (identifier,) in await notification.rows("id")]
    async with client(notification.service) as web:
        await sign_in(web, "/messages")
        assert "2 messages incertains" in (await web.get(LIST)).text.replace("\xa0", " ")
        figures = (await web.get("/metrics")).text
        assert 'ateliers_mails{state="incertain"} 2.0' in figures
        assert 'ateliers_mails{state="envoye"} 0.0' in figures
        await post_form(web, f"{LIST}envois/{first}/classer", {})
        await post_form(web, f"{LIST}envois/{second}/renvoyer", {})
        assert "incertains" not in (await web.get(LIST)).text
    await notification.send()
    assert await notification.rows("etat") == [("abandonne",), ("abandonne",), ("envoye",)]


async def test_unsubscribing_takes_one_click_and_never_a_seance(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    await notification.send()
    path = f"/messages/preferences/{notification.links.sign('preferences', str(season.people[0]))}"
    async with client(notification.service) as web:
        assert "Vous recevez un rappel" in (await web.get(path)).text
        await web.get(path)
        clicked = await web.post(path, data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200
        assert "Vous ne recevez plus" in (await web.get(path)).text
    notification.go_to(season.first)
    await notification.hear(season.deplacee(4, timedelta(0)))
    await notification.look_at_the_clock()
    await notification.send()
    assert notification.sink.subjects()[6:] == ["Séance 4 déplacée : mardi 15 juin à 8 h 30"]
    async with client(notification.service) as web:
        assert "Vous recevez un rappel" in (await web.post(path, data={"messages": "oui"})).text


async def test_a_forged_link_is_refused_politely(notification: Any) -> None:
    follow = notification.links.sign("suivi", str(uuid4()))
    async with client(notification.service) as web:
        for token in ("faux", follow):
            answer = await web.post(f"/messages/preferences/{token}")
            assert answer.status_code == 404
            assert "Ce lien n’est pas valide" in answer.text


async def test_the_migration_makes_the_tables_that_the_code_knows(notification: Any, make_database: Any) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    database = Database(make_engine(make_database("migrated")), notification.database.clock, "notification")
    await migrations.upgrade(database.engine, notification.service.migrations)

    def differences(connection: Any) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), notification.service.metadata))

    async with database.engine.connect() as connection:
        found = await connection.run_sync(differences)
    await database.engine.dispose()
    assert [step for step in found if "alembic_version" not in str(step)] == []
