"""What notification can do: learn what happened, decide what must be told, and mark what was sent.

Each function works in the caller's transaction; a message that must go out is a row of that same transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from chassis.store import NotYetKnown, Transaction
from contracts.events import NotificationEchouee, NotificationEnvoyee

from notification import domain
from notification.domain import (
    Campagne,
    Envoi,
    Etat,
    Groupe,
    Intent,
    Modele,
    Participant,
    Seance,
)
from notification.repository import envois, projection

MAILER = "mailer"


async def _plan(tx: Transaction, intents: Sequence[Intent]) -> None:
    if intents:
        await envois.add_intents(tx.connection, intents, tx.now)
        tx.wake(MAILER)


async def learn_campagnes(tx: Transaction, campagnes: Sequence[Campagne]) -> None:
    await projection.save_campagnes(tx.connection, list({c.campagne: c for c in campagnes}.values()))


async def welcome_people(tx: Transaction, people: Sequence[Participant]) -> None:
    """Confirm validated inscriptions, once each. Raises NotYetKnown for a campagne that is still to come."""
    wanted = {person.campagne for person in people}
    if missing := wanted - (await projection.campagnes_by_code(tx.connection, wanted)).keys():
        raise NotYetKnown(f"campagnes {sorted(missing)}")
    await projection.save_people(tx.connection, list({p.inscription: p for p in people}.values()))
    await _plan(tx, [Intent(f"{Modele.VALIDEE}:{p.inscription}:1", Modele.VALIDEE, p.inscription, {}) for p in people])


async def tell_refusals(tx: Transaction, refusals: Sequence[tuple[Participant, Intent]]) -> None:
    """Keep who was refused and say what to correct."""
    people = {person.inscription: person for person, _ in refusals}
    await projection.save_people(tx.connection, list(people.values()))
    await _plan(tx, [intent for _, intent in refusals])
    await update_calendars(tx, await projection.groupes_of_people(tx.connection, list(people)))


async def end_inscriptions(tx: Transaction, ended: Sequence[tuple[UUID, str]]) -> None:
    """Confirm each end (inscription, cause) and take the coming séances out of the person's calendar."""
    known = set(await projection.end_inscriptions(tx.connection, [inscription for inscription, _ in ended]))
    intents = [
        Intent(f"{Modele.ANNULEE}:{inscription}:1", Modele.ANNULEE, inscription, {"cause": cause})
        for inscription, cause in ended
        if inscription in known
    ]
    await _plan(tx, intents)
    await update_calendars(tx, await projection.groupes_of_people(tx.connection, sorted(known)))


async def learn_decisions(tx: Transaction, decided: Sequence[Participant]) -> None:
    """Keep decisions; tell those without a place at once, and the others with their four dates.

    Only the fields of the decision are read. Raises NotYetKnown for a person or a groupe that is still to come.
    """
    latest = {person.inscription: person for person in decided}
    await _check_people(tx, latest)
    await _check_groupes(tx, [p.groupe for p in latest.values() if p.groupe is not None])
    before = await projection.groupes_of_people(tx.connection, list(latest))
    changed = set(await projection.save_decisions(tx.connection, list(latest.values())))
    told = [
        domain.decision_intent(person)
        for person in latest.values()
        if person.inscription in changed and person.decision != domain.RETENUE and person.motif != domain.MOTIF_RETRAIT
    ]
    await _plan(tx, told)
    await update_calendars(tx, before | {p.groupe for p in latest.values() if p.groupe is not None})


async def learn_groupes(tx: Transaction, news: Sequence[tuple[Groupe, str, int, Sequence[UUID]]]) -> None:
    """Take groupes as they are now: (groupe, campagne, version, members). Raises NotYetKnown for unknown members."""
    await _check_people(tx, {inscription for *_, people in news for inscription in people})
    ids = {groupe.groupe for groupe, *_ in news}
    await projection.lock_groupes(tx.connection, ids)
    for groupe, campagne, version, people in news:
        await projection.save_groupe(tx.connection, groupe, campagne, version, people)
    await update_calendars(tx, ids)


async def dissolve_groupes(tx: Transaction, ids: Sequence[UUID]) -> None:
    await projection.dissolve_groupes(tx.connection, ids)
    await update_calendars(tx, ids)


async def learn_seances(tx: Transaction, news: Sequence[Seance]) -> None:
    """Take séances as they are now. Raises NotYetKnown for a groupe that is still to come."""
    ids = {seance.groupe for seance in news}
    await _check_groupes(tx, ids)
    await projection.save_seances(tx.connection, list({seance.seance: seance for seance in news}.values()))
    await update_calendars(tx, ids)


async def update_calendars(tx: Transaction, ids: Iterable[UUID]) -> None:
    """Tell each person of these groupes the decision, then whatever their calendar does not have yet."""
    wanted = set(ids)
    if not wanted:
        return
    held = await projection.lock_groupes(tx.connection, wanted)
    intents: list[Intent] = []
    entries = []
    for facts in await projection.facts_of_groupes(tx.connection, held):
        intents += domain.decisions_of_groupe(facts)
        for intent, entry in domain.calendar_changes(facts, tx.now):
            intents.append(intent)
            entries.append(entry)
    await projection.save_agendas(tx.connection, entries)
    await _plan(tx, intents)


