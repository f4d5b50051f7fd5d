"""What points at something points at what is there: addresses, scaling, budgets, names of ports and settings."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from contracts.topics import SERVICES
from local.platform import PATHS

CLOSED = {"/metrics", "/health"}


def addresses(rendered: Any) -> Iterator[str]:
    """Yield what differs from the local platform's one address; metrics and health lead nowhere."""
    ingress = rendered.one("Ingress", "ateliers")["spec"]
    (rule,) = ingress["rules"]
    expected = {path: f"{service}-web" for service, path in PATHS.items()}
    expected |= {"/": "registration-web"} | dict.fromkeys(CLOSED, "nowhere")
    found = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    yield from (f"{path} leads to {service}" for path, service in found.items() ^ expected.items())
    for path in rule["http"]["paths"]:
        target = path["backend"]["service"]
        ports = {port["name"] for port in rendered.one("Service", target["name"])["spec"]["ports"]}
        if target["port"]["name"] not in ports or path["pathType"] != "Prefix":
            yield f"{path['path']}: {path['pathType']}, port {target['port']}"
    (public,) = {item["data"]["PUBLIC_URL"] for item in rendered.of("ConfigMap") if "PUBLIC_URL" in item["data"]}
    hosts = {rule["host"], *(host for entry in ingress["tls"] for host in entry["hosts"])}
    if (urlsplit(public).scheme, {urlsplit(public).hostname}) != ("https", hosts):
        yield f"people are told {public}, the ingress answers for {hosts}"


def selected(rendered: Any, labels: Any) -> list[Any]:
    return [pod for pod in rendered.pods() if labels.items() <= pod.labels.items()]


def services(rendered: Any) -> Iterator[str]:
    for item in rendered.of("Service"):
        name, spec = item["metadata"]["name"], item["spec"]
        if name == "nowhere":
            yield from ["nowhere leads somewhere"] if "selector" in spec else []
            continue
        pods = selected(rendered, spec["selector"])
        if [pod.name for pod in pods] != [name]:
            yield f"{name} leads to {[pod.name for pod in pods]}"
        for pod in pods:
            named = {port["name"] for port in pod.container.get("ports", ())}
            yield from (f"{name}: no port {p['targetPort']}" for p in spec["ports"] if p["targetPort"] not in named)


def upkeep(rendered: Any) -> Iterator[str]:
    """Each Deployment looks after its own pods, and one budget lets a machine be emptied, one pod at a time."""
    budgets = {item["metadata"]["name"]: item["spec"] for item in rendered.of("PodDisruptionBudget")}
    yield from (f"{name}: no budget" for name in rendered.names("Deployment") ^ budgets.keys())
    for item in rendered.of("Deployment"):
        name, spec = item["metadata"]["name"], item["spec"]
        if [pod.name for pod in selected(rendered, spec["selector"]["matchLabels"])] != [name]:
            yield f"{name} looks after others' pods"
        if spec["strategy"]["rollingUpdate"] != {"maxUnavailable": 0, "maxSurge": 1}:
            yield f"{name} is upgraded by taking pods away"
        wanted = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": spec["selector"]}
        if budgets.get(name, wanted) != wanted:
            yield f"{name}: budget {budgets[name]}"


