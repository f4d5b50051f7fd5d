"""What operators do by the command that every service has: records kept aside, and events that the broker refused."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from chassis.command import command
from chassis.dlq import keep_aside
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.ops import terminal
from chassis.service import Service
from chassis.settings import Settings
from chassis.store import Database, NotYetKnown, Transaction, unpack_headers
from chassis.tables import new_metadata
from chassis.testing import new_database, published, settings_values
from contracts.envelope import Event, encode
from contracts.events import InscriptionRetiree
from contracts.topics import INSCRIPTIONS_RECUES
from fastapi import APIRouter
from sqlalchemy import text
from structlog.testing import LogCapture
from typer.testing import CliRunner, Result

TOPIC = INSCRIPTIONS_RECUES.name


@dataclass
class Desk:
    """A service with records kept aside, and its command. `trouble` is what its handler raises by inscription."""

    database: Database
    url: str
    monkeypatch: pytest.MonkeyPatch
    trouble: dict[UUID, Exception] = field(default_factory=dict)
    taken: list[UUID] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    async def aside(self, offset: int, inscription: UUID | None = None, value: bytes | None = None) -> UUID:
        """Keep a withdrawal aside; `value` replaces its content."""
        event = InscriptionRetiree(inscription=inscription or uuid7(), retiree_le=datetime(2027, 1, 1, tzinfo=UTC))
        message = encode(Event(uuid7(), "portail", datetime(2027, 1, 1, tzinfo=UTC), event))
        record: Any = ConsumerRecord(
            TOPIC, 3, offset, 0, 0, message.key, value or message.value, None, 0, 0, message.headers
        )
        async with self.database.transaction() as tx:
            await keep_aside(tx, "registration", record, f"{self.trouble.get(event.inscription, 'ValueError')!r}")
        return event.inscription

    async def call(self, *arguments: str, answer: str = "") -> Result:
        """Run the command in a thread, as if from a shell."""
        return await asyncio.to_thread(CliRunner().invoke, self._app(), arguments, input=answer)

    def _app(self) -> Any:
        for name, value in (settings_values(self.url) | self.more).items():
            self.monkeypatch.setenv(name.upper(), str(value))
        handlers = Handlers()

        @handlers.on(InscriptionRetiree)
        async def take(tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
            for event in events:
                self.taken.append(event.data.inscription)
                tx.publish(event.data)
                if event.data.inscription in self.trouble:
                    raise self.trouble[event.data.inscription]

        def build(settings: Settings, database: Database) -> Service:
            folder = Path(__file__).parent / "migrated" / "templates"
            return Service("registration", "", settings, database, handlers, APIRouter(), folder, new_metadata())

        return command("registration", Settings, build)

    async def column(self, query: str) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(text(query))).scalars())


@pytest.fixture
async def desk(make_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    url = make_database("desk")
    database = await new_database(url, new_metadata())
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE alembic_version AS SELECT '0001' AS version_num"))
    yield Desk(database, url, monkeypatch)
    await database.engine.dispose()


async def test_records_are_listed_without_their_content_and_shown_whole(desk: Desk) -> None:
    inscription = await desk.aside(7, value='{"nom": "Élodie Planté", "x": "\x1b[31m"}'.encode())
    listed = await desk.call("dlq", "list")
    assert listed.exit_code == 0
    assert f"{TOPIC}/3/7" in listed.stdout
    assert str(inscription) in listed.stdout
    assert "Planté" not in listed.output
    shown = await desk.call("dlq", "show", f"{TOPIC}/3/7")
    assert '{"nom": "Élodie Planté", "x": "\\x1b[31m"}' in shown.stdout
    assert re.search(r"header +ce_type: fr\.anct", shown.stdout)
    assert "ValueError" in shown.stdout


def test_a_table_cuts_nothing_off_that_goes_into_the_next_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    row = [f"{TOPIC}/11/1234567", "2027-05-03T14:00:00+02:00", str(uuid7()), "open", "value: [bold] is no UUID"]
    terminal.table(["record", "kept aside", "key", "state", "reason"], [row])
    drawn = capsys.readouterr().out
    assert all(cell in drawn for cell in row)


async def test_a_key_that_is_none_of_ours_is_not_listed(desk: Desk) -> None:
    await desk.aside(1)
    async with desk.database.transaction() as tx:
        await tx.connection.execute(text("UPDATE dlq SET key = 'elodie@exemple.fr'"))
    assert "elodie" not in (await desk.call("dlq", "list")).output


async def test_the_log_names_the_place_and_the_event_of_a_record_kept_aside_and_nothing_of_its_content(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured = LogCapture()
    logger = structlog.wrap_logger(None, processors=[captured], wrapper_class=structlog.make_filtering_bound_logger(0))
    monkeypatch.setattr("chassis.dlq.log", logger)
    await desk.aside(7, value='{"nom": "Élodie Planté"}'.encode())
    (line,) = captured.entries
    (packed,) = await desk.column("SELECT headers FROM dlq")
    identity = (dict(unpack_headers(packed))["ce_id"] or b"").decode()
    assert line["event"] == "record kept aside"
    assert (line["topic"], line["partition"], line["offset"], line["event_id"]) == (TOPIC, 3, 7, identity)
    assert "Planté" not in str(line)


async def test_the_list_is_filtered_and_paged(desk: Desk) -> None:
    keys = [await desk.aside(offset) for offset in range(5)]
    assert (await desk.call("dlq", "list", "--key", str(keys[2]))).stdout.count(TOPIC) == 1
    assert (await desk.call("dlq", "list", "--reason", "valueerr", "--topic", TOPIC)).stdout.count(TOPIC) == 5
    assert (await desk.call("dlq", "list", "--reason", "100%")).stdout == ""
    assert (await desk.call("dlq", "list", "--since", "2027-01-01T00:00+00:00", "--until", "2027-01-02")).stdout == ""
    second = await desk.call("dlq", "list", "--limit", "2", "--page", "3")
    assert f"{TOPIC}/3/4" in second.stdout
    assert second.stdout.count(TOPIC) == 1


async def test_a_replayed_record_takes_effect_once_however_often_it_is_replayed(desk: Desk) -> None:
    inscription = await desk.aside(1)
    await desk.aside(2, inscription)
    done = await desk.call("dlq", "replay", f"{TOPIC}/3/1", "--yes", "--by", "jeanne")
    assert done.exit_code == 0, done.output
    assert f"{TOPIC}/3/1: replayed" in done.stdout
    assert (await desk.call("dlq", "replay", f"{TOPIC}/3/1", "--yes")).exit_code == 2
    assert [event.key for event in await published(desk.database)] == [str(inscription)]
    assert await desk.column("SELECT history->0->>'by' FROM dlq WHERE closed_at IS NOT NULL") == ["jeanne"]
    assert await desk.column('SELECT "offset" FROM dlq WHERE closed_at IS NULL') == [2]


async def test_an_event_that_was_taken_meanwhile_has_no_second_effect(desk: Desk) -> None:
    await desk.aside(1)
    async with desk.database.transaction() as tx:
        await tx.connection.execute(
            text(
                'INSERT INTO dlq (topic, partition, "offset", key, headers, value, reason)'
                " SELECT topic, partition, 9, key, headers, value, reason FROM dlq"
            )
        )
    done = await desk.call("dlq", "replay", "--topic", TOPIC, "--yes")
    assert f"{TOPIC}/3/1: replayed" in done.stdout
    assert f"{TOPIC}/3/9: nothing to do" in done.stdout
    assert len(await published(desk.database)) == 1
    assert await desk.column("SELECT count(*) FROM dlq WHERE closed_at IS NULL") == [0]


async def test_one_key_is_replayed_in_the_order_of_its_records_and_no_other(desk: Desk) -> None:
    wanted, other = uuid7(), uuid7()
    for offset, inscription in ((5, wanted), (4, other), (3, wanted)):
        await desk.aside(offset, inscription)
    done = await desk.call("dlq", "replay", "--key", str(wanted), "--yes")
    assert done.stdout.splitlines() == [f"{TOPIC}/3/3: replayed", f"{TOPIC}/3/5: replayed"]
    assert desk.taken == [wanted, wanted]


async def test_a_span_of_time_is_replayed(desk: Desk) -> None:
    for offset in range(3):
        await desk.aside(offset)
    async with desk.database.transaction() as tx:
        await tx.connection.execute(
            text("UPDATE dlq SET received_at = timestamptz '2027-05-01 00:00Z' + \"offset\" * interval '1 day'")
        )
    span = ("--since", "2027-05-02T00:00Z", "--until", "2027-05-03T00:00Z")
    done = await desk.call("dlq", "replay", *span, "--yes")
    assert done.stdout.splitlines() == [f"{TOPIC}/3/1: replayed"]


@pytest.mark.parametrize("error", [ZeroDivisionError("Élodie"), NotYetKnown("groupe")])
async def test_what_still_fails_stays_with_its_new_reason_and_stops_nothing(desk: Desk, error: Exception) -> None:
    bad = await desk.aside(1)
    await desk.aside(2, value=b"{not json")
    good = await desk.aside(3)
    desk.trouble[bad] = error
    done = await desk.call("dlq", "replay", "--topic", TOPIC, "--yes")
    assert done.exit_code == 1
    assert [event.key for event in await published(desk.database)] == [str(good)]
    reasons = await desk.column('SELECT reason FROM dlq WHERE closed_at IS NULL ORDER BY "offset"')
    assert reasons[0].startswith(type(error).__name__)
    assert "JSON" in reasons[1]
    assert "Élodie" not in done.output
    assert await desk.column("SELECT history->0->>'did' FROM dlq WHERE closed_at IS NULL") == ["refused again"] * 2


async def test_a_lost_connection_leaves_the_record_open_without_a_mark(desk: Desk) -> None:
    bad = await desk.aside(1)
    desk.trouble[bad] = ConnectionResetError()
    done = await desk.call("dlq", "replay", "--topic", TOPIC, "--yes")
    assert done.exit_code == 1
    assert "run the command again" in done.stderr
    assert await desk.column("SELECT jsonb_array_length(history) FROM dlq WHERE closed_at IS NULL") == [0]
    assert await published(desk.database) == []


async def test_a_discarded_record_keeps_who_and_why_and_is_never_taken(desk: Desk) -> None:
    await desk.aside(1)
    done = await desk.call("dlq", "discard", f"{TOPIC}/3/1", "--why", "essai d’un portail", "--by", "jeanne", "--yes")
    assert done.exit_code == 0
    assert (await desk.call("dlq", "replay", f"{TOPIC}/3/1", "--yes")).exit_code == 2
    assert desk.taken == []
    assert (await desk.call("dlq", "list")).stdout == ""
    assert "closed" in (await desk.call("dlq", "list", "--all")).stdout
    assert "jeanne: discarded: essai d’un portail" in (await desk.call("dlq", "show", f"{TOPIC}/3/1")).stdout


@pytest.mark.parametrize("verb", [["replay"], ["discard", "--why", "essai"]])
async def test_nothing_happens_without_a_yes_or_without_saying_which(desk: Desk, verb: list[str]) -> None:
    await desk.aside(1)
    refused = await desk.call("dlq", *verb, "--topic", TOPIC, answer="n\n")
    assert "1 record?" in refused.stdout
    assert refused.exit_code == 1
    assert (await desk.call("dlq", *verb, "--yes")).exit_code == 2
    assert await desk.column("SELECT jsonb_array_length(history) FROM dlq WHERE closed_at IS NULL") == [0]


async def test_a_wrong_command_is_told_in_one_line(desk: Desk) -> None:
    for wrong in (["show", "ateliers.x"], ["show", f"{TOPIC}/0/1"], ["list", "--since", "hier"], ["replay", "a/b/c"]):
        answer = await desk.call("dlq", *wrong)
        assert answer.exit_code == 2, wrong
        assert len(answer.stderr.splitlines()) == 1
    reasonless = await desk.call("dlq", "discard", f"{TOPIC}/3/1", "--why", " ", "--yes")
    assert "--why is empty" in reasonless.stderr


@pytest.mark.parametrize(("version", "told"), [("0007", "newer version"), ("0000", "run `registration migrate`")])
async def test_a_database_of_another_version_is_left_alone(desk: Desk, version: str, told: str) -> None:
    async with desk.database.transaction() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    answer = await desk.call("dlq", "list")
    assert answer.exit_code == 1
    assert told in answer.stderr


async def send(kafka: str, *events: tuple[InscriptionRetiree, datetime]) -> None:
    """Put withdrawals on the front door as of their moments."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    if TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for event, moment in events:
        message = encode(Event(uuid7(), "portail", moment, event))
        headers, milliseconds = list(message.headers), int(moment.timestamp() * 1000)
        await producer.send_and_wait(
            TOPIC, message.value, key=message.key, headers=headers, partition=0, timestamp_ms=milliseconds
        )
    await producer.stop()


