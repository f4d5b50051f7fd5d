from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from chassis.ids import uuid7
from chassis.store import make_engine
from contracts.events import (
    AffectationDecidee,
    CampagneOuverte,
    InscriptionAnnulee,
    InscriptionRecue,
    InscriptionRefusee,
    InscriptionRetiree,
    InscriptionValidee,
)
from contracts.reasons import PHRASES, Refus
from registration import use_cases
from registration.tables import metadata
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis import migrations as chassis_migrations
from chassis import testing

Recue = Callable[..., InscriptionRecue]


async def test_a_right_inscription_is_validated_with_its_collectivite_and_size(season: Any, recue: Recue) -> None:
    asked = recue(collectivite={"type": "commune", "code": "69072"}, avec=["paul@dardilly.fr"])
    await season.deliver(asked)
    (answer,) = await season.answers()
    assert isinstance(answer, InscriptionValidee)
    assert answer.inscription == asked.inscription
    assert (answer.collectivite.nom, answer.collectivite.departement) == ("Dardilly", "69")
    assert answer.collectivite.taille == "moyenne"
    assert answer.model_dump(exclude={"collectivite"}) == asked.model_dump(exclude={"collectivite"})


@pytest.mark.parametrize(
    ("changes", "code", "champs"),
    [
        ({"campagne": "hiver-1999"}, Refus.CAMPAGNE_INCONNUE, ()),
        ({"thematique": "espace"}, Refus.THEMATIQUE_INCONNUE, ("thematique",)),
        ({"collectivite": {"type": "commune", "code": "00000"}}, Refus.COLLECTIVITE_INCONNUE, ("collectivite",)),
        ({"personne": {"email": "eve@pelussin"}}, Refus.ADRESSE_INVALIDE, ("email",)),
        ({"disponibilites": []}, Refus.AUCUN_CRENEAU, ("disponibilites",)),
        ({"engagements": {"quatre_seances": True}}, Refus.ENGAGEMENTS_MANQUANTS, ("engagements",)),
    ],
)
async def test_a_broken_rule_is_refused_with_its_code_and_fields(
    season: Any, recue: Recue, changes: dict[str, Any], code: Refus, champs: tuple[str, ...]
) -> None:
    await season.deliver(recue(**changes))
    (answer,) = await season.answers()
    assert isinstance(answer, InscriptionRefusee)
    assert (answer.code, answer.champs, answer.phrase) == (code, champs, PHRASES[code])


async def test_one_address_is_validated_once_per_thematique_even_inside_one_batch(season: Any, recue: Recue) -> None:
    first, again = recue(), recue(personne={"email": "EVE.Martin@Pelussin.fr"})
    other_thematique = recue(thematique="forets")
    await season.deliver(first, again, other_thematique)
    await season.deliver(recue())
    answers = await season.answers()
    assert [type(answer) for answer in answers] == [
        InscriptionValidee,
        InscriptionRefusee,
        InscriptionValidee,
        InscriptionRefusee,
    ]
    assert answers[0].inscription == first.inscription
    assert answers[1].code == answers[3].code == Refus.DEJA_INSCRIT


async def test_a_portal_that_sends_again_gets_no_second_answer(season: Any, recue: Recue) -> None:
    asked = recue()
    await season.deliver(asked, asked)
    await season.deliver(asked)
    assert len(await season.answers()) == 1


async def test_a_refused_inscription_may_be_corrected_under_the_same_id(season: Any, recue: Recue) -> None:
    wrong = recue(thematique="espace")
    await season.deliver(wrong, recue(inscription=wrong.inscription))
    assert [type(answer) for answer in await season.answers()] == [InscriptionRefusee, InscriptionValidee]


async def test_what_the_team_refused_stays_refused(season: Any, recue: Recue) -> None:
    asked = recue()
    await season.deliver(asked)
    async with season.transaction() as tx:
        await use_cases.refuse_inscription(tx, asked.inscription, "Vous n’êtes ni élu ni agent.")
    await season.deliver(asked)
    _, ended, told = await season.answers()
    assert isinstance(ended, InscriptionAnnulee)
    assert ended.cause == "equipe"
    assert (told.code, told.phrase) == (Refus.EQUIPE, "Vous n’êtes ni élu ni agent.")


