"""What a running service loads: the solver's libraries are for the child process and for `essai` alone."""

import subprocess
import sys

SOLVERS = {"numpy", "ortools", "highspy"}


def test_a_running_service_does_without_the_libraries_of_the_solver() -> None:
    program = "import sys, scheduling.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert not SOLVERS & set(loaded.stdout.split())
