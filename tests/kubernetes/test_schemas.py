"""Every object, strictly, against the schema of its makers: Kubernetes, KEDA and Strimzi."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

KUBERNETES = "1.32"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def closed(schema: Any) -> Any:
    """Make a definition refuse what it doesn't know, as the API server does for clients that ask it to be strict."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        tight.setdefault("additionalProperties", False)
    return tight


@pytest.fixture(scope="session")
def definitions(tools: Path) -> dict[tuple[str, str], Any]:
    """Validators of the resources that are not Kubernetes' own, by apiVersion and kind."""
    found = {}
    for file in tools.glob("*.yaml"):
        spec = yaml.safe_load(file.read_text())["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            validator = jsonschema.Draft202012Validator(schema)
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = validator
    return found


def problems(item: Any, definitions: dict[tuple[str, str], Any]) -> list[str]:
    import kubernetes_validate  # noqa: PLC0415 - there only when the tools are

    name = item["metadata"]["name"]
    told = [] if NAME.fullmatch(name) else [f"{name}: not a name"]
    definition = definitions.get((item["apiVersion"], item["kind"]))
    if definition:
        return told + [f"{name}: {error.json_path}: {error.message}" for error in definition.iter_errors(item)]
    try:
        kubernetes_validate.validate(item, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        told.append(f"{name}: {error.message}")
    except kubernetes_validate.SchemaNotFoundError as error:
        told.append(f"{name}: {error.message}")
    return told


def test_every_object_is_valid(rendered: Any, definitions: dict[tuple[str, str], Any]) -> None:
    assert [told for item in rendered.objects for told in problems(item, definitions)] == []


@pytest.fixture(scope="session")
def parameters(tools: Path) -> dict[str, Any]:
    """What KEDA's Kafka trigger may be told, by name."""
    scalers = json.loads((tools / "scalers-schema.json").read_text())["scalers"]
    (kafka,) = (scaler for scaler in scalers if scaler["type"] == "kafka")
    return {parameter["name"]: parameter for parameter in kafka["parameters"]}


def misheard(rendered: Any, parameters: dict[str, Any]) -> Iterator[str]:
    """Yield what a trigger is told and does not take, or needs and is not told: KEDA's own schema leaves these open."""
    logins = {item["metadata"]["name"]: item["spec"] for item in rendered.of("TriggerAuthentication")}
    for item in rendered.of("ScaledObject"):
        for trigger in item["spec"]["triggers"]:
            login = logins[trigger["authenticationRef"]["name"]]
            secret = {entry["parameter"] for entry in (*login["env"], *login["secretTargetRef"])}
            told = {name.removesuffix("FromEnv"): value for name, value in trigger["metadata"].items()}
            needed = {name for name, known in parameters.items() if not (known.get("optional") or "default" in known)}
            yield from (f"{name} is not told" for name in needed - told.keys() - secret)
            for name, ways in [(n, "metadata") for n in told] + [(n, "triggerAuthentication") for n in secret]:
                known = parameters.get(name, {})
                if not known.get(f"{ways}VariableReadable") or told.get(name) not in known.get(
                    "allowedValue", [told.get(name)]
                ):
                    yield f"{name} is told {told.get(name)}"


def test_keda_understands_every_trigger(rendered: Any, parameters: dict[str, Any]) -> None:
    assert list(misheard(rendered, parameters)) == []


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("ScaledObject", "spec.triggers.0.metadata.lagTreshold", "5000"),
        ("ScaledObject", "spec.triggers.0.metadata.offsetResetPolicy", "first"),
        ("ScaledObject", "spec.triggers.0.metadata", {"bootstrapServers": "kafka:9092"}),
        ("TriggerAuthentication", "spec.env.0.parameter", "login"),
        ("TriggerAuthentication", "spec.secretTargetRef.0.parameter", "consumerGroup"),
    ],
)
def test_a_trigger_that_keda_mishears_is_found(
    national: Any, parameters: dict[str, Any], kind: str, path: str, value: Any
) -> None:
    put(national.of(kind)[0], path, value)
    assert list(misheard(national, parameters))


def test_no_object_is_there_twice(rendered: Any) -> None:
    keys = [(item["kind"], item["metadata"]["name"]) for item in rendered.objects]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", "spec.template.spec.containers.0.readinessProbe.httpGet.pth", "/health/ready"),
        ("Deployment", "spec.strategy.rollingUpdate.maxSurge", [1]),
        ("Job", "spec.template.spec.restartPolicies", "Never"),
        ("NetworkPolicy", "spec.podSelector.matchLabel", {"a": "b"}),
        ("Ingress", "spec.rules.0.http.paths.0.pathType", 1),
        ("KafkaTopic", "spec.partition", 12),
        ("KafkaTopic", "spec.partitions", 0),
        ("KafkaUser", "spec.authentication.type", "scram"),
        ("KafkaUser", "spec.authorization.acls.0.operations", ["Eat"]),
        ("KafkaUser", "metadata.name", "Not_A_Name"),
    ],
)
def test_a_wrong_field_is_found(
    national: Any, definitions: dict[tuple[str, str], Any], kind: str, path: str, value: Any
) -> None:
    item = national.of(kind)[0]
    put(item, path, value)
    assert len(problems(item, definitions)) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.maxReplicaCount", "12"),
        ("spec.scaleTargetRef", {}),
        ("spec.triggers.0.authenticationRef.named", "x"),
        ("spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies.0.type", 3),
        ("spec.minReplicas", 1),
    ],
)
def test_a_wrong_scaling_is_found(
    national: Any, definitions: dict[tuple[str, str], Any], path: str, value: Any
) -> None:
    item = national.of("ScaledObject")[0]
    put(item, path, value)
    assert problems(item, definitions)


def put(item: Any, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for step in way:
        item = item[int(step)] if isinstance(item, list) else item[step]
    item[last] = value
