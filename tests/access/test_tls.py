"""Behind TLS a login works as without, and a certificate can be the login; who isn't trusted is not talked to."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from chassis.broker import make_broker
from chassis.settings import Settings
from chassis.testing import settings_values
from contracts.topics import CAMPAGNES, INSCRIPTIONS, Principal

from chassis import kafka

HOST = "127.0.0.1"
WITH_LOGIN, WITH_CERTIFICATE = "login", "certificate"
HEADERS = [("ce_type", b"fr.anct.ateliers.essai.v1")]

Reach = Callable[..., Settings]


@pytest.fixture
def settings(secured: Any, tmp_path: Path) -> Reach:
    """Make `registration`'s settings over TLS; `changes` spoil them."""

    def make(way: str, **changes: object) -> Settings:
        values: dict[str, object] = settings_values() | {"kafka_security_ca_file": secured.ca_file}
        if way == WITH_LOGIN:
            login = secured.environment(Principal.REGISTRATION)
            values |= {name.lower(): value for name, value in login.items()}
            values |= {"kafka_bootstrap_servers": f"{HOST}:{secured.tls_port}", "kafka_security_protocol": "SASL_SSL"}
        else:
            certificate = secured.authority.issue_cert("registration.example", common_name=Principal.REGISTRATION)
            certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "registration.pem")
            values |= {"kafka_bootstrap_servers": f"{HOST}:{secured.mtls_port}", "kafka_security_protocol": "SSL"}
            values |= {"kafka_security_cert_file": tmp_path / "registration.pem"}
        return Settings.model_validate(values | changes)

    return make


@pytest.mark.parametrize("way", [WITH_LOGIN, WITH_CERTIFICATE])
async def test_a_service_may_do_the_same_over_tls(settings: Reach, way: str) -> None:
    ours = settings(way)
    await kafka.reach(ours)
    async with AIOKafkaProducer(**kafka.connection(ours), acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(CAMPAGNES.name, b"{}", key=way.encode(), headers=HEADERS)
    async with AIOKafkaConsumer(CAMPAGNES.name, **kafka.connection(ours)) as consumer:
        with pytest.raises(TopicAuthorizationFailedError):
            await consumer.getone()


@pytest.mark.parametrize("way", [WITH_LOGIN, WITH_CERTIFICATE])
async def test_the_consumers_broker_takes_the_same_settings(settings: Reach, way: str) -> None:
    broker = make_broker(settings(way))
    await broker.start()
    try:
        assert await broker.ping(5)
    finally:
        await broker.stop()


@pytest.mark.parametrize("way", [WITH_LOGIN, WITH_CERTIFICATE])
async def test_a_broker_whose_certificate_nobody_trusts_is_not_talked_to(settings: Reach, way: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        await kafka.reach(settings(way, kafka_security_ca_file=None))
    told = kafka.advice(refused.value)
    assert told == (
        "no TLS with Kafka (SSLCertVerificationError): check KAFKA_SECURITY_CA_FILE and the brokers' certificates"
    )


async def test_a_broker_at_an_address_that_its_certificate_does_not_bear_is_not_talked_to(
    secured: Any, settings: Reach
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await kafka.reach(settings(WITH_LOGIN, kafka_bootstrap_servers=f"localhost:{secured.tls_port}"))


async def test_nobody_comes_in_without_a_certificate_where_one_is_asked_for(settings: Reach) -> None:
    with pytest.raises((KafkaError, ssl.SSLError)):
        await kafka.reach(settings(WITH_CERTIFICATE, kafka_security_cert_file=None))


async def test_a_certificate_of_another_authority_opens_nothing(settings: Reach, tmp_path: Path) -> None:
    stranger = trustme.CA().issue_cert("registration.example", common_name=Principal.REGISTRATION)
    stranger.private_key_and_cert_chain_pem.write_to_path(tmp_path / "stranger.pem")
    with pytest.raises((KafkaError, ssl.SSLError)):
        await kafka.reach(settings(WITH_CERTIFICATE, kafka_security_cert_file=tmp_path / "stranger.pem"))


async def test_a_certificate_has_the_rights_of_its_name_only(settings: Reach) -> None:
    async with AIOKafkaConsumer(INSCRIPTIONS.name, **kafka.connection(settings(WITH_CERTIFICATE))) as consumer:
        with pytest.raises(TopicAuthorizationFailedError):
            await consumer.getone()
