"""A participant's way through the questionnaire, from the link in the mail to the event."""

from datetime import timedelta
from uuid import UUID

import pytest
from chassis.testing import post_form, published
from feedback.testing import COME, DEBUT, GROUPE, SOLENE, World, planned, sample, seance

from contracts import events

HELD = DEBUT + timedelta(hours=3)
FOURTH = DEBUT + timedelta(weeks=6, hours=3)
TESTIMONIAL = {
    "temoignage_texte": "De vrais échanges.",
    "temoignage_nom": "Solène Arribat",
    "temoignage_fonction": "adjointe au maire",
    "temoignage_collectivite": "Pélussin",
}


async def test_before_the_seance_the_page_says_when_it_takes_place(world: World) -> None:
    response = await world.web.get(world.questionnaire())
    assert response.status_code == 200
    assert "La séance n’a pas encore eu lieu" in response.text
    assert "mardi 11\u00a0mai 2027" in response.text
    refused = await post_form(world.web, world.questionnaire(), {"satisfaction": "5"})
    assert "La séance n’a pas encore eu lieu" in refused.text
    assert await published(world.database) == []


async def test_an_answer_is_thanked_for_and_published(world: World) -> None:
    world.at(HELD)
    assert "Cette séance a-t-elle répondu" in (await world.web.get(world.questionnaire())).text
    response = await post_form(
        world.web,
        world.questionnaire(),
        {"satisfaction": "4", "utile": "Les cas concrets", "besoins": ["eau", "forets", "inconnue"]},
    )
    assert response.url.path.endswith("/merci")
    assert "Merci, votre réponse est enregistrée" in response.text
    (retour,) = await published(world.database)
    assert isinstance(retour, events.RetourCollecte)
    assert (retour.seance, retour.inscription, retour.groupe, retour.rang) == (seance(1), SOLENE, GROUPE, 1)
    assert (retour.satisfaction, retour.besoins, retour.version) == (4, ("forets", "eau"), 1)
    assert "Les cas concrets" not in retour.model_dump_json()


async def test_the_same_answer_twice_counts_once_and_a_changed_one_replaces_it(world: World) -> None:
    world.at(HELD)
    for satisfaction in ("4", "4", "2"):
        await post_form(world.web, world.questionnaire(), {"satisfaction": satisfaction})
    told = await published(world.database)
    assert [(r.satisfaction, r.version) for r in told if isinstance(r, events.RetourCollecte)] == [(4, 1), (2, 2)]
    again = (await world.web.get(world.questionnaire())).text
    assert "Vous avez déjà répondu" in again
    assert 'value="2" checked' in again


async def test_without_a_note_the_page_says_so_and_keeps_what_was_typed(world: World) -> None:
    world.at(HELD)
    response = await post_form(world.web, world.questionnaire(), {"utile": "Les <b>échanges</b>", "besoins": "eau"})
    assert response.status_code == 422
    assert "<title>Erreur&nbsp;: " in response.text
    assert "Choisissez une note de 1 à 5." in response.text
    assert "Les &lt;b&gt;échanges&lt;/b&gt;" in response.text
    assert 'value="eau" checked' in response.text
    assert await published(world.database) == []


@pytest.mark.parametrize("note", ["0", "6", "4.5", "x", "٣", ""])
async def test_a_note_is_one_of_five(world: World, note: str) -> None:
    world.at(HELD)
    assert (await post_form(world.web, world.questionnaire(), {"satisfaction": note})).status_code == 422


async def test_characters_that_the_database_refuses_do_no_harm(world: World) -> None:
    world.at(HELD)
    response = await post_form(world.web, world.questionnaire(), {"satisfaction": "3", "utile": "a\x00b\r\nc"})
    assert response.status_code == 200
    assert "ab\nc" in (await world.web.get(world.questionnaire())).text


async def test_a_text_that_is_too_long_is_refused_beside_its_field(world: World) -> None:
    world.at(HELD)
    response = await post_form(world.web, world.questionnaire(), {"satisfaction": "3", "manque": "x" * 1501})
    assert response.status_code == 422
    assert 'id="manque-erreur"' in response.text


