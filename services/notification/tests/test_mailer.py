"""Sending under every kind of trouble: nothing is lost or doubled, and doubtful only where SMTP leaves a doubt."""

import asyncio
import socket
from datetime import timedelta
from typing import Any

import pytest
from chassis.testing import deliver, published
from contracts.events import NotificationEchouee, NotificationEnvoyee
from notification import use_cases
from notification.repository import envois

FORTHWITH = "UPDATE envois SET prochain_essai = now() WHERE etat = 'a_envoyer'"
LONG_AGO = "UPDATE envois SET reclame_le = now() - interval '1 hour' WHERE etat = 'en_cours'"


async def _welcome(notification: Any, season: Any, people: int = 1) -> None:
    await notification.hear(season.campagne())
    welcomed = [season.validee(f"personne{number}@exemple.fr") for number in range(people)]
    await deliver(notification.handlers, notification.database, *welcomed)


async def test_a_refusal_for_now_is_tried_again_later(notification: Any, season: Any) -> None:
    notification.sink.answers = ["451 4.3.0 come back"]
    await _welcome(notification, season)
    for _ in range(2):
        await notification.send()
    assert await notification.rows("etat, essais, cause") == [("a_envoyer", 1, "451 4.3.0 come back")]
    assert not notification.sink.mails
    await notification.execute(FORTHWITH)
    await notification.send()
    assert len(notification.sink.mails) == 1
    assert await notification.rows("etat, essais") == [("envoye", 2)]


async def test_a_refusal_for_ever_is_told_and_does_not_hold_back_the_others(notification: Any, season: Any) -> None:
    notification.sink.recipient_answers = ["550 5.1.1 <personne0@exemple.fr> unknown user"]
    await _welcome(notification, season, people=2)
    await notification.send()
    assert await notification.rows("etat") == [("echoue",), ("envoye",)]
    events = await published(notification.database)
    assert {type(event) for event in events} == {NotificationEchouee, NotificationEnvoyee}
    (failed,) = [event for event in events if isinstance(event, NotificationEchouee)]
    assert failed.cause == "550 5.1.1 unknown user"


async def test_no_server_means_later_and_counts_no_try(notification: Any, season: Any) -> None:
    await _welcome(notification, season, people=3)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        await notification.mailer(port=closed.getsockname()[1]).run()
    assert await notification.rows("etat, essais") == [("a_envoyer", 0)] * 3
    await notification.execute(FORTHWITH)
    await notification.send()
    assert len(notification.sink.mails) == 3


async def test_a_line_lost_after_the_text_is_doubtful(notification: Any, season: Any) -> None:
    notification.sink.answers = [None]
    await _welcome(notification, season)
    await notification.send()
    await notification.execute(FORTHWITH)
    await notification.send()
    assert len(notification.sink.mails) == 1
    assert await notification.rows("etat") == [("incertain",)]
    (told,) = await published(notification.database)
    assert isinstance(told, NotificationEchouee)


async def test_an_invitation_whose_fate_is_unknown_goes_out_again_as_the_same_message(
    notification: Any, season: Any
) -> None:
    await notification.hear(*season.published())
    notification.sink.answers = ["250 OK", "250 OK", None]
    for _ in range(2):
        await notification.send()
        await notification.execute(FORTHWITH)
    first, again = notification.sink.mails[2:4]
    assert first["Message-ID"] == again["Message-ID"]
    assert await notification.rows("etat") == [("envoye",)] * 6
    assert len(notification.sink.mails) == 7


async def test_a_sender_that_dies_on_the_way_leaves_only_its_begun_messages_in_doubt(
    notification: Any, season: Any
) -> None:
    await _welcome(notification, season, people=3)
    async with notification.database.transaction() as tx:
        first, _second, _third = await envois.claim(tx.connection, 10)
    async with notification.database.transaction() as tx:
        assert await envois.begin(tx.connection, [first.id]) == {first.id}
    await notification.send()
    assert notification.sink.mails == []
    await notification.execute(LONG_AGO)
    await notification.send()
    assert await notification.rows("etat") == [("incertain",), ("envoye",), ("envoye",)]


async def test_a_dead_senders_invitation_goes_out_again(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    for _ in range(3):
        async with notification.database.transaction() as tx:
            (claimed,) = await envois.claim(tx.connection, 10)
        async with notification.database.transaction() as tx:
            await envois.begin(tx.connection, [claimed.id])
            if claimed.modele.value != "invitation":
                await use_cases.mark_sent(tx, [claimed])
    await notification.execute(LONG_AGO)
    await notification.send()
    assert len([s for s in notification.sink.subjects() if s.startswith("Séance")]) == 4


async def test_a_person_reads_in_order_even_when_the_first_is_put_off(notification: Any, season: Any) -> None:
    await notification.hear(*season.published())
    notification.sink.answers = ["250 OK", "451 busy"]
    await notification.send()
    assert len(notification.sink.mails) == 1
    await notification.execute(FORTHWITH)
    await notification.send()
    assert [subject[:7] for subject in notification.sink.subjects()[1:]] == ["Vos 4 d", *["Séance "] * 4]


async def test_two_mailers_at_once_send_each_message_once(notification: Any, season: Any) -> None:
    await _welcome(notification, season, people=60)
    await asyncio.gather(*(notification.mailer().run() for _ in range(3)))
    assert sorted(str(mail["To"]) for mail in notification.sink.mails) == sorted(
        f"Anne Leroy <personne{number}@exemple.fr>" for number in range(60)
    )
    assert len(await published(notification.database)) == 60
    assert notification.sink.connections <= 18


async def test_a_stop_finishes_the_message_in_hand_and_gives_back_the_rest(notification: Any, season: Any) -> None:
    await _welcome(notification, season, people=40)
    running = asyncio.create_task(notification.send())
    await notification.sink.received.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    states = [etat for (etat,) in await notification.rows("etat")]
    assert set(states) == {"envoye", "a_envoyer"}
    assert states.count("envoye") == len(notification.sink.mails)
    await notification.send()
    assert len(notification.sink.mails) == 40


async def test_a_mail_that_cannot_be_written_fails_alone(notification: Any, season: Any) -> None:
    await _welcome(notification, season, people=2)
    await notification.execute("UPDATE participants SET email = E'a\\r\\nb@exemple.fr' WHERE email LIKE 'personne0%'")
    await notification.send()
    assert [etat for (etat,) in await notification.rows("etat")] == ["echoue", "envoye"]


async def test_a_lease_is_counted_by_the_databases_clock(notification: Any, season: Any) -> None:
    await _welcome(notification, season)
    async with notification.database.transaction() as tx:
        (claimed,) = await envois.claim(tx.connection, 1)
        await envois.begin(tx.connection, [claimed.id])
    notification.go_to(notification.now[0] + timedelta(days=60))
    await notification.send()
    assert await notification.rows("etat") == [("en_cours",)]
