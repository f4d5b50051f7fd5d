"""Inscriptions of invented people of real collectivités; the same seed always gives the same ones.

Addresses end in `.example`, which RFC 2606 reserves: no message can ever reach a real person.
"""

import csv
import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final, TypeVar
from uuid import UUID

from contracts.events import InscriptionRecue
from contracts.events.inscriptions import (
    Accord,
    CollectiviteDemandee,
    Disponibilite,
    Engagements,
    Personne,
    Qualite,
    TypeCollectivite,
)

from portal import people

SHARE_ELUS: Final = 0.45
SHARE_COLLEAGUES: Final = 0.06
"""Share of people whose collectivité somebody else of the list already belongs to."""
SHARE_WISHES: Final = 0.03
SHARE_WOMEN: Final = 0.52

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collectivite:
    """One row of sample_collectivites.csv."""

    type: str
    code: str
    nom: str


def collectivites() -> list[Collectivite]:
    """Read the real collectivités that come with this package; the source is named in sample_collectivites.md."""
    text = files("portal").joinpath("sample_collectivites.csv").read_text(encoding="utf-8")
    return [Collectivite(row["type"], row["code"], row["nom"]) for row in csv.DictReader(text.splitlines())]


def generate(
    n: int,
    campagne: str,
    thematiques: Sequence[str],
    creneaux: Sequence[str],
    seed: int,
    *,
    now: datetime | None = None,
    duplicates: float = 0.0,
    broken: float = 0.0,
) -> list[InscriptionRecue]:
    """Return n inscriptions that keep every rule, and after them the shares asked for of some that do not.

    `duplicates` register again for the same thématique under a new id, their address in other letter case; `broken`
    break one rule each. All are sent at `now`, the present by default.
    """
    rng = random.Random(f"{campagne}/{seed}")  # noqa: S311 - invented people, not secrets
    sent = now or datetime.now(UTC)
    places = collectivites()
    rng.shuffle(places)
    taken: set[str] = set()
    people_of_all: list[InscriptionRecue] = []
    used: list[Collectivite] = []
    for number in range(n):
        shared = used and rng.random() < SHARE_COLLEAGUES
        place = rng.choice(used) if shared else places[number % len(places)]
        used.append(place)
        qualite = Qualite.ELU if rng.random() < SHARE_ELUS else Qualite.AGENT
        thematique = _weighted(rng, thematiques, people.POPULARITY)
        woman = rng.random() < SHARE_WOMEN
        wishes = [rng.choice(people_of_all).personne.email] if people_of_all and rng.random() < SHARE_WISHES else []
        people_of_all.append(
            InscriptionRecue(
                inscription=_uuid(rng),
                campagne=campagne,
                thematique=thematique,
                personne=_person(rng, place, taken, woman=woman),
                qualite=qualite,
                fonction=_function(rng, place, qualite, woman=woman),
                collectivite=CollectiviteDemandee(type=TypeCollectivite(place.type), code=place.code),
                disponibilites=_availability(rng, creneaux),
                situation=rng.choice(people.SITUATIONS.get(thematique, people.SITUATION)).format(nom=place.nom),
                engagements=Engagements(quatre_seances=True, situation_concrete=True, camera_et_micro=True),
                avec=tuple(wishes),
                recue_le=sent,
            )
        )
    again = [_again(rng, one) for one in rng.sample(people_of_all, round(n * duplicates))]
    wrong = [_broken(rng, one, kind) for kind, one in enumerate(rng.sample(people_of_all, round(n * broken)))]
    return people_of_all + again + wrong


def _weighted(rng: random.Random, choices: Sequence[str], weights: Mapping[str, float]) -> str:
    return rng.choices(choices, [weights.get(choice, 1.0) for choice in choices])[0]


def _uuid(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _person(rng: random.Random, place: Collectivite, taken: set[str], *, woman: bool) -> Personne:
    """Draw a person whose address nobody else has."""
    while True:
        prenom, nom = rng.choice(people.FEMMES if woman else people.HOMMES), rng.choice(people.NOMS)
        email = f"{slug(prenom)}.{slug(nom)}@{slug(place.nom)[:60].strip('-')}.example"
        if email not in taken:
            taken.add(email)
            # The regulator keeps 01 99 00 xx xx for fiction (Arcep, decision 2018-0881, 2.5.12).
            telephone = f"01 99 00 {rng.randrange(100):02d} {rng.randrange(100):02d}" if rng.random() < 0.5 else None  # noqa: PLR2004
            return Personne(prenom=prenom, nom=nom, email=email, telephone=telephone)


def _function(rng: random.Random, place: Collectivite, qualite: Qualite, *, woman: bool) -> str:
    known = (people.ELU if qualite is Qualite.ELU else people.AGENT)[place.type]
    man_is, woman_is, _ = rng.choices(known, [weight for _, _, weight in known])[0]
    return woman_is if woman else man_is


def _availability(rng: random.Random, creneaux: Sequence[str]) -> tuple[Disponibilite, ...]:
    """Choose two to five créneaux, some more often than others, one or two of them preferred."""
    wanted: list[str] = []
    for _ in range(min(len(creneaux), rng.choice((2, 3, 3, 4, 4, 5)))):
        left = [creneau for creneau in creneaux if creneau not in wanted]
        wanted.append(_weighted(rng, left, people.CRENEAU_POPULARITY))
    preferred = set(wanted[: rng.choice((1, 2))])
    return tuple(
        Disponibilite(creneau=creneau, accord=Accord.PREFERE if creneau in preferred else Accord.POSSIBLE)
        for creneau in creneaux
        if creneau in wanted
    )


def _again(rng: random.Random, one: InscriptionRecue) -> InscriptionRecue:
    personne = one.personne.model_copy(update={"email": one.personne.email.upper()})
    return one.model_copy(update={"inscription": _uuid(rng), "personne": personne})


def _broken(rng: random.Random, one: InscriptionRecue, kind: int) -> InscriptionRecue:
    wrong: tuple[dict[str, object], ...] = (
        {"collectivite": CollectiviteDemandee(type=TypeCollectivite.COMMUNE, code="99999")},
        {"disponibilites": ()},
        {"engagements": Engagements(quatre_seances=True, situation_concrete=False, camera_et_micro=True)},
        {"personne": one.personne.model_copy(update={"email": one.personne.email.replace("@", "@@")})},
        {"thematique": "jardins-suspendus"},
        {"campagne": "automne-1999"},
    )
    return one.model_copy(update={"inscription": _uuid(rng), **wrong[kind % len(wrong)]})


def slug(text: str) -> str:
    """Return lower-case ASCII words joined by hyphens: `Évette-Salbert` gives `evette-salbert`."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "Oe")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
