"""What the service tells Prometheus. No label ever holds an id or a name of a person."""

from prometheus_client import Counter, Gauge, Histogram

records = Counter("ateliers_records", "Records read from Kafka", ["topic", "outcome"])
retries = Counter("ateliers_batch_retries", "Batches put back for a later try", ["topic"])
batch_seconds = Histogram("ateliers_batch_seconds", "Time from a batch to its commit")
dlq = Counter("ateliers_dlq_records", "Records kept aside", ["topic"])
relayed = Counter("ateliers_relayed", "Outbox rows sent", ["topic"])
unsent = Gauge("ateliers_outbox_unsent", "Outbox rows that wait")
quarantined = Gauge("ateliers_outbox_quarantined", "Outbox rows that the broker can't take")
