"""Write what Kubernetes must know of the contract: `python deploy/kubernetes/generate.py [--check]`.

Topics and logins as Strimzi's KafkaTopic and KafkaUser, and a KEDA ScaledObject for each service's worker. With --check
nothing is written; files that aren't current are listed and the exit code is 1.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from chassis.topics import configuration
from contracts.access import Rule, rules_of
from contracts.topics import SERVICES, TOPICS, Principal, Topic, topics_read_by

FOLDER = Path(__file__).parent
CLUSTER = {"strimzi.io/cluster": "ateliers"}
HEAD = "# Written by generate.py from the contract's table: change it there.\n"

COPIES = 3
"""Of each partition: one node may be lost, or upgraded, without a word being lost or refused."""

LAG_PER_WORKER = 5_000
"""Events that wait for each worker before there is one more: a backlog, where a group that is given out anew pays."""

Resource = dict[str, Any]


def topic(topic: Topic) -> Resource:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": CLUSTER},
        "spec": {"partitions": topic.partitions, "replicas": COPIES, "config": configuration(topic, COPIES)},
    }


def user(principal: Principal) -> Resource:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": principal.value, "labels": CLUSTER},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_acl(rule) for rule in rules_of(principal)]},
        },
    }


def _acl(rule: Rule) -> Resource:
    return {
        "resource": {
            "type": rule.resource.value,
            "name": str(rule.name),
            "patternType": "prefix" if rule.prefixed else "literal",
        },
        "operations": [operation.value for operation in rule.operations],
    }


def scaled_worker(service: Principal) -> Resource:
    """One more worker for each LAG_PER_WORKER, never more than the partitions of the widest topic; fewer slowly."""
    topics = topics_read_by(service)
    slowly = {"stabilizationWindowSeconds": 600, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}]}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": f"{service}-worker"},
        "spec": {
            "scaleTargetRef": {"name": f"{service}-worker"},
            "minReplicaCount": 1,
            "maxReplicaCount": max(topic.partitions for topic in topics),
            "pollingInterval": 15,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": slowly}}},
            "triggers": [_lag(service, topic) for topic in topics],
        },
    }


def _lag(service: Principal, topic: Topic) -> Resource:
    return {
        "type": "kafka",
        "metadata": {
            "bootstrapServersFromEnv": "KAFKA_BOOTSTRAP_SERVERS",
            "consumerGroup": service.value,
            "topic": topic.name,
            "lagThreshold": str(LAG_PER_WORKER),
            "offsetResetPolicy": "earliest",
            "sasl": "scram_sha512",
            "tls": "enable",
        },
        "authenticationRef": {"name": f"{service}-kafka"},
    }


def kafka_login(service: Principal) -> Resource:
    """KEDA asks Kafka for the lag of a group under the login of its service, which may read it."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": {"name": f"{service}-kafka"},
        "spec": {
            "env": [{"parameter": "username", "name": "KAFKA_SECURITY_USERNAME"}],
            "secretTargetRef": [
                {"parameter": "password", "name": service.value, "key": "password"},
                {"parameter": "ca", "name": "ateliers-cluster-ca-cert", "key": "ca.crt"},
            ],
        },
    }


def documents() -> dict[str, str]:
    """Return the text of every generated file, by its path in the folder."""
    return {
        "base/kafka/topics.yaml": _text(map(topic, TOPICS)),
        "base/kafka/users.yaml": _text(map(user, Principal)),
        "scaling/workers.yaml": _text(
            resource for service in SERVICES for resource in (scaled_worker(service), kafka_login(service))
        ),
    }


def _text(resources: Iterable[Resource]) -> str:
    return HEAD + yaml.dump_all(resources, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Writes shared parts out: anchors are for programs."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def outdated(folder: Path) -> list[str]:
    return [
        path
        for path, text in documents().items()
        if not (folder / path).is_file() or (folder / path).read_text(encoding="utf-8") != text
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write topics, logins and scaling from the contract.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not current")
    arguments = parser.parse_args()
    wrong = outdated(FOLDER)
    for path in wrong:
        if arguments.check:
            sys.stderr.write(f"not current: deploy/kubernetes/{path} (run python deploy/kubernetes/generate.py)\n")
        else:
            (FOLDER / path).write_text(documents()[path], encoding="utf-8")
    return 1 if wrong and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
