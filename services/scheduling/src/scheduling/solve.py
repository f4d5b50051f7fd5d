"""The planner's child process: `python -m scheduling.solve`, JSON in, JSON out.

Standard input: the memory limit in MB and the Demande, one line each; then it stays open for as long as the answer
is wanted, and a line `stop` asks for the best found so far. Standard output: lines `{"progression": {"texte": …,
"poids": …, "borne": …}}` and at last `{"plan": …}`. Exit code 2 with one French sentence on standard error: the input
can't be solved as it is. Any other code: a defect, with its trace on standard error.
"""

import json
import os
import sys
import threading
from typing import TextIO

from scheduling.plan import DEMANDE, IMPOSSIBLE, PLAN, STOP, Plan
from scheduling.solver.problem import InfeasibleInput
from scheduling.solver.season import solve_season
from scheduling.solver.watch import Watch


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


class _Parent(Watch):
    """The planner at the other end of the pipes, as the solver sees it."""

    def __init__(self, answer: TextIO) -> None:
        self._answer = answer
        self._asked_to_stop = threading.Event()

    def tell(self, texte: str, poids: int | None = None, borne: float | None = None) -> None:
        _write(self._answer, progression={"texte": texte, "poids": poids, "borne": borne})

    def stopped(self) -> bool:
        return self._asked_to_stop.is_set()

    def listen(self) -> None:
        """Follow standard input; a worker that is gone has closed it, and nobody waits for the answer any more."""
        for line in sys.stdin.buffer:
            if line == STOP:
                self._asked_to_stop.set()
        os._exit(1)


def main() -> int:
    answer = _open_answer()
    _limit_memory(int(sys.stdin.buffer.readline()))
    demande = DEMANDE.validate_json(sys.stdin.buffer.readline())
    parent = _Parent(answer)
    threading.Thread(target=parent.listen, daemon=True).start()
    try:
        saison = solve_season(demande.probleme, demande.horaire, parent)
    except InfeasibleInput as wrong:
        sys.stderr.buffer.write(f"{wrong}\n".encode())
        return IMPOSSIBLE
    plan = Plan(saison.proposition, saison.horaire)
    _write(answer, plan=PLAN.dump_python(plan, mode="json"))
    return 0


if __name__ == "__main__":
    # The reading thread can't be joined: leave without waiting for it.
    code = main()
    sys.stderr.flush()
    os._exit(code)
