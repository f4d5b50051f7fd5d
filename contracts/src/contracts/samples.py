"""One event of each type, that together tell one inscription from its arrival to its retour.

Invented people, reserved addresses (RFC 2606), fixed ids and times: the files made from them change only with the
contract.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from contracts import events
from contracts.envelope import Event
from contracts.events.campagnes import Animateur, TailleGroupe, Thematique
from contracts.events.inscriptions import (
    Accord,
    Annulation,
    Collectivite,
    CollectiviteDemandee,
    Disponibilite,
    Engagements,
    Personne,
    Qualite,
    Taille,
    TypeCollectivite,
)
from contracts.events.retours import Temoignage
from contracts.model import EventData
from contracts.reasons import PHRASES, Decision, Motif, Refus
from contracts.topics import topic_of

_CAMPAGNE: Final = "printemps-2027"
_ARRIVAL: Final = datetime(2027, 3, 2, 9, 41, 27, 318_000, tzinfo=UTC)
_FIRST_MEETING: Final = datetime(2027, 5, 11, 6, 30, tzinfo=UTC)


def _id(kind: int, number: int = 1) -> UUID:
    """Return a fixed id in the form of a UUID v7 (RFC 9562, 5.7)."""
    return UUID(f"019d4a1c-{kind:04x}-7000-8000-{number:012x}")


_INSCRIPTION: Final = _id(1)
_GROUPE: Final = _id(2)
_SEANCE: Final = _id(3)

_CAMPAGNE_FIELDS: Final = {
    "campagne": _CAMPAGNE,
    "nom": "Ateliers interactifs, printemps 2027",
    "inscriptions_du": datetime(2027, 2, 15, 7, tzinfo=UTC),
    "inscriptions_au": datetime(2027, 3, 31, 16, tzinfo=UTC),
    "seances_du": date(2027, 5, 3),
    "seances_au": date(2027, 7, 9),
    "thematiques": (
        Thematique(code="forets", titre="Forêts : comment coopérer pour en prendre soin ?"),
        Thematique(
            code="eau",
            titre="L’eau, ressource rare : comment préserver le partage du premier des biens communs ?",
        ),
    ),
    "creneaux": ("mardi-matin", "jeudi-apres-midi"),
    "animateurs": (
        Animateur(
            id="maud-kerleroux",
            nom="Maud Kerleroux",
            thematiques=("eau", "forets"),
            creneaux=("mardi-matin", "jeudi-apres-midi"),
            indisponible=(date(2027, 6, 8),),
        ),
    ),
    "groupe": TailleGroupe(),
}
_DEMANDE_FIELDS: Final = {
    "inscription": _INSCRIPTION,
    "campagne": _CAMPAGNE,
    "thematique": "eau",
    "personne": Personne(
        prenom="Solène", nom="Arribat", email="solene.arribat@pelussin.example", telephone="01 99 00 12 34"
    ),
    "qualite": Qualite.ELU,
    "fonction": "adjointe au maire, déléguée à l’eau",
    "disponibilites": (
        Disponibilite(creneau="mardi-matin", accord=Accord.PREFERE),
        Disponibilite(creneau="jeudi-apres-midi", accord=Accord.POSSIBLE),
    ),
    "situation": "Deux communes tirent leur eau de la même source, qui a baissé d’un tiers en trois étés.",
    "engagements": Engagements(quatre_seances=True, situation_concrete=True, camera_et_micro=True),
    "recue_le": _ARRIVAL,
    "rang": 1,
}
_GROUPE_FIELDS: Final = {
    "groupe": _GROUPE,
    "campagne": _CAMPAGNE,
    "thematique": "eau",
    "nom": "Eau, groupe 1",
    "creneau": "mardi-matin",
    "animateur": "maud-kerleroux",
    "animateur_nom": "Maud Kerleroux",
}
_SEANCE_FIELDS: Final = {
    "seance": _SEANCE,
    "groupe": _GROUPE,
    "campagne": _CAMPAGNE,
    "thematique": "eau",
    "rang": 4,
}
_VISIO: Final = "https://visio.example/eau-groupe-1"
_MEMBRES: Final = (_INSCRIPTION, *(_id(1, number) for number in range(2, 13)))

_DATA: Final[tuple[tuple[EventData, datetime], ...]] = (
    (
        events.InscriptionRecue(
            collectivite=CollectiviteDemandee(type=TypeCollectivite.COMMUNE, code="42168"),
            avec=("idriss.vautrin@epci-du-pilat.example",),
            **_DEMANDE_FIELDS,
        ),
        _ARRIVAL,
    ),
    (
        events.InscriptionRetiree(inscription=_INSCRIPTION, retiree_le=_ARRIVAL + timedelta(days=40)),
        _ARRIVAL + timedelta(days=40),
    ),
    (events.CampagneOuverte(**_CAMPAGNE_FIELDS), datetime(2027, 2, 15, 7, tzinfo=UTC)),
    (
        events.CampagneClose(close_le=datetime(2027, 3, 31, 16, tzinfo=UTC), **_CAMPAGNE_FIELDS),
        datetime(2027, 3, 31, 16, tzinfo=UTC),
    ),
    (
        events.InscriptionValidee(
            collectivite=Collectivite(
                type=TypeCollectivite.COMMUNE, code="42168", nom="Pélussin", departement="42", taille=Taille.MOYENNE
            ),
            avec=("idriss.vautrin@epci-du-pilat.example",),
            **_DEMANDE_FIELDS,
        ),
        _ARRIVAL + timedelta(seconds=1),
    ),
    (
        events.InscriptionRefusee(
            inscription=_id(1, 99),
            campagne=_CAMPAGNE,
            thematique="eau",
            personne=Personne(prenom="Côme", nom="Baudrillart", email="come.baudrillart@dardilly.example"),
            code=Refus.COLLECTIVITE_INCONNUE,
            phrase=PHRASES[Refus.COLLECTIVITE_INCONNUE],
            champs=("collectivite",),
            refusee_le=_ARRIVAL + timedelta(minutes=3),
        ),
        _ARRIVAL + timedelta(minutes=3),
    ),
    (
        events.InscriptionAnnulee(
            inscription=_INSCRIPTION,
            campagne=_CAMPAGNE,
            thematique="eau",
            cause=Annulation.RETRAIT,
            annulee_le=_ARRIVAL + timedelta(days=40, seconds=1),
        ),
        _ARRIVAL + timedelta(days=40, seconds=1),
    ),
    (
        events.AffectationDecidee(
            inscription=_INSCRIPTION,
            campagne=_CAMPAGNE,
            thematique="eau",
            decision=Decision.RETENUE,
            code=Motif.PLACE,
            phrase=PHRASES[Motif.PLACE],
            groupe=_GROUPE,
            decidee_le=datetime(2027, 4, 6, 8, 15, tzinfo=UTC),
        ),
        datetime(2027, 4, 6, 8, 15, tzinfo=UTC),
    ),
    (
        events.GroupeForme(membres=_MEMBRES, version=1, **_GROUPE_FIELDS),
        datetime(2027, 4, 6, 8, 15, tzinfo=UTC),
    ),
    (
        events.GroupeModifie(membres=_MEMBRES[1:], version=2, **_GROUPE_FIELDS),
        datetime(2027, 4, 12, 12, 5, tzinfo=UTC),
    ),
    (
        events.GroupeDissous(
            groupe=_id(2, 2),
            campagne=_CAMPAGNE,
            thematique="forets",
            cause="Trop peu de participants après trois retraits.",
            dissous_le=datetime(2027, 4, 13, 7, 30, tzinfo=UTC),
        ),
        datetime(2027, 4, 13, 7, 30, tzinfo=UTC),
    ),
    (
        events.SeancePlanifiee(
            debut=_FIRST_MEETING + timedelta(weeks=6),
            fin=_FIRST_MEETING + timedelta(weeks=6, hours=2),
            sequence=0,
            visio_url=_VISIO,
            **_SEANCE_FIELDS,
        ),
        datetime(2027, 4, 6, 8, 15, tzinfo=UTC),
    ),
    (
        events.SeanceDeplacee(
            debut=_FIRST_MEETING + timedelta(weeks=7),
            fin=_FIRST_MEETING + timedelta(weeks=7, hours=2),
            sequence=1,
            visio_url=_VISIO,
            ancien_debut=_FIRST_MEETING + timedelta(weeks=6),
            **_SEANCE_FIELDS,
        ),
        datetime(2027, 6, 17, 14, 2, tzinfo=UTC),
    ),
    (
        events.SeanceAnnulee(
            debut=_FIRST_MEETING + timedelta(weeks=7),
            fin=_FIRST_MEETING + timedelta(weeks=7, hours=2),
            sequence=2,
            cause="L’animatrice est empêchée et aucune autre date ne convient.",
            **_SEANCE_FIELDS,
        ),
        datetime(2027, 6, 28, 9, 20, tzinfo=UTC),
    ),
    (
        events.RetourCollecte(
            retour=_id(4),
            inscription=_INSCRIPTION,
            satisfaction=5,
            besoins=("forets",),
            temoignage=Temoignage(
                nom="Solène Arribat",
                fonction="adjointe au maire, déléguée à l’eau",
                collectivite="Pélussin",
                texte="J’ai pu dire mes difficultés sans détour, et repartir avec une première piste.",
                consenti_le=datetime(2027, 6, 29, 17, 8, tzinfo=UTC),
            ),
            version=1,
            collecte_le=datetime(2027, 6, 29, 17, 8, tzinfo=UTC),
            **_SEANCE_FIELDS,
        ),
        datetime(2027, 6, 29, 17, 8, tzinfo=UTC),
    ),
    (
        events.NotificationEnvoyee(
            notification=_id(5),
            inscription=_INSCRIPTION,
            modele="inscription-validee",
            envoyee_le=_ARRIVAL + timedelta(seconds=2),
        ),
        _ARRIVAL + timedelta(seconds=2),
    ),
    (
        events.NotificationEchouee(
            notification=_id(5, 2),
            inscription=_INSCRIPTION,
            modele="rappel",
            cause="550 5.1.1 adresse inconnue",
            echouee_le=_FIRST_MEETING - timedelta(days=2),
        ),
        _FIRST_MEETING - timedelta(days=2),
    ),
)


def _source(data: EventData) -> str:
    return f"/ateliers/{topic_of(type(data)).producers[0]}"


SAMPLES: Final = tuple(
    Event(
        id=_id(0xE, number),
        source=_source(data),
        time=time,
        data=data,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    for number, (data, time) in enumerate(_DATA, start=1)
)
"""In the order of `contracts.events.ALL`."""
