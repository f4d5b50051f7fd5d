"""What the file makes of events, without Kafka."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.envelope import Event, encode
from contracts.model import EventData
from contracts.samples import SAMPLES
from crm.file import CrmFile, Record

from contracts import events

TOPIC = "ateliers.essai"


def data(event: type[EventData], **changes: Any) -> EventData:
    found = next(sample.data for sample in SAMPLES if type(sample.data) is event)
    return found.model_copy(update=changes)


def record(offset: int, told: EventData, id_: UUID | None = None) -> Record:
    message = encode(Event(id_ or uuid4(), "/ateliers/essai", SAMPLES[0].time, told))
    return Record(offset, message.key, message.headers, message.value)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CrmFile]:
    opened = CrmFile(tmp_path / "crm.sqlite")
    yield opened
    opened.close()


def rows(file: CrmFile, query: str) -> list[Any]:
    with sqlite3.connect(file.path) as connection:
        return connection.execute(query).fetchall()


def test_every_event_of_the_contract_for_a_crm_leaves_its_trace(file: CrmFile) -> None:
    told = [sample.data for sample in SAMPLES]
    file.store(TOPIC, 0, [record(offset, one) for offset, one in enumerate(told)])
    assert rows(file, "SELECT count(*) FROM journal") == [(len(SAMPLES),)]
    assert rows(file, "SELECT etat, count(*) FROM inscriptions GROUP BY etat ORDER BY etat") == [
        ("annulee", 1),
        ("refusee", 1),
    ]
    assert rows(file, "SELECT nom, collectivite, raison FROM inscriptions WHERE etat = 'annulee'") == [
        ("Arribat", "Pélussin", "retrait")
    ]
    assert rows(file, "SELECT decision, code FROM affectations") == [("retenue", "retenue.place")]
    assert rows(file, "SELECT version FROM groupes") == [(2,)]
    assert rows(file, "SELECT count(*) FROM membres") == [(11,)]
    assert rows(file, "SELECT annulee, sequence, visio_url IS NOT NULL FROM seances") == [(1, 2, 1)]
    assert rows(file, "SELECT satisfaction, besoins FROM retours") == [(5, '["forets"]')]
    assert rows(file, "SELECT etat FROM notifications ORDER BY etat") == [("echouee",), ("envoyee",)]
    assert rows(file, "SELECT etat FROM campagnes") == [("close",)]
    assert rows(file, "SELECT * FROM ignores") == []


def test_the_same_event_twice_counts_once(file: CrmFile) -> None:
    once = uuid4()
    forme, modifie = data(events.GroupeForme), data(events.GroupeModifie, version=1, nom="Autre nom")
    file.store(TOPIC, 0, [record(0, forme, once), record(1, modifie), record(2, forme, once)])
    assert rows(file, "SELECT nom FROM groupes") == [("Autre nom",)]
    assert file.position(TOPIC, 0) == 3


def test_an_older_version_never_replaces_a_newer_one(file: CrmFile) -> None:
    file.store(
        TOPIC,
        0,
        [
            record(0, data(events.GroupeModifie, version=3, membres=())),
            record(1, data(events.GroupeForme, version=1)),
            record(2, data(events.SeanceDeplacee, sequence=2)),
            record(3, data(events.SeancePlanifiee, sequence=0)),
            record(4, data(events.RetourCollecte, version=2, satisfaction=1)),
            record(5, data(events.RetourCollecte, version=1, satisfaction=5)),
        ],
    )
    assert rows(file, "SELECT version FROM groupes") == [(3,)]
    assert rows(file, "SELECT count(*) FROM membres") == [(0,)]
    assert rows(file, "SELECT sequence FROM seances") == [(2,)]
    assert rows(file, "SELECT satisfaction FROM retours") == [(1,)]


def test_records_that_are_already_in_the_file_are_passed_over(file: CrmFile) -> None:
    batch = [record(offset, data(events.NotificationEnvoyee, notification=uuid4())) for offset in range(4)]
    file.store(TOPIC, 0, batch[:3])
    file.store(TOPIC, 0, batch)
    assert rows(file, "SELECT count(*) FROM notifications") == [(4,)]
    assert (file.position(TOPIC, 0), file.position(TOPIC, 1)) == (4, 0)


def test_what_can_not_be_read_or_is_newer_is_noted_and_holds_nothing_back(file: CrmFile) -> None:
    good = record(2, data(events.AffectationDecidee))
    newer = tuple((name, b"fr.anct.ateliers.x.v9" if name == "ce_type" else content) for name, content in good.headers)
    file.store(TOPIC, 0, [Record(0, b"k", (), b"{"), Record(1, good.key, newer, good.value), good])
    noted = rows(file, "SELECT position, raison FROM ignores ORDER BY position")
    assert [(position, reason.split(":")[0]) for position, reason in noted] == [(0, "InvalidEvent"), (1, "UnknownType")]
    assert rows(file, "SELECT count(*) FROM affectations") == [(1,)]
    assert file.position(TOPIC, 0) == 3


def test_a_failure_in_the_middle_of_a_batch_leaves_neither_rows_nor_position(tmp_path: Path) -> None:
    def fail_on_third(connection: sqlite3.Connection, event: Event) -> None:
        connection.execute("INSERT INTO membres VALUES ('g', ?)", (str(event.id),))
        if connection.execute("SELECT count(*) FROM membres").fetchone() == (3,):
            raise MemoryError

    batch = [record(offset, data(events.AffectationDecidee)) for offset in range(4)]
    broken = CrmFile(tmp_path / "crm.sqlite", fail_on_third)
    with pytest.raises(MemoryError):
        broken.store(TOPIC, 0, batch)
    assert rows(broken, "SELECT (SELECT count(*) FROM membres), (SELECT count(*) FROM journal)") == [(0, 0)]
    assert broken.position(TOPIC, 0) == 0
    broken.close()
    repaired = CrmFile(tmp_path / "crm.sqlite")
    repaired.store(TOPIC, 0, batch)
    assert rows(repaired, "SELECT count(*) FROM journal") == [(4,)]
    repaired.close()
