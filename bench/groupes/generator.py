"""Draw the inscriptions and parameters of a campagne: invented people of real collectivités.

Invariant: the same case gives the same files, byte for byte. Small communes are many and each sends few people, large
ones send several; who asks for several thématiques has one row for each, in order of preference.

python -m bench.groupes.generator 300 --sortie examples/essai
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from registration.collectivites import Collectivite, TypeCollectivite, load_reference, taille

from bench.groupes.cases import ELUS, POPULARITY, THEMATIQUES, Case

HEADER: Final = (
    "inscription,personne,collectivite,departement,qualite,taille,thematique,rang,recue_le,creneaux,avec,sans"
)
FIRST: Final = datetime(2027, 3, 1, 8, tzinfo=UTC)
SEASON: Final = (date(2027, 5, 3), date(2027, 7, 9))
_SECONDS_OPEN: Final = 42 * 86_400
_ATTRACTION: Final = {TypeCollectivite.EPCI: 2.0, TypeCollectivite.DEPARTEMENT: 4.0}
_ELU: Final = {"petite": 0.58, "moyenne": 0.45, "grande": 0.33}
_COLLEAGUE: Final = 0.06
"""Share of people whose collectivité somebody else of the list belongs to, at any size of the list."""
_SEVERAL: Final = (0.80, 0.15, 0.05)
"""Share of people who ask for one, two and three thématiques."""
_WISHES: Final = ((0.01, 400), (0.005, 200))
"""Share of inscriptions that wish to be with another, or apart, and how many at most."""
_PEOPLE_A_GROUPE: Final = 14

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class People:
    """One entry a person; `chosen` and `preferred` are people × créneaux, `wanted` people × 3 (-1: nothing more)."""

    bodies: Ints
    elu: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    preferred: NDArray[np.bool_]
    wanted: Ints


def write_case(case: Case, folder: Path) -> tuple[Path, Path]:
    """Write inscriptions.csv and parametres.toml; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(case.seed)
    bodies = _bodies()
    people = _draw_people(case, rng, bodies)
    inscriptions, parametres = folder / "inscriptions.csv", folder / "parametres.toml"
    with inscriptions.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        file.writelines(_rows(case, rng, bodies, people))
    parametres.write_text(_parameters(case, rng, people), encoding="utf-8")
    return inscriptions, parametres


def _bodies() -> list[Collectivite]:
    """Every body that is filed under one département, the most populated first; not the régions."""
    bodies = [body for body in load_reference() if body.type is not TypeCollectivite.REGION]
    departements = {body.departement for body in bodies if body.departement}
    return [body for body in bodies if (body.departement or body.code) in departements]


def _draw_people(case: Case, rng: np.random.Generator, bodies: Sequence[Collectivite]) -> People:
    count = case.people
    weights = np.array([max(body.population or 0, 100) ** 0.25 * _ATTRACTION.get(body.type, 1.0) for body in bodies])
    chosen_bodies = rng.choice(len(bodies), count, p=weights / weights.sum())
    colleagues = rng.random(count) < _COLLEAGUE
    chosen_bodies[colleagues] = chosen_bodies[rng.integers(0, count, int(colleagues.sum()))]
    if case.one_collectivite:
        chosen_bodies[rng.permutation(count)[: case.one_collectivite]] = 0
    shares = np.array([_ELU[taille(body)] for body in bodies])[chosen_bodies] * case.elus
    elu = rng.random(count) < shares
    chosen, preferred = _draw_creneaux(case, rng, elu)
    return People(chosen_bodies, elu, chosen, preferred, _draw_thematiques(case, rng, count))


def _in_random_order(rng: np.random.Generator, weights: Floats) -> Ints:
    """Rank the columns of each row as if drawn one after the other with these weights: 0 is drawn first."""
    keys = rng.exponential(size=weights.shape) / weights
    return np.argsort(np.argsort(keys, axis=1), axis=1)


