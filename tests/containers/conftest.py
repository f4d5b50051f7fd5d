"""A Docker engine is needed here: `make test-containers`. The images are built once, from this checkout."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker import DockerClient
from docker.errors import DockerException

from tests.containers.servers import Servers, servers

ROOT = Path(__file__).parents[2]
SERVICES = ("registration", "scheduling", "notification", "feedback")


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[DockerClient]:
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.exit(f"no Docker engine answers ({type(error).__name__}): these tests need one", returncode=3)
    yield client
    client.close()


@pytest.fixture(scope="session")
def decoy() -> Iterator[str]:
    """A secret in the checkout while the images are built, as an operator's are: no image may hold it."""
    file = ROOT / "secrets" / f"decoy-{os.getpid()}"
    file.write_text(secrets.token_hex())
    yield file.read_text()
    file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def images(decoy: str) -> dict[str, str]:
    """Build every image, the demo's too, which `make` has done but for the decoy; the name by service."""
    assert decoy
    command = ["docker", "compose", "--profile", "demo", "build", "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own command line
    return {service: f"ateliers-{service}:local" for service in SERVICES}


@pytest.fixture(scope="session")
def stand() -> Iterator[Servers]:
    """PostgreSQL and a Kafka without topics."""
    with servers() as running:
        yield running
