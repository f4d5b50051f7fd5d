"""The example CRM, run as it is: a process of its own from the first event on, and the file that it keeps."""

import subprocess
import sys
from pathlib import Path

from local.child import end, spawn
from local.platform import Platform


class Crm:
    """Started beside the platform and started again when it exits."""

    def __init__(self, platform: Platform) -> None:
        self.file = platform.var / "crm.sqlite"
        self._log = platform.var / "logs" / "crm.log"
        program = Path(sys.executable).parent / "crm"
        servers = platform.kafka_bootstrap_servers
        self._argv = [str(program), "--bootstrap-servers", servers, "--file", str(self.file)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def keep_running(self) -> None:
        """Start it, or start it again if it has exited."""
        if self._process is None or self._process.poll() is not None:
            self._process = spawn(self._argv, self._log)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None
