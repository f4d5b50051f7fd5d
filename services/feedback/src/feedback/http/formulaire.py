"""The questionnaire as typed, and as a complete answer once nothing is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData

from feedback.domain import LINE_LENGTH, NOTES, TEXT_LENGTH, Questionnaire, Reponse, Temoignage

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_TEXTS = {
    "utile": "Ce qui vous a été utile",
    "manque": "Ce qui vous a manqué",
    "besoins_texte": "L’autre sujet",
    "temoignage_texte": "Votre témoignage",
}
_LINES = {
    "temoignage_nom": "Indiquez le nom qui sera publié.",
    "temoignage_fonction": "Indiquez la fonction qui sera publiée.",
    "temoignage_collectivite": "Indiquez la collectivité qui sera publiée.",
}


@dataclass(frozen=True, slots=True)
class Saisie:
    """What stands in the fields, right or wrong."""

    textes: Mapping[str, str]
    besoins: tuple[str, ...] = ()
    consentement: bool = False

    def __getitem__(self, name: str) -> str:
        return self.textes.get(name, "")


def initial(questionnaire: Questionnaire) -> Saisie:
    """Fill the fields with the earlier answer, and the testimonial's author with what is known."""
    reponse, person = questionnaire.reponse, questionnaire.participant
    author = {
        "temoignage_nom": person.nom_complet,
        "temoignage_fonction": person.fonction,
        "temoignage_collectivite": person.collectivite,
    }
    if reponse is None:
        return Saisie(author)
    texts = author | {
        "satisfaction": str(reponse.satisfaction),
        "utile": reponse.utile,
        "manque": reponse.manque,
        "besoins_texte": reponse.besoins_texte,
    }
    if said := reponse.temoignage:
        texts |= {
            "temoignage_texte": said.texte,
            "temoignage_nom": said.nom,
            "temoignage_fonction": said.fonction,
            "temoignage_collectivite": said.collectivite,
        }
    return Saisie(texts, reponse.besoins, consentement=said is not None)


def typed(form: FormData) -> Saisie:
    """Read what was sent; characters that no text needs are left out, lines end with a line feed."""
    names = ("satisfaction", *_TEXTS, *_LINES)
    return Saisie(
        {name: _clean(str(form.get(name, ""))) for name in names},
        tuple(_clean(str(code)) for code in form.getlist("besoins")),
        consentement="temoignage_consentement" in form,
    )


def check(saisie: Saisie, questionnaire: Questionnaire) -> tuple[Reponse | None, dict[str, str]]:
    """Return the answer, or None and one sentence for each field that is wrong."""
    errors: dict[str, str] = {}
    note = saisie["satisfaction"]
    if note not in {str(value) for value in NOTES}:
        errors["satisfaction"] = "Choisissez une note de 1 à 5."
    for name, label in _TEXTS.items():
        if len(saisie[name]) > TEXT_LENGTH:
            errors[name] = f"{label} : raccourcissez à {TEXT_LENGTH} caractères au plus."
    testifies = questionnaire.seance.asks_testimonial and bool(saisie["temoignage_texte"])
    if testifies:
        errors |= _testimonial_errors(saisie)
    if errors:
        return None, errors
    offered = [thematique.code for thematique in questionnaire.campagne.thematiques]
    return (
        Reponse(
            satisfaction=int(note),
            utile=saisie["utile"],
            manque=saisie["manque"],
            besoins=tuple(code for code in offered if code in saisie.besoins),
            besoins_texte=saisie["besoins_texte"],
            temoignage=_testimonial(saisie) if testifies else None,
        ),
        {},
    )


def _testimonial_errors(saisie: Saisie) -> dict[str, str]:
    errors = {name: missing for name, missing in _LINES.items() if not saisie[name]}
    errors |= {
        name: f"Raccourcissez à {LINE_LENGTH} caractères au plus." for name in _LINES if len(saisie[name]) > LINE_LENGTH
    }
    if not saisie.consentement:
        errors["temoignage_consentement"] = (
            "Cochez la case pour autoriser la publication de votre témoignage, ou effacez-le."
        )
    return errors


def _testimonial(saisie: Saisie) -> Temoignage:
    return Temoignage(
        nom=saisie["temoignage_nom"],
        fonction=saisie["temoignage_fonction"],
        collectivite=saisie["temoignage_collectivite"],
        texte=saisie["temoignage_texte"],
    )


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()
