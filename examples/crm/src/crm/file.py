"""The CRM's SQLite file. Rows and the position in each topic change in one transaction, or not at all.

So a process that is killed anywhere goes on where its file stands: nothing is lost and nothing is taken twice.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.envelope import Event, InvalidEvent, UnknownType, decode

from crm.story import apply

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS positions (
    topic TEXT, partition INTEGER, suivant INTEGER NOT NULL, PRIMARY KEY (topic, partition)) STRICT;
CREATE TABLE IF NOT EXISTS journal (
    numero INTEGER PRIMARY KEY, evenement TEXT NOT NULL UNIQUE, type TEXT NOT NULL, cle TEXT NOT NULL,
    source TEXT NOT NULL, moment TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ignores (
    topic TEXT, partition INTEGER, position INTEGER, raison TEXT NOT NULL,
    PRIMARY KEY (topic, partition, position)) STRICT;
CREATE TABLE IF NOT EXISTS campagnes (
    code TEXT PRIMARY KEY, nom TEXT NOT NULL, etat TEXT NOT NULL, inscriptions_du TEXT NOT NULL,
    inscriptions_au TEXT NOT NULL, seances_du TEXT NOT NULL, seances_au TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS inscriptions (
    id TEXT PRIMARY KEY, campagne TEXT NOT NULL, thematique TEXT NOT NULL, etat TEXT NOT NULL,
    prenom TEXT, nom TEXT, email TEXT, telephone TEXT, qualite TEXT, fonction TEXT,
    collectivite_type TEXT, collectivite_code TEXT, collectivite TEXT, departement TEXT, taille TEXT,
    raison TEXT) STRICT;
CREATE TABLE IF NOT EXISTS affectations (
    inscription TEXT PRIMARY KEY, decision TEXT NOT NULL, code TEXT NOT NULL, phrase TEXT NOT NULL, groupe TEXT,
    rang_attente INTEGER, decidee_le TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS groupes (
    id TEXT PRIMARY KEY, campagne TEXT NOT NULL, thematique TEXT NOT NULL, nom TEXT, creneau TEXT,
    animateur TEXT, animateur_nom TEXT, version INTEGER NOT NULL, dissous_le TEXT) STRICT;
CREATE TABLE IF NOT EXISTS membres (groupe TEXT, inscription TEXT, PRIMARY KEY (groupe, inscription)) STRICT;
CREATE TABLE IF NOT EXISTS seances (
    id TEXT PRIMARY KEY, groupe TEXT NOT NULL, campagne TEXT NOT NULL, thematique TEXT NOT NULL,
    rang INTEGER NOT NULL, debut TEXT NOT NULL, fin TEXT NOT NULL, sequence INTEGER NOT NULL,
    visio_url TEXT, annulee INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS retours (
    id TEXT PRIMARY KEY, inscription TEXT NOT NULL, seance TEXT NOT NULL, groupe TEXT NOT NULL,
    rang INTEGER NOT NULL, satisfaction INTEGER NOT NULL, besoins TEXT NOT NULL, temoignage TEXT,
    version INTEGER NOT NULL, collecte_le TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS notifications (
    id TEXT PRIMARY KEY, inscription TEXT NOT NULL, modele TEXT NOT NULL, etat TEXT NOT NULL, cause TEXT,
    moment TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as Kafka gives it."""

    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


class CrmFile:
    """The file, open; a second process may have it open too."""

    def __init__(self, path: Path, take: Callable[[sqlite3.Connection, Event], None] = apply) -> None:
        self.path = path
        self._take = take
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def position(self, topic: str, partition: int) -> int:
        """Return the offset of the first record that is not yet in the file."""
        query = "SELECT suivant FROM positions WHERE topic = ? AND partition = ?"
        row = self._connection.execute(query, (topic, partition)).fetchone()
        return int(row[0]) if row else 0

    def store(self, topic: str, partition: int, records: Iterable[Record]) -> None:
        """Take consecutive records of one partition and move its position behind them, in one transaction."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                start = self.position(topic, partition)
                following = start
                for record in records:
                    if record.offset >= start:
                        self._store_one(topic, partition, record)
                        following = record.offset + 1
                cursor.execute("REPLACE INTO positions VALUES (?, ?, ?)", (topic, partition, following))
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise

    def _store_one(self, topic: str, partition: int, record: Record) -> None:
        try:
            event = decode(record.key, record.headers, record.value)
        except (InvalidEvent, UnknownType) as error:
            reason = f"{type(error).__name__}: {error}"
            self._connection.execute(
                "INSERT INTO ignores VALUES (?, ?, ?, ?)", (topic, partition, record.offset, reason)
            )
            return
        entry = (str(event.id), event.data.event_type, event.key, event.source, event.time.isoformat())
        added = self._connection.execute(
            "INSERT INTO journal (evenement, type, cle, source, moment) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            entry,
        )
        if added.rowcount:
            self._take(self._connection, event)
