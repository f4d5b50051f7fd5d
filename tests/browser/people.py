"""What an élu on a phone and the team do by hand, with scripts running: the demo's own browser has none."""

import re
from typing import Final

from playwright.async_api import Page, expect

PATIENCE_MS: Final = 30_000


async def choose_collectivite(page: Page, letters: str) -> str:
    """Find a collectivité by the keyboard alone; return what the field says then."""
    field = page.get_by_role("combobox", name=re.compile("Votre collectivité"))
    await field.press_sequentially(letters)
    await expect(page.get_by_role("option").first).to_be_visible()
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    return await field.input_value()


async def register(page: Page, base_url: str) -> None:
    """Go through the form, wrong first: what was typed stays, errors are read out, the state follows by itself."""
    await page.goto(f"{base_url}/inscription")
    await page.get_by_label("Prénom").fill("Maëlle")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("[data-resume-erreurs]")).to_be_focused()
    await expect(page.get_by_label("Prénom")).to_have_value("Maëlle")
    await page.get_by_label("Nom", exact=True).fill("Tanguy")
    await page.get_by_label(re.compile("Adresse électronique")).fill("maelle.tanguy@commune.example")
    await page.get_by_text("Élu ou élue").click()
    await page.get_by_label(re.compile("Votre fonction")).fill("maire")
    assert await choose_collectivite(page, "péluss") != "péluss"
    await page.get_by_role("button", name="Continuer").click()
    await expect(page).to_have_url(re.compile("/2$"))
    await page.locator("input[name=thematique]").first.check(force=True)
    for choice in await page.locator("input[name^=creneau_][value=possible]").all():
        await choice.check(force=True)
    await page.get_by_label(re.compile("La situation")).fill("Une source que deux communes se partagent.")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page).to_have_url(re.compile("/3$"))
    for promise in await page.locator("input[name=engagements]").all():
        await promise.check(force=True)
    await page.get_by_role("button", name=re.compile("Envoyer")).click()
    await expect(page.get_by_role("status")).to_contain_text("bien enregistrée", timeout=PATIENCE_MS)


async def sign_in(page: Page, base_url: str, password: str) -> None:
    await page.goto(f"{base_url}/connexion?suite=/campagnes")
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")
    await expect(page.locator("input[type=password]")).to_have_count(0)


async def form_again(page: Page, campagne_url: str) -> None:
    """Ask for a second proposition, and see the page say that it is there without being loaded again."""
    await page.goto(campagne_url)
    await page.get_by_role("button", name="Former à nouveau").click()
    await page.get_by_role("link", name="Voir la proposition").click(timeout=PATIENCE_MS)
    await expect(page.get_by_role("link", name="Comparer deux propositions")).to_be_visible()


async def put_aside_and_back(page: Page, campagne_url: str) -> None:
    """Put one person of a groupe on the waiting list, then undo and redo and undo it."""
    await page.goto(campagne_url)
    links = await page.locator("article a[href*='/personnes/']").evaluate_all("links => links.map(link => link.href)")
    aside = page.get_by_role("button", name="Mettre en liste d’attente")
    for link in links:  # the first whom no rule of their groupe holds back
        await page.goto(link)
        if await aside.count():
            break
    name = (await page.locator("h1").inner_text()).strip()
    await aside.click()
    await expect(page.locator("main")).to_contain_text("position sur la liste d’attente")
    for button, moves in (("Annuler le dernier", 0), ("Rétablir", 1), ("Annuler le dernier", 0)):
        await page.get_by_role("button", name=re.compile(button)).click()
        await expect(page.locator("ol > li").filter(has_text=name)).to_have_count(moves)


async def search(page: Page, campagne_url: str) -> None:
    """Look a person up by a part of their name."""
    await page.goto(campagne_url)
    await page.get_by_label(re.compile("Nom d’une personne")).fill("an")
    await page.get_by_role("button", name="Chercher").click()
    await expect(page).to_have_url(re.compile("q=an"))


async def answer(page: Page, questionnaire: str) -> None:
    await page.goto(questionnaire)
    await page.locator("input[name=satisfaction]").last.check(force=True)
    await page.get_by_role("button", name=re.compile("Envoyer|Enregistrer")).click()
    await expect(page).to_have_url(re.compile("/merci"))
