"""The example CRM, run as it is: a process of its own from the first event on, and the file that it keeps."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Self

from local.child import end, spawn
from local.demo.target import Target

_LOOK: Final = 0.5


class Crm:
    """Reads beside the platform, and is started again when it exits."""

    def __init__(self, platform: Target) -> None:
        self.file = platform.var / "crm.sqlite"
        self._log = platform.var / "logs" / "crm.log"
        program = Path(sys.executable).parent / "crm"
        servers = platform.kafka_bootstrap_servers
        self._argv = [str(program), "--bootstrap-servers", servers, "--file", str(self.file)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run it, starting it again whenever it exits, until the end of the block."""
        watch = asyncio.create_task(self._keep_running())
        try:
            yield self
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            if self._process is not None:
                end(self._process)

    async def _keep_running(self) -> None:
        while True:
            if self._process is None or self._process.poll() is not None:
                self._process = spawn(self._argv, self._log)
            await asyncio.sleep(_LOOK)
