"""Events in: inscriptions at the front door, and what scheduling decides, for the follow page. Translation only."""

from collections.abc import Iterable, Sequence

from chassis.handlers import Handlers, Received
from chassis.store import Transaction
from contracts.events import (
    AffectationDecidee,
    GroupeDissous,
    GroupeForme,
    GroupeModifie,
    InscriptionRecue,
    InscriptionRetiree,
    SeanceAnnulee,
    SeanceDeplacee,
    SeancePlanifiee,
)

from registration import use_cases
from registration.admission import Collectivites
from registration.repository.suivi import (
    Affectation,
    Groupe,
    Seance,
    remove_groupes,
    save_affectations,
    save_groupes,
    save_seances,
)


def handlers(known: Collectivites) -> Handlers:
    """Return what registration does with each event that it reads."""
    h = Handlers()

    @h.on(InscriptionRecue)
    async def receive(tx: Transaction, events: Sequence[Received[InscriptionRecue]]) -> None:
        await use_cases.receive_inscriptions(tx, known, [event.data for event in events])

    @h.on(InscriptionRetiree)
    async def annul(tx: Transaction, events: Sequence[Received[InscriptionRetiree]]) -> None:
        await use_cases.annul_inscriptions(tx, [event.data for event in events])

    _follow(h)
    return h


def _follow(h: Handlers) -> None:
    @h.on(AffectationDecidee)
    async def affect(tx: Transaction, events: Sequence[Received[AffectationDecidee]]) -> None:
        names = Affectation.__dataclass_fields__
        rows = [Affectation(**{name: getattr(event.data, name) for name in names}) for event in events]
        await save_affectations(tx.connection, rows)

    @h.on(GroupeForme)
    async def form(tx: Transaction, events: Sequence[Received[GroupeForme]]) -> None:
        await save_groupes(tx.connection, _groupes(event.data for event in events))

    @h.on(GroupeModifie)
    async def modify(tx: Transaction, events: Sequence[Received[GroupeModifie]]) -> None:
        await save_groupes(tx.connection, _groupes(event.data for event in events))

    @h.on(GroupeDissous)
    async def dissolve(tx: Transaction, events: Sequence[Received[GroupeDissous]]) -> None:
        await remove_groupes(tx.connection, [event.data.groupe for event in events])

    @h.on(SeancePlanifiee)
    async def plan(tx: Transaction, events: Sequence[Received[SeancePlanifiee]]) -> None:
        await save_seances(tx.connection, _seances(event.data for event in events))

    @h.on(SeanceDeplacee)
    async def move(tx: Transaction, events: Sequence[Received[SeanceDeplacee]]) -> None:
        await save_seances(tx.connection, _seances(event.data for event in events))

    @h.on(SeanceAnnulee)
    async def cancel(tx: Transaction, events: Sequence[Received[SeanceAnnulee]]) -> None:
        await save_seances(tx.connection, _seances(event.data for event in events))


def _groupes(events: Iterable[GroupeForme | GroupeModifie]) -> list[Groupe]:
    return [
        Groupe(event.groupe, event.nom, event.creneau, event.animateur_nom, len(event.membres), event.version)
        for event in events
    ]


def _seances(events: Iterable[SeancePlanifiee | SeanceDeplacee | SeanceAnnulee]) -> list[Seance]:
    return [
        Seance(
            id=event.seance,
            groupe=event.groupe,
            rang=event.rang,
            debut=event.debut,
            fin=event.fin,
            sequence=event.sequence,
            visio_url=None if isinstance(event, SeanceAnnulee) else event.visio_url,
            annulee=isinstance(event, SeanceAnnulee),
        )
        for event in events
    ]