async def test_a_topic_is_read_again_for_one_key_and_for_one_span_of_time(desk: Desk, kafka_bootstrap: str) -> None:
    desk.more = {"kafka_bootstrap_servers": kafka_bootstrap}
    now = datetime.now(UTC)
    before, first, second = (InscriptionRetiree(inscription=uuid7(), retiree_le=now) for _ in range(3))
    await send(kafka_bootstrap, (before, now - timedelta(hours=2)), (first, now), (second, now))
    span = ("--since", (now - timedelta(minutes=1)).isoformat(), "--yes")
    one = await desk.call("replay", TOPIC, *span, "--key", str(second.inscription))
    assert one.exit_code == 0, one.output
    assert desk.taken == [second.inscription]
    assert (await desk.call("replay", TOPIC, *span)).exit_code == 0
    assert (await desk.call("replay", TOPIC, *span)).exit_code == 0
    mine = [
        inscription for inscription in desk.taken if inscription in {e.inscription for e in (before, first, second)}
    ]
    assert mine == [second.inscription, first.inscription]
    assert (await desk.call("replay", "ateliers.retours", *span)).exit_code == 2
    assert (await desk.call("replay", TOPIC, *span[:2], answer="n\n")).exit_code == 1


async def refused(desk: Desk) -> int:
    """Put two events of one key into the outbox, the first refused by the broker; its row."""
    async with desk.database.transaction() as tx:
        for _ in range(2):
            tx.publish_raw(TOPIC, b"clef", b"[]", b"{}")
    async with desk.database.transaction() as tx:
        await tx.connection.execute(
            text("UPDATE outbox SET quarantined = 'too large' WHERE id = (SELECT min(id) FROM outbox)")
        )
    (row,) = await desk.column("SELECT id FROM outbox WHERE quarantined IS NOT NULL")
    return int(row)


