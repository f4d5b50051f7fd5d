"""Filling a gap: who of the waiting list takes a place that somebody left in a groupe.

A person who would break a rule is passed over (`gap_rules`). The others are compared by `ORDRE`, from the most
important criterion to the last: who costs less at the first criterion on which two differ comes before the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from scheduling.solver.gap_rules import EnListe, Vacance, obstacle
from scheduling.solver.problem import Accord, Qualite, Taille, creneau_en_francais

_EN_FRANCAIS = {Taille.PETITE: "petite", Taille.MOYENNE: "moyenne", Taille.GRANDE: "grande"}


@dataclass(frozen=True, slots=True)
class Critere:
    """`cout` is less for who keeps the groupe better; `apres` says why someone with more comes after."""

    nom: str
    cout: Callable[[Vacance, EnListe], int]
    apres: str


def _missing_qualite(vacance: Vacance, personne: EnListe) -> int:
    return -vacance.missing(personne.candidat.qualite)


def _priority(vacance: Vacance, personne: EnListe) -> int:
    return -vacance.limites.poids[personne.candidat.taille]


def _waited_in_vain(_vacance: Vacance, personne: EnListe) -> int:
    return 0 if personne.candidat.attendu else 1


def _unevenness(vacance: Vacance, personne: EnListe) -> int:
    elus, agents = _after(vacance, personne)
    return abs(elus - agents)


def _same_departement(vacance: Vacance, personne: EnListe) -> int:
    departement = personne.candidat.departement
    return sum(m.departement == departement for m in vacance.membres) if departement else 0


def _same_taille(vacance: Vacance, personne: EnListe) -> int:
    return sum(m.taille is personne.candidat.taille for m in vacance.membres)


def _dislike(vacance: Vacance, personne: EnListe) -> int:
    return 0 if personne.candidat.creneaux.get(vacance.creneau) is Accord.PREFERE else 1


def _place_on_the_list(_vacance: Vacance, personne: EnListe) -> int:
    return personne.rang


ORDRE: tuple[Critere, ...] = (
    Critere(
        "qualité qui manque au minimum", _missing_qualite, "ne rend pas au groupe la qualité qui lui manque le plus"
    ),
    Critere("priorité de la taille", _priority, "vient d'une collectivité moins prioritaire"),
    Critere("attente de la saison passée", _waited_in_vain, "n'a pas attendu en vain la saison dernière"),
    Critere("élus et agents", _unevenness, "équilibre moins bien les élus et les agents"),
    Critere("départements", _same_departement, "vient d'un département plus présent dans le groupe"),
    Critere("tailles", _same_taille, "vient d'une taille de collectivité plus présente dans le groupe"),
    Critere("créneau", _dislike, "ne préfère pas ce créneau"),
    Critere("liste d'attente", _place_on_the_list, "est plus loin sur la liste d'attente"),
)


@dataclass(frozen=True, slots=True)
class Avis:
    """One French sentence about somebody of the waiting list: why this person, or why not."""

    personne: EnListe
    phrase: str


@dataclass(frozen=True, slots=True)
class Etude:
    """Who can take the place, the best first; who stands before that person on the list and can't; and every obstacle.

    `possibles` and `passes` may be cut short: `combien_possibles` counts all who could. `obstacles` are (sentence,
    how many people), the most frequent first.
    """

    possibles: tuple[Avis, ...]
    passes: tuple[Avis, ...]
    combien_possibles: int
    obstacles: tuple[tuple[str, int], ...]


def best(vacance: Vacance, attente: Sequence[EnListe]) -> EnListe | None:
    """Return who should take the place, if anybody can: the first that `study` would name."""
    left = [p for p in attente if obstacle(vacance, p.candidat) is None]
    for critere in ORDRE:  # criterion by criterion: few are left for the later ones
        costs = [critere.cout(vacance, p) for p in left]
        least = min(costs, default=0)
        left = [p for p, cost in zip(left, costs, strict=True) if cost == least]
    return min(left, key=lambda p: p.candidat.id, default=None)


def study(vacance: Vacance, attente: Sequence[EnListe], *, combien: int) -> Etude:
    """Rank the waiting list for this place, with at most `combien` people who could take it and as many who can't."""
    refused = {p.candidat.id: phrase for p in attente if (phrase := obstacle(vacance, p.candidat)) is not None}
    possible = [p for p in attente if p.candidat.id not in refused]
    first = nsmallest(combien, possible, key=lambda p: _cost(vacance, p))
    before = [p for p in attente if p.candidat.id in refused and (not first or p.rang < first[0].rang)]
    counts: dict[str, int] = {}
    for phrase in refused.values():
        counts[phrase] = counts.get(phrase, 0) + 1
    return Etude(
        possibles=tuple(Avis(p, _sentence(vacance, p, first[0])) for p in first),
        passes=tuple(Avis(p, refused[p.candidat.id]) for p in nsmallest(combien, before, key=lambda p: p.rang)),
        combien_possibles=len(possible),
        obstacles=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    )


def why(vacance: Vacance, personne: EnListe) -> str:
    """Say what this person brings to the groupe, by the criteria, and where they stand on the list."""
    return _sentence(vacance, personne, personne)


def _cost(vacance: Vacance, personne: EnListe) -> tuple[tuple[int, ...], str]:
    return tuple(critere.cout(vacance, personne) for critere in ORDRE), personne.candidat.id


def _sentence(vacance: Vacance, personne: EnListe, first: EnListe) -> str:
    facts = [_mix(vacance, personne), *_merits(vacance, personne)]
    sentence = f"{', '.join(facts)} ; {_ordinal(personne.rang)} en attente"
    after = next((c.apres for c in ORDRE if c.cout(vacance, personne) != c.cout(vacance, first)), None)
    sentence += f". Passe après : {after}." if after else "."
    return sentence[0].upper() + sentence[1:]


def _mix(vacance: Vacance, personne: EnListe) -> str:
    elus, agents = _after(vacance, personne)
    qualite = personne.candidat.qualite
    count, noun = (elus, "élu") if qualite is Qualite.ELU else (agents, "agent")
    if not vacance.missing(qualite):
        return f"porte le groupe à {_counted(elus, 'élu')} et {_counted(agents, 'agent')}"
    if count < vacance.limites.minimum_of(qualite):
        return f"ramène le groupe à {_counted(count, noun)}, encore sous le minimum"
    return f"garde {_counted(count, noun)} dans le groupe"


def _merits(vacance: Vacance, personne: EnListe) -> list[str]:
    candidat = personne.candidat
    origin = f"vient d'une {_EN_FRANCAIS[candidat.taille]} collectivité"
    if candidat.departement:
        same = _same_departement(vacance, personne)
        origin += f" et d'un département {_presence(same)}"
    found = [origin]
    if candidat.attendu:
        found.append("a attendu en vain la saison dernière")
    liking = "préfère" if candidat.creneaux.get(vacance.creneau) is Accord.PREFERE else "peut venir"
    return [*found, f"{liking} le {creneau_en_francais(vacance.creneau)}"]


def _presence(same: int) -> str:
    if not same:
        return "qui n'y est pas encore"
    return f"qui y compte déjà {same} {'personne' if same == 1 else 'personnes'}"


def _after(vacance: Vacance, personne: EnListe) -> tuple[int, int]:
    """Élus and agents of the groupe with this person in it."""
    elu = personne.candidat.qualite is Qualite.ELU
    return vacance.counts[Qualite.ELU] + elu, vacance.counts[Qualite.AGENT] + (not elu)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"


def _ordinal(rang: int) -> str:
    return "1re" if rang == 1 else f"{rang}e"
