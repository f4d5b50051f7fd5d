"""The child process that replans: `python -m scheduling.replan`, one line of JSON in, one out.

Standard input: the memory limit in MB, then the ReplanProblem. Any exit code but 0 is a defect, with its trace on
standard error.
"""

import sys

from scheduling.reorganisation import PROBLEM, REPLAN
from scheduling.solver.replanning import replan


def _limit_memory(megabytes: int) -> None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows, where the run is limited in time only
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def main() -> None:
    _limit_memory(int(sys.stdin.buffer.readline()))
    answer = replan(PROBLEM.validate_json(sys.stdin.buffer.readline()))
    sys.stdout.buffer.write(REPLAN.dump_json(answer) + b"\n")


if __name__ == "__main__":
    main()
