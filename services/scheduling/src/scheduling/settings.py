"""Settings of scheduling, from the environment; the chassis's own are listed in its README."""

from pydantic import Field, field_validator

from chassis import settings


class Settings(settings.Settings):
    """What scheduling needs beside the settings of every service."""

    visio_url: str = Field(
        default="https://visio.example/{seance}",
        description="Address of a séance's video meeting; {seance} stands for its id.",
    )
    solver_seconds: int = Field(default=900, ge=10, description="A run of the solver is stopped after this long.")
    solver_memory_mb: int = Field(default=4096, ge=512, description="Address space that a run of the solver may take.")

    @field_validator("visio_url")
    @classmethod
    def _names_the_seance(cls, url: str) -> str:
        if "{seance}" not in url:
            raise ValueError("VISIO_URL must hold {seance}, which stands for the séance's id")
        return url
