"""A sample of real collectivités, in the shares that the programme aims at; same seed, same draw."""

import csv
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TextIO

from registration.collectivites.collectivite import Collectivite, TypeCollectivite
from registration.collectivites.reference import Reference
from registration.collectivites.taille import Taille, taille

SEED: Final = 2027
UNINHABITED: Final = frozenset({"984", "989"})  # TAAF and Clipperton: nobody is elected there
COMMUNES_PETITES: Final = 0.75
COMMUNES_AUTRES: Final = 0.10
EPCI: Final = 0.12


def draw_sample(reference: Reference, size: int, seed: int = SEED) -> list[Collectivite]:
    """Return about `size` bodies: 75 % small communes, 10 % larger ones, 12 % EPCI, the rest councils.

    A size of 400 covers every inhabited département, overseas included.
    """
    rng = random.Random(seed)  # noqa: S311 - a draw to be repeated, not a secret
    bodies = [body for body in reference if body.departement not in UNINHABITED and body.code not in UNINHABITED]
    small = _spread(bodies, _is_small_commune, rng)
    departements = {body.departement for body in bodies if body.type is TypeCollectivite.COMMUNE}
    without_small = departements - {body.departement for body in bodies if _is_small_commune(body)}
    # Départements without a small commune come first among the larger ones, so that none is left out.
    larger = _spread(bodies, _is_larger_commune, rng, first=without_small)
    epci = _spread(bodies, lambda body: body.type is TypeCollectivite.EPCI, rng)
    councils = [body for body in bodies if body.type in {TypeCollectivite.DEPARTEMENT, TypeCollectivite.REGION}]
    rng.shuffle(councils)
    counts = [round(size * share) for share in (COMMUNES_PETITES, COMMUNES_AUTRES, EPCI)]
    counts.append(max(0, size - sum(counts)))
    chosen = [
        body for pool, count in zip((small, larger, epci, councils), counts, strict=True) for body in pool[:count]
    ]
    return sorted(chosen, key=lambda body: (list(TypeCollectivite).index(body.type), body.code))


def write_sample(reference: Reference, size: int, out: TextIO) -> None:
    """Write a sample as CSV: type, code, nom, departement."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["type", "code", "nom", "departement"])
    for body in draw_sample(reference, size):
        writer.writerow([body.type, body.code, body.nom, body.departement])


def _is_small_commune(body: Collectivite) -> bool:
    return body.type is TypeCollectivite.COMMUNE and taille(body) is Taille.PETITE


def _is_larger_commune(body: Collectivite) -> bool:
    return body.type is TypeCollectivite.COMMUNE and taille(body) is not Taille.PETITE


def _spread(
    bodies: Iterable[Collectivite],
    belongs: Callable[[Collectivite], bool],
    rng: random.Random,
    first: Iterable[str] = (),
) -> list[Collectivite]:
    """Return all that belong, one of each département in turn: any beginning covers as many as it can."""
    piles: dict[str, list[Collectivite]] = {}
    for body in bodies:
        if belongs(body):
            piles.setdefault(body.departement, []).append(body)
    order = sorted(piles)
    rng.shuffle(order)
    order.sort(key=lambda code: code not in set(first))
    for code in order:
        rng.shuffle(piles[code])
    return list(_in_turn([piles[code] for code in order]))


def _in_turn(piles: Sequence[list[Collectivite]]) -> Iterator[Collectivite]:
    for turn in range(max(map(len, piles), default=0)):
        for pile in piles:
            if turn < len(pile):
                yield pile[turn]
