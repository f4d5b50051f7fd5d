"""A wrong setting is one line that names it, and never a secret."""

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
