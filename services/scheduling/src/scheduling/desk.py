"""A part of a proposition as the rules read it, so that a move can be judged before it is made.

Invariant: reads only what the move touches; people who have withdrawn are no longer in their groupe.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.events import CampagneOuverte
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.domain import Refused
from scheduling.plan import build_demande, place_key
from scheduling.repository import brouillons, inscriptions, places
from scheduling.repository.brouillons import Personne
from scheduling.repository.mouvements import Changement, Mouvement
from scheduling.solver.moves import Move, apply_move, consequences
from scheduling.solver.place_reasons import place_reasons
from scheduling.solver.problem import GroupeForme, GroupingProblem, Raison, creneau_en_francais
from scheduling.solver.rules import Violation, fixed_places_are_kept
from scheduling.use_cases.announce import in_french

_LEFT, _JOINED = "Le groupe de départ", "Le groupe d’arrivée"
_PLACE = re.compile(r"\b(?:[a-z0-9-]+/)?([a-z]+-(?:matin|apres-midi))(?:-(\d+))?\b")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Avis:
    """What a move would do, in French: `refus` forbid it."""

    refus: tuple[str, ...]
    mieux: tuple[str, ...]
    moins_bien: tuple[str, ...]


@dataclass(frozen=True)
class Desk:
    """Some people and groupes of one thématique of a proposition."""

    thematique: str
    problem: GroupingProblem
    groupes: tuple[GroupeForme, ...]
    keys: Mapping[UUID, str]
    names: Mapping[str, str]
    deja_ensemble: frozenset[tuple[str, str]]

    def judge(self, inscription: UUID, vers: UUID | None, contre: UUID | None = None, *, brief: bool = False) -> Avis:
        """Say what moving this person would do; `vers` None is the waiting list.

        `brief` tells the two groupes apart as those of departure and arrival, where the page names them already.
        """
        move = self._move(inscription, vers, contre)
        names = dict(self.names)
        if brief:
            left = next((g.id for g in self.groupes if move.candidat in g.membres), None)
            names |= {key: told for key, told in ((left, _LEFT), (move.vers, _JOINED)) if key}
        found = consequences(self.problem, self.groupes, move, self.deja_ensemble)
        return Avis(
            refus=tuple(in_french(named(_told(v), names)) for v in found.refus),
            mieux=tuple(in_french(named(phrase, names)) for phrase in found.mieux),
            moins_bien=tuple(in_french(named(phrase, names)) for phrase in found.moins_bien),
        )

    def reasons_after(self, inscription: UUID, vers: UUID | None, contre: UUID | None) -> Mapping[str, Raison]:
        """Return the reason of each person placed in these groupes once the move is made."""
        return place_reasons(self.problem, apply_move(self.groupes, self._move(inscription, vers, contre)))

    def _move(self, inscription: UUID, vers: UUID | None, contre: UUID | None) -> Move:
        return Move(
            str(inscription), None if vers is None else self.keys[vers], None if contre is None else str(contre)
        )


@dataclass(frozen=True, slots=True)
class Recit:
    """A move as the team reads it."""

    rang: int
    phrase: str
    fait_le: datetime


async def tell_moves(connection: AsyncConnection, proposition: UUID, moves: Sequence[Mouvement]) -> list[Recit]:
    changes = [c for m in moves for c in m.changements]
    people = await inscriptions.names_of(connection, sorted({c.inscription for c in changes}))
    ids = {g for c in changes for g in (c.avant.groupe, c.apres.groupe) if g}
    titles = {g.id: f"« {g.nom} »" for g in await brouillons.find_places(connection, proposition, ids=sorted(ids))}

    def told(change: Changement) -> str:
        start = titles.get(change.avant.groupe, "un groupe") if change.avant.groupe else "la liste d’attente"
        end = titles.get(change.apres.groupe, "un groupe") if change.apres.groupe else "la liste d’attente"
        return f"{people.get(change.inscription, 'une personne')}, de {start} à {end}"

    return [Recit(m.rang, in_french(" ; ".join(map(told, m.changements)) + "."), m.fait_le) for m in moves]


def _told(violation: Violation) -> str:
    """The rule's own sentence; a fixed place is the team's, who can free it."""
    if violation.rule == fixed_places_are_kept.__name__:
        return f"La place de {violation.subject} est fixée : libérez-la d'abord."
    return violation.phrase


def named(phrase: str, names: Mapping[str, str]) -> str:
    """Put names in place of the ids that a sentence of the solver holds; longer ids first, as one may begin another."""
    for key in sorted(names, key=lambda k: (-len(k), k)):
        phrase = phrase.replace(key, names[key])
    return phrase


async def readable(connection: AsyncConnection, phrase: str) -> str:
    """Put names in place of the inscriptions, créneaux and numbered groupes that a stored sentence holds.

    Names are not stored in it: they are the inscription's, and go with it.
    """
    people = await inscriptions.names_of(connection, [UUID(found) for found in _UUID.findall(phrase)])
    told = named(phrase, {str(i): name for i, name in people.items()})

    def place(found: re.Match[str]) -> str:
        number = f" (n° {found[2]})" if found[2] else ""
        return creneau_en_francais(found[1]) + number

    return in_french(_PLACE.sub(place, told))


async def read_desk(
    connection: AsyncConnection,
    campagne: CampagneOuverte,
    proposition: UUID,
    person: Personne,
    *,
    lieux: Iterable[UUID] = (),
    others: Sequence[UUID] = (),
) -> Desk:
    """Read what is needed to judge moves of this person to these groupes, or against these people."""
    about = [person, *await brouillons.people(connection, proposition, ids=others)] if others else [person]
    wanted = {*lieux, *(p.etat.groupe for p in about if p.etat.groupe)}
    wanted |= await brouillons.groupes_bound_with(
        connection, proposition, [p.inscription for p in about], homes=campagne.places_par_collectivite > 0
    )
    found = await brouillons.find_places(connection, proposition, ids=sorted(wanted))
    if {lieu.thematique for lieu in found if lieu.id in set(lieux)} - {person.thematique}:
        raise Refused("Ce groupe est d’une autre thématique.")
    ids = sorted({m for lieu in found for m in lieu.membres} | {p.inscription for p in about})
    inscrits = await inscriptions.inscrits_of(connection, ids)
    fixed = await places.of_people(connection, ids)
    keys = {lieu.id: place_key(lieu.thematique, lieu.creneau, lieu.numero) for lieu in found}
    themes = {UUID(i.id): i.thematique for i in inscrits}
    demande = build_demande(
        campagne,
        inscrits,
        places_fixees={
            str(i): place_key(themes[i], p.creneau, p.numero)
            for i, p in fixed.items()
            if p.creneau in campagne.creneaux
        },
    )
    names = await inscriptions.names_in_rules(connection, ids)
    return Desk(
        thematique=person.thematique,
        problem=demande.probleme,
        groupes=tuple(
            GroupeForme(keys[lieu.id], lieu.thematique, lieu.creneau, tuple(map(str, lieu.membres))) for lieu in found
        ),
        keys=keys,
        names=names | {keys[lieu.id]: f"Le groupe « {lieu.nom} »" for lieu in found},
        deja_ensemble=frozenset((str(a), str(b)) for a, b in await brouillons.reunions(connection, ids)),
    )
