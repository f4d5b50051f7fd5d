"""`python -m tests.faults.program SERVICE ARGUMENTS…`: the service's own command, some of its methods wrapped.

The product knows nothing of this. `FAULTS_POINTS` names a folder: the process that reaches a named step while a file
of that name lies there takes the file away and dies by kill -9. `FAULTS_VARIANT` names a way of building the service
wrongly (tests/faults/variants.py).
"""

import importlib
import os
import sys
from pathlib import Path

from tests.faults.points import install, reach_in
from tests.faults.variants import VARIANTS


def main() -> None:
    service, *arguments = sys.argv[1:]
    reach = reach_in(Path(os.environ["FAULTS_POINTS"]))
    install(reach)
    if variant := os.environ.get("FAULTS_VARIANT"):
        VARIANTS[variant].build(reach)
    sys.argv = [service, *arguments]
    importlib.import_module(f"{service}.app").main()


if __name__ == "__main__":
    main()
