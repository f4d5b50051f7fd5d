"""PostgreSQL and Kafka from the official images, on one network, as testcontainers start them."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

_KAFKA = {
    "NODE_ID": "1",
    "PROCESS_ROLES": "broker,controller",
    "LISTENERS": "OUTSIDE://:9092,INSIDE://:9093,CONTROLLER://:9094",
    "LISTENER_SECURITY_PROTOCOL_MAP": "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "INTER_BROKER_LISTENER_NAME": "INSIDE",
    "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
    "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "AUTO_CREATE_TOPICS_ENABLE": "false",
    "HEAP_OPTS": "-Xmx256m",
}


class KafkaBroker(DockerContainer):
    """One node of apache/kafka. testcontainers' own KafkaContainer is for Confluent's image only.

    From outside it must advertise the port that Docker chose, known once the container runs: so it first waits for a
    file that holds it. `inside` is its address on the network.
    """

    inside = "kafka:9093"

    def __init__(self) -> None:
        super().__init__("apache/kafka:4.3.0")
        self.with_exposed_ports(9092).with_network_aliases("kafka")
        for name, value in _KAFKA.items():
            self.with_env(f"KAFKA_{name}", value)
        self.with_command(["sh", "-c", "until [ -f /tmp/listeners ]; do sleep 0.1; done; . /tmp/listeners"])

    @property
    def outside(self) -> str:
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(9092)}"

    def start(self) -> "KafkaBroker":
        super().start()
        script = f"export KAFKA_ADVERTISED_LISTENERS=OUTSIDE://{self.outside},INSIDE://{self.inside}\n"
        script += "exec /etc/kafka/docker/run\n"
        entry = tarfile.TarInfo("tmp/listeners")
        entry.size = len(script)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(entry, io.BytesIO(script.encode()))
        self.get_wrapped_container().put_archive("/", archive.getvalue())
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(120).wait_until_ready(self)
        return self


class Postgres(PostgresContainer):
    """postgres:17 with databases made on demand; `inside` is its host on the network."""

    inside = "postgres"

    def __init__(self) -> None:
        super().__init__("postgres:17", driver="asyncpg")
        self.with_network_aliases(self.inside)

    def create(self, database: str) -> str:
        """Create an empty database; its address on the network."""
        self.sql(f"CREATE DATABASE {database}", "postgres")
        return f"postgresql+asyncpg://{self.username}:{self.password}@{self.inside}/{database}"

    def address(self, database: str) -> str:
        """Return the address of a database from outside."""
        return self.get_connection_url().rsplit("/", 1)[0] + f"/{database}"

    def sql(self, query: str, database: str) -> str:
        code, output = self.exec(["psql", "-XAtq", "-U", self.username, "-d", database, "-c", query])
        assert code == 0, output.decode()
        return str(output.decode().strip())


@dataclass(frozen=True)
class Servers:
    network: Network
    postgres: Postgres
    kafka: KafkaBroker


@contextmanager
def servers() -> Iterator[Servers]:
    with (
        Network() as network,
        Postgres().with_network(network) as postgres,
        KafkaBroker().with_network(network) as kafka,
    ):
        yield Servers(network, postgres, kafka)
