"""Each service, the portal and the CRM at work with a login of their own, as their commands start them."""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.store import pack_headers
from chassis.testing import settings_values
from contracts.envelope import encode
from contracts.events import CampagneOuverte
from contracts.samples import SAMPLES
from contracts.topics import EVENT_TOPICS, SERVICES, Principal, dlq, topics_read_by
from local.kafka import ADMIN
from local.ports import free_port

PROGRAMS = Path(sys.executable).parent
PEOPLE = 5
_INSERT = "INSERT INTO outbox (topic, key, headers, value) VALUES ($1, $2, $3, $4)"


@pytest.fixture
def environment(secured: Any, make_database: Callable[[str], str]) -> Callable[[Principal], dict[str, str]]:
    def of(service: Principal) -> dict[str, str]:
        common = {name.upper(): str(value) for name, value in settings_values(make_database(service)).items()}
        return {
            "PATH": os.environ["PATH"],
            **common,
            "HTTP_PORT": str(free_port()),
            "SMTP_URL": "smtp://127.0.0.1:1",
            "MAIL_FROM": "Ateliers <ateliers@exemple.example>",
            "VISIO_URL": "https://visio.example/{seance}",
            **secured.environment(service),
        }

    return of


@asynccontextmanager
async def running(service: str, env: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service's own process, migrated before."""
    migrated = await asyncio.create_subprocess_exec(PROGRAMS / service, "migrate", env=env)
    assert await migrated.wait() == 0
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / service, "--roles", "worker,relay", env=env, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def until_there(secured: Any, topic: str, key: bytes) -> Any:
    """The record of that key, as soon as the topic has it."""
    async with (
        asyncio.timeout(120),
        AIOKafkaConsumer(topic, **secured.connection(ADMIN), auto_offset_reset="earliest") as consumer,
    ):
        while True:
            record = await consumer.getone()
            if record.key == key:
                return record


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_writes_and_keeps_aside_with_its_own_login(
    secured: Any, environment: Callable[[Principal], dict[str, str]], service: Principal
) -> None:
    env = environment(service)
    async with running(service, env):
        read = topics_read_by(service)
        async with AIOKafkaProducer(**secured.connection(ADMIN)) as producer:
            for topic in read:
                await producer.send_and_wait(topic.name, b"not an event", key=f"{service} {topic.name}".encode())
        for topic in read:
            kept = await until_there(secured, dlq(service), f"{service} {topic.name}".encode())
            assert kept.value == b"not an event"
        await _put_into_outbox(env["DATABASE_URL"], service)
        for topic in _written(service):
            assert (await until_there(secured, topic, f"{service} wrote".encode())).value == b"{}"


def _written(service: Principal) -> list[str]:
    return [topic.name for topic in EVENT_TOPICS if service in topic.producers]


async def _put_into_outbox(url: str, service: Principal) -> None:
    """One row for each topic that the service writes; a type that nobody knows is passed over by whoever reads it."""
    headers = pack_headers([("ce_type", b"fr.anct.ateliers.essai.v1")])
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for topic in _written(service):
        await connection.execute(_INSERT, topic, f"{service} wrote".encode(), headers, b"{}")
    await connection.close()


async def test_an_inscription_goes_from_the_portal_to_the_crm_each_with_its_own_login(
    secured: Any, environment: Callable[[Principal], dict[str, str]], tmp_path: Path
) -> None:
    campagne = next(sample for sample in SAMPLES if isinstance(sample.data, CampagneOuverte))
    message = encode(campagne)
    async with AIOKafkaProducer(**secured.connection(ADMIN)) as producer:
        await producer.send_and_wait(message.topic, message.value, key=message.key, headers=list(message.headers))
    async with running(Principal.REGISTRATION, environment(Principal.REGISTRATION)):
        told = await output(secured, Principal.PORTAL, "-n", str(PEOPLE), "--campagne", campagne.data.key)
    # This registration has a database of its own, and no campagne in it.
    assert told.split()[:6] == ["envoyées", str(PEOPLE), "validées", "0", "refusées", str(PEOPLE)]
    file = tmp_path / "crm.sqlite"
    await output(secured, Principal.CRM, "--once", "--file", str(file))
    with closing(sqlite3.connect(file)) as connection:
        kept = connection.execute("SELECT count(*) FROM journal WHERE type LIKE '%inscription.refusee%'")
        assert kept.fetchone()[0] >= PEOPLE


async def output(secured: Any, program: Principal, *arguments: str) -> str:
    """Run the portal or the CRM to its end with its own login."""
    login = secured.environment(program)
    servers = login["KAFKA_BOOTSTRAP_SERVERS"]
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / program, "--bootstrap-servers", servers, *arguments, env=login, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(120):
        told, _ = await process.communicate()
    assert process.returncode == 0
    return told.decode()


async def test_a_wrong_password_is_told_in_one_line_a_role(environment: Callable[[Principal], dict[str, str]]) -> None:
    env = environment(Principal.FEEDBACK) | {"KAFKA_SECURITY_PASSWORD": "faux"}
    async with running(Principal.FEEDBACK, env) as process:
        lines = await warnings(process, 2)
    told = (
        "Kafka refuses the login (SaslAuthenticationFailed): check KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD"
    )
    assert [line["event"] for line in lines] == [told, told]
    assert {line["task"] for line in lines} == {"Relay.run", "Consumer.run"}


async def test_a_right_that_is_missing_is_told_in_one_line_a_role(
    secured: Any, environment: Callable[[Principal], dict[str, str]]
) -> None:
    env = environment(Principal.FEEDBACK) | secured.environment(Principal.CRM)
    async with running(Principal.FEEDBACK, env) as process:
        lines = await warnings(process, 2)
    told = "Kafka refuses a right: `ateliers-access check` says which the login lacks"
    assert [line["event"] for line in lines] == [told, told]


async def warnings(process: asyncio.subprocess.Process, count: int) -> list[dict[str, Any]]:
    """The first warnings and errors, and whatever else comes within three more tries of the service."""
    assert process.stderr is not None
    found: list[dict[str, Any]] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(120) as patience:
            async for line in process.stderr:
                told = json.loads(line)
                if told["level"] not in {"warning", "error"}:
                    continue
                found.append(told)
                if len(found) == count:
                    patience.reschedule(asyncio.get_running_loop().time() + 4)
    return found
