"""Both overlays, and the folder that README.md tells operators to write, as kustomize renders them.

`make test-kubernetes` fetches the tools first; without them, all of these tests skip.
"""

import copy
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "kubernetes"
MANIFESTS = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("small", "national", "an operator's own")

Object = dict[str, Any]


@dataclass(frozen=True)
class Pod:
    owner: Object
    labels: dict[str, str]
    spec: Object

    @property
    def name(self) -> str:
        return str(self.owner["metadata"]["name"])

    @property
    def service(self) -> str:
        return self.labels["app.kubernetes.io/name"]

    @property
    def role(self) -> str:
        return self.labels["app.kubernetes.io/component"]

    @property
    def container(self) -> Object:
        (container,) = self.spec["containers"]
        return dict(container)


@dataclass(frozen=True)
class Rendered:
    overlay: str
    objects: list[Object]

    def of(self, kind: str) -> list[Object]:
        return [item for item in self.objects if item["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.of(kind)}

    def one(self, kind: str, name: str) -> Object:
        (found,) = (item for item in self.of(kind) if item["metadata"]["name"] == name)
        return found

    def pods(self) -> Iterator[Pod]:
        for owner in (*self.of("Deployment"), *self.of("Job")):
            template = owner["spec"]["template"]
            yield Pod(owner, template["metadata"]["labels"], template["spec"])


@pytest.fixture(scope="session")
def tools() -> Path:
    if not (TOOLS / "made-by").is_file() or importlib.util.find_spec("kubernetes_validate") is None:
        pytest.skip("make test-kubernetes fetches kustomize and the definitions that these tests need")
    return TOOLS


@pytest.fixture(scope="session")
def builds(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    own = tmp_path_factory.mktemp("own")
    (own / "ateliers").symlink_to(ROOT)
    (told,) = re.findall(r"^```yaml\n(.*?)^```", (MANIFESTS / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (own / "kustomization.yaml").write_text(told)
    folders = (MANIFESTS / "overlays" / "small", MANIFESTS / "overlays" / "national", own)
    return {overlay: _build(tools, overlay, folder) for overlay, folder in zip(OVERLAYS, folders, strict=True)}


@pytest.fixture(params=OVERLAYS)
def rendered(request: pytest.FixtureRequest, builds: dict[str, Rendered]) -> Rendered:
    """Each overlay in turn: a copy that a test may spoil."""
    return copy.deepcopy(builds[request.param])


@pytest.fixture
def national(builds: dict[str, Rendered]) -> Rendered:
    return copy.deepcopy(builds["national"])


def _build(tools: Path, overlay: str, folder: Path) -> Rendered:
    done = subprocess.run([tools / "kustomize", "build", folder], capture_output=True, text=True, check=True)  # noqa: S603
    return Rendered(overlay, list(yaml.safe_load_all(done.stdout)))
