"""Consuming with inbox, store and outbox: our batches against one message per transaction."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from chassis.broker import make_broker
from chassis.handlers import Handlers, Received
from chassis.ids import uuid7
from chassis.store import Database, Transaction, pack_headers
from chassis.subscriber import Subscriber
from contracts.envelope import Event, encode
from contracts.events import InscriptionAnnulee, InscriptionRecue
from contracts.events.inscriptions import Annulation
from contracts.topics import INSCRIPTIONS_RECUES
from sqlalchemy import text

from bench.one_by_one import is_new, one_by_one
from bench.stand import Stand, database, inscriptions, produce, rate

BATCHED, ALONE = 40_000, 2_000
_COUNT = "SELECT count(*) FROM demandes"
_MANY = text("""
    INSERT INTO demandes (id, campagne, thematique, adresse, contenu)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:campagnes AS text[]), CAST(:thematiques AS text[]),
                         CAST(:adresses AS text[]), CAST(:contenus AS text[]))
    ON CONFLICT DO NOTHING
""")
_ONE = text("INSERT INTO demandes VALUES (:id, :campagne, :thematique, :adresse, :contenu) ON CONFLICT DO NOTHING")
_OUTBOX = text("INSERT INTO outbox (topic, key, headers, value) VALUES (:topic, :key, :headers, :value)")


def _answer(data: InscriptionRecue, tx_now: Any) -> InscriptionAnnulee:
    return InscriptionAnnulee(
        inscription=data.inscription,
        campagne=data.campagne,
        thematique=data.thematique,
        cause=Annulation.EQUIPE,
        annulee_le=tx_now,
    )


def _handlers() -> Handlers:
    handlers = Handlers()

    @handlers.on(InscriptionRecue)
    async def take(tx: Transaction, events: Sequence[Received[InscriptionRecue]]) -> None:
        rows = [event.data for event in events]
        await tx.connection.execute(
            _MANY,
            {
                "ids": [row.inscription for row in rows],
                "campagnes": [row.campagne for row in rows],
                "thematiques": [row.thematique for row in rows],
                "adresses": [row.personne.email for row in rows],
                "contenus": [row.situation for row in rows],
            },
        )
        for row in rows:
            tx.publish(_answer(row, tx.now))

    return handlers


async def _batched(stand: Stand, base: Database, count: int) -> float:
    broker = make_broker(stand.settings(base.engine.url.render_as_string(hide_password=False)))
    Subscriber("bench-batched", (INSCRIPTIONS_RECUES,), _handlers(), base).attach(broker)
    await broker.start()
    try:
        return await rate(base, _COUNT, count)
    finally:
        await broker.stop()


async def _take_one(base: Database, event: Event, data: InscriptionRecue) -> None:
    async with base.engine.begin() as connection:
        if not await is_new(connection, event):
            return
        row = {"id": data.inscription, "campagne": data.campagne, "thematique": data.thematique}
        await connection.execute(_ONE, {**row, "adresse": data.personne.email, "contenu": data.situation})
        now = base.clock()
        out = encode(Event(uuid7(), base.source, now, _answer(data, now)))
        values = {"topic": out.topic, "key": out.key, "headers": pack_headers(out.headers), "value": out.value}
        await connection.execute(_OUTBOX, values)


async def _alone(stand: Stand, base: Database, count: int) -> float:
    broker = one_by_one(stand.kafka.bootstrap_servers, "bench-alone", partial(_take_one, base))
    await broker.start()
    try:
        return await rate(base, _COUNT, count)
    finally:
        await broker.stop()


async def measure(stand: Stand) -> tuple[float, float]:
    """Return events a second: in batches, and one per transaction."""
    await produce(stand, inscriptions(BATCHED))
    async with database(stand, "batched") as base:
        batched = await _batched(stand, base, BATCHED)
    async with database(stand, "alone") as base:
        alone = await _alone(stand, base, ALONE)
    return batched, alone
