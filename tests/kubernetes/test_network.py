"""What each pod may reach and who may reach it, worked out from the policies as a cluster does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

PRIVATE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}


def selects(selector: Any, labels: dict[str, str]) -> bool:
    by_label = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    assert {rule["operator"] for rule in selector.get("matchExpressions", ())} <= {"In"}
    return by_label and all(labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", ()))


def policies(rendered: Any, pod: Any, direction: str) -> list[Any]:
    return [
        policy
        for policy in rendered.of("NetworkPolicy")
        if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], pod.labels)
    ]


def neighbour(peer: Any) -> str:
    """Say whom a peer of a policy is; whatever isn't one of ours is everywhere."""
    pods = peer.get("podSelector", {}).get("matchLabels", {})
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    match (sorted(peer), namespace, pods):
        case (["podSelector"], None, {"ateliers/database": service}):
            return f"database of {service}"
        case (["podSelector"], None, {"strimzi.io/name": "ateliers-kafka"}):
            return "Kafka"
        case (["namespaceSelector", "podSelector"], "kube-system", {"k8s-app": "kube-dns"}):
            return "DNS"
        case (["namespaceSelector"], str(), _):
            return str(namespace)
        case (["ipBlock"], _, _) if set(peer["ipBlock"].get("except", ())) >= PRIVATE:
            return "the Internet"
    return "everywhere"


def reached(rendered: Any, pod: Any, direction: str) -> set[tuple[str, Any]]:
    """Neighbours and ports that the policies of a direction open to a pod."""
    key, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    return {
        (neighbour(peer), port.get("port", "every port"))
        for policy in policies(rendered, pod, direction)
        for rule in policy["spec"].get(key, ())
        for peer in rule.get(peers) or [{"ipBlock": {}}]
        for port in rule.get("ports") or [{}]
    }


def expected(pod: Any) -> set[tuple[str, Any]]:
    allowed = {("DNS", 53), (f"database of {pod.service}", 5432)}
    if pod.role in {"worker", "relay"}:
        allowed.add(("Kafka", 9093))
    if (pod.service, pod.role) == ("notification", "worker"):
        allowed |= {("the Internet", 465), ("the Internet", 587)}
    return allowed


def wrong_ways_out(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        if not policies(rendered, pod, "Egress"):
            yield f"{pod.name} is not closed"
        yield from (f"{pod.name}: {way}" for way in reached(rendered, pod, "Egress") ^ expected(pod))


def wrong_ways_in(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        if not policies(rendered, pod, "Ingress"):
            yield f"{pod.name} is not closed"
        allowed = {("monitoring", "http")} | ({("ingress-nginx", "http")} if pod.role == "web" else set())
        yield from (f"{pod.name}: {way}" for way in reached(rendered, pod, "Ingress") ^ allowed)


def test_a_service_reaches_its_own_database_and_what_it_needs(rendered: Any) -> None:
    assert list(wrong_ways_out(rendered)) == []


def test_only_the_ingress_and_prometheus_come_in(rendered: Any) -> None:
    assert list(wrong_ways_in(rendered)) == []


def spec(rendered: Any, policy: str) -> Any:
    return rendered.one("NetworkPolicy", policy)["spec"]


def forget(rendered: Any, name: str) -> Any:
    return rendered.objects.remove(rendered.one("NetworkPolicy", name))


WAYS_OUT: dict[str, Callable[[Any], Any]] = {
    "another's database": lambda r: spec(r, "feedback-database")["egress"][0]["to"][0]["podSelector"][
        "matchLabels"
    ].update({"ateliers/database": "registration"}),
    "every database": lambda r: spec(r, "feedback-database")["podSelector"]["matchLabels"].pop(
        "app.kubernetes.io/name"
    ),
    "every port": lambda r: spec(r, "kafka")["egress"][0].pop("ports"),
    "everywhere": lambda r: spec(r, "kafka")["egress"][0].pop("to"),
    "Kafka from the pages": lambda r: spec(r, "kafka")["podSelector"].pop("matchExpressions"),
    "mails from the relay": lambda r: spec(r, "mail")["podSelector"]["matchLabels"].pop("app.kubernetes.io/component"),
    "the inside by mail": lambda r: spec(r, "mail")["egress"][0]["to"][0]["ipBlock"].pop("except"),
    "no Kafka": lambda r: forget(r, "kafka"),
    "another namespace": lambda r: spec(r, "kafka")["egress"][0]["to"][0].update(namespaceSelector={}),
    "an open pod": lambda r: r.one("Deployment", "registration-web")["spec"]["template"]["metadata"]["labels"].pop(
        "app.kubernetes.io/part-of"
    ),
}


@pytest.mark.parametrize("plant", WAYS_OUT.values(), ids=WAYS_OUT)
def test_a_wrong_way_out_is_found(national: Any, plant: Callable[[Any], Any]) -> None:
    plant(national)
    assert list(wrong_ways_out(national))


WAYS_IN: dict[str, Callable[[Any], Any]] = {
    "from everywhere": lambda r: spec(r, "pages")["ingress"][0].pop("from"),
    "people to the workers": lambda r: spec(r, "pages")["podSelector"]["matchLabels"].pop(
        "app.kubernetes.io/component"
    ),
    "not closed": lambda r: (forget(r, "closed"), forget(r, "metrics")),
    "no pages": lambda r: forget(r, "pages"),
}


@pytest.mark.parametrize("plant", WAYS_IN.values(), ids=WAYS_IN)
def test_a_wrong_way_in_is_found(national: Any, plant: Callable[[Any], Any]) -> None:
    plant(national)
    assert list(wrong_ways_in(national))
