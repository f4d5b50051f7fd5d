"""Settings that every service reads from its environment, under the same names.

A setting may stand in a file instead, named after it in lower case (`database_url`), in the folder that SECRETS_DIR
names: so Docker and Kubernetes give secrets, and no listing of the environment shows them. The environment wins.
A missing or wrong one is told in one line that names it; secrets are never printed.
"""

import os
import sys
from pathlib import Path
from typing import Literal, NoReturn, TypeVar

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError


class KafkaSettings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap_servers: str = Field(description="host:port, several separated by commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_security_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_security_username: str | None = None
    kafka_security_password: SecretStr | None = None
    kafka_security_ca_file: FilePath | None = Field(default=None, description="Who signed the brokers' certificates")
    kafka_security_cert_file: FilePath | None = Field(default=None, description="This login's own certificate, PEM")
    kafka_security_key_file: FilePath | None = Field(default=None, description="Its key, PEM; may be in the same file")


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
    """Read environment and secret files, or end the process with status 2 and one line per wrong setting."""
    folder = os.environ.get("SECRETS_DIR") or None
    if folder and not Path(folder).is_dir():
        _stop(service, [f"SECRETS_DIR: {folder} is not a folder: mount the secrets there, or unset it"])
    try:
        return settings_type(_secrets_dir=folder)
    except SettingsError as error:
        file = error.__cause__
        if not isinstance(file, OSError):
            raise
        _stop(service, [f"{file.filename} can't be read ({type(file).__name__}): let user {os.getuid()} read it"])
    except ValidationError as error:
        _stop(service, [_problem(settings_type, detail, folder) for detail in error.errors(include_input=False)])


def _problem(settings_type: type[BaseSettings], detail: ErrorDetails, folder: str | None) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "settings"
    field = settings_type.model_fields.get(name.lower())
    hint = f" ({field.description})" if field and field.description else ""
    file = f", nor is there a file {folder}/{name.lower()}" if folder else ""
    problem = f"is not set{file}" if detail["type"] == "missing" else detail["msg"]
    return f"{name.upper()}: {problem}{hint}"


def _stop(service: str, problems: list[str]) -> NoReturn:
    for problem in problems:
        sys.stderr.write(f"{service}: {problem}\n")
    raise SystemExit(2)
