"""What each event changes in the file. A later version of a groupe, séance or retour replaces an earlier one."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.envelope import Event
from contracts.events.inscriptions import Personne
from contracts.model import EventData

from contracts import events


def apply(connection: sqlite3.Connection, event: Event) -> None:
    """Write what an event says; one that this CRM has no use for changes nothing."""
    take = _TAKERS.get(type(event.data))
    if take:
        take(connection, event.data)


def _upsert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any], newer: str = "") -> bool:
    """Insert or replace by the table's first column; `newer` names the column that must not go down."""
    key, *others = row
    update = ", ".join(f"{name} = excluded.{name}" for name in others)
    guard = f" WHERE excluded.{newer} >= {table}.{newer}" if newer else ""
    statement = (
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})"  # noqa: S608 - names of this file
        f" ON CONFLICT ({key}) DO UPDATE SET {update}{guard}"
    )
    return connection.execute(statement, tuple(row.values())).rowcount > 0


def _campagne(connection: sqlite3.Connection, data: events.CampagneOuverte | events.CampagneClose) -> None:
    row = {
        "code": data.campagne,
        "nom": data.nom,
        "etat": "close" if isinstance(data, events.CampagneClose) else "ouverte",
        "inscriptions_du": data.inscriptions_du.isoformat(),
        "inscriptions_au": data.inscriptions_au.isoformat(),
        "seances_du": data.seances_du.isoformat(),
        "seances_au": data.seances_au.isoformat(),
    }
    _upsert(connection, "campagnes", row)


def _person(personne: Personne) -> dict[str, Any]:
    return {
        "prenom": personne.prenom,
        "nom": personne.nom,
        "email": personne.email,
        "telephone": personne.telephone,
    }


def _validee(connection: sqlite3.Connection, data: events.InscriptionValidee) -> None:
    place = data.collectivite
    row = {
        "id": str(data.inscription),
        "campagne": data.campagne,
        "thematique": data.thematique,
        "etat": "validee",
        **_person(data.personne),
        "qualite": data.qualite,
        "fonction": data.fonction,
        "collectivite_type": place.type,
        "collectivite_code": place.code,
        "collectivite": place.nom,
        "departement": place.departement,
        "taille": place.taille,
        "raison": None,
    }
    _upsert(connection, "inscriptions", row)


def _refusee(connection: sqlite3.Connection, data: events.InscriptionRefusee) -> None:
    row = {
        "id": str(data.inscription),
        "campagne": data.campagne,
        "thematique": data.thematique,
        "etat": "refusee",
        **_person(data.personne),
        "raison": data.code,
    }
    _upsert(connection, "inscriptions", row)


def _annulee(connection: sqlite3.Connection, data: events.InscriptionAnnulee) -> None:
    row = {
        "id": str(data.inscription),
        "campagne": data.campagne,
        "thematique": data.thematique,
        "etat": "annulee",
        "raison": data.cause,
    }
    _upsert(connection, "inscriptions", row)


def _affectation(connection: sqlite3.Connection, data: events.AffectationDecidee) -> None:
    row = {
        "inscription": str(data.inscription),
        "decision": data.decision,
        "code": data.code,
        "phrase": data.phrase,
        "groupe": str(data.groupe) if data.groupe else None,
        "rang_attente": data.rang_attente,
        "decidee_le": data.decidee_le.isoformat(),
    }
    _upsert(connection, "affectations", row)


def _groupe(connection: sqlite3.Connection, data: events.GroupeForme | events.GroupeModifie) -> None:
    id_ = str(data.groupe)
    row = {
        "id": id_,
        "campagne": data.campagne,
        "thematique": data.thematique,
        "nom": data.nom,
        "creneau": data.creneau,
        "animateur": data.animateur,
        "animateur_nom": data.animateur_nom,
        "version": data.version,
    }
    if _upsert(connection, "groupes", row, newer="version"):
        connection.execute("DELETE FROM membres WHERE groupe = ?", (id_,))
        connection.executemany("INSERT INTO membres VALUES (?, ?)", [(id_, str(member)) for member in data.membres])


def _dissous(connection: sqlite3.Connection, data: events.GroupeDissous) -> None:
    moment = data.dissous_le.isoformat()
    connection.execute("UPDATE groupes SET dissous_le = ? WHERE id = ?", (moment, str(data.groupe)))
    connection.execute("DELETE FROM membres WHERE groupe = ?", (str(data.groupe),))


def _seance(
    connection: sqlite3.Connection, data: events.SeancePlanifiee | events.SeanceDeplacee | events.SeanceAnnulee
) -> None:
    row = {
        "id": str(data.seance),
        "groupe": str(data.groupe),
        "campagne": data.campagne,
        "thematique": data.thematique,
        "rang": data.rang,
        "debut": data.debut.isoformat(),
        "fin": data.fin.isoformat(),
        "sequence": data.sequence,
        "annulee": int(isinstance(data, events.SeanceAnnulee)),
    }
    if not isinstance(data, events.SeanceAnnulee):
        row["visio_url"] = data.visio_url
    _upsert(connection, "seances", row, newer="sequence")


def _retour(connection: sqlite3.Connection, data: events.RetourCollecte) -> None:
    row = {
        "id": str(data.retour),
        "inscription": str(data.inscription),
        "seance": str(data.seance),
        "groupe": str(data.groupe),
        "rang": data.rang,
        "satisfaction": data.satisfaction,
        "besoins": json.dumps(data.besoins),
        "temoignage": data.temoignage and data.temoignage.model_dump_json(),
        "version": data.version,
        "collecte_le": data.collecte_le.isoformat(),
    }
    _upsert(connection, "retours", row, newer="version")


def _envoyee(connection: sqlite3.Connection, data: events.NotificationEnvoyee) -> None:
    _notification(connection, data, "envoyee", data.envoyee_le.isoformat(), None)


def _echouee(connection: sqlite3.Connection, data: events.NotificationEchouee) -> None:
    _notification(connection, data, "echouee", data.echouee_le.isoformat(), data.cause)


def _notification(
    connection: sqlite3.Connection,
    data: events.NotificationEnvoyee | events.NotificationEchouee,
    etat: str,
    moment: str,
    cause: str | None,
) -> None:
    row = {
        "id": str(data.notification),
        "inscription": str(data.inscription),
        "modele": data.modele,
        "etat": etat,
        "cause": cause,
        "moment": moment,
    }
    _upsert(connection, "notifications", row)


_TAKERS: Final[dict[type[EventData], Callable[[sqlite3.Connection, Any], None]]] = {
    events.CampagneOuverte: _campagne,
    events.CampagneClose: _campagne,
    events.InscriptionValidee: _validee,
    events.InscriptionRefusee: _refusee,
    events.InscriptionAnnulee: _annulee,
    events.AffectationDecidee: _affectation,
    events.GroupeForme: _groupe,
    events.GroupeModifie: _groupe,
    events.GroupeDissous: _dissous,
    events.SeancePlanifiee: _seance,
    events.SeanceDeplacee: _seance,
    events.SeanceAnnulee: _seance,
    events.RetourCollecte: _retour,
    events.NotificationEnvoyee: _envoyee,
    events.NotificationEchouee: _echouee,
}
