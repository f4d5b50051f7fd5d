"""Events in: each is one use case, a batch at a time."""

from collections.abc import Sequence

from chassis.handlers import Handlers, Received
from chassis.store import Transaction

from contracts import events
from feedback import use_cases


def handlers() -> Handlers:
    """Take what the questionnaire needs to know of campagnes, people, groupes and séances."""
    on = Handlers()
    _take_people(on)
    _take_groupes(on)
    _take_seances(on)
    return on


def _take_people(on: Handlers) -> None:
    @on.on(events.CampagneOuverte)
    async def campagne_ouverte(tx: Transaction, received: Sequence[Received[events.CampagneOuverte]]) -> None:
        await use_cases.record_campagnes(tx, [one.data for one in received])

    @on.on(events.CampagneClose)
    async def campagne_close(tx: Transaction, received: Sequence[Received[events.CampagneClose]]) -> None:
        await use_cases.record_campagnes(tx, [one.data for one in received])

    @on.on(events.InscriptionValidee)
    async def inscription_validee(tx: Transaction, received: Sequence[Received[events.InscriptionValidee]]) -> None:
        await use_cases.record_participants(tx, [one.data for one in received])

    @on.on(events.InscriptionAnnulee)
    async def inscription_annulee(tx: Transaction, received: Sequence[Received[events.InscriptionAnnulee]]) -> None:
        await use_cases.record_withdrawals(tx, [one.data for one in received])


def _take_groupes(on: Handlers) -> None:
    @on.on(events.GroupeForme)
    async def groupe_forme(tx: Transaction, received: Sequence[Received[events.GroupeForme]]) -> None:
        await use_cases.record_groupes(tx, [(one.time, one.data) for one in received])

    @on.on(events.GroupeModifie)
    async def groupe_modifie(tx: Transaction, received: Sequence[Received[events.GroupeModifie]]) -> None:
        await use_cases.record_groupes(tx, [(one.time, one.data) for one in received])

    @on.on(events.GroupeDissous)
    async def groupe_dissous(tx: Transaction, received: Sequence[Received[events.GroupeDissous]]) -> None:
        await use_cases.record_dissolved_groupes(tx, [one.data for one in received])


def _take_seances(on: Handlers) -> None:
    @on.on(events.SeancePlanifiee)
    async def seance_planifiee(tx: Transaction, received: Sequence[Received[events.SeancePlanifiee]]) -> None:
        await use_cases.record_seances(tx, [one.data for one in received])

    @on.on(events.SeanceDeplacee)
    async def seance_deplacee(tx: Transaction, received: Sequence[Received[events.SeanceDeplacee]]) -> None:
        await use_cases.record_seances(tx, [one.data for one in received])

    @on.on(events.SeanceAnnulee)
    async def seance_annulee(tx: Transaction, received: Sequence[Received[events.SeanceAnnulee]]) -> None:
        await use_cases.record_seances(tx, [one.data for one in received])
