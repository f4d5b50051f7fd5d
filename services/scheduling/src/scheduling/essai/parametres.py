"""Reading PARAMETRES.toml: every wrong or unknown key is found; every key has a default but dates and animateurs."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

from chassis.web.french import date_courte

from scheduling.essai.cells import short
from scheduling.essai.faults import Faults
from scheduling.essai.text import check_readable, refuse_encoding
from scheduling.essai.toml_lines import key_lines, place_of
from scheduling.essai.toml_table import Toml
from scheduling.solver.problem import DEMI_JOURNEES, JOURS, Animateur, Limites, Taille, weekday_of
from scheduling.solver.timetable_problem import MAX_SPAN, MIN_SPAN, SEANCES, TimetableProblem

CRENEAUX = tuple(f"{jour}-{moment}" for jour in JOURS[:5] for moment in DEMI_JOURNEES)
HEURES = {"matin": time(8, 30), "apres-midi": time(13, 30)}
GROUPES_MAX = 2
_LONGEST = timedelta(days=366)
_CAMPAGNE = (
    "seances_du",
    "seances_au",
    "creneaux",
    "groupe",
    "places_par_personne",
    "places_par_collectivite",
    "poids",
    "jours_exclus",
    "graine",
)


@dataclass(frozen=True, slots=True)
class Parametres:
    """What the campagne allows; `horaire` has no groupes yet."""

    creneaux: tuple[str, ...]
    limites: Limites
    horaire: TimetableProblem


def read_parametres(path: Path, thematiques: Sequence[str]) -> Parametres:
    """Read the file; an animateur without `thematiques` knows all of these. Raises Refused, naming line and key."""
    check_readable(path)
    faults = Faults(path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = Toml(faults, key_lines(text), (), tomllib.loads(text))
    except UnicodeDecodeError:
        refuse_encoding(path)
        raise
    except tomllib.TOMLDecodeError as error:
        line, column = place_of(str(error), text)
        faults.add(
            line,
            f"l'écriture n'est pas correcte vers la colonne {column} : vérifiez les guillemets, les virgules, "
            "les crochets, et que la clé ne figure pas deux fois.",
        )
        faults.refuse()
        raise
    root.only("campagne", "heures", "animateurs")
    found = _read(root, thematiques)
    faults.refuse()
    if found is None:
        raise AssertionError("what could not be read is a fault")
    return found


def _read(root: Toml, thematiques: Sequence[str]) -> Parametres | None:
    campagne, heures = root.table("campagne"), root.table("heures")
    campagne.only(*_CAMPAGNE)
    heures.only(*HEURES)
    creneaux = _creneaux(campagne, CRENEAUX)
    seances_du, seances_au = campagne.day("seances_du"), campagne.day("seances_au")
    limites = _limites(campagne)
    jours_exclus, graine = campagne.days("jours_exclus"), campagne.whole("graine", 1, 0)
    hours = {moment: heures.hour(moment, hour) for moment, hour in HEURES.items()}
    animateurs = _animateurs(root, creneaux, thematiques)
    if seances_du is None or seances_au is None:
        return None
    _check_window(campagne, seances_du, seances_au)
    return Parametres(
        creneaux,
        limites,
        TimetableProblem(
            groupes=(),
            animateurs=animateurs,
            seances_du=seances_du,
            seances_au=seances_au,
            jours_exclus=jours_exclus,
            heures=hours,
            graine=graine,
        ),
    )


def _check_window(campagne: Toml, first: date, last: date) -> None:
    if last - first > _LONGEST:
        campagne.fault(
            "seances_au",
            f"est trop loin : du {date_courte(first)} au {date_courte(last)}, il y a plus d'un an. "
            "Vérifiez les deux dates.",
        )
    if last - first < MIN_SPAN:
        campagne.fault(
            "seances_au",
            f"laisse trop peu de temps : du {date_courte(first)} au {date_courte(last)}, {SEANCES} séances "
            f"ne tiennent pas sur {MIN_SPAN.days // 7} à {MAX_SPAN.days // 7} semaines. Allongez la période.",
        )


def _limites(campagne: Toml) -> Limites:
    default = Limites()
    groupe, poids = campagne.table("groupe"), campagne.table("poids")
    groupe.only("min", "max", "elus_min", "agents_min")
    poids.only(*Taille)
    found = Limites(
        min=groupe.whole("min", default.min, 1),
        max=groupe.whole("max", default.max, 1),
        elus_min=groupe.whole("elus_min", default.elus_min, 0),
        agents_min=groupe.whole("agents_min", default.agents_min, 0),
        poids={taille: poids.whole(taille, default.poids[taille], 1) for taille in Taille},
        places_par_personne=campagne.whole("places_par_personne", 1, 1),
        places_par_collectivite=campagne.whole("places_par_collectivite", 0, 0),
    )
    if found.min > found.max:
        groupe.fault("", f"groupe : un groupe ne peut pas aller de {found.min} à {found.max} personnes.")
    elif found.elus_min + found.agents_min > found.max:
        groupe.fault(
            "",
            f"groupe : {found.max} personnes ne peuvent pas compter {found.elus_min} élus et {found.agents_min} agents "
            ": augmentez max, ou baissez elus_min ou agents_min.",
        )
    return found


def _animateurs(root: Toml, creneaux: Sequence[str], thematiques: Sequence[str]) -> tuple[Animateur, ...]:
    tables = root.tables("animateurs")
    if not root.values.get("animateurs"):
        root.fault("animateurs", "manque : ajoutez au moins un [[animateurs]], avec son nom.")
    found: dict[str, Animateur] = {}
    for number, table in enumerate(tables, 1):
        table.only("nom", "thematiques", "creneaux", "groupes_max", "indisponible")
        nom = table.text("nom", f"Animateur {number}")
        if nom in found:
            table.fault("nom", f"« {short(nom)} » est déjà celui d'un autre animateur : distinguez-les.")
        found[nom] = Animateur(
            id=nom,
            nom=nom,
            thematiques=frozenset(table.texts("thematiques", thematiques)),
            creneaux=frozenset(_creneaux(table, creneaux)),
            groupes_max=table.whole("groupes_max", GROUPES_MAX, 0),
            indisponible=table.days("indisponible"),
        )
    return tuple(found.values())


def _creneaux(table: Toml, default: Sequence[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(creneau.lower() for creneau in table.texts("creneaux", default)))
    for creneau in found:
        try:
            weekday_of(creneau)
        except ValueError:
            table.fault("creneaux", f": « {short(creneau)} » n'est pas un créneau : écrivez par exemple mardi-matin.")
    if not found:
        table.fault("creneaux", "est vide : indiquez au moins un créneau, comme mardi-matin.")
    return found
