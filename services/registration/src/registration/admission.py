"""One inscription that came in: what the rules say of it, the row to keep and the event that answers it.

Here the contract's words meet the domain's; nothing is read or written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.events import InscriptionRecue, InscriptionRefusee, InscriptionValidee
from contracts.events.inscriptions import Collectivite, Taille, TypeCollectivite
from contracts.reasons import PHRASES, Refus

from registration import collectivites as bodies
from registration.collectivites.search import normalise
from registration.domain import CHAMPS, Campagne, Demande, EtatInscription, Regle, adresse_cle, broken_rule
from registration.repository.inscriptions import NewInscription


@dataclass(frozen=True, slots=True)
class Collectivites:
    """The reference and the thresholds of the size classes, as the checks need them."""

    reference: bodies.Reference
    seuils: bodies.SeuilsTaille

    def find(self, demande: InscriptionRecue) -> bodies.Collectivite | None:
        kind = bodies.TypeCollectivite(demande.collectivite.type.value)
        if kind is bodies.TypeCollectivite.AUTRE:
            return bodies.autre(demande.collectivite.nom or demande.collectivite.code)
        return self.reference.get(kind, demande.collectivite.code)

    def taille(self, collectivite: bodies.Collectivite) -> str:
        return bodies.taille(collectivite, self.seuils).value


class Checked(NamedTuple):
    """One inscription with what the rules say of it: `regle` is the one that it breaks."""

    recue: InscriptionRecue
    collectivite: bodies.Collectivite | None
    adresse: str | None
    taille: str
    regle: Regle | None

    @property
    def id(self) -> UUID:
        return self.recue.inscription

    def row(self) -> NewInscription:
        recue, body = self.recue, self.collectivite
        code = _refus(self.regle) if self.regle else None
        nom_collectivite = body.nom if body else recue.collectivite.nom or recue.collectivite.code
        personne = recue.personne
        return NewInscription(
            id=recue.inscription,
            campagne=recue.campagne,
            thematique=recue.thematique,
            etat=EtatInscription.REFUSEE if code else EtatInscription.VALIDEE,
            code=code,
            phrase=PHRASES[code] if code else None,
            adresse_cle=self.adresse or personne.email.casefold(),
            prenom=personne.prenom,
            nom=personne.nom,
            qualite=recue.qualite,
            collectivite_type=body.type if body else recue.collectivite.type,
            collectivite_code=body.code if body else recue.collectivite.code,
            collectivite=nom_collectivite,
            departement=body.departement if body else "",
            taille=self.taille,
            recherche=normalise(f"{personne.prenom} {personne.nom} {personne.email} {nom_collectivite}"),
            demande=recue.model_dump_json(exclude_none=True),
            recue_le=recue.recue_le,
        )

    def answer(self, now: datetime) -> InscriptionValidee | InscriptionRefusee:
        recue, body = self.recue, self.collectivite
        if self.regle is not None or body is None:
            regle = self.regle or Regle.COLLECTIVITE_INCONNUE
            return refusee(recue, _refus(regle), PHRASES[_refus(regle)], CHAMPS.get(regle, ()), now)
        collectivite = Collectivite(
            type=TypeCollectivite(body.type.value),
            code=body.code,
            nom=body.nom,
            departement=body.departement,
            taille=Taille(self.taille),
        )
        return InscriptionValidee(**{**vars(recue), "collectivite": collectivite})


def check(recue: InscriptionRecue, campagne: Campagne | None, known: Collectivites, now: datetime) -> Checked:
    body, adresse = known.find(recue), adresse_cle(recue.personne.email)
    demande = Demande(
        campagne=campagne,
        thematique=recue.thematique,
        collectivite=body,
        adresse=adresse,
        creneaux=frozenset(disponibilite.creneau for disponibilite in recue.disponibilites),
        engagements=recue.engagements.tous,
        recue_le=recue.recue_le,
    )
    return Checked(recue, body, adresse, known.taille(body) if body else "", broken_rule(demande, now))


def _refus(regle: Regle) -> Refus:
    return Refus(f"refus.{regle}")


def refusee(
    recue: InscriptionRecue, code: Refus, phrase: str, champs: tuple[str, ...], now: datetime
) -> InscriptionRefusee:
    return InscriptionRefusee(
        inscription=recue.inscription,
        campagne=recue.campagne,
        thematique=recue.thematique,
        personne=recue.personne,
        code=code,
        phrase=phrase,
        champs=champs,
        refusee_le=now,
    )
