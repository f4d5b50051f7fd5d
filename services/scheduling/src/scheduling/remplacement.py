"""What a freed place follows, without a database: until when it may be filled, among whom, and what is said.

Invariant: functions of their arguments, no I/O, no clock; the sentence is French and meant for the person.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.events import CampagneOuverte

from scheduling.domain import Seance
from scheduling.solver.gap_rules import EnListe
from scheduling.solver.hours import hour_is_bearable
from scheduling.solver.problem import Limites, Taille, creneau_en_francais


@dataclass(slots=True)
class ListeAttente:
    """Who waits for a thématique, in order, and the places that these people and their collectivités hold anywhere."""

    personnes: list[EnListe]
    places: Counter[str]
    places_de_collectivite: Counter[str]

    def give(self, chosen: EnListe) -> None:
        """Count a place for this person, on whichever list they were chosen."""
        self.personnes = [p for p in self.personnes if p.candidat.id != chosen.candidat.id]
        self.places[chosen.candidat.personne] += 1
        self.places_de_collectivite[chosen.candidat.collectivite] += 1


def limit_of(seances: Iterable[Seance], jusqu_a: int) -> datetime | None:
    """Return when the last séance before which a place may still be filled begins; None when all are cancelled.

    `jusqu_a` counts the séances that stand, from 1; with fewer of them it is the last.
    """
    standing = sorted(s.debut for s in seances if not s.annulee)
    return standing[min(jusqu_a, len(standing)) - 1] if standing else None


def may_be_filled(seances: Iterable[Seance], jusqu_a: int, now: datetime) -> bool:
    limit = limit_of(seances, jusqu_a)
    return limit is not None and now < limit


def hours_out_of_bounds(
    departements: Iterable[str], creneau: str, seances: Sequence[Seance], now: datetime
) -> frozenset[tuple[str, str]]:
    """Return (département, créneau) where one of the séances to come would be too early or too late."""
    coming = [s for s in seances if not s.annulee and s.debut > now]
    return frozenset((d, creneau) for d in set(departements) if not all(hour_is_bearable(d, s.debut) for s in coming))


def limites_of(campagne: CampagneOuverte) -> Limites:
    """Return the bounds that the campagne sets to a groupe and to the places of one person and collectivité."""
    return Limites(
        min=campagne.groupe.min,
        max=campagne.groupe.max,
        elus_min=campagne.groupe.elus_min,
        agents_min=campagne.groupe.agents_min,
        poids={taille: getattr(campagne.poids, taille.value) for taille in Taille},
        places_par_personne=campagne.places_par_personne,
        places_par_collectivite=campagne.places_par_collectivite,
    )


def freed_place(creneau: str, seances: Sequence[Seance], now: datetime, *, preferred: bool) -> str:
    """Tell a person that a place is theirs, and what is left of the cycle."""
    liking = "que vous préférez" if preferred else "qui vous est possible"
    told = f"Une place s’est libérée pour vous dans un groupe du {creneau_en_francais(creneau)}, {liking}."
    held = sum(s.debut <= now for s in seances if not s.annulee)
    if not held:
        return told
    left = sum(s.debut > now for s in seances if not s.annulee)
    remain = f"{left} séances sont encore à venir" if left > 1 else "une séance est encore à venir"
    return f"{told} Il s’est déjà réuni {f'{held} fois' if held > 1 else 'une fois'}\u00a0: {remain}."
