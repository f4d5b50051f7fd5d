"""What registration needs beside the settings of every service."""

import chassis.settings
from pydantic import Field, model_validator

from registration.collectivites import SEUILS_PAR_DEFAUT, SeuilsTaille


class Settings(chassis.settings.Settings):
    seuil_commune_moyenne: int = SEUILS_PAR_DEFAUT.commune_moyenne
    seuil_commune_grande: int = SEUILS_PAR_DEFAUT.commune_grande
    seuil_epci_moyenne: int = SEUILS_PAR_DEFAUT.epci_moyenne
    seuil_epci_grande: int = SEUILS_PAR_DEFAUT.epci_grande
    envois_par_minute: int = Field(
        default=120, ge=1, description="Forms that one client address may send a minute; a whole mairie may share one"
    )

    @property
    def seuils(self) -> SeuilsTaille:
        """Thresholds of the size classes, in inhabitants."""
        return SeuilsTaille(
            self.seuil_commune_moyenne, self.seuil_commune_grande, self.seuil_epci_moyenne, self.seuil_epci_grande
        )

    @model_validator(mode="after")
    def _seuils_rise(self) -> "Settings":
        _ = self.seuils
        return self