async def test_a_withdrawal_frees_the_address_and_is_answered_once(season: Any, recue: Recue) -> None:
    asked = recue()
    gone = InscriptionRetiree(inscription=asked.inscription, retiree_le=season.now)
    await season.deliver(asked, gone, gone, InscriptionRetiree(inscription=uuid7(), retiree_le=season.now))
    await season.deliver(recue())
    assert [type(answer) for answer in await season.answers()] == [
        InscriptionValidee,
        InscriptionAnnulee,
        InscriptionValidee,
    ]


async def test_a_late_portal_has_one_day_for_what_was_sent_in_time(season: Any, recue: Recue) -> None:
    async with season.transaction() as tx:
        await use_cases.close_campagne(tx, "printemps-2027")
    in_time = season.now
    season.now += timedelta(hours=20)
    await season.deliver(recue(recue_le=in_time), recue(recue_le=season.now, thematique="forets"))
    season.now += timedelta(hours=5)
    await season.deliver(recue(recue_le=in_time, thematique="forets"))
    answers = await season.answers()
    assert [type(answer) for answer in answers] == [InscriptionValidee, InscriptionRefusee, InscriptionRefusee]
    assert {answer.code for answer in answers[1:]} == {Refus.CAMPAGNE_FERMEE}


async def test_a_batch_of_hundreds_is_answered_whole_and_in_order(season: Any, recue: Recue) -> None:
    batch = [
        recue(personne={"email": f"personne{n}@pelussin.fr"}, thematique="eau" if n % 3 else "x") for n in range(500)
    ]
    await season.deliver(*batch)
    answers = await season.answers()
    assert [answer.inscription for answer in answers] == [asked.inscription for asked in batch]
    assert sum(isinstance(answer, InscriptionRefusee) for answer in answers) == 167


async def test_a_campagne_is_announced_and_closed_once(season: Any) -> None:
    for _ in range(2):
        async with season.transaction() as tx:
            await use_cases.open_campagne(tx, "printemps-2027")
    for _ in range(2):
        async with season.transaction() as tx:
            await use_cases.close_campagne(tx, "printemps-2027")
    events = await testing.published(season.database)
    assert [event.event_type.rsplit(".", 2)[-2] for event in events] == ["ouverte", "close"]
    assert isinstance(events[0], CampagneOuverte)
    assert events[0].animateurs[0].nom == "Ada Exemple"
    with pytest.raises(use_cases.NotPossible):
        async with season.transaction() as tx:
            await use_cases.open_campagne(tx, "printemps-2027")


async def test_the_last_decision_of_an_inscription_is_kept(season: Any, recue: Recue) -> None:
    asked = recue()
    decided = {
        "inscription": asked.inscription, "campagne": "printemps-2027", "thematique": "eau", "decidee_le": season.now,
    }  # fmt: skip
    waiting = AffectationDecidee(
        **decided, decision="liste_attente", code="attente.collectivite", phrase="Une autre.", rang_attente=2
    )
    seated = AffectationDecidee(**decided, decision="retenue", code="retenue.place", phrase="Oui.", groupe=uuid7())
    await season.deliver(asked, waiting, seated)
    async with season.database.read() as connection:
        rows = (await connection.execute(text("SELECT decision, rang_attente FROM affectations"))).all()
    assert [tuple(row) for row in rows] == [("retenue", None)]


async def test_the_migration_makes_the_tables_that_the_code_knows(
    make_database: Callable[[str], str], migrations: Path
) -> None:
    engine: AsyncEngine = make_engine(make_database("migrated"))
    await chassis_migrations.upgrade(engine, migrations)

    def difference(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    await chassis_migrations.downgrade(engine, migrations)
    await engine.dispose()
