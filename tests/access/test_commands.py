"""`ateliers-access` brings a Kafka to the contract, and says what isn't."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from contracts.access import PROVISIONER, RULES
from contracts.topics import Principal
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)
from local.kafka import ADMIN

Program = Callable[..., Any]
RIGHTS = sum(len(rule.operations) for rule in RULES)
SURPLUS = "ateliers-access: beyond the contract: crm may READ topic ateliers.inscriptions.recues\n"


@pytest.fixture
def run(program: Program) -> Program:
    return lambda *arguments, environment: program("ateliers-access", *arguments, environment=environment)


def grant(environment: Mapping[str, str], principal: str, topic: str) -> None:
    admin = KafkaAdminClient(
        bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"],
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=environment["KAFKA_SECURITY_USERNAME"],
        sasl_plain_password=environment["KAFKA_SECURITY_PASSWORD"],
    )
    resource = ResourcePattern(ResourceType.TOPIC, topic)
    admin.create_acls([ACL(f"User:{principal}", "*", ACLOperation.READ, ACLPermissionType.ALLOW, resource)])
    admin.close()


def test_a_kafka_with_the_rights_of_the_contract_is_said_to_have_them(secured: Any, run: Program) -> None:
    checked = run("check", environment=secured.environment(ADMIN))
    assert checked.stdout == f"ateliers-access: 7 logins have the {RIGHTS} rights of the contract, and no other\n"
    assert checked.returncode == 0


def test_a_right_beyond_the_contract_is_named_and_taken_away_but_a_stranger_keeps_theirs(
    secured: Any, run: Program
) -> None:
    admin = secured.environment(ADMIN)
    grant(admin, Principal.CRM, "ateliers.inscriptions.recues")
    grant(admin, "sauvegarde", "ateliers.inscriptions.recues")
    checked = run("check", environment=admin)
    assert (checked.returncode, checked.stderr) == (1, SURPLUS)
    assert run("apply", environment=admin).returncode == 0
    assert run("check", environment=admin).returncode == 0


def test_applying_again_keeps_the_passwords(secured: Any, run: Program) -> None:
    before = secured.environment(Principal.PORTAL)
    again = run("apply", "--passwords", str(secured.passwords), environment=secured.environment(ADMIN))
    assert again.returncode == 0
    assert secured.environment(Principal.PORTAL) == before
    assert all(file.stat().st_mode & 0o077 == 0 for file in secured.passwords.iterdir())


@pytest.mark.parametrize("login", [Principal.REGISTRATION, PROVISIONER])
def test_only_an_administrator_may_say_who_may_do_what(secured: Any, run: Program, login: str) -> None:
    for command in ("check", "apply"):
        refused = run(command, environment=secured.environment(login))
        assert refused.returncode == 1
        assert refused.stderr == (
            f"ateliers-access: {login} may not say who may do what: take an administrator's login\n"
        )


@pytest.mark.parametrize("name", ["ateliers-access", "ateliers-topics"])
def test_a_wrong_password_is_told_in_one_line(secured: Any, program: Program, name: str) -> None:
    refused = program(name, "check", environment=secured.environment(ADMIN, "faux"))
    assert refused.returncode == 1
    assert "Kafka refuses the login (SaslAuthenticationFailed)" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_kafka_that_lets_everybody_do_everything_is_said_to(kafka_bootstrap: str, run: Program) -> None:
    checked = run("check", environment={"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap})
    assert checked.returncode == 1
    assert checked.stderr.startswith("ateliers-access: the brokers let everybody do everything")
