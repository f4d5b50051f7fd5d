"""Asking for groupes, and keeping what the planner found as a proposition that only the team sees."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.ids import stable_id, uuid7
from chassis.store import Transaction
from contracts.reasons import Decision, Motif

from scheduling.domain import Refused, nom_du_groupe
from scheduling.plan import Demande, Plan, groupe_key
from scheduling.repository import groupes, inscriptions, propositions
from scheduling.repository.propositions import Claim
from scheduling.solver.problem import GroupeForme, Proposition, Raison
from scheduling.use_cases.announce import in_french
from scheduling.use_cases.publish import publish_proposition

PLANNER = "planificateur"
_UNPLANNED = Raison(
    Motif.GROUPE_NON_OUVERT,
    "Un groupe était possible sur vos créneaux, mais aucun animateur n’est disponible pour ses quatre séances.",
)


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
        self._noms = {a.id: a.nom for a in demande.animateurs}
        self.groupes: list[Mapping[str, Any]] = []
        self.affectations: list[Mapping[str, Any]] = []
        for thematique, found in plan.propositions.items():
            self._add_thematique(thematique, found)
        self.seances = [self._seance(s.groupe, s.rang, s.debut, s.fin) for s in plan.horaire.seances]

    def _id(self, key: str) -> UUID:
        return stable_id("groupe", self._proposition, key)

    def _add_thematique(self, thematique: str, found: Proposition) -> None:
        per_creneau = Counter(g.creneau for g in found.groupes)
        unplanned: list[str] = []
        for groupe in found.groupes:
            key = groupe_key(thematique, groupe.id)
            if key not in self._animateurs:
                unplanned += groupe.membres
                continue
            self._add_groupe(thematique, key, groupe, per_creneau[groupe.creneau])
            for membre in groupe.membres:
                self._affect(membre, thematique, Decision.RETENUE, found.places[membre], groupe=self._id(key))
        for attente in found.en_attente:
            self._affect(attente.candidat, thematique, Decision.LISTE_ATTENTE, attente.raison, rang=attente.rang)
        for rang, membre in enumerate(sorted(unplanned), len(found.en_attente) + 1):
            self._affect(membre, thematique, Decision.LISTE_ATTENTE, _UNPLANNED, rang=rang)
        for refus in found.non_retenus:
            self._affect(refus.candidat, thematique, Decision.NON_RETENUE, refus.raison)

    def _add_groupe(self, thematique: str, key: str, groupe: GroupeForme, in_creneau: int) -> None:
        animateur = self._animateurs[key]
        numero = int(groupe.id.rpartition("-")[2])
        self.groupes.append(
            {
                "id": self._id(key),
                "proposition": self._proposition,
                "ordre": len(self.groupes) + 1,
                "thematique": thematique,
                "nom": nom_du_groupe(self._demande.titres[thematique], groupe.creneau, numero, in_creneau),
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
        thematique: str,
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
                "thematique": thematique,
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

    def bilan(self, seconds: float) -> dict[str, Any]:
        """How good the proposition is, for the team's page."""
        horaire = self._plan.horaire
        return {
            "secondes": round(seconds, 1),
            "bareme": _weights(self._demande),
            "borne": sum(found.borne for found in self._plan.propositions.values()),
            "optimal": all(found.preuve == "optimal" for found in self._plan.propositions.values()),
            "constats": [in_french(phrase) for phrase in horaire.constats],
            "non_planifies": [in_french(self._named(n.groupe, n.phrase)) for n in horaire.non_planifies],
            "dates_optimales": horaire.preuve == "optimal",
            "thematiques": [self._bilan_of(code, found) for code, found in self._plan.propositions.items()],
        }

    def _named(self, key: str, phrase: str) -> str:
        thematique, _, groupe = key.partition("/")
        creneau = groupe.rpartition("-")[0]
        nom = nom_du_groupe(self._demande.titres[thematique], creneau, 1, 1)
        return phrase.replace(f"Le groupe {key}", f"Le groupe « {nom} »")

    def _bilan_of(self, thematique: str, found: Proposition) -> dict[str, Any]:
        people = {c.id: c for c in self._demande.problemes[thematique].candidats}
        placed = [m for g in found.groupes for m in g.membres]
        preferred = sum(people[m].creneaux[g.creneau] == "prefere" for g in found.groupes for m in g.membres)
        return {
            "code": thematique,
            "titre": self._demande.titres[thematique],
            "inscrits": len(people),
            "places": len(placed),
            "groupes": len(found.groupes),
            "attente": len(found.en_attente),
            "non_retenus": len(found.non_retenus),
            "preferes": preferred,
            "poids_place": found.poids_place,
            "borne": found.borne,
            "optimal": found.preuve == "optimal",
            "constats": [in_french(phrase) for phrase in found.constats],
        }


def _weights(demande: Demande) -> dict[str, int]:
    return {taille: poids for p in demande.problemes.values() for taille, poids in p.limites.poids.items()}
