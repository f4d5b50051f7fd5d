"""A draft under the hands of the team: moves, undo and redo, fixed places, publication."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from chassis.testing import published
from contracts.events import AffectationDecidee, GroupeForme
from contracts.reasons import Motif
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scheduling import use_cases
from scheduling.domain import Refused, position
from scheduling.repository import places
from scheduling.use_cases.arrange import STALE

MARDI, JEUDI = "mardi-matin", "jeudi-matin"
EIGHTEEN = range(1, 19)


async def season(table: Any) -> UUID:
    """Two groupes on Tuesday, one on Thursday, of 5, 5 and 4 people; four who wait, small collectivités first."""
    await table.invite(*EIGHTEEN)
    placed = {(MARDI, 1): range(1, 6), (MARDI, 2): range(6, 11), (JEUDI, 1): range(11, 15)}
    proposition: UUID = await table.propose(placed, waiting=[16, 17, 15, 18])
    return proposition


def _ranks(rows: list[tuple[Any, ...]]) -> list[tuple[UUID, int, str]]:
    return sorted(((row[0], row[5], row[3]) for row in rows if row[5] is not None), key=lambda r: r[1])


async def test_who_is_moved_to_the_waiting_list_takes_their_place_in_its_order(table: Any) -> None:
    proposition = await season(table)
    await table.move(proposition, 2)
    ranks = _ranks(await table.rows(proposition))
    assert [(who, rank) for who, rank, _ in ranks] == [
        (table.person(n), rank) for rank, n in enumerate([2, 16, 17, 15, 18], 1)
    ]
    assert all(position(rank) in phrase for _, rank, phrase in ranks)
    assert "équipe du programme a composé autrement" in ranks[0][2]


async def test_an_exchange_with_who_waits_keeps_ranks_and_sentences_true(table: Any) -> None:
    proposition = await season(table)
    before = await table.rows(proposition)
    await table.move(proposition, 13, contre=17)
    rows = {row[0]: row for row in await table.rows(proposition)}
    assert rows[table.person(17)][3] == "Vous avez une place dans un groupe du jeudi matin, qui vous est possible."
    ranks = _ranks(list(rows.values()))
    assert [who for who, _, _ in ranks] == [table.person(n) for n in (13, 16, 15, 18)]
    assert all(position(rank) in phrase for _, rank, phrase in ranks)
    await table.undo(proposition)
    assert await table.rows(proposition) == before


async def test_a_move_that_breaks_a_rule_is_refused_in_plain_words(table: Any) -> None:
    proposition = await season(table)
    before = await table.rows(proposition)
    with pytest.raises(Refused, match="L’eau, jeudi-matin 1\u00a0» compte 3 personnes\u00a0; il en faut de 4 à 6"):
        await table.move(proposition, 11)
    await table.move(proposition, 16, vers=table.groupe(proposition, MARDI, 1))
    with pytest.raises(Refused, match="compte 7 personnes"):
        await table.move(proposition, 17, vers=table.groupe(proposition, MARDI, 1))
    await table.undo(proposition)
    assert await table.rows(proposition) == before


async def test_a_refusal_names_people_and_collectivites_as_the_team_knows_them(table: Any) -> None:
    proposition = await season(table)
    home = {"type": "commune", "code": "00001", "nom": "Commune 1", "departement": "12", "taille": "petite"}
    await table.invite(19, collectivite=home, disponibilites=({"creneau": MARDI, "accord": "possible"},))
    second = await table.propose({(MARDI, 1): range(1, 6), (JEUDI, 1): range(6, 11)}, waiting=[19])
    with pytest.raises(Refused, match="compte 2 personnes de la collectivité Commune 1"):
        await table.move(second, 19, vers=table.groupe(second, MARDI, 1))
    with pytest.raises(Refused, match="Dominique Numéro 19 n’est pas disponible le jeudi matin"):
        await table.move(second, 19, vers=table.groupe(second, JEUDI, 1))
    with pytest.raises(Refused, match="n’existe pas dans cette proposition"):
        await table.move(second, 19, vers=table.groupe(proposition, MARDI, 1))


async def test_two_people_who_move_at_once_do_not_undo_each_other(table: Any) -> None:
    proposition = await season(table)

    async def move(number: int) -> None:
        async with table.database.transaction() as tx:
            await use_cases.move_person(tx, proposition, 0, table.person(number), vers=None, contre=None)

    told = await asyncio.gather(move(1), move(6), return_exceptions=True)
    (refused,) = [answer for answer in told if answer]
    assert str(refused) == STALE
    assert (await table.find(proposition)).version == 1


async def test_a_new_move_forgets_those_that_were_undone(table: Any) -> None:
    proposition = await season(table)
    await table.move(proposition, 1)
    await table.undo(proposition)
    await table.move(proposition, 2)
    with pytest.raises(Refused, match="aucun mouvement à rétablir"):
        await table.redo(proposition)
    await table.undo(proposition)
    with pytest.raises(Refused, match="aucun mouvement à annuler"):
        await table.undo(proposition)


_STEPS = st.lists(
    st.one_of(
        st.just("undo"),
        st.just("redo"),
        st.tuples(st.sampled_from(EIGHTEEN), st.sampled_from([(MARDI, 1), (MARDI, 2), (JEUDI, 1), None])),
        st.tuples(st.sampled_from(EIGHTEEN), st.sampled_from(EIGHTEEN)),
    ),
    min_size=1,
    max_size=10,
)


async def _step(table: Any, proposition: UUID, step: Any) -> None:
    if step == "undo":
        await table.undo(proposition)
    elif step == "redo":
        await table.redo(proposition)
    elif isinstance(step[1], int):
        await table.move(proposition, step[0], contre=step[1])
    else:
        await table.move(proposition, step[0], vers=step[1] and table.groupe(proposition, *step[1]))


@pytest.fixture
async def walked(table: Any) -> tuple[Any, UUID]:
    return table, await season(table)


@given(steps=_STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_walk_keeps_the_rules_and_undone_and_redone_comes_to_the_same_rows(
    walked: tuple[Any, UUID], steps: list[Any]
) -> None:
    table, proposition = walked
    start = await table.rows(proposition)
    for step in steps:
        try:
            await _step(table, proposition, step)
        except Refused:
            continue
        rows = await table.rows(proposition)
        ranks = _ranks(rows)
        assert [rank for _, rank, _ in ranks] == list(range(1, len(ranks) + 1))
        assert all(position(rank) in phrase for _, rank, phrase in ranks)
        sizes = [sum(row[4] == g for row in rows) for g in {row[4] for row in rows if row[4]}]
        assert all(4 <= size <= 6 for size in sizes)
    states = [await table.rows(proposition)]
    while True:
        try:
            await table.undo(proposition)
        except Refused:
            break
        states.append(await table.rows(proposition))
    assert states[-1] == start
    for state in reversed(states[:-1]):
        await table.redo(proposition)
        assert await table.rows(proposition) == state
    for _ in states[1:]:
        await table.undo(proposition)
    assert await table.rows(proposition) == start


async def test_a_fixed_place_holds_the_person_until_it_is_freed(table: Any) -> None:
    proposition = await season(table)
    async with table.database.transaction() as tx:
        await use_cases.fix_place(tx, proposition, table.person(1), groupe=False)
    with pytest.raises(Refused, match="La place de Dominique Numéro 1 est fixée"):
        await table.move(proposition, 1)
    await table.move(proposition, 1, vers=table.groupe(proposition, MARDI, 2))
    async with table.database.transaction() as tx:
        await use_cases.fix_place(tx, proposition, table.person(1), groupe=True)
    with pytest.raises(Refused, match="fixée depuis"):
        await table.undo(proposition)
    async with table.database.transaction() as tx:
        await use_cases.free_place(tx, table.person(1))
    await table.undo(proposition)
    async with table.database.read() as connection:
        assert await places.of_campagne(connection, "printemps-2027") == {}


async def test_what_is_published_is_the_draft_that_was_confirmed_with_reasons_that_are_true(table: Any) -> None:
    proposition = await season(table)
    await table.move(proposition, 1)
    await table.withdraw(16)
    stale = (await table.find(proposition)).version - 1
    with pytest.raises(Refused, match="a changé entre-temps"):
        async with table.database.transaction() as tx:
            await use_cases.publish_proposition(tx, proposition, stale)
    async with table.database.transaction() as tx:
        await use_cases.publish_proposition(tx, proposition, stale + 1)
    told = await published(table.database)
    decided = {d.inscription: d for d in told if isinstance(d, AffectationDecidee)}
    waiting = sorted((d for d in decided.values() if d.rang_attente), key=lambda d: d.rang_attente or 0)
    assert [d.inscription for d in waiting] == [table.person(n) for n in (1, 17, 15, 18)]
    assert all(position(rang) in d.phrase for rang, d in enumerate(waiting, 1))
    # A groupe has a free place again: « complets » would no longer be true for who waits.
    assert {d.code for d in waiting} == {Motif.CHOIX_EQUIPE}
    sizes = sorted(len(g.membres) for g in told if isinstance(g, GroupeForme))
    assert sizes == [4, 4, 5]


async def test_a_published_proposition_can_no_longer_be_moved(table: Any) -> None:
    proposition = await season(table)
    async with table.database.transaction() as tx:
        await use_cases.publish_proposition(tx, proposition)
    with pytest.raises(Refused, match="ne peut plus être modifiée"):
        await table.move(proposition, 1)
