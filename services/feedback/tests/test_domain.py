from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from feedback.domain import ANSWER_PERIOD, Ouverture, Participation, Seance

DEBUT = datetime(2027, 5, 11, 6, 30, tzinfo=UTC)
FIN = DEBUT + timedelta(hours=2)
SEANCE = Seance(UUID(int=1), UUID(int=2), "printemps-2027", "eau", 1, DEBUT, FIN, annulee=False)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "ouverture"),
    [
        (DEBUT - SECOND, Ouverture.A_VENIR),
        (DEBUT, Ouverture.OUVERTE),
        (FIN + ANSWER_PERIOD - SECOND, Ouverture.OUVERTE),
        (FIN + ANSWER_PERIOD, Ouverture.CLOSE),
    ],
)
def test_a_seance_is_answered_from_its_start_to_three_weeks_after_its_end(
    moment: datetime, ouverture: Ouverture
) -> None:
    assert SEANCE.ouverture(moment) is ouverture


def test_a_cancelled_seance_is_never_answered() -> None:
    assert replace(SEANCE, annulee=True).ouverture(FIN) is Ouverture.ANNULEE


@pytest.mark.parametrize(("rang", "asked"), [(3, False), (4, True)])
def test_a_testimonial_is_asked_once_the_cycle_was_lived(rang: int, *, asked: bool) -> None:
    assert replace(SEANCE, rang=rang).asks_testimonial is asked


def test_who_left_before_the_start_or_came_after_the_end_is_not_expected() -> None:
    assert SEANCE.expects(FIN, None, None)
    assert not SEANCE.expects(FIN + SECOND, None, None)
    assert SEANCE.expects(DEBUT, DEBUT + SECOND, None)
    assert not SEANCE.expects(DEBUT - SECOND, DEBUT, None)
    assert not SEANCE.expects(DEBUT - SECOND, None, DEBUT)


def test_means_and_shares_of_nobody_are_unknown_and_not_zero() -> None:
    assert Participation().moyenne is None
    assert Participation().taux is None
    assert Participation(3, 0, 0).taux == 0


def test_participations_add_up_before_their_mean_is_taken() -> None:
    both = Participation(2, 1, 5) + Participation(4, 2, 6)
    assert (both.attendus, both.reponses, both.moyenne, both.taux) == (6, 3, 3.7, 50)
