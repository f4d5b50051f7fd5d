"""The public form in three steps: what was typed, what is wrong with it in French, and the event that it becomes.

What was typed is kept as it was typed (`Contenu`), so that an error or a way back never loses a word.
"""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.events import InscriptionRecue
from starlette.datastructures import FormData

from registration.admission import Collectivites
from registration.collectivites import Collectivite, TypeCollectivite, autre
from registration.collectivites.collectivite import NATURES
from registration.collectivites.search import normalise
from registration.domain import Campagne, adresse_cle
from registration.http.frame import text_of, texts_of
from registration.repository.brouillons import Contenu

Erreurs = dict[str, str]

STEPS: Final = (1, 2, 3)
ENGAGEMENTS: Final = ("quatre_seances", "situation_concrete", "camera_et_micro")
SITUATION_MAX: Final = 2000
_LINE_MAX: Final = 200
_WISHES_MAX: Final = 5
_TELEPHONE: Final = re.compile(r"\+?[\d .()-]{6,25}")
_FIELDS: Final = {
    1: ("prenom", "nom", "email", "telephone", "qualite", "fonction", "collectivite", "collectivite_texte"),
    2: ("thematique", "situation", "avec", "sans"),
}


def read_step(step: int, form: FormData, campagne: Campagne) -> Contenu:
    """Return what was typed on that step, by field name."""
    typed: Contenu = {name: text_of(form, name) for name in _FIELDS.get(step, ())}
    if step == 2:  # noqa: PLR2004 - the créneaux are on the second step
        typed["creneaux"] = {creneau: text_of(form, f"creneau_{creneau}") for creneau in campagne.creneaux}
    if step == 3:  # noqa: PLR2004 - the commitments are on the third
        typed["engagements"] = texts_of(form, "engagements")
    return typed


def errors_of(step: int, typed: Contenu, campagne: Campagne, known: Collectivites) -> Erreurs:
    """Return what the person must correct on that step: a sentence by field, in the order of the page."""
    if step == 1:
        return _errors_of_person(typed, known)
    return _errors_of_wishes(typed, campagne) if step == 2 else _errors_of_engagements(typed)  # noqa: PLR2004


def first_wrong_step(typed: Contenu, campagne: Campagne, known: Collectivites) -> int | None:
    return next((step for step in STEPS if errors_of(step, typed, campagne, known)), None)


def _errors_of_person(typed: Contenu, known: Collectivites) -> Erreurs:
    erreurs: Erreurs = {}
    for name, sentence in (("prenom", "Indiquez votre prénom."), ("nom", "Indiquez votre nom.")):
        erreurs |= _line(typed, name, sentence)
    email = typed.get("email", "")
    if not email:
        erreurs["email"] = "Indiquez votre adresse électronique."
    elif adresse_cle(email) is None:
        erreurs["email"] = "Vérifiez votre adresse électronique : elle ressemble à prenom.nom@mairie.fr."
    if (telephone := typed.get("telephone", "")) and not _TELEPHONE.fullmatch(telephone):
        erreurs["telephone"] = "Vérifiez votre numéro de téléphone, ou laissez ce champ vide."
    if typed.get("qualite") not in {"elu", "agent"}:
        erreurs["qualite"] = "Dites si vous êtes élu ou agent."
    erreurs |= _line(typed, "fonction", "Indiquez votre fonction, par exemple « adjointe au maire ».")
    if chosen(typed, known) is None:
        erreurs["collectivite_texte"] = (
            "Choisissez votre collectivité dans la liste."
            if typed.get("collectivite_texte")
            else "Indiquez le nom de votre collectivité."
        )
    return erreurs


def _line(typed: Contenu, name: str, sentence: str) -> Erreurs:
    value = typed.get(name, "")
    if not value:
        return {name: sentence}
    return {name: f"Raccourcissez ce texte : {_LINE_MAX} caractères au plus."} if len(value) > _LINE_MAX else {}


def _errors_of_wishes(typed: Contenu, campagne: Campagne) -> Erreurs:
    erreurs: Erreurs = {}
    if typed.get("thematique") not in {thematique.code for thematique in campagne.thematiques}:
        erreurs["thematique"] = "Choisissez une thématique."
    if not disponibilites(typed, campagne):
        erreurs["disponibilites"] = "Choisissez au moins un créneau que vous préférez ou qui vous est possible."
    situation = typed.get("situation", "")
    if not situation:
        erreurs["situation"] = "Décrivez la situation que vous souhaitez partager, en une ou deux phrases."
    elif len(situation.replace("\r\n", "\n")) > SITUATION_MAX:
        erreurs["situation"] = f"Raccourcissez ce texte : {SITUATION_MAX} caractères au plus."
    for name in ("avec", "sans"):
        wished = addresses(typed.get(name, ""))
        if len(wished) > _WISHES_MAX or any(adresse_cle(address) is None for address in wished):
            erreurs[name] = "Écrivez cinq adresses électroniques au plus, séparées par des virgules."
    return erreurs


