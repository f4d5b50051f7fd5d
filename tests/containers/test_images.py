"""What the images are made of, and what they can't do."""

import json
import tomllib
from typing import Any

import pytest
from docker import DockerClient

from tests.containers.conftest import ROOT, SERVICES

MB = 1024 * 1024
BEYOND_BASE_MB = {"registration": 250, "notification": 250, "feedback": 250, "scheduling": 450}
"""The solver's libraries (OR-Tools, HiGHS, NumPy) are the rest of scheduling."""
FORBIDDEN = ("gcc", "cc", "make", "git", "uv", "curl")
_PACKAGES = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


def run(engine: DockerClient, image: str, *argv: str, **options: Any) -> str:
    """Run a program of the image and return what it writes."""
    output = engine.containers.run(image, argv[1:], entrypoint=argv[0], remove=True, network_mode="none", **options)
    return str(output.decode())


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_small_says_what_it_is_and_runs_as_nobody(
    engine: DockerClient, images: dict[str, str], service: str
) -> None:
    image = engine.images.get(images[service])
    config = image.attrs["Config"]
    base = engine.images.get("python:3.13-slim")
    assert (image.attrs["Size"] - base.attrs["Size"]) / MB < BEYOND_BASE_MB[service]
    assert config["Labels"]["org.opencontainers.image.title"] == f"ateliers-{service}"
    assert config["Labels"]["org.opencontainers.image.version"]
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert config["Entrypoint"] == ["service"]
    assert run(engine, images[service], "id", "-u") == "10001\n"


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_the_packages_of_the_lock_file_and_no_tools(
    engine: DockerClient, images: dict[str, str], service: str
) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package["version"] for package in lock["package"]}
    held = json.loads(run(engine, images[service], "python", "-c", _PACKAGES))
    held.pop("pip", None)  # the base image's own
    assert held
    assert {name: v for name, v in held.items() if locked[name.lower().replace("_", "-").replace(".", "-")] != v} == {}
    assert {name for name in held if name.startswith("ateliers")} == {
        "ateliers-chassis",
        "ateliers-contracts",
        f"ateliers-{service}",
    }
    tools = run(engine, images[service], "sh", "-c", "for tool; do command -v $tool; done; true", "sh", *FORBIDDEN)
    assert tools == ""


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_goes_into_an_image(engine: DockerClient, images: dict[str, str], service: str, decoy: str) -> None:
    assert decoy not in json.dumps(engine.images.get(images[service]).history())
    search = f"grep -rls {decoy} /opt /run /tmp /etc /home /srv || true"
    assert run(engine, images[service], "sh", "-c", search) == ""
