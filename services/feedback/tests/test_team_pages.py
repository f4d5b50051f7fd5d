"""What the team reads: figures, who is silent, what was written, the file."""

import csv
import io
from datetime import timedelta

import pytest
from chassis.testing import post_form, sign_in
from feedback.http.export import safe_cell
from feedback.testing import COME, DEBUT, GROUPE, IDRISS, SOLENE, World, planned, sample

from contracts import events

HELD = DEBUT + timedelta(hours=3)
PAGES = ["/retours/", f"/retours/groupes/{GROUPE}", "/retours/verbatims", "/retours/temoignages", "/retours/export.csv"]


async def answered(world: World) -> None:
    """Let two of three people answer the first séance, and sign in as the team."""
    world.at(HELD)
    first = {"satisfaction": "5", "utile": "=HYPERLINK(1)", "besoins": "forets"}
    await post_form(world.web, world.questionnaire(), first)
    await post_form(world.web, world.questionnaire(inscription=IDRISS), {"satisfaction": "2", "manque": "Du temps"})
    await sign_in(world.web, "/retours")


@pytest.mark.parametrize("path", PAGES)
async def test_every_team_page_needs_sign_in(world: World, path: str) -> None:
    response = await world.web.get(path)
    assert response.url.path == "/retours/connexion"


async def test_without_any_campagne_each_page_says_what_comes_first(empty: World) -> None:
    await sign_in(empty.web, "/retours")
    for path in ("/retours/", "/retours/verbatims", "/retours/temoignages"):
        response = await empty.web.get(path)
        assert response.status_code == 200
        assert "Aucun retour pour l’instant" in response.text
    assert (await empty.web.get("/retours/export.csv")).status_code == 404


async def test_before_any_seance_the_page_says_so(world: World) -> None:
    await sign_in(world.web, "/retours")
    assert "Aucune séance n’a encore eu lieu" in (await world.web.get("/retours/")).text
    assert "ne s’est pas encore réuni" in (await world.web.get(f"/retours/groupes/{GROUPE}")).text
    assert "Aucun verbatim" in (await world.web.get("/retours/verbatims")).text
    assert "Aucun témoignage" in (await world.web.get("/retours/temoignages")).text


async def test_participation_and_means_count_those_who_were_expected(world: World) -> None:
    await answered(world)
    text = (await world.web.get("/retours/")).text
    assert "sur 3 attendues" in text
    assert "67&nbsp;%" in text
    assert "3,5&nbsp;/&nbsp;5" in text
    assert 'aria-label="Forêts\u00a0: comment coopérer pour en prendre soin\u00a0?">1 sur 2</meter>' in text


async def test_a_groupe_names_who_has_not_answered_and_never_who_wrote_what(world: World) -> None:
    await answered(world)
    text = (await world.web.get(f"/retours/groupes/{GROUPE}")).text
    assert "Côme Baudrillart" in text
    assert "Idriss Vautrin" not in text
    assert "Du temps" in text


async def test_who_left_before_the_seance_is_not_expected_any_more(world: World) -> None:
    await answered(world)
    await world.deliver(sample(events.InscriptionAnnulee, inscription=COME, annulee_le=DEBUT - timedelta(days=1)))
    text = (await world.web.get(f"/retours/groupes/{GROUPE}")).text
    assert "sur 2 attendues" in text
    assert "Tout le monde a répondu." in text


async def test_a_cancelled_seance_and_a_dissolved_groupe_expect_nobody(world: World) -> None:
    await answered(world)
    await world.deliver(planned(1, events.SeanceAnnulee, sequence=1))
    assert "Aucune séance n’a encore eu lieu" in (await world.web.get("/retours/")).text
    await world.deliver(
        sample(events.GroupeDissous, groupe=GROUPE, dissous_le=HELD),
    )
    world.at(DEBUT + timedelta(weeks=8))
    assert "Aucune séance n’a encore eu lieu" in (await world.web.get("/retours/")).text


async def test_verbatims_are_filtered_by_thematique(world: World) -> None:
    await answered(world)
    assert "Du temps" in (await world.web.get("/retours/verbatims?thematique=eau")).text
    assert "Aucun verbatim" in (await world.web.get("/retours/verbatims?thematique=forets")).text
    assert (await world.web.get("/retours/verbatims?thematique=%00")).status_code == 422


async def test_only_consented_testimonials_are_listed(world: World) -> None:
    world.at(DEBUT + timedelta(weeks=6, hours=3))
    said = {"temoignage_nom": "Solène A.", "temoignage_fonction": "élue", "temoignage_collectivite": "Pélussin"}
    data = {"satisfaction": "5", "temoignage_texte": "De vrais échanges.", **said}
    await post_form(world.web, world.questionnaire(4), data)
    await sign_in(world.web, "/retours")
    assert "De vrais échanges." not in (await world.web.get("/retours/temoignages")).text
    await post_form(world.web, world.questionnaire(4), {**data, "temoignage_consentement": "oui"})
    assert "De vrais échanges." in (await world.web.get("/retours/temoignages")).text


async def test_the_file_opens_in_a_spreadsheet_and_holds_no_formula(world: World) -> None:
    await answered(world)
    response = await world.web.get("/retours/export.csv")
    assert response.headers["content-disposition"] == 'attachment; filename="retours-printemps-2027.csv"'
    assert response.content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";")
    assert [dict(zip(header, row, strict=True))["Utile"] for row in rows] == ["'=HYPERLINK(1)", ""]
    assert dict(zip(header, rows[0], strict=True))["Date de la séance"] == "11/05/2027"
    assert "Arribat" not in response.text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "＝1"])
def test_what_a_spreadsheet_would_compute_becomes_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Oui, =1", "", "5", "« - »"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


async def test_many_groupes_stand_on_several_pages(world: World) -> None:
    forme = sample(events.GroupeForme)
    await world.deliver(
        *(forme.model_copy(update={"groupe": SOLENE.__class__(int=n), "nom": f"G {n}"}) for n in range(120))
    )
    await sign_in(world.web, "/retours")
    first = (await world.web.get("/retours/")).text
    third = (await world.web.get("/retours/?campagne=printemps-2027&page=3")).text
    assert 'aria-label="Pages de la liste"' in first
    assert "G 119" in third
    assert "G 119" not in first


async def test_an_unknown_campagne_or_groupe_is_told_politely(world: World) -> None:
    await sign_in(world.web, "/retours")
    assert (await world.web.get("/retours/?campagne=autre")).status_code == 404
    assert (await world.web.get(f"/retours/groupes/{SOLENE}")).status_code == 404
    assert (await world.web.get("/retours/groupes/x")).status_code == 422
