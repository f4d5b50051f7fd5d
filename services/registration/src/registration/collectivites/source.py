"""Where the reference comes from: cited in the data file and in the footer of the pages.

Source: npm package @etalab/decoupage-administratif, itself made from the Code officiel géographique
(Insee), the list of EPCI à fiscalité propre (DGCL) and the legal populations (Insee).
"""

from datetime import date
from typing import Final

PACKAGE: Final = "@etalab/decoupage-administratif"
VERSION: Final = "6.0.0"
INTEGRITY: Final = "sha512-XavYsFlbcM/prKr8hNHPKER94IHw/dsxNM4nxjWMYk6PLFACpEedvn/7wK8Baozm0dCYhWWcf+7bcWpA5pmCaQ=="
SOURCE: Final = f"Découpage administratif (Etalab, d’après l’Insee et la DGCL), version {VERSION}, millésime 2026"
SOURCE_DATE: Final = date(2026, 3, 9)  # the date of the files inside the package
SOURCE_URL: Final = "https://github.com/datagouv/decoupage-administratif"
LICENCE: Final = "Licence Ouverte / Open Licence (Etalab)"

DATA_FILE: Final = "collectivites.json.xz"