def autoscaling(rendered: Any) -> Iterator[str]:
    """What is scaled is there, is scaled by one, and its number is not given: an apply would set it back."""
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        for item in rendered.of(kind):
            target = item["spec"]["scaleTargetRef"]["name"]
            if target not in rendered.names("Deployment"):
                yield f"{target} is not there"
            elif "replicas" in rendered.one("Deployment", target)["spec"]:
                yield f"{target} has a number and a {kind}"
    targets = {
        item["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for item in rendered.of(kind)
    }
    expected = {f"{service}-{role}" for service in SERVICES for role in ("web", "worker")}
    yield from (f"{name} is not scaled" for name in targets ^ expected if rendered.overlay == "national")


def apart(rendered: Any) -> Iterator[str]:
    """In national, two of everything, never on one machine."""
    for pod in rendered.pods() if rendered.overlay == "national" else ():
        if pod.role == "migrate":
            continue
        hard = [
            constraint["matchLabelKeys"]
            for constraint in pod.spec.get("topologySpreadConstraints", ())
            if constraint["topologyKey"] == "kubernetes.io/hostname"
            and constraint["whenUnsatisfiable"] == "DoNotSchedule"
            and constraint["labelSelector"]["matchLabels"].items() <= pod.labels.items()
        ]
        if not hard or not {"app.kubernetes.io/name", "app.kubernetes.io/component"} <= set(hard[0]):
            yield f"{pod.name} may share a machine with its copy"
        if pod.role == "relay" and pod.owner["spec"].get("replicas") != 2:
            yield f"{pod.name} has none to take over"


def namespace(rendered: Any) -> Iterator[str]:
    for item in rendered.objects:
        if item["kind"] != "Namespace" and item["metadata"].get("namespace") != "ateliers":
            yield f"{item['kind']} {item['metadata']['name']} is elsewhere"


RULES = (addresses, services, upkeep, autoscaling, apart, namespace)


@pytest.mark.parametrize("rule", RULES)
def test_holds(rendered: Any, rule: Callable[[Any], Iterator[str]]) -> None:
    assert list(rule(rendered)) == []


def paths(rendered: Any) -> Any:
    return rendered.one("Ingress", "ateliers")["spec"]["rules"][0]["http"]["paths"]


def deployment(rendered: Any, name: str = "feedback-web") -> Any:
    return rendered.one("Deployment", name)["spec"]


PLANTED: list[tuple[Callable[[Any], Iterator[str]], Callable[[Any], Any]]] = [
    (addresses, lambda r: paths(r)[0].update(path="/groups")),
    (addresses, lambda r: paths(r)[0].update(pathType="Exact")),
    (addresses, lambda r: paths(r)[0]["backend"]["service"].update(name="registration-web")),
    (addresses, lambda r: paths(r)[0]["backend"]["service"].update(port={"name": "web"})),
    (addresses, lambda r: paths(r).pop()),
    (addresses, lambda r: r.one("Ingress", "ateliers")["spec"]["rules"][0].update(host="exemple.fr")),
    (services, lambda r: r.one("Service", "feedback-web")["spec"]["selector"].pop("app.kubernetes.io/name")),
    (services, lambda r: r.one("Service", "feedback-web")["spec"]["ports"][0].update(targetPort="web")),
    (services, lambda r: r.one("Service", "nowhere")["spec"].update(selector={})),
    (upkeep, lambda r: r.objects.remove(r.one("PodDisruptionBudget", "feedback-web"))),
    (upkeep, lambda r: r.one("PodDisruptionBudget", "feedback-web")["spec"].update(maxUnavailable=0)),
    (upkeep, lambda r: r.one("PodDisruptionBudget", "feedback-web")["spec"].pop("unhealthyPodEvictionPolicy")),
    (upkeep, lambda r: r.one("PodDisruptionBudget", "feedback-web")["spec"]["selector"]["matchLabels"].clear()),
    (upkeep, lambda r: deployment(r)["selector"]["matchLabels"].pop("app.kubernetes.io/component")),
    (upkeep, lambda r: deployment(r)["strategy"]["rollingUpdate"].update(maxUnavailable=1)),
    (autoscaling, lambda r: deployment(r).update(replicas=2)),
    (autoscaling, lambda r: r.objects.remove(r.one("HorizontalPodAutoscaler", "feedback-web"))),
    (autoscaling, lambda r: r.objects.remove(r.one("Deployment", "feedback-web"))),
    (apart, lambda r: deployment(r)["template"]["spec"].pop("topologySpreadConstraints")),
    (apart, lambda r: deployment(r)["template"]["spec"]["topologySpreadConstraints"].pop(0)),
    (apart, lambda r: deployment(r, "feedback-relay").pop("replicas")),
    (namespace, lambda r: r.one("Service", "feedback-web")["metadata"].pop("namespace")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_what_breaks_a_rule_is_found(
    national: Any, rule: Callable[[Any], Iterator[str]], plant: Callable[[Any], Any]
) -> None:
    plant(national)
    assert list(rule(national))
