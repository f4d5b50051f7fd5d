"""What a topic asks of its broker."""

import pytest
from chassis.topics import configuration
from contracts.topics import TOPICS


@pytest.mark.parametrize(("replication", "acknowledged_by"), [(1, "1"), (2, "1"), (3, "2"), (5, "4")])
def test_an_acknowledged_event_survives_the_loss_of_any_one_node(replication: int, acknowledged_by: str) -> None:
    for topic in TOPICS:
        assert configuration(topic, replication)["min.insync.replicas"] == acknowledged_by
