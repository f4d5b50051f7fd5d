"""Sign-in, forms and links as a browser and a stranger meet them, over a real database."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from chassis.handlers import Handlers
from chassis.links import BadLink, ExpiredLink, Links
from chassis.service import Service
from chassis.tables import new_metadata
from chassis.testing import PASSWORD, client, make_settings, new_database, post_form, sign_in
from chassis.web.pages import Db, Team, see_other
from chassis.web.security import RateLimit, safe_next
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

NOW = datetime(2027, 5, 3, 8, tzinfo=UTC)
router = APIRouter()


@router.get("/secret")
async def secret(equipe: Team) -> Response:
    return PlainTextResponse(f"bonjour {equipe}")


@router.post("/envoi")
async def send(request: Request) -> Response:
    return see_other(request, "/connexion")


@router.get("/panne")
async def fail(database: Db) -> Response:
    raise ConnectionRefusedError(str(database.source))


@pytest.fixture
async def web(make_database: Callable[[str], str]) -> AsyncIterator[httpx.AsyncClient]:
    url = make_database("web")
    metadata = new_metadata()
    database = await new_database(url, metadata)
    service = Service(
        "test", "/essai", make_settings(url), database, Handlers(), router, Path(__file__).parent, metadata
    )
    async with client(service) as browser:
        yield browser
    await database.engine.dispose()


async def test_a_team_page_leads_through_the_sign_in_and_back(web: httpx.AsyncClient) -> None:
    asked = await web.get("/essai/secret")
    assert asked.url.path == "/essai/connexion"
    assert asked.url.params["suite"] == "/essai/secret"
    refused = await post_form(web, "/essai/connexion", {"mot_de_passe": "faux", "suite": "/essai/secret"})
    assert refused.status_code == 403
    assert "n’est pas le bon" in refused.text
    accepted = await post_form(web, "/essai/connexion", {"mot_de_passe": PASSWORD, "suite": "/essai/secret"})
    assert accepted.text == "bonjour Équipe"
    await post_form(web, "/essai/deconnexion", {})
    assert (await web.get("/essai/secret")).url.path == "/essai/connexion"


async def test_who_guesses_passwords_is_slowed_down_even_when_the_next_guess_is_right(web: httpx.AsyncClient) -> None:
    for _ in range(10):
        await post_form(web, "/essai/connexion", {"mot_de_passe": "faux", "suite": "/essai/secret"})
    slowed = await post_form(web, "/essai/connexion", {"mot_de_passe": PASSWORD, "suite": "/essai/secret"})
    assert slowed.status_code == 429
    assert "attendez une minute" in slowed.text


async def test_a_form_without_its_token_is_refused_politely(web: httpx.AsyncClient) -> None:
    refused = await web.post("/essai/envoi", data={"csrf_token": "deviné"})
    assert refused.status_code == 403
    assert "Le formulaire a expiré" in refused.text
    assert (await post_form(web, "/essai/envoi", {})).status_code == 200


async def test_a_forged_session_opens_nothing(web: httpx.AsyncClient) -> None:
    web.cookies.set("equipe", "IkVxdWlwZSI.forge.signature")
    assert (await web.get("/essai/secret")).url.path == "/essai/connexion"


async def test_a_database_that_is_away_is_told_as_a_pause_and_not_as_a_bug(web: httpx.AsyncClient) -> None:
    answer = await web.get("/essai/panne")
    assert answer.status_code == 503
    assert "momentanément indisponible" in answer.text


async def test_every_page_forbids_foreign_scripts_and_keeps_its_address_to_itself(web: httpx.AsyncClient) -> None:
    for path in ("/essai/connexion", "/essai/nulle-part", "/essai/static/style.css"):
        headers = (await web.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"


async def test_metrics_and_health_answer_without_sign_in(web: httpx.AsyncClient) -> None:
    assert (await web.get("/health/live")).status_code == 200
    assert (await web.get("/health/ready")).json()["problems"] == ["starting"]
    assert "ateliers_records" in (await web.get("/metrics")).text


async def test_signing_in_works_in_the_tests_of_services(web: httpx.AsyncClient) -> None:
    await sign_in(web, "/essai")
    assert (await web.get("/essai/secret")).text == "bonjour Équipe"


@pytest.mark.parametrize("path", ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "ici", ""])
def test_a_sign_in_never_leads_to_another_address(path: str) -> None:
    assert safe_next(path, "/accueil") == "/accueil"


def test_a_link_says_for_whom_it_is_and_only_for_its_purpose() -> None:
    links = Links("clef" * 10)
    token = links.sign("suivi", "a", "b")
    assert links.read("suivi", token, NOW) == ("a", "b")
    assert token == links.sign("suivi", "a", "b")
    for purpose, forged in (("retrait", token), ("suivi", token[:-1]), ("suivi", "x"), ("suivi", "é")):
        with pytest.raises(BadLink):
            links.read(purpose, forged, NOW)


def test_a_link_works_until_its_last_second() -> None:
    links = Links("clef" * 10)
    token = links.sign("questionnaire", "a", expires=NOW)
    assert links.read("questionnaire", token, NOW) == ("a",)
    with pytest.raises(ExpiredLink):
        links.read("questionnaire", token, NOW + timedelta(seconds=1))


def test_a_hasty_client_is_slowed_down_alone() -> None:
    limit = RateLimit(rate=0.001, burst=3)
    assert [limit.allows("a") for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b")
