"""Asking for groupes, and keeping what the planner found as a proposition that only the team sees."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.ids import stable_id, uuid7
from chassis.store import Transaction
from contracts.reasons import Decision

from scheduling.domain import Refused, nom_du_groupe
from scheduling.plan import Demande, Plan
from scheduling.repository import groupes, inscriptions, propositions
from scheduling.repository.propositions import Claim
from scheduling.solver.problem import GroupeForme, Proposition, Raison
from scheduling.use_cases.announce import in_french
from scheduling.use_cases.publish import publish_proposition

PLANNER = "planificateur"


async def request_groupes(tx: Transaction, campagne: str, *, automatique: bool = False, delay_s: float = 0.0) -> None:
    """Ask the planner for a proposition. Raises Refused when groupes are published or the campagne is unknown."""
    if await inscriptions.find_campagne(tx.connection, campagne) is None:
        raise Refused("Cette campagne n’existe pas.")
    if await propositions.published(tx.connection, [campagne]):
        raise Refused("Les groupes de cette campagne sont déjà publiés.")
    await propositions.request(tx.connection, uuid7(), campagne, tx.now, automatique=automatique, delay_s=delay_s)
    tx.wake(PLANNER)


async def stop_solver(tx: Transaction, campagne: str) -> None:
    """Have the run end with the best it has; one that has ended meanwhile is left alone."""
    await propositions.ask_to_stop(tx.connection, campagne)


async def save_proposition(
    tx: Transaction, claim: Claim, demande: Demande, plan: Plan, *, visio_url: str, seconds: float
) -> bool:
    """Keep the planner's result, and publish it if that was asked; False when the claim was lost meanwhile."""
    rows = _Rows(claim.proposition, demande, plan, visio_url)
    automatique = await propositions.complete(tx.connection, claim, rows.bilan(seconds), tx.now)
    if automatique is None:
        return False
    await groupes.save_plan(tx.connection, rows.groupes, rows.seances, rows.affectations)
    if automatique:
        await publish_proposition(tx, claim.proposition)
    return True


class _Rows:
    """The rows of one proposition; ids follow from its id, so that the same result gives the same rows."""

    def __init__(self, proposition: UUID, demande: Demande, plan: Plan, visio_url: str) -> None:
        self._proposition = proposition
        self._demande = demande
        self._plan = plan
        self._visio_url = visio_url
        self._animateurs = {s.groupe: s.animateur for s in plan.horaire.seances}
        self._noms = {a.id: a.nom for a in demande.horaire.animateurs}
        self._people = {c.id: c for c in demande.probleme.candidats}
        self.groupes: list[Mapping[str, Any]] = []
        self.affectations: list[Mapping[str, Any]] = []
        self._add(plan.proposition)
        self.seances = [self._seance(s.groupe, s.rang, s.debut, s.fin) for s in plan.horaire.seances]

    def _id(self, key: str) -> UUID:
        return stable_id("groupe", self._proposition, key)

    def _add(self, found: Proposition) -> None:
        per_slot = Counter((g.thematique, g.creneau) for g in found.groupes)
        for groupe in found.groupes:
            self._add_groupe(groupe, per_slot[groupe.thematique, groupe.creneau])
            for membre in groupe.membres:
                self._affect(membre, Decision.RETENUE, found.places[membre], groupe=self._id(groupe.id))
        for attente in found.en_attente:
            self._affect(attente.candidat, Decision.LISTE_ATTENTE, attente.raison, rang=attente.rang)
        for refus in found.non_retenus:
            self._affect(refus.candidat, Decision.NON_RETENUE, refus.raison)

    def _add_groupe(self, groupe: GroupeForme, in_slot: int) -> None:
        animateur = self._animateurs[groupe.id]
        numero = int(groupe.id.rpartition("-")[2])
        self.groupes.append(
            {
                "id": self._id(groupe.id),
                "proposition": self._proposition,
                "ordre": len(self.groupes) + 1,
                "thematique": groupe.thematique,
                "nom": nom_du_groupe(self._titre(groupe.thematique), groupe.creneau, numero, in_slot),
                "creneau": groupe.creneau,
                "numero": numero,
                "animateur": animateur,
                "animateur_nom": self._noms[animateur],
                "version": 1,
            }
        )

    def _affect(
        self,
        inscription: str,
        decision: Decision,
        raison: Raison,
        *,
        groupe: UUID | None = None,
        rang: int | None = None,
    ) -> None:
        self.affectations.append(
            {
                "proposition": self._proposition,
                "inscription": inscription,
                "thematique": self._people[inscription].thematique,
                "decision": decision,
                "code": raison.code,
                "phrase": in_french(raison.phrase),
                "groupe": groupe,
                "rang_attente": rang,
            }
        )

    def _seance(self, key: str, rang: int, debut: datetime, fin: datetime) -> Mapping[str, Any]:
        identifier = stable_id("seance", self._id(key), rang)
        return {
            "id": identifier,
            "groupe": self._id(key),
            "rang": rang,
            "debut": debut,
            "fin": fin,
            "sequence": 0,
            "visio_url": self._visio_url.replace("{seance}", str(identifier)),
        }

    def _titre(self, thematique: str) -> str:
        return self._demande.probleme.titres[thematique]

    def bilan(self, seconds: float) -> dict[str, Any]:
        """How good the proposition is, for the team's page."""
        found, horaire = self._plan.proposition, self._plan.horaire
        return {
            "secondes": round(seconds, 1),
            "bareme": {taille.value: poids for taille, poids in self._demande.probleme.limites.poids.items()},
            "borne": found.borne,
            "optimal": found.preuve == "optimal",
            "constats": [in_french(phrase) for phrase in horaire.constats],
            "non_planifies": [in_french(self._named(n.groupe, n.phrase)) for n in horaire.non_planifies],
            "dates_optimales": horaire.preuve == "optimal",
            "thematiques": [self._bilan_of(thematique) for thematique in self._demande.probleme.thematiques],
        }

    def _named(self, key: str, phrase: str) -> str:
        thematique, _, groupe = key.partition("/")
        creneau = groupe.rpartition("-")[0]
        nom = nom_du_groupe(self._titre(thematique), creneau, 1, 1)
        return phrase.replace(f"Le groupe {key}", f"Le groupe « {nom} »")

    def _bilan_of(self, thematique: str) -> dict[str, Any]:
        found, people = self._plan.proposition, self._people
        groupes = [g for g in found.groupes if g.thematique == thematique]
        placed = [(m, g.creneau) for g in groupes for m in g.membres]
        return {
            "code": thematique,
            "titre": self._titre(thematique),
            "inscrits": sum(c.thematique == thematique for c in people.values()),
            "places": len(placed),
            "groupes": len(groupes),
            "attente": sum(people[a.candidat].thematique == thematique for a in found.en_attente),
            "non_retenus": sum(people[a.candidat].thematique == thematique for a in found.non_retenus),
            "preferes": sum(people[m].creneaux[creneau] == "prefere" for m, creneau in placed),
            "constats": [in_french(phrase) for phrase in found.constats.get(thematique, ())],
        }
