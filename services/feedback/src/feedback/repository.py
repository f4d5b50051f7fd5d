"""What feedback stores, and the one questionnaire that a link opens; the team's figures are in `figures.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from feedback.domain import Campagne, Participant, Questionnaire, Reponse, Seance, Temoignage, Thematique
from feedback.tables import campagnes, groupes, membres, participants, retours, seances

_LEAVE = text("""
    UPDATE membres SET jusque = moment
    FROM unnest(CAST(:groupes AS uuid[]), CAST(:moments AS timestamptz[])) AS now_known (groupe, moment)
    WHERE membres.groupe = now_known.groupe AND membres.jusque IS NULL
      AND NOT EXISTS (
          SELECT FROM unnest(CAST(:membre_groupes AS uuid[]), CAST(:membres AS uuid[])) AS staying (groupe, membre)
          WHERE staying.groupe = membres.groupe AND staying.membre = membres.inscription)
""")
_JOIN = text("""
    INSERT INTO membres (groupe, inscription, depuis)
    SELECT * FROM unnest(CAST(:groupes AS uuid[]), CAST(:membres AS uuid[]), CAST(:moments AS timestamptz[]))
    ON CONFLICT (groupe, inscription) DO UPDATE SET jusque = NULL
""")


async def save_campagnes(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    statement = insert(campagnes)
    new = {name: statement.excluded[name] for name in ("nom", "seances_du", "thematiques")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=new), list(rows))


async def save_participants(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    statement = insert(participants)
    new = {name: statement.excluded[name] for name in ("campagne", "prenom", "nom", "fonction", "collectivite")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["inscription"], set_=new), list(rows))


async def mark_annulees(connection: AsyncConnection, moments: Mapping[UUID, datetime]) -> None:
    await connection.execute(
        update(participants)
        .where(participants.c.inscription == bindparam("id_"))
        .values(annulee_le=bindparam("moment")),
        [{"id_": id_, "moment": moment} for id_, moment in moments.items()],
    )


async def save_groupes(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Store groupes, each id once in `rows`; return those that were not older than what is known."""
    statement = insert(groupes)
    upsert = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in ("thematique", "nom", "animateur_nom", "version")},
        where=statement.excluded.version > groupes.c.version,
    )
    accepted = await connection.execute(upsert.returning(groupes.c.id), list(rows))
    return set(accepted.scalars())


async def replace_membres(
    connection: AsyncConnection, changes: Sequence[tuple[UUID, datetime, tuple[UUID, ...]]]
) -> None:
    """Make each groupe's members those given, as of the moment given; who left stays known with the moment."""
    flat = [(groupe, membre, moment) for groupe, moment, ids in changes for membre in ids]
    columns = {
        "membre_groupes": [groupe for groupe, _, _ in flat],
        "membres": [membre for _, membre, _ in flat],
    }
    await connection.execute(
        _LEAVE,
        columns | {"groupes": [c[0] for c in changes], "moments": [c[1] for c in changes]},
    )
    await connection.execute(
        _JOIN,
        {
            "groupes": columns["membre_groupes"],
            "membres": columns["membres"],
            "moments": [moment for _, _, moment in flat],
        },
    )


async def mark_dissous(connection: AsyncConnection, moments: Mapping[UUID, datetime]) -> None:
    await connection.execute(
        update(groupes).where(groupes.c.id == bindparam("id_")).values(dissous_le=bindparam("moment")),
        [{"id_": id_, "moment": moment} for id_, moment in moments.items()],
    )


async def save_seances(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    statement = insert(seances)
    names = ("rang", "debut", "fin", "sequence", "annulee")
    upsert = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in names},
        where=statement.excluded.sequence >= seances.c.sequence,
    )
    await connection.execute(upsert, list(rows))


async def save_retour(
    connection: AsyncConnection, reponse: Reponse, *, id_: UUID, seance: UUID, inscription: UUID, now: datetime
) -> int | None:
    """Store an answer; return its version, or None when it says what is already stored."""
    said = reponse.temoignage
    content = {
        "satisfaction": reponse.satisfaction,
        "utile": reponse.utile,
        "manque": reponse.manque,
        "besoins": list(reponse.besoins),
        "besoins_texte": reponse.besoins_texte,
        "temoignage": said
        and {"nom": said.nom, "fonction": said.fonction, "collectivite": said.collectivite, "texte": said.texte},
    }
    statement = insert(retours).values(
        id=id_,
        seance=seance,
        inscription=inscription,
        **content,
        consenti_le=now if said else None,
        version=1,
        collecte_le=now,
    )
    changed = [*content, "consenti_le", "collecte_le"]
    upsert = statement.on_conflict_do_update(
        index_elements=["seance", "inscription"],
        set_={name: statement.excluded[name] for name in changed} | {"version": retours.c.version + 1},
        where=or_(*(retours.c[name].is_distinct_from(statement.excluded[name]) for name in content)),
    )
    version: int | None = (await connection.execute(upsert.returning(retours.c.version))).scalar_one_or_none()
    return version


async def find_questionnaire(connection: AsyncConnection, seance: UUID, inscription: UUID) -> Questionnaire | None:
    """Find what a link opens; None while the séance, the person or the groupe is not known here."""
    row = (
        await connection.execute(
            select(
                seances,
                participants.c.inscription,
                participants.c.prenom,
                participants.c.nom,
                participants.c.fonction,
                participants.c.collectivite,
                participants.c.annulee_le,
                groupes.c.nom.label("groupe_nom"),
                membres.c.depuis,
                membres.c.jusque,
                campagnes.c.nom.label("campagne_nom"),
                campagnes.c.thematiques,
                retours.c.id.label("retour"),
                retours.c.satisfaction,
                retours.c.utile,
                retours.c.manque,
                retours.c.besoins,
                retours.c.besoins_texte,
                retours.c.temoignage,
            )
            .select_from(
                seances.join(groupes, groupes.c.id == seances.c.groupe)
                .join(campagnes, campagnes.c.code == seances.c.campagne)
                .join(participants, participants.c.inscription == inscription)
                .outerjoin(
                    membres,
                    and_(membres.c.groupe == seances.c.groupe, membres.c.inscription == inscription),
                )
                .outerjoin(
                    retours,
                    and_(retours.c.seance == seances.c.id, retours.c.inscription == inscription),
                )
            )
            .where(seances.c.id == seance)
        )
    ).one_or_none()
    if row is None:
        return None
    found = Seance(row.id, row.groupe, row.campagne, row.thematique, row.rang, row.debut, row.fin, row.annulee)
    return Questionnaire(
        seance=found,
        participant=Participant(row.inscription, row.prenom, row.nom, row.fonction, row.collectivite),
        campagne=Campagne(
            row.campagne, row.campagne_nom, tuple(Thematique(code, titre) for code, titre in row.thematiques)
        ),
        groupe_nom=row.groupe_nom,
        is_expected=row.depuis is not None and found.expects(row.depuis, row.jusque, row.annulee_le),
        reponse=_reponse(row) if row.retour else None,
    )


def _reponse(row: Any) -> Reponse:
    return Reponse(
        satisfaction=row.satisfaction,
        utile=row.utile,
        manque=row.manque,
        besoins=tuple(row.besoins),
        besoins_texte=row.besoins_texte,
        temoignage=Temoignage(**row.temoignage) if row.temoignage else None,
    )
