"""FastStream's Kafka broker with the service's security settings."""

import logging

from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from chassis import kafka
from chassis.settings import Settings

_MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def make_broker(settings: Settings) -> KafkaBroker:
    """A broker that never creates topics: they come from the contract's table."""
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        security=_security(settings),
        allow_auto_create_topics=False,
        apply_types=False,
        logger=_quiet_logger(),
        graceful_timeout=8.0,
    )


def _quiet_logger() -> logging.Logger:
    # FastStream reports each start and each topic that it does not create; what matters is logged by ourselves.
    logger = logging.getLogger("chassis.faststream")
    logger.setLevel(logging.ERROR)
    return logger


def _security(settings: Settings) -> BaseSecurity:
    arguments = kafka.connection(settings)
    context = arguments.get("ssl_context")
    use_ssl = context is not None
    if not settings.kafka_security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=use_ssl)
    return _MECHANISMS[settings.kafka_security_mechanism](
        username=arguments["sasl_plain_username"],
        password=arguments["sasl_plain_password"],
        ssl_context=context,
        use_ssl=use_ssl,
    )
