"""The planner's child process: `python -m scheduling.solve`, JSON in, JSON out.

Standard input: the memory limit in MB and the Demande, one line each; then it stays open for as long as the answer
is wanted. Standard output: lines `{"progression": …}` and at last `{"plan": …}`. Exit code 2 with one French sentence
on standard error: the input can't be solved as it is. Any other code: a defect, with its trace on standard error.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from scheduling.plan import DEMANDE, IMPOSSIBLE, PLAN, Demande, Plan, groupe_key
from scheduling.sharing import share_groupes, total_capacity
from scheduling.solver.grouping import form_groupes
from scheduling.solver.problem import Animateur, Equipe, InfeasibleInput, Proposition
from scheduling.solver.timetable import available_animateurs, plan_seances
from scheduling.solver.timetable_problem import GroupeAPlanifier, TimetableProblem
from scheduling.solver.timetable_reasons import why_nothing_fits


def form_and_plan(demande: Demande, tell: Callable[[str], None]) -> Plan:
    """Form the groupes of every thématique, then plan them all together; `tell` receives French progress.

    Animateurs are shared first (`sharing`); what a thématique doesn't use goes to those where people still wait.
    Raises InfeasibleInput.
    """
    horaire = TimetableProblem(
        groupes=(),
        animateurs=demande.animateurs,
        seances_du=demande.seances_du,
        seances_au=demande.seances_au,
        jours_exclus=demande.jours_exclus,
        heures=demande.heures,
        occupe=demande.occupe,
        graine=demande.graine,
    )
    if told := why_nothing_fits(horaire):
        raise InfeasibleInput(told)
    animateurs = available_animateurs(horaire)
    shares = share_groupes(demande.problemes, animateurs)
    found: dict[str, Proposition] = {}
    # The smallest first: within its share it takes little, and it has the least choice of créneaux.
    order = sorted(demande.problemes, key=lambda t: (len(demande.problemes[t].candidats), t))
    for number, thematique in enumerate(order, 1):
        tell(f"Thématique « {demande.titres[thematique]} » ({number} sur {len(order)}), {_placed(found)}")
        found[thematique] = _form(demande, thematique, animateurs, found, shares[thematique])
    for thematique in sorted(order, key=lambda t: (-len(found[t].en_attente), t)):
        formed = sum(len(p.groupes) for p in found.values())
        if shares[thematique] is not None and found[thematique].en_attente and formed < total_capacity(animateurs):
            tell(f"Places restantes pour « {demande.titres[thematique]} », {_placed(found)}")
            found[thematique] = _form(demande, thematique, animateurs, found, None)
    tell(f"Animateurs et dates de {sum(len(p.groupes) for p in found.values())} groupes, {_placed(found)}")
    planned = plan_seances(replace(horaire, groupes=_to_plan(demande, found)))
    return Plan({t: found[t] for t in sorted(found)}, planned)


def _form(
    demande: Demande,
    thematique: str,
    animateurs: tuple[Animateur, ...],
    found: dict[str, Proposition],
    share: int | None,
) -> Proposition:
    engages = tuple((t, g.creneau) for t, p in sorted(found.items()) if t != thematique for g in p.groupes)
    problem = demande.problemes[thematique]
    try:
        return form_groupes(
            replace(
                problem,
                equipe=Equipe(animateurs, thematique, engages),
                limites=replace(problem.limites, groupes_max=share),
                graine=demande.graine,
            )
        )
    except InfeasibleInput as wrong:
        raise InfeasibleInput(f"Thématique « {demande.titres[thematique]} » : {wrong}") from wrong


def _placed(found: dict[str, Proposition]) -> str:
    count = sum(len(p.places) for p in found.values())
    return f"{count} {'personnes placées' if count > 1 else 'personne placée'}"


def _to_plan(demande: Demande, found: dict[str, Proposition]) -> tuple[GroupeAPlanifier, ...]:
    groupes = []
    for thematique, proposition in found.items():
        departements = {c.id: c.departement for c in demande.problemes[thematique].candidats}
        groupes += [
            GroupeAPlanifier(
                groupe_key(thematique, g.id), thematique, g.creneau, tuple(departements[m] for m in g.membres)
            )
            for g in proposition.groupes
        ]
    return tuple(groupes)


def _open_answer() -> TextIO:
    """Keep standard output for the answer alone: what libraries print there goes to standard error."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answer


def _write(answer: TextIO, **line: object) -> None:
    answer.write(json.dumps(line, ensure_ascii=False) + "\n")
    answer.flush()


def _limit_memory(megabytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows, where the run is limited in time only
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _end_with_the_parent() -> None:
    """A worker that is gone has closed the pipe: nobody waits for the answer any more."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> int:
    answer = _open_answer()
    _limit_memory(int(sys.stdin.buffer.readline()))
    demande = DEMANDE.validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        plan = form_and_plan(demande, lambda text: _write(answer, progression=text))
    except InfeasibleInput as wrong:
        sys.stderr.buffer.write(f"{wrong}\n".encode())
        return IMPOSSIBLE
    _write(answer, plan=PLAN.dump_python(plan, mode="json"))
    return 0


if __name__ == "__main__":
    # The reading thread can't be joined: leave without waiting for it.
    code = main()
    sys.stderr.flush()
    os._exit(code)