def _draw_creneaux(
    case: Case, rng: np.random.Generator, elu: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    offered = len(case.creneaux)
    popularity, elus = np.array(POPULARITY[:offered]), np.array(ELUS[:offered])
    rank = _in_random_order(rng, popularity * np.where(elu[:, None], elus, 1.0))
    number = rng.choice((1, 2, 3, 4, 5), len(elu), p=(0.1, 0.25, 0.3, 0.25, 0.1))[:, None]
    favourites = rng.choice((1, 2), len(elu))[:, None]
    return rank < number, rank < np.minimum(number, favourites)


def _draw_thematiques(case: Case, rng: np.random.Generator, count: int) -> Ints:
    weights = np.array([THEMATIQUES[code] for code in case.thematiques])
    rank = _in_random_order(rng, np.broadcast_to(weights, (count, len(weights))))
    order = np.argsort(rank, axis=1)[:, :3]
    number = rng.choice((1, 2, 3), count, p=_SEVERAL)
    wanted = np.full((count, 3), -1, dtype=np.int64)
    wanted[:, : order.shape[1]] = order
    wanted[np.arange(3) >= number[:, None]] = -1
    return wanted


def _rows(case: Case, rng: np.random.Generator, bodies: Sequence[Collectivite], people: People) -> list[str]:
    """Return the lines in order of arrival."""
    person, position = np.nonzero(people.wanted >= 0)
    seconds = rng.integers(0, _SECONDS_OPEN, len(person))
    order = np.argsort(seconds, kind="stable")
    person, position, seconds = person[order], position[order], seconds[order]
    thematique = people.wanted[person, position]
    wishes = _draw_wishes(rng, thematique)
    places = [f"{body.cle},{body.departement or body.code}" for body in bodies]
    sizes = [taille(body).value for body in bodies]
    texts = _creneaux_texts(case, people)
    elu, home = people.elu.tolist(), people.bodies.tolist()
    lines = []
    columns = zip(person.tolist(), position.tolist(), thematique.tolist(), seconds.tolist(), strict=True)
    for number, (p, rang, t, second) in enumerate(columns):
        body = home[p]
        role = "elu" if elu[p] else "agent"
        moment = (FIRST + timedelta(seconds=second)).isoformat()
        lines.append(
            f"I{number + 1:07d},P{p + 1:07d},{places[body]},{role},{sizes[body]},{case.thematiques[t]},{rang + 1},"
            f"{moment},{texts[p]},{wishes[0].get(number, '')},{wishes[1].get(number, '')}\n"
        )
    return lines


def _draw_wishes(rng: np.random.Generator, thematique: Ints) -> tuple[dict[int, str], dict[int, str]]:
    """Return who wishes to be with, and apart from, somebody of the same thématique; nobody wishes both."""
    found: list[dict[int, str]] = []
    free = rng.permutation(len(thematique))
    for share, most in _WISHES:
        wishes: dict[int, str] = {}
        count = min(most, round(share * len(thematique)))
        asking, free = free[:count], free[count:]
        for one in asking.tolist():
            alike = free[thematique[free] == thematique[one]][:50]
            if alike.size:
                wishes[one] = f"I{int(rng.choice(alike)) + 1:07d}"
        found.append(wishes)
    return found[0], found[1]


def _creneaux_texts(case: Case, people: People) -> list[str]:
    bits = 1 << np.arange(len(case.creneaux))
    keys = (people.chosen @ bits) << len(case.creneaux) | (people.preferred @ bits)
    distinct, which = np.unique(keys, return_inverse=True)
    texts = []
    for key in distinct.tolist():
        chosen, preferred = key >> len(case.creneaux), key & ((1 << len(case.creneaux)) - 1)
        words = [
            f"{creneau}:{'prefere' if preferred >> n & 1 else 'possible'}"
            for n, creneau in enumerate(case.creneaux)
            if chosen >> n & 1
        ]
        texts.append(";".join(words))
    return [texts[n] for n in which.tolist()]


def _parameters(case: Case, rng: np.random.Generator, people: People) -> str:
    listed = ", ".join(f'"{creneau}"' for creneau in case.creneaux)
    head = f"""\
[campagne]
seances_du = {SEASON[0]}
seances_au = {SEASON[1]}
creneaux = [{listed}]
groupe = {{ min = 12, max = 15, elus_min = 5, agents_min = 5 }}
places_par_personne = 1
places_par_collectivite = 0
poids = {{ petite = 3, moyenne = 2, grande = 1 }}
jours_exclus = [2027-05-20]
graine = {case.seed}

[heures]
matin = "08:30"
apres-midi = "13:30"
"""
    return head + "".join(_animateurs(case, rng, people))


def _animateurs(case: Case, rng: np.random.Generator, people: People) -> list[str]:
    """Draw animateurs until they can run their share of the groupes that everyone together would need."""
    needed = case.capacity * case.people / _PEOPLE_A_GROUPE
    most = 3 if case.people < 5_000 else 8
    demand = np.bincount(people.wanted[:, 0], minlength=len(case.thematiques)).astype(np.float64) + 1e-9
    popularity = np.array(POPULARITY[: len(case.creneaux)])
    found: list[str] = []
    runs = 0
    while runs < needed if case.animateurs is None else len(found) < case.animateurs:
        known = rng.choice(
            len(demand), min(len(demand), int(rng.integers(1, 4))), replace=False, p=demand / demand.sum()
        )
        free = min(len(case.creneaux), int(rng.integers(4, 8)))
        creneaux = rng.choice(len(case.creneaux), free, replace=False, p=popularity / popularity.sum())
        groupes = min(int(rng.integers(max(1, most // 2), most + 1)), free)
        runs += groupes
        found.append(_animateur(case, rng, len(found) + 1, (np.sort(known), np.sort(creneaux), groupes)))
    return found


def _animateur(case: Case, rng: np.random.Generator, number: int, what: tuple[Ints, Ints, int]) -> str:
    known, creneaux, groupes = what
    length = (SEASON[1] - SEASON[0]).days
    away = sorted(rng.choice(length, int(rng.integers(0, 3)), replace=False).tolist())
    thematiques = ", ".join(f'"{case.thematiques[t]}"' for t in known)
    free = ", ".join(f'"{case.creneaux[c]}"' for c in creneaux)
    absences = ", ".join(str(SEASON[0] + timedelta(days=day)) for day in away)
    return f"""
[[animateurs]]
nom = "Animateur {number}"
thematiques = [{thematiques}]
creneaux = [{free}]
groupes_max = {groupes}
indisponible = [{absences}]
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.groupes.generator", description=__doc__)
    parser.add_argument("personnes", type=int)
    parser.add_argument("--sortie", type=Path, required=True)
    parser.add_argument("--graine", type=int, default=1)
    arguments = parser.parse_args()
    write_case(Case("", arguments.personnes, seed=arguments.graine), arguments.sortie)


if __name__ == "__main__":
    main()
