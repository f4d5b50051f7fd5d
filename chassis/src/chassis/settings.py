"""Settings that every service reads from its environment, under the same names.

A missing or wrong one is told in one line that names it; secrets are never printed.
"""

import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap_servers: str = Field(description="host:port, several separated by commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_security_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_security_username: str | None = None
    kafka_security_password: SecretStr | None = None
    kafka_security_ca_file: Path | None = None


class Settings(KafkaSettings):
    environment: Literal["local", "production"] = "production"
    database_url: SecretStr = Field(description="postgresql+asyncpg://login:password@host:port/database")
    public_url: str = Field(description="The address that people use, without a path")
    secret_key: SecretStr = Field(min_length=32, description="Signs links and cookies; the same in every service")
    team_password_hash: SecretStr = Field(description="Argon2 hash of the team's password")
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    clock_file: Path | None = Field(default=None, description="Shifts the clock; in the local environment only")

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _for_asyncpg(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith("postgresql+asyncpg://"):
            raise ValueError("must begin with postgresql+asyncpg://")
        return url


S = TypeVar("S", bound=BaseSettings)


def load(settings_type: type[S], service: str) -> S:
    """Read the environment, or end the process with status 2 and one line per wrong setting."""
    try:
        return settings_type()
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            name = str(detail["loc"][0]).upper() if detail["loc"] else "settings"
            field = settings_type.model_fields.get(name.lower())
            hint = f" ({field.description})" if field and field.description else ""
            problem = "is not set" if detail["type"] == "missing" else detail["msg"]
            sys.stderr.write(f"{service}: {name}: {problem}{hint}\n")
        raise SystemExit(2) from None
