"""Why each person has the place that they have, and what is told to who has enough."""

from collections.abc import Sequence

from scheduling.solver.problem import GroupeForme, GroupingProblem, Raison, creneau_en_francais


def place_reasons(problem: GroupingProblem, groupes: Sequence[GroupeForme]) -> dict[str, Raison]:
    """Return the reason of each person placed."""
    reasons: dict[tuple[str, bool], Raison] = {}
    found = {}
    for groupe in groupes:
        for person in groupe.membres:
            key = groupe.creneau, problem.by_id[person].creneaux[groupe.creneau].value == "prefere"
            if key not in reasons:
                reasons[key] = place_reason(*key)
            found[person] = reasons[key]
    return found


def place_reason(creneau: str, preferred: bool) -> Raison:  # noqa: FBT001 - what the sentence is about
    liking = "que vous préférez" if preferred else "qui vous est possible"
    return Raison("retenue.place", f"Vous avez une place dans un groupe du {creneau_en_francais(creneau)}, {liking}.")


def has_enough(most: int) -> str:
    """Say that somebody has all the places that they can have, in other thématiques."""
    if most == 1:
        return "Vous avez une place dans une autre thématique de cette campagne, qui en accorde une seule par personne."
    return (
        f"Vous avez {most} places dans d'autres thématiques de cette campagne, "
        f"qui en accorde au plus {most} par personne."
    )
