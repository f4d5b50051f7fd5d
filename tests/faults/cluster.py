"""Three nodes of a real Apache Kafka, each reached by the services through a line that can be made slow."""

import asyncio
import json
from pathlib import Path

from local.kafka import KafkaNode
from local.ports import LOOPBACK

from tests.faults.ports import Ports


class Cluster:
    """Brokers talk to each other directly; clients are told the addresses of the slow lines (`lines`)."""

    def __init__(self, var: Path, ports: Ports, size: int) -> None:
        ids = range(1, size + 1)
        controllers = {i: ports.take() for i in ids}
        clients = {i: ports.take() for i in ids}
        self.lines = {ports.take(): port for port in clients.values()}
        voters = ",".join(f"{i}@{LOOPBACK}:{port}" for i, port in controllers.items())
        self.nodes = {
            i: KafkaNode(
                var / f"kafka-{i}",
                clients[i],
                controllers[i],
                node_id=i,
                voters=voters,
                overrides=_overrides(clients[i], line, controllers[i], ports.take()),
                log=var / "logs" / f"kafka-{i}.log",
            )
            for i, line in zip(ids, self.lines, strict=True)
        }
        self.bootstrap_servers = ",".join(f"{LOOPBACK}:{line}" for line in self.lines)
        self.direct_servers = ",".join(node.bootstrap_servers for node in self.nodes.values())

    async def start(self) -> None:
        """Start every node that is down; they form their quorum together."""
        down = [node for node in self.nodes.values() if not node.is_alive()]
        await asyncio.gather(*(asyncio.to_thread(node.start, 180.0) for node in down))

    async def kill(self, *ids: int) -> None:
        """Kill -9."""
        await asyncio.gather(*(asyncio.to_thread(self.nodes[i].kill) for i in ids))

    async def stop(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(node.stop) for node in self.nodes.values()))

    def controller(self) -> int:
        """Return the id of the active controller, as the nodes have written it down."""
        states = [node.data / "log" / "__cluster_metadata-0" / "quorum-state" for node in self.nodes.values()]
        known = [json.loads(state.read_text()) for state in states if state.exists()]
        latest = max(known, key=lambda state: int(state["leaderEpoch"]))
        return int(latest["leaderId"]) if int(latest["leaderId"]) in self.nodes else 1


def _overrides(client: int, line: int, controller: int, internal: int) -> dict[str, str]:
    own = f"INTERNAL://{LOOPBACK}:{internal}"
    return {
        "listeners": f"CLIENTS://{LOOPBACK}:{client},{own},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{line},{own}",
        "inter.broker.listener.name": "INTERNAL",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }
