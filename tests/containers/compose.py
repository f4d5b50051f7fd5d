"""docker-compose.yml as an operator uses it: one project with its own secrets, port and volumes."""

import os
import subprocess
from pathlib import Path

from local.ports import free_port

from tests.containers.conftest import ROOT


class Compose:
    """`compose("up", "--detach")` runs that command of Docker Compose; what it prints comes back."""

    def __init__(self, project: str, folder: Path, *options: str, **variables: str) -> None:
        self.secrets = folder / "secrets"
        self.secrets.mkdir()
        self.port = free_port()
        self._options = options
        self._environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": project,
            "COMPOSE_PROGRESS": "plain",
            "SECRETS": str(self.secrets),
            "PORT": str(self.port),
            **variables,
        }

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Raise AssertionError with what the command wrote when it fails."""
        code, output = self.attempt(*arguments, stdin=stdin)
        assert code == 0, f"docker compose {' '.join(arguments)}: {output}"
        return output

    def attempt(self, *arguments: str, stdin: bytes | None = None) -> tuple[int, str]:
        done = self._run(arguments, stdin, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace")

    def read(self, *arguments: str) -> bytes:
        """Return the standard output alone, as it is."""
        done = self._run(arguments, None, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def sql(self, service: str, query: str) -> str:
        """Ask the database of a service, as an operator does."""
        argv = ("exec", "-T", "postgres", "psql", "-XAtq", "-U", "postgres", "-d", service, "-c", query)
        return self.read(*argv).decode().strip()

    def _run(self, arguments: tuple[str, ...], stdin: bytes | None, stderr: int) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 - our own command line
            ["docker", "compose", *self._options, *arguments],  # noqa: S607 - the one that people use
            cwd=ROOT,
            env=self._environment,
            input=stdin or b"",
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=False,
        )
