"""Why each person waits or is out, and what the whole lacks, in French sentences that are true.

Invariant: a sentence states only what holds in this proposition; it never names another person or collectivité.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduling.solver.animateurs import one_more_can_run
from scheduling.solver.problem import (
    Attente,
    Candidat,
    GroupeForme,
    GroupingProblem,
    Qualite,
    Raison,
    creneau_en_francais,
)
from scheduling.solver.profiles import arrival, together_pairs


@dataclass(frozen=True, slots=True)
class _Shortage:
    """What one more groupe in a créneau lacks among the people who wait: people in all, of whom élus and agents."""

    creneau: str
    waiting: int
    people: int
    elus: int
    agents: int

    def phrase(self) -> str:
        if self.people == self.elus:
            return _counted(self.elus, "élu")
        if self.people == self.agents:
            return _counted(self.agents, "agent")
        roles = [(self.elus, "élu"), (self.agents, "agent")]
        detail = " et ".join(_counted(n, noun) for n, noun in roles if n)
        return _counted(self.people, "personne") + (f", dont {detail}" if detail else "")


@dataclass(frozen=True, slots=True)
class _Whole:
    problem: GroupingProblem
    groupes: Mapping[str, tuple[GroupeForme, ...]]
    collectivites: Mapping[str, frozenset[str]]
    can_open: Mapping[str, bool]
    shortages: Mapping[str, _Shortage]


def explain(
    problem: GroupingProblem, groupes: Sequence[GroupeForme]
) -> tuple[tuple[Attente, ...], tuple[Attente, ...], tuple[str, ...]]:
    """Return the waiting list, those who can't be placed at all, and sentences on the whole."""
    placed = {m for g in groupes for m in g.membres}
    left = [c for c in problem.candidats if c.id not in placed]
    without = [c for c in left if not _compatible(problem, c)]
    out = sorted(without, key=arrival)
    waiting = sorted(
        (c for c in left if _compatible(problem, c)),
        key=lambda c: (-problem.limites.poids[c.taille], arrival(c)),
    )
    whole = _survey(problem, groupes, waiting)
    en_attente = tuple(Attente(c.id, n, _why_waiting(whole, c, n)) for n, c in enumerate(waiting, 1))
    reason = Raison("non_retenue.aucun_creneau", "Aucun des créneaux proposés ne correspond à vos disponibilités.")
    non_retenus = tuple(Attente(c.id, n, reason) for n, c in enumerate(out, 1))
    return en_attente, non_retenus, _constats(whole, waiting)