async def plan_reminders(tx: Transaction) -> int:
    """Make the reminders of the séances that begin within two days; return how many séances were looked at."""
    due = await envois.seances_to_remind(tx.connection, tx.now)
    agendas = await projection.agendas_of_seances(tx.connection, [seance.seance for seance in due])
    for seance in due:
        own = [entry for entry in agendas if entry.seance == seance.seance]
        await _plan(tx, domain.rappels(seance, own))
    await envois.mark_reminded(tx.connection, due)
    return len(due)


async def plan_questionnaires(tx: Transaction) -> int:
    """Make the questionnaires of the séances that have ended; return how many séances were looked at."""
    due = await envois.seances_to_ask_about(tx.connection, tx.now)
    agendas = await projection.agendas_of_seances(tx.connection, [seance.seance for seance in due])
    for seance in due:
        own = [entry for entry in agendas if entry.seance == seance.seance]
        await _plan(tx, domain.questionnaires(seance, own))
    await envois.mark_asked_about(tx.connection, due)
    return len(due)


async def mark_sent(tx: Transaction, sent: Sequence[Envoi]) -> None:
    done = await envois.finish_sent(tx.connection, [envoi.id for envoi in sent], tx.now) if sent else set()
    for envoi in sent:
        if envoi.id in done:
            tx.publish(
                NotificationEnvoyee(
                    notification=envoi.id,
                    inscription=envoi.inscription,
                    modele=envoi.modele.value,
                    envoyee_le=tx.now,
                )
            )


async def mark_failed(tx: Transaction, envoi: Envoi, cause: str, *, etat: Etat = Etat.ECHOUE) -> None:
    """End a message that will not be sent again by itself: refused, or uncertain."""
    if await envois.finish(tx.connection, envoi, etat, cause):
        tx.publish(
            NotificationEchouee(
                notification=envoi.id,
                inscription=envoi.inscription,
                modele=envoi.modele.value,
                cause=cause[:200],
                echouee_le=tx.now,
            )
        )


async def drop(tx: Transaction, envoi: Envoi, cause: str) -> None:
    """Give up a message that is no longer true; nobody is told, since nothing went wrong."""
    await envois.finish(tx.connection, envoi, Etat.ABANDONNE, cause)


async def mark_unknown(tx: Transaction, envoi: Envoi, cause: str) -> None:
    """The line was lost after the text was handed over: again if a copy is harmless, else for the team to decide."""
    if envoi.modele in domain.CALENDAR:
        await put_off(tx, envoi, cause)
    else:
        await mark_failed(tx, envoi, f"{domain.INTERRUPTED} ({cause})", etat=Etat.INCERTAIN)


async def put_off(tx: Transaction, envoi: Envoi, cause: str) -> None:
    """Try again later, longer each time; after about three days it is given up."""
    if envoi.essais >= domain.MAX_ESSAIS:
        await mark_failed(tx, envoi, cause)
    else:
        await envois.release(tx.connection, [envoi.id], domain.retry_delay(envoi.essais), cause, counted=True)


async def recover(tx: Transaction, lease: timedelta) -> None:
    """Take back messages whose sender died on the way: again if a copy is harmless, else for the team to decide."""
    for envoi in await envois.expired(tx.connection, lease):
        if envoi.modele in domain.CALENDAR or not envoi.commence:
            await envois.release(tx.connection, [envoi.id], timedelta(0), domain.INTERRUPTED)
        else:
            await mark_failed(tx, envoi, domain.INTERRUPTED, etat=Etat.INCERTAIN)


async def send_again(tx: Transaction, identifier: UUID) -> UUID | None:
    """Make the same message anew on the team's demand; its id, or None for a message that is unknown or unfinished."""
    envoi = await envois.by_id(tx.connection, identifier, lock=True)
    if envoi is None or envoi.etat in (Etat.A_ENVOYER, Etat.EN_COURS):
        return None
    if envoi.etat is Etat.INCERTAIN:
        await envois.settle(tx.connection, envoi.id, domain.SENT_AGAIN)
    agenda = None
    if "seance" in envoi.contexte:
        pair = (UUID(envoi.contexte["seance"]), envoi.inscription)
        agenda = (await projection.agendas_by_pair(tx.connection, [pair])).get(pair)
    intent = domain.resend(envoi, await envois.next_copy(tx.connection, envoi), agenda)
    await _plan(tx, [intent])
    return envois.id_of(intent.cle)


async def settle(tx: Transaction, identifier: UUID) -> None:
    """Note the team's word that an uncertain message needs no second copy."""
    await envois.settle(tx.connection, identifier, domain.SETTLED)


async def set_messages_wanted(tx: Transaction, inscription: UUID, *, wanted: bool) -> None:
    """Turn reminders and questionnaires on or off; decisions and invitations always go out."""
    await projection.set_messages_wanted(tx.connection, inscription, wanted=wanted)


async def _check_people(tx: Transaction, ids: Iterable[UUID]) -> None:
    wanted = set(ids)
    if missing := wanted - (await projection.people_by_id(tx.connection, wanted)).keys():
        raise NotYetKnown(f"{len(missing)} inscriptions, {min(missing)} first")


async def _check_groupes(tx: Transaction, ids: Iterable[UUID]) -> None:
    wanted = set(ids)
    if missing := wanted - (await projection.groupes_by_id(tx.connection, wanted)).keys():
        raise NotYetKnown(f"{len(missing)} groupes, {min(missing)} first")
