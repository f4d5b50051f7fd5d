"""The team's pages: campagnes, inscriptions and what can be done about them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from chassis.testing import post_form, published, sign_in, words
from contracts.events import (
    CampagneClose,
    CampagneOuverte,
    InscriptionRecue,
)
from registration.repository import campagnes
from sqlalchemy import text

CAMPAGNE: dict[str, Any] = {
    "nom": "Automne 2027",
    "inscriptions_du": "2027-09-01",
    "inscriptions_au": "2027-09-20",
    "seances_du": "2027-10-01",
    "seances_au": "2027-12-15",
    "thematique_code_1": "eau",
    "thematique_titre_1": "L’eau",
    "creneaux": ["mardi-matin", "jeudi-apres-midi"],
    "animateur_nom_1": "Ada Exemple",
    "animateur_indisponible_1": "12/10/2027",
    "taille_min": "12",
    "taille_max": "15",
    "elus_min": "5",
    "agents_min": "5",
    "heure_matin": "08:30",
    "heure_apres_midi": "13:30",
    "jours_exclus": "",
    "places_par_personne": "1",
    "places_par_collectivite": "0",
    "poids_petite": "3",
    "poids_moyenne": "2",
    "poids_grande": "1",
    "remplacement_jusqu_a_la_seance": "1",
}


async def test_the_team_creates_opens_and_closes_a_campagne(season: Any) -> None:
    assert "/connexion" in str((await season.web.get("/campagnes")).url)
    await sign_in(season.web)
    created = await post_form(season.web, "/campagnes/nouvelle", CAMPAGNE)
    assert created.status_code == 200
    assert str(created.url.query, "ascii") == "campagne=automne-2027"
    await post_form(season.web, "/campagnes/automne-2027/ouvrir", {})
    assert "Une campagne close ne se rouvre pas" in words(await season.web.get("/campagnes/automne-2027/clore"))
    await post_form(season.web, "/campagnes/automne-2027/clore", {})
    events = [e for e in await published(season.database) if getattr(e, "campagne", "") == "automne-2027"]
    opened, closed = events
    assert isinstance(opened, CampagneOuverte)
    assert opened.animateurs[0].thematiques == ("eau",)
    assert opened.animateurs[0].indisponible == (date(2027, 10, 12),)
    assert opened.inscriptions_au.isoformat() == "2027-09-20T21:59:59+00:00"
    assert isinstance(closed, CampagneClose)
    assert closed.close_le == season.now


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"nom": "Printemps 2027"}, "Une autre campagne porte déjà ce nom."),
        ({"seances_du": "2027-09-10"}, "Les séances commencent après la fin des inscriptions."),
        ({"animateur_nom_1": ""}, "Indiquez au moins un animateur : sans lui, aucun groupe ne se forme."),
        ({"taille_max": "8"}, "Le plus grand groupe est au moins aussi grand que le plus petit."),
        ({"places_par_personne": "0"}, "Indiquez un nombre entre 1 et 20."),
        ({"poids_grande": "beaucoup"}, "Indiquez un nombre entre 1 et 100."),
        ({"remplacement_jusqu_a_la_seance": "5"}, "Indiquez un nombre entre 1 et 4."),
    ],
)
async def test_a_wrong_campagne_is_told_and_not_kept(season: Any, changes: dict[str, str], sentence: str) -> None:
    await sign_in(season.web)
    answer = await post_form(season.web, "/campagnes/nouvelle", CAMPAGNE | changes)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'value="2027-09-20"' in answer.text
    async with season.database.read() as connection:
        assert len(await campagnes.all_of_them(connection)) == 1


async def test_the_settings_of_places_and_replacements_are_kept_and_announced(season: Any) -> None:
    await sign_in(season.web)
    chosen = {
        "places_par_personne": "2",
        "places_par_collectivite": "3",
        "poids_petite": "5",
        "remplacement_automatique": "oui",
        "remplacement_jusqu_a_la_seance": "2",
    }
    await post_form(season.web, "/campagnes/nouvelle", CAMPAGNE | chosen)
    await post_form(season.web, "/campagnes/automne-2027/ouvrir", {})
    (opened,) = [e for e in await published(season.database) if getattr(e, "campagne", "") == "automne-2027"]
    assert isinstance(opened, CampagneOuverte)
    assert (opened.places_par_personne, opened.places_par_collectivite) == (2, 3)
    assert (opened.poids.petite, opened.poids.moyenne, opened.poids.grande) == (5, 2, 1)
    assert (opened.remplacement_automatique, opened.remplacement_jusqu_a_la_seance) == (True, 2)
    form = (await season.web.get("/campagnes/automne-2027/modifier")).text
    assert 'id="remplacement_jusqu_a_la_seance-2" name="remplacement_jusqu_a_la_seance" value="2" checked' in form
    assert 'name="remplacement_automatique" value="oui" checked' in form
    assert 'name="poids_petite" type="number" value="5"' in form


async def test_a_campagne_that_was_kept_before_the_settings_has_their_defaults(season: Any) -> None:
    async with season.transaction() as tx:
        await tx.connection.execute(text("UPDATE campagnes SET document = document - 'poids' - 'places_par_personne'"))
    async with season.database.read() as connection:
        (kept,) = await campagnes.all_of_them(connection)
    assert (kept.places_par_personne, kept.poids.petite) == (1, 3)


async def test_an_open_campagne_is_announced_again_when_it_changes(season: Any) -> None:
    await sign_in(season.web)
    form = await season.web.get("/campagnes/printemps-2027/modifier")
    assert 'value="Ada Exemple"' in form.text
    changed = CAMPAGNE | {"nom": "Printemps 2027", "inscriptions_du": "2027-03-01", "inscriptions_au": "2027-03-20"}
    lost = await post_form(season.web, "/campagnes/printemps-2027/modifier", changed)
    assert lost.status_code == 422, "it would take a thématique away"
    kept = changed | {"thematique_code_2": "forets", "thematique_titre_2": "Forêts"}
    assert (await post_form(season.web, "/campagnes/printemps-2027/modifier", kept)).status_code == 200
    last = (await published(season.database))[-1]
    assert isinstance(last, CampagneOuverte)
    assert [t.titre for t in last.thematiques] == ["L’eau", "Forêts"]


async def test_the_team_searches_filters_and_exports(season: Any, recue: Callable[..., InscriptionRecue]) -> None:
    await season.deliver(
        recue(),
        recue(personne={"nom": '=HYPERLINK("http://x")', "email": "x@dardilly.fr"}, qualite="agent"),
        *(recue(personne={"nom": f"Nom{n:03}", "email": f"n{n}@dardilly.fr"}, thematique="forets") for n in range(60)),
    )
    await sign_in(season.web)
    board = words(await season.web.get("/campagnes"))
    assert "62 inscriptions validées" in board
    assert "60 sur 62" in board
    found = await season.web.get("/inscriptions", params={"q": "EVE martin pélussin"})
    assert "1 inscription," in words(found)
    assert "Ève Martin" in words(found)
    second = await season.web.get("/inscriptions", params={"thematique": "forets", "tri": "nom", "page": 2})
    assert "Nom059" in second.text
    assert "Nom000" not in second.text
    assert "thematique=forets" in second.text, "filters stay in the address of the other pages"
    csv = (await season.web.get("/inscriptions/export.csv", params={"qualite": "agent"})).text
    assert csv.count("\r\n") == 2
    assert "\"'=HYPERLINK" in csv


async def test_the_team_refuses_one_inscription_with_its_reason(season: Any, recue: Any) -> None:
    asked = recue()
    await season.deliver(asked)
    await sign_in(season.web)
    path = f"/inscriptions/{asked.inscription}"
    assert "Le partage de l’eau entre agriculteurs" in (await season.web.get(path)).text
    empty = await post_form(season.web, f"{path}/refuser", {"motif": " "})
    assert empty.status_code == 422
    refused = await post_form(season.web, f"{path}/refuser", {"motif": "Hors du public."})
    assert "Hors du public." in words(refused)
    assert "Refuser et prévenir" not in words(refused)
    assert (await season.web.get(f"/inscriptions/{UUID(int=7)}")).status_code == 404


async def test_the_empty_service_says_what_to_do_first(season: Any) -> None:
    async with season.transaction() as tx:
        await tx.connection.execute(text("DELETE FROM campagnes"))
    await sign_in(season.web)
    for path in ("/campagnes", "/inscriptions"):
        assert "Créer une campagne" in words(await season.web.get(path))
    assert (await season.web.get("/")).status_code == 200
