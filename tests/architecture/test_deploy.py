"""What operators are told agrees with what runs: variables, and the metrics of alerts and dashboard."""

import json
import re
from pathlib import Path

import notification.measures
import prometheus_client

from chassis import metrics

ROOT = Path(__file__).parents[2]
OBSERVABILITY = ROOT / "deploy" / "docker" / "observability"
MODULES = (metrics, notification.measures)
"""Whose import registers every metric."""
COMPOSES_OWN = {"COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}


def test_env_example_explains_every_variable_of_the_compose_files() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "compose.ha.yml").read_text()
    used = set(re.findall(r"\$\{(\w+)", text))
    explained = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used == explained
    demo = set(re.findall(r"^(\w+)=", (ROOT / "deploy" / "docker" / "demo.env").read_text(), re.MULTILINE))
    assert demo - COMPOSES_OWN <= used


def test_alerts_and_dashboard_ask_for_metrics_that_the_services_have() -> None:
    assert MODULES
    families = [family.name for family in prometheus_client.REGISTRY.collect()]
    exist = {name + suffix for name in families for suffix in ("", "_total", "_bucket")}
    rules = (OBSERVABILITY / "alerts.yml").read_text()
    dashboard = json.loads((OBSERVABILITY / "grafana" / "ateliers.json").read_text())
    expressions = re.findall(r"expr: (.+)", rules)
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for expression in expressions for name in re.findall(r"\bateliers_\w+", expression)}
    assert len(asked) > 10
    assert asked - exist == set()