def _errors_of_engagements(typed: Contenu) -> Erreurs:
    if set(ENGAGEMENTS) <= set(typed.get("engagements", ())):
        return {}
    return {"engagements": "Cochez les trois engagements : ils sont nécessaires pour participer."}


def addresses(typed: str) -> list[str]:
    """Return the addresses in a text where people separate them as they like."""
    return [address for address in re.split(r"[\s,;]+", typed) if address]


def disponibilites(typed: Contenu, campagne: Campagne) -> dict[str, str]:
    """Return the créneaux that suit, each `prefere` or `possible`."""
    accords: dict[str, str] = typed.get("creneaux") or {}
    return {
        creneau: accords[creneau] for creneau in campagne.creneaux if accords.get(creneau) in {"prefere", "possible"}
    }


def find_collectivite(cle: str, known: Collectivites) -> Collectivite | None:
    """Return the body of a key like `commune:69072`, or `autre:` and a free name."""
    kind, _, code = cle.partition(":")
    if kind not in set(TypeCollectivite) or not code:
        return None
    return known.reference.get(TypeCollectivite(kind), code)


def chosen(typed: Contenu, known: Collectivites) -> Collectivite | None:
    """Return the collectivité that was chosen; a name typed in full that only one body bears is a choice too."""
    written = normalise(typed.get("collectivite_texte", ""))
    body = find_collectivite(typed.get("collectivite", ""), known)
    if body is not None and (not written or normalise(body.nom) == written):
        return body
    same = [found for found in known.reference.search(written, 10) if normalise(found.nom) == written]
    return same[0] if len(same) == 1 else None


def choices(typed: str, known: Collectivites) -> list[dict[str, str]]:
    """Return what the search offers for a text, the free name last: {cle, libelle, detail}."""
    found = [*known.reference.search(typed, 10)] if typed else []
    free = autre(typed)
    return [
        *({"cle": body.cle, "libelle": body.nom, "detail": detail_of(body)} for body in found),
        *(
            [{"cle": f"autre:{free.nom}", "libelle": free.nom, "detail": "Autre organisme, sous ce nom"}]
            if free
            else []
        ),
    ]


def detail_of(body: Collectivite) -> str:
    """Return what tells namesakes apart, like « Commune, Loire »."""
    place = f", {body.departement_nom}" if body.departement_nom and body.departement_nom != body.nom else ""
    return f"{NATURES[body.type].capitalize()}{place}"


def as_recue(
    inscription: UUID, typed: Contenu, campagne: Campagne, known: Collectivites, now: datetime
) -> InscriptionRecue:
    """Return the event of a form that has no error left. Raises ValueError if it has one."""
    body = chosen(typed, known)
    if body is None:
        raise ValueError("the form has no collectivité")
    values: dict[str, Any] = {
        **{name: typed[name] for name in ("thematique", "qualite", "fonction", "situation")},
        "inscription": inscription,
        "campagne": campagne.code,
        "personne": {name: typed[name] or None for name in ("prenom", "nom", "email", "telephone")},
        "collectivite": {"type": body.type.value, "code": body.code, "nom": body.nom},
        "disponibilites": [
            {"creneau": creneau, "accord": accord} for creneau, accord in disponibilites(typed, campagne).items()
        ],
        "engagements": dict.fromkeys(typed["engagements"], True),
        "avec": addresses(typed.get("avec", "")),
        "sans": addresses(typed.get("sans", "")),
        "recue_le": now,
        "rang": typed.get("rang"),
    }
    return InscriptionRecue.model_validate(values)


def as_typed(recue: InscriptionRecue, known: Collectivites) -> Contenu:
    """Return the form as the person would have typed this event; the commitments are taken anew.

    The form has no field for `rang`: what a portal said stays as it is.
    """
    asked = recue.collectivite
    body = find_collectivite(f"{asked.type}:{asked.nom if asked.type == 'autre' else asked.code}", known)
    return {
        **recue.personne.model_dump(),
        "telephone": recue.personne.telephone or "",
        "qualite": recue.qualite.value,
        "fonction": recue.fonction,
        "collectivite": f"{body.type}:{body.nom if body.type is TypeCollectivite.AUTRE else body.code}" if body else "",
        "collectivite_texte": body.nom if body else asked.nom or "",
        "thematique": recue.thematique,
        "situation": recue.situation,
        "creneaux": {d.creneau: d.accord.value for d in recue.disponibilites},
        "avec": ", ".join(recue.avec),
        "sans": ", ".join(recue.sans),
        "rang": recue.rang,
    }
