"""One container of a service's image, confined as docker-compose.yml does: read-only, without capabilities."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from local.demo.truth import until
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

PASSWORD = "mot-de-passe-de-test"
SECRETS = {
    "secret_key": "clef-de-test-" * 4,
    "team_password_hash": PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD),
}
CONFINED = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
NOWHERE = "postgresql+asyncpg://nobody:secret@nowhere.invalid/none"


class ServiceContainer(DockerContainer):
    """`secrets` become files under /run/secrets; `arguments` follow the image's entry point."""

    def __init__(
        self,
        image: str,
        arguments: Sequence[str],
        folder: Path,
        network: Network | None = None,
        secrets: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        super().__init__(image)
        folder.mkdir(exist_ok=True, parents=True)
        folder.chmod(0o755)
        for name, value in ({"database_url": NOWHERE, **SECRETS} | dict(secrets or {})).items():
            (folder / name).write_text(value + "\n")
        self.with_volume_mapping(str(folder), "/run/secrets", "ro")
        self.with_command(list(arguments))
        self.with_exposed_ports(8080)
        self.with_tmpfs_mount("/tmp")  # noqa: S108 - a file system of the container's own
        self.with_kwargs(**CONFINED)
        self.with_envs(**{"PUBLIC_URL": "http://localhost", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9093"} | environment)
        if network is not None:
            self.with_network(network)

    @property
    def url(self) -> str:
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(8080)}"

    def output(self) -> str:
        """Return what it wrote, both streams."""
        return str(self.get_wrapped_container().logs().decode())

    def end(self) -> int:
        """Wait until it ends by itself; the status with which it does."""
        return int(self.get_wrapped_container().wait(timeout=120)["StatusCode"])

    def state(self) -> dict[str, Any]:
        container = self.get_wrapped_container()
        container.reload()
        return dict(container.attrs["State"])

    async def healthy(self) -> bool:
        """Wait for the image's own health check."""

        async def is_healthy() -> bool:
            return bool(self.state()["Health"]["Status"] == "healthy")

        return await until(is_healthy, 120)

    async def says(self, words: str) -> bool:
        """Wait until it has written `words`."""

        async def said() -> bool:
            return words in self.output()

        return await until(said, 90)
