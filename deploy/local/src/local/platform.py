"""The whole platform on one machine, its data in one folder: stopped and started, it goes on where it was.

The address of another Kafka, PostgreSQL or SMTP server in the environment replaces the embedded one.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from argon2 import PasswordHasher

from local import clock, jars
from local.child import unprivileged_user
from local.kafka import KafkaNode
from local.ports import KeptPorts, answers, next_free
from local.postgres import SERVICES, PostgresServer
from local.supervisor import Process, Report, Stage, Supervisor, Task, answers_ok, memory_mb

PATHS = {"scheduling": "/groupes", "notification": "/messages", "feedback": "/retours"}


class AlreadyRunningError(Exception):
    """Another platform uses this folder."""


def _kept_secret(file: Path, length: int) -> str:
    """Return the secret of a file that only its owner reads, made the first time."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(length) + "\n")
    return file.read_text().strip()


class Platform:
    """Kafka, PostgreSQL, the mailbox, the four services and the one address before them."""

    def __init__(
        self,
        var: Path,
        *,
        port: int = 8000,
        environ: Mapping[str, str] | None = None,
        programs: Path | None = None,
        report: Report = lambda _line: None,
    ) -> None:
        self.var = var.resolve()
        self.clock_file = self.var / "clock"
        self._wanted_port = port
        self._environ = dict(os.environ if environ is None else environ)
        # The console scripts of this environment, whatever the PATH.
        self._programs = programs or Path(sys.executable).parent
        self._report = report
        self._lock: IO[str] | None = None
        self._supervisor: Supervisor | None = None

    def start(self) -> None:
        """Start everything and wait until it answers.

        Raises AlreadyRunningError, supervisor.StartError, jars.JarsUnavailableError, KafkaStartError,
        PostgresStartError or OSError.
        """
        self.var.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self._choose_addresses()
        self._supervisor = Supervisor(self._stages(), self._note)
        self._supervisor.start()

    def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.stop()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def pids(self) -> dict[str, int]:
        """Return the process number of each running process by name ("kafka", "registration", …)."""
        return self._supervisor.pids() if self._supervisor else {}

    def restarts(self) -> dict[str, int]:
        """Return how often each process had to be started again, by name."""
        return self._supervisor.restarts() if self._supervisor else {}

    def memory(self) -> dict[str, float]:
        """Return the memory of each process, in megabytes."""
        return {name: memory_mb(pid) for name, pid in self.pids().items()}

    def shift_clock(self, offset: timedelta) -> None:
        """Put the domain's clock ahead of the real one; the services read the file at each look."""
        clock.shift(self.clock_file, offset)

    def _take_lock(self) -> IO[str]:
        lock = (self.var / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(f"Une plateforme utilise déjà le dossier {self.var}.") from None
        return lock

    def _choose_addresses(self) -> None:
        ports = KeptPorts(self.var / "ports.json")
        self.http_ports = {service: ports[service] for service in SERVICES}
        self.port = next_free(self._wanted_port)
        self.public_url = f"http://localhost:{self.port}"
        self.kafka: KafkaNode | None = None
        if not self._environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            self._fetch_kafka()
            self.kafka = KafkaNode(
                self.var / "kafka", ports["kafka"], ports["kafka-controller"], log=self._log("kafka")
            )
        self.postgres: PostgresServer | None = None
        if not all(self._environ.get(_database_variable(service)) for service in SERVICES):
            self.postgres = PostgresServer(self.var / "postgres", ports["postgres"], log=self._log("postgresql"))
        self._mail_ports: tuple[int, int] | None = None
        if not self._environ.get("SMTP_URL"):
            self._mail_ports = ports["smtp"], ports["mails"]
        self.team_password = _kept_secret(self.var / "mot-de-passe-equipe.txt", 9)
        self._secret_key = _kept_secret(self.var / "secret-key", 32)
        self._password_hash = PasswordHasher().hash(self.team_password)

    @property
    def kafka_bootstrap_servers(self) -> str:
        return self.kafka.bootstrap_servers if self.kafka else self._environ["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def mails_url(self) -> str | None:
        """The page of the mails; None when they go to somebody else's server."""
        return f"{self.public_url}/mails/" if self._mail_ports else None

    def database_url(self, service: str) -> str:
        """Return the address of a service's database, with its password."""
        given = self._environ.get(_database_variable(service))
        if given or self.postgres is None:
            return given or ""
        return self.postgres.url(service)

    def health_url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.http_ports[service]}/health/ready"

    def settings(self, service: str) -> dict[str, str]:
        """Build the environment of a service: the caller's, with the platform's settings over it."""
        smtp = f"smtp://127.0.0.1:{self._mail_ports[0]}" if self._mail_ports else self._environ["SMTP_URL"]
        return {
            "MAIL_FROM": "Ateliers interactifs <ateliers@exemple.fr>",
            **self._environ,
            "ENVIRONMENT": "local",
            "DATABASE_URL": self.database_url(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "SMTP_URL": smtp,
            "PUBLIC_URL": self.public_url,
            "SECRET_KEY": self._secret_key,
            "TEAM_PASSWORD_HASH": self._password_hash,
            "CLOCK_FILE": str(self.clock_file),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self.http_ports[service]),
        }

    def _stages(self) -> list[Stage]:
        servers = [self._kafka_process(), self._postgres_process(), self._mailbox_process()]
        topics_env = {**self._environ, "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers}
        topics = Task("topics", [self._program("ateliers-topics"), "create"], self._log("topics"), topics_env)
        migrations = [
            Task(
                f"base de {service}",
                [self._program(service), "migrate"],
                self._log(service),
                self.settings(service),
            )
            for service in SERVICES
        ]
        return [
            [server for server in servers if server is not None],
            [topics, *migrations],
            [*(self._service(service) for service in SERVICES), self._proxy_process()],
        ]

    def _service(self, service: str) -> Process:
        return Process(
            service,
            [self._program(service)],
            self._log(service),
            answers_ok(self.health_url(service)),
            self.settings(service),
        )

    def _kafka_process(self) -> Process | None:
        if self.kafka is None:
            return None
        node = self.kafka
        return Process("kafka", node.server_command(), node.log, node.answers, before=node.prepare)

    def _postgres_process(self) -> Process | None:
        if self.postgres is None:
            return None
        server = self.postgres
        return Process(
            "postgresql",
            server.server_command(),
            server.log,
            server.answers,
            before=server.prepare,
            when_ready=server.create_databases,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            user=unprivileged_user(),
        )

    def _mailbox_process(self) -> Process | None:
        if self._mail_ports is None:
            return None
        smtp, http = self._mail_ports
        argv = [sys.executable, "-m", "local.mailbox", "--smtp-port", str(smtp), "--http-port", str(http)]
        return Process(
            "courrier",
            [*argv, "--data", str(self.var / "mails.sqlite")],
            self._log("courrier"),
            answers_ok(f"http://127.0.0.1:{http}/mails/api?limite=1"),
        )

    def _proxy_process(self) -> Process:
        addresses = {path: self.http_ports[service] for service, path in PATHS.items()}
        addresses["/"] = self.http_ports["registration"]
        if self._mail_ports is not None:
            addresses["/mails"] = self._mail_ports[1]
        routes = [f"{path}=http://127.0.0.1:{port}" for path, port in addresses.items()]
        return Process(
            "adresse",
            [sys.executable, "-m", "local.proxy", "--port", str(self.port), *routes],
            self._log("adresse"),
            lambda: answers(self.port),
        )

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _fetch_kafka(self) -> None:
        jars.ensure(lambda done, total: self._report(f"Apache Kafka : {done} fichiers sur {total}"))

    def _log(self, name: str) -> Path:
        return self.var / "logs" / f"{name}.log"

    def _note(self, line: str) -> None:
        with contextlib.suppress(OSError), self._log("plateforme").open("a") as log:
            log.write(line + "\n")
        self._report(line)


def _database_variable(service: str) -> str:
    return f"{service.upper()}_DATABASE_URL"
