"""Until when a freed place may be filled, and who is far away: just inside and just outside."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from scheduling.domain import Seance
from scheduling.remplacement import freed_place, hours_out_of_bounds, limit_of
from scheduling.testing import FIRST, NOW


def seance(rang: int, debut: datetime, cause: str | None = None) -> Seance:
    return Seance(UUID(int=rang), rang, debut, debut + timedelta(hours=2), 0, "", cause)


def test_the_limit_counts_the_seances_that_stand() -> None:
    weeks = [FIRST + timedelta(weeks=n) for n in range(4)]
    all_of_them = [seance(rang, debut) for rang, debut in enumerate(weeks, 1)]
    assert [limit_of(all_of_them, n) for n in (1, 2, 3, 4)] == weeks
    without_first = [seance(1, weeks[0], "malade"), *all_of_them[1:]]
    assert [limit_of(without_first, n) for n in (1, 4)] == [weeks[1], weeks[3]]
    assert limit_of([seance(1, FIRST, "malade")], 1) is None


@pytest.mark.parametrize(
    ("departement", "hour_utc", "bearable"),
    [
        ("12", 6, True),
        ("", 6, True),
        ("971", 10, False),  # 06:30 in Guadeloupe
        ("971", 11, True),
        ("974", 6, True),
        ("988", 6, True),  # 17:30 to 19:30 in Nouvelle-Calédonie
        ("988", 7, False),
        ("987", 6, False),
    ],
)
def test_overseas_the_local_hour_must_be_bearable(departement: str, hour_utc: int, bearable: bool) -> None:  # noqa: FBT001
    coming = [seance(1, FIRST.replace(hour=hour_utc))]
    out = hours_out_of_bounds([departement], "mardi-matin", coming, NOW)
    assert out == (frozenset() if bearable else frozenset({(departement, "mardi-matin")}))


def test_a_person_is_told_what_is_left_of_the_cycle() -> None:
    weeks = [FIRST + timedelta(weeks=n) for n in range(4)]
    cycle = [seance(rang, debut) for rang, debut in enumerate(weeks, 1)]
    before, after_two = (freed_place("jeudi-apres-midi", cycle, now, preferred=False) for now in (NOW, weeks[1]))
    assert before == "Une place s’est libérée pour vous dans un groupe du jeudi après-midi, qui vous est possible."
    assert after_two == f"{before} Il s’est déjà réuni 2 fois\u00a0: 2 séances sont encore à venir."
    assert freed_place("jeudi-apres-midi", cycle, weeks[2], preferred=True).endswith("une séance est encore à venir.")
