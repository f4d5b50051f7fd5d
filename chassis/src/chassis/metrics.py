"""What the service tells Prometheus: docs/operations.md lists it. No label ever holds an id or a name of a person."""

from prometheus_client import Counter, Gauge, Histogram

records = Counter("ateliers_records", "Records read from Kafka", ["topic", "outcome"])
retries = Counter("ateliers_batch_retries", "Batches put back for a later try", ["topic"])
batch_seconds = Histogram(
    "ateliers_batch_duration_seconds", "From a batch's first record to the commit of its transaction", ["topic"]
)
lag = Gauge("ateliers_consumer_lag_records", "Records behind the end of the partition", ["topic", "partition"])
paused = Gauge("ateliers_consumer_paused_partitions", "Partitions that wait before their batch is tried again")
poll_age = Gauge("ateliers_consumer_poll_age_seconds", "Time since the consumer last showed that it works")
consumer_restarts = Counter("ateliers_consumer_restarts", "Consumers that did not work any more and were replaced")
dlq = Counter("ateliers_dlq_records", "Records kept aside", ["topic"])
dlq_open = Gauge("ateliers_dlq_open_rows", "Records kept aside that nobody has replayed or discarded yet", ["topic"])
relay_active = Gauge("ateliers_relay_active", "1 in the process whose relay sends the outbox")
sent = Counter("ateliers_outbox_sent_rows", "Outbox rows sent", ["topic"])
unsent = Gauge("ateliers_outbox_unsent_rows", "Outbox rows that wait to be sent")
oldest_unsent = Gauge("ateliers_outbox_oldest_unsent_seconds", "Age of the oldest outbox row that waits to be sent")
quarantined = Gauge("ateliers_outbox_quarantined_rows", "Outbox rows that the broker refuses")
database_up = Gauge("ateliers_database_up", "1 when PostgreSQL answered the last look")
