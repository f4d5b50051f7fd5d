"""The crm command against a real Kafka, killed again and again."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from contracts.envelope import Event, encode
from contracts.samples import SAMPLES
from contracts.topics import Principal, topics_read_by

from contracts import events

SOURCE = f"/essai/{uuid4()}"
"""Of this run only: other tests may publish on the same topics."""
NAMESPACE = uuid4()
INSCRIPTIONS = 3000


@pytest.fixture(scope="module")
async def bootstrap(kafka_bootstrap: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, topic.partitions, 1) for topic in topics_read_by(Principal.CRM)])
    await admin.close()
    return kafka_bootstrap


async def start(bootstrap: str, file: Path, *options: str) -> Process:
    command = ["-m", "crm.cli", "--bootstrap-servers", bootstrap, "--file", str(file), *options]
    return await asyncio.create_subprocess_exec(sys.executable, *command)


async def read_all(bootstrap: str, file: Path) -> None:
    """Run the command until it has everything; one that doesn't end is not left behind."""
    process = await start(bootstrap, file, "--once")
    try:
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()


def inscription(number: int) -> UUID:
    return uuid5(NAMESPACE, str(number))


async def publish_stories(bootstrap: str) -> None:
    """Tell of each inscription that it was accepted and, for every second one, that it was withdrawn."""
    validee = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.InscriptionValidee))
    annulee = next(sample.data for sample in SAMPLES if isinstance(sample.data, events.InscriptionAnnulee))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for number in range(INSCRIPTIONS):
            told = [validee, annulee] if number % 2 else [validee]
            for data in told:
                changed = data.model_copy(update={"inscription": inscription(number)})
                message = encode(Event(uuid4(), SOURCE, SAMPLES[0].time, changed))
                await producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
            if number % 100 == 0:
                await asyncio.sleep(0.05)


def read(file: Path, query: str, *values: str) -> list[Any]:
    with sqlite3.connect(file) as connection:
        return connection.execute(query, values).fetchall()


async def kill_while_it_reads(bootstrap: str, file: Path, publishing: "asyncio.Task[None]") -> int:
    """Start the command and kill it with -9 each time it has moved on, until everything is published."""
    kills, seen = 0, -1
    while not publishing.done() or kills < 3:
        process = await start(bootstrap, file)
        async with asyncio.timeout(30):
            while (now := await asyncio.to_thread(taken, file)) <= seen and not publishing.done():  # noqa: ASYNC110 - what it waits for is in another process
                await asyncio.sleep(0.01)
        seen = now
        process.kill()
        await process.wait()
        kills += 1
    return kills


def taken(file: Path) -> int:
    try:
        return int(read(file, "SELECT count(*) FROM journal WHERE source = ?", SOURCE)[0][0])
    except sqlite3.OperationalError:  # before the first start has made the tables
        return 0


async def test_killed_anywhere_and_started_again_it_loses_and_doubles_nothing(bootstrap: str, tmp_path: Path) -> None:
    file = tmp_path / "crm.sqlite"
    publishing = asyncio.create_task(publish_stories(bootstrap))
    kills = await kill_while_it_reads(bootstrap, file, publishing)
    await publishing
    await read_all(bootstrap, file)
    assert kills >= 3
    assert taken(file) == INSCRIPTIONS + INSCRIPTIONS // 2
    known = dict(read(file, "SELECT id, etat FROM inscriptions"))
    for number in range(INSCRIPTIONS):
        assert known[str(inscription(number))] == ("annulee" if number % 2 else "validee")
    order = read(file, "SELECT cle, type FROM journal WHERE source = ? ORDER BY numero", SOURCE)
    first = dict(reversed(order))
    assert set(first.values()) == {events.InscriptionValidee.event_type}


async def test_a_second_file_gets_the_whole_story_again(bootstrap: str, tmp_path: Path) -> None:
    for name in ("one.sqlite", "two.sqlite"):
        await read_all(bootstrap, tmp_path / name)
    everything = "SELECT id, etat, email FROM inscriptions ORDER BY id"
    assert read(tmp_path / "one.sqlite", everything) == read(tmp_path / "two.sqlite", everything) != []


async def test_it_waits_for_kafka_and_ends_on_request(tmp_path: Path) -> None:
    command = ["-m", "crm.cli", "--bootstrap-servers", "127.0.0.1:1", "--file", str(tmp_path / "crm.sqlite")]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while b"crm: waiting for Kafka at 127.0.0.1:1" not in (line := await process.stderr.readline()):
            assert line
        process.terminate()
        assert await process.wait() == 0
