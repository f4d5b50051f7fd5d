"""The platform under test: every service by its own command, each role a process of its own, in one folder."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from local import clock
from local.child import spawn
from local.platform import PATHS
from local.ports import answers
from local.postgres import SERVICES, PostgresServer
from local.supervisor import Process, Stage, Supervisor, Task, answers_ok

from tests.faults.cluster import Cluster
from tests.faults.ports import Ports

REPLICAS: Final = {"web": 1, "worker": 2, "relay": 2}
SLOW_START: Final = 240.0
TEAM_PASSWORD: Final = "mot-de-passe-de-la-preuve"
SEASON_DOMAIN: Final = "saison.example"
"""Mails to these addresses are kept whole: their links are followed."""


class Stand:
    """Kafka, PostgreSQL, the mail server, the services and the CRM.

    `wrapped` services run their command with named steps to die at (tests/faults/program.py), as `variant` if given.
    """

    def __init__(
        self,
        var: Path,
        *,
        first_port: int = 21_000,
        nodes: int = 3,
        services: Sequence[str] = SERVICES,
        replicas: Mapping[str, int] = REPLICAS,
        variant: str = "",
        wrapped: bool = False,
    ) -> None:
        self.var = var.resolve()
        self.logs = self.var / "logs"
        self.services = tuple(services)
        self._replicas = replicas
        self._wrapped = wrapped
        self._variant = variant
        self.points = self.var / "points"
        self._ports = Ports(first_port)
        self.cluster = Cluster(self.var, self._ports, nodes)
        # A server that is killed loses nothing that it has written; only the machine's own end would need fsync.
        self.postgres = PostgresServer(
            self.var / "postgres", self._ports.take(), settings={"fsync": "off"}, log=self.logs / "postgresql.log"
        )
        self._smtp = self._ports.take()
        self._http = self._ports.take()
        self.public_url = f"http://localhost:{self._http}"
        self.delay, self.health, self.kept = (self.var / name for name in ("delay", "health", "kept.jsonl"))
        self.crm_file = self.var / "crm.sqlite"
        self.clock_file = self.var / "clock"
        self._hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(TEAM_PASSWORD)
        self._supervisor: Supervisor | None = None
        self._added: dict[str, subprocess.Popen[bytes]] = {}
        self._numbers = itertools.count(8)

    async def start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        self.points.mkdir(exist_ok=True)
        self.delay.write_text("0")
        self.health.write_text("well")
        self.kept.touch()
        await asyncio.gather(self.cluster.start(), asyncio.to_thread(self.postgres.start))
        self._supervisor = Supervisor(self._stages())
        await asyncio.to_thread(self._supervisor.start)

    async def stop(self) -> None:
        for name in list(self._added):
            await self.remove_process(name)
        if self._supervisor is not None:
            await asyncio.to_thread(self._supervisor.stop)
        await self.cluster.stop()
        await asyncio.to_thread(self.postgres.stop)

    def pids(self) -> dict[str, int]:
        """Return the process number of each service process and of the CRM, by its name."""
        running = self._supervisor.pids() if self._supervisor else {}
        own = {name: pid for name, pid in running.items() if name.startswith((*self.services, "crm"))}
        return own | {name: child.pid for name, child in self._added.items()}

    def restarts(self) -> dict[str, int]:
        return self._supervisor.restarts() if self._supervisor else {}

    async def add_worker(self, service: str) -> str:
        """Start one worker more; return its name."""
        name = f"{service}-worker-{next(self._numbers)}"
        process = self._service(service, "worker", name)
        self._added[name] = await asyncio.to_thread(spawn, process.argv, process.log, process.env)
        return name

    async def remove_process(self, name: str) -> None:
        """Stop an added worker in good order."""
        child = self._added.pop(name)
        child.send_signal(signal.SIGTERM)
        await asyncio.to_thread(child.wait)

    def database_url(self, service: str) -> str:
        return self.postgres.url(service)

    def restart_postgres_at_once(self) -> None:
        """Stop PostgreSQL in the middle of whatever it does ("immediate"), and start it again."""
        process = self.postgres.process
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        self.postgres.start(SLOW_START)

    def shift_clock(self, offset: timedelta) -> None:
        """Put the domain's clock ahead of the real one."""
        clock.shift(self.clock_file, offset)

    def settings(self, service: str) -> dict[str, str]:
        """Build a service's environment, as an operator would."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")},
            "ENVIRONMENT": "local",
            "DATABASE_URL": self.database_url(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.cluster.bootstrap_servers,
            "SMTP_URL": f"smtp://127.0.0.1:{self._smtp}?starttls=never",
            "MAIL_FROM": "Ateliers interactifs <ateliers@exemple.fr>",
            "PUBLIC_URL": self.public_url,
            "SECRET_KEY": "clef-de-la-preuve-" * 3,
            "TEAM_PASSWORD_HASH": self._hash,
            "CLOCK_FILE": str(self.clock_file),
            "HTTP_HOST": "127.0.0.1",
            "FAULTS_POINTS": str(self.points),
            "FAULTS_VARIANT": self._variant,
        }

    def _stages(self) -> list[Stage]:
        servers = {"KAFKA_BOOTSTRAP_SERVERS": self.cluster.bootstrap_servers}
        copies = str(len(self.cluster.nodes))
        topics = Task(
            "topics",
            [_script("ateliers-topics"), "create", "--replication", copies],
            self.logs / "topics.log",
            {**os.environ, **servers},
        )
        migrations = [
            Task(f"{s}-migrate", [_script(s), "migrate"], self.logs / f"{s}-migrate.log", self.settings(s))
            for s in self.services
        ]
        processes = [
            self._service(service, role, f"{service}-{role}-{number}")
            for service in self.services
            for role, count in self._replicas.items()
            for number in range(1, count + 1)
        ]
        pages = {s: p.env["HTTP_PORT"] for s in self.services for p in processes if p.env and p.name == f"{s}-web-1"}
        return [
            [self._slow_lines(), self._mail_server()],
            [topics, *migrations],
            [*processes, self._address(pages), *([self._crm()] if "feedback" in self.services else [])],
        ]

    def _service(self, service: str, role: str, name: str) -> Process:
        port = self._ports.take()
        argv = [sys.executable, "-m", "tests.faults.program", service] if self._wrapped else [_script(service)]
        return Process(
            name,
            [*argv, "--roles", role],
            self.logs / f"{name}.log",
            answers_ok(f"http://127.0.0.1:{port}/health/ready"),
            {**self.settings(service), "HTTP_PORT": str(port)},
            timeout=SLOW_START,
        )

    def _slow_lines(self) -> Process:
        lines = [f"{line}={target}" for line, target in self.cluster.lines.items()]
        argv = [sys.executable, "-m", "tests.faults.slow", "--delay", str(self.delay), *lines]
        ready = next(iter(self.cluster.lines))
        return Process("lines", argv, self.logs / "lines.log", lambda: answers(ready), timeout=SLOW_START)

    def _mail_server(self) -> Process:
        argv = [sys.executable, "-m", "tests.faults.sink", "--port", str(self._smtp)]
        argv += ["--health", str(self.health), "--kept", str(self.kept), "--raw", SEASON_DOMAIN]
        return Process("mail", argv, self.logs / "mail.log", lambda: answers(self._smtp), timeout=SLOW_START)

    def _address(self, pages: Mapping[str, str]) -> Process:
        routes = {PATHS.get(service, "/"): port for service, port in pages.items()}
        argv = [sys.executable, "-m", "local.proxy", "--port", str(self._http)]
        argv += [f"{path}=http://127.0.0.1:{port}" for path, port in routes.items()]
        return Process("address", argv, self.logs / "address.log", lambda: answers(self._http), timeout=SLOW_START)

    def _crm(self) -> Process:
        argv = [_script("crm"), "--bootstrap-servers", self.cluster.bootstrap_servers, "--file", str(self.crm_file)]
        return Process("crm", argv, self.logs / "crm.log", self.crm_file.exists, timeout=SLOW_START)


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)
