"""Real servers for every package's tests: started once a session, only when asked for, stopped at the end."""

import itertools
import logging
import shutil
from collections.abc import Callable, Iterator

import pytest
from local.kafka import KafkaNode
from local.postgres import PostgresServer

import chassis
import contracts

PACKAGES = (chassis, contracts)
"""Loaded before any test: pytest would otherwise take the folders `chassis/` and `contracts/` for the packages."""


@pytest.fixture(autouse=True)
def no_closed_logs() -> Iterator[None]:
    """Take away where a command of the product logged to: its terminal ends with the test, its process doesn't."""
    yield
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not getattr(getattr(h, "stream", None), "closed", False)]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Run a PostgreSQL of this session's own; its data is thrown away, so it doesn't wait for the disk."""
    data = tmp_path_factory.mktemp("postgres") / "data"
    server = PostgresServer(data, settings={"fsync": "off"})
    server.start()
    yield server
    server.stop()
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def make_database(postgres_server: PostgresServer) -> Callable[[str], str]:
    """`make_database("inbox")` creates a new empty database (about 50 ms) and returns its asyncpg address.

    None is dropped: that would take as long again, and all of them go with the server's data.
    """
    numbers = itertools.count(1)
    return lambda name: postgres_server.create_database(f"{name}_{next(numbers)}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """Run an Apache Kafka of this session's own, that lets consumers ask for a session of one second."""
    node = KafkaNode(tmp_path_factory.mktemp("kafka"), overrides={"group.min.session.timeout.ms": "1000"})
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka: KafkaNode) -> str:
    return kafka.bootstrap_servers
