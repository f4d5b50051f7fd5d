"""A person with a browser: registers on the public form, withdraws, answers a questionnaire."""

import random
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from local.demo.browser import Browser, Form, Page, PageError
from local.demo.truth import until


@dataclass(frozen=True)
class Identity:
    prenom: str = "Solène"
    nom: str = "Arribat"
    email: str = "solene.arribat@pelussin.example"
    collectivite: str = "Pélussin"


_WHAT_HELPED = (
    "Entendre comment d’autres communes s’y prennent.",
    "La méthode, que je vais reprendre avec mon équipe.",
    "Le temps laissé à chacun pour poser sa situation.",
    "Des exemples concrets, avec leurs échecs.",
)
_WHAT_LACKED = ("", "Un peu plus de temps pour les échanges.", "Des documents à garder.", "")


async def register(browser: Browser, who: Identity, thematique: str) -> str:
    """Go through the three steps as a browser without script does; return the address of the follow page."""
    page = await browser.get("/inscription")
    page = await first_steps(browser, page, who, thematique)
    return await send_last_step(browser, page)


async def first_steps(browser: Browser, page: Page, who: Identity, thematique: str) -> Page:
    """Fill in steps 1 and 2; return the page of step 3."""
    choice = (await browser.fetch(f"/collectivites?q={quote(who.collectivite)}")).json()[0]
    form = page.form(field="prenom")
    form.fill(prenom=who.prenom, nom=who.nom, email=who.email, qualite="elu", fonction="adjointe au maire")
    form.fill(collectivite=choice["cle"], collectivite_texte=choice["libelle"])
    page = await browser.send(page, form)
    form = page.form(field="thematique")
    form.fill(thematique=thematique, situation="Nos deux communes partagent une source qui baisse.")
    form.fill(**{name: "possible" for name in form.names if name.startswith("creneau_")})
    return await browser.send(page, form)


async def send_last_step(browser: Browser, page: Page) -> str:
    page = await browser.send(page, last_form(page))
    if "/suivi/" not in page.url:
        raise PageError(f"the form didn't lead to the follow page: {page.url}: {page.text[:800]}")
    return page.url


def last_form(page: Page) -> Form:
    """Return the form of step 3 with its commitments taken."""
    form = page.form(field="engagements")
    form.fill(engagements=["quatre_seances", "situation_concrete", "camera_et_micro"])
    return form


async def follow_until(browser: Browser, address: str, words: str, patience: float = 30) -> bool:
    """Look at the follow page until it says `words`."""

    async def says() -> bool:
        return words in (await browser.get(address)).text

    return await until(says, patience)


async def withdraw(browser: Browser, address: str) -> None:
    """Withdraw from the follow page: a page that says what follows, then the button."""
    page = await browser.get(f"{address}/retrait")
    await browser.send(page, page.form(action="/retrait"))


async def answer(browser: Browser, address: str, choice: random.Random) -> bool:
    """Fill in a questionnaire; whether there was one to fill in."""
    page = await browser.get(urljoin(browser.base_url, address))
    form = page.form(field="satisfaction")
    form.fill(satisfaction=str(choice.choices((3, 4, 5), (1, 4, 4))[0]))
    form.fill(utile=choice.choice(_WHAT_HELPED), manque=choice.choice(_WHAT_LACKED))
    if "temoignage_texte" in form.names and choice.random() < 0.2:  # noqa: PLR2004 - one in five says a word
        form.fill(
            temoignage_texte="J’ai pu dire mes difficultés sans détour, et repartir avec une première piste.",
            temoignage_consentement="oui",
        )
    page = await browser.send(page, form)
    return "merci" in page.url
