"""Bring logins and rights on any Kafka to what the contract says: `ateliers-access apply` and `ateliers-access check`.

The address and an administrator's login come from the same KAFKA_… variables as a service's. Only the contract's
principals are looked at: what they may do beyond the table is taken away, and nobody else is touched.

Needs the extra `ateliers-chassis[access]`; the services run without it.
"""

import asyncio
import os
import secrets
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from aiokafka.errors import KafkaError
from contracts.access import RULES
from kafka import errors
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)

from chassis.kafka import advice, connection, reach
from chassis.settings import KafkaSettings, load

NAME: Final = "ateliers-access"
PRINCIPALS: Final = tuple(dict.fromkeys(rule.principal for rule in RULES))
_EVERYWHERE: Final = "*"
_ANYTHING: Final = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def apply(
    passwords: Annotated[
        Path | None, typer.Option(help="Folder with one file a login; a missing one is made. Without it: rights only")
    ] = None,
) -> None:
    """Create logins and rights that are missing; take away rights that are not in the contract."""
    with _admin() as admin:
        if passwords:
            _set_passwords(admin, passwords)
        wanted, present = _wanted(), _present(admin)
        if wanted - present:
            for error in admin.create_acls(list(wanted - present))["failed"]:
                raise error
        if present - wanted:
            admin.delete_acls(list(present - wanted))
        _report(admin)


@app.command()
def check() -> None:
    """Compare the rights with the contract."""
    with _admin() as admin:
        _report(admin)


def _wanted() -> set[ACL]:
    """The contract's rules as Kafka keeps them, one for each operation."""
    return {
        ACL(
            f"User:{rule.principal}",
            _EVERYWHERE,
            ACLOperation[operation.name],
            ACLPermissionType.ALLOW,
            ResourcePattern(
                ResourceType[rule.resource.name],
                rule.name,
                ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL,
            ),
        )
        for rule in RULES
        for operation in rule.operations
    }


def _present(admin: KafkaAdminClient) -> set[ACL]:
    """What Kafka holds about the contract's principals."""
    found: set[ACL] = set()
    for principal in PRINCIPALS:
        about = ACLFilter(f"User:{principal}", None, ACLOperation.ANY, ACLPermissionType.ANY, _ANYTHING)
        found.update(admin.describe_acls(about)[0])
    return found


def _set_passwords(admin: KafkaAdminClient, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    logins = [
        UserScramCredentialUpsertion(principal, "SCRAM-SHA-512", _password(folder / principal))
        for principal in PRINCIPALS
    ]
    for principal, problem in admin.alter_user_scram_credentials(logins).items():
        if problem:
            _fail(f"{principal}: {problem}")


def _password(file: Path) -> str:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(32) + "\n")
    return file.read_text().strip()


def _report(admin: KafkaAdminClient) -> None:
    wanted, present = _wanted(), _present(admin)
    problems = [f"missing: {_describe(acl)}" for acl in wanted - present]
    problems += [f"beyond the contract: {_describe(acl)}" for acl in present - wanted]
    for problem in sorted(problems):
        sys.stderr.write(f"{NAME}: {problem}\n")
    if problems:
        raise SystemExit(1)
    sys.stdout.write(f"{NAME}: {len(PRINCIPALS)} logins have the {len(wanted)} rights of the contract, and no other\n")


def _describe(acl: ACL) -> str:
    pattern = acl.resource_pattern
    prefix = "…" if pattern.pattern_type == ACLResourcePatternType.PREFIXED else ""
    verb = "may" if acl.permission_type == ACLPermissionType.ALLOW else "may not"
    kind = pattern.resource_type.name.lower()
    return f"{acl.principal.removeprefix('User:')} {verb} {acl.operation.name} {kind} {pattern.resource_name}{prefix}"


@contextmanager
def _admin() -> Iterator[KafkaAdminClient]:
    settings = load(KafkaSettings, NAME)
    try:
        asyncio.run(reach(settings))
        with closing(KafkaAdminClient(**connection(settings))) as admin:
            yield admin
    except errors.ClusterAuthorizationFailedError:
        _fail(f"{settings.kafka_security_username} may not say who may do what: take an administrator's login")
    except errors.SecurityDisabledError:
        _fail(
            "the brokers let everybody do everything: they need an authorizer and allow.everyone.if.no.acl.found=false"
        )
    except (KafkaError, ssl.SSLError) as error:
        _fail(f"{settings.kafka_bootstrap_servers}: {advice(error)}")
    except errors.KafkaError as error:
        _fail(f"{settings.kafka_bootstrap_servers}: {type(error).__name__}")


def _fail(problem: str) -> None:
    sys.stderr.write(f"{NAME}: {problem}\n")
    raise SystemExit(1)


def main() -> None:
    app()
