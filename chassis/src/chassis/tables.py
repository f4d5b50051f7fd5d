"""The three tables of delivery, the same in every service: inbox, outbox and dlq."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, UUID

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def new_metadata() -> MetaData:
    """Metadata for one service's tables, with the tables of delivery already in it."""
    metadata = MetaData(naming_convention=NAMING)
    add_delivery_tables(metadata)
    return metadata


def add_delivery_tables(metadata: MetaData) -> tuple[Table, ...]:
    inbox = Table(
        "inbox",
        metadata,
        Column("event_id", UUID(as_uuid=True), primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    )
    outbox = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary),
        Column("headers", LargeBinary, nullable=False),
        Column("value", LargeBinary),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("sent_at", DateTime(timezone=True)),
        Column("quarantined", Text, comment="why the broker can't take it; holds back its own key only"),
    )
    Index("outbox_unsent_idx", outbox.c.id, postgresql_where=outbox.c.sent_at.is_(None))
    Index(
        "outbox_quarantined_idx",
        outbox.c.topic,
        outbox.c.key,
        postgresql_where=outbox.c.quarantined.is_not(None) & outbox.c.sent_at.is_(None),
    )
    dlq = Table(
        "dlq",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("offset", BigInteger, primary_key=True),
        Column("key", LargeBinary),
        Column("headers", LargeBinary, nullable=False),
        Column("value", LargeBinary),
        Column("reason", Text, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        *dlq_history(),
    )
    Index("dlq_open_idx", dlq.c.received_at, postgresql_where=dlq.c.closed_at.is_(None))
    return inbox, outbox, dlq


def dlq_history() -> tuple[Column[Any], Column[Any]]:
    """What people did about a record that was kept aside; the second migration of every service adds it."""
    return (
        Column("closed_at", DateTime(timezone=True), comment="null: nobody has replayed or discarded it yet"),
        Column(
            "history",
            JSONB,
            nullable=False,
            server_default=sql("'[]'"),
            comment="who did what, oldest first",
        ),
    )
