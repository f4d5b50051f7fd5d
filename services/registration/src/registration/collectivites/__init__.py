"""The collectivités of France: who they are, how people find them, how large they are."""

from registration.collectivites.collectivite import Collectivite, TypeCollectivite, autre
from registration.collectivites.reference import Reference, load_reference
from registration.collectivites.source import LICENCE, SOURCE, SOURCE_DATE, SOURCE_URL
from registration.collectivites.taille import SEUILS_PAR_DEFAUT, SeuilsTaille, Taille, taille

__all__ = [
    "LICENCE",
    "SEUILS_PAR_DEFAUT",
    "SOURCE",
    "SOURCE_DATE",
    "SOURCE_URL",
    "Collectivite",
    "Reference",
    "SeuilsTaille",
    "Taille",
    "TypeCollectivite",
    "autre",
    "load_reference",
    "taille",
]
