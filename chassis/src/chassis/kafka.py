"""How a service reaches Kafka: the same security settings for consumers, producers and the admin client."""

import ssl
from typing import Any

from chassis.settings import KafkaSettings


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments of every aiokafka client."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        ca_file = settings.kafka_security_ca_file
        arguments["ssl_context"] = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if settings.kafka_security_protocol.startswith("SASL"):
        password = settings.kafka_security_password
        arguments |= {
            "sasl_mechanism": settings.kafka_security_mechanism,
            "sasl_plain_username": settings.kafka_security_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return arguments
