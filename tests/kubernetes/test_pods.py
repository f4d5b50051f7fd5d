"""What each pod is: which service in which role, with which settings, how it is watched, and how little it may do."""

import importlib
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from chassis.health import Health
from chassis.service import STOP_SECONDS, Role
from contracts.topics import SERVICES
from pydantic import ValidationError

# Not read by a service's Settings: where their secrets lie, uvicorn's own, numpy's own.
NOT_SETTINGS = {"SECRETS_DIR", "FORWARDED_ALLOW_IPS", "OPENBLAS_NUM_THREADS"}
SECRETS = {
    "database_url": "postgresql+asyncpg://login:password@registration-database/registration",
    "secret_key": 32 * "k",
    "team_password_hash": "$argon2id$",
    "kafka_security_password": "password",
    "smtp_url": "smtps://login:password@smtp.exemple.fr",
}
MEGABYTES = {"Mi": 1, "Gi": 1024}
PATHS = {route.path for route in Health.__new__(Health).router().routes}


def roles(rendered: Any) -> Iterator[str]:
    expected = {(service.value, role) for service in SERVICES for role in (*Role, "migrate")}
    found = [(pod.service, pod.role) for pod in rendered.pods()]
    yield from (f"{pair} is there too often" for pair in set(found) if found.count(pair) > 1)
    yield from (f"{pair} is missing or too much" for pair in expected ^ set(found))
    for pod in rendered.pods():
        arguments = ["migrate"] if pod.role == "migrate" else ["--roles", pod.role]
        if pod.container["args"] != arguments:
            yield f"{pod.name} runs {pod.container['args']}"