async def test_a_testimonial_is_asked_after_the_fourth_seance_only(world: World) -> None:
    world.at(FOURTH)
    assert "temoignage_texte" not in (await world.web.get(world.questionnaire(3))).text
    fourth = (await world.web.get(world.questionnaire(4))).text
    assert "temoignage_texte" in fourth
    assert 'value="Solène Arribat"' in fourth
    await post_form(
        world.web, world.questionnaire(3), {"satisfaction": "5", "temoignage_consentement": "oui", **TESTIMONIAL}
    )
    (retour,) = await published(world.database)
    assert isinstance(retour, events.RetourCollecte)
    assert retour.temoignage is None


async def test_a_testimonial_without_consent_is_neither_kept_nor_published(world: World) -> None:
    world.at(FOURTH)
    response = await post_form(world.web, world.questionnaire(4), {"satisfaction": "5", **TESTIMONIAL})
    assert response.status_code == 422
    assert "Cochez la case pour autoriser la publication" in response.text
    assert "De vrais échanges." in response.text
    assert await published(world.database) == []


async def test_a_consented_testimonial_travels_with_its_author_and_its_date(world: World) -> None:
    world.at(FOURTH)
    data = {"satisfaction": "5", "temoignage_consentement": "oui", **TESTIMONIAL}
    response = await post_form(world.web, world.questionnaire(4), data)
    assert "De vrais échanges." in response.text
    (retour,) = await published(world.database)
    assert isinstance(retour, events.RetourCollecte)
    assert retour.temoignage is not None
    assert (retour.temoignage.nom, retour.temoignage.consenti_le) == ("Solène Arribat", FOURTH)


async def test_a_consent_can_be_taken_back_until_the_deadline(world: World) -> None:
    world.at(FOURTH)
    data = {"satisfaction": "5", "temoignage_consentement": "oui", **TESTIMONIAL}
    await post_form(world.web, world.questionnaire(4), data)
    await post_form(world.web, world.questionnaire(4), {"satisfaction": "5"})
    _, retour = await published(world.database)
    assert isinstance(retour, events.RetourCollecte)
    assert (retour.temoignage, retour.version) == (None, 2)


async def test_after_the_deadline_an_answer_is_shown_and_no_longer_changed(world: World) -> None:
    world.at(HELD)
    await post_form(world.web, world.questionnaire(), {"satisfaction": "4"})
    world.at(HELD + timedelta(days=21))
    late = await post_form(world.web, world.questionnaire(), {"satisfaction": "1"})
    assert "Le délai pour la modifier est passé." in late.text
    assert len(await published(world.database)) == 1
    silent = await world.web.get(world.questionnaire(inscription=COME))
    assert silent.status_code == 410
    assert "Le délai pour répondre est passé" in silent.text


async def test_a_cancelled_seance_and_a_forged_link_are_told_politely(world: World) -> None:
    world.at(HELD)
    await world.deliver(planned(1, events.SeanceAnnulee, sequence=1))
    cancelled = await world.web.get(world.questionnaire())
    assert (cancelled.status_code, "Cette séance a été annulée" in cancelled.text) == (410, True)
    forged = await world.web.get("/retours/questionnaire/n-importe-quoi")
    assert (forged.status_code, "Ce lien n’est pas valide" in forged.text) == (404, True)
    suivi = world.links.sign("suivi", str(seance(1)), str(SOLENE))
    assert (await world.web.get(f"/retours/questionnaire/{suivi}")).status_code == 404


async def test_a_seance_that_moved_is_answered_at_its_new_time(world: World) -> None:
    later = DEBUT + timedelta(days=7)
    await world.deliver(
        planned(1, events.SeanceDeplacee, debut=later, fin=later + timedelta(hours=2), sequence=1), planned(1)
    )
    world.at(HELD)
    assert "pas encore eu lieu" in (await world.web.get(world.questionnaire())).text
    world.at(later)
    assert "Cette séance a-t-elle répondu" in (await world.web.get(world.questionnaire())).text


async def test_who_is_not_known_yet_is_asked_to_come_back_and_who_left_is_told(world: World) -> None:
    world.at(HELD)
    unknown = await world.web.get(world.questionnaire(inscription=UUID(int=9)))
    assert (unknown.status_code, "n’est pas encore prêt" in unknown.text) == (404, True)
    await world.deliver(sample(events.InscriptionAnnulee, inscription=SOLENE, annulee_le=DEBUT - timedelta(hours=1)))
    gone = await world.web.get(world.questionnaire())
    assert (gone.status_code, "ne vous concerne plus" in gone.text) == (410, True)
