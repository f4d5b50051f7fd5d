"""compose.ha.yml: each of three Kafka nodes has a copy of everything, and one may be away."""

from pathlib import Path

from tests.containers.compose import Compose

NODES = ("kafka", "kafka-2", "kafka-3")
SERVERS = ",".join(f"{node}:9092" for node in NODES)
TOOL = "/opt/kafka/bin/kafka-{}.sh"


def test_one_of_three_nodes_may_be_away(images: dict[str, str], tmp_path: Path) -> None:
    assert images
    options = ("-f", "docker-compose.yml", "-f", "compose.ha.yml")
    platform = Compose("ateliers-ha-test", tmp_path, *options, KAFKA_BOOTSTRAP_SERVERS=SERVERS, KAFKA_REPLICATION="3")

    def ask(tool: str, *arguments: str, stdin: bytes | None = None) -> str:
        command = ("exec", "-T", "kafka-3", TOOL.format(tool), "--bootstrap-server", SERVERS)
        return platform(*command, *arguments, stdin=stdin)

    try:
        platform("up", "--detach", "topics")
        platform("wait", "topics")
        described = ask("topics", "--describe", "--topic", "ateliers.inscriptions.recues")
        assert "ReplicationFactor: 3" in described
        assert "min.insync.replicas=2" in described
        platform("kill", "kafka")
        assert "topics are as in the contract" in platform("run", "--rm", "--no-deps", "-T", "topics", "check")
        topic = ("--topic", "ateliers.inscriptions.recues")
        ask("console-producer", *topic, "--command-property", "acks=all", stdin="reçue\n".encode())
        assert "reçue" in ask("console-consumer", *topic, "--from-beginning", "--max-messages", "1")
    finally:
        platform("down", "--volumes", "--remove-orphans")
