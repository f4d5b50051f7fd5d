"""Apache Kafka's jars: the exact files of `kafka.lock.toml`, each checked by its SHA-256, kept in a cache.

The lock file is jgo's and is rebuilt by `python -m local.jars`. At run time nothing is resolved:
a file is there with the right content or it is fetched, so that two machines can't differ.
"""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

KAFKA_VERSION = "4.3.0"
LOCK_FILE = Path(__file__).with_name("kafka.lock.toml")
MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"

# jgo alone picks an old kafka-clients, with which the broker dies of NoSuchMethodError: name what must agree.
_ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}",
    "com.fasterxml.jackson.core:jackson-databind:2.21.2",
    "com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:2.21.2",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1",
)

Progress = Callable[[int, int], None]
"""Told (files ready, files in all)."""


class JarsUnavailableError(Exception):
    """A jar could not be fetched, or isn't the file that the lock file names."""


def cache_folder() -> Path:
    """Where the jars are kept: under XDG_CACHE_HOME, by default ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ateliers" / f"kafka-{KAFKA_VERSION}"


def locked() -> dict[str, str]:
    """SHA-256 by path inside a Maven repository, in the order of the lock file."""
    dependencies = tomllib.loads(LOCK_FILE.read_text())["dependencies"]
    return {
        "{}/{}/{}/{}-{}.jar".format(
            d["groupId"].replace(".", "/"), d["artifactId"], d["version"], d["artifactId"], d["version"]
        ): d["sha256"]
        for d in dependencies
    }


def ensure(progress: Progress | None = None) -> list[Path]:
    """Return the jars on disk, fetched from Maven Central (or `MAVEN_REPOSITORY`) when missing.

    Raises JarsUnavailableError.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = locked()
    files = [folder / path.rsplit("/", 1)[1] for path in wanted]
    missing = [
        (path, file)
        for (path, digest), file in zip(wanted.items(), files, strict=True)
        if not file.exists() or _sha256(file.read_bytes()) != digest
    ]
    done = len(files) - len(missing)
    repository = os.environ.get("MAVEN_REPOSITORY", MAVEN_CENTRAL).rstrip("/")
    if progress:
        progress(done, len(files))
    with httpx.Client(timeout=60, follow_redirects=True) as client, ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(_fetch, client, f"{repository}/{path}", file, wanted[path]) for path, file in missing]
        for job in jobs:
            job.result()
            done += 1
            if progress:
                progress(done, len(files))
    return files


def _fetch(client: httpx.Client, url: str, file: Path, digest: str) -> None:
    try:
        response = client.get(url)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise JarsUnavailableError(f"Téléchargement impossible : {url} ({error})") from error
    found = _sha256(response.content)
    if found != digest:
        raise JarsUnavailableError(f"Fichier inattendu : {url} a l'empreinte {found} au lieu de {digest}")
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as partial:
        partial.write(response.content)
    Path(partial.name).replace(file)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def relock() -> None:
    """Resolve the dependencies anew with jgo and rewrite the lock file."""
    from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415 - needed by maintainers only
    from jgo.maven import MavenContext  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch) / "m2", remote_repos={"central": MAVEN_CENTRAL})
        builder = EnvironmentBuilder(
            context=context, cache_dir=Path(scratch) / "cache", link_strategy=LinkStrategy.COPY
        )
        environment = builder.from_endpoint("+".join(_ROOTS), main_class="kafka.Kafka")
        LOCK_FILE.write_text((environment.path / "jgo.lock.toml").read_text())


if __name__ == "__main__":
    relock()
