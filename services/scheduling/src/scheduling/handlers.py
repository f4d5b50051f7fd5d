"""Messages in: each batch of one kind to one use case."""

from collections.abc import Sequence

from chassis.handlers import Handlers, Received
from chassis.store import Transaction
from contracts.events import CampagneClose, CampagneOuverte, InscriptionAnnulee, InscriptionValidee

from scheduling import use_cases


def handlers() -> Handlers:
    """Return the handlers of scheduling; the chassis wraps each batch in its transaction."""
    on = Handlers()

    @on.on(CampagneOuverte)
    async def campagne_ouverte(tx: Transaction, events: Sequence[Received[CampagneOuverte]]) -> None:
        await use_cases.record_campagnes(tx, [event.data for event in events])

    @on.on(CampagneClose)
    async def campagne_close(tx: Transaction, events: Sequence[Received[CampagneClose]]) -> None:
        await use_cases.record_campagnes(tx, [event.data for event in events])

    @on.on(InscriptionValidee)
    async def inscription_validee(tx: Transaction, events: Sequence[Received[InscriptionValidee]]) -> None:
        await use_cases.record_inscriptions(tx, [event.data for event in events])

    @on.on(InscriptionAnnulee)
    async def inscription_annulee(tx: Transaction, events: Sequence[Received[InscriptionAnnulee]]) -> None:
        await use_cases.record_annulations(tx, [event.data for event in events])

    return on
