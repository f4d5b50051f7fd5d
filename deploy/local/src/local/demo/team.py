"""The programme team at work: everything it does in a season, through the pages that it has."""

from datetime import date, timedelta

from local.demo.browser import Browser, Form, Page, PageError
from local.demo.season import Season
from local.demo.truth import until


class Team:
    """Signed in with the team's password, and again whenever a page asks for it."""

    def __init__(self, base_url: str, password: str) -> None:
        self.browser = Browser(base_url)
        self._password = password

    async def close_browser(self) -> None:
        await self.browser.close()

    async def open(self, address: str) -> Page:
        """Open a page of the team, signing in on the way if it asks."""
        page = await self.browser.get(address)
        if not any("mot_de_passe" in form.names for form in page.forms):
            return page
        form = page.form(field="mot_de_passe")
        form.fill(mot_de_passe=self._password)
        return await self.browser.send(page, form)

    async def create_campagne(self, season: Season, today: date) -> str:
        """Fill in the form of a new campagne, add lines until every animateur has one; return its code."""
        page = await self.open("/campagnes/nouvelle")
        form = page.form(field="seances_du")
        while f"animateur_nom_{len(season.animateurs)}" not in form.names:
            _fill_animateurs(form, season)
            form.press("Ajouter")
            page = await self.browser.send(page, form)
            form = page.form(field="seances_du")
        _fill_animateurs(form, season)
        _fill_campagne(form, season, today)
        form.press("Créer la campagne")
        page = await self.browser.send(page, form)
        return page.form(action="/ouvrir").action.rsplit("/", 2)[-2]

    async def open_campagne(self, code: str) -> None:
        page = await self.open(f"/campagnes?campagne={code}")
        await self.browser.send(page, page.form(action=f"/{code}/ouvrir"))

    async def close_campagne(self, code: str) -> None:
        page = await self.open(f"/campagnes/{code}/clore")
        await self.browser.send(page, page.form(action=f"/{code}/clore"))

    async def form_groupes(self, code: str, patience: float) -> None:
        """Ask for groupes and wait for the proposition. Raises PageError when none comes."""
        address = f"/groupes/campagnes/{code}"
        if not await until(lambda: self._shows(address, "/former"), 30):
            raise PageError(f"{address} never offered to form the groupes")
        page = await self.open(address)
        await self.browser.send(page, page.form(action="/former"))
        if not await until(lambda: self._leads_to(address, f"/{code}/publier"), patience):
            last = await self.open(address)
            raise PageError(f"no proposition after {patience:.0f} s: {last.text[:800]}")

    async def publish(self, code: str) -> None:
        page = await self.open(f"/groupes/campagnes/{code}/publier")
        await self.browser.send(page, page.form(field="proposition"))

    async def _shows(self, address: str, action: str) -> bool:
        try:
            (await self.open(address)).form(action=action)
        except PageError:
            return False
        return True

    async def _leads_to(self, address: str, part: str) -> bool:
        return (await self.open(address)).has_link(part)


def _fill_animateurs(form: Form, season: Season) -> None:
    for number, name in enumerate(season.animateurs, start=1):
        if f"animateur_nom_{number}" in form.names:
            form.fill(**{f"animateur_nom_{number}": name, f"animateur_groupes_max_{number}": "2"})


def _fill_campagne(form: Form, season: Season, today: date) -> None:
    first = today + timedelta(days=28)
    form.fill(
        nom=season.name,
        inscriptions_du=today.isoformat(),
        inscriptions_au=(today + timedelta(days=13)).isoformat(),
        seances_du=first.isoformat(),
        seances_au=(first + timedelta(weeks=12)).isoformat(),
    )
    for name in sorted(form.names):
        if name.startswith("thematique_code_") and form.values[name][0] not in season.thematiques:
            form.fill(**{name.replace("_code_", "_titre_"): ""})
