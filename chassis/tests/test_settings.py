"""A wrong setting is one line that names it, and never a secret."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chassis.clock import make_clock, shifted_clock, system_clock
from chassis.settings import Settings, load
from chassis.testing import settings_values


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in settings_values().items():
        monkeypatch.setenv(name.upper(), str(value))
    return monkeypatch


def test_a_complete_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "https://ateliers.example/")
    assert load(Settings, "registration").public_url == "https://ateliers.example"


def test_a_missing_setting_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.delenv("DATABASE_URL")
    with pytest.raises(SystemExit) as stopped:
        load(Settings, "registration")
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("registration: DATABASE_URL: is not set (postgresql+asyncpg://")


def test_a_wrong_secret_is_named_but_not_shown(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("SECRET_KEY", "trop-court")
    with pytest.raises(SystemExit):
        load(Settings, "feedback")
    told = capsys.readouterr().err
    assert "SECRET_KEY" in told
    assert "trop-court" not in told


@pytest.fixture
def secrets(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    environment.setenv("SECRETS_DIR", str(tmp_path))
    for name in ("DATABASE_URL", "SECRET_KEY"):
        environment.delenv(name)
        (tmp_path / name.lower()).write_text(f"{settings_values()[name.lower()]}\n")
    return tmp_path


@pytest.mark.usefixtures("secrets")
def test_a_secret_may_stand_in_a_file() -> None:
    settings = load(Settings, "registration")
    assert settings.database_url.get_secret_value() == settings_values()["database_url"]
    assert settings.secret_key.get_secret_value() == settings_values()["secret_key"]


@pytest.mark.usefixtures("secrets")
def test_the_environment_wins_over_a_file_unless_it_is_empty(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "")
    environment.setenv("SECRET_KEY", "une-autre-clef-" * 4)
    settings = load(Settings, "registration")
    assert settings.database_url.get_secret_value() == settings_values()["database_url"]
    assert settings.secret_key.get_secret_value().startswith("une-autre-clef-")


def test_a_missing_secret_file_is_named(secrets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (secrets / "secret_key").unlink()
    with pytest.raises(SystemExit) as stopped:
        load(Settings, "feedback")
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"feedback: SECRET_KEY: is not set, nor is there a file {secrets}/secret_key (Signs")
    assert told.count("\n") == 1


def test_a_secret_file_that_it_may_not_read_is_named(
    secrets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, *_args: object, **_options: object) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "read_text", refuse)  # a test may run as root, who reads everything
    with pytest.raises(SystemExit) as stopped:
        load(Settings, "feedback")
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told == f"feedback: {secrets}/database_url can't be read (PermissionError): let user {os.getuid()} read it\n"


def test_a_missing_folder_of_secrets_is_named(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("SECRETS_DIR", str(tmp_path / "absent"))
    with pytest.raises(SystemExit):
        load(Settings, "feedback")
    assert capsys.readouterr().err.startswith(f"feedback: SECRETS_DIR: {tmp_path}/absent is not a folder")


def test_the_local_clock_runs_ahead_by_the_seconds_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = shifted_clock(file)
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)
    file.write_text("864000")
    assert clock() - system_clock() > timedelta(days=9)


def test_nobody_shifts_the_clock_in_production(tmp_path: Path) -> None:
    values = settings_values() | {"environment": "production", "clock_file": tmp_path / "clock"}
    with pytest.raises(ValueError, match="only the local environment"):
        make_clock(Settings(**values))  # type: ignore[arg-type]
