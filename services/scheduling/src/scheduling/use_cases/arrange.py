"""The team's hand in a draft: moving people, taking a move back, fixing a place.

Invariant: a move that breaks a hard rule is refused with the rule's sentence; everybody's reason stays true; nothing
is changed in a draft that is no longer as the team saw it.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.store import Transaction
from contracts.reasons import Decision, Motif

from scheduling.desk import Desk, read_desk
from scheduling.domain import Avancement, Refused, position
from scheduling.repository import brouillons, inscriptions, mouvements, places, propositions
from scheduling.repository.brouillons import Etat, Personne
from scheduling.repository.inscriptions import Campagne
from scheduling.repository.mouvements import Changement
from scheduling.repository.places import PlaceFixee
from scheduling.solver.problem import Raison, creneau_en_francais
from scheduling.use_cases.announce import in_french

STALE = "Cette proposition a changé entre-temps, peut-être par un collègue : relisez-la avant de recommencer."


async def move_person(
    tx: Transaction, proposition: UUID, version: int, inscription: UUID, *, vers: UUID | None, contre: UUID | None
) -> None:
    """Move somebody to a groupe, or to the waiting list (None); `contre` takes the place left. Raises Refused."""
    _, campagne = await _hold(tx, proposition, version)
    person = await _find(tx, proposition, inscription)
    other = await _find(tx, proposition, contre) if contre else None
    if other is not None:
        vers = other.etat.groupe
    _refuse_nonsense(person, vers, other)
    others = [other.inscription] if other else []
    desk = await read_desk(
        tx.connection, campagne.donnees, proposition, person, lieux=[vers] if vers else [], others=others
    )
    if vers is not None and vers not in desk.keys:
        raise Refused("Ce groupe n’existe pas dans cette proposition.")
    if refus := desk.judge(inscription, vers, contre).refus:
        raise Refused(" ".join(refus))
    goes = [(person, vers), *([(other, person.etat.groupe)] if other else [])]
    changes = await _changes(tx, proposition, desk, goes, desk.reasons_after(inscription, vers, contre))
    await mouvements.change(tx.connection, proposition, person.thematique, changes)
    await mouvements.add(tx.connection, proposition, changes, tx.now)


async def undo_move(tx: Transaction, proposition: UUID, version: int) -> None:
    """Take the last move back. Raises Refused."""
    await _hold(tx, proposition, version)
    last = await mouvements.to_undo(tx.connection, proposition)
    if last is None:
        raise Refused("Il n’y a aucun mouvement à annuler.")
    await _write(tx, proposition, [c.reversed() for c in last.changements])
    await mouvements.mark(tx.connection, proposition, last.rang, annule=True)


async def redo_move(tx: Transaction, proposition: UUID, version: int) -> None:
    """Make again the move that was taken back last. Raises Refused."""
    await _hold(tx, proposition, version)
    following = await mouvements.to_redo(tx.connection, proposition)
    if following is None:
        raise Refused("Il n’y a aucun mouvement à rétablir.")
    await _write(tx, proposition, following.changements)
    await mouvements.mark(tx.connection, proposition, following.rang, annule=False)


async def fix_place(tx: Transaction, proposition: UUID, inscription: UUID, *, groupe: bool) -> None:
    """Keep somebody where they are in the next propositions: in the créneau, or in this very groupe. Raises Refused."""
    draft, _ = await _hold(tx, proposition)
    person = await _find(tx, proposition, inscription)
    if person.retiree or person.etat.groupe is None:
        raise Refused("Seule la place d’une personne qui est dans un groupe peut être fixée.")
    (lieu,) = await brouillons.find_places(tx.connection, proposition, ids=[person.etat.groupe])
    place = PlaceFixee(lieu.creneau, lieu.numero if groupe else None)
    await places.fix(tx.connection, draft.campagne, inscription, place, tx.now)


async def free_place(tx: Transaction, inscription: UUID) -> None:
    """Let the next propositions put this person anywhere."""
    await places.free(tx.connection, inscription)


async def _hold(tx: Transaction, proposition: UUID, version: int | None = None) -> tuple[Avancement, Campagne]:
    """Keep everybody else out of the draft until the end of the transaction, and count one change of it more."""
    found = await propositions.find(tx.connection, proposition)
    campagne = await inscriptions.find_campagne(tx.connection, found.campagne) if found else None
    if found is None or campagne is None:
        raise Refused("Cette proposition n’existe pas.")
    await inscriptions.lock_campagnes(tx.connection, [found.campagne])
    again = await propositions.find(tx.connection, proposition)
    if again is None or again.etat != "prete":
        raise Refused("Cette proposition ne peut plus être modifiée : elle est publiée, ou n’est plus conservée.")
    if version is not None and not await propositions.next_version(tx.connection, proposition, version):
        raise Refused(STALE)
    return again, campagne


async def _find(tx: Transaction, proposition: UUID, inscription: UUID) -> Personne:
    found = await brouillons.people(tx.connection, proposition, ids=[inscription])
    if not found:
        raise Refused("Cette personne n’est pas dans cette proposition.")
    return found[0]


def _refuse_nonsense(person: Personne, vers: UUID | None, other: Personne | None) -> None:
    concerned = [person, other] if other else [person]
    if any(p.retiree for p in concerned):
        raise Refused("Une personne qui s’est désistée ne peut plus être déplacée.")
    if other is not None and other.thematique != person.thematique:
        raise Refused("Un échange se fait entre deux personnes de la même thématique.")
    if vers == person.etat.groupe:
        raise Refused("Cette personne y est déjà.")


async def _changes(
    tx: Transaction,
    proposition: UUID,
    desk: Desk,
    goes: Sequence[tuple[Personne, UUID | None]],
    reasons: Mapping[str, Raison],
) -> tuple[Changement, ...]:
    leaving = next((p.inscription for p, to in goes if to and p.etat.groupe is None), None)
    poids = {taille.value: weight for taille, weight in desk.problem.limites.poids.items()}
    found = []
    for who, to in goes:
        if to is not None:
            reason = reasons[str(who.inscription)]
            after = Etat(Decision.RETENUE, reason.code, in_french(reason.phrase), to, None)
        else:
            rang = await mouvements.rank_on_the_list(tx.connection, proposition, who.inscription, poids, leaving)
            phrase = _set_aside(who, desk.problem.creneaux, rang)
            after = Etat(Decision.LISTE_ATTENTE, Motif.CHOIX_EQUIPE, phrase, None, rang)
        found.append(Changement(who.inscription, who.etat, after))
    return tuple(found)


def _set_aside(person: Personne, creneaux: Sequence[str], rang: int) -> str:
    slots = slots_in_french(person.disponibilites, creneaux)
    cause = f"L’équipe du programme a composé autrement les groupes de vos créneaux ({slots})."
    return f"{cause} {position(rang)}"


def slots_in_french(disponibilites: Mapping[str, str], creneaux: Sequence[str]) -> str:
    return ", ".join(creneau_en_francais(c) for c in creneaux if c in disponibilites)


async def _write(tx: Transaction, proposition: UUID, changes: Sequence[Changement]) -> None:
    person = await _find(tx, proposition, changes[0].inscription)
    await _refuse_to_unfix(tx, proposition, changes)
    await mouvements.change(tx.connection, proposition, person.thematique, changes)


async def _refuse_to_unfix(tx: Transaction, proposition: UUID, changes: Sequence[Changement]) -> None:
    fixed = await places.of_people(tx.connection, [c.inscription for c in changes])
    ids = [c.apres.groupe for c in changes if c.apres.groupe]
    lieux = {lieu.id: lieu for lieu in await brouillons.find_places(tx.connection, proposition, ids=ids)}
    for one in changes:
        place, lieu = fixed.get(one.inscription), lieux.get(one.apres.groupe) if one.apres.groupe else None
        if place and (lieu is None or lieu.creneau != place.creneau or place.numero not in {None, lieu.numero}):
            raise Refused("La place d’une personne concernée est fixée depuis : libérez-la d’abord.")