def place_reasons(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> dict[str, Raison]:
    """Return the reason of each person placed."""
    reasons = {}
    known = {c.id: c for c in problem.candidats}
    for groupe in groupes:
        for person in groupe.membres:
            preferred = known[person].creneaux[groupe.creneau].value == "prefere"
            liking = "que vous préférez" if preferred else "qui vous est possible"
            when = creneau_en_francais(groupe.creneau)
            reasons[person] = Raison("retenue.place", f"Vous avez une place dans un groupe du {when}, {liking}.")
    return reasons


def _compatible(problem: GroupingProblem, candidat: Candidat) -> list[str]:
    return [c for c in problem.creneaux if c in candidat.creneaux]


def _survey(problem: GroupingProblem, groupes: Sequence[GroupeForme], waiting: Sequence[Candidat]) -> _Whole:
    known = {c.id: c.collectivite for c in problem.candidats}
    limites = problem.limites
    by_creneau = {c: tuple(g for g in groupes if g.creneau == c) for c in problem.creneaux}
    opened = [g.creneau for g in groupes]
    in_all = limites.groupes_max is None or len(groupes) < limites.groupes_max
    can_open = {
        c: in_all
        and len(by_creneau[c]) < limites.par_creneau.get(c, len(groupes) + 1)
        and one_more_can_run(problem.equipe, opened, c)
        for c in problem.creneaux
    }
    shortages = {c: _shortage(problem, c, waiting) for c in problem.creneaux}
    held = {g.id: frozenset(known[m] for m in g.membres) for g in groupes}
    return _Whole(problem, by_creneau, held, can_open, shortages)


def _shortage(problem: GroupingProblem, creneau: str, waiting: Sequence[Candidat]) -> _Shortage:
    """Count the fewest people, from other collectivités, with whom those who wait would make a groupe."""
    limites = problem.limites
    roles: dict[str, set[Qualite]] = {}
    count = 0
    for candidat in waiting:
        if creneau in candidat.creneaux:
            roles.setdefault(candidat.collectivite, set()).add(candidat.qualite)
            count += 1
    elus = max(0, limites.elus_min - sum(Qualite.ELU in r for r in roles.values()))
    agents = max(0, limites.agents_min - sum(Qualite.AGENT in r for r in roles.values()))
    need = max(limites.min, limites.elus_min + limites.agents_min)
    return _Shortage(creneau, count, max(elus + agents, need - len(roles)), elus, agents)


def _why_waiting(whole: _Whole, candidat: Candidat, rang: int) -> Raison:
    code, cause = _cause(whole, candidat)
    position = "1re" if rang == 1 else f"{rang}e"
    return Raison(code, f"{cause} Vous êtes en {position} position sur la liste d'attente.")


def _cause(whole: _Whole, candidat: Candidat) -> tuple[str, str]:
    mine = _compatible(whole.problem, candidat)
    slots = ", ".join(creneau_en_francais(c) for c in mine)
    mine_open = [g for c in mine for g in whole.groupes[c]]
    if not mine_open:
        return _not_opened(whole, mine, slots)
    full = [len(g.membres) >= whole.problem.limites.max for g in mine_open]
    held = [candidat.collectivite in whole.collectivites[g.id] for g in mine_open]
    if all(held):
        cause = (
            f"Une autre personne de votre collectivité a une place dans chaque groupe compatible avec vos créneaux "
            f"({slots}), et chaque groupe n'en accueille qu'une par collectivité."
        )
        return "attente.collectivite", cause
    if all(full):
        cause = f"Tous les groupes compatibles avec vos créneaux ({slots}) sont complets."
    elif all(f or h for f, h in zip(full, held, strict=True)):
        cause = (
            f"Les groupes compatibles avec vos créneaux ({slots}) sont complets "
            "ou comptent déjà une personne de votre collectivité."
        )
    else:
        cause = f"Aucune place qui respecte les règles et les souhaits exprimés ne reste sur vos créneaux ({slots})."
    return "attente.creneaux_complets", cause


def _not_opened(whole: _Whole, mine: Sequence[str], slots: str) -> tuple[str, str]:
    openable = [whole.shortages[c] for c in mine if whole.can_open[c]]
    if not openable:
        return (
            "attente.groupe_non_ouvert",
            f"Aucun groupe ne peut ouvrir sur vos créneaux ({slots}) : les animateurs disponibles sont déjà pris.",
        )
    best = min(openable, key=lambda s: (s.people, s.creneau))
    when = creneau_en_francais(best.creneau)
    if best.people == 0:
        return (
            "attente.groupe_non_ouvert",
            f"Les personnes en attente ne suffisent pas à composer un groupe complet sur vos créneaux ({slots}).",
        )
    quota = best.people == best.elus + best.agents
    code = "attente.quota_qualite" if quota else "attente.groupe_non_ouvert"
    return code, f"Il manque {best.phrase()} pour ouvrir un groupe le {when}."


def _constats(whole: _Whole, waiting: Sequence[Candidat]) -> tuple[str, ...]:
    if not whole.problem.candidats:
        return ("Aucune inscription pour cette thématique : il n'y a pas de groupe à former.",)
    found = []
    busy = [s for s in whole.shortages.values() if s.waiting]
    for shortage in sorted(busy, key=lambda s: (s.people, s.creneau)):
        when, number = creneau_en_francais(shortage.creneau), len(whole.groupes[shortage.creneau]) + 1
        article = "un groupe" if number == 1 else f"un {number}e groupe"
        if not whole.can_open[shortage.creneau]:
            who = _counted(shortage.waiting, "personne")
            verb = "attend" if shortage.waiting == 1 else "attendent"
            found.append(f"{who} {verb} le {when}, où aucun animateur de plus n'est disponible.")
        elif shortage.people:
            found.append(f"Il manque {shortage.phrase()} pour ouvrir {article} le {when}.")
    return (*found, *_unmet_wishes(whole, {c.id for c in waiting}))


def _unmet_wishes(whole: _Whole, waiting: set[str]) -> list[str]:
    where = {m: g.id for groupes in whole.groupes.values() for g in groupes for m in g.membres}
    unmet = sum(
        where.get(a) != where.get(b) or (a in waiting and b in waiting) for a, b in together_pairs(whole.problem)
    )
    if not unmet:
        return []
    noun = "souhait d'être ensemble n'a" if unmet == 1 else "souhaits d'être ensemble n'ont"
    return [f"{unmet} {noun} pas pu être respecté{'s' if unmet > 1 else ''}."]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"
