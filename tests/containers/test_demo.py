"""The demo on Docker: the documented command, on a platform of its own, ends with every check in force."""

from pathlib import Path

from tests.containers.compose import Compose


def test_a_season_is_played_and_every_check_holds(images: dict[str, str], tmp_path: Path) -> None:
    assert images
    demo = Compose("ateliers-demo-test", tmp_path, "--env-file", "deploy/docker/demo.env", SEASON="small")
    try:
        code, output = demo.attempt("run", "--rm", "-T", "demo")
        assert "season: every check holds" in output, output
        assert code == 0
        again, told = demo.attempt("run", "--rm", "--no-deps", "-T", "demo")
        assert again == 1
        assert "season: the platform holds a season already" in told
    finally:
        demo("down", "--volumes", "--remove-orphans")


def test_without_a_clock_to_move_the_demo_says_how_it_is_started(images: dict[str, str], tmp_path: Path) -> None:
    assert images
    demo = Compose("ateliers-demo-test", tmp_path, "--profile", "demo")
    try:
        demo("up", "secrets")
        code, told = demo.attempt("run", "--rm", "--no-deps", "-T", "demo")
        assert code == 2
        assert "season: CLOCK_FILE: is not set" in told
        assert "deploy/docker/demo.env" in told
    finally:
        demo("down", "--volumes", "--remove-orphans")
