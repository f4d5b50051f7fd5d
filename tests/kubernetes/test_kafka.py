"""Topics, logins and scaling say what the contract says, and no worker is more than there are partitions."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chassis.topics import configuration
from contracts.access import Operation, Resource, Rule, rules_of
from contracts.topics import SERVICES, TOPICS, Principal, topics_read_by

GENERATE = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes" / "generate.py"
CLUSTER = "ateliers"
SERVERS = "KAFKA_BOOTSTRAP_SERVERS"


def topics(rendered: Any) -> Iterator[str]:
    contract = {topic.name: topic for topic in TOPICS}
    yield from (f"{name} is missing or too much" for name in contract.keys() ^ rendered.names("KafkaTopic"))
    for item in rendered.of("KafkaTopic"):
        topic, spec = contract.get(item["metadata"]["name"]), item["spec"]
        copies = spec.get("replicas", 0)
        if topic and spec["partitions"] != topic.partitions:
            yield f"{topic.name}: {spec['partitions']} partitions"
        if topic and (copies < 3 or spec["config"] != configuration(topic, copies)):
            yield f"{topic.name}: {copies} copies, {spec['config']}"


def access(rendered: Any) -> Iterator[str]:
    logins = {principal.value for principal in Principal}
    yield from (f"{name} is missing or too much" for name in logins ^ rendered.names("KafkaUser"))
    for item in rendered.of("KafkaUser"):
        name = item["metadata"]["name"]
        acls = item["spec"]["authorization"]["acls"]
        if name in logins and {rule_of(name, acl) for acl in acls} != set(rules_of(Principal(name))):
            yield f"{name} may do something else"
        if item["spec"]["authentication"] != {"type": "scram-sha-512"}:
            yield f"{name} logs in otherwise"


def rule_of(principal: str, acl: Any) -> Rule:
    resource = acl["resource"]
    operations = tuple(Operation(name) for name in acl["operations"])
    return Rule(
        principal,
        Resource(resource["type"]),
        resource["name"],
        operations,
        prefixed=resource["patternType"] == "prefix",
    )


def cluster(rendered: Any) -> Iterator[str]:
    """Strimzi looks after what has its cluster's label, and nothing else."""
    for item in (*rendered.of("KafkaTopic"), *rendered.of("KafkaUser")):
        if item["metadata"]["labels"].get("strimzi.io/cluster") != CLUSTER:
            yield f"{item['metadata']['name']} is no cluster's"


def partitions(service: Principal) -> int:
    return max(topic.partitions for topic in topics_read_by(service))


def workers(rendered: Any) -> Iterator[str]:
    """No worker without a partition, whether it is scaled or its number is given."""
    scaled = {item["spec"]["scaleTargetRef"]["name"]: item["spec"] for item in rendered.of("ScaledObject")}
    for service in SERVICES:
        name = f"{service}-worker"
        fixed = rendered.one("Deployment", name)["spec"].get("replicas", 1)
        most = scaled[name]["maxReplicaCount"] if name in scaled else fixed
        if most > partitions(service):
            yield f"{name}: {most} for {partitions(service)} partitions"
        if name in scaled and not 1 <= scaled[name]["minReplicaCount"] <= most:
            yield f"{name}: timers need one"


def scaling(rendered: Any) -> Iterator[str]:
    for item in rendered.of("ScaledObject"):
        spec = item["spec"]
        service = Principal(spec["scaleTargetRef"]["name"].removesuffix("-worker"))
        followed = [trigger["metadata"]["topic"] for trigger in spec["triggers"]]
        if sorted(followed) != sorted(topic.name for topic in topics_read_by(service)):
            yield f"{service} follows {followed}"
        for trigger in spec["triggers"]:
            about = trigger["metadata"]
            if (about["consumerGroup"], about["offsetResetPolicy"]) != (service.value, "earliest"):
                yield f"{service}: {about}"
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        if down["stabilizationWindowSeconds"] < 300 or [p["value"] for p in down["policies"]] != [1]:
            yield f"{service} is scaled down fast: each time, the whole group stands still"


def asking(rendered: Any) -> Iterator[str]:
    """KEDA asks from a namespace of its own, for each service under its own login."""
    (servers,) = {item["data"][SERVERS] for item in rendered.of("ConfigMap") if SERVERS in item["data"]}
    if not servers.partition(":")[0].endswith(".svc"):
        yield f"{servers} is found in one namespace, and KEDA is in another"
    for item in rendered.of("ScaledObject"):
        login = f"{item['spec']['scaleTargetRef']['name'].removesuffix('-worker')}-kafka"
        for trigger in item["spec"]["triggers"]:
            if (trigger["authenticationRef"]["name"], trigger["metadata"]["bootstrapServersFromEnv"]) != (
                login,
                SERVERS,
            ):
                yield f"{login}: {trigger}"
    for item in rendered.of("TriggerAuthentication"):
        service = item["metadata"]["name"].removesuffix("-kafka")
        if {ref["name"] for ref in item["spec"]["secretTargetRef"]} != {service, f"{CLUSTER}-cluster-ca-cert"}:
            yield f"{service} has another's password"


