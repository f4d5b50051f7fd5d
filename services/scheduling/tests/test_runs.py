"""A run of the solver as the team follows it: progress, an early end, fixed places; with the real child process."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

from chassis.testing import post_form, published
from contracts.events import GroupeForme
from scheduling import use_cases
from scheduling.planner import Planner
from scheduling.repository import places
from scheduling.repository.places import PlaceFixee

NOW = datetime(2027, 4, 5, 9, 0, tzinfo=UTC)
CODE = "printemps-2027"
CAMPAGNE = f"/groupes/campagnes/{CODE}"

WAITS_FOR_THE_STOP = """
import os, time
from scheduling import solve
found = solve.form_and_plan
def slowly(demande, watch):
    watch.tell("Recherche", 1234, 1500.5)
    while not watch.stopped():
        time.sleep(0.01)
    return found(demande, watch)
solve.form_and_plan = slowly
os._exit(solve.main())
"""


async def fix(table: Any, number: int, place: PlaceFixee) -> None:
    async with table.database.transaction() as tx:
        await places.fix(tx.connection, CODE, table.person(number), place, NOW)


async def test_the_team_sees_how_far_the_solver_is_and_stops_it_with_the_best_it_has(table: Any) -> None:
    await table.invite(*range(1, 7))
    slow = Planner(table.database, table.settings, command=(sys.executable, "-c", WAITS_FOR_THE_STOP), renew_s=0.05)
    async with table.signed_in() as web:
        await post_form(web, f"{CAMPAGNE}/former", {})
        running = asyncio.create_task(slow.run())
        while (await table.latest()).poids is None:  # noqa: ASYNC110 - told by another process
            await asyncio.sleep(0.05)
        followed = " ".join((await web.get(f"{CAMPAGNE}/avancement")).text.split())
        assert "Recherche…" in followed
        assert (
            '1\u202f234 <span class="barre__sur">sur 1\u202f500</span>'
            in (await web.get(f"{CAMPAGNE}/avancement")).text
        )
        assert "Temps écoulé" in followed
        stopped = await post_form(web, f"{CAMPAGNE}/arreter", {})
        assert "Arrêt demandé" in stopped.text
        assert "Arrêter et garder" not in stopped.text
        await running
    assert (await table.latest()).etat == "prete"


async def test_a_fixed_place_survives_the_next_run(table: Any) -> None:
    await table.invite(*range(1, 11))
    for number in range(1, 5):
        await fix(table, number, PlaceFixee("jeudi-matin", 1))
    await table.request()
    await Planner(table.database, table.settings).run()
    async with table.database.transaction() as tx:
        await use_cases.publish_proposition(tx, (await table.latest()).id)
    formed = [g for g in await published(table.database) if isinstance(g, GroupeForme) and g.creneau == "jeudi-matin"]
    assert [{table.person(n) for n in range(1, 5)} <= set(g.membres) for g in formed] == [True]


async def test_a_fixed_place_that_breaks_a_rule_is_told_and_the_last_proposition_stays(table: Any) -> None:
    await table.invite(*range(1, 6))
    await table.invite(6, disponibilites=({"creneau": "mardi-matin", "accord": "prefere"},))
    kept = await table.propose({("mardi-matin", 1): range(1, 7)}, waiting=[])
    await fix(table, 6, PlaceFixee("jeudi-matin", None))
    await table.request()
    await Planner(table.database, table.settings).run()
    async with table.signed_in() as web:
        shown = " ".join((await web.get(CAMPAGNE)).text.split())
    assert "La place fixée pour Dominique Numéro 6 est le jeudi matin, où cette personne n’est pas disponible" in shown
    assert "La proposition précédente est toujours là." in shown
    async with table.database.transaction() as tx:
        await use_cases.publish_proposition(tx, kept)