def images(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        if not re.fullmatch(rf"([\w./-]+/)?ateliers-{pod.service}:(?!latest$)[\w.-]+", pod.container["image"]):
            yield f"{pod.name}: {pod.container['image']}"


def confinement(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        own, its = pod.spec.get("securityContext", {}), pod.container.get("securityContext", {})
        held = {
            "runs as root": own.get("runAsNonRoot") is True and own.get("runAsUser", 0) > 0,
            "no seccomp profile": own.get("seccompProfile") == {"type": "RuntimeDefault"},
            "overrides its pod": not its.keys() & {"runAsUser", "runAsNonRoot", "seccompProfile", "privileged"},
            "writes to its image": its.get("readOnlyRootFilesystem") is True,
            "may gain rights": its.get("allowPrivilegeEscalation") is False,
            "has capabilities": its.get("capabilities") == {"drop": ["ALL"]},
            "has an API token": pod.spec.get("automountServiceAccountToken") is False,
            "is on the host": not pod.spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"},
            "mounts the host": not any("hostPath" in volume for volume in pod.spec["volumes"]),
        }
        yield from (f"{pod.name} {problem}" for problem, fine in held.items() if not fine)


def environment(rendered: Any, pod: Any) -> dict[str, str]:
    """Return what the process sees, the later source winning as in Kubernetes; KeyError names a missing ConfigMap."""
    maps = {item["metadata"]["name"]: item["data"] for item in rendered.of("ConfigMap")}
    seen: dict[str, str] = {}
    for source in pod.container.get("envFrom", ()):
        seen |= maps[source["configMapRef"]["name"]]
    return seen | {entry["name"]: entry["value"] for entry in pod.container.get("env", ())}


def files(pod: Any) -> dict[str, str]:
    """Return the Secret of every file that is mounted, by path."""
    mounts = {mount["name"]: PurePosixPath(mount["mountPath"]) for mount in pod.container["volumeMounts"]}
    return {
        str(mounts[volume["name"]] / item["path"]): secret.get("name") or secret["secretName"]
        for volume in pod.spec["volumes"]
        for secret in (
            *(source["secret"] for source in volume.get("projected", {}).get("sources", ())),
            *([volume["secret"]] if "secret" in volume else ()),
        )
        for item in secret["items"]
    }


def settings(rendered: Any) -> Iterator[str]:
    """Yield what a service's own Settings say of what each of its pods is given, with files where it finds them."""
    for pod in rendered.pods():
        model = importlib.import_module(f"{pod.service}.settings").Settings
        seen, mounted = environment(rendered, pod), files(pod)
        secrets = {PurePosixPath(path).name for path in mounted if path.startswith(f"{seen['SECRETS_DIR']}/")}
        names = {name.lower() for name in seen.keys() - NOT_SETTINGS} | secrets
        yield from (f"{pod.name}: {name} is no setting" for name in names - model.model_fields.keys())
        with tempfile.TemporaryDirectory() as root:
            for path in mounted:
                file = Path(root + path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(SECRETS.get(file.name, ""))
            given = {name.lower(): root + value if value.startswith("/") else value for name, value in seen.items()}
            Path(given["secrets_dir"]).mkdir(parents=True, exist_ok=True)
            try:
                model(_secrets_dir=given["secrets_dir"], **given)
            except ValidationError as error:
                yield f"{pod.name}: {error}"
        if pod.role in {Role.WORKER, Role.RELAY} and "kafka_security_password" not in secrets:
            yield f"{pod.name} can't log in to Kafka"


def secrets(rendered: Any) -> Iterator[str]:
    """Each pod has the Secrets of its own service, and Kafka's where it speaks with Kafka."""
    for pod in rendered.pods():
        allowed = {"ateliers", f"{pod.service}-database", "ateliers-cluster-ca-cert"}
        if pod.role in {Role.WORKER, Role.RELAY}:
            allowed.add(pod.service)
        if pod.service == "notification":
            allowed.add("notification-smtp")
        yield from (f"{pod.name}: Secret {name}" for name in set(files(pod).values()) ^ allowed)
    yield from (f"Secret {name} is in the files" for name in rendered.names("Secret"))


def watching(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        if pod.role == "migrate":
            continue
        ports = {port["name"]: port["containerPort"] for port in pod.container["ports"]}
        annotations = pod.owner["spec"]["template"]["metadata"]["annotations"]
        asked = {
            "/health/live": pod.container["livenessProbe"]["httpGet"]["path"],
            "/health/ready": pod.container["readinessProbe"]["httpGet"]["path"],
            "/metrics": annotations["prometheus.io/path"],
        }
        yield from (f"{pod.name}: {path}" for meant, path in asked.items() if path != meant or path not in PATHS)
        port = environment(rendered, pod)["HTTP_PORT"]
        if {str(ports["http"]), annotations["prometheus.io/port"]} != {port}:
            yield f"{pod.name} listens on {port}, is asked on {ports}"
        if {pod.container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} != {"http"}:
            yield f"{pod.name} is probed elsewhere"
        pause = pod.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if pod.spec["terminationGracePeriodSeconds"] < pause + 2 * STOP_SECONDS:
            yield f"{pod.name} is killed before it has stopped"


def megabytes(quantity: str) -> int:
    return int(quantity[:-2]) * MEGABYTES[quantity[-2:]]


def resources(rendered: Any) -> Iterator[str]:
    for pod in rendered.pods():
        asked, limit = (pod.container.get("resources", {}).get(kind, {}) for kind in ("requests", "limits"))
        if not ({"cpu", "memory"} <= asked.keys() and "memory" in limit):
            yield f"{pod.name} doesn't say what it takes"
        elif pod.service == "scheduling" and pod.role in {Role.WEB, Role.WORKER}:
            solver = int(environment(rendered, pod)["SOLVER_MEMORY_MB"])
            if megabytes(limit["memory"]) < solver + 384:
                yield f"{pod.name} is killed before its solver can say that memory is short"


RULES = (roles, images, confinement, settings, secrets, watching, resources)


@pytest.mark.parametrize("rule", RULES)
def test_holds(rendered: Any, rule: Callable[[Any], Iterator[str]]) -> None:
    assert list(rule(rendered)) == []


def container(rendered: Any, name: str = "notification-worker") -> Any:
    return rendered.one("Deployment", name)["spec"]["template"]["spec"]["containers"][0]


def pod_spec(rendered: Any, name: str = "notification-worker") -> Any:
    return rendered.one("Deployment", name)["spec"]["template"]["spec"]


def config(rendered: Any, start: str) -> Any:
    return next(item["data"] for item in rendered.of("ConfigMap") if item["metadata"]["name"].startswith(start))


PLANTED: list[tuple[Callable[[Any], Iterator[str]], Callable[[Any], Any]]] = [
    (roles, lambda r: container(r).update(args=["--roles", "web"])),
    (roles, lambda r: r.objects.remove(r.one("Deployment", "feedback-relay"))),
    (roles, lambda r: r.objects.append(r.one("Job", "feedback-migrate"))),
    (images, lambda r: container(r).update(image="ateliers-notification:latest")),
    (images, lambda r: container(r).update(image="ateliers-notification")),
    (images, lambda r: container(r).update(image="ateliers-feedback:0.1.0")),
    (confinement, lambda r: pod_spec(r)["securityContext"].update(runAsUser=0)),
    (confinement, lambda r: pod_spec(r)["securityContext"].pop("runAsNonRoot")),
    (confinement, lambda r: pod_spec(r)["securityContext"].pop("seccompProfile")),
    (confinement, lambda r: container(r)["securityContext"].update(runAsUser=0)),
    (confinement, lambda r: container(r)["securityContext"].pop("readOnlyRootFilesystem")),
    (confinement, lambda r: container(r)["securityContext"].update(allowPrivilegeEscalation=True)),
    (confinement, lambda r: container(r)["securityContext"]["capabilities"].update(add=["NET_RAW"])),
    (confinement, lambda r: pod_spec(r).pop("automountServiceAccountToken")),
    (confinement, lambda r: pod_spec(r).update(hostNetwork=True)),
    (confinement, lambda r: pod_spec(r)["volumes"].append({"name": "host", "hostPath": {"path": "/"}})),
    (settings, lambda r: config(r, "notification-").pop("MAIL_FROM")),
    (settings, lambda r: config(r, "notification-").update(MAIL_FORM="a@exemple.fr")),
    (settings, lambda r: config(r, "ateliers-").update(PUBLIC_URL="ateliers.exemple.fr")),
    (settings, lambda r: config(r, "ateliers-").update(SECRETS_DIR="/secrets")),
    (settings, lambda r: pod_spec(r)["volumes"][0]["projected"]["sources"].pop(2)),
    (settings, lambda r: config(r, "ateliers-").update(KAFKA_SECURITY_CA_FILE="/etc/ca.crt")),
    (settings, lambda r: pod_spec(r)["volumes"][0]["projected"]["sources"].pop()),
    (secrets, lambda r: pod_spec(r)["volumes"][0]["projected"]["sources"][1]["secret"].update(name="feedback")),
    (secrets, lambda r: pod_spec(r)["volumes"][0]["projected"]["sources"].append(
        {"secret": {"name": "feedback", "items": [{"key": "password", "path": "x"}]}}
    )),
    (secrets, lambda r: r.objects.append({"kind": "Secret", "metadata": {"name": "ateliers"}})),
    (watching, lambda r: container(r)["livenessProbe"]["httpGet"].update(path="/health/ready")),
    (watching, lambda r: container(r)["readinessProbe"]["httpGet"].update(path="/ready")),
    (watching, lambda r: container(r)["readinessProbe"]["httpGet"].update(port=8081)),
    (watching, lambda r: container(r)["ports"][0].update(containerPort=8081)),
    (watching, lambda r: config(r, "ateliers-").update(HTTP_PORT="8081")),
    (watching, lambda r: pod_spec(r, "registration-web").update(terminationGracePeriodSeconds=20)),
    (resources, lambda r: container(r).pop("resources")),
    (resources, lambda r: container(r)["resources"]["limits"].pop("memory")),
    (resources, lambda r: config(r, "scheduling-").update(SOLVER_MEMORY_MB="8192")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "plant"), PLANTED)
def test_what_breaks_a_rule_is_found(
    national: Any, rule: Callable[[Any], Iterator[str]], plant: Callable[[Any], Any]
) -> None:
    plant(national)
    assert list(rule(national))