async def test_a_refused_event_is_listed_with_those_behind_it_and_sent_again(desk: Desk) -> None:
    row = await refused(desk)
    listed = await desk.call("outbox", "list")
    fields = listed.stdout.rstrip("\n").split("\t")
    assert (fields[0], fields[2], fields[5], fields[6]) == (str(row), "clef", "1", "too large")
    assert (await desk.call("outbox", "retry", str(row))).exit_code == 0
    assert await desk.column("SELECT count(*) FROM outbox WHERE quarantined IS NULL AND sent_at IS NULL") == [2]
    assert (await desk.call("outbox", "retry", str(row))).exit_code == 2


async def test_a_refused_event_is_given_up_with_a_reason_and_lets_its_key_go(desk: Desk) -> None:
    row = await refused(desk)
    assert (await desk.call("outbox", "discard", str(row), "--why", "", "--yes")).exit_code == 2
    assert (await desk.call("outbox", "discard", str(row), "--why", "x", answer="n\n")).exit_code == 1
    assert len((await desk.call("outbox", "list")).stdout.splitlines()) == 1
    done = await desk.call("outbox", "discard", str(row), "--why", "pièce jointe", "--by", "jeanne", "--yes")
    assert done.exit_code == 0
    assert (await desk.call("outbox", "list")).stdout == ""
    kept = await desk.column("SELECT quarantined FROM outbox WHERE sent_at IS NOT NULL")
    assert kept == ["too large; discarded by jeanne: pièce jointe"]
