"""The checker itself: a run that went well has no finding, and each way of going wrong has one."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from tests.faults import checker, effects
from tests.faults.found import Entry, Found, Letter
from tests.faults.sent import NUMBER, Person, Poison, Sent, Step, expected_answer

RECUES, ANSWERS = "ateliers.inscriptions.recues", "ateliers.inscriptions"
ANNE = UUID(int=1)
KEY = str(ANNE).encode()
REFUSED = "refusee refus.aucun_creneau"


def sent_well() -> Sent:
    steps = [
        Step(1, UUID(int=11), "creneau", REFUSED, acknowledged=True),
        Step(2, UUID(int=12), "good", "validee", acknowledged=True),
        Step(3, UUID(int=13), "retrait", "annulee", acknowledged=True),
    ]
    poison = Poison("bad JSON", b"k", (("ce_id", b"\xff"),), b"{")
    return Sent(people={ANNE: Person(ANNE, "flux", steps)}, poison={9: poison}, campagnes={"flux": "ouverte"})


def found_well() -> Found:
    letter = Letter(f"{RECUES}/0/3", b"k", (("ce_id", b"\xff"), (NUMBER, b"9")), b"{", "the value is not JSON")
    answers = [
        ("inscription.refusee", REFUSED),
        ("inscription.validee", "validee 1"),
        ("inscription.annulee", "annulee"),
    ]
    asked = ("inscription.recue", "inscription.recue", "inscription.retiree")
    ids = [str(UUID(int=20 + n)) for n in (1, 2, 3)]
    i = str(ANNE)
    return Found(
        log=[
            *(Entry(RECUES, 0, n, KEY, n + 1, str(UUID(int=11 + n)), kind) for n, kind in enumerate(asked)),
            Entry(RECUES, 0, 3, b"k", 9, "", "inscription.recue"),
            *(Entry(ANSWERS, 0, n, KEY, None, ids[n], *answers[n]) for n in range(3)),
        ],
        inbox={
            "registration": {str(UUID(int=11 + n)) for n in range(3)},
            "scheduling": set(ids[1:]),
            "notification": set(ids),
            "feedback": set(ids[1:]),
        },
        outbox={"registration": [(ANSWERS, KEY, event) for event in ids]},
        waiting={"registration": (0, 0)},
        kept_aside={"registration": [letter], "scheduling": [], "notification": [], "feedback": []},
        told_aside={"registration": [letter]},
        tables={
            "registration.inscriptions": [(i, "annulee", None)],
            "registration.campagnes": [("flux", "ouverte")],
            "scheduling.campagnes": [("flux", False)],
            "scheduling.inscriptions": [(i,)],
            "scheduling.annulations": [(i,)],
            "notification.participants": [(i, "annulee")],
            "feedback.participants": [(i, True)],
            "notification.envois": [
                ("m1", f"inscription-refusee:{i}:{ids[0]}", "inscription-refusee", "envoye", True),
                ("m2", f"inscription-validee:{i}:1", "inscription-validee", "envoye", True),
                ("m3", f"inscription-annulee:{i}:1", "inscription-annulee", "incertain", True),
            ],
            "crm.journal": [(event,) for event in ids],
        },
        mails={"m1": ["later", "none"], "m2": ["none"], "m3": ["lost"]},
        lag={"registration": 0},
    )


def test_a_run_that_went_well_has_no_finding() -> None:
    assert checker.findings(sent_well(), found_well()) == []


def _lose_answer(found: Found) -> None:
    found.log = [entry for entry in found.log if not entry.answer.startswith("validee")]


def _answer_twice(found: Found) -> None:
    found.log.append(replace(found.log[4], offset=9, event=str(UUID(int=99))))


def _disorder(found: Found) -> None:
    found.log[4], found.log[5] = found.log[5], found.log[4]


def _send_again(found: Found) -> None:
    found.log += [replace(found.log[5], offset=7), replace(found.log[6], offset=8)]


def _publish_less(found: Found) -> None:
    found.outbox["registration"].append((ANSWERS, b"other", str(UUID(int=50))))


def _split_key(found: Found) -> None:
    found.log[5] = replace(found.log[5], partition=1)


def _cut_letter(found: Found) -> None:
    found.kept_aside["registration"] = [replace(found.kept_aside["registration"][0], value=b"")]


def _lose_header(found: Found) -> None:
    found.told_aside["registration"] = [replace(found.told_aside["registration"][0], headers=())]


def _no_reason(found: Found) -> None:
    found.kept_aside["registration"] = [replace(found.kept_aside["registration"][0], reason="")]


def _keep_good_aside(found: Found) -> None:
    letter = replace(found.kept_aside["registration"][0], origin=f"{RECUES}/0/1")
    found.kept_aside["registration"].append(letter)
    found.told_aside["registration"].append(letter)


def _table(name: str, *rows: tuple[object, ...]) -> Callable[[Found], None]:
    return lambda found: found.tables.update({name: list(rows)})


def _mail(identity: str, *troubles: str) -> Callable[[Found], None]:
    return lambda found: found.mails.update({identity: list(troubles)})


def _hear_twice(found: Found) -> None:
    found.tables["crm.journal"] *= 2


SPOILT: dict[str, tuple[Callable[[Found], None], str]] = {
    "an answer is lost": (_lose_answer, "answers"),
    "an answer comes twice": (_answer_twice, "answers"),
    "answers come in disorder": (_disorder, "answers"),
    "an event of the outbox is not published": (_publish_less, "published"),
    "a key is on two partitions": (_split_key, "published"),
    "an accepted event is gone": (lambda found: found.log.pop(0), "accepted"),  # type: ignore[dict-item]
    "a service has not taken an event": (lambda found: found.inbox["feedback"].pop(), "taken_once"),  # type: ignore[dict-item]
    "a service has taken what nobody sent": (lambda found: found.inbox["feedback"].add("x"), "taken_once"),
    "the CRM has heard twice": (_hear_twice, "taken_once"),
    "the CRM has not heard": (_table("crm.journal"), "taken_once"),
    "poison is not kept": (lambda found: found.kept_aside["registration"].clear(), "dead_letters"),
    "poison is not told": (lambda found: found.told_aside.clear(), "dead_letters"),
    "poison is not whole": (_cut_letter, "dead_letters"),
    "poison has lost a header": (_lose_header, "dead_letters"),
    "poison has no reason": (_no_reason, "dead_letters"),
    "a good event is kept aside": (_keep_good_aside, "dead_letters"),
    "an outbox is not empty": (lambda found: found.waiting.update(registration=(1, 0)), "at_rest"),
    "an event is quarantined": (lambda found: found.waiting.update(registration=(0, 1)), "at_rest"),
    "a group is behind": (lambda found: found.lag.update(registration=3), "at_rest"),
    "a database holds another state": (_table("registration.inscriptions", (str(ANNE), "validee", None)), "states"),
    "a database lacks somebody": (_table("feedback.participants"), "states"),
    "a mail was kept twice": (_mail("m2", "none", "none"), "mails"),
    "a mail was kept, its line lost, and sent again": (_mail("m2", "kept", "none"), "mails"),
    "a mail was marked and never kept": (_mail("m1", "later"), "mails"),
    "a mail was sent that nobody asked for": (_mail("m9", "none"), "mails"),
    "a mail is in doubt and nothing had cut it off": (_mail("m3"), "mails"),
    "a message was never made": (_table("notification.envois"), "mails"),
    "the CRM tells another story": (lambda found: found.crm.update(x=([], [("row",)])), "crm"),
    "a name is in a log": (lambda found: found.personal.append("registration-web-1.log:3"), "personal_data"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_each_way_of_going_wrong_is_found(what: str) -> None:
    spoil, check = SPOILT[what]
    found = found_well()
    spoil(found)
    assert check in {finding.partition(":")[0] for finding in checker.findings(sent_well(), found)}


def test_what_a_relay_sends_again_under_the_same_id_is_no_finding() -> None:
    found = found_well()
    _send_again(found)
    assert checker.findings(sent_well(), found) == []


def test_an_uncertain_mail_may_have_been_kept() -> None:
    found = found_well()
    found.mails["m3"] = ["kept"]
    assert checker.findings(sent_well(), found) == []
    assert effects.doubts(found)["uncertain, shown to the team"] == 1


@pytest.mark.parametrize(
    ("before", "what", "answer"),
    [
        (None, "creneau", REFUSED),
        (REFUSED, "creneau", REFUSED),
        (REFUSED, "good", "validee"),
        ("validee", "good", None),
        ("validee", "creneau", None),
        ("validee", "retrait", "annulee"),
        ("annulee", "good", None),
        (REFUSED, "retrait", None),
        (None, "retrait", None),
    ],
)
def test_what_is_expected_of_registration(before: str | None, what: str, answer: str | None) -> None:
    assert expected_answer(before, what) == answer
