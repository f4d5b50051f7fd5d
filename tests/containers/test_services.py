"""Each service's image at work against postgres:17 and apache/kafka:4.3.0."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import feedback
import httpx
import notification
import portal
import pytest
import registration
import scheduling
from chassis.store import make_engine
from chassis.web.french import PARIS
from contracts.events import InscriptionValidee
from contracts.topics import TOPICS
from local.demo.season import CRENEAUX, small_season
from local.demo.team import Team
from local.demo.truth import until
from sqlalchemy import inspect
from testcontainers.core.container import DockerContainer

from chassis import migrations
from tests.containers.conftest import SERVICES
from tests.containers.servers import Servers
from tests.containers.service import CONFINED, PASSWORD, ServiceContainer

PACKAGES = {m.__name__: Path(m.__path__[0]) for m in (registration, scheduling, notification, feedback)}
KNOWN = {
    "registration": "SELECT count(*) FROM inscriptions WHERE etat = 'validee'",
    "scheduling": "SELECT count(*) FROM inscriptions",
    "notification": "SELECT count(*) FROM envois WHERE etat = 'envoye'",
    "feedback": "SELECT count(*) FROM participants",
}
"""How each service shows that it took the inscription."""


@dataclass
class World:
    stand: Servers
    workers: dict[str, ServiceContainer]
    web: ServiceContainer


@pytest.fixture(scope="module")
async def world(
    stand: Servers, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Topics and tables made by the images' own commands, then a worker of each service and registration's pages."""
    tmp = tmp_path_factory.mktemp("world")
    async with AsyncExitStack() as stack:
        stack.enter_context(
            DockerContainer("axllent/mailpit:v1.27").with_network(stand.network).with_network_aliases("mail")
        )

        def start(service: str, *arguments: str, **options: str) -> ServiceContainer:
            secrets = {"database_url": addresses[service], "smtp_url": "smtp://mail:1025"}
            folder = tmp / "-".join((service, *arguments))
            container = ServiceContainer(
                images[service], arguments, folder, stand.network, secrets, MAIL_FROM="essai@exemple.fr", **options
            )
            return stack.enter_context(container)

        addresses = {service: stand.postgres.create(service) for service in SERVICES}
        topics = ServiceContainer(images["registration"], ["create"], tmp / "topics", stand.network)
        topics.with_kwargs(**CONFINED, entrypoint=["ateliers-topics"])
        jobs = [stack.enter_context(topics), *(start(service, "migrate") for service in SERVICES)]
        assert [(job.end(), job.output()) for job in jobs if job.end()] == []
        workers = {service: start(service, "--roles", "worker,relay") for service in SERVICES}
        web = start("registration", "--roles", "web")
        for container in (*workers.values(), web):
            assert await container.healthy(), container.output()
        yield World(stand, workers, web)


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_go_up_and_down(stand: Servers, service: str) -> None:
    stand.postgres.create(f"migrations_{service}")
    engine = make_engine(stand.postgres.address(f"migrations_{service}"))
    folder = PACKAGES[service] / "migrations"
    await migrations.upgrade(engine, folder)
    assert await migrations.database_problem(engine, folder, service) is None
    await migrations.downgrade(engine, folder)
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    await engine.dispose()
    assert left <= {"alembic_version"}


async def test_the_topics_are_those_of_the_contract(world: World) -> None:
    code, output = world.stand.kafka.exec(
        ["/opt/kafka/bin/kafka-topics.sh", "--bootstrap-server", world.stand.kafka.inside, "--describe"]
    )
    assert code == 0
    made = {
        parts[0].removeprefix("Topic: "): int(parts[2].removeprefix("PartitionCount: "))
        for parts in (line.split("\t") for line in output.decode().splitlines())
        if parts[0].startswith("Topic: ateliers.")
    }
    assert made == {topic.name: topic.partitions for topic in TOPICS}


async def test_one_inscription_goes_through_the_image_of_each_service(world: World) -> None:
    team = Team(world.web.url, PASSWORD)
    today = datetime.now(PARIS).date()
    season = small_season(today)
    campagne = await team.create_campagne(season, today)
    await team.open_campagne(campagne)
    await team.close_browser()
    assert await until(lambda: _published(world, campagne), 60)
    (inscription,) = portal.generate(1, campagne, season.thematiques, CRENEAUX, 1)
    await portal.publish(world.stand.kafka.outside, [inscription])
    answers = await portal.follow(world.stand.kafka.outside, [inscription.inscription], 60)
    assert isinstance(answers[inscription.inscription], InscriptionValidee)
    for service, query in KNOWN.items():

        async def known(service: str = service, query: str = query) -> bool:
            return world.stand.postgres.sql(query, service) == "1"

        assert await until(known, 60), f"{service}: {world.workers[service].output()}"


async def _published(world: World, campagne: str) -> bool:
    return campagne in [known.campagne for known in await portal.campagnes(world.stand.kafka.outside)]


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_can_be_written_but_the_folder_for_it(world: World, service: str) -> None:
    worker = world.workers[service]
    for path in ("/opt/ateliers/x", "/run/secrets/x", "/x"):
        assert worker.exec(["touch", path]).exit_code != 0
    assert worker.exec(["touch", "/tmp/x"]).exit_code == 0  # noqa: S108


async def test_pages_are_served_and_a_worker_has_none(world: World) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{world.web.url}/")).status_code == httpx.codes.OK
        worker = world.workers["registration"]
        assert (await client.get(f"{worker.url}/")).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("service", SERVICES)
async def test_sigterm_ends_the_first_process_in_good_order(world: World, service: str) -> None:
    worker = world.workers[service]
    worker.get_wrapped_container().stop(timeout=25)
    assert worker.state()["ExitCode"] == 0, worker.output()
    assert '"event": "stopped"' in worker.output()
