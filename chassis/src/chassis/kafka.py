"""How a service reaches Kafka: the same security settings for consumers, producers and the admin client."""

import ssl
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

from chassis.settings import KafkaSettings

_REFUSED_RIGHTS = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments of every aiokafka client."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        arguments["ssl_context"] = _tls(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        password = settings.kafka_security_password
        arguments |= {
            "sasl_mechanism": settings.kafka_security_mechanism,
            "sasl_plain_username": settings.kafka_security_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return arguments


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.kafka_security_ca_file)
    if settings.kafka_security_cert_file:
        context.load_cert_chain(settings.kafka_security_cert_file, settings.kafka_security_key_file)
    return context


async def reach(settings: KafkaSettings) -> None:
    """Open a connection and close it. Raises what keeps us out: the clients only say that they could not start.

    KafkaError of the kind that it is, or ssl.SSLError.
    """
    arguments = connection(settings)
    failures: list[Exception] = []
    for server in arguments.pop("bootstrap_servers"):
        host, port = server.rsplit(":", 1)
        try:
            (await create_conn(host.strip("[]"), int(port), **arguments)).close()
        except (KafkaError, ssl.SSLError) as failure:
            failures.append(failure)
        except OSError as failure:
            failures.append(KafkaConnectionError(f"{server}: {failure}"))
        else:
            return
    raise failures[0]


def advice(error: Exception) -> str | None:
    """Say in one line what to check; None if it isn't about Kafka."""
    kind = type(error).__name__
    if isinstance(error, SaslAuthenticationFailed):
        return f"Kafka refuses the login ({kind}): check KAFKA_SECURITY_USERNAME and KAFKA_SECURITY_PASSWORD"
    if isinstance(error, _REFUSED_RIGHTS):
        return "Kafka refuses a right: `ateliers-access check` says which the login lacks"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with Kafka ({kind}): check KAFKA_SECURITY_CA_FILE and the brokers' certificates"
    if isinstance(error, KafkaError):
        variables = "KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY_…"
        return f"waiting for Kafka ({kind}): check {variables}, its topics and that it runs"
    return None
