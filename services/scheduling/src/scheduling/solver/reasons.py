"""Why each person has a place, waits or is out, in French sentences that are true.

Invariant: a sentence states only what holds in this proposition; it never names another person or collectivité.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from scheduling.solver.place_reasons import has_enough
from scheduling.solver.problem import (
    Attente,
    Candidat,
    GroupeForme,
    GroupingProblem,
    Raison,
    Slot,
    creneau_en_francais,
)
from scheduling.solver.profiles import open_places, turn
from scheduling.solver.whole import Whole, survey


def explain(
    problem: GroupingProblem, groupes: Sequence[GroupeForme]
) -> tuple[tuple[Attente, ...], tuple[Attente, ...], Whole, list[Candidat]]:
    """Return the waiting list, those who can't be placed at all, and the proposition as those who wait see it."""
    placed = {m for g in groupes for m in g.membres}
    seated = Counter(c.personne for c in problem.candidats if c.id in placed)
    waiting: list[Candidat] = []
    out: list[tuple[Candidat, Raison]] = []
    for candidat in sorted((c for c in problem.candidats if c.id not in placed), key=turn):
        reason = _why_out(problem, candidat, seated)
        if reason is None:
            waiting.append(candidat)
        else:
            out.append((candidat, reason))
    waiting.sort(key=lambda c: -problem.limites.poids[c.taille])
    whole = survey(problem, groupes, waiting)
    ranks: Counter[str] = Counter()
    en_attente = []
    for candidat in waiting:
        ranks[candidat.thematique] += 1
        rang = ranks[candidat.thematique]
        en_attente.append(Attente(candidat.id, rang, _why_waiting(whole, candidat, rang)))
    refused: Counter[str] = Counter()
    non_retenus = []
    for candidat, reason in out:
        refused[candidat.thematique] += 1
        non_retenus.append(Attente(candidat.id, refused[candidat.thematique], reason))
    return tuple(en_attente), tuple(non_retenus), whole, waiting


def _why_out(problem: GroupingProblem, candidat: Candidat, seated: Mapping[str, int]) -> Raison | None:
    mine = [c for c in problem.creneaux if c in candidat.creneaux]
    if not mine:
        return Raison("non_retenue.aucun_creneau", "Aucun des créneaux proposés ne correspond à vos disponibilités.")
    if seated.get(candidat.personne, 0) >= (most := problem.limites.places_par_personne):
        return Raison("non_retenue.autre_place", has_enough(most))
    if all((candidat.departement, c) in problem.hors_horaires for c in mine):
        return Raison(
            "non_retenue.hors_horaires",
            f"Aux heures de vos créneaux ({_slots(mine)}), il serait chez vous moins de 7 heures ou plus de 20 heures.",
        )
    return None


def _slots(creneaux: Sequence[str]) -> str:
    return ", ".join(creneau_en_francais(c) for c in creneaux)


def _why_waiting(whole: Whole, candidat: Candidat, rang: int) -> Raison:
    code, cause = _cause(whole, candidat)
    position = "1re" if rang == 1 else f"{rang}e"
    return Raison(code, f"{cause} Vous êtes en {position} position sur la liste d'attente.")


def _cause(whole: Whole, candidat: Candidat) -> tuple[str, str]:
    mine = [slot for slot, _ in open_places(whole.problem, candidat)]
    creneaux = _slots([creneau for _, creneau in mine])
    season = whole.problem.limites.places_par_collectivite
    if season and whole.seats.get(candidat.collectivite, 0) >= season:
        have = "sa place" if season == 1 else f"ses {season} places"
        return "attente.collectivite_saison", f"Votre collectivité a déjà {have} de la saison."
    opened = [slot for slot in mine if whole.groupes.get(slot)]
    if not opened:
        return _not_opened(whole, mine, creneaux)
    home = candidat.collectivite
    if all(whole.held.get((home, slot), 0) == len(whole.groupes[slot]) for slot in opened):
        return "attente.collectivite", (
            f"Une autre personne de votre collectivité a une place dans chaque groupe compatible avec vos créneaux "
            f"({creneaux}), et chaque groupe n'en accueille qu'une par collectivité."
        )
    room = [collectivites for slot in opened for collectivites in whole.not_full.get(slot, ())]
    if not room:
        cause = f"Tous les groupes compatibles avec vos créneaux ({creneaux}) sont complets."
    elif all(home in collectivites for collectivites in room):
        cause = (
            f"Les groupes compatibles avec vos créneaux ({creneaux}) sont complets "
            "ou comptent déjà une personne de votre collectivité."
        )
    else:
        cause = f"Aucune place qui respecte les règles et les souhaits exprimés ne reste sur vos créneaux ({creneaux})."
    return "attente.creneaux_complets", cause


def _not_opened(whole: Whole, mine: Sequence[Slot], creneaux: str) -> tuple[str, str]:
    openable = [whole.shortages[slot] for slot in mine if whole.can_open[slot]]
    if not openable:
        return (
            "attente.groupe_non_ouvert",
            f"Aucun groupe ne peut ouvrir sur vos créneaux ({creneaux}) : les animateurs disponibles sont déjà pris.",
        )
    best = min(openable, key=lambda s: (s.people, s.slot))
    when = creneau_en_francais(best.slot[1])
    if best.people == 0:
        return (
            "attente.groupe_non_ouvert",
            f"Les personnes en attente ne suffisent pas à composer un groupe complet sur vos créneaux ({creneaux}).",
        )
    quota = best.people == best.elus + best.agents
    code = "attente.quota_qualite" if quota else "attente.groupe_non_ouvert"
    return code, f"Il manque {best.phrase()} pour ouvrir un groupe le {when}."