RULES = (topics, access, cluster, workers, scaling, asking)


@pytest.mark.parametrize("rule", RULES)
def test_holds(rendered: Any, rule: Callable[[Any], Iterator[str]]) -> None:
    assert list(rule(rendered)) == []


def test_only_national_scales(rendered: Any) -> None:
    expected = {f"{service}-worker" for service in SERVICES} if rendered.overlay == "national" else set()
    assert rendered.names("ScaledObject") == expected


def topic(rendered: Any, name: str = "ateliers.inscriptions") -> Any:
    return rendered.one("KafkaTopic", name)


def acls(rendered: Any) -> Any:
    return rendered.one("KafkaUser", "feedback")["spec"]["authorization"]["acls"]


def scaled(rendered: Any) -> Any:
    return rendered.one("ScaledObject", "feedback-worker")["spec"]


PLANTED: list[tuple[Callable[[Any], Iterator[str]], Callable[[Any], Any]]] = [
    (topics, lambda r: r.objects.remove(topic(r))),
    (topics, lambda r: topic(r)["metadata"].update(name="ateliers.inscription")),
    (topics, lambda r: topic(r)["spec"].update(partitions=6)),
    (topics, lambda r: topic(r)["spec"]["config"].update({"retention.ms": "1000"})),
    (topics, lambda r: topic(r)["spec"]["config"].update({"min.insync.replicas": "1"})),
    (topics, lambda r: topic(r)["spec"].update(replicas=1)),
    (access, lambda r: r.objects.remove(r.one("KafkaUser", "crm"))),
    (access, lambda r: acls(r).pop()),
    (access, lambda r: acls(r)[0]["operations"].append("Write")),
    (access, lambda r: acls(r)[0]["resource"].update(patternType="prefix")),
    (access, lambda r: r.one("KafkaUser", "crm")["spec"]["authentication"].update(type="tls")),
    (cluster, lambda r: topic(r)["metadata"]["labels"].pop("strimzi.io/cluster")),
    (workers, lambda r: scaled(r).update(maxReplicaCount=13)),
    (workers, lambda r: scaled(r).update(minReplicaCount=0)),
    (workers, lambda r: r.objects.remove(r.one("ScaledObject", "feedback-worker")) or r.one(
        "Deployment", "feedback-worker")["spec"].update(replicas=13)),
    (scaling, lambda r: scaled(r)["triggers"].pop()),
    (asking, lambda r: scaled(r)["triggers"][0]["metadata"].update(bootstrapServersFromEnv="KAFKA")),
    (asking, lambda r: next(item["data"] for item in r.of("ConfigMap") if SERVERS in item["data"]).update(
        {SERVERS: "ateliers-kafka-bootstrap:9093"})),
    (scaling, lambda r: scaled(r)["triggers"][0]["metadata"].update(consumerGroup="crm")),
    (scaling, lambda r: scaled(r)["triggers"][0]["metadata"].update(offsetResetPolicy="latest")),
    (asking, lambda r: scaled(r)["triggers"][0]["authenticationRef"].update(name="crm-kafka")),
    (scaling, lambda r: scaled(r)["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"].update(
        stabilizationWindowSeconds=0)),
    (asking, lambda r: r.one("TriggerAuthentication", "feedback-kafka")["spec"]["secretTargetRef"][0].update(
        name="crm")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_what_breaks_a_rule_is_found(
    national: Any, rule: Callable[[Any], Iterator[str]], plant: Callable[[Any], Any]
) -> None:
    plant(national)
    assert list(rule(national))


def test_a_file_that_is_not_current_is_named(tmp_path: Path) -> None:
    script = tmp_path / "generate.py"
    script.write_text(GENERATE.read_text())
    for path in ("base/kafka", "scaling"):
        (tmp_path / path).mkdir(parents=True)

    def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)  # noqa: S603

    assert generate().returncode == 0
    assert generate("--check").returncode == 0
    users = tmp_path / "base" / "kafka" / "users.yaml"
    users.write_text(users.read_text().replace("Write", "All"))
    found = generate("--check")
    assert (found.returncode, found.stderr.count("not current")) == (1, 1)
    assert "base/kafka/users.yaml" in found.stderr
