"""The team's form of a campagne: what was typed, what is wrong with it, and the Campagne that it becomes.

Rows of thématiques and animateurs are numbered fields (`animateur_nom_1`…); an empty row is no row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chassis.web.french import PARIS
from starlette.datastructures import FormData

from registration.collectivites.search import normalise
from registration.domain import CRENEAUX, Animateur, Campagne, Heures, TailleGroupe, Thematique
from registration.http import campagne_reglages as reglages
from registration.http.frame import text_of, texts_of

MAX_ROWS: Final = 60
_CODE_MAX: Final = 60
_NOM_MAX: Final = 200

THEMATIQUES: Final = (
    Thematique(
        "tensions",
        "Élus, agents, dans les situations de tensions avec les parties prenantes, quelle posture adopter ?",
    ),
    Thematique("forets", "Forêts : comment coopérer pour en prendre soin ?"),
    Thematique("egalite", "Égalité réelle des femmes et des hommes, poursuivre le chemin à l’échelle du territoire."),
    Thematique("montagnes", "Montagnes : créer les conditions du dialogue pour faire face aux nouveaux dilemmes"),
    Thematique("eau", "L’eau, ressource rare : comment préserver le partage du premier des biens communs ?"),
    Thematique(
        "solidarite",
        "Solidarité, accueil et casse-tête de l’accès aux droits : "
        "quels solutions concrètes à l’échelle territoriale ?",
    ),
)
"""The six of the first season, with the titles that the ANCT published."""

DEFAULTS: Final[Mapping[str, Any]] = {
    "creneaux": list(CRENEAUX),
    "taille_min": "12",
    "taille_max": "15",
    "elus_min": "5",
    "agents_min": "5",
    "heure_matin": "08:30",
    "heure_apres_midi": "13:30",
    **reglages.DEFAULTS,
}
_DATES: Final = {
    "inscriptions_du": "le premier jour des inscriptions",
    "inscriptions_au": "le dernier jour des inscriptions",
    "seances_du": "le premier jour possible des séances",
    "seances_au": "le dernier jour possible des séances",
}
_TEXTS: Final = (
    "nom", "inscriptions_du", "inscriptions_au", "seances_du", "seances_au", "jours_exclus", "taille_min",
    "taille_max", "elus_min", "agents_min", "heure_matin", "heure_apres_midi",
    *reglages.BOUNDS,
)  # fmt: skip


@dataclass
class CampagneForm:
    """`saisie`: what was typed; `thematiques` and `animateurs`: the rows; `erreurs`: a sentence by field."""

    saisie: dict[str, Any]
    thematiques: list[dict[str, str]]
    animateurs: list[dict[str, Any]]
    erreurs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "CampagneForm":
        rows = [{"code": thematique.code, "titre": thematique.titre} for thematique in THEMATIQUES]
        return cls(dict(DEFAULTS), rows, [{}])

    @classmethod
    def of(cls, campagne: Campagne) -> "CampagneForm":
        saisie = {
            "nom": campagne.nom,
            "inscriptions_du": campagne.inscriptions_du.astimezone(PARIS).date().isoformat(),
            "inscriptions_au": campagne.inscriptions_au.astimezone(PARIS).date().isoformat(),
            "seances_du": campagne.seances_du.isoformat(),
            "seances_au": campagne.seances_au.isoformat(),
            "creneaux": list(campagne.creneaux),
            "jours_exclus": _written(campagne.jours_exclus),
            "taille_min": str(campagne.groupe.min),
            "taille_max": str(campagne.groupe.max),
            "elus_min": str(campagne.groupe.elus_min),
            "agents_min": str(campagne.groupe.agents_min),
            "heure_matin": campagne.heures.matin.strftime("%H:%M"),
            "heure_apres_midi": campagne.heures.apres_midi.strftime("%H:%M"),
            "former_a_la_cloture": campagne.former_a_la_cloture,
            **reglages.as_typed(campagne),
        }
        animateurs = [
            {
                "id": animateur.id,
                "nom": animateur.nom,
                "thematiques": list(animateur.thematiques),
                "creneaux": list(animateur.creneaux),
                "groupes_max": str(animateur.groupes_max),
                "indisponible": _written(animateur.indisponible),
            }
            for animateur in campagne.animateurs
        ]
        return cls(saisie, [{"code": t.code, "titre": t.titre} for t in campagne.thematiques], animateurs)

    @classmethod
    def read(cls, form: FormData) -> "CampagneForm":
        saisie: dict[str, Any] = {name: text_of(form, name) for name in _TEXTS}
        saisie["creneaux"] = texts_of(form, "creneaux")
        for box in ("former_a_la_cloture", "remplacement_automatique"):
            saisie[box] = box in form
        thematiques = [
            {"code": text_of(form, f"thematique_code_{row}"), "titre": text_of(form, f"thematique_titre_{row}")}
            for row in range(1, MAX_ROWS + 1)
            if text_of(form, f"thematique_titre_{row}")
        ]
        animateurs = [
            {
                "id": text_of(form, f"animateur_id_{row}"),
                "nom": text_of(form, f"animateur_nom_{row}"),
                "thematiques": texts_of(form, f"animateur_thematiques_{row}"),
                "creneaux": texts_of(form, f"animateur_creneaux_{row}"),
                "groupes_max": text_of(form, f"animateur_groupes_max_{row}") or "2",
                "indisponible": text_of(form, f"animateur_indisponible_{row}"),
            }
            for row in range(1, MAX_ROWS + 1)
            if text_of(form, f"animateur_nom_{row}")
        ]
        return cls(saisie, thematiques, animateurs)

    def campagne(self, code: str | None = None) -> Campagne | None:
        """Return what was typed as a Campagne, under `code` or one made from its name; None fills `erreurs`."""
        nom = self._nom()
        du, au = self._date("inscriptions_du"), self._date("inscriptions_au")
        first, last = self._date("seances_du"), self._date("seances_au")
        self._in_order(du, au, "inscriptions_au", "Les inscriptions finissent après leur début.")
        self._in_order(au, first, "seances_du", "Les séances commencent après la fin des inscriptions.")
        self._in_order(first, last, "seances_au", "La dernière séance a lieu après la première.")
        thematiques, creneaux = self._thematiques(), self._creneaux()
        animateurs = self._animateurs(thematiques, creneaux)
        groupe, heures, exclus = (
            self._groupe(),
            self._heures(),
            self._dates("jours_exclus", self.saisie["jours_exclus"]),
        )
        settings = reglages.as_fields(self.saisie, self._number)
        if self.erreurs or not (du and au and first and last):
            return None
        return Campagne(
            code=code or slug(nom),
            nom=nom,
            inscriptions_du=_paris(du, time.min),
            inscriptions_au=_paris(au + timedelta(days=1), time.min) - timedelta(seconds=1),
            seances_du=first,
            seances_au=last,
            thematiques=thematiques,
            creneaux=creneaux,
            animateurs=animateurs,
            groupe=groupe,
            heures=heures,
            jours_exclus=exclus,
            former_a_la_cloture=bool(self.saisie["former_a_la_cloture"]),
            **settings,
        )

    def _nom(self) -> str:
        nom = str(self.saisie["nom"])
        if not slug(nom) or len(nom) > _NOM_MAX:
            self.erreurs["nom"] = "Donnez un nom à la campagne, par exemple « Printemps 2027 »."
        return nom

    def _date(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.saisie[name])
        except ValueError:
            self.erreurs[name] = f"Indiquez {_DATES[name]}, par exemple 15/03/2027."
            return None

    def _in_order(self, first: date | None, second: date | None, name: str, sentence: str) -> None:
        if first and second and second <= first:
            self.erreurs.setdefault(name, sentence)

    def _thematiques(self) -> tuple[Thematique, ...]:
        found = tuple(Thematique(row["code"] or slug(row["titre"]), row["titre"]) for row in self.thematiques)
        codes = [thematique.code for thematique in found]
        if not found:
            self.erreurs["thematique_titre_1"] = "Gardez au moins une thématique."
        for number, row in enumerate(found, start=1):
            if slug(row.code) != row.code or codes.count(row.code) > 1 or len(row.titre) > _NOM_MAX:
                self.erreurs[f"thematique_titre_{number}"] = "Deux thématiques ne peuvent pas porter le même titre."
        return found

    def _creneaux(self) -> tuple[str, ...]:
        found = tuple(creneau for creneau in CRENEAUX if creneau in self.saisie["creneaux"])
        if not found:
            self.erreurs["creneaux"] = "Proposez au moins un créneau."
        return found

    def _animateurs(self, thematiques: tuple[Thematique, ...], creneaux: tuple[str, ...]) -> tuple[Animateur, ...]:
        codes = [thematique.code for thematique in thematiques]
        found: list[Animateur] = []
        for number, row in enumerate(self.animateurs, start=1):
            groupes_max = self._number(f"animateur_groupes_max_{number}", row["groupes_max"], 1, 50)
            animateur = Animateur(
                id=row["id"] or slug(row["nom"]),
                nom=row["nom"],
                thematiques=tuple(code for code in codes if code in row["thematiques"] or not row["thematiques"]),
                creneaux=tuple(c for c in creneaux if c in row["creneaux"] or not row["creneaux"]),
                groupes_max=groupes_max,
                indisponible=self._dates(f"animateur_indisponible_{number}", row["indisponible"]),
            )
            if not animateur.id or animateur.id in {other.id for other in found} or len(row["nom"]) > _NOM_MAX:
                self.erreurs[f"animateur_nom_{number}"] = "Deux animateurs ne peuvent pas porter le même nom."
            found.append(animateur)
        if not found:
            self.erreurs["animateur_nom_1"] = "Indiquez au moins un animateur : sans lui, aucun groupe ne se forme."
        return tuple(found)

    def _groupe(self) -> TailleGroupe:
        bounds = TailleGroupe(
            min=self._number("taille_min", self.saisie["taille_min"], 2, 40),
            max=self._number("taille_max", self.saisie["taille_max"], 2, 40),
            elus_min=self._number("elus_min", self.saisie["elus_min"], 0, 40),
            agents_min=self._number("agents_min", self.saisie["agents_min"], 0, 40),
        )
        if bounds.max < bounds.min:
            self.erreurs.setdefault("taille_max", "Le plus grand groupe est au moins aussi grand que le plus petit.")
        if bounds.elus_min + bounds.agents_min > bounds.max:
            self.erreurs.setdefault("elus_min", "Élus et agents demandés ne tiennent pas dans un groupe.")
        return bounds

    def _number(self, name: str, typed: str, low: int, high: int) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", typed) or not low <= int(typed) <= high:
            self.erreurs[name] = f"Indiquez un nombre entre {low} et {high}."
            return low
        return int(typed)

    def _heures(self) -> Heures:
        hours = []
        for name in ("heure_matin", "heure_apres_midi"):
            try:
                hours.append(time.fromisoformat(self.saisie[name]).replace(second=0, microsecond=0, tzinfo=None))
            except ValueError:
                self.erreurs[name] = "Indiquez une heure, par exemple 08:30."
                hours.append(time.min)
        return Heures(*hours)

    def _dates(self, name: str, typed: str) -> tuple[date, ...]:
        try:
            return tuple(sorted({_read_date(text) for text in re.split(r"[\s,;]+", typed) if text}))
        except ValueError:
            self.erreurs[name] = "Écrivez des dates comme 15/03/2027, séparées par des virgules."
            return ()


def slug(text: str) -> str:
    """Return a text as a code of the contract: lower-case ASCII words joined by hyphens, at most 60 characters."""
    ascii_words = re.findall(r"[a-z0-9]+", normalise(text))
    return "-".join(ascii_words)[:_CODE_MAX].strip("-")


def _written(days: tuple[date, ...]) -> str:
    return ", ".join(day.strftime("%d/%m/%Y") for day in days)


def _read_date(text: str) -> date:
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", text):
        day, month, year = map(int, text.split("/"))
        return date(year, month, day)
    return date.fromisoformat(text)


def _paris(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS).astimezone(UTC)
