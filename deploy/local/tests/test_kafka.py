import http.server
import threading
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from local import jars
from local.kafka import KafkaNode


async def create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value, partition=0)


async def values(bootstrap: str, topic: str) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        while len(found) < end:
            found.append((await consumer.getone()).value)
        return found


async def test_a_topic_and_its_events_survive_kill_9(tmp_path: Path) -> None:
    node = KafkaNode(tmp_path)
    node.start()
    try:
        await create_topic(node.bootstrap_servers, "kept")
        await produce(node.bootstrap_servers, "kept", b"first")
        node.kill()
        assert not node.is_alive()
        node.start()
        await produce(node.bootstrap_servers, "kept", b"second")
        assert await values(node.bootstrap_servers, "kept") == [b"first", b"second"]
    finally:
        node.stop()


async def test_an_unknown_topic_is_not_created_by_using_it(kafka: KafkaNode) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.describe_topics(["never.created"])
        assert "never.created" not in await admin.list_topics()
    finally:
        await admin.close()


def test_three_controllers_make_three_copies(tmp_path: Path) -> None:
    voters = "1@127.0.0.1:20001,2@127.0.0.1:20002,3@127.0.0.1:20003"
    properties = KafkaNode(tmp_path, 20012, 20002, node_id=2, voters=voters).server_properties()
    assert properties["node.id"] == "2"
    assert properties["offsets.topic.replication.factor"] == "3"
    assert all("0.0.0.0" not in value for value in properties.values())  # noqa: S104 - what must not be there


def test_a_jar_with_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, digest = next(iter(jars.locked().items()))
    repository = tmp_path / "repository"
    (repository / path).parent.mkdir(parents=True)
    (repository / path).write_bytes(b"something else")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(repository))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(jars, "locked", lambda: {path: digest})
        with pytest.raises(jars.JarsUnavailableError, match="empreinte"):
            jars.ensure()
        server.shutdown()
    assert not list((tmp_path / "cache").rglob("*.jar"))
