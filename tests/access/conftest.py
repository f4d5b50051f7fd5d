"""A Kafka that asks who is there: logins from the contract's table, rights too, and the same behind TLS."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from chassis.settings import KafkaSettings
from contracts.access import PROVISIONER
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from local.kafka import ADMIN, KafkaNode
from local.ports import LOOPBACK, free_port

from chassis import kafka

PROGRAMS = Path(sys.executable).parent
ADMIN_PASSWORD = "mot-de-passe-de-test"


@dataclass(frozen=True)
class SecuredKafka:
    """`port` asks for a login, `tls_port` too but behind TLS, `mtls_port` for the client's own certificate."""

    port: int
    tls_port: int
    mtls_port: int
    passwords: Path
    authority: trustme.CA
    ca_file: Path

    def environment(self, login: str, password: str | None = None) -> dict[str, str]:
        """The variables of whoever comes in as `login`."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{self.port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SECURITY_USERNAME": login,
            "KAFKA_SECURITY_PASSWORD": password or self._password(login),
        }

    def connection(self, login: str) -> dict[str, Any]:
        """Arguments of any aiokafka client, from the same variables as a service's."""
        return kafka.connection(settings_from(self.environment(login)))

    def _password(self, login: str) -> str:
        return ADMIN_PASSWORD if login == ADMIN else (self.passwords / login).read_text().strip()


def settings_from(environment: Mapping[str, str]) -> KafkaSettings:
    return KafkaSettings.model_validate({name.lower(): value for name, value in environment.items()})


def program(name: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the platform to its end."""
    return subprocess.run(  # noqa: S603 - our own
        [PROGRAMS / name, *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="session", name="program")
def program_fixture() -> Callable[..., subprocess.CompletedProcess[str]]:
    return program


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "broker.pem").write_bytes(_key_store(authority.issue_cert(LOOPBACK)))
    place = SecuredKafka(free_port(), free_port(), free_port(), folder / "logins", authority, folder / "ca.pem")
    node = KafkaNode(folder / "kafka", place.port, admin_password=ADMIN_PASSWORD)
    node.overrides |= _tls_listeners(node, place)
    node.start()
    try:
        applied = program(
            "ateliers-access", "apply", "--passwords", str(place.passwords), environment=place.environment(ADMIN)
        )
        assert applied.returncode == 0, applied.stderr
        created = program("ateliers-topics", "create", environment=place.environment(PROVISIONER))
        assert created.returncode == 0, created.stderr
        yield place
    finally:
        node.stop()


def _key_store(certificate: trustme.LeafCert) -> bytes:
    """Kafka wants the key as PKCS #8, before the certificates."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain


def _tls_listeners(node: KafkaNode, place: SecuredKafka) -> dict[str, str]:
    more = f"TLS://{LOOPBACK}:{place.tls_port},MTLS://{LOOPBACK}:{place.mtls_port}"
    properties = node.server_properties()
    return {
        "listeners": f"{properties['listeners']},{more}",
        "advertised.listeners": f"{properties['advertised.listeners']},{more}",
        "listener.security.protocol.map": f"{properties['listener.security.protocol.map']},TLS:SASL_SSL,MTLS:SSL",
        "listener.name.tls.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(place.ca_file.parent / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(place.ca_file),
        "listener.name.mtls.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
    }
