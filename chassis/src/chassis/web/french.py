"""French as people read it: dates, hours, numbers, agreement and no-break spaces.

Every string made here can be put in a page or a mail as it is: its spaces that must not break are no-break
ones (U+00A0, and U+202F inside numbers), and every moment is told in the legal time of mainland France.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup

PARIS = ZoneInfo("Europe/Paris")

INSECABLE = "\u00a0"

_MOMENTS = {"matin": "matin", "apres-midi": "après-midi", "midi": "midi", "soir": "soir"}
_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

# An entity's own semicolon is left alone; a sign glued to what follows it ("14:30") is not punctuation.
_PONCTUATION = re.compile(
    r"(?P<entite>&#?\w+;)"
    r"|(?<=[^\s\u00a0\u202f:;?!])[ \u00a0\u202f]?(?P<double>[:;?!]+)(?=[\s\u00a0»)\]<]|$)"
    r"|[ \u00a0\u202f]?(?P<ferme>»)"
    r"|(?P<ouvre>«)[ \u00a0\u202f]?"
    r"|(?<=\d)[ \u00a0\u202f](?P<unite>[%€])"
    r"|(?<=\d) (?P<heure>h)(?=[ \s,.;:)]|$)(?: (?=\d))?"
    r"|\b(?P<numero>n°) ?(?=\d)"
)


def _a_paris(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a moment shown to people needs its time zone: {moment!r}")
    return moment.astimezone(PARIS)


def _jour(jour: date) -> date:
    return _a_paris(jour).date() if isinstance(jour, datetime) else jour


def _format_jour(jour: date, motif: str) -> str:
    day = _jour(jour)
    rang = "1'er'" if day.day == 1 else "d"
    return format_date(day, motif.replace("d", rang, 1), locale="fr").replace(" ", INSECABLE, 1)


def date_longue(jour: date) -> str:
    """`mardi 1er juin 2027`; a datetime is first taken to Paris. Raises ValueError for a naive datetime."""
    day = _jour(jour)
    return f"{format_date(day, 'EEEE', locale='fr')} {date_courte(day)}"


def date_courte(jour: date) -> str:
    """`1er juin 2027`, the day bound to its month."""
    return _format_jour(jour, "d MMMM y")


def jour_mois(jour: date) -> str:
    """`mardi 1er juin`, for lists whose year is known."""
    day = _jour(jour)
    return f"{format_date(day, 'EEEE', locale='fr')} {_format_jour(day, 'd MMMM')}"


def heure(moment: datetime) -> str:
    """`14 h 30`, or `14 h` on the hour, in Paris. Raises ValueError for a naive datetime."""
    local = _a_paris(moment)
    minutes = f"{INSECABLE}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{INSECABLE}h{minutes}"


def date_heure(moment: datetime) -> str:
    """`mardi 1er juin 2027 à 14 h 30`."""
    return f"{date_longue(moment)} à{INSECABLE}{heure(moment)}"


def plage_horaire(debut: datetime, fin: datetime) -> str:
    """`de 8 h 30 à 10 h 30`; both ends are on one day."""
    return f"de{INSECABLE}{heure(debut)} à{INSECABLE}{heure(fin)}"


def nombre(valeur: float) -> str:
    """`12 345` or `3,5`: narrow no-break space between thousands, at most three decimals."""
    return format_decimal(valeur, locale="fr")


def accord(quantite: float, singulier: str, pluriel: str | None = None) -> str:
    """Return the word alone, agreed: the plural starts at two (0 groupe, 1,5 groupe, 2 groupes)."""
    if abs(quantite) < 2:  # noqa: PLR2004 - the grammar's own number
        return singulier
    return f"{singulier}s" if pluriel is None else pluriel


def pluriel(quantite: float, singulier: str, pluriel: str | None = None) -> str:
    """`1 groupe`, `12 345 groupes`: the number, a no-break space and the agreed word."""
    return f"{nombre(quantite)}{INSECABLE}{accord(quantite, singulier, pluriel)}"


def ordinal(rang: int, *, feminin: bool = False) -> str:
    """`1er`, `1re` (feminin), `3e`."""
    if rang == 1:
        return "1re" if feminin else "1er"
    return f"{rang}e"


def lister(elements: Iterable[str], mot: str = "et") -> str:
    """Read as a sentence: `a, b et c`; `mot` is the last link ("ou"). Nothing gives an empty string."""
    *debut, fin = [*elements] or [""]
    return f"{', '.join(debut)} {mot} {fin}" if debut else fin


def creneau_libelle(creneau: str) -> str:
    """`mardi-matin` read as `mardi matin`. Raises ValueError for what is not a day and a part of it."""
    jour, _, moment = creneau.partition("-")
    if jour not in _JOURS or moment not in _MOMENTS:
        raise ValueError(f"not a créneau: {creneau!r}")
    return f"{jour} {_MOMENTS[moment]}"


def _avec_insecables(trouve: re.Match[str]) -> str:
    signe = trouve.group(trouve.lastgroup or 0)
    match trouve.lastgroup:
        case "entite":
            return signe
        case "ouvre" | "numero":
            return signe + INSECABLE
        case "heure":
            return INSECABLE + signe + (INSECABLE if trouve.group().endswith(" ") else "")
        case _:
            return INSECABLE + signe


def typographie(texte: str) -> str:
    """Put the no-break spaces that French wants around `: ; ? ! « » % €`, in `14 h 30` and after `n°`.

    Addresses and clock times (`https://…`, `14:30`) keep theirs. Doing it twice changes nothing; safe markup
    stays safe markup.
    """
    corrige = _PONCTUATION.sub(_avec_insecables, str(texte))
    return Markup(corrige) if isinstance(texte, Markup) else corrige  # noqa: S704 - it came in as markup


def filters() -> dict[str, Callable[..., Any]]:
    """Return every function of this module that a template calls, under its own name."""
    return {
        fonction.__name__: fonction
        for fonction in (
            date_longue,
            date_courte,
            jour_mois,
            heure,
            date_heure,
            plage_horaire,
            nombre,
            accord,
            pluriel,
            ordinal,
            lister,
            creneau_libelle,
            typographie,
        )
    }
